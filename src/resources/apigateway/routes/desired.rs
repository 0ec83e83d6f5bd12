//! The routes of a stack's API, the answers to preflight requests and to methods that a path does
//! not have, and the gateway's own answers.

use super::INFO;
use super::gateway;
use super::not_allowed;
use super::spec::{CorsSpec, NotAllowedSpec, RouteSpec, RoutesSpec};
use crate::model::Desired;
use crate::resources::apigateway::authorizer::authorizer_id;
use crate::resources::context::{Context, Wanted, reference};
use crate::stack::{Api, Authorizer, Cors, Route};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// The methods that a browser may ask for on a route that takes every method.
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
            .map(|route| (route.key(), desired_route(context, api, route)))
            .collect(),
        cors: api.cors.iter().flat_map(|cors| preflights(context, api, cors)).collect(),
        not_allowed: refusals(context, api),
        gateway_responses: gateway::responses(context, api),
    };
    let mut desired = context.resource(&INFO, "main", context.scope.name("api"), &spec);
    desired.context = json!({"rest_api_id": reference("api", "main", "id")});
    desired
}

fn desired_route(context: &Context<'_>, api: &Api, route: &Route) -> RouteSpec {
    let authorizer = route.authorizer.as_ref().and_then(|id| api.authorizers.get(id));
    RouteSpec {
        integration: "AWS_PROXY".into(),
        // Written out and not referred to: API Gateway need not wait for the function (catalogue
        // 5.1).
        function_arn: context.function_arn(&route.function),
        authorization: authorizer.map_or("NONE", Authorizer::aws_authorization).into(),
        authorizer_id: route.authorizer.as_deref().map(authorizer_id),
        scopes: route.scopes.iter().cloned().collect(),
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

/// The answer to methods that a path does not have.
fn refusals(context: &Context<'_>, api: &Api) -> BTreeMap<String, NotAllowedSpec> {
    let refusal = |methods: BTreeSet<&str>| NotAllowedSpec {
        allow: methods.into_iter().collect::<Vec<_>>().join(", "),
        allow_origin: context.cors_origins().join(" "),
        allow_credentials: api.cors.as_ref().is_some_and(|cors| cors.credentials),
    };
    let paths = not_allowed::allowed(api).into_iter();
    paths.map(|(path, methods)| (path.to_string(), refusal(methods))).collect()
}
