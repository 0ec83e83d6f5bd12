//! A web ACL as a block of Terraform's AWS provider.

use crate::model::terraform::{Block, Exported};
use serde_json::{Value, json};

pub(super) fn blocks(acl: &Exported<'_>) -> Vec<Block> {
    let default = acl.get("default_action").as_str().unwrap_or_default().to_lowercase();
    let rules: Vec<Value> = acl.entries("rules").map(|(name, rule)| block(name, rule)).collect();
    let values = json!({
        "name": acl.name, "scope": acl.get("scope"), "description": acl.get("description"),
        "default_action": [{default: [{}]}], "rule": rules,
        "visibility_config": [{
            "cloudwatch_metrics_enabled": true, "metric_name": acl.get("metric_name"),
            "sampled_requests_enabled": true,
        }],
        "tags": acl.get("tags"),
    });
    vec![Block::new("aws_wafv2_web_acl", acl.address.id(), values)]
}

/// Rules of a managed group that only count.
fn counting(rule: &Value) -> Vec<Value> {
    let names = rule.get("count").and_then(Value::as_array).into_iter().flatten();
    names.map(|name| json!({"name": name, "action_to_use": [{"count": [{}]}]})).collect()
}

fn block(name: &str, rule: &Value) -> Value {
    let of = |key: &str| rule.get(key).cloned().unwrap_or_default();
    let action = of("action").as_str().unwrap_or_default().to_string();
    let (action_of, statement) = match rule.get("kind").and_then(Value::as_str) {
        Some("managed") => (
            "override_action",
            json!({"managed_rule_group_statement": [{
                "name": of("group"), "vendor_name": "AWS", "rule_action_override": counting(rule),
            }]}),
        ),
        Some("rate") => (
            "action",
            json!({"rate_based_statement": [{"limit": of("limit"), "aggregate_key_type": "IP"}]}),
        ),
        _ => ("action", json!({})),
    };
    json!({
        "name": name, "priority": of("priority"), action_of: [{action: [{}]}],
        "statement": [statement],
        "visibility_config": [{
            "cloudwatch_metrics_enabled": of("metrics"), "metric_name": name,
            "sampled_requests_enabled": of("sampled"),
        }],
    })
}
