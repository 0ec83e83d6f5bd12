//! A domain of the API as blocks of Terraform's AWS provider.

use crate::model::terraform::{Block, Exported};
use serde_json::{Value, json};

const DOMAIN: &str = "aws_api_gateway_domain_name";

pub(super) fn blocks(domain: &Exported<'_>) -> Vec<Block> {
    let id = domain.address.id();
    let values = json!({
        "domain_name": domain.name, "regional_certificate_arn": domain.get("certificate"),
        "security_policy": domain.get("security_policy"),
        "endpoint_configuration": [{"types": [domain.get("endpoint_type")]}],
        "tags": domain.get("tags"),
    });
    let mapping = |(base, target): (&String, &Value)| {
        let target = target.as_str().unwrap_or_default();
        let (api, stage) = target.split_once('/').unwrap_or((target, ""));
        let mut values = json!({"domain_name": domain.name, "api_id": api, "stage_name": stage});
        if let Some(fields) = values.as_object_mut().filter(|_| base != super::desired::ROOT) {
            fields.insert("base_path".into(), base.clone().into());
        }
        Block::new("aws_api_gateway_base_path_mapping", &format!("{id}_{base}"), values)
            .refer("domain_name", DOMAIN, id, "domain_name")
            .refer("api_id", "aws_api_gateway_rest_api", "main", "id")
    };
    let mappings: Vec<Block> = domain.entries("mappings").map(mapping).collect();
    [vec![Block::new(DOMAIN, id, values)], mappings].concat()
}
