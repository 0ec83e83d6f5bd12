//! Makes an API's tree as wanted: reads it, then sends only the calls that make a difference, one
//! after the other.
//!
//! One writer per REST API: simultaneous changes answer ConflictException (catalogue 7.3 and 12.3).

use super::gateway;
use super::mock::{JSON, MockAnswer};
use super::not_allowed;
use super::preflight;
use super::read::{self, GATEWAY_HEADER, Tree, split};
use super::spec::{RouteSpec, RoutesSpec};
use super::steps::{Change, changes, paths};
use crate::aws::{CallOptions, Writer};
use crate::model::{CloudError, cloud_error::optional};
use crate::resources::apigateway as gw;
use crate::resources::apigateway::ApiGateway;
use aws_sdk_apigateway::types::{GatewayResponseType, IntegrationType};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The context of one run of changes.
pub struct Tending<'a> {
    pub writer: &'a Writer,
    pub api: &'a str,
    pub options: CallOptions,
    pub wanted: &'a RoutesSpec,
    /// Resource ids by path, kept up to date.
    ids: BTreeMap<String, String>,
}

/// Brings the live tree to `wanted`. Running it again completes what a crash left half done,
/// because what is compared is always the tree as it is now.
pub async fn converge(
    writer: &Writer,
    api: &str,
    options: CallOptions,
    wanted: &RoutesSpec,
) -> Result<(), CloudError> {
    let tree = read::tree(&writer.reader, api, options).await?;
    let live = read::to_spec(&tree, &writer.scope.region, &paths(wanted));
    let list = changes(&tree, &live, wanted);
    let mut tending = Tending { writer, api, options, wanted, ids: ids(&tree) };
    for (done, change) in list.iter().enumerate() {
        if list.len() > 8 && done % 8 == 0 {
            writer.caller.report_wait(&format!(
                "setting up routes, change {} of {}",
                done + 1,
                list.len()
            ));
        }
        tending.apply(change).await?;
    }
    Ok(())
}

fn ids(tree: &Tree) -> BTreeMap<String, String> {
    tree.nodes.iter().map(|(path, node)| (path.clone(), node.id.clone())).collect()
}

/// A repeated call after a lost answer finds that the first one worked: `... already exists`, `...
/// already has this name`. Nobody else writes this API, so what is there is ours.
fn already<T>(result: Result<T, CloudError>) -> Result<Option<T>, CloudError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.matches("ConflictException", "already") => Ok(None),
        Err(error) => Err(error),
    }
}

/// A gateway response's value as API Gateway takes it: static in quotes, an expression as it is.
fn mapping(value: &str) -> String {
    match value.strip_prefix('(').and_then(|v| v.strip_suffix(')')) {
        Some(expression) => expression.to_string(),
        None => format!("'{value}'"),
    }
}

impl Tending<'_> {
    async fn apply(&mut self, change: &Change) -> Result<(), CloudError> {
        match change {
            Change::DeleteMethod { path, verb } => self.delete_method(path, verb).await,
            Change::DeleteResource { path } => self.delete_resource(path).await,
            Change::CreateResource { path } => self.create_resource(path).await,
            Change::PutRoute { path, verb } => {
                self.put_method(path, verb, self.route(path, verb)?).await?;
                self.put_integration(path, verb).await
            }
            Change::PutIntegration { path, verb } => self.put_integration(path, verb).await,
            Change::PutPreflight { path } => self.put_preflight(path).await,
            Change::PutNotAllowed { path } => self.put_not_allowed(path).await,
            Change::PutGatewayResponse { kind } => self.put_gateway_response(kind).await,
            Change::DeleteGatewayResponse { kind } => self.delete_gateway_response(kind).await,
        }
    }

    fn id(&self, path: &str) -> Result<String, CloudError> {
        let id = self.ids.get(path).cloned();
        id.ok_or_else(|| CloudError::shape("apigateway GetResources", &format!("resource {path}")))
    }

    fn route(&self, path: &str, verb: &str) -> Result<&RouteSpec, CloudError> {
        let mut routes = self.wanted.routes.iter();
        let route = routes.find(|(key, _)| split(key) == (verb, path)).map(|(_, route)| route);
        route.ok_or_else(|| CloudError::shape("the plan", &format!("route {verb} {path}")))
    }

    async fn delete_method(&self, path: &str, verb: &str) -> Result<(), CloudError> {
        let (client, id) = (&self.writer.client::<ApiGateway>(), self.id(path)?);
        let gone = self
            .writer
            .caller
            .call("apigateway:DeleteMethod", || {
                client
                    .delete_method()
                    .rest_api_id(self.api)
                    .resource_id(&id)
                    .http_method(verb)
                    .send()
            })
            .await;
        optional(gone).map(|_| ())
    }

    async fn delete_resource(&mut self, path: &str) -> Result<(), CloudError> {
        let (client, id) = (&self.writer.client::<ApiGateway>(), self.id(path)?);
        let gone = self
            .writer
            .caller
            .call("apigateway:DeleteResource", || {
                client.delete_resource().rest_api_id(self.api).resource_id(&id).send()
            })
            .await;
        optional(gone)?;
        self.ids.remove(path);
        Ok(())
    }

    async fn create_resource(&mut self, path: &str) -> Result<(), CloudError> {
        let (above, part) = path.rsplit_once('/').unwrap_or(("", path));
        let parent = self.id(if above.is_empty() { "/" } else { above })?;
        let client = &self.writer.client::<ApiGateway>();
        let made = self
            .writer
            .caller
            .call_with("apigateway:CreateResource", self.options, || {
                client
                    .create_resource()
                    .rest_api_id(self.api)
                    .parent_id(&parent)
                    .path_part(part)
                    .send()
            })
            .await;
        match already(made)?.and_then(|resource| resource.id) {
            Some(id) => drop(self.ids.insert(path.to_string(), id)),
            // `Another resource with the same parent already has this name`: adopt it.
            None => self.ids = ids(&read::tree(&self.writer.reader, self.api, self.options).await?),
        }
        Ok(())
    }

    async fn put_method(
        &self,
        path: &str,
        verb: &str,
        route: &RouteSpec,
    ) -> Result<(), CloudError> {
        let (client, id) = (&self.writer.client::<ApiGateway>(), self.id(path)?);
        let scopes: Vec<String> = route.scopes.iter().cloned().collect();
        let put = self
            .writer
            .caller
            .call_with("apigateway:PutMethod", self.options, || {
                client
                    .put_method()
                    .rest_api_id(self.api)
                    .resource_id(&id)
                    .http_method(verb)
                    .authorization_type(&route.authorization)
                    .set_authorizer_id(route.authorizer_id.clone())
                    .set_authorization_scopes(Some(scopes.clone()).filter(|all| !all.is_empty()))
                    .api_key_required(route.api_key_required)
                    .send()
            })
            .await;
        already(put).map(|_| ())
    }

    /// Replaces the integration; Lambda is always invoked by POST (catalogue 7.5).
    async fn put_integration(&self, path: &str, verb: &str) -> Result<(), CloudError> {
        let (client, id, route) =
            (&self.writer.client::<ApiGateway>(), self.id(path)?, self.route(path, verb)?);
        let uri = gw::invocation_uri(&self.writer.scope.region, &route.function_arn);
        self.writer
            .caller
            .call_with("apigateway:PutIntegration", self.options, || {
                client
                    .put_integration()
                    .rest_api_id(self.api)
                    .resource_id(&id)
                    .http_method(verb)
                    .r#type(IntegrationType::from(route.integration.as_str()))
                    .integration_http_method("POST")
                    .uri(&uri)
                    .timeout_in_millis(route.timeout_ms)
                    .send()
            })
            .await
            .map(|_| ())
    }

    async fn put_preflight(&self, path: &str) -> Result<(), CloudError> {
        let missing = || CloudError::shape("the plan", &format!("CORS of {path}"));
        let cors = self.wanted.cors.get(path).ok_or_else(missing)?;
        self.put_mock(path, "OPTIONS", &preflight::answer(cors)).await
    }

    async fn put_not_allowed(&self, path: &str) -> Result<(), CloudError> {
        let missing = || CloudError::shape("the plan", &format!("methods of {path}"));
        let spec = self.wanted.not_allowed.get(path).ok_or_else(missing)?;
        self.put_mock(path, "ANY", &not_allowed::answer(spec)).await
    }

    /// Four calls; the declared answer must exist before the integration's answer (catalogue 7.1).
    async fn put_mock(
        &self,
        path: &str,
        verb: &str,
        answer: &MockAnswer,
    ) -> Result<(), CloudError> {
        let (client, id, caller) =
            (&self.writer.client::<ApiGateway>(), self.id(path)?, &self.writer.caller);
        let open = RouteSpec {
            integration: String::new(),
            function_arn: String::new(),
            authorization: "NONE".into(),
            authorizer_id: None,
            scopes: BTreeSet::new(),
            api_key_required: false,
            timeout_ms: 0,
        };
        self.put_method(path, verb, &open).await?;
        caller
            .call_with("apigateway:PutIntegration", self.options, || {
                let request = client.put_integration().rest_api_id(self.api).resource_id(&id);
                request
                    .http_method(verb)
                    .r#type(IntegrationType::Mock)
                    .passthrough_behavior(answer.passthrough)
                    .set_request_templates(Some(answer.request_templates()))
                    .send()
            })
            .await?;
        let headers = answer.parameters();
        let declared: HashMap<String, bool> =
            headers.keys().map(|name| (name.clone(), false)).collect();
        let put = caller
            .call_with("apigateway:PutMethodResponse", self.options, || {
                let request = client.put_method_response().rest_api_id(self.api).resource_id(&id);
                let request = request.http_method(verb).status_code(answer.status);
                request.set_response_parameters(Some(declared.clone())).send()
            })
            .await;
        already(put)?;
        let put = caller
            .call_with("apigateway:PutIntegrationResponse", self.options, || {
                let request =
                    client.put_integration_response().rest_api_id(self.api).resource_id(&id);
                let request = request.http_method(verb).status_code(answer.status);
                request
                    .set_response_parameters(Some(headers.clone()))
                    .set_response_templates(answer.response_templates())
                    .send()
            })
            .await;
        already(put).map(|_| ())
    }

    async fn put_gateway_response(&self, kind: &str) -> Result<(), CloudError> {
        let client = &self.writer.client::<ApiGateway>();
        let parts = self.wanted.gateway_responses.get(kind).cloned().unwrap_or_default();
        let body = parts.get(gateway::BODY);
        let templates = body.map(|text| HashMap::from([(JSON.to_string(), text.clone())]));
        let headers = parts.iter().filter(|(name, _)| !name.starts_with('('));
        let headers: HashMap<_, _> =
            headers.map(|(k, v)| (format!("{GATEWAY_HEADER}{k}"), mapping(v))).collect();
        self.writer
            .caller
            .call_with("apigateway:PutGatewayResponse", self.options, || {
                client
                    .put_gateway_response()
                    .rest_api_id(self.api)
                    .response_type(GatewayResponseType::from(kind))
                    .set_status_code(parts.get(gateway::STATUS).cloned())
                    .set_response_parameters(Some(headers.clone()))
                    .set_response_templates(templates.clone())
                    .send()
            })
            .await
            .map(|_| ())
    }

    async fn delete_gateway_response(&self, kind: &str) -> Result<(), CloudError> {
        let client = &self.writer.client::<ApiGateway>();
        let gone = self
            .writer
            .caller
            .call("apigateway:DeleteGatewayResponse", || {
                let request = client.delete_gateway_response().rest_api_id(self.api);
                request.response_type(GatewayResponseType::from(kind)).send()
            })
            .await;
        optional(gone).map(|_| ())
    }
}
