//! AWS::DynamoDB::Table: made and seeded, read back as wanted, every field changed both ways,
//! adopted, deleted.

mod drift;
mod inventory;

use crate::support::env::TestEnv;
use crate::support::step::{desired, step};
use crate::support::suite::{Coverage, Suite, TypeInventory};
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use shopstack::model::{Desired, ErrorKind, Live, Op, Owner};
use shopstack::resources::{ResourceType, dynamodb::table::Table};
use std::path::{Path, PathBuf};

pub const SUITE: Suite = Suite {
    type_name: "AWS::DynamoDB::Table",
    prepare: Some(drift::prepare),
    on_ministack: &[|shop| Box::pin(async { drift::cases(shop) })],
    on_moto: &[],
    clean_up: None,
    inventory: Coverage::Own(TypeInventory {
        kind: "table",
        add: |all, clients| Box::pin(inventory::add(all, clients)),
        names: |clients| Box::pin(inventory::names(clients)),
    }),
};

const SEED: &str =
    r#"[{"orderId": "1", "price": 18.50, "tags": ["a", 2]}, {"orderId": "2", "price": 0.1}]"#;

fn seed_file(folder: &Path, text: &str) -> (PathBuf, String) {
    let path = folder.join(format!("{}.json", text.len()));
    std::fs::write(&path, text).unwrap();
    (path, Sha256::digest(text).iter().map(|b| format!("{b:02x}")).collect())
}

fn key(name: &str, kind: &str) -> Value {
    json!({"name": name, "kind": kind})
}

fn index(hash: &str) -> Value {
    json!({"hash_key": key(hash, "S"), "range_key": key("orderDate", "N"), "projection": "INCLUDE",
        "non_key_attributes": ["status", "total"]})
}

fn billing(units: Option<i64>, ceiling: Option<i64>) -> Value {
    let mode = if units.is_some() { "PROVISIONED" } else { "PAY_PER_REQUEST" };
    json!({"mode": mode, "read": units, "write": units, "max_read": ceiling, "max_write": ceiling})
}

fn wanted(env: &TestEnv) -> Desired {
    let spec = json!({
        "tags": env.scope.tags("T"), "hash_key": key("orderId", "S"), "range_key": null,
        "indexes": {"byUser": index("userId")}, "billing": billing(None, None),
        "point_in_time_recovery": true, "deletion_protection": true, "stream": null, "ttl": null, "seed": null, "extras": {},
    });
    desired(&Table, "table.T", &env.scope.name("T"), spec)
}

async fn live(env: &TestEnv, wanted: &Desired) -> Live {
    env.discover(&Table, &[wanted], &[]).await.remove(0)
}

/// Brings the table from what it is to `wanted.spec`, and asserts that it reads back so.
async fn update(env: &TestEnv, wanted: &Desired) {
    let before = live(env, wanted).await;
    let change = step(wanted, Op::Update, Some(before.clone()));
    Table.update(&env.writer, &change, &before, &wanted.spec).await.expect("update");
    assert_eq!(live(env, wanted).await.spec, wanted.spec);
}

async fn create(env: &TestEnv, wanted: &Desired) -> Result<(), shopstack::model::CloudError> {
    Table.create(&env.writer, &step(wanted, Op::Create, None), &wanted.spec).await.map(|_| ())
}

#[tokio::test]
async fn its_whole_life() {
    let env = TestEnv::new("table").await;
    let mut wanted = wanted(&env);
    create(&env, &wanted).await.expect("create");
    create(&env, &wanted).await.expect("create again");
    let found = live(&env, &wanted).await;
    assert_eq!((&found.spec, &found.owner, &found.data), (&wanted.spec, &Owner::Ours, &None));
    assert!(found.outputs["arn"].ends_with(&format!(":table/{}", wanted.name)));

    for (field, value) in [
        ("deletion_protection", json!(false)),
        ("point_in_time_recovery", json!(false)),
        ("indexes", json!({"byUser": index("userId"), "byStatus": index("status")})),
        ("indexes", json!({"byUser": index("userId2")})),
        ("billing", billing(Some(3), None)),
        ("billing", billing(Some(4), None)),
        ("indexes", json!({"byUser": index("userId2"), "late": index("status")})),
        ("billing", billing(None, None)),
        ("indexes", json!({})),
        ("stream", json!("NEW_AND_OLD_IMAGES")),
        ("stream", json!("KEYS_ONLY")),
        ("stream", json!(null)),
        ("ttl", json!("expiresAt")),
        ("ttl", json!("endsAt")),
        ("ttl", json!(null)),
        ("point_in_time_recovery", json!(true)),
        ("deletion_protection", json!(true)),
    ] {
        wanted.spec[field] = value;
        update(&env, &wanted).await;
    }
    wanted.spec["tags"]["shopstack:expires-at"] = json!("2030-01-01T00:00:00Z");
    update(&env, &wanted).await;
    wanted.spec["tags"] = json!(env.scope.tags("T"));
    update(&env, &wanted).await;
    // moto never tells ceilings.
    if env.scope.account == "000000000000" {
        for ceiling in [Some(20), Some(10), None] {
            wanted.spec["billing"] = billing(None, ceiling);
            update(&env, &wanted).await;
        }
    }

    let by_ownership = env.discover(&Table, &[], &[]).await.remove(0);
    // For `down` the backups are not looked at.
    assert_eq!(
        (&by_ownership.spec["tags"], &by_ownership.address),
        (&wanted.spec["tags"], &wanted.address)
    );
    Table.delete(&env.writer, &by_ownership).await.expect("delete, although it is protected");
    Table.delete(&env.writer, &by_ownership).await.expect("deleting what is gone is done");
    assert!(env.discover(&Table, &[&wanted], &[]).await.is_empty());
}

#[tokio::test]
async fn seeds_are_put_once_and_never_overwrite() {
    let env = TestEnv::new("tableseed").await;
    let folder = tempfile::tempdir().unwrap();
    let mut wanted = wanted(&env);
    let (path, hash) = seed_file(folder.path(), SEED);
    (wanted.payload, wanted.spec["seed"]) = (Some(path), json!(hash));
    wanted.spec["deletion_protection"] = json!(false);
    create(&env, &wanted).await.expect("create");
    let found = live(&env, &wanted).await;
    assert_eq!((&found.spec, found.data.is_some()), (&wanted.spec, true));

    // A shop that has changed an item keeps it, also when the seed changes.
    let dynamodb = &env.clients.dynamodb;
    let item = |id: &str| {
        dynamodb.get_item().table_name(&wanted.name).key("orderId", AttributeValue::S(id.into()))
    };
    let seeded = item("1").send().await.unwrap().item.unwrap();
    assert_eq!(seeded["price"].as_n().unwrap().trim_end_matches('0'), "18.5");
    assert!(seeded["tags"].as_l().unwrap().len() == 2);
    let mut changed = seeded.clone();
    changed.insert("price".into(), AttributeValue::N("99".into()));
    dynamodb.put_item().table_name(&wanted.name).set_item(Some(changed)).send().await.unwrap();
    let (path, hash) =
        seed_file(folder.path(), r#"[{"orderId": "1", "price": 1}, {"orderId": "3"}]"#);
    let mut reseeded = wanted.clone();
    (reseeded.payload, reseeded.spec["seed"]) = (Some(path), json!(hash));
    update(&env, &reseeded).await;
    assert_eq!(item("1").send().await.unwrap().item.unwrap()["price"].as_n().unwrap(), "99");
    assert!(item("3").send().await.unwrap().item.is_some());

    // No seed wanted any more: nothing to do, and the tag is no drift.
    reseeded.spec["seed"] = json!(null);
    assert_eq!(live(&env, &reseeded).await.spec, reseeded.spec);
    Table.delete(&env.writer, &live(&env, &reseeded).await).await.expect("delete");
}

#[tokio::test]
async fn a_seed_file_that_is_not_the_planned_one_leaves_no_table_behind() {
    let env = TestEnv::new("tablebadseed").await;
    let folder = tempfile::tempdir().unwrap();
    let mut wanted = wanted(&env);
    (wanted.payload, wanted.spec["seed"]) = (Some(seed_file(folder.path(), SEED).0), json!("00"));
    let refused = create(&env, &wanted).await.unwrap_err();
    assert!(refused.message.contains("not the one that was planned"), "{refused}");
    assert!(env.discover(&Table, &[&wanted], &[]).await.is_empty());
}

#[tokio::test]
async fn what_a_stranger_changed_is_seen_and_mended() {
    let env = TestEnv::new("tabledrift").await;
    let mut wanted = wanted(&env);
    wanted.spec["deletion_protection"] = json!(false);
    create(&env, &wanted).await.expect("create");
    let mut theirs = wanted.clone();
    theirs.spec["indexes"]["theirs"] = index("other");
    theirs.spec["point_in_time_recovery"] = json!(false);
    theirs.spec["tags"]["stray"] = json!("x");
    update(&env, &theirs).await;
    let seen = live(&env, &wanted).await.spec;
    assert!(seen["indexes"]["theirs"].is_object() && seen["tags"]["stray"] == "x", "{seen}");
    update(&env, &wanted).await;
    Table.delete(&env.writer, &live(&env, &wanted).await).await.expect("delete");
}

#[tokio::test]
async fn a_foreign_table_is_refused_and_can_be_adopted() {
    let env = TestEnv::new("tableforeign").await;
    let mut wanted = wanted(&env);
    wanted.spec["deletion_protection"] = json!(false);
    let mut theirs = wanted.clone();
    theirs.spec["tags"] = json!({"shopstack:stack": "other", "shopstack:env": "prod"});
    create(&env, &theirs).await.expect("the stranger's");
    let refused = create(&env, &wanted).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Foreign);
    assert!(refused.message.contains("stack `other`, env `prod`"), "{refused}");
    assert!(matches!(live(&env, &wanted).await.owner, Owner::Foreign(_)));
    assert!(
        env.discover(&Table, &[], &[]).await.is_empty(),
        "what is not ours is not found by ownership"
    );
    update(&env, &wanted).await;
    assert_eq!(live(&env, &wanted).await.owner, Owner::Ours);
    Table.delete(&env.writer, &live(&env, &wanted).await).await.expect("delete");
}
