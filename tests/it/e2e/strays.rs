//! What merely carries the stack's tags: a restored table, another team's bucket, API and
//! distribution. `up` and `down` leave it as it is, tell of it, do not take it for the original,
//! and do not believe the time to live it names.

use super::foreign::table;
use crate::support::clients::Clients;
use crate::support::env::endpoint;
use crate::support::run::{done_addresses, summary};
use crate::support::shop::Shop;
use aws_sdk_cloudfront::types as cf;
use aws_sdk_dynamodb::types::Tag as TableTag;
use aws_sdk_s3::types::{Tag as BucketTag, Tagging};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A stack of one table.
fn small(name: &str, endpoint: &str) -> Shop {
    let shop = Shop::new(name, endpoint);
    let stack = &shop.stack;
    shop.write(
        "stack.yaml",
        &format!("name: {stack}\nregion: us-east-1\ntables:\n  Orders:\n    key: orderId\n"),
    );
    shop
}

fn tags(shop: &Shop, id: &str) -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("shopstack:stack", shop.stack.clone()),
        ("shopstack:env", "dev".into()),
        ("shopstack:id", id.into()),
        ("shopstack:region", "us-east-1".into()),
        ("shopstack:expires-at", "2099-01-01T00:00:00Z".into()),
    ])
}

/// Another team's bucket with the stack's tags and one object.
async fn stray_bucket(shop: &Shop, clients: &Clients) -> String {
    let name = format!("team-backups-{}", shop.stack);
    clients.s3.create_bucket().bucket(&name).send().await.unwrap();
    let set = tags(shop, "site")
        .into_iter()
        .map(|(k, v)| BucketTag::builder().key(k).value(v).build().unwrap());
    let tagging = Tagging::builder().set_tag_set(Some(set.collect())).build().unwrap();
    clients.s3.put_bucket_tagging().bucket(&name).tagging(tagging).send().await.unwrap();
    clients
        .s3
        .put_object()
        .bucket(&name)
        .key("backup.sql")
        .body(b"theirs".to_vec().into())
        .send()
        .await
        .unwrap();
    name
}

/// The original's tags on a table under another name, as a restored backup may have them.
async fn stray_table(shop: &Shop, clients: &Clients) -> String {
    let name = shop.name("Orders-restored");
    table(clients, &name, "orderId", "").await;
    let found =
        clients.dynamodb.describe_table().table_name(&name).send().await.unwrap().table.unwrap();
    let set = tags(shop, "Orders")
        .into_iter()
        .map(|(k, v)| TableTag::builder().key(k).value(v).build().unwrap());
    let tag = clients.dynamodb.tag_resource().resource_arn(found.table_arn().unwrap());
    tag.set_tags(Some(set.collect())).send().await.unwrap();
    name
}

/// Another team's API with the stack's two tags alone, as somebody may set who has no rights but to
/// tag; its id.
async fn stray_api(shop: &Shop, clients: &Clients) -> String {
    let pair = tags(shop, "")
        .into_iter()
        .filter(|(key, _)| key.ends_with(":stack") || key.ends_with(":env"));
    let create = clients.apigateway.create_rest_api().name("payments-prod");
    let create = create.set_tags(Some(pair.map(|(key, value)| (key.to_string(), value)).collect()));
    create.send().await.unwrap().id.unwrap()
}

/// Another team's distribution with all of the stack's tags; its id.
async fn stray_distribution(shop: &Shop, clients: &Clients) -> String {
    let origin = cf::Origin::builder().id("a").domain_name("payments.example").build().unwrap();
    let origins = cf::Origins::builder().quantity(1).items(origin).build().unwrap();
    let behavior = cf::DefaultCacheBehavior::builder().target_origin_id("a");
    let behavior =
        behavior.viewer_protocol_policy(cf::ViewerProtocolPolicy::HttpsOnly).build().unwrap();
    let config =
        cf::DistributionConfig::builder().caller_reference(format!("payments {}", shop.stack));
    let config = config
        .comment("payments team")
        .enabled(false)
        .origins(origins)
        .default_cache_behavior(behavior);
    let set = tags(shop, "x")
        .into_iter()
        .map(|(k, v)| cf::Tag::builder().key(k).value(v).build().unwrap());
    let set = cf::Tags::builder().set_items(Some(set.collect())).build();
    let both = cf::DistributionConfigWithTags::builder()
        .distribution_config(config.build().unwrap())
        .tags(set);
    let create = clients
        .cloudfront
        .create_distribution_with_tags()
        .distribution_config_with_tags(both.build());
    create.send().await.unwrap().distribution.unwrap().id
}

fn assert_notes(plan: &Value, names: &[&str]) {
    let notes = plan["notes"].to_string();
    for name in names {
        assert!(notes.contains(name), "{name} in {notes}");
    }
    assert!(notes.contains("under another name") && notes.contains("left alone"), "{notes}");
}

#[tokio::test]
async fn copies_are_told_of_and_neither_changed_nor_deleted_nor_believed() {
    let shop = small("strays", &endpoint());
    let (clients, _) = shop.clients().await;
    let (bucket, restored) =
        (stray_bucket(&shop, &clients).await, stray_table(&shop, &clients).await);
    let (api, site) = (stray_api(&shop, &clients).await, stray_distribution(&shop, &clients).await);
    let all = [&bucket, &restored, &api, &site].map(String::as_str);

    let (code, plan) = shop.diff();
    assert_notes(&plan, &all);
    let steps: Vec<_> =
        plan["changes"].as_array().unwrap().iter().map(|c| (&c["address"], &c["op"])).collect();
    assert_eq!(
        (code, steps),
        (2, vec![(&json!("table.Orders"), &json!("create"))]),
        "the original is missing"
    );
    let lines = shop.events(&["up", "--yes", "--no-smoke"]);
    assert_eq!(done_addresses(&lines), ["table.Orders"]);
    let made =
        clients.dynamodb.describe_table().table_name(shop.name("Orders")).send().await.unwrap();
    assert_eq!(
        made.table.unwrap().deletion_protection_enabled(),
        Some(true),
        "a stranger's time to live lifts nothing"
    );
    assert_eq!(shop.diff().0, 0);

    let down = shop.events(&["down", "--yes"]);
    assert_notes(&down[0], &all);
    assert_eq!(summary(&down)["result"], "ok");
    assert_eq!(done_addresses(&down), ["table.Orders"]);
    let object = clients
        .s3
        .get_object()
        .bucket(&bucket)
        .key("backup.sql")
        .send()
        .await
        .expect("their object");
    assert_eq!(object.body.collect().await.unwrap().to_vec(), b"theirs");
    let items = clients.dynamodb.scan().table_name(&restored).send().await.expect("their table");
    assert_eq!(items.count, 1);
    clients.apigateway.get_rest_api().rest_api_id(&api).send().await.expect("their API");
    let found =
        clients.cloudfront.get_distribution().id(&site).send().await.expect("their distribution");
    clients.apigateway.delete_rest_api().rest_api_id(&api).send().await.unwrap();
    clients
        .cloudfront
        .delete_distribution()
        .id(&site)
        .set_if_match(found.e_tag)
        .send()
        .await
        .unwrap();
    clients.s3.delete_object().bucket(&bucket).key("backup.sql").send().await.unwrap();
    clients.s3.delete_bucket().bucket(&bucket).send().await.unwrap();
    clients.dynamodb.delete_table().table_name(&restored).send().await.unwrap();
}

#[tokio::test]
async fn a_time_to_live_is_what_the_stacks_own_resources_say() {
    let shop = small("ttl", &endpoint());
    let (clients, _) = shop.clients().await;
    shop.events(&["up", "--yes", "--no-smoke", "--ttl", "4h"]);
    let protected = || async {
        let found =
            clients.dynamodb.describe_table().table_name(shop.name("Orders")).send().await.unwrap();
        found.table.unwrap().deletion_protection_enabled
    };
    assert_eq!(protected().await, Some(false));
    assert_eq!(shop.diff().0, 0, "it is kept");
    // The index now knows of a later time, of a bucket that is not the stack's.
    let bucket = stray_bucket(&shop, &clients).await;
    assert_eq!(shop.diff().0, 0);
    // Without its own tag the environment is no longer one that goes by itself.
    let found =
        clients.dynamodb.describe_table().table_name(shop.name("Orders")).send().await.unwrap();
    let arn = found.table.unwrap().table_arn.unwrap();
    clients
        .dynamodb
        .untag_resource()
        .resource_arn(arn)
        .tag_keys("shopstack:expires-at")
        .send()
        .await
        .unwrap();
    assert_eq!(done_addresses(&shop.events(&["up", "--yes", "--no-smoke"])), ["table.Orders"]);
    assert_eq!(protected().await, Some(true));
    assert_eq!(summary(&shop.events(&["down", "--yes"]))["result"], "ok");
    clients.s3.delete_object().bucket(&bucket).key("backup.sql").send().await.unwrap();
    clients.s3.delete_bucket().bucket(&bucket).send().await.unwrap();
}
