//! Pure conversions between DynamoDB's shapes and ours, with the defaults of the catalogue's 2.5
//! filled in.

use super::spec::{AttributeSpec, BillingSpec, IndexSpec, TableSpec};
use crate::model::CloudError;
use crate::model::spec::Tags;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, GlobalSecondaryIndex, GlobalSecondaryIndexDescription, IndexStatus,
    KeySchemaElement, KeyType, OnDemandThroughput, Projection, ProjectionType,
    ProvisionedThroughput, ScalarAttributeType, StreamSpecification, StreamViewType,
    TableDescription, Tag,
};
use std::collections::BTreeMap;

pub const ON_DEMAND: &str = "PAY_PER_REQUEST";
pub const PROVISIONED: &str = "PROVISIONED";
/// DynamoDB's value for "no ceiling".
const NO_CEILING: i64 = -1;

/// A pair of read and write units.
pub type Units = (Option<i64>, Option<i64>);

/// The table's spec but for tags, recovery and seed, which other calls tell.
///
/// Our spec has one capacity for the table and all of its indexes. Where they differ, the first
/// that is not as `wanted` is told, so that an index changed behind our back is drift.
pub fn spec_of(
    table: &TableDescription,
    wanted: Option<&BillingSpec>,
) -> Result<TableSpec, CloudError> {
    let (hash_key, range_key) = keys(table, table.key_schema())?;
    let mut indexes = BTreeMap::new();
    for index in active_indexes(table) {
        indexes
            .insert(index.index_name().unwrap_or_default().to_string(), index_spec(table, index)?);
    }
    Ok(TableSpec {
        hash_key,
        range_key,
        indexes,
        billing: billing(table, wanted),
        deletion_protection: table.deletion_protection_enabled().unwrap_or(false),
        stream: stream(table),
        ..TableSpec::default()
    })
}

/// The view type of the table's stream; `None` without a stream.
pub fn stream(table: &TableDescription) -> Option<String> {
    let stream = table.stream_specification().filter(|stream| stream.stream_enabled())?;
    let view = stream.stream_view_type().map_or("NEW_AND_OLD_IMAGES", |view| view.as_str());
    Some(view.to_string())
}

/// A stream as CreateTable and UpdateTable take it; one that is turned off has no view.
pub fn stream_setting(view: Option<&String>) -> Result<StreamSpecification, CloudError> {
    StreamSpecification::builder()
        .stream_enabled(view.is_some())
        .set_stream_view_type(view.map(|view| StreamViewType::from(view.as_str())))
        .build()
        .map_err(refused)
}

/// Indexes that are not on their way out.
pub fn active_indexes(
    table: &TableDescription,
) -> impl Iterator<Item = &GlobalSecondaryIndexDescription> {
    table
        .global_secondary_indexes()
        .iter()
        .filter(|i| i.index_status() != Some(&IndexStatus::Deleting))
}

pub fn index_spec(
    table: &TableDescription,
    index: &GlobalSecondaryIndexDescription,
) -> Result<IndexSpec, CloudError> {
    let (hash_key, range_key) = keys(table, index.key_schema())?;
    let projection = index.projection();
    let kind = projection.and_then(|p| p.projection_type()).map_or("ALL", |t| t.as_str());
    Ok(IndexSpec {
        hash_key,
        range_key,
        projection: kind.to_string(),
        non_key_attributes: projection
            .map(|p| p.non_key_attributes().iter().cloned().collect())
            .unwrap_or_default(),
    })
}

/// Hash and range key with the types from the attribute definitions, whose order is not kept.
fn keys(
    table: &TableDescription,
    schema: &[KeySchemaElement],
) -> Result<(AttributeSpec, Option<AttributeSpec>), CloudError> {
    let find = |kind: KeyType| {
        schema.iter().find(|e| *e.key_type() == kind).map(|element| {
            let name = element.attribute_name();
            let definition =
                table.attribute_definitions().iter().find(|d| d.attribute_name() == name);
            AttributeSpec {
                name: name.to_string(),
                kind: definition.map_or("", |d| d.attribute_type().as_str()).to_string(),
            }
        })
    };
    let name = table.table_name().unwrap_or_default();
    let hash = find(KeyType::Hash).ok_or_else(|| {
        CloudError::shape(&format!("DescribeTable for `{name}`"), "hash key in KeySchema")
    })?;
    Ok((hash, find(KeyType::Range)))
}

/// PROVISIONED where AWS says nothing: the summary is absent on tables that never were on demand.
pub fn mode(table: &TableDescription) -> &str {
    table.billing_mode_summary().and_then(|s| s.billing_mode()).map_or(PROVISIONED, |m| m.as_str())
}

/// Units of the table.
pub fn table_units(table: &TableDescription) -> Units {
    let units = table.provisioned_throughput();
    (units.and_then(|u| u.read_capacity_units()), units.and_then(|u| u.write_capacity_units()))
}

/// Units of an index.
pub fn index_units(index: &GlobalSecondaryIndexDescription) -> Units {
    let units = index.provisioned_throughput();
    (units.and_then(|u| u.read_capacity_units()), units.and_then(|u| u.write_capacity_units()))
}

/// Ceilings, with "no ceiling" as `None`.
pub fn ceilings(ceiling: Option<&OnDemandThroughput>) -> Units {
    let plain = |units: Option<i64>| units.filter(|u| *u != NO_CEILING);
    (
        plain(ceiling.and_then(|c| c.max_read_request_units())),
        plain(ceiling.and_then(|c| c.max_write_request_units())),
    )
}

fn billing(table: &TableDescription, wanted: Option<&BillingSpec>) -> BillingSpec {
    let mode = mode(table).to_string();
    let (units, aim): (Vec<Units>, Option<Units>) = if mode == PROVISIONED {
        let all = std::iter::once(table_units(table)).chain(active_indexes(table).map(index_units));
        (all.collect(), wanted.map(|w| (w.read, w.write)))
    } else {
        let all = std::iter::once(ceilings(table.on_demand_throughput()))
            .chain(active_indexes(table).map(|i| ceilings(i.on_demand_throughput())));
        (all.collect(), wanted.map(|w| (w.max_read, w.max_write)))
    };
    let first = units.first().copied().unwrap_or_default();
    let (read, write) =
        units.into_iter().find(|u| aim.is_some_and(|aim| *u != aim)).unwrap_or(first);
    if mode == PROVISIONED {
        BillingSpec { mode, read, write, max_read: None, max_write: None }
    } else {
        BillingSpec { mode, read: None, write: None, max_read: read, max_write: write }
    }
}

/// An error for a value that the SDK's own types refuse.
pub fn refused(error: BuildError) -> CloudError {
    CloudError::ours(
        crate::model::ErrorKind::Other,
        format!("a table's description cannot be sent: {error}"),
        "make the plan again with this version of shopstack",
    )
}

pub fn throughput(billing: &BillingSpec) -> Result<Option<ProvisionedThroughput>, CloudError> {
    if billing.mode != PROVISIONED {
        return Ok(None);
    }
    let units = ProvisionedThroughput::builder()
        .set_read_capacity_units(billing.read)
        .set_write_capacity_units(billing.write)
        .build();
    units.map(Some).map_err(refused)
}

/// Ceilings as DynamoDB takes them; "no ceiling" has to be said when there was one.
pub fn ceiling(billing: &BillingSpec) -> OnDemandThroughput {
    OnDemandThroughput::builder()
        .max_read_request_units(billing.max_read.unwrap_or(NO_CEILING))
        .max_write_request_units(billing.max_write.unwrap_or(NO_CEILING))
        .build()
}

/// Ceilings for something new: only those that there are. AWS speaks of -1 as what takes a ceiling
/// away, not as what a new table can be told.
pub fn new_ceiling(billing: &BillingSpec) -> Option<OnDemandThroughput> {
    let ceiling = OnDemandThroughput::builder()
        .set_max_read_request_units(billing.max_read)
        .set_max_write_request_units(billing.max_write)
        .build();
    (billing.mode == ON_DEMAND && (billing.max_read, billing.max_write) != (None, None))
        .then_some(ceiling)
}

pub fn key_schema(
    hash: &AttributeSpec,
    range: Option<&AttributeSpec>,
) -> Result<Vec<KeySchemaElement>, CloudError> {
    let element = |attribute: &AttributeSpec, kind| {
        KeySchemaElement::builder()
            .attribute_name(&attribute.name)
            .key_type(kind)
            .build()
            .map_err(refused)
    };
    let mut schema = vec![element(hash, KeyType::Hash)?];
    if let Some(range) = range {
        schema.push(element(range, KeyType::Range)?);
    }
    Ok(schema)
}

/// Definitions of exactly the key attributes of the table and of `indexes`: AWS refuses any other.
pub fn definitions(
    wanted: &TableSpec,
    indexes: &BTreeMap<String, IndexSpec>,
) -> Result<Vec<AttributeDefinition>, CloudError> {
    let table = [Some(&wanted.hash_key), wanted.range_key.as_ref()];
    let of_indexes = indexes.values().flat_map(|i| [Some(&i.hash_key), i.range_key.as_ref()]);
    let kinds: BTreeMap<&str, &str> = table
        .into_iter()
        .chain(of_indexes)
        .flatten()
        .map(|a| (a.name.as_str(), a.kind.as_str()))
        .collect();
    let define = |(name, kind): (&str, &str)| {
        AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(ScalarAttributeType::from(kind))
            .build()
    };
    kinds.into_iter().map(define).collect::<Result<_, _>>().map_err(refused)
}

pub fn projection(index: &IndexSpec) -> Projection {
    let names = (!index.non_key_attributes.is_empty())
        .then(|| index.non_key_attributes.iter().cloned().collect());
    Projection::builder()
        .projection_type(ProjectionType::from(index.projection.as_str()))
        .set_non_key_attributes(names)
        .build()
}

/// The indexes of a new table; `None` for none, since AWS refuses an empty list.
pub fn new_indexes(wanted: &TableSpec) -> Result<Option<Vec<GlobalSecondaryIndex>>, CloudError> {
    let mut all = Vec::new();
    for (name, index) in &wanted.indexes {
        let built = GlobalSecondaryIndex::builder()
            .index_name(name)
            .set_key_schema(Some(key_schema(&index.hash_key, index.range_key.as_ref())?))
            .projection(projection(index))
            .set_provisioned_throughput(throughput(&wanted.billing)?)
            .set_on_demand_throughput(new_ceiling(&wanted.billing))
            .build();
        all.push(built.map_err(refused)?);
    }
    Ok((!all.is_empty()).then_some(all))
}

/// Tags as DynamoDB takes them.
pub fn tags(tags: &Tags) -> Result<Vec<Tag>, CloudError> {
    tags.iter()
        .map(|(k, v)| Tag::builder().key(k).value(v).build())
        .collect::<Result<_, _>>()
        .map_err(refused)
}

#[cfg(test)]
#[path = "shape_tests.rs"]
mod tests;
