//! What an account holds of distributions.

use crate::support::clients::Clients;
use crate::support::inventory::{Inventory, sorted};

pub async fn add(all: &mut Inventory, clients: &Clients) {
    let prefix = all.prefix();
    let cloudfront = &clients.cloudfront;
    let distributions: Result<Vec<_>, _> = cloudfront
        .list_distributions()
        .into_paginator()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await;
    let pages = distributions.unwrap();
    let found = pages.iter().filter_map(|p| p.distribution_list.as_ref()).flat_map(|l| l.items());
    for one in found.filter(|d| format!("{d:?}").contains(&prefix)) {
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

/// Ids and comments of all distributions.
pub async fn names(clients: &Clients) -> Vec<String> {
    let listed = clients.cloudfront.list_distributions().send().await.unwrap();
    let distributions = listed.distribution_list.and_then(|list| list.items).unwrap_or_default();
    distributions.into_iter().map(|d| format!("{} {}", d.id, d.comment)).collect()
}
