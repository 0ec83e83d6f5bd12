//! The same through the real binary: exit codes 3, 2 and 0, in one stack with several changes at
//! once.

use crate::support::clients::Clients;
use crate::support::proxied::{ProxiedShop, UP};
use crate::support::run::Run;
use aws_sdk_dynamodb::types::PointInTimeRecoverySpecification;
use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use serde_json::Value;
use shopstack::resources::apigateway as gw;

/// The changes of a `diff --json`, and its exit code.
async fn diff(shop: &ProxiedShop, more: &[&str]) -> (i32, Vec<String>) {
    let ended = shop.run(&[&["diff", "--json"], more].concat()).await;
    let plan = ended.last();
    assert_eq!(plan["calls"]["write"], 0, "{ended:?}");
    let one = |change: &Value| {
        let word = |key: &str| change[key].as_str().unwrap().to_string();
        let fields = change["fields"].as_array().unwrap().iter();
        let fields: Vec<&str> = fields.map(|f| f["path"].as_str().unwrap()).collect();
        format!("{}: {} {} [{}]", word("address"), word("op"), word("cause"), fields.join(", "))
    };
    let mut changes: Vec<String> = plan["changes"].as_array().unwrap().iter().map(one).collect();
    changes.sort();
    (ended.code, changes)
}

/// Runs `up`, which must do these steps and no others; then nothing is left.
async fn up(shop: &ProxiedShop, addresses: &[&str]) {
    let ended = shop.run(&UP).await;
    assert_eq!(
        (ended.code, done_addresses(&ended)),
        (0, addresses.iter().map(ToString::to_string).collect()),
        "{ended:?}"
    );
    assert_eq!(diff(shop, &[]).await, (0, vec![]));
}

/// What was done, sorted.
fn done_addresses(ended: &Run) -> Vec<String> {
    let lines = ended.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let done = lines.filter(|l| l["event"] == "resource" && l["status"] == "done");
    let mut done: Vec<String> = done.map(|l| l["address"].as_str().unwrap().to_string()).collect();
    done.sort();
    done
}

async fn recovery(clients: &Clients, table: &str, on: bool) {
    let wanted = PointInTimeRecoverySpecification::builder()
        .point_in_time_recovery_enabled(on)
        .build()
        .unwrap();
    let update = clients.dynamodb.update_continuous_backups().table_name(table);
    update.point_in_time_recovery_specification(wanted).send().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_binary_tells_drift_change_and_both_by_its_exit_code() {
    let shop = ProxiedShop::new("driftbin").await;
    let first = shop.run(&UP).await;
    assert_eq!(first.code, 0, "{first:?}");
    let clients = shop.clients().await.0;
    let name = |id: &str| format!("{}-dev-{id}", shop.stack);

    // Strangers, each at another resource.
    recovery(&clients, &name("Products"), false).await;
    let group = format!("/aws/lambda/{}", name("listProducts"));
    clients
        .logs
        .put_retention_policy()
        .log_group_name(&group)
        .retention_in_days(1)
        .send()
        .await
        .unwrap();
    clients
        .iam
        .update_role()
        .role_name(name("createOrder"))
        .max_session_duration(7200)
        .send()
        .await
        .unwrap();
    let api = first.last()["outputs"]["rest_api_id"].as_str().unwrap().to_string();
    let patch = gw::replace("/*/*/metrics/enabled", false);
    let stage = clients.apigateway.update_stage().rest_api_id(&api).stage_name("v1");
    stage.patch_operations(patch).send().await.unwrap();
    let bucket = first.last()["outputs"]["bucket"].as_str().unwrap().to_string();
    let off = VersioningConfiguration::builder().status(BucketVersioningStatus::Suspended).build();
    clients
        .s3
        .put_bucket_versioning()
        .bucket(&bucket)
        .versioning_configuration(off)
        .send()
        .await
        .unwrap();
    let drift = [
        "bucket.site: update drift [versioning]",
        "log_group.listProducts: update drift [retention_days]",
        "role.createOrder: update drift [max_session_seconds]",
        "stage.main: update drift [metrics]",
        "table.Products: update drift [point_in_time_recovery]",
    ];
    assert_eq!(diff(&shop, &[]).await, (3, drift.map(String::from).to_vec()));
    assert_eq!(diff(&shop, &["--only", "change"]).await, (0, vec![]));
    up(
        &shop,
        &[
            "bucket.site",
            "log_group.listProducts",
            "role.createOrder",
            "stage.main",
            "table.Products",
        ],
    )
    .await;

    // The author.
    shop.edit("memory: 256", "memory: 320");
    shop.edit("rate: 50", "rate: 60");
    shop.edit("PriceClass_100", "PriceClass_200");
    shop.edit("rate_limit: 2000", "rate_limit: 2500");
    let change = [
        "distribution.site: update change [price_class]",
        "function.listProducts: update change [memory]",
        "stage.main: update change [throttling_rate]",
        "web_acl.api: update change [rules.rate-per-ip.limit]",
        "web_acl.cdn: update change [rules.rate-per-ip.limit]",
    ];
    assert_eq!(diff(&shop, &[]).await, (2, change.map(String::from).to_vec()));
    assert_eq!(diff(&shop, &["--only", "drift"]).await, (0, vec![]));
    up(
        &shop,
        &["distribution.site", "function.listProducts", "stage.main", "web_acl.api", "web_acl.cdn"],
    )
    .await;

    // Both, at different resources, at one, and at the same field.
    shop.edit("memory: 256", "memory: 512");
    shop.edit("key: orderId", "key: orderId\n    point_in_time_recovery: false");
    recovery(&clients, &name("Products"), false).await;
    let update = clients.lambda.update_function_configuration().function_name(name("createOrder"));
    update.memory_size(1024).timeout(20).send().await.unwrap();
    let both = [
        "function.createOrder: update both [memory, timeout]",
        "table.Orders: update change [point_in_time_recovery]",
        "table.Products: update drift [point_in_time_recovery]",
    ];
    assert_eq!(diff(&shop, &[]).await, (2, both.map(String::from).to_vec()));
    assert_eq!(
        diff(&shop, &["--only", "drift"]).await.0,
        2,
        "what both did is the author's as well"
    );
    up(&shop, &["function.createOrder", "table.Orders", "table.Products"]).await;
    let gone = shop.run(&crate::support::proxied::DOWN).await;
    assert_eq!(gone.code, 0, "{gone:?}");
}
