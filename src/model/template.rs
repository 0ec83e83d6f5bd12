//! References between resources: `{{address.attribute}}` inside strings of a spec, found and filled in.

use super::Address;
use serde_json::Value;
use std::collections::BTreeSet;

/// The text of a reference to `attribute` of `address`.
pub fn reference(address: &Address, attribute: &str) -> String {
    format!("{{{{{address}.{attribute}}}}}")
}

/// Splits text into literal parts and references; `Err` parts are `(address, attribute)`.
fn parts(text: &str) -> Vec<Result<&str, (Address, &str)>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        let Some(length) = rest[start..].find("}}") else { break };
        let inner = &rest[start + 2..start + length];
        let end = start + length + 2;
        match inner.rsplit_once('.').and_then(|(a, attribute)| Some((Address::parse(a)?, attribute))) {
            Some(pair) => {
                found.push(Ok(&rest[..start]));
                found.push(Err(pair));
            }
            None => found.push(Ok(&rest[..end])),
        }
        rest = &rest[end..];
    }
    found.push(Ok(rest));
    found
}

/// Collects every address that strings inside `value` refer to.
pub fn references(value: &Value, into: &mut BTreeSet<Address>) {
    match value {
        Value::String(text) => into.extend(parts(text).into_iter().filter_map(|p| p.err().map(|(a, _)| a))),
        Value::Array(items) => items.iter().for_each(|item| references(item, into)),
        Value::Object(map) => map.values().for_each(|item| references(item, into)),
        _ => {}
    }
}

/// True where a string inside `value` still holds a reference: its final value is not known yet.
pub fn is_unknown(value: &Value) -> bool {
    let mut found = BTreeSet::new();
    references(value, &mut found);
    !found.is_empty()
}

/// Fills in every reference that `lookup` can answer, and leaves the others as they stand.
pub fn resolve(value: &Value, lookup: &dyn Fn(&Address, &str) -> Option<String>) -> Value {
    match value {
        Value::String(text) => Value::String(resolve_text(text, lookup)),
        Value::Array(items) => items.iter().map(|item| resolve(item, lookup)).collect(),
        Value::Object(map) => map.iter().map(|(k, v)| (resolve_text(k, lookup), resolve(v, lookup))).collect(),
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
    fn known_references_are_filled_and_others_stay() {
        let spec = json!({"a": ["x {{api.main.id}} y {{table.T.arn}}"], "plain": "{{no reference}}"});
        let filled = resolve(&spec, &|a, k| (a.as_str() == "api.main" && k == "id").then(|| "42".into()));
        assert_eq!(filled, json!({"a": ["x 42 y {{table.T.arn}}"], "plain": "{{no reference}}"}));
        let mut left = BTreeSet::new();
        references(&filled, &mut left);
        assert_eq!(left.into_iter().map(|a| a.to_string()).collect::<Vec<_>>(), ["table.T"]);
    }
}
