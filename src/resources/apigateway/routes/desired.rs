//! The routes of a stack's API, the answers to preflight requests, and the gateway's own answers.

use super::INFO;
use super::spec::{CorsSpec, RouteSpec, RoutesSpec};
use crate::model::Desired;
use crate::resources::context::{Context, Wanted, reference};
use crate::stack::{Api, Route};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn routes(context: &Context<'_>, wanted: &mut Wanted) {
    if let Some(api) = &context.stack.api {
        wanted.push(desired_routes(context, api));
    }
}

fn desired_routes(context: &Context<'_>, api: &Api) -> Desired {
    let origins = context.cors_origins();
    let mut gateway_responses = BTreeMap::new();
    if let Some(first) = origins.first() {
        for kind in ["DEFAULT_4XX", "DEFAULT_5XX"] {
            let headers =
                BTreeMap::from([("Access-Control-Allow-Origin".to_string(), first.clone())]);
            gateway_responses.insert(kind.to_string(), headers);
        }
    }
    let spec = RoutesSpec {
        routes: api
            .routes
            .iter()
            .map(|route| (route.key(), desired_route(context, route)))
            .collect(),
        cors: if origins.is_empty() { BTreeMap::new() } else { cors(api, &origins.join(" ")) },
        gateway_responses,
    };
    let mut desired = context.resource(&INFO, "main", context.scope.name("api"), &spec);
    desired.context = json!({"rest_api_id": reference("api", "main", "id")});
    desired
}

fn desired_route(context: &Context<'_>, route: &Route) -> RouteSpec {
    RouteSpec {
        integration: "AWS_PROXY".into(),
        // Written out and not referred to: API Gateway need not wait for the function (catalogue
        // 5.1).
        function_arn: context.function_arn(&route.function),
        authorization: "NONE".into(),
        api_key_required: false,
        timeout_ms: 29_000,
    }
}

/// The answer to preflight requests, for every path that has routes.
fn cors(api: &Api, allow_origin: &str) -> BTreeMap<String, CorsSpec> {
    let mut methods: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for route in &api.routes {
        methods
            .entry(&route.path)
            .or_insert_with(|| BTreeSet::from(["OPTIONS"]))
            .insert(&route.method);
    }
    let answer = |methods: BTreeSet<&str>| CorsSpec {
        allow_origin: allow_origin.to_string(),
        allow_methods: methods.into_iter().collect::<Vec<_>>().join(","),
        allow_headers: "Content-Type,Idempotency-Key".into(),
        max_age: "600".into(),
    };
    methods.into_iter().map(|(path, methods)| (path.to_string(), answer(methods))).collect()
}
