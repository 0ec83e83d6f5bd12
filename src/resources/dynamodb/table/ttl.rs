//! The attribute that says when DynamoDB deletes an item (catalogue section 2).
//!
//! The setting has calls of its own. AWS takes one change of it within about an hour, and another
//! attribute takes two changes: off, then on.

use super::shape;
use crate::aws::{CallOptions, Reader, Writer};
use crate::model::call::Call;
use crate::model::{CloudError, ErrorKind};
use crate::resources::common::or_nothing;
use crate::resources::dynamodb::{DynamoDb, SERVICE};
use aws_sdk_dynamodb::types::{TimeToLiveSpecification, TimeToLiveStatus};

pub const READ: Call = Call::new(&SERVICE, "dynamodb:DescribeTimeToLive");
pub const WRITE: Call = Call::new(&SERVICE, "dynamodb:UpdateTimeToLive");

/// The attribute, or `None` where time to live is off or being turned off.
pub async fn read_attribute(reader: &Reader, table: &str) -> Result<Option<String>, CloudError> {
    let describe = || reader.client::<DynamoDb>().describe_time_to_live().table_name(table).send();
    let answer = reader.caller.call(READ.operation, describe).await;
    let found = or_nothing(answer)?.and_then(|answer| answer.time_to_live_description);

    let is_on = |status: &TimeToLiveStatus| {
        [TimeToLiveStatus::Enabled, TimeToLiveStatus::Enabling].contains(status)
    };
    let found = found.filter(|found| found.time_to_live_status().is_some_and(is_on));
    Ok(found.and_then(|found| found.attribute_name))
}

/// Turns off the attribute `before` and turns on `wanted`, where they differ.
pub async fn change_attribute(
    writer: &Writer,
    table: &str,
    before: Option<&str>,
    wanted: Option<&str>,
    options: CallOptions,
) -> Result<(), CloudError> {
    if before == wanted {
        return Ok(());
    }

    if let Some(attribute) = before {
        set(writer, table, attribute, false, options).await?;
    }
    if let Some(attribute) = wanted {
        set(writer, table, attribute, true, options).await?;
    }
    Ok(())
}

async fn set(
    writer: &Writer,
    table: &str,
    attribute: &str,
    enabled: bool,
    options: CallOptions,
) -> Result<(), CloudError> {
    let setting = TimeToLiveSpecification::builder().enabled(enabled).attribute_name(attribute);
    let setting = setting.build().map_err(shape::refused)?;
    let client = writer.client::<DynamoDb>();
    let update = || {
        let update = client.update_time_to_live().table_name(table);
        update.time_to_live_specification(setting.clone()).send()
    };
    let done = writer.caller.call_with(WRITE.operation, options, update).await;

    match done {
        Err(error) if is_repeated(&error, enabled) => Ok(()),
        other => other.map(|_| ()).map_err(explain_wait),
    }
}

/// The first try of a call whose answer was lost took effect.
fn is_repeated(error: &CloudError, enabled: bool) -> bool {
    let says = if enabled { "already enabled" } else { "already disabled" };
    error.code == "ValidationException" && error.message.contains(says)
}

fn explain_wait(error: CloudError) -> CloudError {
    if error.kind == ErrorKind::AccessDenied || !error.message.contains("multiple times") {
        return error;
    }
    let hint = "DynamoDB accepts one change of a table's time to live in about an hour: wait, then \
                run the same command again";
    CloudError { hint: hint.into(), ..error }
}
