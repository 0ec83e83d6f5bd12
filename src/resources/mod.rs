//! One file per AWS resource type; `registry` is the list that adding a type means adding a line
//! to.

pub(crate) use crate::aws::pages::paged;
use crate::aws::{CallOptions, Reader, Writer};
use crate::model::{Address, CloudError, ErrorKind, Live, Outputs, Query, Scope, Step, TypeInfo};
use crate::resource::{Apply, Discover, Progress};
use async_trait::async_trait;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

pub mod account;
pub mod bucket;
pub mod bucket_policy;
pub mod distribution;
pub mod function;
pub mod log_group;
pub mod oac;
pub mod objects;
pub mod permission;
pub mod response_headers;
pub mod rest_api;
pub mod role;
pub mod routes;
pub mod stage;
pub mod table;
pub mod waf_association;
pub mod waf_logging;
pub mod web_acl;

/// What one resource type can do. Reads are handed a `Reader`, on which no write exists.
#[async_trait]
pub trait Resource: Send + Sync {
    fn info(&self) -> &'static TypeInfo;
    async fn discover(&self, reader: &Reader, query: &Query<'_>) -> Result<Vec<Live>, CloudError>;
    async fn create(
        &self,
        writer: &Writer,
        step: &Step,
        wanted: &Value,
    ) -> Result<Outputs, CloudError>;
    async fn update(
        &self,
        writer: &Writer,
        step: &Step,
        live: &Live,
        wanted: &Value,
    ) -> Result<Outputs, CloudError>;
    async fn delete(&self, writer: &Writer, live: &Live) -> Result<(), CloudError>;
}

/// Every type there is.
pub fn registry() -> Vec<Box<dyn Resource>> {
    vec![
        Box::new(table::Table),
        Box::new(log_group::LogGroup),
        Box::new(role::Role),
        Box::new(function::Function),
        Box::new(permission::Permission),
        Box::new(rest_api::RestApi),
        Box::new(routes::Routes),
        Box::new(stage::Stage),
        Box::new(account::Account),
        Box::new(web_acl::WebAcl),
        Box::new(waf_association::WafAssociation),
        Box::new(waf_logging::WafLogging),
        Box::new(bucket::Bucket),
        Box::new(bucket_policy::BucketPolicy),
        Box::new(objects::Objects),
        Box::new(oac::OriginAccessControl),
        Box::new(response_headers::ResponseHeadersPolicy),
        Box::new(distribution::Distribution),
    ]
}

fn find(type_name: &str) -> Result<Box<dyn Resource>, CloudError> {
    registry().into_iter().find(|r| r.info().type_name == type_name).ok_or_else(|| {
        CloudError::ours(
            ErrorKind::Other,
            format!("this version does not know the type {type_name}"),
            "make the plan again with this version of shopstack",
        )
    })
}

/// The ARN of what an address of the stack stands for, of the types that are found by the tag index
/// alone once nobody wants them, and whose ARN follows from the address.
pub fn arn_of(scope: &Scope, address: &Address) -> Option<String> {
    let (region, account, name) = (&scope.region, &scope.account, scope.name(address.id()));
    match address.group() {
        "table" => Some(format!("arn:aws:dynamodb:{region}:{account}:table/{name}")),
        "function" => Some(format!("arn:aws:lambda:{region}:{account}:function:{name}")),
        "bucket" => Some(format!("arn:aws:s3:::{}", scope.bucket_name())),
        _ => None,
    }
}

/// Discovers live resources through a `Reader`.
pub struct Finder(pub Reader);

#[async_trait]
impl Discover for Finder {
    fn types(&self) -> Vec<&'static TypeInfo> {
        registry().iter().map(|r| r.info()).collect()
    }

    async fn discover(&self, type_name: &str, query: &Query<'_>) -> Result<Vec<Live>, CloudError> {
        find(type_name)?.discover(&self.0, query).await
    }
}

/// Applies steps through a `Writer`.
pub struct Applier(pub Writer);

#[async_trait]
impl Apply for Applier {
    async fn create(
        &self,
        step: &Step,
        wanted: &Value,
        progress: Progress,
    ) -> Result<Outputs, CloudError> {
        find(&step.type_name)?.create(&self.0.with_progress(progress), step, wanted).await
    }

    async fn update(
        &self,
        step: &Step,
        live: &Live,
        wanted: &Value,
        progress: Progress,
    ) -> Result<Outputs, CloudError> {
        let updated = find(&step.type_name)?
            .update(&self.0.with_progress(progress), step, live, wanted)
            .await;
        updated.map_err(|error| if error.is_not_found() { vanished(error) } else { error })
    }

    async fn delete(&self, step: &Step, live: &Live, progress: Progress) -> Result<(), CloudError> {
        find(&step.type_name)?.delete(&self.0.with_progress(progress), live).await
    }
}

/// What was read for the plan, and is not there to be updated.
fn vanished(error: CloudError) -> CloudError {
    let hint = "it, or what it needs, was deleted since the plan: run the same command again";
    CloudError { hint: hint.into(), ..error }
}

/// Key of the object that names what the site is made of.
pub(crate) const SITE_MANIFEST: &str = ".shopstack/site.json";

/// For calls on a thing this run has just made: a 404 is lag.
pub(crate) const FRESH: CallOptions = CallOptions { fresh: true, not_idempotent: false };
/// For creates that AWS would happily do twice.
pub(crate) const ONCE: CallOptions = CallOptions { fresh: false, not_idempotent: true };

/// Tags to set and tag keys to remove on the way from `before` to `wanted`. AWS's own `aws:` tags
/// stay.
pub(crate) fn tag_changes(
    before: &BTreeMap<String, String>,
    wanted: &BTreeMap<String, String>,
) -> (BTreeMap<String, String>, Vec<String>) {
    let set = wanted
        .iter()
        .filter(|(k, v)| before.get(*k) != Some(v))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    let unset = before
        .keys()
        .filter(|k| !wanted.contains_key(*k) && !k.starts_with("aws:"))
        .cloned()
        .collect();
    (set, unset)
}

/// The refusal to touch a resource that holds the wanted name and is not this stack's; `says` tells
/// whose it is.
pub(crate) fn foreign(what: &str, step: &Step, says: &str) -> CloudError {
    CloudError::ours(
        crate::model::ErrorKind::Foreign,
        format!("the {what} `{}` exists and is not this stack's: {says}", step.name),
        format!(
            "rename the stack or the environment, or adopt it with `up --adopt {}`",
            step.address
        ),
    )
}

/// Turns "the endpoint does not know this operation" into a live resource that says so; other
/// errors stay.
pub(crate) fn or_not_emulated(
    found: Result<Option<Live>, CloudError>,
    desired: Option<&crate::model::Desired>,
) -> Result<Option<Live>, CloudError> {
    match (found, desired) {
        (Err(error), Some(desired)) if error.kind == crate::model::ErrorKind::NotEmulated => {
            Ok(Some(Live::not_emulated(desired)))
        }
        (found, _) => found,
    }
}

/// True where an emulator has no such listing: a listing itself is never "not found" on AWS.
pub(crate) fn lacks_listing(reader: &Reader, error: &CloudError) -> bool {
    let kind = error.kind;
    kind == ErrorKind::NotEmulated || kind == ErrorKind::NotFound && reader.caller.is_emulated()
}

/// True where CloudFront's `If-Match` was stale: somebody else, or a propagation that ended,
/// changed the ETag.
///
/// The same code refuses to delete a distribution in a pricing plan, which no newer ETag changes.
pub(crate) fn is_stale(error: &CloudError) -> bool {
    matches!(error.code.as_str(), "PreconditionFailed" | "InvalidIfMatchVersion")
        && !names_pricing_plan(error)
}

/// True where a flat-rate pricing plan, which is subscribed to in CloudFront's console, forbids
/// what was asked for.
pub(crate) fn names_pricing_plan(error: &CloudError) -> bool {
    error.message.to_lowercase().contains("pricing plan")
}

/// The end of a contest: somebody else was faster twice, and a person should look before it is
/// tried again.
pub(crate) fn contested(what: &str, error: CloudError) -> CloudError {
    CloudError {
        kind: ErrorKind::Conflict,
        message: format!(
            "{what} was changed by somebody else since the plan, and again just now: {}",
            error.message
        ),
        hint: "see who changes it, then run the same command again: it plans on what is there then"
            .into(),
        ..error
    }
}

/// Runs a write that needs an ETag; one that went stale in between is read again, once (catalogue
/// 1.7).
pub(crate) async fn with_fresh_etag<T, G, W>(
    what: &str,
    read: impl Fn() -> G,
    write: impl Fn(String) -> W,
) -> Result<T, CloudError>
where
    G: Future<Output = Result<String, CloudError>>,
    W: Future<Output = Result<T, CloudError>>,
{
    match write(read().await?).await {
        Err(error) if is_stale(&error) => match write(read().await?).await {
            Err(error) if is_stale(&error) => Err(contested(what, error)),
            other => other,
        },
        other => other,
    }
}

/// Looks for what exists by AWS's own word until a listing shows it; listings lag. `None` after a
/// minute.
pub(crate) async fn listed<T, F>(
    writer: &Writer,
    name: &str,
    look: impl Fn() -> F,
) -> Result<Option<T>, CloudError>
where
    F: Future<Output = Result<Option<T>, CloudError>>,
{
    let start = tokio::time::Instant::now();
    let mut pause = Duration::from_millis(500);
    loop {
        if let Some(found) = look().await? {
            return Ok(Some(found));
        }
        if writer.caller.is_emulated() || start.elapsed() > Duration::from_secs(60) {
            return Ok(None);
        }
        writer
            .caller
            .say(&format!("waiting for `{name}`, which exists, to be listed (usually seconds)"));
        writer.caller.pause(pause).await?;
        pause = (pause * 2).min(Duration::from_secs(5));
    }
}

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
                writer.clients.s3.delete_objects().bucket(name).delete(delete.clone()).send()
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
        writer.caller.say(&format!(
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
