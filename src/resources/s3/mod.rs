//! S3: what its types share.

pub mod bucket;
pub mod bucket_policy;
pub mod objects;

use crate::aws::Writer;
use crate::aws::connections::reads_only;
use crate::model::call::{Call, Retry, Service};
use crate::model::{CloudError, ErrorKind};
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use std::time::Duration;

reads_only! {
    /// S3, reads only.
    reads::S3(aws_sdk_s3, path_style) {
        get_bucket_cors: GetBucketCorsFluentBuilder,
        get_bucket_encryption: GetBucketEncryptionFluentBuilder,
        get_bucket_lifecycle_configuration: GetBucketLifecycleConfigurationFluentBuilder,
        get_bucket_ownership_controls: GetBucketOwnershipControlsFluentBuilder,
        get_bucket_policy: GetBucketPolicyFluentBuilder,
        get_bucket_tagging: GetBucketTaggingFluentBuilder,
        get_bucket_versioning: GetBucketVersioningFluentBuilder,
        get_bucket_website: GetBucketWebsiteFluentBuilder,
        get_object: GetObjectFluentBuilder,
        get_public_access_block: GetPublicAccessBlockFluentBuilder,
        head_bucket: HeadBucketFluentBuilder,
        head_object: HeadObjectFluentBuilder,
        list_buckets: ListBucketsFluentBuilder,
        list_object_versions: ListObjectVersionsFluentBuilder,
        list_objects_v2: ListObjectsV2FluentBuilder,
    }
}

reads_only! {
    /// CloudFront, whose caches hold the old files.
    cloudfront::CloudFront(aws_sdk_cloudfront, global) {
        get_invalidation: GetInvalidationFluentBuilder,
    }
}

/// Rules for every S3 operation.
pub const SERVICE: Service = Service {
    retries: &[Retry::busy("OperationAborted", "", 240)],
    not_found: &[
        "NoSuchBucket",
        "NoSuchKey",
        "NotFound",
        "NoSuchBucketPolicy",
        "NoSuchTagSet",
        "NoSuchLifecycleConfiguration",
        "NoSuchWebsiteConfiguration",
        "NoSuchCORSConfiguration",
        "NoSuchTagSetError",
        "NoSuchPublicAccessBlockConfiguration",
        "ServerSideEncryptionConfigurationNotFoundError",
        "OwnershipControlsNotFoundError",
    ],
    ..Service::DEFAULT
};

pub(crate) const LIST_OBJECTS: Call =
    Call::new(&SERVICE, "s3:ListObjectsV2").actions(&["s3:ListBucket"]);
pub(crate) const LIST_VERSIONS: Call =
    Call::new(&SERVICE, "s3:ListObjectVersions").actions(&["s3:ListBucketVersions"]);
pub(crate) const GET_OBJECT: Call = Call::new(&SERVICE, "s3:GetObject");
pub(crate) const DELETE_OBJECTS: Call =
    Call::new(&SERVICE, "s3:DeleteObjects").actions(&["s3:DeleteObject", "s3:DeleteObjectVersion"]);

/// Key of the object that names what the site is made of.
pub(crate) const SITE_MANIFEST: &str = ".shopstack/site.json";
/// The key prefix of shopstack's own objects.
pub(crate) const RECORDS: &str = ".shopstack/";

/// DeleteObjects answers 200 also where single keys failed: those stand in the body. Keys that
/// failed for what passes are sent again, the others as soon as nothing else is left to try.
pub(crate) async fn delete_batch(
    writer: &Writer,
    name: &str,
    mut batch: Vec<ObjectIdentifier>,
) -> Result<(), CloudError> {
    const PASSING: [&str; 5] =
        ["InternalError", "SlowDown", "ServiceUnavailable", "OperationAborted", "RequestTimeout"];
    let mut pause = Duration::from_millis(500);
    loop {
        let delete = Delete::builder().set_objects(Some(batch.clone())).quiet(true).build();
        let delete = delete
            .map_err(|error| CloudError::shape("building an S3 request", &error.to_string()))?;
        let answer = writer
            .caller
            .call("s3:DeleteObjects", || {
                writer.client::<S3>().delete_objects().bucket(name).delete(delete.clone()).send()
            })
            .await?;
        let failed: Vec<_> =
            answer.errors().iter().filter(|e| e.code() != Some("NoSuchKey")).collect();
        let Some(first) = failed.first() else {
            return Ok(());
        };
        let passes = failed.iter().all(|e| e.code().is_some_and(|code| PASSING.contains(&code)));
        if !passes || pause > Duration::from_secs(20) {
            let last =
                failed.iter().find(|e| !e.code().is_some_and(|code| PASSING.contains(&code)));
            return Err(undeleted(name, last.unwrap_or(first)));
        }
        let again = |object: &ObjectIdentifier| {
            failed
                .iter()
                .any(|e| e.key() == Some(object.key()) && e.version_id() == object.version_id())
        };
        batch.retain(again);
        writer.caller.report_wait(&format!(
            "{} objects of bucket {name} could not be deleted; trying again",
            failed.len()
        ));
        writer.caller.pause(pause).await?;
        pause *= 2;
    }
}

fn undeleted(name: &str, failed: &aws_sdk_s3::types::Error) -> CloudError {
    let mut error = CloudError::ours(
        ErrorKind::Other,
        format!(
            "{} of bucket {name} was not deleted: {}",
            failed.key().unwrap_or("an object"),
            failed.message().unwrap_or_default()
        ),
        "see AWS's words above (a bucket policy or object lock may forbid it), then run again",
    );
    error.operation = "s3 DeleteObjects".into();
    error.code = failed.code().unwrap_or_default().to_string();
    error
}
