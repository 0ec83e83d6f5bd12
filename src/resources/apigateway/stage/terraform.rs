//! A stage with its deployment as blocks of Terraform's AWS provider.

use crate::model::terraform::{Block, Exported};
use serde_json::{Value, json};

pub(super) fn blocks(stage: &Exported<'_>) -> Vec<Block> {
    let id = stage.address.id();
    let api = "aws_api_gateway_rest_api";
    let logs = match stage.get("access_log_arn") {
        Value::Null => json!([]),
        arn => json!([{"destination_arn": arn, "format": stage.get("access_log_format")}]),
    };
    let deployment = Block::new(
        "aws_api_gateway_deployment",
        id,
        json!({"description": stage.get("definition")}),
    );
    let itself = json!({
        "stage_name": stage.name, "access_log_settings": logs,
        "xray_tracing_enabled": stage.get("tracing"), "cache_cluster_enabled": false,
        "tags": stage.get("tags"),
    });
    let level = stage.get("logging_level").as_str().unwrap_or("OFF");
    let settings = json!({
        "stage_name": stage.name, "method_path": "*/*",
        "settings": [{
            "metrics_enabled": stage.get("metrics"), "logging_level": level,
            "data_trace_enabled": stage.get("data_trace").as_bool().unwrap_or(false),
            "throttling_rate_limit": stage.get("throttling_rate"),
            "throttling_burst_limit": stage.get("throttling_burst"), "caching_enabled": false,
        }],
    });
    vec![
        deployment.refer("rest_api_id", api, id, "id"),
        Block::new("aws_api_gateway_stage", id, itself).refer("rest_api_id", api, id, "id").refer(
            "deployment_id",
            "aws_api_gateway_deployment",
            id,
            "id",
        ),
        Block::new("aws_api_gateway_method_settings", id, settings)
            .refer("rest_api_id", api, id, "id")
            .refer("stage_name", "aws_api_gateway_stage", id, "stage_name"),
    ]
}
