//! What a run leaves behind when it is refused, fails or ends badly, and what it prints meanwhile.

use crate::support::clients::Clients;
use crate::support::endpoint::Endpoint;
use crate::support::env::endpoint;
use crate::support::run::{Run, command, done_addresses, summary};
use crate::support::shop::Shop;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A stack of one table.
fn small(name: &str) -> Shop {
    let shop = Shop::new(name, &endpoint());
    let stack = &shop.stack;
    let text = format!("name: {stack}\nregion: us-east-1\ntables:\n  Orders:\n    key: orderId\n");
    shop.write("stack.yaml", &text);
    shop
}

type Row = HashMap<String, AttributeValue>;

fn key(shop: &Shop, sk: &str) -> Row {
    let text = |text: &str| AttributeValue::S(text.into());
    HashMap::from([("pk".into(), text(&format!("{}/dev", shop.stack))), ("sk".into(), text(sk))])
}

/// The record of the last `up`, as it stands in the shared table.
async fn record(clients: &Clients, shop: &Shop) -> Value {
    let get = clients.dynamodb.get_item().table_name("shopstack").consistent_read(true);
    let row = get.set_key(Some(key(shop, "record"))).send().await.unwrap().item.unwrap();
    serde_json::from_str(row["document"].as_s().unwrap()).unwrap()
}

async fn write_record(clients: &Clients, shop: &Shop, record: &Value) {
    let mut row = key(shop, "record");
    row.insert("document".into(), AttributeValue::S(record.to_string()));
    clients.dynamodb.put_item().table_name("shopstack").set_item(Some(row)).send().await.unwrap();
}

fn runs(shop: &Shop) -> usize {
    shop.run(&["history", "--json"]).lines()[0]["runs"].as_array().unwrap().len()
}

fn lock_is_free(shop: &Shop) {
    let unlock = shop.run(&["unlock", "--yes", "--json"]);
    assert_eq!(unlock.lines(), [json!({"released": false})], "{}", unlock.stderr);
}

/// Runs the binary as a user of IAM who may do all but `denied`.
async fn run_without(shop: &Shop, clients: &Clients, denied: &str, what: &[&str]) -> Run {
    let name = format!("{}-limited", shop.stack);
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": denied, "Resource": "*"}]});
    clients.iam.create_user().user_name(&name).send().await.unwrap();
    let put = clients.iam.put_user_policy().user_name(&name).policy_name("limits");
    put.policy_document(policy.to_string()).send().await.unwrap();
    let made = clients.iam.create_access_key().user_name(&name).send().await.unwrap();
    let pair = made.access_key.unwrap();

    let mut limited: Command = command(&shop.path("home"));
    limited.current_dir(shop.path("")).args(what);
    limited.env("AWS_ENDPOINT_URL", endpoint());
    limited.env("AWS_ACCESS_KEY_ID", &pair.access_key_id);
    limited.env("AWS_SECRET_ACCESS_KEY", &pair.secret_access_key);
    let run = Run::execute(limited);

    let key = clients.iam.delete_access_key().user_name(&name);
    key.access_key_id(&pair.access_key_id).send().await.unwrap();
    let policy = clients.iam.delete_user_policy().user_name(&name).policy_name("limits");
    policy.send().await.unwrap();
    clients.iam.delete_user().user_name(&name).send().await.unwrap();
    run
}

#[tokio::test]
async fn a_refused_or_failed_up_leaves_lock_and_record_as_they_were() {
    let shop = small("refused");
    let (clients, _) = shop.clients().await;
    shop.events(&["up", "--yes"]);
    let (kept, count) = (record(&clients, &shop).await, runs(&shop));
    let up = ["up", "--yes", "--json"];

    // Another key is another table, and this one is protected.
    shop.edit("key: orderId", "key: number");
    let refused = shop.run(&up);
    assert_eq!(refused.code, 1, "{}", refused.stderr);
    assert!(refused.stderr.contains("replace (table.Orders)"), "{}", refused.stderr);
    lock_is_free(&shop);
    shop.edit("key: number", "key: orderId");

    shop.edit("tables:\n", "tables:\n  More:\n    key: id\n");
    let failed = run_without(&shop, &clients, "dynamodb:CreateTable", &up).await;
    assert_eq!(failed.code, 1, "{}", failed.stderr);
    assert!(failed.stderr.contains("table.More"), "{}", failed.stderr);
    assert_eq!(summary(&failed.lines())["result"], "failed");
    lock_is_free(&shop);

    assert_eq!(record(&clients, &shop).await, kept, "the record is of the last good run");
    assert_eq!(runs(&shop), count, "history holds good runs alone");
    shop.events(&["up", "--yes"]);
    assert_eq!(runs(&shop), count + 1);
    shop.events(&["down", "--yes", "--destroy-data"]);
}

/// Whoever may write one row of the shared table can hide no drift with it.
#[tokio::test]
async fn the_record_hides_no_drift() {
    let shop = small("blinded");
    let (clients, _) = shop.clients().await;
    shop.events(&["up", "--yes"]);
    let backups = |on: bool| {
        let wanted = aws_sdk_dynamodb::types::PointInTimeRecoverySpecification::builder();
        let wanted = wanted.point_in_time_recovery_enabled(on).build().unwrap();
        let update = clients.dynamodb.update_continuous_backups();
        update.table_name(shop.name("Orders")).point_in_time_recovery_specification(wanted)
    };
    backups(false).send().await.unwrap();
    let mut blinded = record(&clients, &shop).await;
    let path = json!(["point_in_time_recovery"]);
    blinded["lost"] = json!({"table.Orders": [{"path": path, "live": false, "wanted": true}]});
    write_record(&clients, &shop, &blinded).await;

    let (code, plan) = shop.diff();
    assert_eq!((code, &plan["changes"][0]["address"]), (3, &json!("table.Orders")), "{plan}");
    assert_eq!(plan["changes"][0]["fields"][0]["path"], "point_in_time_recovery");
    assert_eq!(done_addresses(&shop.events(&["up", "--yes"])), ["table.Orders"]);
    assert_eq!(record(&clients, &shop).await.get("lost"), None);
    shop.events(&["down", "--yes", "--destroy-data"]);
}

/// Answers to GetDistribution that say so many times that it is not served yet. Listings, which
/// also show what other tests made, stay as they are.
fn slow_to_deploy(behind: &str, times: usize) -> Endpoint {
    let left = AtomicUsize::new(times);
    Endpoint::rewriting(behind, move |text| {
        let ready = "<Status>Deployed</Status>";
        let waits = text.contains("<DistributionConfig>") && text.contains(ready);
        let again = |n: usize| n.checked_sub(1);
        if waits && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, again).is_ok() {
            return text.replace(ready, "<Status>InProgress</Status>");
        }
        text.to_string()
    })
}

/// Functions of crates that serve nothing: the shop is deployed, and does not behave as one.
#[tokio::test]
async fn an_up_whose_smoke_test_fails_exits_4_and_a_down_sweeps_lambdas_own_groups() {
    let behind = endpoint();
    let slow = slow_to_deploy(&behind, 5);
    let shop = Shop::new("unserved", &slow.url).with_quick_crates();
    let (clients, _) = shop.clients().await;
    shop.edit("smoke:\n", "smoke:\n  timeout_seconds: 10\n");
    let up = shop.run(&["up", "--yes", "--json"]);
    assert_eq!(up.code, 4, "{}{}", up.stdout, up.stderr);
    // `lines` fails on anything that is not JSON.
    let lines = up.lines();
    assert_eq!(summary(&lines)["result"], "failed");
    assert!(lines.iter().any(|l| l["event"] == "smoke" && l["status"] == "failed"), "{lines:?}");
    assert!(up.stderr.contains("waiting for distribution"), "a wait is progress: {}", up.stderr);

    // As Lambda does it for a late line: a group of the function's name, without tags.
    let group = format!("/aws/lambda/{}", shop.name("listProducts"));
    clients.logs.delete_log_group().log_group_name(&group).send().await.unwrap();
    clients.logs.create_log_group().log_group_name(&group).send().await.unwrap();
    shop.events(&["down", "--yes", "--destroy-data"]);
    let found = clients.logs.describe_log_groups().log_group_name_prefix(&group).send().await;
    let found = found.unwrap().log_groups.unwrap_or_default();
    assert!(found.is_empty(), "made outside shopstack, and not swept: {found:?}");
}
