//! The REST API: the API itself, its routes, its stage, and the account's log role it needs.

use super::{Context, reference};
use crate::model::spec::to_value;
use crate::model::{Address, Desired};
use crate::resources::apigateway::account::AccountSpec;
use crate::resources::apigateway::api::spec::RestApiSpec;
use crate::resources::apigateway::routes::spec::{CorsSpec, RouteSpec, RoutesSpec};
use crate::resources::apigateway::stage::spec::StageSpec;
use crate::stack::{Api, Route};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn api(context: &Context<'_>, api: &Api, all: &mut Vec<Desired>) {
    let scope = context.scope;
    all.push(context.log_group(
        "api",
        format!("/aws/apigateway/{}", scope.name("api")),
        &scope.region,
    ));
    let account = to_value(&AccountSpec { has_log_role: true });
    all.push(context.resource(
        "account",
        "logging",
        "AWS::ApiGateway::Account",
        scope.account.clone(),
        account,
    ));
    let spec = RestApiSpec {
        tags: context.tags("api"),
        description: format!("API of stack {}, env {}", scope.stack, scope.env),
        endpoint_type: "REGIONAL".into(),
        api_key_source: "HEADER".into(),
        disable_execute_api_endpoint: false,
        binary_media_types: BTreeSet::new(),
        minimum_compression_size: None,
    };
    all.push(context.resource(
        "api",
        "main",
        "AWS::ApiGateway::RestApi",
        scope.name("api"),
        to_value(&spec),
    ));
    all.push(routes(context, api));
    all.push(stage(context, api));
}

fn routes(context: &Context<'_>, api: &Api) -> Desired {
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
        routes: api.routes.iter().map(|route| (route.key(), one(context, route))).collect(),
        cors: if origins.is_empty() { BTreeMap::new() } else { cors(api, &origins.join(" ")) },
        gateway_responses,
    };
    let mut desired = context.resource(
        "routes",
        "main",
        "AWS::ApiGateway::Resource",
        context.scope.name("api"),
        to_value(&spec),
    );
    desired.context = json!({"rest_api_id": reference("api", "main", "id")});
    desired
}

fn one(context: &Context<'_>, route: &Route) -> RouteSpec {
    let name = context.scope.name(&route.function);
    RouteSpec {
        integration: "AWS_PROXY".into(),
        // Written out and not referred to: API Gateway need not wait for the function (catalogue
        // 5.1).
        function_arn: format!(
            "arn:aws:lambda:{}:{}:function:{name}",
            context.scope.region, context.scope.account
        ),
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
        allow_headers: "Content-Type".into(),
        max_age: "600".into(),
    };
    methods.into_iter().map(|(path, methods)| (path.to_string(), answer(methods))).collect()
}

fn stage(context: &Context<'_>, api: &Api) -> Desired {
    // Only context variables that hold no body, no header and no token.
    let format = json!({
        "requestId": "$context.requestId", "time": "$context.requestTimeEpoch", "ip": "$context.identity.sourceIp",
        "method": "$context.httpMethod", "path": "$context.path", "status": "$context.status",
        "ms": "$context.responseLatency", "bytes": "$context.responseLength",
        "integrationStatus": "$context.integrationStatus", "waf": "$context.wafResponseCode",
    });
    let spec = StageSpec {
        tags: context.tags("stage"),
        definition: reference("routes", "main", "definition"),
        throttling_rate: f64::from(api.throttling.rate),
        throttling_burst: i32::try_from(api.throttling.burst).unwrap_or(i32::MAX),
        metrics: true,
        access_log_arn: Some(reference("log_group", "api", "arn")),
        access_log_format: Some(format.to_string()),
        tracing: false,
    };
    let mut desired = context.resource(
        "stage",
        "main",
        "AWS::ApiGateway::Stage",
        api.stage.clone(),
        to_value(&spec),
    );
    desired.context = json!({"rest_api_id": reference("api", "main", "id")});
    desired.depends_on = BTreeSet::from([Address::new("account", "logging")]);
    desired
}
