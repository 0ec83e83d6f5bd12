//! Which fields a resource type has, learnt from the JSON Schema of its spec: a field added to a
//! spec is one more here.

use schemars::{JsonSchema, schema_for};
use serde_json::Value;
use shopstack::model::spec;

/// Every field of a type's spec as a path: `indexes.*.hash_key.name`, where `*` stands for the key
/// of a map.
///
/// A map of structures and a structure that may be absent are fields of their own besides what is
/// in them: an entry can come and go. Panics for a type without a spec: a new type needs its line
/// here.
pub fn of(type_name: &str) -> Vec<String> {
    match type_name {
        "AWS::DynamoDB::Table" => list::<spec::TableSpec>(),
        "AWS::Logs::LogGroup" => list::<spec::LogGroupSpec>(),
        "AWS::IAM::Role" => list::<spec::RoleSpec>(),
        "AWS::Lambda::Function" => list::<spec::FunctionSpec>(),
        "AWS::Lambda::Permission" => list::<spec::PermissionSpec>(),
        "AWS::ApiGateway::RestApi" => list::<spec::RestApiSpec>(),
        "AWS::ApiGateway::Resource" => list::<spec::RoutesSpec>(),
        "AWS::ApiGateway::Stage" => list::<spec::StageSpec>(),
        "AWS::ApiGateway::Account" => list::<spec::AccountSpec>(),
        "AWS::WAFv2::WebACL" => list::<spec::WebAclSpec>(),
        "AWS::WAFv2::WebACLAssociation" => list::<spec::AssociationSpec>(),
        "AWS::WAFv2::LoggingConfiguration" => list::<spec::WafLoggingSpec>(),
        "AWS::S3::Bucket" => list::<spec::BucketSpec>(),
        "AWS::S3::BucketPolicy" => list::<spec::BucketPolicySpec>(),
        "AWS::S3::Object" => list::<spec::ObjectsSpec>(),
        "AWS::CloudFront::OriginAccessControl" => list::<spec::OacSpec>(),
        "AWS::CloudFront::ResponseHeadersPolicy" => list::<spec::ResponseHeadersSpec>(),
        "AWS::CloudFront::Distribution" => list::<spec::DistributionSpec>(),
        other => {
            panic!("tests/it/drift/fields.rs knows no spec of {other}: add its line, and its cases")
        }
    }
}

fn list<T: JsonSchema>() -> Vec<String> {
    let root = schema_for!(T).to_value();
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
    let table = of("AWS::DynamoDB::Table");
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
    assert!(of("AWS::ApiGateway::Resource").contains(&"gateway_responses.*.*".to_string()));
    assert_eq!(of("AWS::S3::BucketPolicy"), ["policy"]);
}
