//! The response headers policy of a stack's site.

use super::INFO;
use super::spec::ResponseHeadersSpec;
use crate::resources::context::{Context, Wanted, reference};
use crate::stack::{Site, content_security_policy};

pub(super) fn headers(context: &Context<'_>, wanted: &mut Wanted) {
    if let (Some(site), Some(_)) = (&context.stack.site, &context.stack.cdn) {
        let spec = response_headers(context, site);
        wanted.push(context.resource(&INFO, "site", context.scope.name("site"), &spec));
    }
}

fn response_headers(context: &Context<'_>, site: &Site) -> ResponseHeadersSpec {
    let api = context.stack.api.is_some().then(|| reference("api", "main", "endpoint"));
    let csp = content_security_policy(site.headers.as_ref(), api.as_deref(), &|text| {
        context.fill(&text.parts)
    });
    let headers = site.headers.clone().unwrap_or_default();
    ResponseHeadersSpec {
        comment: context.scope.marker("site"),
        content_security_policy: csp,
        frame_options: headers.frame_options.aws().into(),
        referrer_policy: headers.referrer_policy.aws().into(),
        content_type_options: true,
        hsts_max_age: Some(headers.hsts.max_age),
        hsts_include_subdomains: headers.hsts.subdomains,
        hsts_preload: headers.hsts.preload,
        custom: headers.custom,
    }
}
