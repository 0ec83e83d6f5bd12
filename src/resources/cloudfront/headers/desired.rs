//! The response headers policy of a stack's site.

use super::INFO;
use super::spec::ResponseHeadersSpec;
use crate::resources::context::{Context, Wanted, reference};
use std::collections::BTreeMap;

pub(super) fn headers(context: &Context<'_>, wanted: &mut Wanted) {
    if context.stack.site.is_some() && context.stack.cdn.is_some() {
        let spec = response_headers(context);
        wanted.push(context.resource(&INFO, "site", context.scope.name("site"), &spec));
    }
}

fn response_headers(context: &Context<'_>) -> ResponseHeadersSpec {
    let api = if context.stack.api.is_some() {
        format!(" {}", reference("api", "main", "endpoint"))
    } else {
        String::new()
    };
    ResponseHeadersSpec {
        comment: context.scope.marker("site"),
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
