//! The tables of a stack, and what their seed files must hold.

use super::INFO;
use super::spec::{AttributeSpec, BillingSpec, IndexSpec, TableSpec};
use crate::model::{CloudError, Desired, ErrorKind, digest};
use crate::resources::context::{Context, Wanted, path_inside};
use crate::stack::{Attribute, Billing, Index, Projection, Stack, Table};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

pub(super) fn tables(context: &Context<'_>, wanted: &mut Wanted) -> Result<(), CloudError> {
    for (id, table) in &context.stack.tables {
        wanted.push(desired_table(context, id, table)?);
    }
    Ok(())
}

fn desired_table(context: &Context<'_>, id: &str, table: &Table) -> Result<Desired, CloudError> {
    let payload = table.seed.as_ref().map(|file| context.root.join(file));
    let seed = match &payload {
        Some(path) => Some(seed_hash(id, table, context.root, path)?),
        None => None,
    };
    let spec = TableSpec {
        tags: context.tags(id),
        hash_key: attribute(&table.key),
        range_key: table.sort_key.as_ref().map(attribute),
        indexes: table.indexes.iter().map(|(name, i)| (name.clone(), index(i))).collect(),
        billing: billing(&table.billing),
        point_in_time_recovery: table.point_in_time_recovery,
        deletion_protection: table.protect.unwrap_or(!context.is_ephemeral()),
        seed,
        extras: BTreeMap::new(),
    };
    let mut desired = context.resource(&INFO, id, context.scope.name(id), &spec);
    desired.payload = payload;
    Ok(desired)
}

/// Hash of the seed file; the file must be a JSON array of objects, said now and not half-way
/// through `up`.
fn seed_hash(id: &str, table: &Table, root: &Path, path: &Path) -> Result<String, CloudError> {
    let fail = |what: String| {
        CloudError::ours(
            ErrorKind::Other,
            format!("table.{id}: the seed file {} {what}", path.display()),
            "seed files are JSON arrays of objects, each with the table's key",
        )
    };
    let real = path_inside(root, path).map_err(fail)?;
    let bytes = std::fs::read(real).map_err(|e| fail(format!("cannot be read: {e}")))?;
    let items: Vec<serde_json::Map<String, serde_json::Value>> = serde_json::from_slice(&bytes)
        .map_err(|e| fail(format!("is not a JSON array of objects: {e}")))?;
    fits(table, &items).map_err(fail)?;
    Ok(digest::sha256_hex(&bytes))
}

/// Says of a whole stack's seed files what `seed_hash` says of one, without a hash.
pub fn check_seeds(stack: &Stack, root: &Path) -> Vec<CloudError> {
    let seeds =
        stack.tables.iter().filter_map(|(id, table)| Some((id, table, table.seed.as_ref()?)));
    seeds
        .filter_map(|(id, table, path)| seed_hash(id, table, root, &root.join(path)).err())
        .collect()
}

/// Every item has the table's key, of its type, and no two the same one: DynamoDB would say so
/// half-way through.
fn fits(table: &Table, items: &[serde_json::Map<String, Value>]) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for (number, item) in items.iter().enumerate() {
        let number = number + 1;
        let mut key = Vec::new();
        for attribute in std::iter::once(&table.key).chain(&table.sort_key) {
            let (name, kind) = (&attribute.name, attribute.kind.aws());
            let value = item
                .get(name)
                .ok_or_else(|| format!("has an item, number {number}, without the key `{name}`"))?;
            let good = match (kind, value) {
                ("S", Value::String(text)) => !text.is_empty(),
                ("N", Value::Number(_)) => true,
                (kind, _) => kind != "S" && kind != "N",
            };
            if !good {
                let wanted = if kind == "S" { "text that is not empty" } else { "a number" };
                return Err(format!(
                    "has an item, number {number}, whose key `{name}` is {value} and not {wanted}"
                ));
            }
            key.push(value.to_string());
        }
        if !seen.insert(key.clone()) {
            return Err(format!(
                "has two items of the key {}, the second is number {number}",
                key.join(", ")
            ));
        }
    }
    Ok(())
}

fn attribute(wanted: &Attribute) -> AttributeSpec {
    AttributeSpec { name: wanted.name.clone(), kind: wanted.kind.aws().into() }
}

fn index(wanted: &Index) -> IndexSpec {
    let (projection, non_key_attributes) = match &wanted.projection {
        Projection::All => ("ALL", BTreeSet::new()),
        Projection::KeysOnly => ("KEYS_ONLY", BTreeSet::new()),
        Projection::Include(names) => ("INCLUDE", names.iter().cloned().collect()),
    };
    IndexSpec {
        hash_key: attribute(&wanted.key),
        range_key: wanted.sort_key.as_ref().map(attribute),
        projection: projection.into(),
        non_key_attributes,
    }
}

fn billing(wanted: &Billing) -> BillingSpec {
    match wanted {
        Billing::OnDemand { max_read, max_write } => BillingSpec {
            mode: "PAY_PER_REQUEST".into(),
            read: None,
            write: None,
            max_read: max_read.map(i64::from),
            max_write: max_write.map(i64::from),
        },
        Billing::Provisioned { read, write } => BillingSpec {
            mode: "PROVISIONED".into(),
            read: Some(i64::from(*read)),
            write: Some(i64::from(*write)),
            max_read: None,
            max_write: None,
        },
    }
}
