//! All that an endpoint holds of one stack, as the test files of the resource types find it: asked
//! of AWS's own APIs and not of the code under test, ids made equal.

use crate::resources::SUITES;
use crate::support::clients::Clients;
use aws_sdk_dynamodb::types::AttributeValue;
use shopstack::aws::ledger::TABLE;
use std::collections::BTreeMap;
use std::fmt::Debug;

/// `kind name` -> its settings as text. A second thing of the same name gets an entry of its own.
#[derive(Default)]
pub struct Inventory {
    entries: BTreeMap<String, String>,
    stack: String,
    /// What differs from stack to stack, and what to read instead.
    same: Vec<(String, String)>,
}

impl Inventory {
    /// Everything of `stack` in env dev. `proxy` is the URL that its runs see as the endpoint.
    pub async fn take(clients: &Clients, stack: &str, proxy: &str) -> Inventory {
        let mut all = Inventory { stack: stack.into(), ..Inventory::default() };
        all.alike(proxy, "http://ENDPOINT");
        let port = proxy.rsplit(':').next().unwrap_or_default();
        all.alike(&format!(":{port}"), ":PORT");
        // What a new bucket has anyway, said or not.
        all.alike("bucket_key_enabled: Some(false)", "bucket_key_enabled: None");
        for inventory in SUITES.iter().filter_map(|suite| suite.inventory.inventory()) {
            (inventory.add)(&mut all, clients).await;
        }
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
        Inventory { entries, ..Inventory::default() }
    }

    /// Name of the stack that is looked at.
    pub fn stack(&self) -> String {
        self.stack.clone()
    }

    /// What its names begin with in env dev.
    pub fn prefix(&self) -> String {
        format!("{}-dev", self.stack)
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

/// Everything of a stack (all of its environments) that still exists, `kind name` each.
pub async fn leftovers(clients: &Clients, stack: &str) -> Vec<String> {
    let mut left = Vec::new();
    for inventory in SUITES.iter().filter_map(|suite| suite.inventory.inventory()) {
        let names = (inventory.names)(clients).await.into_iter();
        let ours = names.filter(|name| name.contains(stack));
        left.extend(ours.map(|name| format!("{} {name}", inventory.kind)));
    }
    left.extend(records(clients, stack).await);
    left
}

/// Rows of the shared table, of all of the stack's environments.
async fn records(clients: &Clients, stack: &str) -> Vec<String> {
    let scan = clients.dynamodb.scan().table_name(TABLE).into_paginator().items().send();
    let rows: Result<Vec<_>, _> = scan.collect().await;
    // Without the table there are none.
    let keys = rows.unwrap_or_default().into_iter().map(|row| format!("{:?}", row.get("pk")));
    keys.filter(|key| key.contains(stack)).map(|key| format!("record {key}")).collect()
}
