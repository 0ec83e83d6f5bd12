//! Deleting a bucket: every version and delete marker first, in batches, then the bucket itself.

use super::{delete_batch, exists, optional};
use crate::aws::Writer;
use crate::model::CloudError;
use crate::resources::s3::S3;
use aws_sdk_s3::types::ObjectIdentifier;
use std::time::Duration;

/// How often a bucket that fills up again is emptied again.
const ROUNDS: usize = 5;

/// Empties and deletes; a bucket that is gone counts as done.
pub(super) async fn delete(writer: &Writer, name: &str) -> Result<(), CloudError> {
    let mut last = None;
    for _ in 0..ROUNDS {
        match empty(writer, name).await {
            Err(error) if error.code == "NoSuchBucket" => return Ok(()),
            other => other?,
        }
        let gone = writer
            .caller
            .call("s3:DeleteBucket", || writer.client::<S3>().delete_bucket().bucket(name).send())
            .await;
        match optional(gone) {
            // Somebody put an object between the last look and the delete.
            Err(error) if error.code == "BucketNotEmpty" => last = Some(error),
            Err(error) => return Err(error),
            Ok(_) => return wait_gone(writer, name).await,
        }
    }
    Err(last.map_or_else(
        || CloudError::shape("s3 DeleteBucket", "end"),
        |mut error| {
            error.hint =
                "somebody keeps writing to this bucket: stop that, then run `down` again".into();
            error
        },
    ))
}

async fn wait_gone(writer: &Writer, name: &str) -> Result<(), CloudError> {
    let what = format!("bucket {name} to be gone (usually seconds)");
    writer
        .caller
        .wait_until(&what, Duration::from_secs(2), Duration::from_secs(120), || async {
            Ok((!exists(&writer.reader, &writer.scope, name).await?).then_some(()))
        })
        .await
}

/// Deletes batch after batch from the first page on, until a listing is empty. A page may be empty
/// before the last.
async fn empty(writer: &Writer, name: &str) -> Result<(), CloudError> {
    let mut removed = 0usize;
    let mut after: (Option<String>, Option<String>) = (None, None);
    loop {
        let page = writer
            .caller
            .call("s3:ListObjectVersions", || {
                let list =
                    writer.reader.client::<S3>().list_object_versions().bucket(name).max_keys(1000);
                list.set_key_marker(after.0.clone()).set_version_id_marker(after.1.clone()).send()
            })
            .await?;
        let next = (
            page.next_key_marker().map(str::to_string),
            page.next_version_id_marker().map(str::to_string),
        );
        let more = page.is_truncated() == Some(true);
        let versions = page.versions().iter().map(|v| (v.key(), v.version_id()));
        let markers = page.delete_markers().iter().map(|m| (m.key(), m.version_id()));
        let batch: Vec<ObjectIdentifier> = versions
            .chain(markers)
            .filter_map(|(key, version)| {
                ObjectIdentifier::builder()
                    .key(key?)
                    .set_version_id(version.map(Into::into))
                    .build()
                    .ok()
            })
            .collect();
        if batch.is_empty() {
            if !more || next.0.is_none() || next == after {
                return Ok(());
            }
            after = next;
            continue;
        }
        removed += batch.len();
        delete_batch(writer, name, batch).await?;
        // An object added meanwhile makes DeleteBucket answer BucketNotEmpty, which leads back
        // here.
        if !more {
            return Ok(());
        }
        after = (None, None);
        if removed > 1000 {
            writer
                .caller
                .report_wait(&format!("emptying bucket {name}: {removed} object versions deleted"));
        }
    }
}
