//! Reads of tables that only `policy-report` makes: their streams.
//!
//! Each function reads to the last page and returns plain values; null means none.

use super::SERVICE;
use crate::aws::Reader;
use crate::model::CloudError;
use crate::model::call::Call;
use crate::model::cloud_error::optional;
use crate::resources::dynamodb::DynamoDb;

/// The calls of this module.
pub const CALLS: &[Call] = &[Call::new(&SERVICE, "dynamodb:DescribeTable")];

/// The ARN of a table's latest stream; `None` for a table without one.
pub async fn stream(reader: &Reader, table: &str) -> Result<Option<String>, CloudError> {
    let answer = reader
        .caller
        .call("dynamodb:DescribeTable", || {
            reader.client::<DynamoDb>().describe_table().table_name(table).send()
        })
        .await;
    Ok(optional(answer)?.and_then(|answer| answer.table).and_then(|t| t.latest_stream_arn))
}
