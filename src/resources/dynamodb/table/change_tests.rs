//! Tests of the update matrix: which calls, in which order, with what in them.

use super::*;
use crate::resources::dynamodb::table::spec::AttributeSpec;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingModeSummary, GlobalSecondaryIndexDescription, Projection,
    ProjectionType, ProvisionedThroughputDescription, ScalarAttributeType,
};

fn attribute(name: &str) -> AttributeSpec {
    AttributeSpec { name: name.into(), kind: "S".into() }
}

fn index_on(key: &str) -> IndexSpec {
    IndexSpec {
        hash_key: attribute(key),
        range_key: None,
        projection: "ALL".into(),
        non_key_attributes: Default::default(),
    }
}

fn billing(mode: &str, units: Option<i64>, ceiling: Option<i64>) -> BillingSpec {
    BillingSpec {
        mode: mode.into(),
        read: units,
        write: units,
        max_read: ceiling,
        max_write: ceiling,
    }
}

fn wanted(billing: BillingSpec, indexes: &[(&str, &str)]) -> TableSpec {
    TableSpec {
        hash_key: attribute("id"),
        indexes: indexes.iter().map(|(name, key)| (name.to_string(), index_on(key))).collect(),
        billing,
        ..TableSpec::default()
    }
}

/// A table as AWS tells it that has become what `spec` wants.
fn described(spec: &TableSpec) -> TableDescription {
    let units = spec.billing.read.unwrap_or(0);
    let units = ProvisionedThroughputDescription::builder()
        .read_capacity_units(units)
        .write_capacity_units(units);
    let ceiling = shape::new_ceiling(&spec.billing);
    let indexes = spec.indexes.iter().map(|(name, index)| {
        GlobalSecondaryIndexDescription::builder()
            .index_name(name)
            .index_status(IndexStatus::Active)
            .set_key_schema(Some(shape::key_schema(&index.hash_key, None).unwrap()))
            .projection(Projection::builder().projection_type(ProjectionType::All).build())
            .provisioned_throughput(units.clone().build())
            .set_on_demand_throughput(ceiling.clone())
            .build()
    });
    let names = ["id", "a", "b", "c"].map(|name| {
        let kind = ScalarAttributeType::S;
        AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().unwrap()
    });
    TableDescription::builder()
        .table_name("t")
        .table_status(TableStatus::Active)
        .set_key_schema(Some(shape::key_schema(&spec.hash_key, None).unwrap()))
        .set_attribute_definitions(Some(names.to_vec()))
        .billing_mode_summary(
            BillingModeSummary::builder()
                .billing_mode(BillingMode::from(spec.billing.mode.as_str()))
                .build(),
        )
        .provisioned_throughput(units.clone().build())
        .set_on_demand_throughput(ceiling.clone())
        .deletion_protection_enabled(spec.deletion_protection)
        .set_global_secondary_indexes(Some(indexes.collect()))
        .build()
}

fn changes(before: &TableSpec, after: &TableSpec) -> Vec<Change> {
    plan(&described(before), after).unwrap()
}

fn demand() -> BillingSpec {
    billing(ON_DEMAND, None, None)
}

#[test]
fn nothing_differs_nothing_is_called() {
    for billing in
        [demand(), billing(PROVISIONED, Some(5), None), billing(ON_DEMAND, None, Some(10))]
    {
        let spec = wanted(billing, &[("x", "a")]);
        assert_eq!(changes(&spec, &spec), []);
    }
}

#[test]
fn indexes_go_first_and_come_last_one_per_call() {
    let before = wanted(demand(), &[("old", "a"), ("rekeyed", "a"), ("stays", "b")]);
    let after = wanted(
        billing(PROVISIONED, Some(2), None),
        &[("new", "c"), ("rekeyed", "c"), ("stays", "b")],
    );
    let flip = Capacity {
        flip: Some(PROVISIONED.into()),
        table: true,
        indexes: vec!["stays".into()],
        deletion_protection: None,
    };
    let expected = [
        Change::DeleteIndex("old".into()),
        Change::DeleteIndex("rekeyed".into()),
        Change::Capacity(flip),
        Change::CreateIndex("new".into()),
        Change::CreateIndex("rekeyed".into()),
    ];
    assert_eq!(changes(&before, &after), expected);
}

#[test]
fn a_flip_to_provisioned_carries_units_for_every_index_even_equal_ones() {
    let before =
        TableSpec { deletion_protection: true, ..wanted(demand(), &[("x", "a"), ("y", "b")]) };
    let after = wanted(billing(PROVISIONED, Some(0), None), &[("x", "a"), ("y", "b")]);
    let [Change::Capacity(call)] = &changes(&before, &after)[..] else { panic!("one call") };
    assert!(call.table);
    assert_eq!(call.indexes, ["x", "y"]);
    assert_eq!(call.deletion_protection, Some(false), "it may ride along");
}

#[test]
fn a_flip_to_on_demand_does_not_speak_of_indexes() {
    let before = wanted(billing(PROVISIONED, Some(5), None), &[("x", "a")]);
    let [Change::Capacity(flip)] = &changes(&before, &wanted(demand(), &[("x", "a")]))[..] else {
        panic!("one call")
    };
    assert_eq!(*flip, Capacity { flip: Some(ON_DEMAND.into()), ..Capacity::default() });
    let capped = wanted(billing(ON_DEMAND, None, Some(7)), &[("x", "a")]);
    let [Change::Capacity(flip), Change::Capacity(ceilings)] = &changes(&before, &capped)[..]
    else {
        panic!("two calls")
    };
    assert!(flip.table && flip.indexes.is_empty());
    assert_eq!(*ceilings, Capacity { indexes: vec!["x".into()], ..Capacity::default() });
}

#[test]
fn unchanged_units_are_not_sent_again() {
    let spec = wanted(billing(PROVISIONED, Some(5), None), &[("x", "a"), ("y", "b")]);
    let mut seen = described(&spec);
    let indexes = seen.global_secondary_indexes.as_mut().unwrap();
    indexes[1].provisioned_throughput = Some(
        ProvisionedThroughputDescription::builder()
            .read_capacity_units(1)
            .write_capacity_units(5)
            .build(),
    );
    let expected = Capacity { indexes: vec!["y".into()], ..Capacity::default() };
    assert_eq!(plan(&seen, &spec).unwrap(), [Change::Capacity(expected)]);
    let protected = TableSpec { deletion_protection: true, ..spec.clone() };
    let expected = Capacity { deletion_protection: Some(true), ..Capacity::default() };
    assert_eq!(changes(&spec, &protected), [Change::Capacity(expected)]);
}

#[test]
fn a_change_shows_only_when_the_table_is_at_rest_and_tells_it() {
    let before = wanted(demand(), &[("x", "a")]);
    let after = wanted(billing(PROVISIONED, Some(5), None), &[]);
    let gone = Change::DeleteIndex("x".into());
    assert!(!shows(&described(&before), &gone, &after));
    assert!(shows(&described(&after), &gone, &after));
    let flip = Change::Capacity(Capacity {
        flip: Some(PROVISIONED.into()),
        table: true,
        ..Capacity::default()
    });
    assert!(!shows(&described(&before), &flip, &after), "a stale answer at rest is no proof");
    assert!(shows(&described(&after), &flip, &after));
    // Units and ceilings of the table and of each index that travelled.
    let units = wanted(billing(PROVISIONED, Some(9), None), &[("x", "a")]);
    let ceilings = wanted(billing(ON_DEMAND, None, Some(9)), &[("x", "a")]);
    for aim in [&units, &ceilings] {
        let (of_table, of_index) =
            (Capacity { table: true, ..Capacity::default() }, vec!["x".to_string()]);
        let of_index = Capacity { indexes: of_index, ..Capacity::default() };
        let mut half = described(aim);
        let index = &mut half.global_secondary_indexes.as_mut().unwrap()[0];
        (index.provisioned_throughput, index.on_demand_throughput) = (None, None);
        assert!(shows(&half, &Change::Capacity(of_table.clone()), aim));
        assert!(!shows(&half, &Change::Capacity(of_index.clone()), aim), "the index is as before");
        assert!(shows(&described(aim), &Change::Capacity(of_index), aim));
        (half.provisioned_throughput, half.on_demand_throughput) = (None, None);
        assert!(!shows(&half, &Change::Capacity(of_table), aim), "and so is the table");
    }
    let mut busy = described(&after);
    busy.table_status = Some(TableStatus::Updating);
    assert!(!shows(&busy, &flip, &after));
}
