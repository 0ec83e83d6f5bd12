//! The tables of a stack, and what their seed files must hold.

use super::spec::{AttributeSpec, BillingSpec, IndexSpec, TableSpec};
use super::{INFO, seed};
use crate::model::{CloudError, Desired, ErrorKind, digest};
use crate::resources::context::{Context, Wanted, path_inside};
use crate::stack::{Attribute, Billing, Index, Projection, Stack, Table};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

pub(super) fn tables(context: &Context<'_>, wanted: &mut Wanted) -> Result<(), CloudError> {
    for (id, table) in &context.stack.tables {
        wanted.push(desired_table(context, id, table)?);
    }
    Ok(())
}

fn desired_table(context: &Context<'_>, id: &str, table: &Table) -> Result<Desired, CloudError> {
    let heard = context.stack.functions.values().flat_map(|f| &f.on).any(|on| on.table == id);
    let mut spec = TableSpec {
        tags: context.tags(id),
        stream: heard.then(|| "NEW_AND_OLD_IMAGES".to_string()),
        deletion_protection: table.protect.unwrap_or(!context.is_ephemeral()),
        ..spec_of(table)
    };
    let payload = table.seed.as_ref().map(|file| context.root.join(file));
    if let Some(path) = &payload {
        let hash = seed_hash(id, &spec, context.root, path);
        spec.seed = Some(hash.map_err(first)?);
    }
    let mut desired = context.resource(&INFO, id, context.scope.name(id), &spec);
    desired.payload = payload;
    Ok(desired)
}

/// `validate` reports all faults; a plan stops at the first.
fn first(faults: Vec<CloudError>) -> CloudError {
    let none = || CloudError::shape("a seed file", "fault");
    faults.into_iter().next().unwrap_or_else(none)
}

/// The spec of a table as far as the stack alone decides it.
fn spec_of(table: &Table) -> TableSpec {
    TableSpec {
        tags: BTreeMap::new(),
        hash_key: attribute(&table.key),
        range_key: table.sort_key.as_ref().map(attribute),
        indexes: table.indexes.iter().map(|(name, i)| (name.clone(), index(i))).collect(),
        billing: billing(&table.billing),
        point_in_time_recovery: table.point_in_time_recovery,
        deletion_protection: table.protect.unwrap_or(true),
        stream: None,
        ttl: table.ttl.clone(),
        seed: None,
        extras: BTreeMap::new(),
    }
}

/// Hash of the seed file, whose items must be such as DynamoDB takes: said now and not half-way
/// through `up`. Errors: every fault of the file.
fn seed_hash(
    id: &str,
    spec: &TableSpec,
    root: &Path,
    path: &Path,
) -> Result<String, Vec<CloudError>> {
    let fail = |what: String| {
        let what = format!("table.{id}: the seed file {}{what}", path.display());
        CloudError::ours(ErrorKind::Other, what, seed::HINT)
    };
    let real = path_inside(root, path).map_err(|why| vec![fail(format!(" {why}"))])?;
    let bytes = std::fs::read(real).map_err(|e| vec![fail(format!(" cannot be read: {e}"))])?;
    seed::items_in(&bytes, spec)
        .map_err(|faults| faults.into_iter().map(fail).collect::<Vec<_>>())?;
    Ok(digest::sha256_hex(&bytes))
}

/// Says of a whole stack's seed files what `seed_hash` says of one, without a hash.
pub fn check_seeds(stack: &Stack, root: &Path) -> Vec<CloudError> {
    let faults = stack.tables.iter().filter_map(|(id, table)| {
        let path = root.join(table.seed.as_ref()?);
        seed_hash(id, &spec_of(table), root, &path).err()
    });
    faults.flatten().collect()
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
