//! A log group as a block of Terraform's AWS provider.

use crate::model::terraform::{Block, Exported};
use serde_json::json;

pub(super) fn blocks(group: &Exported<'_>) -> Vec<Block> {
    let values = json!({
        "name": group.name,
        // Terraform writes "never" as 0.
        "retention_in_days": group.get("retention_days").as_i64().unwrap_or(0),
        "tags": group.get("tags"),
    });
    vec![Block::new("aws_cloudwatch_log_group", group.address.id(), values)]
}
