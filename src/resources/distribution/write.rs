//! Creating and changing a distribution.

use super::read::{self, Seen, outputs};
use super::{ONCE, convert, is_stale, tag_changes};
use crate::aws::{CallOptions, Writer};
use crate::model::spec::{self, DistributionSpec, Tags};
use crate::model::{CloudError, ErrorKind, Live, Outputs, Step};
use aws_sdk_cloudfront::types as sdk;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::time::Duration;

/// How often a create whose answer was lost is tried again.
const TRIES: usize = 4;

pub(super) async fn create(writer: &Writer, step: &Step, wanted: &Value) -> Result<Outputs, CloudError> {
    let wanted: DistributionSpec = spec::from_value(wanted)?;
    let mut reference = reference(writer, step, &wanted);
    let mut last = None;
    for _ in 0..TRIES {
        match make(writer, &wanted, &reference).await {
            Ok(id) => return converge(writer, &id, &wanted).await,
            Err(error) if error.kind == ErrorKind::Ambiguous || error.code == "DistributionAlreadyExists" => {
                if let Some(id) = made_before(writer, step).await? {
                    return converge(writer, &id, &wanted).await;
                }
                if error.code == "DistributionAlreadyExists" {
                    // The reference belongs to one that has been deleted since: it is spent.
                    reference = format!("{reference}-{:08x}", fastrand::u32(..));
                }
                last = Some(error);
            }
            Err(error) => return Err(error),
        }
    }
    Err(last.unwrap_or_else(|| CloudError::shape("cloudfront CreateDistributionWithTags", "end")))
}

/// The same for the same wish, so that a repeated create is refused by CloudFront rather than done twice.
fn reference(writer: &Writer, step: &Step, wanted: &DistributionSpec) -> String {
    let scope = &writer.scope;
    let wish =
        format!("{} {} {} {} {}", scope.account, scope.stack, scope.env, step.address.id(), spec::to_value(wanted));
    Sha256::digest(wish.as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// CreateDistributionWithTags: one call, so that no distribution of ours is ever without tags. Returns the id.
async fn make(writer: &Writer, wanted: &DistributionSpec, reference: &str) -> Result<String, CloudError> {
    let config = convert::fresh(wanted, reference)?;
    let with_tags =
        sdk::DistributionConfigWithTags::builder().distribution_config(config).tags(sdk_tags(&wanted.tags)?).build();
    // A 404 here is the headers policy made a moment ago, which is not visible yet.
    let options = CallOptions { fresh: true, ..ONCE };
    let answer = writer
        .caller
        .call_with("cloudfront:CreateDistributionWithTags", options, || {
            let create = writer.clients.cloudfront.create_distribution_with_tags();
            create.distribution_config_with_tags(with_tags.clone()).send()
        })
        .await?;
    let missing = || CloudError::shape("cloudfront CreateDistributionWithTags", "Distribution");
    answer.distribution.map(|distribution| distribution.id).ok_or_else(missing)
}

/// Looks for what an earlier try may have made; listings lag, so more than once.
async fn made_before(writer: &Writer, step: &Step) -> Result<Option<String>, CloudError> {
    for pause in [200, 1000, 2000] {
        if let Some(id) = read::ours(&writer.reader, &writer.scope, step.address.id()).await? {
            return Ok(Some(id));
        }
        writer.caller.pause(Duration::from_millis(pause)).await?;
    }
    read::ours(&writer.reader, &writer.scope, step.address.id()).await
}

pub(super) async fn update(writer: &Writer, step: &Step, live: &Live, wanted: &Value) -> Result<Outputs, CloudError> {
    let wanted: DistributionSpec = spec::from_value(wanted)?;
    let before: DistributionSpec = spec::from_value(&live.spec)?;
    let arn = live.output("arn")?;
    // Tags first: where this adopts, it is ours from here on.
    set_tags(writer, arn, &before.tags, &wanted.tags).await?;
    let result = converge(writer, live.output("id")?, &wanted).await;
    result.map_err(|error| if is_stale(&error) { contested(step, error) } else { error })
}

/// Brings the configuration in line, when it is not yet; an ETag that went stale is read again once.
async fn converge(writer: &Writer, id: &str, wanted: &DistributionSpec) -> Result<Outputs, CloudError> {
    let mut tried = false;
    loop {
        let seen = read::get(&writer.caller, &writer.reader, id).await?;
        let live = convert::to_spec(&seen.config, wanted.tags.clone());
        if &live == wanted {
            return Ok(outputs(&writer.scope, &seen));
        }
        let config = convert::overlay(seen.config.clone(), wanted)?;
        match put(writer, &seen, config).await {
            Err(error) if is_stale(&error) && !tried => tried = true,
            other => return other.map(|seen| outputs(&writer.scope, &seen)),
        }
    }
}

/// UpdateDistribution with the ETag of `seen`; returns what it is then.
pub(super) async fn put(writer: &Writer, seen: &Seen, config: sdk::DistributionConfig) -> Result<Seen, CloudError> {
    let answer = writer
        .caller
        .call("cloudfront:UpdateDistribution", || {
            let update = writer.clients.cloudfront.update_distribution().id(&seen.id).if_match(&seen.etag);
            update.distribution_config(config.clone()).send()
        })
        .await?;
    let status = answer.distribution.as_ref().map_or(seen.status.clone(), |d| d.status.clone());
    let etag = answer.e_tag.unwrap_or_else(|| seen.etag.clone());
    Ok(Seen { status, etag, config, ..seen.clone() })
}

fn contested(step: &Step, error: CloudError) -> CloudError {
    CloudError {
        kind: ErrorKind::Conflict,
        message: format!("{} was changed by somebody else since the plan: {}", step.address, error.message),
        hint: "run again: it plans with what is there now".into(),
        ..error
    }
}

async fn set_tags(writer: &Writer, arn: &str, before: &Tags, wanted: &Tags) -> Result<(), CloudError> {
    let (set, unset) = tag_changes(before, wanted);
    if !set.is_empty() {
        let set = sdk_tags(&set)?;
        writer
            .caller
            .call("cloudfront:TagResource", || {
                writer.clients.cloudfront.tag_resource().resource(arn).tags(set.clone()).send()
            })
            .await?;
    }
    if !unset.is_empty() {
        let keys = sdk::TagKeys::builder().set_items(Some(unset)).build();
        writer
            .caller
            .call("cloudfront:UntagResource", || {
                writer.clients.cloudfront.untag_resource().resource(arn).tag_keys(keys.clone()).send()
            })
            .await?;
    }
    Ok(())
}

fn sdk_tags(tags: &Tags) -> Result<sdk::Tags, CloudError> {
    let items: Result<Vec<_>, _> = tags.iter().map(|(k, v)| sdk::Tag::builder().key(k).value(v).build()).collect();
    let items = items.map_err(|error| CloudError::shape("building tags", &error.to_string()))?;
    Ok(sdk::Tags::builder().set_items(Some(items)).build())
}
