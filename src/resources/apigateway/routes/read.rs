//! Reads the tree of an API's resources with their methods, and its gateway responses, as one
//! RoutesSpec.

use super::not_allowed;
use super::preflight;
use super::spec::{CorsSpec, NotAllowedSpec, RouteSpec, RoutesSpec};
use crate::aws::{CallOptions, Reader};
use crate::model::CloudError;
use crate::resources::apigateway as gw;
use crate::resources::apigateway::ApiGateway;
use crate::resources::common::paged;
use aws_sdk_apigateway::types::{GatewayResponse, Integration, IntegrationType, Method, Resource};
use std::collections::{BTreeMap, BTreeSet};

/// The prefix of GatewayResponse parameters that set a header.
pub const GATEWAY_HEADER: &str = "gatewayresponse.header.";
/// The body API Gateway fills in where a gateway response has no template of its own.
const DEFAULT_BODY: &str = r#"{"message":$context.error.messageString}"#;
const DEFAULT_TIMEOUT_MS: i32 = 29_000;

/// An API's resources by path and its changed gateway responses.
#[derive(Debug, Default)]
pub struct Tree {
    pub nodes: BTreeMap<String, Node>,
    pub gateway_responses: BTreeMap<String, BTreeMap<String, String>>,
}

/// One resource.
#[derive(Debug, Default)]
pub struct Node {
    pub id: String,
    pub methods: BTreeMap<String, Method>,
}

/// Two parallel reads; one more for each method that did not come along whole.
pub async fn tree(reader: &Reader, api: &str, options: CallOptions) -> Result<Tree, CloudError> {
    let (resources, responses) = futures_util::future::try_join(
        resources(reader, api, options),
        responses(reader, api, options),
    )
    .await?;
    let mut tree = Tree::default();
    for resource in resources {
        let methods = resource.resource_methods().into_iter().flatten();
        let node = Node {
            id: resource.id().unwrap_or_default().to_string(),
            methods: methods.map(|(verb, method)| (verb.clone(), method.clone())).collect(),
        };
        tree.nodes.insert(resource.path().unwrap_or("/").to_string(), node);
    }
    complete(reader, api, &mut tree).await?;
    // Some endpoints list all the defaults, marked as such.
    for response in responses.iter().filter(|r| !r.default_response()) {
        let kind = response.response_type().map(|t| t.as_str().to_string()).unwrap_or_default();
        tree.gateway_responses.insert(kind, gateway_headers(response));
    }
    Ok(tree)
}

async fn resources(
    reader: &Reader,
    api: &str,
    options: CallOptions,
) -> Result<Vec<Resource>, CloudError> {
    paged(|position| async move {
        let page = reader
            .caller
            .call_with("apigateway:GetResources", options, || {
                let request = reader
                    .client::<ApiGateway>()
                    .get_resources()
                    .rest_api_id(api)
                    .embed("methods")
                    .limit(gw::PAGE);
                request.set_position(position.clone()).send()
            })
            .await?;
        Ok((page.items.unwrap_or_default(), page.position))
    })
    .await
}

async fn responses(
    reader: &Reader,
    api: &str,
    options: CallOptions,
) -> Result<Vec<GatewayResponse>, CloudError> {
    paged(|position| async move {
        let page = reader
            .caller
            .call_with("apigateway:GetGatewayResponses", options, || {
                let request = reader
                    .client::<ApiGateway>()
                    .get_gateway_responses()
                    .rest_api_id(api)
                    .limit(gw::PAGE);
                request.set_position(position.clone()).send()
            })
            .await?;
        Ok((page.items.unwrap_or_default(), page.position))
    })
    .await
}

/// Whether AWS's embed carries each method's integration, and that with all its answers, is
/// unverified (catalogue 7.6): what does not read as something of ours is asked for by itself. What
/// is as it should be costs nothing.
async fn complete(reader: &Reader, api: &str, tree: &mut Tree) -> Result<(), CloudError> {
    let missing: Vec<(String, String, String)> = tree
        .nodes
        .iter()
        .flat_map(|(path, node)| {
            node.methods.iter().map(move |(verb, method)| (path, node, verb, method))
        })
        .filter(|(_, _, verb, method)| !is_whole(verb, method, &reader.region))
        .map(|(path, node, verb, _)| (path.clone(), node.id.clone(), verb.clone()))
        .collect();
    let asked = missing.iter().map(|(_, id, verb)| {
        reader.caller.call("apigateway:GetMethod", move || {
            reader
                .client::<ApiGateway>()
                .get_method()
                .rest_api_id(api)
                .resource_id(id)
                .http_method(verb)
                .send()
        })
    });
    for ((path, _, verb), answer) in missing.iter().zip(futures_util::future::join_all(asked).await)
    {
        let Some(answer) = crate::model::cloud_error::optional(answer)? else {
            continue;
        };
        let method = Method::builder()
            .set_http_method(answer.http_method)
            .set_authorization_type(answer.authorization_type)
            .set_authorizer_id(answer.authorizer_id)
            .set_api_key_required(answer.api_key_required)
            .set_request_validator_id(answer.request_validator_id)
            .set_operation_name(answer.operation_name)
            .set_request_parameters(answer.request_parameters)
            .set_request_models(answer.request_models)
            .set_method_responses(answer.method_responses)
            .set_method_integration(answer.method_integration)
            .set_authorization_scopes(answer.authorization_scopes)
            .build();
        if let Some(node) = tree.nodes.get_mut(path) {
            node.methods.insert(verb.clone(), method);
        }
    }
    Ok(())
}

/// True for what we write: a preflight answer, a 405, or a proxy to something. Strangers' methods
/// may be whole and are not.
fn is_whole(verb: &str, method: &Method, region: &str) -> bool {
    match read_method(verb, method, region) {
        Seen::Preflight(_) | Seen::NotAllowed(_) => true,
        Seen::Route(route) => {
            route.integration == IntegrationType::AwsProxy.as_str()
                && !route.function_arn.is_empty()
        }
    }
}

/// Headers without prefix and quotes; a status, body or other parameter that somebody set shows in
/// brackets.
fn gateway_headers(response: &GatewayResponse) -> BTreeMap<String, String> {
    let mut headers = BTreeMap::new();
    for (name, value) in response.response_parameters().into_iter().flatten() {
        let key =
            name.strip_prefix(GATEWAY_HEADER).map_or_else(|| format!("({name})"), str::to_string);
        headers.insert(key, unquoted(value).unwrap_or_else(|| format!("({value})")));
    }
    if let Some(status) = response.status_code().filter(|s| !s.is_empty()) {
        headers.insert("(status)".into(), status.into());
    }
    for (kind, body) in response.response_templates().into_iter().flatten() {
        if body != DEFAULT_BODY {
            headers.insert(format!("(body {kind})"), body.clone());
        }
    }
    headers
}

/// The inside of a static value; `None` for a mapping expression.
fn unquoted(value: &str) -> Option<String> {
    value.strip_prefix('\'').and_then(|v| v.strip_suffix('\'')).map(str::to_string)
}

/// A path and all those above it, `/` included.
pub fn lineage(path: &str) -> BTreeSet<String> {
    let mut paths = BTreeSet::from(["/".to_string()]);
    let mut upto = String::new();
    for part in path.split('/').filter(|p| !p.is_empty()) {
        upto.push('/');
        upto.push_str(part);
        paths.insert(upto.clone());
    }
    paths
}

/// Splits `GET /products`.
pub fn split(key: &str) -> (&str, &str) {
    key.split_once(' ').unwrap_or((key, "/"))
}

/// The tree as a spec. `wanted` paths may be without methods as yet; any other resource that leads
/// to no method is somebody else's, and shows as a route `(no method) /path`.
pub fn to_spec(tree: &Tree, region: &str, wanted: &BTreeSet<String>) -> RoutesSpec {
    let mut spec = RoutesSpec {
        routes: BTreeMap::new(),
        cors: BTreeMap::new(),
        not_allowed: BTreeMap::new(),
        gateway_responses: tree.gateway_responses.clone(),
    };
    let with_methods =
        tree.nodes.iter().filter(|(_, node)| !node.methods.is_empty()).map(|(path, _)| path);
    let needed: BTreeSet<String> =
        with_methods.chain(wanted).flat_map(|path| lineage(path)).collect();
    for (path, node) in &tree.nodes {
        if !needed.contains(path) {
            spec.routes.insert(format!("(no method) {path}"), nothing());
        }
        for (verb, method) in &node.methods {
            match read_method(verb, method, region) {
                Seen::Preflight(cors) => drop(spec.cors.insert(path.clone(), cors)),
                Seen::NotAllowed(answer) => drop(spec.not_allowed.insert(path.clone(), answer)),
                Seen::Route(route) => drop(spec.routes.insert(format!("{verb} {path}"), route)),
            }
        }
    }
    spec
}

fn nothing() -> RouteSpec {
    RouteSpec {
        integration: String::new(),
        function_arn: String::new(),
        authorization: String::new(),
        authorizer_id: None,
        scopes: BTreeSet::new(),
        api_key_required: false,
        timeout_ms: 0,
    }
}

/// A method by origin. A foreign method is a route as well, so that it shows as drift.
enum Seen {
    Preflight(CorsSpec),
    NotAllowed(NotAllowedSpec),
    Route(RouteSpec),
}

fn read_method(verb: &str, method: &Method, region: &str) -> Seen {
    let mut route = nothing();
    route.authorization = method.authorization_type().unwrap_or("NONE").to_string();
    route.authorizer_id = method.authorizer_id().filter(|id| !id.is_empty()).map(str::to_string);
    route.scopes = method.authorization_scopes().iter().cloned().collect();
    route.api_key_required = method.api_key_required().unwrap_or(false);
    let Some(integration) = method.method_integration() else {
        route.integration = "(no integration)".into();
        return Seen::Route(route);
    };
    let kind = integration.r#type();
    let uri = integration.uri().unwrap_or_default();
    let mut extras = extras(method, integration);
    let mut target = gw::invoked_function(uri, region).unwrap_or(uri).to_string();
    // Preflights and refusals are for everybody.
    let is_mock = kind == Some(&IntegrationType::Mock) && route.authorizer_id.is_none();
    if is_mock && verb == "OPTIONS" {
        match preflight::read(method, integration, &extras) {
            Ok(cors) => return Seen::Preflight(cors),
            Err(other) => target = other,
        }
    } else if is_mock && verb == "ANY" {
        match not_allowed::read(method, integration, &extras) {
            Ok(answer) => return Seen::NotAllowed(answer),
            Err(other) => target = other,
        }
    } else {
        if integration.http_method() != Some("POST") {
            extras.push(format!("httpMethod={}", integration.http_method().unwrap_or_default()));
        }
        extras.extend(answers(method, integration));
    }
    let kind = kind.map_or("(no type)", |k| k.as_str());
    let with =
        if extras.is_empty() { String::new() } else { format!(" with {}", extras.join("; ")) };
    route.integration = format!("{kind}{with}");
    route.function_arn = target;
    let timeout = integration.timeout_in_millis();
    route.timeout_ms = if timeout == 0 { DEFAULT_TIMEOUT_MS } else { timeout };
    Seen::Route(route)
}

/// Settings we never make, as `name=value`; what AWS fills in by itself (catalogue 7.6) is left
/// out.
fn extras(method: &Method, integration: &Integration) -> Vec<String> {
    let mut found = Vec::new();
    let mut tell = |name: &str, value: Option<&str>| {
        if let Some(value) = value.filter(|v| !v.is_empty()) {
            found.push(format!("{name}={value}"));
        }
    };
    let keys = |keys: Vec<&String>| {
        let sorted: BTreeSet<_> = keys.into_iter().map(String::as_str).collect();
        Some(sorted.into_iter().collect::<Vec<_>>().join(",")).filter(|k| !k.is_empty())
    };
    tell("requestValidatorId", method.request_validator_id());
    tell("operationName", method.operation_name());
    tell(
        "requestParameters",
        keys(method.request_parameters().into_iter().flat_map(|m| m.keys()).collect()).as_deref(),
    );
    tell(
        "requestModels",
        keys(method.request_models().into_iter().flat_map(|m| m.keys()).collect()).as_deref(),
    );
    tell(
        "connectionType",
        integration.connection_type().map(|t| t.as_str()).filter(|t| *t != "INTERNET"),
    );
    tell("connectionId", integration.connection_id());
    tell("credentials", integration.credentials());
    let mappings = integration.request_parameters().into_iter().flat_map(|m| m.keys()).collect();
    tell("parameterMappings", keys(mappings).as_deref());
    tell("contentHandling", integration.content_handling().map(|c| c.as_str()));
    tell("cacheKeyParameters", Some(&integration.cache_key_parameters().join(",")));
    tell(
        "responseTransferMode",
        integration.response_transfer_mode().map(|m| m.as_str()).filter(|m| *m != "BUFFERED"),
    );
    let insecure = integration.tls_config().is_some_and(|t| t.insecure_skip_verification());
    tell("insecureSkipVerification", insecure.then_some("true"));
    found
}

/// A proxy's answers come from the function: templates and declared answers are not ours.
fn answers(method: &Method, integration: &Integration) -> Vec<String> {
    let list = |name: &str, keys: BTreeSet<&String>| {
        let keys: Vec<_> = keys.into_iter().map(String::as_str).collect();
        (!keys.is_empty()).then(|| format!("{name}={}", keys.join(",")))
    };
    [
        list(
            "requestTemplates",
            integration.request_templates().into_iter().flat_map(|m| m.keys()).collect(),
        ),
        list(
            "integrationResponses",
            integration.integration_responses().into_iter().flat_map(|m| m.keys()).collect(),
        ),
        list(
            "methodResponses",
            method.method_responses().into_iter().flat_map(|m| m.keys()).collect(),
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
