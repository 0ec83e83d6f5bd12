//! A response headers policy as a spec and back; what a stranger added beyond the spec shows in
//! `custom`.

use super::spec::ResponseHeadersSpec;
use crate::model::CloudError;
use aws_sdk_cloudfront::error::BuildError;
use aws_sdk_cloudfront::types as sdk;
use std::collections::BTreeMap;

/// The spec of a live policy.
///
/// Sections that no stack declares (CORS, removed headers, server timing, XSS protection) and
/// headers that do not override the origin's become entries of `custom` in parentheses: no header
/// has such a name, so they are drift.
pub(super) fn to_spec(config: &sdk::ResponseHeadersPolicyConfig) -> ResponseHeadersSpec {
    let security = config.security_headers_config.as_ref();
    let csp = security.and_then(|s| s.content_security_policy.as_ref());
    let frame = security.and_then(|s| s.frame_options.as_ref());
    let referrer = security.and_then(|s| s.referrer_policy.as_ref());
    let nosniff = security.and_then(|s| s.content_type_options.as_ref());
    let hsts = security.and_then(|s| s.strict_transport_security.as_ref());
    let headers =
        config.custom_headers_config.as_ref().and_then(|c| c.items.as_deref()).unwrap_or_default();
    let mut custom: BTreeMap<String, String> =
        headers.iter().map(|h| (h.header.clone(), h.value.clone())).collect();

    let mut weak: Vec<&str> = [
        ("content-security-policy", csp.map(|h| h.r#override)),
        ("x-frame-options", frame.map(|h| h.r#override)),
        ("referrer-policy", referrer.map(|h| h.r#override)),
        ("x-content-type-options", nosniff.map(|h| h.r#override)),
        ("strict-transport-security", hsts.map(|h| h.r#override)),
    ]
    .into_iter()
    .filter(|(_, overrides)| *overrides == Some(false))
    .map(|(name, _)| name)
    .collect();
    weak.extend(headers.iter().filter(|h| !h.r#override).map(|h| h.header.as_str()));
    if !weak.is_empty() {
        custom.insert("(not overriding the origin)".into(), weak.join(", "));
    }
    custom.extend(strangers(config));

    ResponseHeadersSpec {
        comment: config.comment.clone().unwrap_or_default(),
        content_security_policy: csp.map(|h| h.content_security_policy.clone()).unwrap_or_default(),
        frame_options: frame.map(|h| h.frame_option.as_str().to_string()).unwrap_or_default(),
        referrer_policy: referrer
            .map(|h| h.referrer_policy.as_str().to_string())
            .unwrap_or_default(),
        content_type_options: nosniff.is_some(),
        hsts_max_age: hsts.map(|h| h.access_control_max_age_sec),
        hsts_include_subdomains: hsts.is_some_and(|h| h.include_subdomains == Some(true)),
        hsts_preload: hsts.is_some_and(|h| h.preload == Some(true)),
        custom,
    }
}

/// Whole sections that no stack declares.
fn strangers(config: &sdk::ResponseHeadersPolicyConfig) -> Vec<(String, String)> {
    let mut found = Vec::new();
    if let Some(cors) = &config.cors_config {
        let origins = cors.access_control_allow_origins.as_ref().map(|o| o.items.join(", "));
        found.push(("(cors)".into(), format!("allows origins {}", origins.unwrap_or_default())));
    }
    let removed =
        config.remove_headers_config.as_ref().and_then(|r| r.items.as_deref()).unwrap_or_default();
    if !removed.is_empty() {
        let names: Vec<&str> = removed.iter().map(|h| h.header.as_str()).collect();
        found.push(("(removed headers)".into(), names.join(", ")));
    }
    if let Some(timing) = config.server_timing_headers_config.as_ref().filter(|t| t.enabled) {
        found.push((
            "(server timing)".into(),
            format!("sampling {}", timing.sampling_rate.unwrap_or_default()),
        ));
    }
    if let Some(xss) =
        config.security_headers_config.as_ref().and_then(|s| s.xss_protection.as_ref())
    {
        found.push(("(x-xss-protection)".into(), format!("protection {}", xss.protection)));
    }
    found
}

/// The whole configuration of a wanted policy; every header overrides the origin's.
pub(super) fn to_config(
    name: &str,
    wanted: &ResponseHeadersSpec,
) -> Result<sdk::ResponseHeadersPolicyConfig, CloudError> {
    build(name, wanted).map_err(|error| {
        CloudError::shape("building a response headers policy", &error.to_string())
    })
}

fn build(
    name: &str,
    wanted: &ResponseHeadersSpec,
) -> Result<sdk::ResponseHeadersPolicyConfig, BuildError> {
    let headers: Vec<sdk::ResponseHeadersPolicyCustomHeader> = wanted
        .custom
        .iter()
        .map(|(header, value)| {
            sdk::ResponseHeadersPolicyCustomHeader::builder()
                .header(header)
                .value(value)
                .r#override(true)
                .build()
        })
        .collect::<Result<_, _>>()?;
    let custom = match headers.len() {
        0 => None,
        count => Some(
            sdk::ResponseHeadersPolicyCustomHeadersConfig::builder()
                .quantity(i32::try_from(count).unwrap_or(i32::MAX))
                .set_items(Some(headers))
                .build()?,
        ),
    };
    sdk::ResponseHeadersPolicyConfig::builder()
        .name(name)
        .comment(&wanted.comment)
        .set_security_headers_config(security(wanted)?)
        .set_custom_headers_config(custom)
        .build()
}

/// The security section, absent when the spec asks for none of its headers.
fn security(
    wanted: &ResponseHeadersSpec,
) -> Result<Option<sdk::ResponseHeadersPolicySecurityHeadersConfig>, BuildError> {
    let mut section = sdk::ResponseHeadersPolicySecurityHeadersConfig::builder();
    let mut any = false;
    if !wanted.content_security_policy.is_empty() {
        let csp = sdk::ResponseHeadersPolicyContentSecurityPolicy::builder().r#override(true);
        section = section.content_security_policy(
            csp.content_security_policy(&wanted.content_security_policy).build()?,
        );
        any = true;
    }
    if !wanted.frame_options.is_empty() {
        let frame = sdk::ResponseHeadersPolicyFrameOptions::builder().r#override(true);
        section = section
            .frame_options(frame.frame_option(wanted.frame_options.as_str().into()).build()?);
        any = true;
    }
    if !wanted.referrer_policy.is_empty() {
        let referrer = sdk::ResponseHeadersPolicyReferrerPolicy::builder().r#override(true);
        section = section.referrer_policy(
            referrer.referrer_policy(wanted.referrer_policy.as_str().into()).build()?,
        );
        any = true;
    }
    if wanted.content_type_options {
        let nosniff = sdk::ResponseHeadersPolicyContentTypeOptions::builder().r#override(true);
        section = section.content_type_options(nosniff.build()?);
        any = true;
    }
    if let Some(max_age) = wanted.hsts_max_age {
        let hsts = sdk::ResponseHeadersPolicyStrictTransportSecurity::builder()
            .r#override(true)
            .access_control_max_age_sec(max_age)
            .include_subdomains(wanted.hsts_include_subdomains)
            .preload(wanted.hsts_preload);
        section = section.strict_transport_security(hsts.build()?);
        any = true;
    }
    Ok(any.then(|| section.build()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> ResponseHeadersSpec {
        ResponseHeadersSpec {
            comment: "c".into(),
            content_security_policy: "default-src 'self'".into(),
            frame_options: "DENY".into(),
            referrer_policy: "no-referrer".into(),
            content_type_options: true,
            hsts_max_age: Some(63_072_000),
            hsts_include_subdomains: true,
            hsts_preload: false,
            custom: BTreeMap::from([("permissions-policy".into(), "camera=()".into())]),
        }
    }

    #[test]
    fn a_policy_survives_the_round_trip() {
        let bare = ResponseHeadersSpec {
            content_security_policy: String::new(),
            frame_options: String::new(),
            referrer_policy: String::new(),
            content_type_options: false,
            hsts_max_age: None,
            hsts_include_subdomains: false,
            custom: BTreeMap::new(),
            ..wanted()
        };
        for spec in [wanted(), bare] {
            assert_eq!(to_spec(&to_config("n", &spec).unwrap()), spec);
        }
    }

    #[test]
    fn what_a_stranger_adds_shows_as_drift() {
        let mut config = to_config("n", &wanted()).unwrap();
        let timing = sdk::ResponseHeadersPolicyServerTimingHeadersConfig::builder()
            .enabled(true)
            .sampling_rate(50.0);
        config.server_timing_headers_config = Some(timing.build().unwrap());
        let origins = sdk::ResponseHeadersPolicyAccessControlAllowOrigins::builder()
            .quantity(1)
            .items("*")
            .build()
            .unwrap();
        let headers = sdk::ResponseHeadersPolicyAccessControlAllowHeaders::builder()
            .quantity(1)
            .items("*")
            .build()
            .unwrap();
        let methods = sdk::ResponseHeadersPolicyAccessControlAllowMethods::builder()
            .quantity(1)
            .items(sdk::ResponseHeadersPolicyAccessControlAllowMethodsValues::All)
            .build()
            .unwrap();
        let cors = sdk::ResponseHeadersPolicyCorsConfig::builder()
            .access_control_allow_origins(origins)
            .access_control_allow_headers(headers)
            .access_control_allow_methods(methods)
            .access_control_allow_credentials(false)
            .origin_override(true);
        config.cors_config = Some(cors.build().unwrap());
        let removed =
            sdk::ResponseHeadersPolicyRemoveHeader::builder().header("etag").build().unwrap();
        let removed =
            sdk::ResponseHeadersPolicyRemoveHeadersConfig::builder().quantity(1).items(removed);
        config.remove_headers_config = Some(removed.build().unwrap());
        let security = config.security_headers_config.as_mut().unwrap();
        security.frame_options.as_mut().unwrap().r#override = false;
        security.referrer_policy.as_mut().unwrap().r#override = false;
        security.content_security_policy.as_mut().unwrap().r#override = false;
        security.content_type_options.as_mut().unwrap().r#override = false;
        security.strict_transport_security.as_mut().unwrap().r#override = false;
        let xss = sdk::ResponseHeadersPolicyXssProtection::builder().r#override(true);
        security.xss_protection = Some(xss.protection(false).build().unwrap());
        let custom = config.custom_headers_config.as_mut().unwrap().items.as_mut().unwrap();
        custom[0].r#override = false;
        let custom = to_spec(&config).custom;
        assert_eq!(custom.get("(server timing)").map(String::as_str), Some("sampling 50"));
        assert_eq!(
            custom.get("(not overriding the origin)").map(String::as_str),
            Some(
                "content-security-policy, x-frame-options, referrer-policy, \
                 x-content-type-options, strict-transport-security, permissions-policy"
            )
        );
        assert_eq!(custom.get("(cors)").map(String::as_str), Some("allows origins *"));
        assert_eq!(custom.get("(removed headers)").map(String::as_str), Some("etag"));
        assert!(custom.contains_key("(x-xss-protection)"));
    }
}
