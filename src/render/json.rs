//! The contract's JSON documents and event lines.

use super::document::PlanDocument;
use crate::model::{Address, Event, Plan};
use crate::plan::secret::Seal;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The document of `diff --json`; `calls` is `{"read":n,"write":0}`.
pub fn plan(plan: &Plan, calls: Value, seal: &Seal) -> Value {
    json!(PlanDocument::new(plan, calls, seal))
}

/// One event as one object; notes have no line of their own in the contract, so they yield none.
pub fn event(event: &Event, calls: impl Fn() -> Value) -> Option<Value> {
    match event {
        Event::Plan(value) => {
            let mut document = Map::new();
            document.insert("event".into(), json!("plan"));
            if let Value::Object(fields) = plan(value, calls(), &Seal::fresh()) {
                document.extend(fields);
            }
            Some(Value::Object(document))
        }
        Event::Resource { address, op, status, elapsed_ms, message } => Some(json!({
            "event": "resource", "address": address, "op": op, "status": status, "elapsed_ms": elapsed_ms,
            "message": message,
        })),
        Event::Smoke { check, status, elapsed_ms, message } => Some(json!({
            "event": "smoke", "check": check, "status": status, "elapsed_ms": elapsed_ms, "message": message,
        })),
        Event::Note(_) => None,
    }
}

/// The contract's `outputs` document, out of the outputs and names of what exists.
pub fn outputs(
    outputs: &BTreeMap<Address, BTreeMap<String, String>>,
    log_groups: &[String],
) -> Value {
    let get = |group: &str, id: &str, key: &str| {
        outputs
            .get(&Address::new(group, id))
            .and_then(|o| o.get(key))
            .map_or(Value::Null, |v| json!(v))
    };
    let names = |group: &str| -> Map<String, Value> {
        let of_group = outputs.iter().filter(|(a, _)| a.group() == group);
        of_group.filter_map(|(a, o)| Some((a.id().to_string(), json!(o.get("name")?)))).collect()
    };
    // The same order, whether just made or found again.
    let log_groups: std::collections::BTreeSet<&String> = log_groups.iter().collect();
    json!({
        "site_url": get("distribution", "site", "url"), "api_url": get("stage", "main", "url"),
        "bucket": get("bucket", "site", "name"), "distribution_id": get("distribution", "site", "id"),
        "rest_api_id": get("api", "main", "id"), "tables": names("table"), "functions": names("function"),
        "log_groups": log_groups,
    })
}
