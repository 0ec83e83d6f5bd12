//! A function as a block of Terraform's AWS provider.

use crate::model::terraform::{Block, Exported};
use serde_json::{Value, json};

pub(super) fn blocks(function: &Exported<'_>) -> Vec<Block> {
    let id = function.address.id();
    let variables = function.get("environment");
    let environment = match variables.as_object() {
        Some(all) if !all.is_empty() => json!([{"variables": variables}]),
        _ => json!([]),
    };
    let extra = |name: &str| function.get("extras").get(name).is_some();
    let mut values = json!({
        "function_name": function.name, "role": function.get("role_arn"),
        "package_type": "Zip", "runtime": function.get("runtime"),
        "handler": function.get("handler"), "memory_size": function.get("memory"),
        "timeout": function.get("timeout"), "architectures": [function.get("architecture")],
        "environment": environment, "source_code_hash": function.get("code_sha256"),
        // Lambda's default.
        "tracing_config": [{"mode": if extra("tracing") { "Active" } else { "PassThrough" }}],
        "tags": function.get("tags"),
    });
    if let (Some(fields), Some(reserved)) =
        (values.as_object_mut(), function.get("reserved_concurrency").as_i64())
    {
        fields.insert("reserved_concurrent_executions".into(), Value::from(reserved));
    }
    vec![Block::new("aws_lambda_function", id, values).refer("role", "aws_iam_role", id, "arn")]
}
