//! A response headers policy as a block of Terraform's AWS provider.

use crate::model::terraform::{Block, Exported};
use serde_json::{Value, json};

pub(super) fn blocks(headers: &Exported<'_>) -> Vec<Block> {
    let get = |key: &str| headers.get(key);
    let set = |name: &str, value: &Value| match value.as_str() {
        None | Some("") => json!([]),
        Some(text) => json!([{name: text, "override": true}]),
    };
    let hsts = match get("hsts_max_age") {
        Value::Null => json!([]),
        age => json!([{
            "access_control_max_age_sec": age, "override": true,
            "include_subdomains": get("hsts_include_subdomains"), "preload": get("hsts_preload"),
        }]),
    };
    let sniff = match get("content_type_options").as_bool() {
        Some(true) => json!([{"override": true}]),
        _ => json!([]),
    };
    let csp = set("content_security_policy", get("content_security_policy"));
    let values = json!({
        "name": headers.name, "comment": get("comment"),
        "security_headers_config": [{
            "strict_transport_security": hsts, "content_type_options": sniff,
            "content_security_policy": csp,
            "frame_options": set("frame_option", get("frame_options")),
            "referrer_policy": set("referrer_policy", get("referrer_policy")),
        }],
    });
    vec![Block::new("aws_cloudfront_response_headers_policy", headers.address.id(), values)]
}
