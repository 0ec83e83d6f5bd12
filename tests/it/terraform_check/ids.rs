//! Ids that AWS gave and hashes of what was sent, found by this test and not by the code that it
//! judges.

use crate::support::clients::Clients;
use crate::support::shop::Shop;
use aws_sdk_cloudfront::types::ResponseHeadersPolicyType;
use aws_sdk_wafv2::types::Scope;
use base64::Engine;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

pub type Ids = BTreeMap<String, String>;

/// SHA-256 of a file, hex.
pub fn sha256_hex(path: &Path) -> String {
    Sha256::digest(std::fs::read(path).unwrap()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// By function: base64(SHA-256) of its zip, as Lambda tells it.
pub fn code(shop: &Shop) -> Ids {
    let run = shop.run(&["build", "--json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let built = run.lines()[0]["artifacts"].as_array().unwrap().clone();
    let hash = |zip: &str| {
        let bytes = std::fs::read(shop.path(zip)).unwrap();
        base64::engine::general_purpose::STANDARD.encode(Sha256::digest(bytes))
    };
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_string();
    built.iter().map(|a| (text(&a["function"]), hash(&text(&a["zip"])))).collect()
}

/// All ids of env dev of a stack. A type that the endpoint does not know has none.
pub async fn read_ids(clients: &Clients, stack: &str) -> Ids {
    let mut ids = Ids::new();
    gateway(clients, stack, &mut ids).await;
    edge(clients, stack, &mut ids).await;
    for function in ["listProducts", "createOrder"] {
        let role = clients
            .iam
            .get_role()
            .role_name(format!("{stack}-dev-{function}"))
            .send()
            .await
            .unwrap()
            .role;
        ids.insert(format!("role {function}"), role.unwrap().role_id);
    }
    for (name, scope) in [("cdn", Scope::Cloudfront), ("api", Scope::Regional)] {
        let waf = clients.waf_in(scope.as_str());
        let listed =
            waf.list_web_acls().scope(scope).send().await.unwrap().web_acls.unwrap_or_default();
        let wanted = format!("{stack}-dev-{name}");
        let found = listed.iter().find(|acl| acl.name() == Some(&wanted)).expect("a web ACL");
        ids.insert(format!("acl {name}"), found.id().unwrap().into());
    }
    ids
}

/// The ids of what calls `createOrder` by itself, and of the API's authorizer.
pub async fn events(clients: &Clients, stack: &str, ids: &mut serde_json::Value) {
    let function = format!("{stack}-dev-createOrder");
    let listed = clients.lambda.list_event_source_mappings().function_name(function);
    let mapping = listed.send().await.unwrap().event_source_mappings.unwrap().remove(0);
    ids["event source"] = mapping.uuid.into();
    ids["stream"] = mapping.event_source_arn.into();
    let api = ids["api"].as_str().unwrap();
    let listed = clients.apigateway.get_authorizers().rest_api_id(api).send().await.unwrap();
    ids["authorizer"] = listed.items.unwrap().remove(0).id.into();
}

async fn gateway(clients: &Clients, stack: &str, ids: &mut Ids) {
    let gateway = &clients.apigateway;
    let apis: Result<Vec<_>, _> =
        gateway.get_rest_apis().into_paginator().items().send().collect().await;
    let name = format!("{stack}-dev-api");
    let api = apis.unwrap().into_iter().find(|api| api.name() == Some(&name)).expect("a REST API");
    let id = api.id().unwrap().to_string();
    let resources = gateway.get_resources().rest_api_id(&id).into_paginator().items().send();
    for resource in resources.collect::<Result<Vec<_>, _>>().await.unwrap() {
        ids.insert(format!("path {}", resource.path().unwrap()), resource.id().unwrap().into());
    }
    let stage = gateway.get_stage().rest_api_id(&id).stage_name("v1").send().await.unwrap();
    ids.insert("deployment".into(), stage.deployment_id().unwrap().into());
    ids.insert("api".into(), id);
}

async fn edge(clients: &Clients, stack: &str, ids: &mut Ids) {
    let (cloudfront, name) = (&clients.cloudfront, format!("{stack}-dev-site"));
    let pages: Result<Vec<_>, _> =
        cloudfront.list_distributions().into_paginator().send().collect().await;
    let pages = pages.unwrap();
    let listed = pages.iter().filter_map(|p| p.distribution_list.as_ref()).flat_map(|l| l.items());
    let mark = format!("shopstack:stack={stack} shopstack:env=dev ");
    let mut of_stack = Vec::new();
    for one in listed {
        // moto lists distributions without their comment.
        let config = cloudfront
            .get_distribution_config()
            .id(&one.id)
            .send()
            .await
            .unwrap()
            .distribution_config;
        of_stack.extend(config.filter(|c| c.comment.starts_with(&mark)).map(|_| one.clone()));
    }
    let [site] = of_stack.as_slice() else {
        panic!("one distribution, and not {}", of_stack.len())
    };
    ids.insert("distribution".into(), site.id.clone());
    ids.insert("site_label".into(), site.domain_name.split('.').next().unwrap_or_default().into());
    let controls =
        cloudfront.list_origin_access_controls().send().await.unwrap().origin_access_control_list;
    let control = controls
        .iter()
        .flat_map(|l| l.items())
        .find(|c| c.name == "shopstack")
        .expect("an access control");
    ids.insert("oac".into(), control.id.clone());
    let policies = cloudfront
        .list_response_headers_policies()
        .r#type(ResponseHeadersPolicyType::Custom)
        .send()
        .await;
    let listed = policies.ok().and_then(|p| p.response_headers_policy_list);
    let policies =
        listed.iter().flat_map(|l| l.items()).filter_map(|p| p.response_headers_policy());
    let is_ours = |p: &&aws_sdk_cloudfront::types::ResponseHeadersPolicy| {
        p.response_headers_policy_config().is_some_and(|c| c.name() == name)
    };
    ids.extend(policies.into_iter().find(is_ours).map(|p| ("headers".to_string(), p.id.clone())));
}
