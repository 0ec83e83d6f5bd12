//! A function's resource policy as blocks of Terraform's AWS provider, one a statement.

use crate::model::terraform::{Block, Exported};
use serde_json::{Value, json};

pub(super) fn blocks(permission: &Exported<'_>) -> Vec<Block> {
    let id = permission.address.id();
    let block = |(sid, statement): (&String, &Value)| {
        let of = |key: &str| statement.get(key).filter(|value| !value.is_null());
        let mut values = json!({
            "statement_id": sid, "function_name": permission.name,
            "action": of("action"), "principal": of("principal").map(principal),
        });
        // Checkers take a null condition for one that is there.
        if let Some(fields) = values.as_object_mut() {
            for key in ["source_arn", "source_account"] {
                fields.extend(of(key).map(|value| (key.to_string(), value.clone())));
            }
        }
        let block = Block::new("aws_lambda_permission", &format!("{id}_{sid}"), values).refer(
            "function_name",
            "aws_lambda_function",
            id,
            "function_name",
        );
        match of("principal").and_then(Value::as_str) {
            Some("events.amazonaws.com") => {
                block.refer("source_arn", "aws_cloudwatch_event_rule", id, "arn")
            }
            _ => block.refer("source_arn", "aws_api_gateway_rest_api", "main", "execution_arn"),
        }
    };
    permission.entries("statements").map(block).collect()
}

/// A principal as Terraform writes it: that of somebody else's statement is JSON in the spec.
fn principal(value: &Value) -> Value {
    let foreign = value.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    match foreign {
        Some(Value::Object(kinds)) => kinds.values().next().cloned().unwrap_or_default(),
        Some(text @ Value::String(_)) => text,
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn principals_of_any_form_become_plain_text() {
        for (spec, expected) in [
            ("apigateway.amazonaws.com", "apigateway.amazonaws.com"),
            ("\"*\"", "*"),
            (r#"{"AWS":"arn:aws:iam::1:root"}"#, "arn:aws:iam::1:root"),
        ] {
            assert_eq!(principal(&json!(spec)), json!(expected));
        }
    }
}
