//! Out-of-band changes of each field of AWS::DynamoDB::Table.

use crate::support::deployed::DeployedShop;
use crate::support::drift::{Case, DriftCases, OutOfBandChange, case};
use crate::support::proxied::ProxiedShop;
use aws_sdk_dynamodb::types as sdk;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use shopstack::model::Op;
use std::time::Duration;

/// A seed that a change wants.
const SEED: &str =
    r#"[{"productId":"p1","price":1},{"productId":"p2","price":2},{"productId":"p3","price":3}]"#;

/// Gives the shop tables that have a value in every field.
pub fn prepare(shop: &ProxiedShop) {
    let orders = "  Orders:
    key: orderId
    sort_key: { name: placed, type: number }
    protect: false
    indexes:
      byUser: { key: userId, sort_key: { name: total, type: number }, projection: [status] }
      byStatus: { key: status, projection: keys_only }
  Limited: { key: id, protect: false, billing: { on_demand: { max_read: 100, max_write: 100 } } }
  Bought: { key: id, protect: false, billing: { provisioned: { read: 5, write: 5 } } }
";
    shop.edit_all("  Orders:\n    key: orderId\n", orders);
    std::fs::write(shop.path("seed/more.json"), SEED).unwrap();
}

const KINESIS: &str = "arn:aws:kinesis:us-east-1:000000000000:stream/theirs";
const FOUND_ONLY: &str = "settings that no stack has: they are only found, and taken away";

fn extra(name: &str, value: &str) -> Case {
    case("extras.*", json!(value)).keys(&[name]).no_change(FOUND_ONLY)
}

/// What lets others read the items, or deletes them.
async fn add_extra(shop: &DeployedShop, change: &OutOfBandChange<'_>) {
    let (db, name) = (&shop.clients.dynamodb, &change.live.name);
    let update = db.update_table().table_name(name);
    match change.key() {
        "encryption" => {
            let on = sdk::SseSpecification::builder().enabled(true).sse_type(sdk::SseType::Kms);
            update.sse_specification(on.build()).send().await.unwrap();
        }
        "table class" => {
            update.table_class(change.text().into()).send().await.unwrap();
        }
        "resource policy" => {
            let put = db.put_resource_policy().resource_arn(change.output("arn"));
            put.policy(change.text()).send().await.unwrap();
        }
        _ => {
            let enable = db.enable_kinesis_streaming_destination().table_name(name);
            enable.stream_arn(KINESIS).send().await.unwrap();
        }
    }
}

pub fn cases(shop: &DeployedShop) -> DriftCases {
    let seed: String = Sha256::digest(SEED).iter().map(|b| format!("{b:02x}")).collect();
    let replaced = |field, to| case(field, to).op(Op::Replace);
    let index = |field, to: Value| case(field, to).keys(&["byUser"]);
    let key = |name: &str, kind: &str| json!({"name": name, "kind": kind});
    let more = json!({"hash_key": key("courier", "S"), "range_key": null, "projection": "ALL", "non_key_attributes": []});
    let cases: Vec<Case> = vec![
        case("tags.*", json!("x")).keys(&["stray"]),
        replaced("hash_key.name", json!("orderNumber")),
        replaced("hash_key.kind", json!("N")),
        replaced("range_key", json!(null)),
        replaced("range_key.name", json!("at")),
        replaced("range_key.kind", json!("S")),
        case("indexes.*", more).keys(&["byCourier"]),
        index("indexes.*.hash_key.name", json!("customerId")),
        index("indexes.*.hash_key.kind", json!("N")),
        index("indexes.*.range_key", json!(null)),
        index("indexes.*.range_key.name", json!("sum")),
        index("indexes.*.range_key.kind", json!("S")),
        index("indexes.*.non_key_attributes", json!(["items", "status"])),
        case("indexes.*.projection", json!("ALL")).keys(&["byStatus"]),
        case("billing.mode", json!("PROVISIONED"))
            .also("billing.read", json!(3))
            .also("billing.write", json!(4)),
        case("billing.read", json!(7)).at("table.Bought"),
        case("billing.write", json!(8)).at("table.Bought"),
        case("billing.max_read", json!(70)).at("table.Limited"),
        case("billing.max_write", json!(80)).at("table.Limited"),
        case("point_in_time_recovery", json!(false)),
        case("stream", json!("KEYS_ONLY")),
        case("ttl", json!("expires")),
        case("deletion_protection", json!(true)),
        extra("encryption", "").seen_as(Value::Null),
        extra("table class", "STANDARD_INFREQUENT_ACCESS"),
        extra(&format!("kinesis destination {KINESIS}"), "ACTIVE"),
        extra("resource policy", r#"{"Statement":[],"Version":"2012-10-17"}"#).seen_as(Value::Null),
        case("seed", json!(seed)).at("table.Products").payload(shop.shop.path("seed/more.json")),
    ];
    DriftCases {
        type_name: "AWS::DynamoDB::Table",
        at: "table.Orders",
        cases,
        change: |shop, change| Box::pin(change_out_of_band(shop, change)),
    }
}

async fn change_out_of_band(shop: &DeployedShop, change: &OutOfBandChange<'_>) {
    let (db, name) = (&shop.clients.dynamodb, &change.live.name);
    match change.case.field {
        "tags.*" => tag(shop, change, change.key(), change.text()).await,
        "extras.*" => add_extra(shop, change).await,
        "ttl" => {
            let on = sdk::TimeToLiveSpecification::builder().enabled(true);
            let on = on.attribute_name(change.text()).build().unwrap();
            let update = db.update_time_to_live().table_name(name);
            update.time_to_live_specification(on).send().await.unwrap();
        }
        "seed" => tag(shop, change, "shopstack:seed", change.text()).await,
        "hash_key.name" | "hash_key.kind" | "range_key" | "range_key.name" | "range_key.kind" => {
            remake(shop, change).await
        }
        "billing.mode" | "billing.read" | "billing.write" => {
            let units = units(&change.target["billing"]);
            let of_index = |index: &str| {
                let update = sdk::UpdateGlobalSecondaryIndexAction::builder().index_name(index);
                let update = update.provisioned_throughput(units.clone()).build().unwrap();
                sdk::GlobalSecondaryIndexUpdate::builder().update(update).build()
            };
            let indexes: Vec<_> =
                change.target["indexes"].as_object().unwrap().keys().map(|i| of_index(i)).collect();
            let update =
                db.update_table().table_name(name).billing_mode(sdk::BillingMode::Provisioned);
            let update =
                update.set_global_secondary_index_updates(Some(indexes).filter(|i| !i.is_empty()));
            update.provisioned_throughput(units.clone()).send().await.unwrap();
        }
        "billing.max_read" | "billing.max_write" => {
            let units = |key: &str| change.target["billing"][key].as_i64();
            let ceiling = sdk::OnDemandThroughput::builder()
                .set_max_read_request_units(units("max_read"))
                .set_max_write_request_units(units("max_write"));
            db.update_table()
                .table_name(name)
                .on_demand_throughput(ceiling.build())
                .send()
                .await
                .unwrap();
        }
        "point_in_time_recovery" => {
            let on = sdk::PointInTimeRecoverySpecification::builder()
                .point_in_time_recovery_enabled(change.flag());
            let update = db.update_continuous_backups().table_name(name);
            update.point_in_time_recovery_specification(on.build().unwrap()).send().await.unwrap();
        }
        "stream" => {
            let view = change.target["stream"].as_str().map(Into::into);
            let stream = sdk::StreamSpecification::builder()
                .stream_enabled(view.is_some())
                .set_stream_view_type(view)
                .build();
            let update = db.update_table().table_name(name);
            update.stream_specification(stream.unwrap()).send().await.unwrap();
        }
        "deletion_protection" => {
            db.update_table()
                .table_name(name)
                .deletion_protection_enabled(change.flag())
                .send()
                .await
                .unwrap();
        }
        _ => index(shop, change).await,
    }
    ready(shop, name).await;
}

async fn tag(shop: &DeployedShop, change: &OutOfBandChange<'_>, key: &str, value: &str) {
    let tag = sdk::Tag::builder().key(key).value(value).build().unwrap();
    shop.clients
        .dynamodb
        .tag_resource()
        .resource_arn(change.output("arn"))
        .tags(tag)
        .send()
        .await
        .unwrap();
}

fn units(billing: &Value) -> sdk::ProvisionedThroughput {
    sdk::ProvisionedThroughput::builder()
        .set_read_capacity_units(billing["read"].as_i64())
        .set_write_capacity_units(billing["write"].as_i64())
        .build()
        .unwrap()
}

/// Takes the index away, and puts it back as the case has it.
async fn index(shop: &DeployedShop, change: &OutOfBandChange<'_>) {
    let (db, name) = (&shop.clients.dynamodb, &change.live.name);
    let update = |index: sdk::GlobalSecondaryIndexUpdate| {
        let all = attributes(&change.target);
        db.update_table()
            .table_name(name)
            .set_attribute_definitions(Some(all))
            .global_secondary_index_updates(index)
    };
    if change.live.spec["indexes"].get(change.key()).is_some() {
        let gone = sdk::DeleteGlobalSecondaryIndexAction::builder()
            .index_name(change.key())
            .build()
            .unwrap();
        let gone = sdk::GlobalSecondaryIndexUpdate::builder().delete(gone).build();
        db.update_table()
            .table_name(name)
            .global_secondary_index_updates(gone)
            .send()
            .await
            .unwrap();
        ready(shop, name).await;
    }
    let spec = &change.target["indexes"][change.key()];
    let made = sdk::CreateGlobalSecondaryIndexAction::builder()
        .index_name(change.key())
        .set_key_schema(Some(keys(spec)))
        .projection(projection(spec))
        .build()
        .unwrap();
    update(sdk::GlobalSecondaryIndexUpdate::builder().create(made).build()).send().await.unwrap();
}

fn projection(index: &Value) -> sdk::Projection {
    let names: Vec<String> = serde_json::from_value(index["non_key_attributes"].clone()).unwrap();
    sdk::Projection::builder()
        .projection_type(index["projection"].as_str().unwrap().into())
        .set_non_key_attributes(Some(names).filter(|n| !n.is_empty()))
        .build()
}

fn keys(spec: &Value) -> Vec<sdk::KeySchemaElement> {
    let one = |(field, kind): (&str, sdk::KeyType)| {
        let name = spec[field]["name"].as_str()?;
        sdk::KeySchemaElement::builder().attribute_name(name).key_type(kind).build().ok()
    };
    [("hash_key", sdk::KeyType::Hash), ("range_key", sdk::KeyType::Range)]
        .into_iter()
        .filter_map(one)
        .collect()
}

/// Every key attribute of the table and its indexes, once.
fn attributes(table: &Value) -> Vec<sdk::AttributeDefinition> {
    let indexes = table["indexes"].as_object().into_iter().flat_map(|all| all.values());
    let mut found = std::collections::BTreeMap::new();
    for spec in std::iter::once(table).chain(indexes) {
        for key in [&spec["hash_key"], &spec["range_key"]].into_iter().filter(|key| !key.is_null())
        {
            found.insert(key["name"].as_str().unwrap(), key["kind"].as_str().unwrap());
        }
    }
    let one = |(name, kind): (&str, &str)| {
        sdk::AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(kind.into())
            .build()
            .unwrap()
    };
    found.into_iter().map(one).collect()
}

/// Deletes the table and makes one of the same name with other keys.
async fn remake(shop: &DeployedShop, change: &OutOfBandChange<'_>) {
    let (db, name) = (&shop.clients.dynamodb, &change.live.name);
    db.delete_table().table_name(name).send().await.unwrap();
    while db.describe_table().table_name(name).send().await.is_ok() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let tags = change.target["tags"].as_object().unwrap().iter();
    let tags =
        tags.map(|(k, v)| sdk::Tag::builder().key(k).value(v.as_str().unwrap()).build().unwrap());
    let indexes = change.target["indexes"].as_object().unwrap().iter().map(|(index, spec)| {
        let made =
            sdk::GlobalSecondaryIndex::builder().index_name(index).set_key_schema(Some(keys(spec)));
        made.projection(projection(spec)).build().unwrap()
    });
    db.create_table()
        .table_name(name)
        .set_attribute_definitions(Some(attributes(&change.target)))
        .set_key_schema(Some(keys(&change.target)))
        .set_global_secondary_indexes(Some(indexes.collect()))
        .billing_mode(sdk::BillingMode::PayPerRequest)
        .set_tags(Some(tags.collect()))
        .send()
        .await
        .unwrap();
    ready(shop, name).await;
    let on = sdk::PointInTimeRecoverySpecification::builder()
        .point_in_time_recovery_enabled(true)
        .build()
        .unwrap();
    db.update_continuous_backups()
        .table_name(name)
        .point_in_time_recovery_specification(on)
        .send()
        .await
        .unwrap();
}

/// Waits until the table and its indexes rest.
async fn ready(shop: &DeployedShop, name: &str) {
    loop {
        let table = shop
            .clients
            .dynamodb
            .describe_table()
            .table_name(name)
            .send()
            .await
            .unwrap()
            .table
            .unwrap();
        let rests = |i: &sdk::GlobalSecondaryIndexDescription| {
            i.index_status() == Some(&sdk::IndexStatus::Active)
        };
        if table.table_status() == Some(&sdk::TableStatus::Active)
            && table.global_secondary_indexes().iter().all(rests)
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
