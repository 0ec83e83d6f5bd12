//! Reads of tables: description and backups side by side, tags from the index where it agrees with
//! what is wanted.

use super::extras::{self, Recovery};
use super::spec::TableSpec;
use super::{INFO, shape, ttl};
use crate::aws::{CallOptions, Reader};
use crate::model::cloud_error::optional;
use crate::model::spec::{Tags, from_value, to_value};
use crate::model::{CloudError, Desired, ErrorKind, Live, Outputs, Owner, Query, tag};
use crate::resources::dynamodb::DynamoDb;
use aws_sdk_dynamodb::types::{PointInTimeRecoveryStatus, Select, TableDescription, TableStatus};
use futures_util::future::{try_join, try_join_all};
use std::collections::{BTreeMap, BTreeSet};

pub async fn discover(reader: &Reader, query: &Query<'_>) -> Result<Vec<Live>, CloudError> {
    let wanted = try_join_all(query.wanted.iter().map(|desired| async move {
        let live = describe(reader, query, &desired.name, Some(desired)).await;
        crate::resources::common::or_not_emulated(live, Some(desired))
    }));
    let (wanted, others) = try_join(wanted, other_names(reader, query)).await?;
    let others =
        try_join_all(others.iter().map(|name| describe(reader, query, name, None))).await?;
    Ok(wanted.into_iter().chain(others).flatten().collect())
}

/// Names that may be this stack's and are not wanted: out of the tag index and, when thorough, out
/// of the listing. The listing is asked as well where no table is wanted: there the index, which
/// lags, would have the only word.
async fn other_names(reader: &Reader, query: &Query<'_>) -> Result<BTreeSet<String>, CloudError> {
    let scope = query.scope;
    let prefix = format!("arn:aws:dynamodb:{}:{}:table/", scope.region, scope.account);
    let index = reader.index(scope).await?;
    let mut names: BTreeSet<String> = index
        .arns(&prefix)
        .filter_map(|arn| arn.strip_prefix(&prefix))
        .map(|rest| rest.split('/').next().unwrap_or(rest).to_string())
        .collect();
    if query.thorough || query.wanted.is_empty() {
        names.extend(
            list(reader).await?.into_iter().filter(|name| name.starts_with(&scope.prefix())),
        );
    }
    names.retain(|name| !query.wanted.iter().any(|desired| desired.name == *name));
    Ok(names)
}

async fn list(reader: &Reader) -> Result<Vec<String>, CloudError> {
    let mut names = Vec::new();
    let mut start: Option<String> = None;
    loop {
        let page = reader
            .caller
            .call("dynamodb:ListTables", || {
                reader
                    .client::<DynamoDb>()
                    .list_tables()
                    .limit(100)
                    .set_exclusive_start_table_name(start.clone())
                    .send()
            })
            .await;
        let page = match page {
            Err(error) if error.kind == ErrorKind::NotEmulated => return Ok(names),
            other => other?,
        };
        names.extend(page.table_names().iter().cloned());
        start = page.last_evaluated_table_name().map(str::to_string);
        if start.is_none() {
            return Ok(names);
        }
    }
}

/// Turns a table into a live resource; `None` when there is none (one being deleted counts as
/// gone), or it is neither wanted nor ours.
async fn describe(
    reader: &Reader,
    query: &Query<'_>,
    name: &str,
    desired: Option<&Desired>,
) -> Result<Option<Live>, CloudError> {
    let wanted: Option<TableSpec> = desired.map(|d| from_value(&d.spec)).transpose()?;
    // For `down` nothing is compared, so backups need no look.
    let recovery = async {
        if query.wanted.is_empty() && query.thorough {
            Ok(Recovery::default())
        } else {
            recovery(reader, name).await
        }
    };
    let (table, recovery) = try_join(table(reader, name, CallOptions::default()), recovery).await?;
    let Some(table) = table.filter(|t| t.table_status() != Some(&TableStatus::Deleting)) else {
        return Ok(None);
    };
    let arn = table.table_arn().unwrap_or_default();
    let protected = table.deletion_protection_enabled() == Some(true);
    let Some(mut tags) = tags_of(reader, query, arn, wanted.as_ref(), protected).await? else {
        return Ok(None);
    };
    let derived = |id: &str| query.scope.name(id) == name;
    let Some((address, owner)) = query.claim(INFO.group, name, desired, &tags, derived) else {
        return Ok(None);
    };
    // Where no seed is wanted any more, the items of an earlier one stay, and so does their tag.
    let seed = tags.remove(tag::SEED).filter(|_| wanted.as_ref().is_none_or(|w| w.seed.is_some()));
    let described = shape::spec_of(&table, wanted.as_ref().map(|w| &w.billing))?;
    let (ttl, extras) = match (desired, &owner) {
        (Some(_), Owner::Ours) => {
            let extras = extras::read_extras(reader, &table, recovery);
            try_join(ttl::read_attribute(reader, name), extras).await?
        }
        _ => (None, BTreeMap::new()),
    };
    let point_in_time_recovery = recovery.on;
    let found = TableSpec { tags, point_in_time_recovery, ttl, seed, extras, ..described };
    let replaced =
        wanted.is_none_or(|w| (&w.hash_key, &w.range_key) != (&found.hash_key, &found.range_key));
    let mut live = Live::new(address, INFO.type_name, name, to_value(&found));
    if owner != Owner::Stray {
        live.data = data(reader, &table, query.thorough || replaced).await?;
    }
    live.outputs = outputs(&table);
    live.owner = owner;
    Ok(Some(live))
}

/// Reads an existing table of whatever owner, for an adoption; `None` when it does not exist.
pub async fn read_existing(
    reader: &Reader,
    name: &str,
    wanted: &TableSpec,
) -> Result<Option<(String, TableSpec)>, CloudError> {
    let (table, recovery) =
        try_join(table(reader, name, CallOptions::default()), recovery(reader, name)).await?;
    let Some(table) = table else { return Ok(None) };
    let arn = table.table_arn().unwrap_or_default().to_string();
    let Some(mut tags) = listed_tags(reader, &arn).await? else {
        return Ok(None);
    };
    let seed = tags.remove(tag::SEED);
    let described = shape::spec_of(&table, Some(&wanted.billing))?;
    let extras = extras::read_extras(reader, &table, recovery);
    let (ttl, extras) = try_join(ttl::read_attribute(reader, name), extras).await?;
    let point_in_time_recovery = recovery.on;
    Ok(Some((arn, TableSpec { tags, point_in_time_recovery, ttl, seed, extras, ..described })))
}

/// The description of a table, named or by ARN; `None` when it does not exist.
pub async fn table(
    reader: &Reader,
    name: &str,
    options: CallOptions,
) -> Result<Option<TableDescription>, CloudError> {
    let answer = reader
        .caller
        .call_with("dynamodb:DescribeTable", options, || {
            reader.client::<DynamoDb>().describe_table().table_name(name).send()
        })
        .await;
    Ok(optional(answer)?.and_then(|answer| answer.table))
}

/// Point-in-time recovery. A table without backups (absent, archived) has it off.
pub async fn recovery(reader: &Reader, name: &str) -> Result<Recovery, CloudError> {
    Ok(recovery_of(reader, name).await?.unwrap_or_default())
}

/// The same; `None` for a table without backups.
pub async fn recovery_of(reader: &Reader, name: &str) -> Result<Option<Recovery>, CloudError> {
    let answer = reader
        .caller
        .call("dynamodb:DescribeContinuousBackups", || {
            reader.client::<DynamoDb>().describe_continuous_backups().table_name(name).send()
        })
        .await;
    Ok(optional(answer)?.map(|answer| {
        let description = answer.continuous_backups_description;
        let recovery = description.and_then(|d| d.point_in_time_recovery_description);
        let status = recovery.as_ref().and_then(|p| p.point_in_time_recovery_status.clone());
        Recovery {
            on: status == Some(PointInTimeRecoveryStatus::Enabled),
            days: recovery.and_then(|p| p.recovery_period_in_days),
        }
    }))
}

/// All tags, the seed's among them. The index answers where it agrees with what is wanted; else the
/// source does.
///
/// A time to live lifts protection, so it is never taken from the index; a protection that is not
/// as wanted hints at one that the index has not heard of.
async fn tags_of(
    reader: &Reader,
    query: &Query<'_>,
    arn: &str,
    wanted: Option<&TableSpec>,
    protected: bool,
) -> Result<Option<Tags>, CloudError> {
    if let (Some(indexed), Some(wanted)) = (reader.index(query.scope).await?.tags(arn), wanted)
        && agrees(indexed, wanted)
        && !wanted.tags.contains_key(tag::EXPIRES_AT)
        && wanted.deletion_protection == protected
    {
        return Ok(Some(indexed.clone()));
    }
    listed_tags(reader, arn).await
}

fn agrees(indexed: &Tags, wanted: &TableSpec) -> bool {
    let mut rest = indexed.clone();
    let seed = rest.remove(tag::SEED);
    rest == wanted.tags && (wanted.seed.is_none() || seed == wanted.seed)
}

/// Every page of ListTagsOfResource; `None` when the table vanished meanwhile.
pub async fn listed_tags(reader: &Reader, arn: &str) -> Result<Option<Tags>, CloudError> {
    let mut tags = Tags::new();
    let mut token: Option<String> = None;
    loop {
        let page = reader
            .caller
            .call("dynamodb:ListTagsOfResource", || {
                reader
                    .client::<DynamoDb>()
                    .list_tags_of_resource()
                    .resource_arn(arn)
                    .set_next_token(token.clone())
                    .send()
            })
            .await;
        let page = match page {
            // DynamoDB's answer for a table that is gone: the ARN could be anyone's.
            Err(error) if error.kind == ErrorKind::AccessDenied => {
                return match table(reader, arn, CallOptions::default()).await? {
                    Some(_) => Err(error),
                    None => Ok(None),
                };
            }
            page => optional(page)?,
        };
        let Some(page) = page else {
            return Ok(None);
        };
        tags.extend(tag::without_aws_tags(page.tags().iter().map(|t| (t.key(), t.value()))));
        token = page.next_token().filter(|t| !t.is_empty()).map(str::to_string);
        if token.is_none() {
            return Ok(Some(tags));
        }
    }
}

/// The data that deleting the table would lose. AWS counts items only about every six hours, so
/// before a delete one item is looked for.
async fn data(
    reader: &Reader,
    table: &TableDescription,
    look: bool,
) -> Result<Option<String>, CloudError> {
    let counted = table.item_count().unwrap_or(0);
    if !look {
        return Ok((counted > 0).then(|| format!("about {counted} items")));
    }
    let name = table.table_name().unwrap_or_default();
    let scan = || {
        reader
            .client::<DynamoDb>()
            .scan()
            .table_name(name)
            .limit(1)
            .select(Select::Count)
            .consistent_read(true)
            .send()
    };
    match reader.caller.call("dynamodb:Scan", scan).await {
        Ok(answer) if answer.count() == 0 && answer.last_evaluated_key().is_none() => Ok(None),
        Ok(_) if counted > 1 => Ok(Some(format!("about {counted} items"))),
        Ok(_) => Ok(Some("at least 1 item".into())),
        // A table that is still being made holds nothing.
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) if error.kind == ErrorKind::AccessDenied => {
            Ok(Some("an unknown number of items".into()))
        }
        Err(error) => Err(error),
    }
}

/// ARN and name, and the stream's ARN where there is one. A stream that is turned on again has
/// another ARN.
pub fn outputs(table: &TableDescription) -> Outputs {
    let stream = shape::stream(table).and(table.latest_stream_arn());
    let all = [("arn", table.table_arn()), ("name", table.table_name()), ("stream_arn", stream)];
    all.into_iter().filter_map(|(key, value)| Some((key.to_string(), value?.to_string()))).collect()
}
