//! Values that are the user's own: a schema says nothing of them.

use super::node::{Kind, Node};
use serde_json::{Number, Value};

/// True for a schema that says nothing of the value: what the user's own code gets.
pub(super) fn is_allowed(schema: &Value) -> bool {
    let says = ["type", "enum", "anyOf", "oneOf", "allOf", "const", "properties", "$ref"];
    match schema {
        Value::Object(keys) => !says.iter().any(|key| keys.contains_key(*key)),
        other => *other == Value::Bool(true),
    }
}

/// The node as JSON; nothing for a number that JSON has not.
pub(super) fn json(node: &Node) -> Option<Value> {
    Some(match &node.kind {
        Kind::Null => Value::Null,
        Kind::Bool(b) => Value::Bool(*b),
        Kind::Int(n) => Value::Number(Number::from_i128(*n)?),
        Kind::Float(x) => Value::Number(Number::from_f64(*x)?),
        Kind::Text(text) => Value::String(text.clone()),
        Kind::List(items) => Value::Array(items.iter().map(json).collect::<Option<_>>()?),
        Kind::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| Some((key.text.clone(), json(value)?)));
            Value::Object(entries.collect::<Option<_>>()?)
        }
    })
}
