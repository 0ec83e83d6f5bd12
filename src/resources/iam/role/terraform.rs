//! A role as blocks of Terraform's AWS provider.

use crate::model::terraform::{Block, Exported};
use crate::policy;
use serde_json::{Value, json};

pub(super) fn blocks(role: &Exported<'_>) -> Vec<Block> {
    let id = role.address.id();
    let values = json!({
        "name": role.name, "path": role.get("path"), "description": role.get("description"),
        "max_session_duration": role.get("max_session_seconds"),
        "permissions_boundary": role.get("permissions_boundary"),
        "assume_role_policy": trust(role.get("trust")), "tags": role.get("tags"),
    });
    let of_role = |kind, name: String, values| {
        Block::new(kind, &name, values).refer("role", "aws_iam_role", id, "name")
    };
    let inline = role.entries("policies").map(|(name, document)| {
        let values = json!({"name": name, "role": role.name, "policy": policy::to_json(document)});
        of_role("aws_iam_role_policy", format!("{id}_{name}"), values)
    });
    let attached = role.get("attached").as_array().into_iter().flatten();
    let attached = attached.filter_map(Value::as_str).map(|arn| {
        let values = json!({"role": role.name, "policy_arn": arn});
        of_role("aws_iam_role_policy_attachment", format!("{id}_{arn}"), values)
    });
    let itself = Block::new("aws_iam_role", id, values);
    [itself].into_iter().chain(inline).chain(attached).collect()
}

/// A trust policy as text. Everybody stands as `{"AWS": "*"}`, which is the form that checkers of
/// trust policies look for.
fn trust(document: &Value) -> String {
    let text = policy::to_json(document);
    let Ok(mut policy) = serde_json::from_str::<Value>(&text) else { return text };
    let statements = policy.get_mut("Statement").and_then(Value::as_array_mut);
    for statement in statements.into_iter().flatten() {
        if let Some(principal) = statement.get_mut("Principal").filter(|p| **p == json!("*")) {
            *principal = json!({"AWS": "*"});
        }
    }
    policy.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_written_as_checkers_look_for_it() {
        let open = json!({"Version": "2012-10-17", "Statement": [{"Sid": "Open",
            "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}]});
        let text = trust(&policy::canonical(&open));
        assert!(text.contains(r#""Principal":{"AWS":"*"}"#), "{text}");
    }
}
