//! Tests of the conversions: what DynamoDB leaves out, fills in or hands back in another order.

use super::*;
use aws_sdk_dynamodb::types::{BillingMode, BillingModeSummary, ProvisionedThroughputDescription};

pub fn attribute(name: &str, kind: &str) -> AttributeSpec {
    AttributeSpec { name: name.into(), kind: kind.into() }
}

fn units(read: i64, write: i64) -> ProvisionedThroughputDescription {
    ProvisionedThroughputDescription::builder()
        .read_capacity_units(read)
        .write_capacity_units(write)
        .build()
}

fn index(name: &str, read: i64, write: i64) -> GlobalSecondaryIndexDescription {
    let keys = key_schema(&attribute("userId", "S"), Some(&attribute("orderDate", "N"))).unwrap();
    GlobalSecondaryIndexDescription::builder()
        .index_name(name)
        .set_key_schema(Some(keys))
        .index_status(IndexStatus::Active)
        .provisioned_throughput(units(read, write))
        .projection(
            Projection::builder()
                .projection_type(ProjectionType::Include)
                .non_key_attributes("b")
                .non_key_attributes("a")
                .build(),
        )
        .build()
}

fn table() -> aws_sdk_dynamodb::types::builders::TableDescriptionBuilder {
    let definition = |name: &str, kind: ScalarAttributeType| {
        AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().unwrap()
    };
    TableDescription::builder()
        .table_name("t")
        .set_key_schema(Some(key_schema(&attribute("orderId", "S"), None).unwrap()))
        .attribute_definitions(definition("orderDate", ScalarAttributeType::N))
        .attribute_definitions(definition("userId", ScalarAttributeType::S))
        .attribute_definitions(definition("orderId", ScalarAttributeType::S))
        .provisioned_throughput(units(0, 0))
}

fn on_demand() -> BillingModeSummary {
    BillingModeSummary::builder().billing_mode(BillingMode::PayPerRequest).build()
}

fn provisioned(read: i64, write: i64) -> BillingSpec {
    let (read, write) = (Some(read), Some(write));
    BillingSpec { mode: PROVISIONED.into(), read, write, max_read: None, max_write: None }
}

#[test]
fn an_on_demand_table_has_no_units_although_aws_tells_zeros() {
    let spec = spec_of(&table().billing_mode_summary(on_demand()).build(), None).unwrap();
    let none = BillingSpec {
        mode: ON_DEMAND.into(),
        read: None,
        write: None,
        max_read: None,
        max_write: None,
    };
    assert_eq!(spec.billing, none);
    assert_eq!((spec.hash_key, spec.range_key), (attribute("orderId", "S"), None));
    let minus_one =
        OnDemandThroughput::builder().max_read_request_units(-1).max_write_request_units(7).build();
    let capped = table().billing_mode_summary(on_demand()).on_demand_throughput(minus_one).build();
    assert_eq!(spec_of(&capped, None).unwrap().billing, BillingSpec { max_write: Some(7), ..none });
}

#[test]
fn a_missing_billing_summary_means_provisioned() {
    let spec = spec_of(&table().provisioned_throughput(units(5, 3)).build(), None).unwrap();
    assert_eq!(spec.billing, provisioned(5, 3));
}

#[test]
fn an_index_with_other_units_than_wanted_shows() {
    let seen = table()
        .provisioned_throughput(units(5, 3))
        .global_secondary_indexes(index("byUser", 1, 3))
        .build();
    assert_eq!(spec_of(&seen, Some(&provisioned(5, 3))).unwrap().billing, provisioned(1, 3));
    assert_eq!(spec_of(&seen, Some(&provisioned(1, 3))).unwrap().billing, provisioned(5, 3));
    assert_eq!(spec_of(&seen, None).unwrap().billing, provisioned(5, 3));
}

#[test]
fn indexes_are_read_by_name_and_those_being_deleted_are_gone() {
    let going = GlobalSecondaryIndexDescription::builder()
        .index_name("old")
        .index_status(IndexStatus::Deleting);
    let seen = table()
        .global_secondary_indexes(index("byUser", 0, 0))
        .global_secondary_indexes(going.build())
        .build();
    let spec = spec_of(&seen, None).unwrap();
    assert_eq!(spec.indexes.keys().collect::<Vec<_>>(), ["byUser"]);
    let by_user = &spec.indexes["byUser"];
    assert_eq!(by_user.range_key, Some(attribute("orderDate", "N")));
    assert_eq!(by_user.projection, "INCLUDE");
    assert_eq!(by_user.non_key_attributes.iter().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(definitions(&spec, &spec.indexes).unwrap().len(), 3, "each key attribute once");
    assert_eq!(definitions(&spec, &BTreeMap::new()).unwrap().len(), 1);
}

#[test]
fn only_new_things_with_ceilings_get_some() {
    let capped =
        BillingSpec { max_read: Some(9), ..spec_of(&table().build(), None).unwrap().billing };
    let capped = BillingSpec { mode: ON_DEMAND.into(), ..capped };
    let ceiling = new_ceiling(&capped).unwrap();
    assert_eq!(
        (ceiling.max_read_request_units(), ceiling.max_write_request_units()),
        (Some(9), None)
    );
    assert_eq!(new_ceiling(&BillingSpec { max_read: None, ..capped }), None);
    assert_eq!(new_ceiling(&provisioned(1, 1)), None);
}

#[test]
fn a_table_without_a_hash_key_is_an_error() {
    let broken = TableDescription::builder().table_name("t").build();
    assert!(spec_of(&broken, None).unwrap_err().message.contains("hash key"));
}
