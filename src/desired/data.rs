//! Tables.

use super::Context;
use crate::model::spec::{self, AttributeSpec, BillingSpec, IndexSpec, TableSpec};
use crate::model::{CloudError, Desired, ErrorKind};
use crate::stack::{Attribute, Billing, Index, Projection, Table};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

pub(super) fn tables(context: &Context<'_>, all: &mut Vec<Desired>) -> Result<(), CloudError> {
    for (id, table) in &context.stack.tables {
        all.push(one(context, id, table)?);
    }
    Ok(())
}

fn one(context: &Context<'_>, id: &str, table: &Table) -> Result<Desired, CloudError> {
    let payload = table.seed.as_ref().map(|file| context.root.join(file));
    let seed = match &payload {
        Some(path) => Some(seed_hash(id, context.root, path)?),
        None => None,
    };
    let spec = TableSpec {
        tags: context.tags(id),
        hash_key: attribute(&table.key),
        range_key: table.sort_key.as_ref().map(attribute),
        indexes: table.indexes.iter().map(|(name, i)| (name.clone(), index(i))).collect(),
        billing: billing(&table.billing),
        point_in_time_recovery: table.point_in_time_recovery,
        deletion_protection: table.protect.unwrap_or(context.expires_at.is_none()),
        seed,
    };
    let mut desired =
        context.resource("table", id, "AWS::DynamoDB::Table", context.scope.name(id), spec::to_value(&spec));
    desired.payload = payload;
    Ok(desired)
}

/// Hash of the seed file; the file must be a JSON array of objects, said now and not half-way through `up`.
fn seed_hash(id: &str, root: &std::path::Path, path: &std::path::Path) -> Result<String, CloudError> {
    let fail = |what: String| {
        CloudError::ours(
            ErrorKind::Other,
            format!("table.{id}: the seed file {} {what}", path.display()),
            "seed files are JSON arrays of objects, each with the table's key",
        )
    };
    let real = super::site::inside(root, path).map_err(fail)?;
    let bytes = std::fs::read(real).map_err(|e| fail(format!("cannot be read: {e}")))?;
    let items: Vec<serde_json::Map<String, serde_json::Value>> =
        serde_json::from_slice(&bytes).map_err(|e| fail(format!("is not a JSON array of objects: {e}")))?;
    drop(items);
    Ok(hex(&Sha256::digest(&bytes)))
}

/// Lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
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
