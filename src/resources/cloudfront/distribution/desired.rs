//! The distribution in front of a stack's site.

use super::INFO;
use super::spec::{DistributionSpec, ErrorPageSpec};
use crate::resources::cloudfront::{headers, oac};
use crate::resources::context::{Context, Wanted, reference};
use crate::stack::{Cdn, ErrorPage};
use std::collections::BTreeMap;

/// AWS's managed cache policy CachingOptimized, by its documented id.
const CACHING_OPTIMIZED: &str = "658327ea-f89d-4fab-a63d-7e88639e58f6";

/// The oldest TLS for viewers under a name of one's own, as CloudFront recommends it.
const VIEWER_TLS: &str = "TLSv1.2_2021";

pub(super) fn distribution(context: &Context<'_>, wanted: &mut Wanted) {
    if let (Some(_), Some(cdn)) = (&context.stack.site, &context.stack.cdn) {
        let spec = desired_distribution(context, cdn, &mut wanted.notes);
        wanted.push(context.resource(&INFO, "site", context.scope.name("site"), &spec));
    }
}

fn desired_distribution(
    context: &Context<'_>,
    cdn: &Cdn,
    notes: &mut Vec<String>,
) -> DistributionSpec {
    let emulated = context.scope.endpoint.is_some();
    if emulated {
        notes.push(
            "this endpoint is not AWS and speaks plain http: the viewer policy is allow-all and \
             the bucket lets this \
             distribution read without TLS here; on AWS it is redirect-to-https and TLS only"
                .into(),
        );
    }
    if cdn.error_pages.contains_key(&404) && !cdn.error_pages.contains_key(&403) {
        notes.push(
            "S3 answers 403 for a file that the site does not have, so the page of \
             `cdn.error_pages` for 404 is not shown: give 403 one as well"
                .into(),
        );
    }
    let page = |(status, page): (&u16, &ErrorPage)| {
        let spec = ErrorPageSpec {
            page: page.page.clone(),
            status: page.status.to_string(),
            min_ttl: i64::from(page.cache_seconds),
        };
        (status.to_string(), spec)
    };
    let waf = context.stack.waf.is_some();
    let domain = context.stack.site.as_ref().and_then(|site| site.domain.as_ref());
    if domain.is_some() && emulated {
        notes.push(
            "no domain of your own leads to this endpoint: site and API name the endpoint's own \
             addresses here, and those of the domains on AWS"
                .into(),
        );
    }
    DistributionSpec {
        tags: context.tags("site"),
        comment: context.scope.marker("site"),
        enabled: true,
        default_root_object: cdn.default_object.clone(),
        price_class: cdn.price_class.aws().into(),
        http_version: "http2and3".into(),
        ipv6: true,
        web_acl_arn: if waf { reference("web_acl", "cdn", "arn") } else { String::new() },
        origin_domain: reference("bucket", "site", "regional_domain_name"),
        origin_access_control_id: reference("oac", oac::SHARED, "id"),
        viewer_protocol_policy: if emulated { "allow-all" } else { "redirect-to-https" }.into(),
        compress: true,
        allowed_methods: ["GET", "HEAD", "OPTIONS"].map(String::from).into(),
        cache_policy_id: CACHING_OPTIMIZED.into(),
        response_headers_policy_id: reference("headers", headers::policy_id(context), "id"),
        error_pages: cdn.error_pages.iter().map(page).collect(),
        aliases: domain.iter().flat_map(|domain| domain.names().cloned()).collect(),
        certificate: domain.map(|domain| domain.certificate.clone()),
        viewer_tls: domain.map(|_| VIEWER_TLS.to_string()),
        allowed_countries: cdn.geo.iter().flat_map(|geo| geo.allow.iter().cloned()).collect(),
        blocked_countries: cdn.geo.iter().flat_map(|geo| geo.block.iter().cloned()).collect(),
        extras: BTreeMap::new(),
    }
}
