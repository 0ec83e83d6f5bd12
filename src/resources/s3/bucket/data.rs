//! The data that deleting the bucket would lose: objects that are not the site's own, which no `up`
//! restores.

use super::optional;
use crate::aws::Reader;
use crate::model::spec::field;
use crate::model::{CloudError, ErrorKind, Scope};
use crate::resources::s3::S3;
use crate::resources::s3::SITE_MANIFEST;
use serde_json::Value;
use std::collections::BTreeSet;

/// No more strangers than these are counted.
const COUNTED: usize = 1000;

/// The loss in words; `None` where everything in the bucket is the site's, by its manifest.
pub(super) async fn data(
    reader: &Reader,
    scope: &Scope,
    bucket: &str,
) -> Result<Option<String>, CloudError> {
    match strangers(reader, scope, bucket).await {
        Ok(0) => Ok(None),
        Ok(1) => Ok(Some("1 object that is not the site's".into())),
        Ok(count) if count > COUNTED => {
            Ok(Some(format!("more than {COUNTED} objects that are not the site's")))
        }
        Ok(count) => Ok(Some(format!("{count} objects that are not the site's"))),
        // Gone since it was found.
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) if error.kind == ErrorKind::AccessDenied => {
            Ok(Some("an unknown number of objects".into()))
        }
        Err(error) => Err(error),
    }
}

/// How many objects are not the site's, counted until there are more than enough.
async fn strangers(reader: &Reader, scope: &Scope, bucket: &str) -> Result<usize, CloudError> {
    let own = manifest(reader, scope, bucket).await?;
    let mut count = 0;
    let mut token: Option<String> = None;
    loop {
        let page = reader
            .caller
            .call("s3:ListObjectsV2", || {
                let list = reader
                    .client::<S3>()
                    .list_objects_v2()
                    .bucket(bucket)
                    .expected_bucket_owner(&scope.account);
                list.set_continuation_token(token.clone()).send()
            })
            .await?;
        let keys = page.contents().iter().filter_map(|object| object.key());
        count += keys.filter(|key| *key != SITE_MANIFEST && !own.contains(*key)).count();
        token = page.next_continuation_token().filter(|t| !t.is_empty()).map(str::to_string);
        if token.is_none() || count > COUNTED {
            return Ok(count);
        }
    }
}

/// The keys that the site's manifest names; none without one, or where it cannot be understood.
async fn manifest(
    reader: &Reader,
    scope: &Scope,
    bucket: &str,
) -> Result<BTreeSet<String>, CloudError> {
    let answer = reader
        .caller
        .call("s3:GetObject", || {
            let get = reader.client::<S3>().get_object().bucket(bucket).key(SITE_MANIFEST);
            get.expected_bucket_owner(&scope.account).send()
        })
        .await;
    let Some(answer) = optional(answer)? else {
        return Ok(BTreeSet::new());
    };
    let bytes = answer.body.collect().await.map(|body| body.to_vec()).unwrap_or_default();
    let manifest: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    Ok(field(&manifest, "objects")
        .as_object()
        .map(|objects| objects.keys().cloned().collect())
        .unwrap_or_default())
}
