//! An event source as a block of Terraform's AWS provider.

use crate::model::terraform::{Block, Exported};
use serde_json::{Value, json};

pub(super) fn blocks(source: &Exported<'_>) -> Vec<Block> {
    let (id, get) = (source.address.id(), |key: &str| source.get(key));
    let destination = match get("dead_letter") {
        Value::Null => json!([]),
        arn => json!([{"on_failure": [{"destination_arn": arn}]}]),
    };
    let values = json!({
        "function_name": source.name, "starting_position": "TRIM_HORIZON",
        "enabled": get("enabled"), "batch_size": get("batch_size"),
        "maximum_retry_attempts": get("retries"),
        "bisect_batch_on_function_error": get("bisect"), "destination_config": destination,
    });
    let block = Block::new("aws_lambda_event_source_mapping", id, values).refer(
        "function_name",
        "aws_lambda_function",
        id,
        "function_name",
    );
    // The table's physical name begins as the function's does; its stream is known once it has one.
    let prefix = source.name.strip_suffix(id).unwrap_or_default();
    let table = get("table").as_str().and_then(|arn| arn.rsplit_once('/'));
    match table.and_then(|(_, name)| name.strip_prefix(prefix)) {
        Some(table) => {
            vec![block.refer("event_source_arn", "aws_dynamodb_table", table, "stream_arn")]
        }
        None => vec![block],
    }
}
