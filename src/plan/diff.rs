//! Two normalised specs compared field by field; unknown values count as different.

use crate::model::template;
use serde_json::{Map, Value, json};

/// A difference: the path as parts (keys may hold dots), and both values; absent is null.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    pub path: Vec<String>,
    pub live: Value,
    pub wanted: Value,
}

impl Difference {
    /// The path as people read it: `billing.mode`.
    pub fn dotted(&self) -> String {
        self.path.join(".")
    }
}

/// Everything in which `wanted` differs from `live`, in the order of the wanted spec.
pub fn differences(live: &Value, wanted: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    walk(&mut Vec::new(), live, wanted, &mut found);
    found
}

fn walk(path: &mut Vec<String>, live: &Value, wanted: &Value, found: &mut Vec<Difference>) {
    match (live, wanted) {
        (Value::Object(before), Value::Object(after)) => walk_objects(path, before, after, found),
        _ if is_same(live, wanted) => {}
        _ => found.push(Difference {
            path: path.clone(),
            live: live.clone(),
            wanted: masked(wanted),
        }),
    }
}

fn walk_objects(
    path: &mut Vec<String>,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    found: &mut Vec<Difference>,
) {
    for (key, wanted) in after {
        path.push(key.clone());
        walk(path, before.get(key).unwrap_or(&Value::Null), wanted, found);
        path.pop();
    }
    for (key, live) in before.iter().filter(|(key, _)| !after.contains_key(*key)) {
        path.push(key.clone());
        if !live.is_null() {
            found.push(Difference { path: path.clone(), live: live.clone(), wanted: Value::Null });
        }
        path.pop();
    }
}

/// Equal as a plan sees it: 50 is 50.0.
pub fn is_same(live: &Value, wanted: &Value) -> bool {
    match (live, wanted) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b))
        }
        _ => live == wanted,
    }
}

/// A value as a plan shows it: `{"unknown":true}` where a reference is not resolved yet.
pub fn masked(value: &Value) -> Value {
    match value {
        Value::String(_) if template::is_unknown(value) => json!({"unknown": true}),
        Value::Array(items) => items.iter().map(masked).collect(),
        Value::Object(map) => map.iter().map(|(k, v)| (k.clone(), masked(v))).collect(),
        other => other.clone(),
    }
}

/// True where a masked value or a part of it is not known yet.
pub fn holds_unknown(value: &Value) -> bool {
    match value {
        Value::Object(map) => {
            map.get("unknown") == Some(&Value::Bool(true)) || map.values().any(holds_unknown)
        }
        Value::Array(items) => items.iter().any(holds_unknown),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(live: Value, wanted: Value) -> Vec<String> {
        differences(&live, &wanted).iter().map(Difference::dotted).collect()
    }

    #[test]
    fn every_kind_of_difference_is_named_by_its_path() {
        let live = json!({"a": 1, "b": {"c": [1, 2], "gone": true}, "same": 50, "was_null": null});
        let wanted = json!({"a": 2, "b": {"c": [2, 1], "new": "x"}, "same": 50.0, "was_null": "y"});
        assert_eq!(paths(live, wanted), ["a", "b.c", "b.new", "b.gone", "was_null"]);
    }

    #[test]
    fn absent_and_null_are_the_same() {
        assert!(paths(json!({"a": null}), json!({})).is_empty());
        assert!(paths(json!({}), json!({"a": null})).is_empty());
    }

    #[test]
    fn an_unknown_value_is_a_difference_and_is_masked() {
        let found = differences(&json!({"x": "old"}), &json!({"x": "{{api.main.id}}/y"}));
        assert_eq!(found[0].wanted, json!({"unknown": true}));
    }
}
