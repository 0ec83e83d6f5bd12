//! The routes of a REST API as blocks of Terraform's AWS provider.

use crate::model::terraform::{Block, Exported};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const API: &str = "aws_api_gateway_rest_api";
const RESOURCE: &str = "aws_api_gateway_resource";

pub(super) fn blocks(routes: &Exported<'_>) -> Vec<Block> {
    let id = routes.address.id();
    let in_api = |kind, name: &str, values| {
        Block::new(kind, name, values).refer("rest_api_id", API, id, "id")
    };
    let mut paths = BTreeSet::new();
    let mut blocks = Vec::new();
    for (key, route) in routes.entries("routes") {
        let Some((method, path)) = key.split_once(' ') else { continue };
        paths.insert(path);
        let of = |name: &str| route.get(name).cloned().unwrap_or_default();
        let mut values = json!({
            "http_method": method, "authorization": of("authorization"),
            "api_key_required": of("api_key_required"),
        });
        if let Some(fields) = values.as_object_mut() {
            for (argument, key) in
                [("authorizer_id", "authorizer_id"), ("authorization_scopes", "scopes")]
            {
                fields.extend(route.get(key).map(|value| (argument.to_string(), value.clone())));
            }
        }
        let made = in_api("aws_api_gateway_method", key, values).refer(
            "resource_id",
            RESOURCE,
            path,
            "id",
        );
        blocks.push(match route.get("validator").filter(|name| !name.is_null()) {
            Some(_) => {
                made.refer("request_validator_id", "aws_api_gateway_request_validator", id, "id")
            }
            None => made,
        });
        let values = json!({
            "http_method": method, "type": of("integration"), "integration_http_method": "POST",
            "uri": of("function_arn"), "timeout_milliseconds": of("timeout_ms"),
        });
        blocks.push(in_api("aws_api_gateway_integration", key, values));
    }
    let preflights = routes.entries("cors").map(|(path, _)| ("OPTIONS", path));
    let refusals = routes.entries("not_allowed").map(|(path, _)| ("ANY", path));
    for (verb, path) in preflights.chain(refusals) {
        paths.insert(path);
        let key = format!("{verb} {path}");
        let method = json!({
            "http_method": verb, "authorization": "NONE", "api_key_required": false,
        });
        blocks.push(in_api("aws_api_gateway_method", &key, method).refer(
            "resource_id",
            RESOURCE,
            path,
            "id",
        ));
        let mock = json!({"http_method": verb, "type": "MOCK"});
        blocks.push(in_api("aws_api_gateway_integration", &key, mock));
    }
    for path in paths {
        let part = path.rsplit('/').next().unwrap_or_default();
        blocks.push(in_api(RESOURCE, path, json!({"path_part": part})));
    }
    for (kind, headers) in routes.entries("gateway_responses") {
        let values = json!({"response_type": kind, "response_parameters": parameters(headers)});
        blocks.push(in_api("aws_api_gateway_gateway_response", kind, values));
    }
    blocks
}

fn parameters(headers: &Value) -> Value {
    let headers = headers.as_object().into_iter().flatten();
    headers
        .map(|(name, value)| {
            let text = value.as_str().unwrap_or_default();
            (format!("gatewayresponse.header.{name}"), Value::from(format!("'{text}'")))
        })
        .collect()
}
