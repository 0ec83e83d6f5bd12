//! What an account holds of response headers policies.

use crate::support::clients::Clients;
use crate::support::inventory::Inventory;
use aws_sdk_cloudfront::types::ResponseHeadersPolicyType;

pub async fn add(all: &mut Inventory, clients: &Clients) {
    let prefix = all.prefix();
    let cloudfront = &clients.cloudfront;
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
        if config.name().starts_with(&prefix) {
            all.alike(policy.id(), "HEADERS");
            all.add(format!("headers policy {}", config.name()), format!("{config:?}"));
        }
    }
}

/// Names of all response headers policies; none on moto, which has no such listing and none of
/// them.
pub async fn names(clients: &Clients) -> Vec<String> {
    let Ok(listed) = clients.cloudfront.list_response_headers_policies().send().await else {
        return Vec::new();
    };
    let policies = listed.response_headers_policy_list.and_then(|list| list.items);
    let configs = policies
        .unwrap_or_default()
        .into_iter()
        .filter_map(|policy| policy.response_headers_policy?.response_headers_policy_config);
    configs.map(|config| config.name).collect()
}
