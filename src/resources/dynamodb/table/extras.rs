//! Settings of a live table that no stack has: each is an entry of `extras`, which is drift, and is
//! taken away.
//!
//! A Kinesis destination, a replica and a resource policy, of the table or its stream, let others
//! read the items.

use super::shape;
use crate::aws::{Reader, Writer};
use crate::model::call::Call;
use crate::model::cloud_error::optional;
use crate::model::{CloudError, ErrorKind};
use crate::policy;
use crate::resources::common::or_nothing;
use crate::resources::dynamodb::{DynamoDb, SERVICE};
use aws_sdk_dynamodb::operation::update_table::builders::UpdateTableFluentBuilder;
use aws_sdk_dynamodb::types::{
    DeleteReplicationGroupMemberAction, DestinationStatus, ReplicationGroupUpdate,
    SseSpecification, TableClass, TableDescription,
};
use futures_util::future::try_join;
use serde_json::Value;
use std::collections::BTreeMap;

pub const READS: [Call; 2] = [
    Call::new(&SERVICE, "dynamodb:DescribeKinesisStreamingDestination"),
    Call::new(&SERVICE, "dynamodb:GetResourcePolicy"),
];
pub const WRITES: [Call; 2] = [
    Call::new(&SERVICE, "dynamodb:DisableKinesisStreamingDestination"),
    Call::new(&SERVICE, "dynamodb:DeleteResourcePolicy"),
];

const ENCRYPTION: &str = "encryption";
const CLASS: &str = "table class";
const REPLICA: &str = "replica ";
const KINESIS: &str = "kinesis destination ";
const POLICY: &str = "resource policy";
const STREAM_POLICY: &str = "stream policy ";
/// Backups that reach back fewer days than AWS keeps by default.
pub const PERIOD: &str = "recovery period";
/// Days.
pub const FULL_PERIOD: i32 = 35;

/// A table's point-in-time recovery.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    pub on: bool,
    /// How many days back, where AWS says so.
    pub days: Option<i32>,
}

/// Settings that UpdateTable removes, each with a call of its own.
#[derive(Clone, Debug, PartialEq)]
pub enum Extra {
    Encryption,
    Class,
    Replica(String),
}

/// The extras that DescribeTable shows.
pub fn described(table: &TableDescription) -> Vec<(Extra, String, String)> {
    let mut found = Vec::new();
    let mut add = |extra: Extra, name: &str, value: String| {
        found.push((extra, name.to_string(), value));
    };
    // Absent if DynamoDB's own key is in use, which cannot be inspected or turned off.
    let keys = table.sse_description().filter(|sse| sse.status().is_some_and(is_on));
    if let Some(sse) = keys {
        let key = sse.kms_master_key_arn().unwrap_or("a key of KMS");
        add(Extra::Encryption, ENCRYPTION, key.to_string());
    }
    let class = table.table_class_summary().and_then(|summary| summary.table_class());
    if let Some(class) = class.filter(|class| **class != TableClass::Standard) {
        add(Extra::Class, CLASS, class.as_str().to_string());
    }
    for region in table.replicas().iter().filter_map(|replica| replica.region_name()) {
        let name = format!("{REPLICA}{region}");
        add(Extra::Replica(region.to_string()), &name, "a copy of the table".to_string());
    }
    found
}

fn is_on(status: &aws_sdk_dynamodb::types::SseStatus) -> bool {
    use aws_sdk_dynamodb::types::SseStatus::{Disabled, Disabling};
    ![Disabled, Disabling].contains(status)
}

/// All of them, those included that have a call of their own to read.
pub async fn read_extras(
    reader: &Reader,
    table: &TableDescription,
    recovery: Recovery,
) -> Result<BTreeMap<String, String>, CloudError> {
    let name = table.table_name().unwrap_or_default();
    let arn = table.table_arn().unwrap_or_default();
    let stream = shape::stream(table).and(table.latest_stream_arn());
    let policies = try_join(resource_policy(reader, arn), async {
        match stream {
            Some(stream) => resource_policy(reader, stream).await,
            None => Ok(None),
        }
    });
    let (kinesis, (policy, of_stream)) = try_join(kinesis(reader, name), policies).await?;
    let described = described(table).into_iter().map(|(_, name, value)| (name, value));
    let mut found: BTreeMap<String, String> = described.chain(kinesis).collect();
    found.extend(text_of(policy).map(|text| (POLICY.to_string(), text)));
    let of_stream = stream.zip(text_of(of_stream));
    found.extend(of_stream.map(|(stream, text)| (format!("{STREAM_POLICY}{stream}"), text)));
    found.extend(period(recovery).map(|text| (PERIOD.to_string(), text)));
    Ok(found)
}

fn text_of(policy: Option<Value>) -> Option<String> {
    let policy = policy.filter(|policy| !policy.is_null())?;
    Some(policy.as_str().map_or_else(|| policy.to_string(), str::to_string))
}

fn period(recovery: Recovery) -> Option<String> {
    let days = recovery.days.filter(|days| recovery.on && *days != FULL_PERIOD);
    days.map(|days| format!("{days} days"))
}

async fn kinesis(reader: &Reader, name: &str) -> Result<Vec<(String, String)>, CloudError> {
    let client = reader.client::<DynamoDb>();
    let describe = || client.describe_kinesis_streaming_destination().table_name(name).send();
    let answer = reader.caller.call("dynamodb:DescribeKinesisStreamingDestination", describe).await;
    let all = or_nothing(answer)?.and_then(|answer| answer.kinesis_data_stream_destinations);
    let going = [DestinationStatus::Disabled, DestinationStatus::Disabling];
    let live = all.into_iter().flatten().filter_map(|one| {
        let status = one.destination_status.filter(|status| !going.contains(status))?;
        let name = format!("{KINESIS}{}", one.stream_arn.unwrap_or_default());
        Some((name, status.as_str().to_string()))
    });
    Ok(live.collect())
}

/// The resource policy of a table or stream as AWS gives it, null for none; `None` where the
/// endpoint does not know such policies.
pub async fn resource_policy(reader: &Reader, arn: &str) -> Result<Option<Value>, CloudError> {
    let get = || reader.client::<DynamoDb>().get_resource_policy().resource_arn(arn).send();
    match reader.caller.call("dynamodb:GetResourcePolicy", get).await {
        Ok(answer) => {
            let text = answer.policy().unwrap_or_default();
            Ok(Some(policy::parse(text).unwrap_or_else(|_| text.into())))
        }
        Err(error)
            if error.kind == ErrorKind::NotFound || error.code == "PolicyNotFoundException" =>
        {
            Ok(Some(Value::Null))
        }
        Err(error) if error.kind == ErrorKind::NotEmulated => Ok(None),
        Err(error) => Err(error),
    }
}

/// Takes away what has a call of its own.
pub async fn remove(
    writer: &Writer,
    name: &str,
    arn: &str,
    extras: &BTreeMap<String, String>,
) -> Result<(), CloudError> {
    let (client, caller) = (writer.client::<DynamoDb>(), &writer.caller);
    for extra in extras.keys() {
        if extra == POLICY {
            let delete = || client.delete_resource_policy().resource_arn(arn).send();
            optional(caller.call("dynamodb:DeleteResourcePolicy", delete).await)?;
        } else if let Some(stream) = extra.strip_prefix(STREAM_POLICY) {
            let delete = || client.delete_resource_policy().resource_arn(stream).send();
            optional(caller.call("dynamodb:DeleteResourcePolicy", delete).await)?;
        } else if let Some(stream) = extra.strip_prefix(KINESIS) {
            let disable = || {
                let disable = client.disable_kinesis_streaming_destination().table_name(name);
                disable.stream_arn(stream).send()
            };
            caller.call("dynamodb:DisableKinesisStreamingDestination", disable).await?;
        }
    }
    Ok(())
}

/// UpdateTable without one of those that it takes away.
pub fn fill(
    call: UpdateTableFluentBuilder,
    extra: &Extra,
) -> Result<UpdateTableFluentBuilder, CloudError> {
    Ok(match extra {
        Extra::Encryption => {
            call.sse_specification(SseSpecification::builder().enabled(false).build())
        }
        Extra::Class => call.table_class(TableClass::Standard),
        Extra::Replica(region) => {
            let delete = DeleteReplicationGroupMemberAction::builder().region_name(region).build();
            let delete = delete.map_err(super::shape::refused)?;
            call.replica_updates(ReplicationGroupUpdate::builder().delete(delete).build())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_dynamodb::types::{
        ReplicaDescription, SseDescription, SseStatus, TableClassSummary,
    };

    #[test]
    fn a_replica_shows_and_is_taken_away() {
        let replica = ReplicaDescription::builder().region_name("eu-west-1").build();
        let table = TableDescription::builder()
            .replicas(replica)
            .sse_description(SseDescription::builder().status(SseStatus::Enabled).build())
            .table_class_summary(
                TableClassSummary::builder()
                    .table_class(TableClass::StandardInfrequentAccess)
                    .build(),
            );
        let found = described(&table.build());
        let names: Vec<&str> = found.iter().map(|(_, name, _)| name.as_str()).collect();
        assert_eq!(names, ["encryption", "table class", "replica eu-west-1"]);

        let client = aws_sdk_dynamodb::Client::from_conf(
            aws_sdk_dynamodb::Config::builder()
                .behavior_version(aws_sdk_dynamodb::config::BehaviorVersion::latest())
                .build(),
        );
        let call = fill(client.update_table(), &Extra::Replica("eu-west-1".into())).unwrap();
        let sent = call.get_replica_updates().clone().unwrap_or_default();
        assert_eq!(sent[0].delete().map(|delete| delete.region_name()), Some("eu-west-1"));
    }

    #[test]
    fn backups_that_reach_back_less_than_35_days_show() {
        let of = |on, days| period(Recovery { on, days });
        assert_eq!(of(true, Some(1)), Some("1 days".to_string()));
        assert_eq!((of(true, Some(35)), of(true, None), of(false, Some(1))), (None, None, None));
    }
}
