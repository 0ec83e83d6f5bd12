//! The routes of a stack's API, the answers to preflight requests, and the gateway's own answers.

use super::INFO;
use super::spec::{CorsSpec, RouteSpec, RoutesSpec};
use crate::model::Desired;
use crate::resources::context::{Context, Wanted, reference};
use crate::stack::{Api, Cors, Route};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// What a browser may ask for where a route takes every method.
const ANY: [&str; 6] = ["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"];

pub(super) fn routes(context: &Context<'_>, wanted: &mut Wanted) {
    if let Some(api) = &context.stack.api {
        wanted.push(desired_routes(context, api));
    }
}

fn desired_routes(context: &Context<'_>, api: &Api) -> Desired {
    let spec = RoutesSpec {
        routes: api
            .routes
            .iter()
            .map(|route| (route.key(), desired_route(context, route)))
            .collect(),
        cors: api.cors.iter().flat_map(|cors| preflights(context, api, cors)).collect(),
        gateway_responses: api.cors.iter().flat_map(|cors| gateway(context, cors)).collect(),
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
fn preflights(context: &Context<'_>, api: &Api, cors: &Cors) -> BTreeMap<String, CorsSpec> {
    let mut methods: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for route in &api.routes {
        let all = methods.entry(&route.path).or_insert_with(|| BTreeSet::from(["OPTIONS"]));
        match route.method.as_str() {
            "ANY" => all.extend(ANY),
            method => drop(all.insert(method)),
        }
    }
    let answer = |methods: BTreeSet<&str>| CorsSpec {
        allow_origin: context.cors_origins().join(" "),
        allow_methods: methods.into_iter().collect::<Vec<_>>().join(","),
        allow_headers: cors.allowed_headers().join(","),
        allow_credentials: cors.credentials,
        max_age: cors.max_age.to_string(),
    };
    methods.into_iter().map(|(path, methods)| (path.to_string(), answer(methods))).collect()
}

/// Headers of API Gateway's own answers, so that pages can read what it refuses.
///
/// A gateway response knows no condition, only static values and parts of the request: of several
/// origins the caller's own is sent back, whoever it is. Such an answer holds nothing but API
/// Gateway's own message.
fn gateway(context: &Context<'_>, cors: &Cors) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut headers = BTreeMap::new();
    match context.cors_origins().as_slice() {
        [only] => drop(headers.insert("Access-Control-Allow-Origin".to_string(), only.clone())),
        _ => {
            let caller = "(method.request.header.Origin)";
            headers.insert("Access-Control-Allow-Origin".to_string(), caller.to_string());
            headers.insert("Vary".to_string(), "Origin".to_string());
        }
    }
    if cors.credentials {
        headers.insert("Access-Control-Allow-Credentials".to_string(), "true".to_string());
    }
    if !cors.expose.is_empty() {
        headers.insert("Access-Control-Expose-Headers".to_string(), cors.expose.join(","));
    }
    let kinds = ["DEFAULT_4XX", "DEFAULT_5XX"].map(String::from);
    kinds.into_iter().map(|kind| (kind, headers.clone())).collect()
}
