//! Which fields a resource type has, learnt from the JSON Schema of its spec: a field added to a
//! spec is one more here.

use serde_json::Value;
use shopstack::resources::TYPES;

/// Every field of a type's spec as a path: `indexes.*.hash_key.name`, where `*` stands for the key
/// of a map.
///
/// A map of structures and a structure that may be absent are fields of their own besides what is
/// in them: an entry can come and go.
pub fn list_fields(type_name: &str) -> Vec<String> {
    let info = TYPES.iter().find(|t| t.info().type_name == type_name);
    let root = info.unwrap_or_else(|| panic!("no type {type_name}")).schema().to_value();
    let mut found = Vec::new();
    walk(&root, &root, "", &mut found);
    assert!(!found.is_empty(), "no field in {root}");
    found
}

/// Adds the fields below `path`.
fn walk(root: &Value, schema: &Value, path: &str, found: &mut Vec<String>) {
    let (schema, may_be_absent) = resolved(root, schema);
    if let Some(fields) = schema["properties"].as_object() {
        if may_be_absent {
            found.push(path.to_string());
        }
        for (name, field) in fields {
            walk(root, field, &joined(path, name), found);
        }
        return;
    }
    match &schema["additionalProperties"] {
        Value::Null | Value::Bool(false) => found.push(path.to_string()),
        entry => {
            let below = joined(path, "*");
            if resolved(root, entry).0["properties"].is_object() {
                found.push(below.clone());
            }
            walk(root, entry, &below, found);
        }
    }
}

/// Follows references and looks through `Option`; true where the value may be absent.
fn resolved<'a>(root: &'a Value, schema: &'a Value) -> (&'a Value, bool) {
    if let Some(name) = schema["$ref"].as_str().and_then(|r| r.strip_prefix("#/$defs/")) {
        return resolved(root, &root["$defs"][name]);
    }
    let Some(branches) = schema["anyOf"].as_array() else {
        return (schema, false);
    };
    let real = branches.iter().find(|b| b["type"] != "null").expect("a branch that is not null");
    (resolved(root, real).0, branches.len() > 1)
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_string() } else { format!("{path}.{name}") }
}

#[test]
fn fields_are_found_through_maps_options_and_structures() {
    let table = list_fields("AWS::DynamoDB::Table");
    for field in [
        "tags.*",
        "hash_key.kind",
        "range_key",
        "range_key.name",
        "indexes.*",
        "indexes.*.projection",
        "billing.mode",
    ] {
        assert!(table.contains(&field.to_string()), "{field} in {table:?}");
    }
    assert!(
        list_fields("AWS::ApiGateway::Resource").contains(&"gateway_responses.*.*".to_string())
    );
    assert_eq!(list_fields("AWS::S3::BucketPolicy"), ["policy"]);
}
