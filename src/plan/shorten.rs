//! Specs that are too large for the record: their largest fields are kept as digests, which still
//! tell equal from not.

use crate::model::Address;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Bytes of JSON that a record's specs may take. DynamoDB takes 400 KB an item, names and all other
/// members included.
pub const ROOM: usize = 300_000;
/// Key of the object that stands for a shortened field.
const DIGEST: &str = "shopstack:digest";

/// The specs within `room` bytes: the largest fields become digests, as many as it takes. Equal
/// specs shorten alike.
pub fn shortened(mut specs: BTreeMap<Address, Value>, room: usize) -> BTreeMap<Address, Value> {
    let mut size = specs
        .iter()
        .map(|(address, spec)| address.as_str().len() + length(spec) + 4)
        .sum::<usize>();
    if size <= room {
        return specs;
    }
    let mut fields: Vec<(usize, Address, String)> = Vec::new();
    for (address, spec) in &specs {
        let own = spec.as_object().into_iter().flatten();
        fields.extend(own.map(|(key, value)| (length(value), address.clone(), key.clone())));
    }
    fields.sort_by(|a, b| (b.0, &a.1, &a.2).cmp(&(a.0, &b.1, &b.2)));
    for (before, address, key) in fields {
        let Some(field) = specs.get_mut(&address).and_then(|spec| spec.get_mut(&key)) else {
            continue;
        };
        let short = json!({DIGEST: digest(field)});
        let after = length(&short);
        if size <= room || before <= after {
            break;
        }
        *field = short;
        size -= before - after;
    }
    specs
}

/// True where a part of the spec is shortened.
pub fn is_short(spec: &Value) -> bool {
    spec.as_object().is_some_and(|fields| fields.values().any(|field| stored(field).is_some()))
}

/// The spec with its digests opened: a shortened field that equals one candidate's is that; any
/// other is unknown, null.
pub fn opened(spec: &Value, candidates: &[Value]) -> Value {
    let mut spec = spec.clone();
    for (key, field) in spec.as_object_mut().into_iter().flatten() {
        let Some(stored) = stored(field) else {
            continue;
        };
        let mut same =
            candidates.iter().filter_map(|c| c.get(key)).filter(|value| digest(value) == stored);
        *field = same.next().cloned().unwrap_or(Value::Null);
    }
    spec
}

fn stored(field: &Value) -> Option<String> {
    field.get(DIGEST).and_then(Value::as_str).map(str::to_string)
}

fn length(value: &Value) -> usize {
    value.to_string().len()
}

/// SHA-256 (hex) of a value, whatever the order of its keys.
fn digest(value: &Value) -> String {
    Sha256::digest(sorted(value).to_string()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let map: BTreeMap<&String, Value> =
                map.iter().map(|(key, value)| (key, sorted(value))).collect();
            Value::Object(
                map.into_iter().map(|(key, value)| (key.clone(), value)).collect::<Map<_, _>>(),
            )
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_fields_go_first_and_only_as_many_as_it_takes() {
        let (a, b) = (Address::new("box", "a"), Address::new("box", "b"));
        let text = |length: usize| "x".repeat(length);
        let specs = BTreeMap::from([
            (a.clone(), json!({"large": text(3000), "small": text(10)})),
            (b.clone(), json!({"larger": text(4000), "plain": 1})),
        ]);
        assert_eq!(shortened(specs.clone(), 9000), specs);
        let one = shortened(specs.clone(), 4000);
        assert_eq!(one[&a], specs[&a]);
        assert!(is_short(&one[&b]) && !is_short(&one[&a]));
        assert_eq!(one[&b]["plain"], 1);
        let both = shortened(specs.clone(), 10);
        assert!(is_short(&both[&a]) && both[&a]["small"] == text(10), "{both:?}");
        assert_eq!(opened(&both[&a], &[specs[&b].clone(), specs[&a].clone()]), specs[&a]);
        assert_eq!(opened(&both[&a], &[json!({"large": "y"})])["large"], Value::Null);
    }

    #[test]
    fn a_digest_heeds_values_and_not_their_order() {
        let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(
            digest(&value(r#"{"a":1,"b":{"c":2,"d":3}}"#)),
            digest(&value(r#"{"b":{"d":3,"c":2},"a":1}"#))
        );
        assert_ne!(digest(&value(r#"{"a":1}"#)), digest(&value(r#"{"a":2}"#)));
    }
}
