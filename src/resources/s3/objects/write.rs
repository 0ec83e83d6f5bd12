//! Sending the site: what pages name before the pages, deletions after both, then the caches, the
//! manifest last: what it does not record is done again.

use super::manifest::{self, CONFIG, Change, KEY, KeptFiles, md5_hex};
use super::spec::{ObjectSpec, ObjectsSpec};
use super::{FRESH, delete_batch, files};
use crate::aws::Writer;
use crate::model::cloud_error::optional;
use crate::model::{CloudError, ErrorKind, Step};
use crate::resources::s3::{CloudFront, S3};
use aws_sdk_cloudfront::types::{InvalidationBatch, Paths};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ObjectIdentifier;
use base64::Engine;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, TryStreamExt};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::path::{Component, Path, PathBuf};

/// Uploads at a time.
const AT_ONCE: usize = 8;
/// The limit of one PutObject.
const MAX_BYTES: u64 = 5 * 1024 * 1024 * 1024;
/// From here on one wildcard is cheaper than the paths, which CloudFront bills one by one.
const MAX_PATHS: usize = 15;
/// Characters that stay as they are in an invalidation path.
const PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');

/// Carries out a change.
pub(super) async fn apply(
    writer: &Writer,
    step: &Step,
    wanted: &ObjectsSpec,
    change: &Change,
) -> Result<(), CloudError> {
    let bucket = &step.name;
    // Pages last: a page never names a file that is not there yet.
    let (pages, parts): (Vec<_>, Vec<_>) =
        change.put.iter().partition(|(_, object)| object.content_type.contains("html"));
    for wave in [parts, pages] {
        // Boxed: the compiler cannot see through the lifetimes of a stream of plain async blocks
        // here.
        let uploads: Vec<BoxFuture<'_, _>> = wave
            .into_iter()
            .map(|(key, object)| upload(writer, step, wanted, key, object).boxed())
            .collect();
        futures_util::stream::iter(uploads)
            .buffer_unordered(AT_ONCE)
            .try_collect::<Vec<()>>()
            .await?;
    }
    remove(writer, bucket, &change.remove).await
}

/// Writes the manifest: all of it is done.
pub(super) async fn record(
    writer: &Writer,
    step: &Step,
    wanted: &ObjectsSpec,
    kept: &KeptFiles,
) -> Result<(), CloudError> {
    let text = manifest::text(&manifest::entries(wanted), kept);
    let record = manifest::config_entry(&text);
    put_object(writer, &step.name, KEY, &record, text.into_bytes()).await
}

async fn upload(
    writer: &Writer,
    step: &Step,
    wanted: &ObjectsSpec,
    key: &str,
    object: &ObjectSpec,
) -> Result<(), CloudError> {
    let generated = key == CONFIG && !wanted.objects.contains_key(CONFIG);
    let body = if generated {
        wanted.config.clone().into_bytes()
    } else {
        file(step, key, object).await?
    };
    put_object(writer, &step.name, key, object, body).await
}

/// The file of a key, which must still be the one the plan was made from.
async fn file(step: &Step, key: &str, object: &ObjectSpec) -> Result<Vec<u8>, CloudError> {
    let path = path_of(step, key)?;
    let unreadable = |error: std::io::Error| {
        CloudError::ours(
            ErrorKind::Other,
            format!("the file `{key}` of the site cannot be read: {error}"),
            "put it back, or run again to plan without it",
        )
    };
    if tokio::fs::metadata(&path).await.map_err(unreadable)?.len() > MAX_BYTES {
        return Err(CloudError::ours(
            ErrorKind::Other,
            format!(
                "the file `{key}` of the site is larger than 5 GB, more than one upload may carry"
            ),
            "leave it out of the site folder, or split it",
        ));
    }
    let body = tokio::fs::read(&path).await.map_err(unreadable)?;
    if md5_hex(&body) != object.md5 {
        return Err(CloudError::ours(
            ErrorKind::Conflict,
            format!("the file `{key}` of the site changed since the plan"),
            "run the command again: it plans with the file as it is now",
        ));
    }
    Ok(body)
}

/// The local path of a key, which must not lead out of the folder: saved plans are data.
fn path_of(step: &Step, key: &str) -> Result<PathBuf, CloudError> {
    let inside = Path::new(key).components().all(|part| matches!(part, Component::Normal(_)));
    match &step.payload {
        Some(folder) if inside => {
            let path = folder.join(key);
            // The key of a folder stands for the folder's own page.
            let first = step.context.get("default_object").and_then(|name| name.as_str());
            let page = first.filter(|_| path.is_dir()).map(files::index_name);
            Ok(page.map_or_else(|| path.clone(), |page| path.join(page)))
        }
        _ => Err(CloudError::ours(
            ErrorKind::Other,
            format!("the plan names no file inside the site folder for `{key}`"),
            "make the plan again",
        )),
    }
}

async fn put_object(
    writer: &Writer,
    bucket: &str,
    key: &str,
    object: &ObjectSpec,
    body: Vec<u8>,
) -> Result<(), CloudError> {
    // S3 itself refuses a body that is not the planned one.
    let digest: Vec<u8> = (0..object.md5.len())
        .step_by(2)
        .filter_map(|i| object.md5.get(i..i + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()))
        .collect();
    let digest = base64::engine::general_purpose::STANDARD.encode(digest);
    writer
        .caller
        .call_with("s3:PutObject", FRESH, || async {
            let turn = writer.caller.turn(body.len()).await;
            let put = writer.client::<S3>().put_object().bucket(bucket).key(key);
            let put = put
                .content_type(&object.content_type)
                .cache_control(&object.cache_control)
                .content_md5(&digest)
                .body(ByteStream::from(body.clone()));
            let timeouts = aws_sdk_s3::config::Builder::new().timeout_config(turn.timeouts.clone());
            put.customize().config_override(timeouts).send().await
        })
        .await
        .map(|_| ())
}

/// Deletes keys, 1000 a call. On a versioned bucket their old versions stay.
pub(super) async fn remove(
    writer: &Writer,
    bucket: &str,
    keys: &[String],
) -> Result<(), CloudError> {
    for chunk in keys.chunks(1000) {
        let batch = chunk
            .iter()
            .filter_map(|key| ObjectIdentifier::builder().key(key).build().ok())
            .collect();
        delete_batch(writer, bucket, batch).await?;
    }
    Ok(())
}

/// Tells the distribution to forget what changed.
pub(super) async fn invalidate(
    writer: &Writer,
    step: &Step,
    change: &Change,
) -> Result<(), CloudError> {
    let id = step.context.get("distribution_id").and_then(|id| id.as_str()).unwrap_or_default();
    if id.is_empty() || id.contains("{{") {
        return Ok(());
    }
    let first = step.context.get("default_object").and_then(|name| name.as_str());
    let paths = paths(change, first);
    // Fixed before the call, so that a repeated call is the same invalidation; with the time in it,
    // because CloudFront ignores a reference it has seen, and a site that goes back to an old state
    // needs a new one.
    let now =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let reference = md5_hex(format!("{} {}", paths.join(" "), now.as_nanos()).as_bytes());
    let quantity = i32::try_from(paths.len()).unwrap_or(i32::MAX);
    let unbuilt = |error: aws_sdk_cloudfront::error::BuildError| {
        CloudError::shape("building an invalidation", &error.to_string())
    };
    let paths =
        Paths::builder().quantity(quantity).set_items(Some(paths)).build().map_err(unbuilt)?;
    let batch = InvalidationBatch::builder()
        .paths(paths)
        .caller_reference(reference)
        .build()
        .map_err(unbuilt)?;
    let made = writer
        .caller
        .call("cloudfront:CreateInvalidation", || {
            let create = writer.client::<CloudFront>().create_invalidation().distribution_id(id);
            create.invalidation_batch(batch.clone()).send()
        })
        .await;
    match optional(made) {
        Err(error) if error.kind == ErrorKind::NotEmulated => Ok(()),
        Err(mut error) => {
            error.hint = format!(
                "the files are up; until CloudFront is told, it may serve old ones: run again, or \
                 `aws cloudfront create-invalidation --distribution-id {id} --paths '/*'`"
            );
            Err(error)
        }
        Ok(_) => Ok(()),
    }
}

/// The URL paths under which what changed may be cached; `/` as well where the file changed that it
/// stands for.
fn paths(change: &Change, first: Option<&str>) -> Vec<String> {
    let keys: Vec<&str> = change.put.keys().chain(&change.remove).map(String::as_str).collect();
    let mut paths: Vec<String> =
        keys.iter().map(|key| format!("/{}", utf8_percent_encode(key, PATH))).collect();
    if first.is_some_and(|first| keys.contains(&first)) {
        paths.push("/".into());
    }
    if paths.len() > MAX_PATHS { vec!["/*".into()] } else { paths }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(put: &[&str], remove: &[&str]) -> Change {
        let object = ObjectSpec {
            md5: String::new(),
            content_type: String::new(),
            cache_control: String::new(),
        };
        Change {
            put: put.iter().map(|key| (key.to_string(), object.clone())).collect(),
            remove: remove.iter().map(|key| key.to_string()).collect(),
        }
    }

    #[test]
    fn paths_are_escaped_and_collapse_into_one_wildcard() {
        assert_eq!(
            paths(&change(&["home.html", "ä b*/c.js"], &["old"]), Some("home.html")),
            ["/home.html", "/%C3%A4%20b%2A/c.js", "/old", "/"]
        );
        assert_eq!(paths(&change(&["index.html"], &[]), Some("home.html")), ["/index.html"]);
        let many: Vec<String> = (0..16).map(|n| n.to_string()).collect();
        assert_eq!(
            paths(&change(&many.iter().map(String::as_str).collect::<Vec<_>>(), &[]), None),
            ["/*"]
        );
    }
}
