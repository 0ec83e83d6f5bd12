//! A REST API as a block of Terraform's AWS provider.

use crate::model::terraform::{Block, Exported};
use serde_json::json;

pub(super) fn blocks(api: &Exported<'_>) -> Vec<Block> {
    let mut values = json!({
        "name": api.name, "description": api.get("description"),
        "endpoint_configuration": [{"types": [api.get("endpoint_type")]}],
        "api_key_source": api.get("api_key_source"),
        "disable_execute_api_endpoint": api.get("disable_execute_api_endpoint"),
        "binary_media_types": api.get("binary_media_types"),
        "minimum_compression_size": api.get("minimum_compression_size"),
        "tags": api.get("tags"),
    });
    if let (Some(fields), false) = (values.as_object_mut(), api.get("policy").is_null()) {
        fields.insert("policy".into(), api.get("policy").to_string().into());
    }
    vec![Block::new("aws_api_gateway_rest_api", api.address.id(), values)]
}
