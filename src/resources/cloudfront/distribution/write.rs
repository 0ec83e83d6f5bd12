//! Creating and changing a distribution.

use super::read::{self, Seen, outputs};
use super::spec::DistributionSpec;
use super::{FRESH, ONCE, contested, convert, is_stale, names_pricing_plan, tag_changes};
use crate::aws::{CallOptions, Writer};
use crate::model::spec::{Tags, from_value, to_value};
use crate::model::{CloudError, ErrorKind, Live, Outputs, Step};
use crate::resources::cloudfront::CloudFront;
use aws_sdk_cloudfront::types as sdk;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::time::Duration;

/// How often a create whose answer was lost is tried again.
const TRIES: usize = 4;
/// Milliseconds between two looks for what a lost answer may have made.
const SOON: &[u64] = &[200, 1000, 2000];
/// The same where CloudFront itself says that it is there: the listing is waited for a minute.
const PATIENT: &[u64] = &[200, 1000, 2000, 5000, 5000, 5000, 10_000, 10_000, 10_000, 10_000];

pub(super) async fn create(
    writer: &Writer,
    step: &Step,
    wanted: &Value,
) -> Result<Outputs, CloudError> {
    let wanted: DistributionSpec = from_value(wanted)?;
    let mut reference = reference(writer, step, &wanted);
    let mut last = None;
    for _ in 0..TRIES {
        match create_distribution(writer, &wanted, &reference).await {
            Ok(id) => return converge(writer, &id, &wanted, FRESH).await,
            Err(error)
                if error.kind == ErrorKind::Ambiguous
                    || error.code == "DistributionAlreadyExists" =>
            {
                let exists = error.code == "DistributionAlreadyExists";
                // Listings lag. Making another one too early would leave two, so where there is one
                // it is waited for; an emulator's listing is never behind.
                let looks = if exists && !writer.caller.is_emulated() { PATIENT } else { SOON };
                if let Some(id) = made_before(writer, step, looks).await? {
                    return converge(writer, &id, &wanted, FRESH).await;
                }
                if exists {
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

/// The same for the same wish, so that a repeated create is refused by CloudFront rather than done
/// twice.
fn reference(writer: &Writer, step: &Step, wanted: &DistributionSpec) -> String {
    let scope = &writer.scope;
    let wish = format!(
        "{} {} {} {} {}",
        scope.account,
        scope.stack,
        scope.env,
        step.address.id(),
        to_value(wanted)
    );
    Sha256::digest(wish.as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// CreateDistributionWithTags: one call, so that no distribution of ours is ever without tags.
/// Returns the id.
async fn create_distribution(
    writer: &Writer,
    wanted: &DistributionSpec,
    reference: &str,
) -> Result<String, CloudError> {
    let config = convert::fresh(wanted, reference)?;
    let with_tags = sdk::DistributionConfigWithTags::builder()
        .distribution_config(config)
        .tags(sdk_tags(&wanted.tags)?)
        .build();
    // A 404 here is the headers policy made a moment ago, which is not visible yet.
    let options = CallOptions { fresh: true, ..ONCE };
    let answer = writer
        .caller
        .call_with("cloudfront:CreateDistributionWithTags", options, || {
            let create = writer.client::<CloudFront>().create_distribution_with_tags();
            create.distribution_config_with_tags(with_tags.clone()).send()
        })
        .await?;
    let missing = || CloudError::shape("cloudfront CreateDistributionWithTags", "Distribution");
    answer.distribution.map(|distribution| distribution.id).ok_or_else(missing)
}

/// Looks for what an earlier try may have made, once more after each of these pauses.
async fn made_before(
    writer: &Writer,
    step: &Step,
    pauses: &[u64],
) -> Result<Option<String>, CloudError> {
    for pause in pauses {
        if let Some(id) = read::ours(&writer.reader, &writer.scope, step.address.id()).await? {
            return Ok(Some(id));
        }
        writer.caller.report_wait(
            "waiting for the distribution, which exists, to be listed (usually seconds)",
        );
        writer.caller.pause(Duration::from_millis(*pause)).await?;
    }
    read::ours(&writer.reader, &writer.scope, step.address.id()).await
}

pub(super) async fn update(
    writer: &Writer,
    live: &Live,
    wanted: &Value,
) -> Result<Outputs, CloudError> {
    let wanted: DistributionSpec = from_value(wanted)?;
    let before: DistributionSpec = from_value(&live.spec)?;
    let arn = live.output("arn")?;
    // Tags first: where this adopts, it is ours from here on.
    set_tags(writer, arn, &before.tags, &wanted.tags).await?;
    converge(writer, live.output("id")?, &wanted, CallOptions::default()).await
}

/// Brings the configuration in line, when it is not yet; an ETag that went stale is read again
/// once.
async fn converge(
    writer: &Writer,
    id: &str,
    wanted: &DistributionSpec,
    options: CallOptions,
) -> Result<Outputs, CloudError> {
    let mut tried = false;
    loop {
        let seen = read::get(&writer.caller, &writer.reader, id, options).await?;
        let live = convert::to_spec(&seen.config, wanted.tags.clone());
        if &live == wanted {
            return Ok(outputs(&writer.scope, &seen));
        }
        let config = convert::overlay(seen.config.clone(), wanted)?;
        match update_config(writer, &seen, config).await {
            Err(error) if is_stale(&error) && tried => {
                return Err(contested(&format!("the distribution {id}"), error));
            }
            Err(error) if is_stale(&error) => tried = true,
            other => {
                return other.map(|seen| outputs(&writer.scope, &seen)).map_err(explained);
            }
        }
    }
}

/// A flat-rate pricing plan allows less than shopstack makes, and what it allows is AWS's to say.
fn explained(mut error: CloudError) -> CloudError {
    if names_pricing_plan(&error) {
        error.hint = "its flat-rate pricing plan does not allow this: cancel the plan or choose a \
                      larger one in the \
                      CloudFront console, then run the same command again"
            .into();
    }
    error
}

/// UpdateDistribution with the ETag of `seen`; returns what it is then.
pub(super) async fn update_config(
    writer: &Writer,
    seen: &Seen,
    config: sdk::DistributionConfig,
) -> Result<Seen, CloudError> {
    let answer = writer
        .caller
        .call("cloudfront:UpdateDistribution", || {
            let update = writer
                .client::<CloudFront>()
                .update_distribution()
                .id(&seen.id)
                .if_match(&seen.etag);
            update.distribution_config(config.clone()).send()
        })
        .await?;
    let changed = answer.distribution.as_ref();
    let status = changed.map_or(seen.status.clone(), |d| d.status.clone());
    let modified = changed.map_or(seen.modified, |d| d.last_modified_time.secs());
    let etag = answer.e_tag.unwrap_or_else(|| seen.etag.clone());
    Ok(Seen { status, modified, etag, config, ..seen.clone() })
}

async fn set_tags(
    writer: &Writer,
    arn: &str,
    before: &Tags,
    wanted: &Tags,
) -> Result<(), CloudError> {
    let (set, unset) = tag_changes(before, wanted);
    if !set.is_empty() {
        let set = sdk_tags(&set)?;
        writer
            .caller
            .call("cloudfront:TagResource", || {
                writer.client::<CloudFront>().tag_resource().resource(arn).tags(set.clone()).send()
            })
            .await?;
    }
    if !unset.is_empty() {
        let keys = sdk::TagKeys::builder().set_items(Some(unset)).build();
        writer
            .caller
            .call("cloudfront:UntagResource", || {
                writer
                    .client::<CloudFront>()
                    .untag_resource()
                    .resource(arn)
                    .tag_keys(keys.clone())
                    .send()
            })
            .await?;
    }
    Ok(())
}

fn sdk_tags(tags: &Tags) -> Result<sdk::Tags, CloudError> {
    let items: Result<Vec<_>, _> =
        tags.iter().map(|(k, v)| sdk::Tag::builder().key(k).value(v).build()).collect();
    let items = items.map_err(|error| CloudError::shape("building tags", &error.to_string()))?;
    Ok(sdk::Tags::builder().set_items(Some(items)).build())
}
