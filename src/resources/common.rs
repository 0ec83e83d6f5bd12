//! Shared by resource types of all services: call options, tag changes, refusals, listings.

use crate::aws::{CallOptions, Reader, Writer};
use crate::model::cloud_error::optional;
use crate::model::{CloudError, Desired, ErrorKind, Live, Step};
use crate::policy;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::time::Duration;

pub(crate) use crate::aws::pages::paged;

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

/// A policy document as JSON, or its text where it cannot be parsed; null for an absent or empty
/// one.
pub(crate) fn document_or_text(text: Option<&str>) -> Value {
    match text.filter(|text| !text.is_empty()) {
        Some(text) => policy::parse(text).unwrap_or_else(|_| text.into()),
        None => Value::Null,
    }
}

/// The entries as an object; null where there are none.
pub(crate) fn null_if_empty(entries: Map<String, Value>) -> Value {
    if entries.is_empty() { Value::Null } else { Value::Object(entries) }
}

/// The refusal to touch a resource that holds the wanted name and is not this stack's; `says` tells
/// whose it is.
pub(crate) fn foreign_error(what: &str, step: &Step, says: &str) -> CloudError {
    CloudError::ours(
        ErrorKind::Foreign,
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
    desired: Option<&Desired>,
) -> Result<Option<Live>, CloudError> {
    match (found, desired) {
        (Err(error), Some(desired)) if error.kind == ErrorKind::NotEmulated => {
            Ok(Some(Live::not_emulated(desired)))
        }
        (found, _) => found,
    }
}

/// `None` for what is not there, and for what an emulator does not know.
pub(crate) fn or_nothing<T>(result: Result<T, CloudError>) -> Result<Option<T>, CloudError> {
    match optional(result) {
        Err(error) if error.kind == ErrorKind::NotEmulated => Ok(None),
        other => other,
    }
}

/// True where an emulator has no such listing: a listing itself is never "not found" on AWS.
pub(crate) fn lacks_listing(reader: &Reader, error: &CloudError) -> bool {
    let kind = error.kind;
    kind == ErrorKind::NotEmulated || kind == ErrorKind::NotFound && reader.caller.is_emulated()
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
        writer.caller.report_wait(&format!(
            "waiting for `{name}`, which exists, to be listed (usually seconds)"
        ));
        writer.caller.pause(pause).await?;
        pause = (pause * 2).min(Duration::from_secs(5));
    }
}
