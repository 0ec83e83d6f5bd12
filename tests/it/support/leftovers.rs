//! Asks every service what it holds of a stack, independently of shopstack's own code for finding
//! things.

use aws_sdk_wafv2::types::Scope;
use shopstack::aws::Clients;
use std::collections::HashMap;

/// Everything of a stack (all of its environments) that still exists, `service name` each.
pub async fn find(clients: &Clients, stack: &str) -> Vec<String> {
    let mut left = Vec::new();
    left.extend(data(clients, stack).await);
    left.extend(compute(clients, stack).await);
    left.extend(logs(clients, stack).await);
    left.extend(edge(clients, stack).await);
    left.extend(waf(clients, stack).await);
    left
}

fn ours(service: &str, names: impl IntoIterator<Item = String>, stack: &str) -> Vec<String> {
    names
        .into_iter()
        .filter(|name| name.contains(stack))
        .map(|name| format!("{service} {name}"))
        .collect()
}

async fn data(clients: &Clients, stack: &str) -> Vec<String> {
    let mut tables = Vec::new();
    let mut pages = clients.dynamodb.list_tables().into_paginator().send();
    while let Some(page) = pages.next().await {
        tables.extend(page.unwrap().table_names.unwrap_or_default());
    }
    let mut left = ours("table", tables.clone(), stack);
    if tables.iter().any(|name| name == shopstack::aws::ledger::TABLE) {
        let mut rows = clients
            .dynamodb
            .scan()
            .table_name(shopstack::aws::ledger::TABLE)
            .into_paginator()
            .send();
        while let Some(page) = rows.next().await {
            let keys = page.unwrap().items.unwrap_or_default();
            left.extend(ours(
                "record",
                keys.into_iter().map(|row| format!("{:?}", row.get("pk"))),
                stack,
            ));
        }
    }
    let buckets = clients.s3.list_buckets().send().await.unwrap().buckets.unwrap_or_default();
    left.extend(ours("bucket", buckets.into_iter().filter_map(|b| b.name), stack));
    left
}

async fn compute(clients: &Clients, stack: &str) -> Vec<String> {
    let mut left = Vec::new();
    let mut pages = clients.lambda.list_functions().into_paginator().send();
    while let Some(page) = pages.next().await {
        let found = page.unwrap().functions.unwrap_or_default();
        left.extend(ours("function", found.into_iter().filter_map(|f| f.function_name), stack));
    }
    let mut pages = clients.iam.list_roles().path_prefix("/shopstack/").into_paginator().send();
    while let Some(page) = pages.next().await {
        left.extend(ours("role", page.unwrap().roles.into_iter().map(|r| r.arn), stack));
    }
    let mut pages = clients.apigateway.get_rest_apis().into_paginator().send();
    while let Some(page) = pages.next().await {
        let told = |tags: Option<HashMap<String, String>>| {
            tags.unwrap_or_default().into_values().collect::<Vec<_>>()
        };
        let apis = page.unwrap().items.unwrap_or_default();
        let named =
            apis.into_iter().map(|a| format!("{:?} {:?} {}", a.name, a.id, told(a.tags).join(" ")));
        left.extend(ours("api", named, stack));
    }
    left
}

async fn logs(clients: &Clients, stack: &str) -> Vec<String> {
    let mut left = Vec::new();
    for client in [&clients.logs, &clients.logs_global] {
        let mut pages = client.describe_log_groups().into_paginator().send();
        while let Some(page) = pages.next().await {
            let found = page.unwrap().log_groups.unwrap_or_default();
            left.extend(ours(
                "log group",
                found.into_iter().filter_map(|g| g.log_group_name),
                stack,
            ));
        }
    }
    left
}

async fn edge(clients: &Clients, stack: &str) -> Vec<String> {
    let mut left = Vec::new();
    let client = &clients.cloudfront;
    let list = client.list_distributions().send().await.unwrap().distribution_list;
    let found = list.and_then(|l| l.items).unwrap_or_default();
    left.extend(ours(
        "distribution",
        found.into_iter().map(|d| format!("{} {}", d.id, d.comment)),
        stack,
    ));
    let list =
        client.list_origin_access_controls().send().await.unwrap().origin_access_control_list;
    let found = list.and_then(|l| l.items).unwrap_or_default();
    left.extend(ours("origin access control", found.into_iter().map(|c| c.name), stack));
    // moto has no such listing, and nothing of that kind either.
    if let Ok(answer) = client.list_response_headers_policies().send().await {
        let found = answer.response_headers_policy_list.and_then(|l| l.items).unwrap_or_default();
        let names = found
            .into_iter()
            .filter_map(|p| p.response_headers_policy?.response_headers_policy_config);
        left.extend(ours("response headers policy", names.map(|c| c.name), stack));
    }
    left
}

async fn waf(clients: &Clients, stack: &str) -> Vec<String> {
    let mut left = Vec::new();
    for (client, scope) in
        [(&clients.wafv2, Scope::Regional), (&clients.wafv2_global, Scope::Cloudfront)]
    {
        let found =
            client.list_web_acls().scope(scope).send().await.unwrap().web_acls.unwrap_or_default();
        left.extend(ours("web ACL", found.into_iter().filter_map(|a| a.name), stack));
    }
    left
}
