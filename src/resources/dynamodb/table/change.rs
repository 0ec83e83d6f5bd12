//! Plans the UpdateTable calls that lead from a live table to the wanted one, and their order
//! (catalogue 2.1, matrix).
//!
//! Each call deletes an index, creates an index, or changes capacity; a table takes one call at a
//! time. Deletions of indexes come first, because capacity calls must name every remaining index,
//! and creations come last.

use super::extras::{self, Extra};
use super::shape::{self, ON_DEMAND, PROVISIONED, Units};
use super::spec::{BillingSpec, IndexSpec, TableSpec};
use crate::model::CloudError;
use aws_sdk_dynamodb::operation::update_table::builders::UpdateTableFluentBuilder;
use aws_sdk_dynamodb::types::{
    BillingMode, CreateGlobalSecondaryIndexAction, DeleteGlobalSecondaryIndexAction,
    GlobalSecondaryIndexDescription, GlobalSecondaryIndexUpdate, IndexStatus, TableDescription,
    TableStatus, UpdateGlobalSecondaryIndexAction,
};
use std::collections::BTreeMap;

/// One UpdateTable call.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    DeleteIndex(String),
    Capacity(Capacity),
    /// The stream's view, or no stream. One that is on changes its view by being turned off first.
    Stream(Option<String>),
    CreateIndex(String),
    /// A setting that no stack has goes away.
    Remove(Extra),
}

/// The call that changes capacity, and what may ride along with it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Capacity {
    /// The billing mode, where it flips.
    pub flip: Option<String>,
    /// True if the table's own units or ceilings are sent; AWS refuses unchanged ones.
    pub table: bool,
    /// Indexes whose units or ceilings travel.
    pub indexes: Vec<String>,
    pub deletion_protection: Option<bool>,
}

/// The calls, in order.
///
/// Errors: the table's description lacks what the API model promises.
pub fn plan(table: &TableDescription, wanted: &TableSpec) -> Result<Vec<Change>, CloudError> {
    let mut live: BTreeMap<String, (IndexSpec, Units)> = BTreeMap::new();
    for index in shape::active_indexes(table) {
        let units = if wanted.billing.mode == PROVISIONED {
            shape::index_units(index)
        } else {
            shape::ceilings(index.on_demand_throughput())
        };
        let name = index.index_name().unwrap_or_default().to_string();
        live.insert(name, (shape::index_spec(table, index)?, units));
    }
    let stays = |name: &String, spec: &IndexSpec| wanted.indexes.get(name) == Some(spec);
    let mut changes: Vec<Change> = live
        .iter()
        .filter(|(n, (s, _))| !stays(n, s))
        .map(|(n, _)| Change::DeleteIndex(n.clone()))
        .collect();
    live.retain(|name, (spec, _)| stays(name, spec));
    changes.extend(capacity(table, wanted, &live).into_iter().map(Change::Capacity));
    changes.extend(streams(shape::stream(table), wanted.stream.clone()).map(Change::Stream));
    let extras = extras::described(table).into_iter();
    changes.extend(extras.map(|(extra, ..)| Change::Remove(extra)));
    changes.extend(
        wanted.indexes.keys().filter(|n| !live.contains_key(*n)).cloned().map(Change::CreateIndex),
    );
    Ok(changes)
}

/// The steps from one stream to another.
fn streams(live: Option<String>, wanted: Option<String>) -> impl Iterator<Item = Option<String>> {
    let differs = live != wanted;
    let off = differs && live.is_some();
    let on = wanted.filter(|_| differs);
    off.then_some(None).into_iter().chain(on.map(Some))
}

/// The capacity calls: one, or two where indexes need ceilings after a flip to on-demand, which
/// must not speak of them.
fn capacity(
    table: &TableDescription,
    wanted: &TableSpec,
    stay: &BTreeMap<String, (IndexSpec, Units)>,
) -> Vec<Capacity> {
    let aim = aim(&wanted.billing);
    let flips = shape::mode(table) != wanted.billing.mode;
    let provisioned = wanted.billing.mode == PROVISIONED;
    let units = if provisioned {
        shape::table_units(table)
    } else {
        shape::ceilings(table.on_demand_throughput())
    };
    let unlike = stay
        .iter()
        .filter(|(_, (_, u))| *u != aim)
        .map(|(name, _)| name.clone())
        .collect::<Vec<_>>();
    let protected = table.deletion_protection_enabled().unwrap_or(false);
    let mut first = Capacity {
        flip: flips.then(|| wanted.billing.mode.clone()),
        table: units != aim || (flips && provisioned),
        indexes: if flips && provisioned { stay.keys().cloned().collect() } else { unlike },
        deletion_protection: (protected != wanted.deletion_protection)
            .then_some(wanted.deletion_protection),
    };
    let second = if flips && !provisioned {
        Capacity { indexes: std::mem::take(&mut first.indexes), ..Capacity::default() }
    } else {
        Capacity::default()
    };
    [first, second].into_iter().filter(|c| *c != Capacity::default()).collect()
}

/// The units (or ceilings) that the table and every index shall have.
fn aim(billing: &BillingSpec) -> Units {
    if billing.mode == PROVISIONED {
        (billing.read, billing.write)
    } else {
        (billing.max_read, billing.max_write)
    }
}

/// Fills in the UpdateTable call of a change.
pub fn fill(
    call: UpdateTableFluentBuilder,
    change: &Change,
    wanted: &TableSpec,
    table: &TableDescription,
) -> Result<UpdateTableFluentBuilder, CloudError> {
    match change {
        Change::DeleteIndex(name) => {
            let action = DeleteGlobalSecondaryIndexAction::builder().index_name(name).build();
            let action = action.map_err(shape::refused)?;
            Ok(call.global_secondary_index_updates(
                GlobalSecondaryIndexUpdate::builder().delete(action).build(),
            ))
        }
        Change::Capacity(capacity) => fill_capacity(call, capacity, &wanted.billing),
        Change::Stream(view) => {
            Ok(call.stream_specification(shape::stream_setting(view.as_ref())?))
        }
        Change::Remove(extra) => extras::fill(call, extra),
        Change::CreateIndex(name) => {
            let Some(index) = wanted.indexes.get(name) else {
                return Ok(call);
            };
            let action = CreateGlobalSecondaryIndexAction::builder()
                .index_name(name)
                .set_key_schema(Some(shape::key_schema(&index.hash_key, index.range_key.as_ref())?))
                .projection(shape::projection(index))
                .set_provisioned_throughput(shape::throughput(&wanted.billing)?)
                .set_on_demand_throughput(shape::new_ceiling(&wanted.billing))
                .build()
                .map_err(shape::refused)?;
            // Definitions of the indexes that stand, and of this one; those still to come are not
            // used yet.
            let mut used = BTreeMap::from([(name.clone(), index.clone())]);
            for standing in shape::active_indexes(table) {
                let name = standing.index_name().unwrap_or_default().to_string();
                used.insert(name, shape::index_spec(table, standing)?);
            }
            Ok(call
                .set_attribute_definitions(Some(shape::definitions(wanted, &used)?))
                .global_secondary_index_updates(
                    GlobalSecondaryIndexUpdate::builder().create(action).build(),
                ))
        }
    }
}

fn fill_capacity(
    mut call: UpdateTableFluentBuilder,
    capacity: &Capacity,
    billing: &BillingSpec,
) -> Result<UpdateTableFluentBuilder, CloudError> {
    if let Some(mode) = &capacity.flip {
        call = call.billing_mode(BillingMode::from(mode.as_str()));
    }
    let ceiling = (billing.mode == ON_DEMAND).then(|| shape::ceiling(billing));
    if capacity.table {
        let units = shape::throughput(billing)?;
        call = call.set_provisioned_throughput(units).set_on_demand_throughput(ceiling.clone());
    }
    for name in &capacity.indexes {
        let action = UpdateGlobalSecondaryIndexAction::builder()
            .index_name(name)
            .set_provisioned_throughput(shape::throughput(billing)?)
            .set_on_demand_throughput(ceiling.clone())
            .build()
            .map_err(shape::refused)?;
        call = call.global_secondary_index_updates(
            GlobalSecondaryIndexUpdate::builder().update(action).build(),
        );
    }
    Ok(call.set_deletion_protection_enabled(capacity.deletion_protection))
}

/// True when the table is at rest and shows the change. DescribeTable may lag: being at rest alone
/// proves nothing.
pub fn shows(table: &TableDescription, change: &Change, wanted: &TableSpec) -> bool {
    let index = |name: &String| {
        table.global_secondary_indexes().iter().find(|i| i.index_name() == Some(name))
    };
    at_rest(table)
        && match change {
            Change::DeleteIndex(name) => index(name).is_none(),
            Change::CreateIndex(name) => index(name).is_some(),
            Change::Stream(view) => shape::stream(table) == *view,
            Change::Remove(extra) => {
                extras::described(table).iter().all(|(there, ..)| there != extra)
            }
            Change::Capacity(capacity) => {
                let provisioned = wanted.billing.mode == PROVISIONED;
                let ceilings = shape::ceilings(table.on_demand_throughput());
                let of_table = if provisioned { shape::table_units(table) } else { ceilings };
                let of_index = |index: &GlobalSecondaryIndexDescription| {
                    let ceilings = shape::ceilings(index.on_demand_throughput());
                    if provisioned { shape::index_units(index) } else { ceilings }
                };
                let aim = aim(&wanted.billing);
                let protection = table.deletion_protection_enabled().unwrap_or(false);
                capacity.flip.as_deref().is_none_or(|mode| shape::mode(table) == mode)
                    && (!capacity.table || of_table == aim)
                    && capacity
                        .indexes
                        .iter()
                        .all(|name| index(name).is_some_and(|i| of_index(i) == aim))
                    && capacity.deletion_protection.is_none_or(|p| p == protection)
            }
        }
}

/// Not under way to anything, and no index either: a table is ACTIVE while an index is still being
/// built.
pub fn at_rest(table: &TableDescription) -> bool {
    use TableStatus::{Archiving, Creating, Deleting, Updating};
    table.table_status().is_some_and(|s| ![Creating, Updating, Deleting, Archiving].contains(s))
        && table
            .global_secondary_indexes()
            .iter()
            .all(|i| i.index_status() == Some(&IndexStatus::Active))
}

/// The words shown while waiting for a change.
pub fn describe(name: &str, change: &Change) -> String {
    match change {
        Change::DeleteIndex(index) => {
            format!("index `{index}` of the table `{name}` to be gone (usually seconds)")
        }
        Change::CreateIndex(index) => {
            format!(
                "index `{index}` of the table `{name}` to be built (minutes; longer the more items)"
            )
        }
        Change::Remove(Extra::Replica(region)) => {
            format!("the copy of the table `{name}` in {region} to be gone (minutes)")
        }
        Change::Remove(_) => {
            format!("the table `{name}` without what no stack has (usually seconds)")
        }
        Change::Capacity(Capacity { flip: Some(_), .. }) => {
            format!("the table `{name}` to change its billing (a minute or more)")
        }
        Change::Stream(_) => {
            format!("the stream of the table `{name}` to change (usually seconds)")
        }
        Change::Capacity(_) => format!("the table `{name}` to become ACTIVE (usually seconds)"),
    }
}

#[cfg(test)]
#[path = "change_tests.rs"]
mod tests;
