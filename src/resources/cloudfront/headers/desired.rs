//! The response headers policy of a stack's site.

use super::INFO;
use super::spec::ResponseHeadersSpec;
use crate::model::Scope;
use crate::model::scope::shared_marker;
use crate::resources::context::{Context, Wanted};
use crate::stack::{Site, content_security_policy};

/// Logical id of the one that environments with a time to live share.
const SHARED: &str = "shared";
const OWN: &str = "site";

/// Logical id of the policy that the site's distribution uses. A site that asks for headers of its
/// own has its own, whatever its time to live.
pub(crate) fn policy_id(context: &Context<'_>) -> &'static str {
    let asks = context.stack.site.as_ref().is_some_and(|site| site.headers.is_some())
        || context.api_domain().is_some();
    if context.is_ephemeral() && !asks { SHARED } else { OWN }
}

pub(super) fn headers(context: &Context<'_>, wanted: &mut Wanted) {
    let (Some(site), Some(_)) = (&context.stack.site, &context.stack.cdn) else { return };
    let (id, scope) = (policy_id(context), context.scope);
    let resource = if id == SHARED {
        let marker = shared_marker(&format!("sites with a time to live in {}", scope.region));
        let name = format!("shopstack-{}", scope.region);
        let spec = response_headers(context, site, marker, Some(every_api(scope)));
        context.resource(&INFO, id, name, &spec)
    } else {
        let api = context.stack.api.as_ref().map(|_| context.api_origin());
        let spec = response_headers(context, site, scope.marker(id), api);
        context.resource(&INFO, id, scope.name(id), &spec)
    };
    wanted.push(resource);
}

/// The pattern for the APIs of all environments of the region in a content security policy.
fn every_api(scope: &Scope) -> String {
    match &scope.endpoint {
        None => format!("https://*.execute-api.{}.amazonaws.com", scope.region),
        Some(url) => {
            let port = url::Url::parse(url).ok().and_then(|url| url.port());
            let port = port.map(|port| format!(":{port}")).unwrap_or_default();
            format!("http://*.execute-api.localhost{port}")
        }
    }
}

/// `api` is what pages may connect to besides their own site.
fn response_headers(
    context: &Context<'_>,
    site: &Site,
    marker: String,
    api: Option<String>,
) -> ResponseHeadersSpec {
    let csp = content_security_policy(site.headers.as_ref(), api.as_deref(), &|text| {
        context.fill(&text.parts)
    });
    let headers = site.headers.clone().unwrap_or_default();
    ResponseHeadersSpec {
        comment: marker,
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
