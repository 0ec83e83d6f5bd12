//! Settings of a live table that no stack has: each is an entry of `extras`, which is drift, and is
//! taken away.
//!
//! A Kinesis destination, a replica and a resource policy let others read the items.

use crate::aws::{Reader, Writer};
use crate::model::call::Call;
use crate::model::cloud_error::optional;
use crate::model::{CloudError, ErrorKind};
use crate::policy;
use crate::resources::common::or_nothing;
use crate::resources::dynamodb::{DynamoDb, SERVICE};
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

/// What UpdateTable takes away, one call for each.
#[derive(Clone, Debug, PartialEq)]
pub enum Extra {
    Encryption,
    Class,
    Replica(String),
}

/// Those of the description.
pub fn described(table: &TableDescription) -> Vec<(Extra, String, String)> {
    let mut found = Vec::new();
    let mut add = |extra: Extra, name: &str, value: String| {
        found.push((extra, name.to_string(), value));
    };
    // Absent where DynamoDB's own key is in use, which nobody can look at or turn off.
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
) -> Result<BTreeMap<String, String>, CloudError> {
    let name = table.table_name().unwrap_or_default();
    let arn = table.table_arn().unwrap_or_default();
    let (kinesis, policy) = try_join(kinesis(reader, name), resource_policy(reader, arn)).await?;
    let described = described(table).into_iter().map(|(_, name, value)| (name, value));
    let mut found: BTreeMap<String, String> = described.chain(kinesis).collect();
    if let Some(policy) = policy.filter(|policy| !policy.is_null()) {
        let text = policy.as_str().map_or_else(|| policy.to_string(), str::to_string);
        found.insert(POLICY.to_string(), text);
    }
    Ok(found)
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

/// The resource policy of a table as AWS gives it, null for none; `None` where the endpoint does
/// not know such policies.
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
    call: aws_sdk_dynamodb::operation::update_table::builders::UpdateTableFluentBuilder,
    extra: &Extra,
) -> Result<aws_sdk_dynamodb::operation::update_table::builders::UpdateTableFluentBuilder, CloudError>
{
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
