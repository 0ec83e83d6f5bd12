//! A distribution's configuration as a spec, and a spec laid over a configuration.
//!
//! UpdateDistribution replaces everything and demands members that CreateDistribution does not
//! (catalogue 8.2): both send the same, complete configuration.

use super::spec::{DistributionSpec, ErrorPageSpec};
use super::strangers::extras;
use crate::model::CloudError;
use crate::model::spec::Tags;
use aws_sdk_cloudfront::error::BuildError;
use aws_sdk_cloudfront::types as sdk;
use std::collections::{BTreeMap, BTreeSet};

/// Id of the one origin inside the configuration; nothing outside refers to it.
const ORIGIN: &str = "site";

/// The spec of a live configuration. Lists whose order AWS does not keep are sets here.
pub(super) fn to_spec(config: &sdk::DistributionConfig, tags: Tags) -> DistributionSpec {
    let behavior = config.default_cache_behavior.as_ref();
    let target = behavior.map(|b| b.target_origin_id.as_str()).unwrap_or_default();
    let origin = config.origins.iter().flat_map(|o| &o.items).find(|o| o.id == target);
    let text = |value: Option<&String>| value.cloned().unwrap_or_default();
    let viewer = config.viewer_certificate.as_ref();
    let certificate = viewer.and_then(|v| v.acm_certificate_arn.as_deref());
    let certificate = certificate.filter(|arn| !arn.is_empty());
    DistributionSpec {
        tags,
        comment: config.comment.clone(),
        enabled: config.enabled,
        default_root_object: text(config.default_root_object.as_ref()),
        price_class: config
            .price_class
            .as_ref()
            .map_or("PriceClass_All", |p| p.as_str())
            .to_string(),
        http_version: config.http_version.as_ref().map_or("http2", |v| v.as_str()).to_lowercase(),
        ipv6: config.is_ipv6_enabled == Some(true),
        web_acl_arn: text(config.web_acl_id.as_ref()),
        origin_domain: text(origin.map(|o| &o.domain_name)),
        origin_access_control_id: text(origin.and_then(|o| o.origin_access_control_id.as_ref())),
        viewer_protocol_policy: behavior
            .map(|b| b.viewer_protocol_policy.as_str().to_string())
            .unwrap_or_default(),
        compress: behavior.is_some_and(|b| b.compress == Some(true)),
        allowed_methods: behavior
            .and_then(|b| b.allowed_methods.as_ref())
            .map(|a| a.items.iter().map(|m| m.as_str().to_string()).collect())
            // CloudFront's own default.
            .unwrap_or_else(|| ["GET", "HEAD"].map(String::from).into()),
        cache_policy_id: text(behavior.and_then(|b| b.cache_policy_id.as_ref())),
        response_headers_policy_id: text(
            behavior.and_then(|b| b.response_headers_policy_id.as_ref()),
        ),
        error_pages: error_pages(config),
        aliases: config.aliases.iter().flat_map(|a| a.items.iter().flatten()).cloned().collect(),
        certificate: certificate.map(str::to_string),
        viewer_tls: viewer
            .filter(|_| certificate.is_some())
            .and_then(|v| v.minimum_protocol_version.as_ref())
            .map(|version| version.as_str().to_string()),
        allowed_countries: countries(config, &sdk::GeoRestrictionType::Whitelist),
        blocked_countries: countries(config, &sdk::GeoRestrictionType::Blacklist),
        extras: extras(config, target),
    }
}

/// The countries of a restriction of this kind.
fn countries(config: &sdk::DistributionConfig, kind: &sdk::GeoRestrictionType) -> BTreeSet<String> {
    let geo = config.restrictions.as_ref().and_then(|r| r.geo_restriction.as_ref());
    let of_kind = geo.filter(|g| g.restriction_type == *kind);
    of_kind.iter().flat_map(|g| g.items.iter().flatten()).cloned().collect()
}

fn error_pages(config: &sdk::DistributionConfig) -> BTreeMap<String, ErrorPageSpec> {
    let pages = config.custom_error_responses.iter().flat_map(|r| r.items.iter().flatten());
    pages
        .map(|page| {
            let spec = ErrorPageSpec {
                page: page.response_page_path.clone().unwrap_or_default(),
                status: page.response_code.clone().unwrap_or_default(),
                // CloudFront's default where none is given.
                min_ttl: page.error_caching_min_ttl.unwrap_or(10),
            };
            (page.error_code.to_string(), spec)
        })
        .collect()
}

/// The configuration of a new distribution.
pub(super) fn fresh(
    wanted: &DistributionSpec,
    reference: &str,
) -> Result<sdk::DistributionConfig, CloudError> {
    let empty = || -> Result<sdk::DistributionConfig, BuildError> {
        let behavior = sdk::DefaultCacheBehavior::builder()
            .target_origin_id(ORIGIN)
            .viewer_protocol_policy(wanted.viewer_protocol_policy.as_str().into())
            .build()?;
        let config =
            sdk::DistributionConfig::builder().caller_reference(reference).comment(&wanted.comment);
        config
            .enabled(wanted.enabled)
            .origins(origins(wanted)?)
            .default_cache_behavior(behavior)
            .build()
    };
    overlay(empty().map_err(unbuilt)?, wanted)
}

/// `config` with everything as wanted, strangers' settings gone, and members this version does not
/// know kept.
pub(super) fn overlay(
    config: sdk::DistributionConfig,
    wanted: &DistributionSpec,
) -> Result<sdk::DistributionConfig, CloudError> {
    laid_over(config, wanted).map_err(unbuilt)
}

fn unbuilt(error: BuildError) -> CloudError {
    CloudError::shape("building a distribution", &error.to_string())
}

fn laid_over(
    mut config: sdk::DistributionConfig,
    wanted: &DistributionSpec,
) -> Result<sdk::DistributionConfig, BuildError> {
    config.comment = wanted.comment.clone();
    config.enabled = wanted.enabled;
    config.default_root_object = Some(wanted.default_root_object.clone());
    config.price_class = Some(wanted.price_class.as_str().into());
    config.http_version = Some(wanted.http_version.as_str().into());
    config.is_ipv6_enabled = Some(wanted.ipv6);
    config.web_acl_id = Some(wanted.web_acl_arn.clone());
    config.origins = Some(origins(wanted)?);
    config.origin_groups = Some(sdk::OriginGroups::builder().quantity(0).build()?);
    config.default_cache_behavior = Some(behavior(config.default_cache_behavior.take(), wanted)?);
    config.cache_behaviors = Some(sdk::CacheBehaviors::builder().quantity(0).build()?);
    config.custom_error_responses = Some(error_responses(wanted)?);
    config.aliases = Some(aliases(wanted)?);
    config.logging = Some(
        sdk::LoggingConfig::builder()
            .enabled(false)
            .include_cookies(false)
            .bucket("")
            .prefix("")
            .build(),
    );
    let geo = geo_restriction(wanted)?;
    config.restrictions = Some(sdk::Restrictions::builder().geo_restriction(geo).build());
    config.viewer_certificate = Some(viewer_certificate(wanted));
    config.continuous_deployment_policy_id =
        config.continuous_deployment_policy_id.map(|_| String::new());
    config.anycast_ip_list_id = None;
    config.viewer_mtls_config = None;
    config.connection_function_association = None;
    Ok(config)
}

fn geo_restriction(wanted: &DistributionSpec) -> Result<sdk::GeoRestriction, BuildError> {
    let (kind, countries) = match (&wanted.allowed_countries, &wanted.blocked_countries) {
        (allowed, _) if !allowed.is_empty() => (sdk::GeoRestrictionType::Whitelist, allowed),
        (_, blocked) if !blocked.is_empty() => (sdk::GeoRestrictionType::Blacklist, blocked),
        (none, _) => (sdk::GeoRestrictionType::None, none),
    };
    let codes: Vec<String> = countries.iter().cloned().collect();
    sdk::GeoRestriction::builder()
        .restriction_type(kind)
        .quantity(i32::try_from(codes.len()).unwrap_or(i32::MAX))
        .set_items((!codes.is_empty()).then_some(codes))
        .build()
}

fn aliases(wanted: &DistributionSpec) -> Result<sdk::Aliases, BuildError> {
    let names: Vec<String> = wanted.aliases.iter().cloned().collect();
    sdk::Aliases::builder()
        .quantity(i32::try_from(names.len()).unwrap_or(i32::MAX))
        .set_items((!names.is_empty()).then_some(names))
        .build()
}

fn viewer_certificate(wanted: &DistributionSpec) -> sdk::ViewerCertificate {
    let certificate = sdk::ViewerCertificate::builder();
    let Some(arn) = &wanted.certificate else {
        return certificate.cloud_front_default_certificate(true).build();
    };
    let version = wanted.viewer_tls.as_deref().map(sdk::MinimumProtocolVersion::from);
    certificate
        .cloud_front_default_certificate(false)
        .acm_certificate_arn(arn)
        .ssl_support_method(sdk::SslSupportMethod::SniOnly)
        .set_minimum_protocol_version(version)
        .build()
}

fn origins(wanted: &DistributionSpec) -> Result<sdk::Origins, BuildError> {
    let origin = sdk::Origin::builder()
        .id(ORIGIN)
        .domain_name(&wanted.origin_domain)
        .origin_path("")
        .custom_headers(sdk::CustomHeaders::builder().quantity(0).build()?)
        // Demanded beside an origin access control, and empty: the older way of access is not used.
        .s3_origin_config(sdk::S3OriginConfig::builder().origin_access_identity("").build())
        .origin_access_control_id(&wanted.origin_access_control_id)
        .connection_attempts(3)
        .connection_timeout(10)
        .origin_shield(sdk::OriginShield::builder().enabled(false).build()?)
        .build()?;
    sdk::Origins::builder().quantity(1).items(origin).build()
}

fn behavior(
    live: Option<sdk::DefaultCacheBehavior>,
    wanted: &DistributionSpec,
) -> Result<sdk::DefaultCacheBehavior, BuildError> {
    let policy = sdk::ViewerProtocolPolicy::from(wanted.viewer_protocol_policy.as_str());
    let mut behavior = match live {
        Some(live) => live,
        None => sdk::DefaultCacheBehavior::builder()
            .target_origin_id(ORIGIN)
            .viewer_protocol_policy(policy.clone())
            .build()?,
    };
    let methods =
        |names: &mut dyn Iterator<Item = &str>| names.map(sdk::Method::from).collect::<Vec<_>>();
    let allowed = methods(&mut wanted.allowed_methods.iter().map(String::as_str));
    let cached = methods(&mut ["GET", "HEAD"].into_iter());
    let cached = sdk::CachedMethods::builder().quantity(2).set_items(Some(cached)).build()?;
    behavior.target_origin_id = ORIGIN.into();
    behavior.viewer_protocol_policy = policy;
    behavior.compress = Some(wanted.compress);
    behavior.allowed_methods = Some(
        sdk::AllowedMethods::builder()
            .quantity(i32::try_from(allowed.len()).unwrap_or(i32::MAX))
            .set_items(Some(allowed))
            .cached_methods(cached)
            .build()?,
    );
    behavior.cache_policy_id = Some(wanted.cache_policy_id.clone());
    let headers = &wanted.response_headers_policy_id;
    behavior.response_headers_policy_id = (!headers.is_empty()).then(|| headers.clone());
    behavior.origin_request_policy_id = None;
    behavior.realtime_log_config_arn = None;
    behavior.field_level_encryption_id = Some(String::new());
    behavior.smooth_streaming = Some(false);
    behavior.grpc_config = None;
    behavior.function_associations =
        Some(sdk::FunctionAssociations::builder().quantity(0).build()?);
    behavior.lambda_function_associations =
        Some(sdk::LambdaFunctionAssociations::builder().quantity(0).build()?);
    behavior.trusted_signers =
        Some(sdk::TrustedSigners::builder().enabled(false).quantity(0).build()?);
    behavior.trusted_key_groups =
        Some(sdk::TrustedKeyGroups::builder().enabled(false).quantity(0).build()?);
    // The cache policy sets these; beside one they are refused.
    clear_legacy(&mut behavior);
    Ok(behavior)
}

#[allow(deprecated)]
fn clear_legacy(behavior: &mut sdk::DefaultCacheBehavior) {
    behavior.forwarded_values = None;
    behavior.min_ttl = None;
    behavior.default_ttl = None;
    behavior.max_ttl = None;
}

fn error_responses(wanted: &DistributionSpec) -> Result<sdk::CustomErrorResponses, BuildError> {
    let mut pages = Vec::new();
    for (code, page) in &wanted.error_pages {
        let mut response = sdk::CustomErrorResponse::builder()
            .error_code(code.parse().unwrap_or_default())
            .error_caching_min_ttl(page.min_ttl);
        if !page.page.is_empty() {
            response = response.response_page_path(&page.page).response_code(&page.status);
        }
        pages.push(response.build()?);
    }
    let quantity = i32::try_from(pages.len()).unwrap_or(i32::MAX);
    sdk::CustomErrorResponses::builder()
        .quantity(quantity)
        .set_items((!pages.is_empty()).then_some(pages))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> DistributionSpec {
        let page = ErrorPageSpec { page: "/404.html".into(), status: "404".into(), min_ttl: 60 };
        DistributionSpec {
            tags: Tags::new(),
            comment: "c".into(),
            enabled: true,
            default_root_object: "index.html".into(),
            price_class: "PriceClass_100".into(),
            http_version: "http2and3".into(),
            ipv6: true,
            web_acl_arn: "arn:acl".into(),
            origin_domain: "b.s3.us-east-1.amazonaws.com".into(),
            origin_access_control_id: "O".into(),
            viewer_protocol_policy: "redirect-to-https".into(),
            compress: true,
            allowed_methods: ["GET", "HEAD"].map(String::from).into(),
            cache_policy_id: "P".into(),
            response_headers_policy_id: "R".into(),
            error_pages: BTreeMap::from([("403".into(), page)]),
            aliases: Default::default(),
            certificate: None,
            viewer_tls: None,
            allowed_countries: Default::default(),
            blocked_countries: ["KP"].map(String::from).into(),
            extras: BTreeMap::new(),
        }
    }

    #[test]
    fn a_spec_survives_the_round_trip() {
        let mut other = wanted();
        other.error_pages.clear();
        other.response_headers_policy_id.clear();
        other.allowed_methods = ["GET", "HEAD", "OPTIONS"].map(String::from).into();
        other.aliases = ["shop.example", "www.shop.example"].map(String::from).into();
        other.certificate = Some("arn:certificate".into());
        other.viewer_tls = Some("TLSv1.2_2021".into());
        for spec in [wanted(), other] {
            let config = fresh(&spec, "ref").unwrap();
            assert_eq!(config.caller_reference, "ref");
            assert_eq!(to_spec(&config, Tags::new()), spec);
        }
    }

    #[test]
    fn strangers_show_and_go() {
        let mut config = fresh(&wanted(), "ref").unwrap();
        config.aliases = sdk::Aliases::builder().quantity(1).items("evil.example").build().ok();
        let logging = sdk::LoggingConfig::builder().enabled(true).include_cookies(false);
        config.logging = Some(logging.bucket("logs").prefix("p").build());
        let mut origins = config.origins.clone().unwrap();
        let mut second = origins.items[0].clone();
        second.id = "second".into();
        second.domain_name = "evil.example".into();
        origins.items.push(second);
        origins.quantity = 2;
        config.origins = Some(origins);
        let live = to_spec(&config, Tags::new());
        assert_eq!(live.aliases, ["evil.example"].map(String::from).into());
        let expected = [("logging", "logs/p"), ("origin second", "evil.example")];
        assert_eq!(live.extras, expected.map(|(k, v)| (k.to_string(), v.to_string())).into());
        assert_eq!(to_spec(&overlay(config, &wanted()).unwrap(), Tags::new()), wanted());
    }
}
