//! A distribution as a block of Terraform's AWS provider.

use crate::model::terraform::{Block, Exported};
use crate::resources::cloudfront::oac::SHARED;
use serde_json::{Value, json};

pub(super) fn blocks(distribution: &Exported<'_>) -> Vec<Block> {
    let (id, get) = (distribution.address.id(), |key: &str| distribution.get(key));
    let page = |(status, page): (&String, &Value)| {
        let of = |key: &str| page.get(key).cloned().unwrap_or_default();
        json!({
            "error_code": status.parse::<u16>().ok(), "response_page_path": of("page"),
            "response_code": of("status"), "error_caching_min_ttl": of("min_ttl"),
        })
    };
    let pages: Vec<Value> = distribution.entries("error_pages").map(page).collect();
    let values = json!({
        "comment": get("comment"), "enabled": get("enabled"),
        "default_root_object": get("default_root_object"), "price_class": get("price_class"),
        "http_version": get("http_version"), "is_ipv6_enabled": get("ipv6"),
        "web_acl_id": get("web_acl_arn"),
        "origin": [{
            "origin_id": "site", "domain_name": get("origin_domain"),
            "origin_access_control_id": get("origin_access_control_id"),
        }],
        "default_cache_behavior": [{
            "target_origin_id": "site", "allowed_methods": get("allowed_methods"),
            "cached_methods": ["GET", "HEAD"], "compress": get("compress"),
            "viewer_protocol_policy": get("viewer_protocol_policy"),
            "cache_policy_id": get("cache_policy_id"),
            "response_headers_policy_id": get("response_headers_policy_id"),
        }],
        "custom_error_response": pages, "logging_config": [],
        "restrictions": [{"geo_restriction": [geo_restriction(distribution)]}],
        "viewer_certificate": [viewer_certificate(distribution)], "aliases": get("aliases"),
        "tags": get("tags"),
    });
    let mut block = Block::new("aws_cloudfront_distribution", id, values).refer(
        "origin.domain_name",
        "aws_s3_bucket",
        id,
        "bucket_regional_domain_name",
    );
    let named = |key: &str| get(key).as_str().is_some_and(|text| !text.is_empty());
    if named("origin_access_control_id") {
        let oac = "aws_cloudfront_origin_access_control";
        block = block.refer("origin.origin_access_control_id", oac, SHARED, "id");
    }
    if named("response_headers_policy_id") {
        let policy = "aws_cloudfront_response_headers_policy";
        let place = "default_cache_behavior.response_headers_policy_id";
        block = block.refer(place, policy, policy_label(get("response_headers_policy_id")), "id");
    }
    if named("web_acl_arn") {
        block = block.refer("web_acl_id", "aws_wafv2_web_acl", "cdn", "arn");
    }
    vec![block]
}

fn geo_restriction(distribution: &Exported<'_>) -> Value {
    let listed = |key: &str| distribution.get(key).as_array().cloned().unwrap_or_default();
    let (allowed, blocked) = (listed("allowed_countries"), listed("blocked_countries"));
    match (allowed.is_empty(), blocked.is_empty()) {
        (false, _) => json!({"restriction_type": "whitelist", "locations": allowed}),
        (true, false) => json!({"restriction_type": "blacklist", "locations": blocked}),
        (true, true) => json!({"restriction_type": "none", "locations": []}),
    }
}

fn viewer_certificate(distribution: &Exported<'_>) -> Value {
    match distribution.get("certificate") {
        Value::Null => json!({
            "cloudfront_default_certificate": true, "minimum_protocol_version": "TLSv1",
        }),
        arn => json!({
            "acm_certificate_arn": arn, "ssl_support_method": "sni-only",
            "minimum_protocol_version": distribution.get("viewer_tls"),
        }),
    }
}

/// Label of the headers policy that a reference names; where its id stands instead, the policy is
/// the environment's own.
fn policy_label(policy: &Value) -> &str {
    let named = policy.as_str().and_then(|text| text.strip_prefix("{{headers."));
    named.and_then(|text| text.split('.').next()).unwrap_or("site")
}
