//! Settings of a table that have calls of their own: continuous backups and tags.

use super::extras::Recovery;
use super::{read, shape};
use crate::aws::{CallOptions, Writer};
use crate::model::spec::Tags;
use crate::model::{CloudError, ErrorKind};
use crate::resources::common::tag_changes;
use crate::resources::dynamodb::DynamoDb;
use aws_sdk_dynamodb::types::{PointInTimeRecoverySpecification, Tag};
use std::time::Duration;

/// How often a setting is read until it shows.
const EVERY: Duration = Duration::from_secs(2);
/// How long a setting may read as before: enabling backups can take its time.
const CEILING_READ: Duration = Duration::from_secs(1200);

pub(super) async fn set_recovery(
    writer: &Writer,
    name: &str,
    on: bool,
    days: Option<i32>,
    options: CallOptions,
) -> Result<(), CloudError> {
    let dynamodb = &writer.client::<DynamoDb>();
    let wanted = PointInTimeRecoverySpecification::builder()
        .point_in_time_recovery_enabled(on)
        .set_recovery_period_in_days(days);
    let wanted = wanted.build().map_err(shape::refused)?;
    writer
        .caller
        .call_with("dynamodb:UpdateContinuousBackups", options, || {
            dynamodb
                .update_continuous_backups()
                .table_name(name)
                .point_in_time_recovery_specification(wanted.clone())
                .send()
        })
        .await?;
    let what =
        format!("point-in-time recovery of the table `{name}` to read as set (usually seconds)");
    let as_set = |is: Recovery| is.on == on && (days.is_none() || is.days == days);
    let shown = || async { Ok(read::recovery_of(&writer.reader, name).await?.map(as_set)) };
    readable(writer, &what, options, shown).await
}

/// Reads lag some seconds behind these writes (catalogue 2.5): waited for, so that the next `diff`
/// sees no drift where there is none. `look` yields `None` where there is no table: lag of a fresh
/// one, else the end of the wait. An emulator's reads are never behind.
async fn readable<F>(
    writer: &Writer,
    what: &str,
    options: CallOptions,
    look: impl Fn() -> F,
) -> Result<(), CloudError>
where
    F: Future<Output = Result<Option<bool>, CloudError>>,
{
    if writer.caller.is_emulated() {
        return Ok(());
    }
    let shown = || async {
        match look().await? {
            None if !options.fresh => Err(CloudError::ours(
                ErrorKind::NotFound,
                format!("the table is gone while waiting for {what}"),
                "it was deleted since the plan: run the same command again",
            )),
            seen => Ok(seen.unwrap_or(false).then_some(())),
        }
    };
    writer.caller.wait_until(what, EVERY, CEILING_READ, shown).await
}

pub(super) async fn sync_tags(
    writer: &Writer,
    arn: &str,
    before: &Tags,
    wanted: &Tags,
    options: CallOptions,
) -> Result<(), CloudError> {
    let (set, unset) = tag_changes(before, wanted);
    if !set.is_empty() {
        set_tags(writer, arn, &set, options).await?;
    }
    if unset.is_empty() {
        return Ok(());
    }
    let dynamodb = &writer.client::<DynamoDb>();
    writer
        .caller
        .call_with("dynamodb:UntagResource", options, || {
            dynamodb.untag_resource().resource_arn(arn).set_tag_keys(Some(unset.clone())).send()
        })
        .await
        .map(|_| ())
}

pub(super) async fn set_tags(
    writer: &Writer,
    arn: &str,
    tags: &Tags,
    options: CallOptions,
) -> Result<(), CloudError> {
    let dynamodb = &writer.client::<DynamoDb>();
    let sent: Vec<Tag> = shape::tags(tags)?;
    writer
        .caller
        .call_with("dynamodb:TagResource", options, || {
            dynamodb.tag_resource().resource_arn(arn).set_tags(Some(sent.clone())).send()
        })
        .await?;
    let shown = || async {
        let there = read::listed_tags(&writer.reader, arn).await?;
        Ok(there.map(|there| tags.iter().all(|(key, value)| there.get(key) == Some(value))))
    };
    readable(writer, "the table's tags to read as set (usually seconds)", options, shown).await
}
