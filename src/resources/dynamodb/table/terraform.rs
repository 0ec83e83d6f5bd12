//! A table as a block of Terraform's AWS provider.

use crate::model::terraform::{Block, Exported};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) fn blocks(table: &Exported<'_>) -> Vec<Block> {
    let mut attributes = BTreeMap::new();
    collect_keys(table.spec, &mut attributes);
    let mut indexes = Vec::new();
    for (name, index) in table.entries("indexes") {
        collect_keys(index, &mut attributes);
        indexes.push(json!({
            "name": name, "hash_key": key(index, "hash_key"), "range_key": key(index, "range_key"),
            "projection_type": index.get("projection"),
            "non_key_attributes": index.get("non_key_attributes"),
        }));
    }
    let attributes: Vec<Value> =
        attributes.into_iter().map(|(name, kind)| json!({"name": name, "type": kind})).collect();
    let billing = |name: &str| table.get("billing").get(name).cloned().unwrap_or_default();
    let attribute = table.get("ttl");
    let ttl = attribute.as_str().map(|name| json!({"attribute_name": name, "enabled": true}));
    let ttl: Vec<Value> = ttl.into_iter().collect();
    let values = json!({
        "name": table.name, "billing_mode": billing("mode"),
        "read_capacity": billing("read"), "write_capacity": billing("write"),
        "hash_key": key(table.spec, "hash_key"), "range_key": key(table.spec, "range_key"),
        "attribute": attributes, "global_secondary_index": indexes,
        "point_in_time_recovery": [{"enabled": table.get("point_in_time_recovery")}],
        "ttl": ttl,
        "deletion_protection_enabled": table.get("deletion_protection"),
        // AWS's own key, which is what an absent setting means.
        "server_side_encryption": [],
        "tags": table.get("tags"),
    });
    vec![Block::new("aws_dynamodb_table", table.address.id(), values)]
}

fn key(of: &Value, which: &str) -> Value {
    of.get(which).and_then(|key| key.get("name")).cloned().unwrap_or_default()
}

fn collect_keys(of: &Value, into: &mut BTreeMap<String, Value>) {
    for which in ["hash_key", "range_key"] {
        let Some(key) = of.get(which) else { continue };
        if let (Some(name), Some(kind)) = (key.get("name").and_then(Value::as_str), key.get("kind"))
        {
            into.insert(name.to_string(), kind.clone());
        }
    }
}
