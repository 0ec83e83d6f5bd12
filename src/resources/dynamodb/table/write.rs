//! Writes of tables: create or adopt, the update matrix one call after another, seeding, delete
//! until gone.

use super::change::{self, Capacity, Change};
use super::spec::TableSpec;
use super::{extras, read, seed, settings, shape, ttl};
use crate::aws::{CallOptions, Writer};
use crate::model::cloud_error::optional;
use crate::model::{CloudError, ErrorKind, Outputs, Owner, Step, tag};
use crate::resources::common::{FRESH, ONCE, foreign_error};
use crate::resources::dynamodb::DynamoDb;
use aws_sdk_dynamodb::types::{BillingMode, TableDescription, TableStatus};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// How often a table is looked at; the SDK's own waiter takes 20 s.
const EVERY: Duration = Duration::from_secs(2);
const CEILING: Duration = Duration::from_secs(1800);
/// How long a table that exists may be missing from reads.
const CEILING_LAG: Duration = Duration::from_secs(120);
/// How long a table may read as untagged that was made with tags.
const CEILING_TAGS: Duration = Duration::from_secs(30);
/// How often the answer of one change may get lost.
const LOST: u32 = 4;
/// UpdateTable's messages for a change that was made already: an existing index, unchanged units,
/// an enabled stream.
const REPEATED: [&str; 3] =
    ["ValidationException", "LimitExceededException", "ResourceInUseException"];
/// Building an index takes as long as the table has items.
const CEILING_INDEX: Duration = Duration::from_secs(3600);

/// Makes the table and seeds it, or brings an earlier run's table to the wanted state.
pub async fn create(
    writer: &Writer,
    step: &Step,
    wanted: &TableSpec,
) -> Result<Outputs, CloudError> {
    // Read before anything is made: a seed file that is wrong leaves no table behind.
    if let Some(hash) = &wanted.seed {
        seed::items(step, wanted, hash).await?;
    }
    let name = &step.name;
    let start = Instant::now();
    loop {
        match create_table(writer, name, wanted).await {
            Ok(table) => {
                let arn = table.table_arn().unwrap_or_default().to_string();
                let table = wait_active(writer, name, FRESH).await?;
                let before = TableSpec {
                    point_in_time_recovery: false,
                    ttl: None,
                    seed: None,
                    ..wanted.clone()
                };
                reconcile_settings(writer, step, &arn, &before, wanted, FRESH).await?;
                return Ok(read::outputs(&table));
            }
            Err(error) if error.code == "ResourceInUseException" => {
                let there = read::table(&writer.reader, name, CallOptions::default()).await?;
                match there.as_ref().and_then(|t| t.table_status()) {
                    // The name is free only when the table is really gone.
                    Some(TableStatus::Deleting) => wait_gone(writer, name).await?,
                    Some(_) => return adopt(writer, step, wanted).await,
                    // The name is taken and the table cannot be read: one of the two is behind.
                    None if start.elapsed() > CEILING_LAG => return Err(error),
                    None => writer.caller.pause(EVERY).await?,
                }
            }
            Err(error) => return Err(error),
        }
    }
}

async fn create_table(
    writer: &Writer,
    name: &str,
    wanted: &TableSpec,
) -> Result<TableDescription, CloudError> {
    let dynamodb = &writer.client::<DynamoDb>();
    let schema = shape::key_schema(&wanted.hash_key, wanted.range_key.as_ref())?;
    let definitions = shape::definitions(wanted, &wanted.indexes)?;
    let (throughput, indexes) = (shape::throughput(&wanted.billing)?, shape::new_indexes(wanted)?);
    let tags = shape::tags(&wanted.tags)?;
    let stream =
        wanted.stream.as_ref().map(|view| shape::stream_setting(Some(view))).transpose()?;
    let answer = writer
        .caller
        .call("dynamodb:CreateTable", || {
            dynamodb
                .create_table()
                .table_name(name)
                .set_key_schema(Some(schema.clone()))
                .set_attribute_definitions(Some(definitions.clone()))
                .set_global_secondary_indexes(indexes.clone())
                .billing_mode(BillingMode::from(wanted.billing.mode.as_str()))
                .set_provisioned_throughput(throughput.clone())
                .set_on_demand_throughput(shape::new_ceiling(&wanted.billing))
                .deletion_protection_enabled(wanted.deletion_protection)
                .set_stream_specification(stream.clone())
                .set_tags(Some(tags.clone()))
                .send()
        })
        .await?;
    answer.table_description.ok_or_else(|| CloudError::shape("CreateTable", "TableDescription"))
}

async fn adopt(writer: &Writer, step: &Step, wanted: &TableSpec) -> Result<Outputs, CloudError> {
    wait_active(writer, &step.name, FRESH).await?;
    let look = || read::read_existing(&writer.reader, &step.name, wanted);
    let what =
        format!("the table `{}`, which exists, to become readable (usually seconds)", step.name);
    let (arn, mut before) = writer.caller.wait_until(&what, EVERY, CEILING, look).await?;
    // The create may be ours, its answer lost: CreateTable carries the tags, and they too are read
    // late (catalogue 10.1).
    let start = Instant::now();
    while before.tags.is_empty() && !writer.caller.is_emulated() && start.elapsed() < CEILING_TAGS {
        writer.caller.report_wait(&format!(
            "waiting for the tags of the table `{}` to be readable (usually seconds)",
            step.name
        ));
        writer.caller.pause(EVERY).await?;
        before.tags = read::listed_tags(&writer.reader, &arn).await?.unwrap_or_default();
    }
    if let Owner::Foreign(says) = writer.scope.owner(&before.tags) {
        return Err(foreign_error("table", step, &says));
    }
    reconcile(writer, step, &arn, &before, wanted, FRESH).await
}

/// Changes what differs. UpdateTable takes one kind of change at a time, and the table must be at
/// rest in between. Returns the table's outputs, which a stream changes. `options` say whether the
/// table is fresh; one that is not and is gone was deleted since the plan.
pub async fn reconcile(
    writer: &Writer,
    step: &Step,
    arn: &str,
    before: &TableSpec,
    wanted: &TableSpec,
    options: CallOptions,
) -> Result<Outputs, CloudError> {
    let mut table = wait_active(writer, &step.name, options).await?;
    for change in change::plan(&table, wanted)? {
        table = apply(writer, &step.name, &table, &change, wanted, options).await?;
    }
    reconcile_settings(writer, step, arn, before, wanted, options).await?;
    Ok(read::outputs(&table))
}

/// Makes one change and waits until the table shows it.
///
/// UpdateTable is not repeated blindly after a lost answer: what the first try did would make the
/// second one fail. The table itself says whether the change took effect (catalogue 2.1).
async fn apply(
    writer: &Writer,
    name: &str,
    table: &TableDescription,
    change: &Change,
    wanted: &TableSpec,
    options: CallOptions,
) -> Result<TableDescription, CloudError> {
    let dynamodb = &writer.client::<DynamoDb>();
    let call = change::fill(dynamodb.update_table().table_name(name), change, wanted, table)?;
    let ceiling = if matches!(change, Change::CreateIndex(_)) { CEILING_INDEX } else { CEILING };
    let what = change::describe(name, change);
    let shown = |ceiling: Duration| {
        let what = &what;
        let look = move || async move {
            let table = described(writer, name, options).await?;
            Ok(table.filter(|t| change::shows(t, change, wanted)))
        };
        async move { writer.caller.wait_until(what, EVERY, ceiling, look).await }
    };
    let mut lost = 0;
    loop {
        let done =
            writer.caller.call_with("dynamodb:UpdateTable", ONCE, || call.clone().send()).await;
        match (done, change) {
            (Ok(_), _) => return shown(ceiling).await,
            // Gone since it was read: just what was asked for.
            (Err(error), Change::DeleteIndex(_)) if error.is_not_found() => {
                return shown(ceiling).await;
            }
            (Err(error), _) if error.kind == ErrorKind::Ambiguous && lost < LOST => {
                lost += 1;
                writer.caller.report_wait("UpdateTable may have worked; looking at the table");
                writer.caller.pause(EVERY).await?;
                // It may read as at rest before the change and after it; a change under way is
                // waited for.
                let table = wait_idle(writer, name, &what, ceiling).await?;
                if change::shows(&table, change, wanted) {
                    return Ok(table);
                }
            }
            // Refused because the first try did it after all, and the read in between was behind.
            (Err(error), _) if lost > 0 && REPEATED.contains(&error.code.as_str()) => {
                return shown(CEILING_LAG).await.map_err(|_| error);
            }
            (Err(error), _) => return Err(error),
        }
    }
}

/// Waits until no change of the table or of an index of it is under way.
async fn wait_idle(
    writer: &Writer,
    name: &str,
    what: &str,
    ceiling: Duration,
) -> Result<TableDescription, CloudError> {
    let look =
        || async { Ok(read::table(&writer.reader, name, FRESH).await?.filter(change::at_rest)) };
    writer.caller.wait_until(what, EVERY, ceiling, look).await
}

/// Reconciles settings outside UpdateTable: recovery, time to live, tags, seed.
async fn reconcile_settings(
    writer: &Writer,
    step: &Step,
    arn: &str,
    before: &TableSpec,
    wanted: &TableSpec,
    options: CallOptions,
) -> Result<(), CloudError> {
    let shortened = wanted.point_in_time_recovery && before.extras.contains_key(extras::PERIOD);
    if before.point_in_time_recovery != wanted.point_in_time_recovery || shortened {
        let (on, days) = (wanted.point_in_time_recovery, shortened.then_some(extras::FULL_PERIOD));
        settings::set_recovery(writer, &step.name, on, days, options).await?;
    }
    let (on, wanted_on) = (before.ttl.as_deref(), wanted.ttl.as_deref());
    ttl::change_attribute(writer, &step.name, on, wanted_on, options).await?;
    extras::remove(writer, &step.name, arn, &before.extras).await?;
    settings::sync_tags(writer, arn, &before.tags, &wanted.tags, options).await?;
    match &wanted.seed {
        Some(hash) if before.seed.as_ref() != Some(hash) => {
            let items = seed::items(step, wanted, hash).await?;
            seed::put_items(writer, &step.name, &wanted.hash_key.name, items, options).await?;
            // Said last: a run that was cut short puts the rest of the items next time.
            settings::set_tags(
                writer,
                arn,
                &BTreeMap::from([(tag::SEED.to_string(), hash.clone())]),
                options,
            )
            .await
        }
        _ => Ok(()),
    }
}

/// Waits until the table and its indexes are ACTIVE; returns it so.
///
/// Errors: no such table, at once or (for a table just made) when the lag has passed.
async fn wait_active(
    writer: &Writer,
    name: &str,
    options: CallOptions,
) -> Result<TableDescription, CloudError> {
    let what = format!("the table `{name}` to become ACTIVE (usually ten seconds)");
    writer
        .caller
        .wait_until(&what, EVERY, CEILING, || async {
            Ok(described(writer, name, options).await?.filter(change::at_rest))
        })
        .await
}

/// The table as it is. Errors: no such table, as in `rest`.
async fn described(
    writer: &Writer,
    name: &str,
    options: CallOptions,
) -> Result<Option<TableDescription>, CloudError> {
    let dynamodb = &writer.reader.client::<DynamoDb>();
    let describe = || dynamodb.describe_table().table_name(name).send();
    Ok(writer.caller.call_with("dynamodb:DescribeTable", options, describe).await?.table)
}

/// Deletes and waits until the name is free. The planner has asked for consent; protection is
/// lifted here.
pub async fn delete(writer: &Writer, name: &str) -> Result<(), CloudError> {
    let there = read::table(&writer.reader, name, CallOptions::default()).await?;
    let Some(table) = there else { return Ok(()) };
    if table.table_status() != Some(&TableStatus::Deleting) {
        let table = match table.table_status() {
            Some(TableStatus::Active) => table,
            _ => match optional(wait_active(writer, name, CallOptions::default()).await)? {
                Some(table) => table,
                None => return Ok(()),
            },
        };
        if table.deletion_protection_enabled() == Some(true) {
            optional(lift_protection(writer, name, &table).await)?;
        }
        let dynamodb = &writer.client::<DynamoDb>();
        let call = writer
            .caller
            .call("dynamodb:DeleteTable", || dynamodb.delete_table().table_name(name).send())
            .await;
        optional(call)?;
    }
    wait_gone(writer, name).await
}

async fn lift_protection(
    writer: &Writer,
    name: &str,
    table: &TableDescription,
) -> Result<(), CloudError> {
    let lift =
        Change::Capacity(Capacity { deletion_protection: Some(false), ..Capacity::default() });
    let unchanged = shape::spec_of(table, None)?;
    apply(writer, name, table, &lift, &unchanged, CallOptions::default()).await.map(|_| ())
}

async fn wait_gone(writer: &Writer, name: &str) -> Result<(), CloudError> {
    let what = format!("the table `{name}` to be gone (usually ten seconds)");
    writer
        .caller
        .wait_until(&what, EVERY, CEILING, || async {
            let left = read::table(&writer.reader, name, CallOptions::default()).await?;
            Ok(left.is_none().then_some(()))
        })
        .await
}
