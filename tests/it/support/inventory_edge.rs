//! The inventory's other half: API, distribution and what hangs on it, web ACLs, buckets with their
//! objects.

use super::inventory::{Inventory, sorted};
use aws_sdk_cloudfront::types::ResponseHeadersPolicyType;
use aws_sdk_wafv2::types::Scope;
use shopstack::aws::clients::Clients;
use std::collections::HashMap;

pub async fn apis(all: &mut Inventory, clients: &Clients, prefix: &str) {
    let gateway = &clients.apigateway;
    let apis: Result<Vec<_>, _> =
        gateway.get_rest_apis().into_paginator().items().send().collect().await;
    for api in apis.unwrap() {
        let (id, name) = (api.id().unwrap_or_default(), api.name().unwrap_or_default());
        if !name.starts_with(prefix) {
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
    let arn = format!("arn:aws:apigateway:{}::/restapis/{path}", clients.region);
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

pub async fn cdn(all: &mut Inventory, clients: &Clients, prefix: &str) {
    let cloudfront = &clients.cloudfront;
    let controls = cloudfront.list_origin_access_controls().send().await.unwrap();
    for control in controls.origin_access_control_list.iter().flat_map(|l| l.items()) {
        if control.name().starts_with(prefix) {
            all.alike(control.id(), "OAC");
            all.add(format!("oac {}", control.name()), format!("{control:?}"));
        }
    }
    let policies = cloudfront
        .list_response_headers_policies()
        .r#type(ResponseHeadersPolicyType::Custom)
        .send()
        .await
        .unwrap();
    for policy in policies.response_headers_policy_list.iter().flat_map(|l| l.items()) {
        let Some(policy) = policy.response_headers_policy() else {
            continue;
        };
        let Some(config) = policy.response_headers_policy_config() else {
            continue;
        };
        if config.name().starts_with(prefix) {
            all.alike(policy.id(), "HEADERS");
            all.add(format!("headers policy {}", config.name()), format!("{config:?}"));
        }
    }
    let distributions: Result<Vec<_>, _> = cloudfront
        .list_distributions()
        .into_paginator()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await;
    let pages = distributions.unwrap();
    let found = pages.iter().filter_map(|p| p.distribution_list.as_ref()).flat_map(|l| l.items());
    for one in found.filter(|d| format!("{d:?}").contains(prefix)) {
        all.alike(&one.id, "DISTRIBUTION");
        all.alike(&one.domain_name, "DOMAIN");
        all.alike(one.domain_name.split('.').next().unwrap_or_default(), "DOMAIN");
        let config = cloudfront
            .get_distribution_config()
            .id(&one.id)
            .send()
            .await
            .unwrap()
            .distribution_config;
        let tags =
            cloudfront.list_tags_for_resource().resource(&one.arn).send().await.unwrap().tags;
        if let Some(config) = &config {
            all.alike(&config.caller_reference, "REFERENCE");
        }
        let tags = sorted(tags.iter().flat_map(|t| t.items()));
        all.add("distribution".into(), format!("{} {config:?} tags {tags}", one.status));
    }
}

pub async fn acls(all: &mut Inventory, clients: &Clients, prefix: &str) {
    for scope in [Scope::Regional, Scope::Cloudfront] {
        let waf = clients.waf_in(scope.as_str());
        let listed = waf.list_web_acls().scope(scope.clone()).send().await.unwrap();
        for one in
            listed.web_acls().iter().filter(|a| a.name().is_some_and(|n| n.starts_with(prefix)))
        {
            let (id, name, arn) = (one.id().unwrap(), one.name().unwrap(), one.arn().unwrap());
            all.alike(id, "ACL");
            let acl = waf
                .get_web_acl()
                .scope(scope.clone())
                .id(id)
                .name(name)
                .send()
                .await
                .unwrap()
                .web_acl
                .unwrap();
            let tags = waf
                .list_tags_for_resource()
                .resource_arn(arn)
                .send()
                .await
                .unwrap()
                .tag_info_for_resource;
            let used = match scope {
                Scope::Regional => {
                    waf.list_resources_for_web_acl().web_acl_arn(arn).send().await.ok()
                }
                _ => None,
            };
            let text = format!(
                "{:?} {:?} {:?} {:?} for {} tags {}",
                acl.default_action,
                acl.description,
                acl.visibility_config,
                acl.rules,
                sorted(used.iter().flat_map(|u| u.resource_arns())),
                sorted(tags.iter().flat_map(|t| t.tag_list())),
            );
            all.add(format!("acl {} {name}", scope.as_str()), text);
        }
    }
}

pub async fn buckets(all: &mut Inventory, clients: &Clients, prefix: &str) {
    let s3 = &clients.s3;
    let buckets = s3.list_buckets().send().await.unwrap();
    for bucket in
        buckets.buckets().iter().filter_map(|b| b.name()).filter(|n| n.starts_with(prefix))
    {
        let versioning = s3.get_bucket_versioning().bucket(bucket).send().await.unwrap().status;
        let access = s3.get_public_access_block().bucket(bucket).send().await.ok();
        let encryption = s3.get_bucket_encryption().bucket(bucket).send().await.ok();
        let ownership = s3.get_bucket_ownership_controls().bucket(bucket).send().await.ok();
        let policy = s3.get_bucket_policy().bucket(bucket).send().await.ok().and_then(|p| p.policy);
        let tags = s3.get_bucket_tagging().bucket(bucket).send().await.ok();
        let text = format!(
            "{versioning:?} {:?} {:?} {:?} {policy:?} tags {}",
            access.and_then(|a| a.public_access_block_configuration),
            encryption.and_then(|e| e.server_side_encryption_configuration),
            ownership.and_then(|o| o.ownership_controls),
            sorted(tags.iter().flat_map(|t| t.tag_set())),
        );
        all.add(format!("bucket {bucket}"), text);
        let listed = s3.list_objects_v2().bucket(bucket).send().await.unwrap();
        for key in listed.contents().iter().filter_map(|o| o.key()) {
            let object = s3.get_object().bucket(bucket).key(key).send().await.unwrap();
            let (kind, cache) = (object.content_type.clone(), object.cache_control.clone());
            let body = object.body.collect().await.unwrap().into_bytes();
            let text = format!("{kind:?} {cache:?} {}", steady(&String::from_utf8_lossy(&body)));
            all.add(format!("object {bucket} {key}"), text);
        }
    }
}

/// The site's manifest without the hash of config.json, which names the API by its id.
fn steady(body: &str) -> String {
    let Some((before, rest)) = body.split_once(r#""config.json":{"md5":""#) else {
        return body.into();
    };
    let rest = rest.split_once('"').map_or("", |(_, rest)| rest);
    format!("{before}{rest}")
}
