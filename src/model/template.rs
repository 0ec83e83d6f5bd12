//! References between resources: finds and fills in `{{address.attribute}}` in strings of a spec.

use super::Address;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The text of a reference to `attribute` of `address`.
pub fn reference(address: &Address, attribute: &str) -> String {
    format!("{{{{{address}.{attribute}}}}}")
}

/// Splits text into literal parts and references; `Err` parts are `(address, attribute)`.
fn parts(text: &str) -> Vec<Result<&str, (Address, &str)>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((before, inner, after)) = split_reference(rest) {
        let pair =
            inner.rsplit_once('.').and_then(|(a, attribute)| Some((Address::parse(a)?, attribute)));

        match pair {
            Some(pair) => {
                found.push(Ok(before));
                found.push(Err(pair));
            }
            None => found.push(Ok(rest.strip_suffix(after).unwrap_or(rest))),
        }

        rest = after;
    }
    found.push(Ok(rest));
    found
}

/// The first `{{inner}}` of a text: the text before it, inside it and after it.
fn split_reference(text: &str) -> Option<(&str, &str, &str)> {
    let (before, opened) = text.split_once("{{")?;
    let (inner, after) = opened.split_once("}}")?;
    Some((before, inner, after))
}

/// Collects every address that strings inside `value` refer to.
pub fn references(value: &Value, into: &mut BTreeSet<Address>) {
    match value {
        Value::String(text) => {
            into.extend(parts(text).into_iter().filter_map(|p| p.err().map(|(a, _)| a)))
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, into)),
        Value::Object(map) => map.values().for_each(|item| references(item, into)),
        _ => {}
    }
}

/// True if a string inside `value` still contains a reference: its final value is unknown.
pub fn is_unknown(value: &Value) -> bool {
    let mut found = BTreeSet::new();
    references(value, &mut found);
    !found.is_empty()
}

/// The unresolved strings inside `value` by dotted path, references included: the text around a
/// reference is known, and a reviewer may have to check it.
pub fn open(value: &Value) -> BTreeMap<String, String> {
    fn walk(path: &str, value: &Value, into: &mut BTreeMap<String, String>) {
        let below = |key: &str| {
            if path.is_empty() { key.to_string() } else { format!("{path}.{key}") }
        };
        match value {
            Value::String(text) if is_unknown(value) => {
                _ = into.insert(path.to_string(), text.clone())
            }
            Value::Array(items) => {
                items
                    .iter()
                    .enumerate()
                    .for_each(|(n, item)| walk(&below(&n.to_string()), item, into));
            }
            Value::Object(map) => map.iter().for_each(|(key, item)| walk(&below(key), item, into)),
            _ => {}
        }
    }
    let mut found = BTreeMap::new();
    walk("", value, &mut found);
    found
}

/// Fills in every reference that `lookup` can answer, and leaves the others unchanged.
pub fn resolve(value: &Value, lookup: &dyn Fn(&Address, &str) -> Option<String>) -> Value {
    match value {
        Value::String(text) => Value::String(resolve_text(text, lookup)),
        Value::Array(items) => items.iter().map(|item| resolve(item, lookup)).collect(),
        Value::Object(map) => {
            map.iter().map(|(k, v)| (resolve_text(k, lookup), resolve(v, lookup))).collect()
        }
        other => other.clone(),
    }
}

fn resolve_text(text: &str, lookup: &dyn Fn(&Address, &str) -> Option<String>) -> String {
    if !text.contains("{{") {
        return text.to_string();
    }
    let mut filled = String::with_capacity(text.len());
    for part in parts(text) {
        match part {
            Ok(literal) => filled.push_str(literal),
            Err((address, attribute)) => match lookup(&address, attribute) {
                Some(value) => filled.push_str(&value),
                None => filled.push_str(&reference(&address, attribute)),
            },
        }
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_open_is_found_at_its_path() {
        let spec = json!({
            "a": ["x", "{{api.main.id}}/y"], "b": {"c": "{{table.T.arn}}", "d": 1},
            "e": "{{no reference}}"});
        let found: Vec<(String, String)> = open(&spec).into_iter().collect();
        let pair = |path: &str, text: &str| (path.to_string(), text.to_string());
        assert_eq!(found, [pair("a.1", "{{api.main.id}}/y"), pair("b.c", "{{table.T.arn}}")]);
    }

    #[test]
    fn known_references_are_filled_and_others_stay() {
        let spec =
            json!({"a": ["x {{api.main.id}} y {{table.T.arn}}"], "plain": "{{no reference}}"});
        let filled =
            resolve(&spec, &|a, k| (a.as_str() == "api.main" && k == "id").then(|| "42".into()));
        assert_eq!(filled, json!({"a": ["x 42 y {{table.T.arn}}"], "plain": "{{no reference}}"}));
        let mut left = BTreeSet::new();
        references(&filled, &mut left);
        assert_eq!(left.into_iter().map(|a| a.to_string()).collect::<Vec<_>>(), ["table.T"]);
    }
}
