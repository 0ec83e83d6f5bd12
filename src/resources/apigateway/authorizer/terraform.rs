//! An authorizer as a block of Terraform's AWS provider.

use crate::model::terraform::{Block, Exported};
use crate::resources::apigateway as gw;
use serde_json::{Value, json};

pub(super) fn blocks(authorizer: &Exported<'_>) -> Vec<Block> {
    let id = authorizer.address.id();
    let text = |key: &str| authorizer.get(key).as_str().filter(|text| !text.is_empty());
    let mut values = json!({
        "name": authorizer.name, "type": authorizer.get("kind"),
        "identity_source": authorizer.get("identity_source"),
        "authorizer_result_ttl_in_seconds": authorizer.get("cache_seconds"),
    });
    if let Some(fields) = values.as_object_mut() {
        let function = text("function_arn");
        let region = function.and_then(|arn| arn.split(':').nth(3)).unwrap_or_default();
        let given = [
            ("authorizer_uri", function.map(|arn| gw::invocation_uri(region, arn))),
            ("identity_validation_expression", text("pattern").map(str::to_string)),
            ("authorizer_credentials", text("credentials").map(str::to_string)),
        ];
        fields.extend(given.into_iter().filter_map(|(k, v)| Some((k.to_string(), v?.into()))));
        let pools = authorizer.get("user_pools");
        if pools.as_array().is_some_and(|pools| !pools.is_empty()) {
            fields.insert("provider_arns".into(), Value::clone(pools));
        }
    }
    vec![Block::new("aws_api_gateway_authorizer", id, values).refer(
        "rest_api_id",
        "aws_api_gateway_rest_api",
        "main",
        "id",
    )]
}
