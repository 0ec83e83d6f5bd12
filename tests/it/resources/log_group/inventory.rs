//! What an account holds of log groups.

use crate::support::clients::Clients;
use crate::support::inventory::{Inventory, sorted};

pub async fn add(all: &mut Inventory, clients: &Clients) {
    let prefix = all.prefix();
    // By name: the emulator's pages go by number, so groups of other tests that come and go would
    // shift a long listing, and show a group twice or not at all.
    let groups = clients.logs.describe_log_groups().log_group_name_pattern(&prefix);
    let groups: Result<Vec<_>, _> = groups.into_paginator().items().send().collect().await;
    for group in groups.unwrap() {
        let name = group.log_group_name().unwrap_or_default();
        if !name.contains(&prefix) {
            continue;
        }
        let arn = group.arn().unwrap_or_default().trim_end_matches(":*").to_string();
        let tags = clients.logs.list_tags_for_resource().resource_arn(arn).send().await.unwrap();
        let tags = sorted(tags.tags.unwrap_or_default());
        all.add(format!("log group {name}"), format!("{:?} tags {tags}", group.retention_in_days));
    }
}

/// Names of all log groups, in the home region and in us-east-1.
pub async fn names(clients: &Clients) -> Vec<String> {
    let mut names = Vec::new();
    for client in [&clients.logs, &clients.logs_global] {
        let groups = client.describe_log_groups().into_paginator().items().send();
        let groups: Vec<_> = groups.collect::<Result<_, _>>().await.unwrap();
        names.extend(groups.into_iter().filter_map(|group| group.log_group_name));
    }
    names
}
