//! Calls on tables that a function's grants do not cover.

use super::bench::Bench;
use crate::aws::attempt::{self, Parameters, Target};
use crate::aws::ledger;
use crate::stack::{AttributeType, Function, Grant, Stack, Table};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Attributes of real items that are tried beside what a grant names.
const MOST_ATTRIBUTES: usize = 4;

/// A call to try.
#[derive(Clone)]
pub(super) struct Attempt {
    pub action: String,
    pub resource: String,
    pub detail: Option<String>,
    pub target: Target,
}

impl Attempt {
    pub fn new(action: &str, resource: &str, target: &Target) -> Self {
        Self {
            action: action.into(),
            resource: resource.into(),
            detail: None,
            target: target.clone(),
        }
    }
}

/// Every verb on every table that no grant covers, other attributes where a grant names some, and
/// the table of locks and records, which is no function's.
pub(super) async fn attempts(
    bench: &Bench<'_>,
    stack: &Stack,
    function: &Function,
) -> Vec<Attempt> {
    let mut all = Vec::new();
    for (id, table) in &stack.tables {
        let name = bench.session.scope.name(id);
        let item = bench.prepared.any_item(&name).await.unwrap_or_default();
        for action in attempt::TABLE_OPERATIONS {
            let granted =
                |grant: &&Grant| grant.table == *id && grant.actions.iter().any(|a| a == action);
            let grants: Vec<&Grant> = function.grants.iter().filter(granted).collect();
            let tried = match grants.as_slice() {
                [] => vec![(Parameters::Attribute(table.key.name.clone()), None)],
                grants => beside(grants, table, &item, action),
            };
            all.extend(tried.into_iter().map(|(parameters, detail)| Attempt {
                action: action.into(),
                resource: format!("table {name}"),
                detail,
                target: Target::Table { name: name.clone(), key: key_of(table), parameters },
            }));
        }
    }
    let key = json!({"pk": "proof", "sk": "proof"});
    let parameters = Parameters::Attribute("document".into());
    let target = Target::Table { name: ledger::TABLE.into(), key, parameters };
    let verbs = ["GetItem", "Scan", "PutItem", "UpdateItem", "DeleteItem"];
    let resource = format!("table {}", ledger::TABLE);
    let of_ledger =
        verbs.iter().map(|verb| Attempt::new(&format!("dynamodb:{verb}"), &resource, &target));
    all.extend(of_ledger);
    all
}

/// Calls beside a grant that names attributes: other attributes, and the whole item.
fn beside(
    grants: &[&Grant],
    table: &Table,
    item: &Value,
    action: &str,
) -> Vec<(Parameters, Option<String>)> {
    if grants.iter().any(|grant| grant.attributes.is_empty()) {
        return vec![];
    }
    if !["dynamodb:GetItem", "dynamodb:UpdateItem"].contains(&action) {
        return vec![];
    }
    let mut named: BTreeSet<&str> =
        grants.iter().flat_map(|g| g.attributes.iter().map(String::as_str)).collect();
    let granted = named.iter().next().map(ToString::to_string).unwrap_or_default();
    named.extend(
        [Some(&table.key), table.sort_key.as_ref()].into_iter().flatten().map(|k| k.name.as_str()),
    );
    let real = item.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    let others = real.filter(|name| !named.contains(name)).take(MOST_ATTRIBUTES);
    let mut tried: Vec<_> = others
        .chain(["someOtherAttribute"])
        .map(|name| (Parameters::Attribute(name.to_string()), Some(format!("attribute {name}"))))
        .collect();
    let whole = Some("the item as a whole".to_string());
    tried.push((Parameters::WholeItem(granted), whole));
    tried
}

/// A key that no item has.
fn key_of(table: &Table) -> Value {
    let keys = [Some(&table.key), table.sort_key.as_ref()].into_iter().flatten();
    let value = |kind: AttributeType| match kind {
        AttributeType::Number => json!(0),
        _ => json!("proof-forbidden"),
    };
    Value::Object(keys.map(|key| (key.name.clone(), value(key.kind))).collect::<Map<_, _>>())
}
