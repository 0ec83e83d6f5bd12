//! A rule with its targets as blocks of Terraform's AWS provider.

use crate::model::terraform::{Block, Exported};
use serde_json::{Value, json};

const RULE: &str = "aws_cloudwatch_event_rule";

pub(super) fn blocks(rule: &Exported<'_>) -> Vec<Block> {
    let id = rule.address.id();
    let state = if rule.get("enabled") == &Value::Bool(false) { "DISABLED" } else { "ENABLED" };
    let text = |key: &str| rule.get(key).as_str().filter(|text| !text.is_empty());
    let mut values = json!({
        "name": rule.name, "description": rule.get("description"), "state": state,
        "tags": rule.get("tags"),
    });
    if let Some(fields) = values.as_object_mut() {
        for (argument, key) in
            [("schedule_expression", "schedule"), ("event_pattern", "event_pattern")]
        {
            fields.extend(text(key).map(|value| (argument.to_string(), value.into())));
        }
    }
    let target = |(target, arn): (&String, &Value)| {
        let values = json!({"rule": rule.name, "target_id": target, "arn": arn});
        Block::new("aws_cloudwatch_event_target", &format!("{id}_{target}"), values)
            .refer("rule", RULE, id, "name")
            .refer("arn", "aws_lambda_function", id, "arn")
    };
    let targets: Vec<Block> = rule.entries("targets").map(target).collect();
    [vec![Block::new(RULE, id, values)], targets].concat()
}
