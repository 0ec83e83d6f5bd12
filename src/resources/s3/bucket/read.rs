//! Reading a bucket: its settings at once, tags out of the index, and whose it is.

use super::settings::{bare, no_bucket, settings};
use super::spec::{BucketSpec, outputs};
use super::{INFO, UNVERSIONED, data, extras, optional};
use crate::aws::Reader;
use crate::model::spec::{Tags, to_value};
use crate::model::{CloudError, Desired, ErrorKind, Live, Owner, Query, Scope, tag};
use crate::resources::s3::S3;
use futures_util::future::join;
use std::collections::BTreeSet;

pub(super) const ELSEWHERE: &str =
    "it belongs to another AWS account, or these credentials may not read it";
/// No adoption: AWS refuses changes to another account's bucket.
const UNREADABLE_HINT: &str = "bucket names are unique across all AWS accounts: choose another \
                               `name` in stack.yaml or another --env; a bucket of your own needs \
                               credentials that may read it";
const ARN: &str = "arn:aws:s3:::";
/// Logical id of the only bucket that a stack has.
const SITE: &str = "site";

pub(super) async fn discover(reader: &Reader, query: &Query<'_>) -> Result<Vec<Live>, CloudError> {
    let mut names: BTreeSet<String> = query.wanted.iter().map(|d| d.name.clone()).collect();
    let index = reader.index(query.scope).await?;
    names.extend(index.arns(ARN).filter_map(|arn| arn.strip_prefix(ARN)).map(str::to_string));
    if query.thorough {
        names.extend(named_like_ours(reader, query.scope).await?);
    }
    let reads = names.iter().map(|name| read(reader, query, name));
    Ok(futures_util::future::try_join_all(reads).await?.into_iter().flatten().collect())
}

/// Buckets of the account that begin with the environment's prefix.
async fn named_like_ours(reader: &Reader, scope: &Scope) -> Result<Vec<String>, CloudError> {
    let prefix = scope.prefix().to_lowercase();
    let mut names = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let list = || {
            let list = reader.client::<S3>().list_buckets().prefix(&prefix);
            list.set_continuation_token(token.clone()).send()
        };
        let page = reader.caller.call("s3:ListBuckets", list).await?;

        let listed = page.buckets().iter().filter_map(|bucket| bucket.name());
        names.extend(listed.filter(|name| name.starts_with(&prefix)).map(Into::into));
        token = page.continuation_token().filter(|t| !t.is_empty()).map(str::to_string);
        if token.is_none() {
            return Ok(names);
        }
    }
}

/// One bucket; `None` when it does not exist, or is neither wanted nor ours.
async fn read(reader: &Reader, query: &Query<'_>, name: &str) -> Result<Option<Live>, CloudError> {
    let desired = query.wanted.iter().find(|d| d.name == name).copied();
    // Names and ARNs of buckets have no region: one of this environment in another region is not
    // for this run.
    if desired.is_none() && !is_here(reader, query.scope, name).await? {
        return Ok(None);
    }
    if desired.is_none() && name != query.scope.bucket_name() {
        return stray(reader, query, name).await;
    }
    // For `down` nothing is compared, and `is_here` has seen it: its settings need no look.
    let unread = query.thorough && query.wanted.is_empty();
    let settings = async {
        if unread { Ok(Some(bare())) } else { settings(reader, query.scope, name, desired).await }
    };
    let (settings, tags) = join(settings, tags_of(reader, query, name, desired)).await;
    let (settings, tags) = match (settings, tags) {
        (Ok(Some(settings)), Ok(Some(tags))) => (settings, tags),
        (Ok(None), _) | (_, Ok(None)) => return Ok(None),
        (Err(error), _) | (_, Err(error)) => {
            return unreadable(reader, query, name, desired, error).await;
        }
    };
    let (mut id, mut owner) = (tags.get(tag::ID).map(String::as_str), query.scope.owner(&tags));
    if owner != Owner::Ours
        && half_made(reader, query.scope, name, desired.is_some(), &tags).await?
    {
        (id, owner) = (Some(SITE), Owner::Ours);
    }
    let Some((address, owner)) =
        query.claim_as(INFO.group, name, desired, id, owner, |id| id == SITE)
    else {
        return Ok(None);
    };
    let compared = desired.is_some() && owner == Owner::Ours;
    let mut spec = BucketSpec { tags, ..settings };
    spec.extras.extend(extras::read_extras(reader, &query.scope.account, name, compared).await?);
    let mut live = Live::new(address, INFO.type_name, name, to_value(&spec));
    live.outputs = outputs(name, &query.scope.region);
    // `down` asks for a yes to the whole stack; an `up` that no longer wants the site must say what
    // goes with it.
    if desired.is_none() && owner == Owner::Ours && !query.thorough {
        live.data = data::data(reader, query.scope, name).await?;
    }
    live.owner = owner;
    Ok(Some(live))
}

/// A bucket with another name than the site's is not ours, whatever its tags say. Only
/// its tags are read, so that one which keeps to itself stops no run.
async fn stray(reader: &Reader, query: &Query<'_>, name: &str) -> Result<Option<Live>, CloudError> {
    let tags = match own_tags(reader, query.scope, name).await {
        Err(error) if error.kind == ErrorKind::AccessDenied => return Ok(None),
        other => other?,
    };
    let claim = tags.and_then(|tags| {
        let (address, owner) = query.claim(INFO.group, name, None, &tags, |_| false)?;
        Some((address, owner, tags))
    });
    Ok(claim.map(|(address, owner, tags)| {
        let spec = BucketSpec { tags, ..bare() };
        let mut live = Live::new(address, INFO.type_name, name, to_value(&spec));
        live.owner = owner;
        live
    }))
}

/// True for a bucket of this account in the scope's region. Elsewhere S3 answers with a redirect.
async fn is_here(reader: &Reader, scope: &Scope, name: &str) -> Result<bool, CloudError> {
    let head = reader
        .caller
        .call("s3:HeadBucket", || {
            reader
                .client::<S3>()
                .head_bucket()
                .bucket(name)
                .expected_bucket_owner(&scope.account)
                .send()
        })
        .await;
    match optional(head) {
        Ok(answer) => {
            Ok(answer
                .is_some_and(|a| a.bucket_region().is_none_or(|region| region == scope.region)))
        }
        Err(error)
            if ["HTTP 301", "PermanentRedirect", "HTTP 400"].contains(&error.code.as_str()) =>
        {
            Ok(false)
        }
        // The bucket's owner decides whether that is an error; the following reads tell.
        Err(error) if error.kind == ErrorKind::AccessDenied => Ok(true),
        Err(error) => Err(error),
    }
}

/// A wanted bucket that cannot be read is another account's, unless the index knows it as ours.
async fn unreadable(
    reader: &Reader,
    query: &Query<'_>,
    name: &str,
    desired: Option<&Desired>,
    error: CloudError,
) -> Result<Option<Live>, CloudError> {
    let ours = reader.index(query.scope).await?.tags(&format!("{ARN}{name}")).is_some();
    match desired {
        Some(desired) if error.kind == ErrorKind::AccessDenied && !ours => {
            let mut live =
                Live::new(desired.address.clone(), INFO.type_name, name, serde_json::Value::Null);
            live.owner = Owner::Foreign(unread(&error));
            Ok(Some(live))
        }
        None if error.kind == ErrorKind::AccessDenied && !ours => Ok(None),
        _ => Err(error),
    }
}

/// Why a bucket is not taken for ours: AWS's words tell a missing right from another account.
fn unread(error: &CloudError) -> String {
    format!("{ELSEWHERE} ({error})")
}

/// True when the bucket reads just as it was written, tags included.
pub(super) async fn shows(
    reader: &Reader,
    scope: &Scope,
    name: &str,
    wanted: &BucketSpec,
) -> Result<bool, CloudError> {
    let (settings, tags) =
        join(settings(reader, scope, name, None), own_tags(reader, scope, name)).await;
    let (Some(mut seen), Some(tags)) = (settings?, tags?) else {
        return Ok(false);
    };
    if wanted.versioning == UNVERSIONED && seen.versioning == "Suspended" {
        seen.versioning = UNVERSIONED.into();
    }
    Ok(BucketSpec { tags, ..seen } == *wanted)
}

/// The index answers where its tags are as wanted; else the bucket itself. `None`: there is no such
/// bucket.
async fn tags_of(
    reader: &Reader,
    query: &Query<'_>,
    name: &str,
    desired: Option<&Desired>,
) -> Result<Option<Tags>, CloudError> {
    if let (Some(indexed), Some(wanted)) =
        (reader.index(query.scope).await?.tags(&format!("{ARN}{name}")), desired)
        && Some(&to_value(indexed)) == wanted.spec.get("tags")
    {
        return Ok(Some(indexed.clone()));
    }
    own_tags(reader, query.scope, name).await
}

async fn own_tags(reader: &Reader, scope: &Scope, name: &str) -> Result<Option<Tags>, CloudError> {
    let answer = reader
        .caller
        .call("s3:GetBucketTagging", || {
            reader
                .client::<S3>()
                .get_bucket_tagging()
                .bucket(name)
                .expected_bucket_owner(&scope.account)
                .send()
        })
        .await;
    match answer {
        Err(error) if no_bucket(&error) => Ok(None),
        other => Ok(Some(optional(other)?.map_or_else(Tags::new, |answer| {
            tag::without_aws_tags(answer.tag_set().iter().map(|t| (t.key(), t.value())))
        }))),
    }
}

/// True for what a crash between CreateBucket and its tags leaves behind: our exact name with
/// account and region in it, no tag at all, and nothing inside. Anything that has a tag or an
/// object may be somebody's work.
async fn half_made(
    reader: &Reader,
    scope: &Scope,
    name: &str,
    wanted: bool,
    tags: &Tags,
) -> Result<bool, CloudError> {
    let exact = wanted || name == scope.bucket_name();
    Ok(exact && tags.is_empty() && is_empty(reader, scope, name).await?)
}

/// No version, no delete marker, and the bucket is of the scope's account.
async fn is_empty(reader: &Reader, scope: &Scope, name: &str) -> Result<bool, CloudError> {
    let page = reader
        .caller
        .call("s3:ListObjectVersions", || {
            let list = reader.client::<S3>().list_object_versions().bucket(name).max_keys(1);
            list.expected_bucket_owner(&scope.account).send()
        })
        .await?;
    // An empty page that is not the last says nothing.
    Ok(page.versions().is_empty()
        && page.delete_markers().is_empty()
        && page.is_truncated() != Some(true))
}

/// Checks that a bucket of that name exists. Errors: 403 for a bucket of another account.
pub async fn exists(reader: &Reader, scope: &Scope, name: &str) -> Result<bool, CloudError> {
    let head = reader
        .caller
        .call("s3:HeadBucket", || {
            reader
                .client::<S3>()
                .head_bucket()
                .bucket(name)
                .expected_bucket_owner(&scope.account)
                .send()
        })
        .await;
    Ok(optional(head)?.is_some())
}

/// True when the bucket exists and is this stack's, also half-made; false when the name is free.
///
/// Errors: `Foreign` when somebody else holds the name.
pub(super) async fn claim(reader: &Reader, scope: &Scope, name: &str) -> Result<bool, CloudError> {
    match exists(reader, scope, name).await {
        Ok(false) => return Ok(false),
        Ok(true) => {}
        Err(error) if error.kind == ErrorKind::AccessDenied => {
            return Err(taken(name, &unread(&error)));
        }
        Err(error) => return Err(error),
    }
    let Some(tags) = own_tags(reader, scope, name).await? else {
        return Ok(false);
    };
    match scope.owner(&tags) {
        Owner::Foreign(_) if half_made(reader, scope, name, true, &tags).await? => Ok(true),
        Owner::Foreign(says) => Err(taken(name, &says)),
        _ => Ok(true),
    }
}

pub(super) fn taken(name: &str, says: &str) -> CloudError {
    let hint = match says.starts_with(ELSEWHERE) {
        true => UNREADABLE_HINT,
        false => "choose another stack or env name, or adopt it with `up --adopt bucket.site`",
    };
    CloudError::ours(
        ErrorKind::Foreign,
        format!("the bucket `{name}` exists and is not this stack's: {says}"),
        hint,
    )
}
