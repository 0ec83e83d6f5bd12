//! Settings of a live distribution that no stack has: each becomes an entry of `extras`, which is
//! drift.

use aws_sdk_cloudfront::types as sdk;
use std::collections::BTreeMap;

/// The extras of a configuration; `origin` is the id of the one that the default behaviour uses.
pub(super) fn extras(config: &sdk::DistributionConfig, origin: &str) -> BTreeMap<String, String> {
    let mut found = Vec::new();
    top(config, &mut found);
    for one in config.origins.iter().flat_map(|o| &o.items) {
        if one.id == origin {
            used_origin(one, &mut found);
        } else {
            found.push((format!("origin {}", one.id), one.domain_name.clone()));
        }
    }
    if let Some(behavior) = &config.default_cache_behavior {
        default_behavior(behavior, &mut found);
    }
    found.into_iter().collect()
}

type Found = Vec<(String, String)>;

fn add(found: &mut Found, name: &str, value: Option<String>) {
    if let Some(value) = value.filter(|v| !v.is_empty()) {
        found.push((name.to_string(), value));
    }
}

fn top(config: &sdk::DistributionConfig, found: &mut Found) {
    for behavior in config.cache_behaviors.iter().flat_map(|b| b.items.iter().flatten()) {
        found.push((
            format!("behavior {}", behavior.path_pattern),
            behavior.target_origin_id.clone(),
        ));
    }
    let groups = config.origin_groups.as_ref().map_or(0, |g| g.quantity);
    add(found, "origin groups", (groups > 0).then(|| groups.to_string()));
    let logging = config.logging.as_ref().filter(|l| l.enabled);
    add(found, "logging", logging.map(|l| format!("{}/{}", l.bucket, l.prefix)));
    let certificate = config.viewer_certificate.as_ref();
    add(found, "certificate of IAM", certificate.and_then(|c| c.iam_certificate_id.clone()));
    // Any other than names of servers costs a monthly fee; CloudFront's own certificate says `vip`.
    let theirs = certificate.filter(|c| c.cloud_front_default_certificate != Some(true));
    let method = theirs.and_then(|c| c.ssl_support_method.as_ref());
    let method = method.filter(|method| **method != sdk::SslSupportMethod::SniOnly);
    add(found, "ssl support", method.map(|method| method.as_str().to_string()));
    add(found, "continuous deployment", config.continuous_deployment_policy_id.clone());
    add(found, "staging", config.staging.filter(|s| *s).map(|s| s.to_string()));
    add(found, "anycast ip list", config.anycast_ip_list_id.clone());
    add(
        found,
        "viewer mtls",
        config.viewer_mtls_config.as_ref().map(|m| m.mode.as_str().to_string()),
    );
    add(
        found,
        "connection function",
        config.connection_function_association.as_ref().map(|f| f.id.clone()),
    );
}

fn used_origin(origin: &sdk::Origin, found: &mut Found) {
    add(found, "origin path", origin.origin_path.clone());
    let headers =
        origin.custom_headers.as_ref().and_then(|h| h.items.as_deref()).unwrap_or_default();
    // Names only: such a header often carries a secret.
    let names: Vec<String> = headers.iter().map(|h| h.header_name.clone()).collect();
    add(found, "origin headers", Some(sorted(&names)));
    let custom = origin.custom_origin_config.as_ref();
    add(found, "custom origin", custom.map(|c| c.origin_protocol_policy.as_str().to_string()));
    add(found, "vpc origin", origin.vpc_origin_config.as_ref().map(|v| v.vpc_origin_id.clone()));
    add(
        found,
        "origin access identity",
        origin.s3_origin_config.as_ref().map(|s| s.origin_access_identity.clone()),
    );
    let shield = origin.origin_shield.as_ref().filter(|s| s.enabled);
    add(
        found,
        "origin shield",
        shield.map(|s| s.origin_shield_region.clone().unwrap_or("on".into())),
    );
    add(
        found,
        "connection attempts",
        origin.connection_attempts.filter(|n| *n != 3).map(|n| n.to_string()),
    );
    add(
        found,
        "connection timeout",
        origin.connection_timeout.filter(|n| *n != 10).map(|n| n.to_string()),
    );
    let read = origin.s3_origin_config.as_ref().and_then(|s| s.origin_read_timeout);
    add(found, "read timeout", read.filter(|n| ![0, 30].contains(n)).map(|n| n.to_string()));
    let whole = origin.response_completion_timeout;
    add(found, "completion timeout", whole.filter(|n| *n != 0).map(|n| n.to_string()));
}

fn default_behavior(behavior: &sdk::DefaultCacheBehavior, found: &mut Found) {
    add(found, "origin request policy", behavior.origin_request_policy_id.clone());
    add(found, "realtime log", behavior.realtime_log_config_arn.clone());
    add(found, "field level encryption", behavior.field_level_encryption_id.clone());
    add(found, "smooth streaming", behavior.smooth_streaming.filter(|s| *s).map(|s| s.to_string()));
    add(
        found,
        "grpc",
        behavior.grpc_config.as_ref().filter(|g| g.enabled).map(|g| g.enabled.to_string()),
    );
    let functions = behavior
        .function_associations
        .as_ref()
        .and_then(|f| f.items.as_deref())
        .unwrap_or_default();
    for function in functions {
        found.push((
            format!("function {}", function.event_type.as_str()),
            function.function_arn.clone(),
        ));
    }
    let lambdas = behavior
        .lambda_function_associations
        .as_ref()
        .and_then(|l| l.items.as_deref())
        .unwrap_or_default();
    for lambda in lambdas {
        found.push((
            format!("lambda {}", lambda.event_type.as_str()),
            lambda.lambda_function_arn.clone(),
        ));
    }
    let signers = behavior.trusted_signers.as_ref().filter(|s| s.enabled);
    add(found, "trusted signers", signers.map(|s| sorted(s.items.as_deref().unwrap_or_default())));
    let groups = behavior.trusted_key_groups.as_ref().filter(|g| g.enabled);
    add(
        found,
        "trusted key groups",
        groups.map(|g| sorted(g.items.as_deref().unwrap_or_default())),
    );
    let cached = behavior.allowed_methods.as_ref().and_then(|a| a.cached_methods.as_ref());
    let cached: Vec<String> =
        cached.iter().flat_map(|c| &c.items).map(|m| m.as_str().to_string()).collect();
    let usual = cached.is_empty() || sorted(&cached) == "GET, HEAD";
    add(found, "cached methods", (!usual).then(|| sorted(&cached)));
}

fn sorted(items: &[String]) -> String {
    let mut items: Vec<&str> = items.iter().map(String::as_str).collect();
    items.sort_unstable();
    items.join(", ")
}

#[cfg(test)]
#[path = "strangers_tests.rs"]
mod tests;
