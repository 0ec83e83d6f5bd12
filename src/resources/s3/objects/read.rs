//! Reading the site's objects: one listing when all is as the manifest says, single reads for what
//! is suspicious.

use super::INFO;
use super::manifest::{self, CONFIG, Entries, KEY, KeptFiles, config_entry, md5_hex};
use super::spec::{ObjectSpec, ObjectsSpec};
use crate::aws::{CallOptions, Reader};
use crate::model::cloud_error::optional;
use crate::model::spec::{from_value, to_value};
use crate::model::{CloudError, Desired, Live, Query};
use crate::resources::s3::S3;
use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use aws_smithy_types::DateTime;
use futures_util::{StreamExt, TryStreamExt};
use std::collections::{BTreeMap, BTreeSet};

/// Single reads at a time.
const AT_ONCE: usize = 8;
/// The output that holds what is kept, as JSON.
const KEPT: &str = "kept";
/// How much of a differing configuration is shown.
const SHOWN: usize = 4096;

/// An object as ListObjectsV2 shows it.
#[derive(Clone)]
struct Listed {
    etag: String,
    modified: DateTime,
}

pub(super) async fn discover(
    reader: &Reader,
    query: &Query<'_>,
    desired: &Desired,
) -> Result<Option<Live>, CloudError> {
    let bucket =
        query.found.iter().find(|b| b.type_name == "AWS::S3::Bucket" && b.name == desired.name);
    // No bucket, no objects; one that keeps its settings to itself is not asked for its objects
    // either.
    let Some(bucket) = bucket.filter(|b| !b.spec.is_null()) else {
        return Ok(None);
    };
    // The bucket may go between its own read and this one.
    let listing = optional(list(reader, &desired.name, CallOptions::default()).await)?;
    let Some(mut listing) = listing.filter(|listing| !listing.is_empty()) else {
        return Ok(None);
    };
    let wanted: ObjectsSpec = from_value(&query.resolved(desired))?;
    let entries = manifest::entries(&wanted);
    let recorded = listing.remove(KEY);
    let (mut known, kept) = match &recorded {
        Some(listed) if listed.etag == md5_hex(plain_manifest(&entries).as_bytes()) => {
            (entries.clone(), KeptFiles::new())
        }
        Some(_) => manifest::parse(&text_of(reader, &desired.name, KEY).await?),
        None => Default::default(),
    };
    let due = due(&mut listing, &mut known, &kept, &entries);
    let found =
        describe(reader, &desired.name, listing, &known, &entries, recorded.map(|r| r.modified))
            .await?;
    let spec = to_spec(reader, &desired.name, found, &wanted).await?;
    let mut live =
        Live::new(desired.address.clone(), INFO.type_name, &desired.name, to_value(&spec));
    // Objects in a bucket that is not ours are not ours to delete.
    live.owner = bucket.owner.clone();
    live.due = due;
    if !kept.is_empty() {
        live.outputs.insert(KEPT.into(), serde_json::to_string(&kept).unwrap_or_default());
    }
    Ok(Some(live))
}

fn plain_manifest(entries: &Entries) -> String {
    manifest::text(entries, &KeptFiles::new())
}

/// Leaves what is kept out of the listing while its time lasts; afterwards it counts as a file of
/// the site, and its field is named. What is wanted again is as recorded when it was.
fn due(
    listing: &mut BTreeMap<String, Listed>,
    known: &mut Entries,
    kept: &KeptFiles,
    wanted: &Entries,
) -> BTreeSet<String> {
    let now = manifest::now();
    let mut due = BTreeSet::new();
    for (key, file) in kept {
        let same = listing.get(key).is_some_and(|listed| listed.etag == file.object.md5);
        if !same {
            continue;
        }
        if !wanted.contains_key(key) && file.until > now {
            listing.remove(key);
            continue;
        }
        known.insert(key.clone(), file.object.clone());
        if !wanted.contains_key(key) {
            due.insert(format!("objects.{key}"));
        }
    }
    due
}

/// The files that a live site keeps, as [`discover`] found them.
pub(super) fn kept_files(live: &Live) -> KeptFiles {
    let text = live.outputs.get(KEPT);
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// All keys of the bucket; `options` say whether the bucket is fresh.
pub(super) async fn keys(
    reader: &Reader,
    bucket: &str,
    options: CallOptions,
) -> Result<Vec<String>, CloudError> {
    Ok(list(reader, bucket, options).await?.into_keys().collect())
}

async fn list(
    reader: &Reader,
    bucket: &str,
    options: CallOptions,
) -> Result<BTreeMap<String, Listed>, CloudError> {
    let mut all = BTreeMap::new();
    let mut token: Option<String> = None;
    loop {
        let page = reader
            .caller
            .call_with("s3:ListObjectsV2", options, || {
                reader
                    .client::<S3>()
                    .list_objects_v2()
                    .bucket(bucket)
                    .set_continuation_token(token.clone())
                    .send()
            })
            .await?;
        for object in page.contents() {
            let listed = Listed {
                etag: object.e_tag().unwrap_or_default().trim_matches('"').to_string(),
                modified: object.last_modified().copied().unwrap_or(DateTime::from_secs(i64::MAX)),
            };
            all.insert(object.key().unwrap_or_default().to_string(), listed);
        }
        token = page.next_continuation_token().filter(|t| !t.is_empty()).map(str::to_string);
        if token.is_none() {
            return Ok(all);
        }
    }
}

/// Every listed object with its headers: as recorded where the record holds, asked for where the
/// object is wanted, and unknown (empty) where it will be deleted anyway. What a run left that died
/// before it wrote the manifest counts as not done: it is done again, so that the caches hear of
/// it.
async fn describe(
    reader: &Reader,
    bucket: &str,
    listing: BTreeMap<String, Listed>,
    known: &Entries,
    wanted: &Entries,
    recorded: Option<DateTime>,
) -> Result<Entries, CloudError> {
    let mut found = Entries::new();
    let mut suspicious = Vec::new();
    // Deleted by such a run, or by a stranger; all the same to the caches.
    let gone =
        known.iter().filter(|(key, _)| !listing.contains_key(*key) && !wanted.contains_key(*key));
    found.extend(gone.map(|(key, record)| (key.clone(), record.clone())));
    for (key, listed) in listing {
        let record = known
            .get(&key)
            .filter(|r| r.md5 == listed.etag && recorded.is_some_and(|at| listed.modified <= at));
        match record {
            Some(record) => {
                found.insert(key, record.clone());
            }
            None if wanted.contains_key(&key) => suspicious.push((key, listed)),
            None => {
                found.insert(
                    key,
                    ObjectSpec {
                        md5: listed.etag,
                        content_type: String::new(),
                        cache_control: String::new(),
                    },
                );
            }
        }
    }
    let heads = suspicious.into_iter().map(|(key, listed)| head(reader, bucket, key, listed));
    let heads: Vec<_> =
        futures_util::stream::iter(heads).buffer_unordered(AT_ONCE).try_collect().await?;
    let seen = heads.into_iter().flatten();
    // Sent, but not recorded.
    found.extend(
        seen.filter(|(key, object)| {
            wanted.get(key) != Some(object) || known.get(key) == Some(object)
        }),
    );
    Ok(found)
}

/// One object's headers; `None` when it has just gone.
async fn head(
    reader: &Reader,
    bucket: &str,
    key: String,
    listed: Listed,
) -> Result<Option<(String, ObjectSpec)>, CloudError> {
    let answer = reader
        .caller
        .call("s3:HeadObject", || {
            reader.client::<S3>().head_object().bucket(bucket).key(&key).send()
        })
        .await;
    Ok(optional(answer)?.map(|answer| {
        let spec = ObjectSpec {
            md5: answer.e_tag().map_or(listed.etag, |tag| tag.trim_matches('"').to_string()),
            content_type: with_others(&answer),
            cache_control: answer.cache_control().unwrap_or_default().to_string(),
        };
        (key, spec)
    }))
}

/// The content type, and behind it what no file of ours says: a disposition makes a page a
/// download, an archive class makes it unreadable.
fn with_others(answer: &HeadObjectOutput) -> String {
    let mut text = answer.content_type().unwrap_or_default().to_string();
    let class = answer.storage_class().map(|class| class.as_str());
    let others = [
        ("content-disposition", answer.content_disposition()),
        ("content-encoding", answer.content_encoding()),
        ("content-language", answer.content_language()),
        ("expires", answer.expires_string()),
        ("storage class", class.filter(|class| *class != "STANDARD")),
    ];
    for (name, value) in others {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            text.push_str(&format!(" {name}={value}"));
        }
    }
    text
}

/// Takes the configuration out of the objects; one with other headers than wanted stays among them,
/// as drift.
async fn to_spec(
    reader: &Reader,
    bucket: &str,
    mut objects: Entries,
    wanted: &ObjectsSpec,
) -> Result<ObjectsSpec, CloudError> {
    let Some(object) = objects.remove(CONFIG) else {
        return Ok(ObjectsSpec { objects, config: String::new() });
    };
    let entry = config_entry(&wanted.config);
    let same = !wanted.config.is_empty() && object.md5 == entry.md5;
    let config = if same { wanted.config.clone() } else { text_of(reader, bucket, CONFIG).await? };
    let known = !object.content_type.is_empty() || !object.cache_control.is_empty();
    if known
        && (&object.content_type, &object.cache_control)
            != (&entry.content_type, &entry.cache_control)
    {
        objects.insert(CONFIG.into(), object);
    }
    let mut config = config;
    // The manifest is read whole, the configuration only as far as it is shown.
    if !same && config.len() > SHOWN {
        let end = (0..=SHOWN).rev().find(|end| config.is_char_boundary(*end)).unwrap_or(0);
        config.truncate(end);
    }
    Ok(ObjectsSpec { objects, config })
}

/// An object's text; empty when it has just gone. The body is read within the call, so that one
/// that breaks off is asked for again.
async fn text_of(reader: &Reader, bucket: &str, key: &str) -> Result<String, CloudError> {
    let answer = reader
        .caller
        .call("s3:GetObject", || async {
            let answer = reader.client::<S3>().get_object().bucket(bucket).key(key).send().await?;
            let broken = |error| SdkError::dispatch_failure(ConnectorError::io(Box::new(error)));
            answer.body.collect().await.map_err(broken)
        })
        .await;
    let body = optional(answer)?.map(|body| body.to_vec()).unwrap_or_default();
    Ok(String::from_utf8_lossy(&body).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_s3::types::StorageClass;

    #[test]
    fn what_no_file_of_ours_says_stands_behind_its_type() {
        let plain = HeadObjectOutput::builder().content_type("text/html").content_encoding("");
        assert_eq!(with_others(&plain.build()), "text/html");
        let other = HeadObjectOutput::builder()
            .content_type("text/html")
            .content_disposition("attachment")
            .content_encoding("gzip")
            .content_language("de")
            .expires_string("0")
            .storage_class(StorageClass::Glacier);
        assert_eq!(
            with_others(&other.build()),
            "text/html content-disposition=attachment content-encoding=gzip content-language=de \
             expires=0 storage class=GLACIER"
        );
    }
}
