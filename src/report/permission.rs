//! A function's permissions as the policy document that they are, in canonical form.

use crate::model::Scope;
use crate::model::spec::from_value;
use crate::policy;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The spec of a function's permissions, as the report reads it.
#[derive(Deserialize)]
struct PermissionSpec {
    statements: BTreeMap<String, PermissionStatement>,
}

#[derive(Deserialize)]
struct PermissionStatement {
    action: String,
    principal: String,
    source_arn: Option<String>,
    source_account: Option<String>,
}

/// The document; null where there are no permissions.
pub(super) fn document(scope: &Scope, function: &str, spec: &Value) -> Value {
    let Ok(spec) = from_value::<PermissionSpec>(spec) else {
        return Value::Null;
    };
    if spec.statements.is_empty() {
        return Value::Null;
    }
    // Lambda gives every statement of a function this one resource.
    let arn = format!("arn:aws:lambda:{}:{}:function:{function}", scope.region, scope.account);
    let statements: Vec<Value> =
        spec.statements.iter().map(|(sid, one)| statement(sid, one, &arn)).collect();
    policy::canonical(&json!({ "Statement": statements }))
}

fn statement(sid: &str, one: &PermissionStatement, arn: &str) -> Value {
    let said = Said::read(&one.principal);
    let mut conditions = said.conditions;
    let own = [
        ("ArnLike", "aws:SourceArn", &one.source_arn),
        ("StringEquals", "aws:SourceAccount", &one.source_account),
    ];
    for (operator, key, value) in own {
        if let Some(value) = value {
            add(&mut conditions, operator, key, json!(value));
        }
    }
    let action = match serde_json::from_str(&one.action) {
        Ok(list @ Value::Array(_)) => list,
        _ => json!(one.action),
    };
    json!({"Sid": sid, "Effect": said.effect, "Principal": said.principal, "Action": action,
        "Resource": arn,
           "Condition": conditions})
}

/// The `principal` field of a permission: usually a service, sometimes a JSON object with parts
/// that the other fields cannot hold.
struct Said {
    effect: String,
    principal: Value,
    conditions: Map<String, Value>,
}

impl Said {
    /// Reads a service, `*`, an account, an ARN, the JSON of a principal, or the JSON object
    /// `{"principal": .., "effect": .., "<operator> <key>": ..}` of a statement with more to it.
    fn read(text: &str) -> Self {
        let principal = match serde_json::from_str::<Value>(text) {
            Ok(Value::Object(all)) if all.contains_key("principal") => return Self::extended(&all),
            Ok(value @ (Value::Object(_) | Value::String(_))) => value,
            _ if text == "*" => json!("*"),
            _ if text.starts_with("arn:") || text.bytes().all(|b| b.is_ascii_digit()) => {
                json!({"AWS": text})
            }
            _ => json!({"Service": text}),
        };
        Self { effect: "Allow".into(), principal, conditions: Map::new() }
    }

    fn extended(all: &Map<String, Value>) -> Self {
        let mut conditions = Map::new();
        for (name, value) in all {
            if let Some((operator, key)) = name.split_once(' ') {
                add(&mut conditions, operator, key, value.clone());
            }
        }
        Self {
            effect: all.get("effect").and_then(Value::as_str).unwrap_or("Allow").into(),
            principal: all.get("principal").cloned().unwrap_or_default(),
            conditions,
        }
    }
}

fn add(conditions: &mut Map<String, Value>, operator: &str, key: &str, value: Value) {
    let keys = conditions.entry(operator).or_insert_with(|| json!({}));
    if let Value::Object(keys) = keys {
        keys.insert(key.into(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    fn read(action: &str, principal: &str, source: Option<&str>) -> Value {
        let spec = json!({"statements": {"s": {"action": action, "principal": principal,
            "source_arn": source,
                          "source_account": null}}});
        document(&fixture::scope(), "f", &spec)["statements"]["s"].clone()
    }

    #[test]
    fn every_kind_of_principal_is_told_apart() {
        let principals =
            |text: &str| read("lambda:InvokeFunction", text, None)["principals"].clone();
        assert_eq!(
            principals("apigateway.amazonaws.com"),
            json!({"Service": ["apigateway.amazonaws.com"]})
        );
        assert_eq!(principals("*"), json!({"AWS": ["*"]}));
        assert_eq!(principals("\"*\""), json!({"AWS": ["*"]}));
        assert_eq!(principals("999999999999"), json!({"AWS": ["999999999999"]}));
        assert_eq!(
            principals(r#"{"AWS":"arn:aws:iam::1:root"}"#),
            json!({"AWS": ["arn:aws:iam::1:root"]})
        );
    }

    #[test]
    fn a_statement_with_more_to_it_keeps_all_of_it() {
        let principal = r#"{"effect":"Deny","StringEquals aws:PrincipalOrgID":"o-1",
            "principal":{"Service":"x"}}"#;
        let found =
            read(r#"["lambda:GetFunction","lambda:InvokeFunction"]"#, principal, Some("arn:s"));
        assert_eq!(found["effect"], "Deny");
        assert_eq!(found["actions"], json!(["lambda:GetFunction", "lambda:InvokeFunction"]));
        assert_eq!(found["principals"], json!({"Service": ["x"]}));
        let wanted = json!({"StringEquals": {"aws:PrincipalOrgID": ["o-1"]},
            "ArnLike": {"aws:SourceArn": ["arn:s"]}});
        assert_eq!(found["conditions"], wanted);
    }

    #[test]
    fn no_permissions_are_no_policy() {
        assert_eq!(document(&fixture::scope(), "f", &json!({"statements": {}})), Value::Null);
        assert_eq!(document(&fixture::scope(), "f", &Value::Null), Value::Null);
    }
}
