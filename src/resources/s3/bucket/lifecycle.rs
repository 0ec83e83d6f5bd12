//! The bucket's lifecycle: S3 deletes old versions of files, and parts of uploads that were never
//! completed (catalogue 3.1).

use super::spec::{BucketSpec, Lifecycle};
use super::write::unbuilt;
use crate::aws::{CallOptions, Reader, Writer};
use crate::model::CloudError;
use crate::model::call::Call;
use crate::model::cloud_error::optional;
use crate::resources::s3::{S3, SERVICE};
use aws_sdk_s3::types;

pub const READ: Call = Call::new(&SERVICE, "s3:GetBucketLifecycleConfiguration")
    .actions(&["s3:GetLifecycleConfiguration"]);
pub const WRITE: Call = Call::new(&SERVICE, "s3:PutBucketLifecycleConfiguration")
    .actions(&["s3:PutLifecycleConfiguration"]);
pub const DELETE: Call =
    Call::new(&SERVICE, "s3:DeleteBucketLifecycle").actions(&["s3:PutLifecycleConfiguration"]);

/// The name of foreign rules among the extras.
const EXTRA: &str = "lifecycle";

/// The answer as it came: the caller tells "no lifecycle" from "no bucket".
pub(super) async fn read_rules(
    reader: &Reader,
    account: &str,
    bucket: &str,
) -> Result<Vec<types::LifecycleRule>, CloudError> {
    let get = || {
        let get = reader.client::<S3>().get_bucket_lifecycle_configuration().bucket(bucket);
        get.expected_bucket_owner(account).send()
    };
    let answer = reader.caller.call(READ.operation, get).await;
    Ok(answer?.rules.unwrap_or_default())
}

/// Puts live rules into a spec: the first that does just that as its lifecycle, others as an extra.
pub(super) fn note(spec: &mut BucketSpec, rules: &[types::LifecycleRule]) {
    let mut others = Vec::new();
    for rule in rules {
        match lifecycle_of(rule) {
            Some(found) if spec.lifecycle.is_none() => spec.lifecycle = Some(found),
            _ => others.push(rule.id().unwrap_or("a rule without an id")),
        }
    }
    if !others.is_empty() {
        spec.extras.insert(EXTRA.into(), others.join(", "));
    }
}

/// `None` for a rule that covers part of the bucket, is off, or does anything else.
fn lifecycle_of(rule: &types::LifecycleRule) -> Option<Lifecycle> {
    let all = types::LifecycleRuleFilter::builder().prefix("").build();
    let none = types::LifecycleRuleFilter::builder().build();
    let covers_all = rule.filter().is_none_or(|filter| *filter == all || *filter == none);
    #[expect(deprecated, reason = "rules of before 2016 have a prefix instead of a filter")]
    let prefix = rule.prefix().unwrap_or_default();
    let old = rule.noncurrent_version_expiration()?;
    let lifecycle = Lifecycle {
        old_versions_days: old.noncurrent_days()?,
        broken_uploads_days: rule.abort_incomplete_multipart_upload()?.days_after_initiation()?,
    };
    let alone = rule.expiration().is_none()
        && rule.transitions().is_empty()
        && rule.noncurrent_version_transitions().is_empty()
        && old.newer_noncurrent_versions().is_none();
    let on = *rule.status() == types::ExpirationStatus::Enabled;
    (covers_all && prefix.is_empty() && alone && on).then_some(lifecycle)
}

/// Brings the rules from `before` to `wanted`, where they differ.
pub(super) async fn change(
    writer: &Writer,
    bucket: &str,
    before: &BucketSpec,
    wanted: &BucketSpec,
) -> Result<(), CloudError> {
    if before.lifecycle == wanted.lifecycle && !before.extras.contains_key(EXTRA) {
        return Ok(());
    }
    match &wanted.lifecycle {
        Some(lifecycle) => put_rule(writer, bucket, lifecycle, CallOptions::default()).await,
        None => {
            let delete = || writer.client::<S3>().delete_bucket_lifecycle().bucket(bucket).send();
            optional(writer.caller.call(DELETE.operation, delete).await).map(|_| ())
        }
    }
}

/// Replaces all rules of the bucket.
pub(super) async fn put_rule(
    writer: &Writer,
    bucket: &str,
    lifecycle: &Lifecycle,
    options: CallOptions,
) -> Result<(), CloudError> {
    let old = types::NoncurrentVersionExpiration::builder()
        .noncurrent_days(lifecycle.old_versions_days)
        .build();
    let broken = types::AbortIncompleteMultipartUpload::builder()
        .days_after_initiation(lifecycle.broken_uploads_days)
        .build();
    let rule = types::LifecycleRule::builder()
        .id("shopstack")
        .status(types::ExpirationStatus::Enabled)
        .filter(types::LifecycleRuleFilter::builder().prefix("").build())
        .noncurrent_version_expiration(old)
        .abort_incomplete_multipart_upload(broken);
    let rules = types::BucketLifecycleConfiguration::builder();
    let rules = rules.rules(rule.build().map_err(unbuilt)?).build().map_err(unbuilt)?;
    let put = || {
        let put = writer.client::<S3>().put_bucket_lifecycle_configuration().bucket(bucket);
        put.lifecycle_configuration(rules.clone()).send()
    };
    writer.caller.call_with(WRITE.operation, options, put).await.map(|_| ())
}
