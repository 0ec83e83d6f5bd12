//! The stack as a Terraform plan in JSON (format 1.2 of `terraform show -json`): checkov, OPA and
//! tools that reckon costs read it. No Terraform is needed, and none can apply it.

use crate::model::template;
use crate::model::terraform::Block;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The placeholder for an unknown value inside a text.
const LATER: &str = "(known after apply)";
const PROVIDER: &str = "registry.terraform.io/hashicorp/aws";

/// The plan that makes every block anew, in `region`.
pub fn document(blocks: &[Block], region: &str) -> Value {
    let mut blocks: Vec<&Block> = blocks.iter().collect();
    blocks.sort_by_key(|block| address(block));
    let planned: Vec<Value> = blocks.iter().map(|block| planned(block)).collect();
    let changes: Vec<Value> = blocks.iter().map(|block| change(block)).collect();
    let configured: Vec<Value> = blocks.iter().map(|block| configured(block)).collect();
    json!({
        "format_version": "1.2", "terraform_version": "1.9.0", "applyable": false,
        "complete": true, "errored": false, "variables": {},
        "planned_values": {"root_module": {"resources": planned}},
        "resource_changes": changes,
        "configuration": {
            "provider_config": {"aws": {
                "name": "aws", "full_name": PROVIDER,
                "expressions": {"region": {"constant_value": region}},
            }},
            "root_module": {"resources": configured},
        },
    })
}

fn address(block: &Block) -> String {
    format!("{}.{}", block.kind, block.label)
}

fn head(block: &Block) -> Map<String, Value> {
    let head = json!({
        "address": address(block), "mode": "managed", "type": block.kind, "name": block.label,
        "provider_name": PROVIDER,
    });
    head.as_object().cloned().unwrap_or_default()
}

fn planned(block: &Block) -> Value {
    let mut fields = head(block);
    fields.insert("schema_version".into(), json!(0));
    fields.insert("values".into(), known_values(&block.values));
    fields.insert("sensitive_values".into(), json!({}));
    Value::Object(fields)
}

fn change(block: &Block) -> Value {
    let mut fields = head(block);
    let change = json!({
        "actions": ["create"], "before": null, "after": known_values(&block.values),
        "after_unknown": unknown(&block.values), "before_sensitive": false, "after_sensitive": {},
    });
    fields.insert("change".into(), change);
    Value::Object(fields)
}

/// The values that are known. One that is not is left out of a block, and named as such deeper
/// inside, where checkers look for it.
fn known_values(block: &Value) -> Value {
    let fields = block.as_object().into_iter().flatten();
    let fields = fields.filter(|(_, value)| !value.as_str().is_some_and(is_reference));
    fields.map(|(key, value)| (key.clone(), filled_value(value))).collect()
}

fn filled_value(value: &Value) -> Value {
    match value {
        Value::String(text) if template::is_unknown(value) => json!(filled(text)),
        Value::Array(items) => items.iter().map(filled_value).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| (key.clone(), filled_value(value))).collect()
        }
        other => other.clone(),
    }
}

/// `true` in the place of each value that is not known; what is known has no place, but in a list.
fn unknown(value: &Value) -> Value {
    match value {
        Value::String(text) if is_reference(text) => json!(true),
        Value::Array(items) => items.iter().map(unknown).collect(),
        Value::Object(fields) => {
            let open = |value: &Value| template::is_unknown(value) || value.is_array();
            let fields = fields.iter().filter(|(_, value)| open(value));
            let fields = fields.map(|(key, value)| (key.clone(), unknown(value)));
            Value::Object(fields.filter(|(_, value)| *value != json!(false)).collect())
        }
        _ => json!(false),
    }
}

/// A reference and nothing else.
fn is_reference(text: &str) -> bool {
    let inner = text.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
    inner.is_some_and(|inner| !inner.contains("}}") && inner.contains('.'))
}

/// A text with its unknown parts named as such.
fn filled(text: &str) -> String {
    let (mut done, mut rest) = (String::new(), text);
    while let Some((before, opened)) = rest.split_once("{{") {
        let Some((_, after)) = opened.split_once("}}") else { break };
        done = done + before + LATER;
        rest = after;
    }
    done + rest
}

fn configured(block: &Block) -> Value {
    let mut expressions = Map::new();
    for (key, value) in block.values.as_object().into_iter().flatten() {
        if !matches!(value, Value::Array(_) | Value::Object(_) | Value::Null)
            && !template::is_unknown(value)
        {
            expressions.insert(key.clone(), json!({"constant_value": value}));
        }
    }
    let mut nested: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for (argument, target) in &block.refers {
        let resource = target.rsplit_once('.').map_or(target.as_str(), |(resource, _)| resource);
        let expression = json!({"references": [target, resource]});
        match argument.split_once('.') {
            Some((outer, inner)) => {
                nested.entry(outer).or_default().insert(inner.to_string(), expression);
            }
            None => {
                expressions.insert((*argument).to_string(), expression);
            }
        }
    }
    expressions.extend(nested.into_iter().map(|(key, inner)| (key.to_string(), json!([inner]))));
    json!({
        "address": address(block), "mode": "managed", "type": block.kind, "name": block.label,
        "provider_config_key": "aws", "expressions": expressions, "schema_version": 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_yet_is_told_apart_from_what_is() {
        let values = json!({
            "name": "b", "arn": "{{oac.site.id}}", "none": null,
            "origin": [{"domain": "{{bucket.site.domain}}", "path": ""}],
            "list": ["{{log_group.x.arn}}"],
            "policy": "{\"Resource\":\"{{distribution.site.arn}}/*\"}",
        });
        let block = Block::new("aws_thing", "a-b", values)
            .refer("arn", "aws_other", "site", "id")
            .refer("origin.domain", "aws_s3_bucket", "site", "domain");
        let plan = document(&[block], "eu-west-1");
        let planned = &plan["planned_values"]["root_module"]["resources"][0];
        assert_eq!(planned["address"], "aws_thing.a_b");
        assert_eq!(
            planned["values"],
            json!({"name": "b", "none": null,
                "origin": [{"domain": "(known after apply)", "path": ""}],
                "list": ["(known after apply)"],
                "policy": "{\"Resource\":\"(known after apply)/*\"}"})
        );
        assert_eq!(
            plan["resource_changes"][0]["change"]["after_unknown"],
            json!({"arn": true, "origin": [{"domain": true}], "list": [true]})
        );
        let configured = &plan["configuration"]["root_module"]["resources"][0]["expressions"];
        assert_eq!(
            configured["arn"],
            json!({"references": ["aws_other.site.id", "aws_other.site"]})
        );
        assert_eq!(configured["origin"][0]["domain"]["references"][1], "aws_s3_bucket.site");
        assert_eq!(configured["name"], json!({"constant_value": "b"}));
    }
}
