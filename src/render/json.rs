//! The contract's JSON documents and event lines.

use super::document::PlanDocument;
use crate::model::{Event, Plan};
use crate::plan::secret::Seal;
use serde_json::{Map, Value, json};

/// The document of `diff --json`; `calls` is `{"read":n,"write":0}`.
pub fn plan(plan: &Plan, calls: Value, seal: &Seal) -> Value {
    json!(PlanDocument::new(plan, calls, seal))
}

/// An event as a JSON object; notes have no line of their own in the contract, so they yield none.
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
            "event": "resource", "address": address, "op": op, "status": status,
                "elapsed_ms": elapsed_ms,
            "message": message,
        })),
        Event::Smoke { check, status, elapsed_ms, message } => Some(json!({
            "event": "smoke", "check": check, "status": status, "elapsed_ms": elapsed_ms,
                "message": message,
        })),
        Event::Note(_) => None,
    }
}
