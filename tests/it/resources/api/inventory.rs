//! What an account holds of APIs, with their stages, paths and methods.

use crate::support::clients::Clients;
use crate::support::inventory::{Inventory, sorted};
use aws_sdk_apigateway::types::RestApi;
use std::collections::HashMap;

pub async fn add(all: &mut Inventory, clients: &Clients) {
    let prefix = all.prefix();
    let gateway = &clients.apigateway;
    let apis: Result<Vec<_>, _> =
        gateway.get_rest_apis().into_paginator().items().send().collect().await;
    for api in apis.unwrap() {
        let (id, name) = (api.id().unwrap_or_default(), api.name().unwrap_or_default());
        if !name.starts_with(&prefix) {
            continue;
        }
        all.alike(id, "API");
        let stages = gateway.get_stages().rest_api_id(id).send().await.unwrap();
        for stage in stages.item() {
            let text = format!(
                "{:?} {} logs {:?} acl {:?} tags {}",
                stage.tracing_enabled,
                sorted(stage.method_settings.clone().unwrap_or_default()),
                stage.access_log_settings,
                stage.web_acl_arn,
                tags(
                    clients,
                    &format!("{id}/stages/{}", stage.stage_name().unwrap_or_default()),
                    &stage.tags
                )
                .await,
            );
            all.add(format!("stage {name} {}", stage.stage_name().unwrap_or_default()), text);
        }
        authorizers(all, clients, id, name).await;
        let deployments: Result<Vec<_>, _> = gateway
            .get_deployments()
            .rest_api_id(id)
            .into_paginator()
            .items()
            .send()
            .collect()
            .await;
        let gateway_responses =
            gateway.get_gateway_responses().rest_api_id(id).send().await.unwrap();
        let changed: Vec<_> =
            gateway_responses.items().iter().filter(|r| !r.default_response).collect();
        let changed = changed.iter().map(|r| {
            let pairs = |map: &Option<_>| {
                sorted::<(String, String)>(Option::clone(map).unwrap_or_default())
            };
            (r.response_type.clone(), pairs(&r.response_parameters), pairs(&r.response_templates))
        });
        let text = format!(
            "{:?} {:?} deployments {} responses {} tags {}",
            api.description,
            api.endpoint_configuration,
            deployments.unwrap().len(),
            sorted(changed),
            tags(clients, id, &api.tags).await,
        );
        all.add(format!("api {name}"), text);
        routes(all, clients, id, name).await;
    }
}

/// Tags of an API or a stage. MiniStack lists those it was made with, and only GetTags tells of
/// later ones.
async fn tags(clients: &Clients, path: &str, listed: &Option<HashMap<String, String>>) -> String {
    let arn = format!("arn:aws:apigateway:{}::/restapis/{path}", clients.connections.region());
    let asked =
        clients.apigateway.get_tags().resource_arn(arn).send().await.ok().and_then(|a| a.tags);
    sorted(asked.filter(|tags| !tags.is_empty()).or_else(|| listed.clone()).unwrap_or_default())
}

async fn routes(all: &mut Inventory, clients: &Clients, id: &str, api: &str) {
    let resources: Result<Vec<_>, _> = clients
        .apigateway
        .get_resources()
        .rest_api_id(id)
        .embed("methods")
        .into_paginator()
        .items()
        .send()
        .collect()
        .await;
    for resource in resources.unwrap() {
        let path = resource.path().unwrap_or_default().to_string();
        all.add(format!("path {api} {path}"), String::new());
        for (verb, method) in resource.resource_methods.unwrap_or_default() {
            let mut text = format!(
                "{:?} {:?} {}",
                method.authorization_type,
                method.api_key_required,
                sorted(method.request_parameters.clone().unwrap_or_default()),
            );
            for (status, answer) in method.method_responses.clone().unwrap_or_default() {
                text += &format!(
                    " answer {status} {}",
                    sorted(answer.response_parameters.unwrap_or_default())
                );
            }
            if let Some(behind) = &method.method_integration {
                text += &format!(" {:?} {:?} {:?}", behind.r#type, behind.uri, behind.http_method);
                text += &sorted(behind.request_templates.clone().unwrap_or_default());
                for (status, answer) in behind.integration_responses.clone().unwrap_or_default() {
                    text += &format!(
                        " gives {status} {}",
                        sorted(answer.response_parameters.unwrap_or_default())
                    );
                }
            }
            all.add(format!("method {api} {verb} {path}"), text);
        }
    }
}

/// Names, ids and tags of all APIs.
pub async fn names(clients: &Clients) -> Vec<String> {
    let apis = clients.apigateway.get_rest_apis().into_paginator().items().send();
    let apis: Vec<_> = apis.collect::<Result<_, _>>().await.unwrap();
    let describe = |api: RestApi| {
        let tags: Vec<String> = api.tags.unwrap_or_default().into_values().collect();
        format!("{:?} {:?} {}", api.name, api.id, tags.join(" "))
    };
    apis.into_iter().map(describe).collect()
}

async fn authorizers(all: &mut Inventory, clients: &Clients, api: &str, name: &str) {
    let listed = clients.apigateway.get_authorizers().rest_api_id(api).send().await.unwrap();
    for seen in listed.items() {
        let named = seen.name().unwrap_or_default();
        all.alike(seen.id().unwrap_or_default(), &format!("ID OF {named}"));
        let text = format!(
            "{:?} {:?} {:?} {:?} {:?} {:?}",
            seen.r#type,
            seen.authorizer_uri,
            seen.provider_arns,
            seen.identity_source,
            seen.identity_validation_expression,
            seen.authorizer_result_ttl_in_seconds
        );
        all.add(format!("authorizer {name} {named}"), text);
    }
}
