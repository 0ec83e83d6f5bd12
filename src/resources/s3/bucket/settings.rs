//! Reads of a bucket's settings, five at once.

use super::spec::BucketSpec;
use super::{UNVERSIONED, lifecycle, optional};
use crate::aws::Reader;
use crate::model::spec::Tags;
use crate::model::{CloudError, Desired, Scope};
use crate::resources::common::or_nothing;
use crate::resources::s3::S3;
use aws_sdk_s3::operation::get_bucket_versioning::GetBucketVersioningOutput;
use futures_util::future::join5;

/// The settings without tags; `None` when there is no such bucket.
///
/// Naming the account turns a bucket that somebody else made under our name into a 403.
pub(super) async fn settings(
    reader: &Reader,
    scope: &Scope,
    name: &str,
    desired: Option<&Desired>,
) -> Result<Option<BucketSpec>, CloudError> {
    let (s3, caller, account) = (&reader.client::<S3>(), &reader.caller, scope.account.as_str());
    let (block, versioning, encryption, ownership, rules) = join5(
        caller.call("s3:GetPublicAccessBlock", || {
            s3.get_public_access_block().bucket(name).expected_bucket_owner(account).send()
        }),
        caller.call("s3:GetBucketVersioning", || {
            s3.get_bucket_versioning().bucket(name).expected_bucket_owner(account).send()
        }),
        caller.call("s3:GetBucketEncryption", || {
            s3.get_bucket_encryption().bucket(name).expected_bucket_owner(account).send()
        }),
        caller.call("s3:GetBucketOwnershipControls", || {
            s3.get_bucket_ownership_controls().bucket(name).expected_bucket_owner(account).send()
        }),
        lifecycle::read_rules(reader, account, name),
    )
    .await;
    // No bucket makes every read fail with NoSuchBucket; an absent setting has a code of its own
    // (catalogue 3.1).
    if [
        block.as_ref().err(),
        versioning.as_ref().err(),
        encryption.as_ref().err(),
        ownership.as_ref().err(),
        rules.as_ref().err(),
    ]
    .into_iter()
    .flatten()
    .any(no_bucket)
    {
        return Ok(None);
    }
    let block = optional(block)?.and_then(|b| b.public_access_block_configuration);
    let block = block
        .unwrap_or_else(|| aws_sdk_s3::types::PublicAccessBlockConfiguration::builder().build());
    let versioning = versioning_of(caller.is_emulated(), versioning, desired)?;
    let encryption = optional(encryption)?
        .and_then(|e| e.server_side_encryption_configuration)
        .and_then(|c| c.rules.into_iter().find_map(|r| r.apply_server_side_encryption_by_default))
        .map_or("AES256".to_string(), |d| d.sse_algorithm.as_str().to_string());
    let ownership = optional(ownership)?
        .and_then(|o| o.ownership_controls)
        .and_then(|c| c.rules.into_iter().next())
        .map_or("ObjectWriter".to_string(), |r| r.object_ownership.as_str().to_string());
    let mut spec = BucketSpec {
        tags: Tags::new(),
        block_public_acls: block.block_public_acls == Some(true),
        ignore_public_acls: block.ignore_public_acls == Some(true),
        block_public_policy: block.block_public_policy == Some(true),
        restrict_public_buckets: block.restrict_public_buckets == Some(true),
        object_ownership: ownership,
        encryption,
        versioning: settled_versioning(versioning, desired),
        lifecycle: None,
        extras: Default::default(),
    };
    lifecycle::note(&mut spec, &or_nothing(rules)?.unwrap_or_default());
    Ok(Some(spec))
}

/// Enabled, Suspended or Unversioned.
fn versioning_of(
    is_emulated: bool,
    answer: Result<GetBucketVersioningOutput, CloudError>,
    desired: Option<&Desired>,
) -> Result<String, CloudError> {
    match answer {
        // moto wraps this one answer in an element of its own, which the SDK cannot read: nothing
        // to compare there.
        Err(error) if is_emulated && error.code == "HTTP 200" => {
            let wanted = desired.and_then(|d| d.spec.get("versioning")).and_then(|v| v.as_str());
            Ok(wanted.unwrap_or("Enabled").to_string())
        }
        other => Ok(other?.status.map_or(UNVERSIONED.to_string(), |s| s.as_str().to_string())),
    }
}

/// A bucket whose settings were not looked at.
pub(super) fn bare() -> BucketSpec {
    BucketSpec {
        tags: Tags::new(),
        block_public_acls: false,
        ignore_public_acls: false,
        block_public_policy: false,
        restrict_public_buckets: false,
        object_ownership: String::new(),
        encryption: String::new(),
        versioning: String::new(),
        lifecycle: None,
        extras: Default::default(),
    }
}

/// Once enabled, versioning can only be suspended: where none is wanted, suspended is as wanted as
/// it gets.
fn settled_versioning(live: String, desired: Option<&Desired>) -> String {
    let unwanted = desired
        .is_some_and(|d| d.spec.get("versioning").and_then(|v| v.as_str()) == Some(UNVERSIONED));
    if live == "Suspended" && unwanted { UNVERSIONED.into() } else { live }
}

pub(super) fn no_bucket(error: &CloudError) -> bool {
    error.code == "NoSuchBucket"
}
