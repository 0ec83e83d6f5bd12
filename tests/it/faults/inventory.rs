//! All that an endpoint holds of one stack, asked of AWS's own APIs and not of the code under test,
//! ids made equal.

use super::inventory_edge as edge;
use aws_sdk_dynamodb::types::AttributeValue;
use shopstack::aws::clients::Clients;
use std::collections::BTreeMap;
use std::fmt::Debug;

/// `kind name` -> its settings as text. A second thing of the same name gets an entry of its own.
#[derive(Default)]
pub struct Inventory {
    entries: BTreeMap<String, String>,
    /// What differs from stack to stack, and what to read instead.
    same: Vec<(String, String)>,
}

impl Inventory {
    /// Everything of `stack` in env dev. `proxy` is the URL that its runs see as the endpoint.
    pub async fn take(clients: &Clients, stack: &str, proxy: &str) -> Inventory {
        let mut all = Inventory::default();
        all.alike(proxy, "http://ENDPOINT");
        let port = proxy.rsplit(':').next().unwrap_or_default();
        all.alike(&format!(":{port}"), ":PORT");
        // What a new bucket has anyway, said or not.
        all.alike("bucket_key_enabled: Some(false)", "bucket_key_enabled: None");
        let prefix = format!("{stack}-dev");
        // In this order: ids become known before the texts that mention them are compared.
        edge::apis(&mut all, clients, &prefix).await;
        edge::cdn(&mut all, clients, &prefix).await;
        edge::acls(&mut all, clients, &prefix).await;
        tables(&mut all, clients, &prefix).await;
        logs(&mut all, clients, &prefix).await;
        roles(&mut all, clients, stack).await;
        functions(&mut all, clients, &prefix).await;
        edge::buckets(&mut all, clients, &prefix).await;
        ledger(&mut all, clients, stack).await;
        all.alike(stack, "STACK");
        all.same.sort_by_key(|(from, _)| std::cmp::Reverse(from.len()));
        let same = |text: &str| {
            all.same.iter().fold(text.to_string(), |text, (from, to)| text.replace(from, to))
        };
        let mut entries = BTreeMap::new();
        for (key, value) in &all.entries {
            entries.insert(same(key), same(value));
        }
        Inventory { entries, same: vec![] }
    }

    /// Reads `to` wherever `from` stands.
    pub fn alike(&mut self, from: &str, to: &str) {
        if !from.is_empty() {
            self.same.push((from.into(), to.into()));
        }
    }

    pub fn add(&mut self, key: String, value: String) {
        let mut free = key.clone();
        let mut count = 1;
        while self.entries.contains_key(&free) {
            count += 1;
            free = format!("{key} ({count})");
        }
        self.entries.insert(free, value);
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// What is lost, doubled or different, one line each; empty when both are alike.
    pub fn differences(&self, reference: &Inventory) -> Vec<String> {
        let mut found = Vec::new();
        for (key, wanted) in &reference.entries {
            match self.entries.get(key) {
                None => found.push(format!("lost: {key}")),
                Some(there) if there != wanted => found.push(difference(key, there, wanted)),
                Some(_) => {}
            }
        }
        let more = self.entries.keys().filter(|key| !reference.entries.contains_key(*key));
        found.extend(more.map(|key| format!("doubled or orphaned: {key}")));
        found
    }
}

/// Where two long texts part, and what follows there.
fn difference(key: &str, there: &str, wanted: &str) -> String {
    let same = there.chars().zip(wanted.chars()).take_while(|(a, b)| a == b).count();
    let part =
        |text: &str| text.chars().skip(same.saturating_sub(80)).take(240).collect::<String>();
    format!("different: {key}\n  is     ..{}\n  wanted ..{}", part(there), part(wanted))
}

/// Debug texts in a fixed order: lists and maps whose order means nothing.
pub fn sorted<T: Debug>(items: impl IntoIterator<Item = T>) -> String {
    let mut texts: Vec<String> = items.into_iter().map(|item| format!("{item:?}")).collect();
    texts.sort();
    texts.join(", ")
}

async fn tables(all: &mut Inventory, clients: &Clients, prefix: &str) {
    let db = &clients.dynamodb;
    let names: Result<Vec<String>, _> =
        db.list_tables().into_paginator().items().send().collect().await;
    for name in names.unwrap().iter().filter(|n| n.starts_with(prefix)) {
        let table = db.describe_table().table_name(name).send().await.unwrap().table.unwrap();
        let backups = db.describe_continuous_backups().table_name(name).send().await.unwrap();
        let backups = backups
            .continuous_backups_description
            .and_then(|b| b.point_in_time_recovery_description);
        let items = db.scan().table_name(name).send().await.unwrap();
        let tags = db
            .list_tags_of_resource()
            .resource_arn(table.table_arn().unwrap())
            .send()
            .await
            .unwrap();
        let text = format!(
            "{:?} {:?} {:?} {:?} {:?} {:?} recovery {:?} items {} tags {}",
            table.table_status,
            table.key_schema,
            sorted(table.attribute_definitions()),
            table.billing_mode_summary.and_then(|b| b.billing_mode),
            table.deletion_protection_enabled,
            table.sse_description,
            backups.and_then(|b| b.point_in_time_recovery_status),
            items.count,
            sorted(tags.tags()),
        );
        all.add(format!("table {name}"), text);
    }
}

async fn logs(all: &mut Inventory, clients: &Clients, prefix: &str) {
    let groups: Result<Vec<_>, _> =
        clients.logs.describe_log_groups().into_paginator().items().send().collect().await;
    for group in groups.unwrap() {
        let name = group.log_group_name().unwrap_or_default();
        if !name.contains(prefix) {
            continue;
        }
        let arn = group.arn().unwrap_or_default().trim_end_matches(":*").to_string();
        let tags = clients.logs.list_tags_for_resource().resource_arn(arn).send().await.unwrap();
        let tags = sorted(tags.tags.unwrap_or_default());
        all.add(format!("log group {name}"), format!("{:?} tags {tags}", group.retention_in_days));
    }
}

async fn roles(all: &mut Inventory, clients: &Clients, stack: &str) {
    let iam = &clients.iam;
    let roles: Result<Vec<_>, _> = iam.list_roles().into_paginator().items().send().collect().await;
    for role in roles.unwrap() {
        let name = role.role_name();
        if !role.path().contains(&format!("/{stack}/")) && !name.starts_with(&format!("{stack}-")) {
            continue;
        }
        // A function's tag names it.
        all.alike(
            role.role_id(),
            &format!("ROLE-{}", name.trim_start_matches(&format!("{stack}-dev-"))),
        );
        let mut policies = Vec::new();
        for policy in iam.list_role_policies().role_name(name).send().await.unwrap().policy_names()
        {
            let found =
                iam.get_role_policy().role_name(name).policy_name(policy).send().await.unwrap();
            policies.push((policy.clone(), found.policy_document));
        }
        let attached = iam.list_attached_role_policies().role_name(name).send().await.unwrap();
        let tags = iam.list_role_tags().role_name(name).send().await.unwrap();
        let text = format!(
            "{} {:?} {:?} {:?} policies {} attached {} tags {}",
            role.path(),
            role.assume_role_policy_document,
            role.description,
            role.max_session_duration,
            sorted(policies),
            sorted(attached.attached_policies()),
            sorted(tags.tags()),
        );
        all.add(format!("role {name}"), text);
    }
}

async fn functions(all: &mut Inventory, clients: &Clients, prefix: &str) {
    let lambda = &clients.lambda;
    let functions: Result<Vec<_>, _> =
        lambda.list_functions().into_paginator().items().send().collect().await;
    for function in functions.unwrap() {
        let name = function.function_name().unwrap_or_default();
        if !name.starts_with(prefix) {
            continue;
        }
        let found = lambda.get_function().function_name(name).send().await.unwrap();
        let settings = found.configuration.unwrap();
        let mut variables = settings.environment.and_then(|e| e.variables).unwrap_or_default();
        // Random, and so another in every run.
        for value in variables.values_mut().filter(|value| value.starts_with("generated-")) {
            *value = "generated".into();
        }
        let policy =
            lambda.get_policy().function_name(name).send().await.ok().and_then(|p| p.policy);
        let policy: serde_json::Value =
            serde_json::from_str(&policy.unwrap_or_default()).unwrap_or_default();
        let statements: Vec<String> =
            policy["Statement"].as_array().into_iter().flatten().map(ToString::to_string).collect();
        let text = format!(
            "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} env {} policy {} tags {}",
            settings.runtime,
            settings.handler,
            settings.role,
            settings.timeout,
            settings.memory_size,
            settings.architectures,
            settings.code_sha256,
            settings.state,
            settings.logging_config,
            sorted(variables),
            sorted(statements),
            sorted(found.tags.unwrap_or_default()),
        );
        all.add(format!("function {name}"), text);
    }
}

/// Rows of the shared table; a lock counts only while somebody holds it.
async fn ledger(all: &mut Inventory, clients: &Clients, stack: &str) {
    let rows = clients
        .dynamodb
        .query()
        .table_name("shopstack")
        .key_condition_expression("pk = :pk")
        .expression_attribute_values(":pk", AttributeValue::S(format!("{stack}/dev")))
        .send()
        .await;
    for row in rows.map(|r| r.items.unwrap_or_default()).unwrap_or_default() {
        let sort_key = row.get("sk").and_then(|v| v.as_s().ok()).cloned().unwrap_or_default();
        if sort_key == "record" || row.contains_key("owner") {
            all.add(format!("row {sort_key}"), String::new());
        }
    }
}
