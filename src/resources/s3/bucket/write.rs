//! Writes of a bucket's settings, a call for each.

use super::spec::BucketSpec;
use crate::aws::{CallOptions, Writer};
use crate::model::CloudError;
use crate::model::spec::Tags;
use crate::resources::s3::S3;
use aws_sdk_s3::error::BuildError;
use aws_sdk_s3::types;

pub(super) async fn put_tags(
    writer: &Writer,
    name: &str,
    tags: &Tags,
    options: CallOptions,
) -> Result<(), CloudError> {
    let set: Result<Vec<_>, _> =
        tags.iter().map(|(k, v)| types::Tag::builder().key(k).value(v).build()).collect();
    let tagging = set
        .and_then(|set| types::Tagging::builder().set_tag_set(Some(set)).build())
        .map_err(unbuilt)?;
    writer
        .caller
        .call_with("s3:PutBucketTagging", options, || {
            writer.client::<S3>().put_bucket_tagging().bucket(name).tagging(tagging.clone()).send()
        })
        .await
        .map(|_| ())
}

pub(super) async fn put_access_block(
    writer: &Writer,
    name: &str,
    wanted: &BucketSpec,
    options: CallOptions,
) -> Result<(), CloudError> {
    let block = types::PublicAccessBlockConfiguration::builder()
        .block_public_acls(wanted.block_public_acls)
        .ignore_public_acls(wanted.ignore_public_acls)
        .block_public_policy(wanted.block_public_policy)
        .restrict_public_buckets(wanted.restrict_public_buckets)
        .build();
    writer
        .caller
        .call_with("s3:PutPublicAccessBlock", options, || {
            let put = writer.client::<S3>().put_public_access_block().bucket(name);
            put.public_access_block_configuration(block.clone()).send()
        })
        .await
        .map(|_| ())
}

pub(super) async fn put_ownership(
    writer: &Writer,
    name: &str,
    ownership: &str,
    options: CallOptions,
) -> Result<(), CloudError> {
    let rule = types::OwnershipControlsRule::builder()
        .object_ownership(types::ObjectOwnership::from(ownership));
    let rule = rule.build().map_err(unbuilt)?;
    let controls = types::OwnershipControls::builder().rules(rule).build().map_err(unbuilt)?;
    writer
        .caller
        .call_with("s3:PutBucketOwnershipControls", options, || {
            writer
                .client::<S3>()
                .put_bucket_ownership_controls()
                .bucket(name)
                .ownership_controls(controls.clone())
                .send()
        })
        .await
        .map(|_| ())
}

pub(super) async fn put_versioning(
    writer: &Writer,
    name: &str,
    versioning: &str,
    options: CallOptions,
) -> Result<(), CloudError> {
    let status = if versioning == "Enabled" { "Enabled" } else { "Suspended" };
    let configuration = types::VersioningConfiguration::builder()
        .status(types::BucketVersioningStatus::from(status))
        .build();
    writer
        .caller
        .call_with("s3:PutBucketVersioning", options, || {
            let put = writer.client::<S3>().put_bucket_versioning().bucket(name);
            put.versioning_configuration(configuration.clone()).send()
        })
        .await
        .map(|_| ())
}

pub(super) async fn put_encryption(
    writer: &Writer,
    name: &str,
    algorithm: &str,
    options: CallOptions,
) -> Result<(), CloudError> {
    let by_default = types::ServerSideEncryptionByDefault::builder()
        .sse_algorithm(types::ServerSideEncryption::from(algorithm))
        .build()
        .map_err(unbuilt)?;
    let rule = types::ServerSideEncryptionRule::builder()
        .apply_server_side_encryption_by_default(by_default)
        .build();
    let configuration =
        types::ServerSideEncryptionConfiguration::builder().rules(rule).build().map_err(unbuilt)?;
    writer
        .caller
        .call_with("s3:PutBucketEncryption", options, || {
            let put = writer.client::<S3>().put_bucket_encryption().bucket(name);
            put.server_side_encryption_configuration(configuration.clone()).send()
        })
        .await
        .map(|_| ())
}

/// A request our code did not fill completely.
pub(super) fn unbuilt(error: BuildError) -> CloudError {
    CloudError::shape("building an S3 request", &error.to_string())
}
