//! The response headers policy of a stack's site.

use super::INFO;
use super::spec::ResponseHeadersSpec;
use crate::model::Scope;
use crate::model::scope::shared_marker;
use crate::resources::context::{Context, Wanted, reference};
use std::collections::BTreeMap;

/// Logical id of the one that environments with a time to live share.
const SHARED: &str = "shared";
const OWN: &str = "site";

/// Logical id of the policy that the site's distribution uses.
pub(crate) fn policy_id(context: &Context<'_>) -> &'static str {
    if context.is_ephemeral() { SHARED } else { OWN }
}

pub(super) fn headers(context: &Context<'_>, wanted: &mut Wanted) {
    if context.stack.site.is_none() || context.stack.cdn.is_none() {
        return;
    }
    let (id, scope) = (policy_id(context), context.scope);
    let resource = if id == SHARED {
        let marker = shared_marker(&format!("sites with a time to live in {}", scope.region));
        let name = format!("shopstack-{}", scope.region);
        context.resource(&INFO, id, name, &response_headers(marker, &every_api(scope)))
    } else {
        let api = context.stack.api.as_ref().map(|_| reference("api", "main", "endpoint"));
        let spec = response_headers(scope.marker(id), &api.unwrap_or_default());
        context.resource(&INFO, id, scope.name(id), &spec)
    };
    wanted.push(resource);
}

/// What matches the API of every environment of the region in a content security policy.
fn every_api(scope: &Scope) -> String {
    match &scope.endpoint {
        None => format!("https://*.execute-api.{}.amazonaws.com", scope.region),
        Some(url) => {
            let port = url.trim_end_matches('/').rsplit(':').next();
            let port = port.and_then(|port| port.parse::<u16>().ok());
            let port = port.map(|port| format!(":{port}")).unwrap_or_default();
            format!("http://*.execute-api.localhost{port}")
        }
    }
}

/// `api` is what pages may connect to besides their own site; empty for nothing.
fn response_headers(marker: String, api: &str) -> ResponseHeadersSpec {
    let api = if api.is_empty() { String::new() } else { format!(" {api}") };
    ResponseHeadersSpec {
        comment: marker,
        content_security_policy: format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src \
             'self'; \
             manifest-src 'self'; connect-src 'self'{api}; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'"
        ),
        frame_options: "DENY".into(),
        referrer_policy: "no-referrer".into(),
        content_type_options: true,
        hsts_max_age: Some(31_536_000),
        hsts_include_subdomains: true,
        hsts_preload: false,
        custom: BTreeMap::new(),
    }
}
