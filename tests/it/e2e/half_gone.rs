//! Environments of which only a part is there: `up` makes them whole, and `down` takes away what is
//! left, whatever their record says and whichever version wrote it.

use crate::support::clients::Clients;
use crate::support::inventory::{Inventory, leftovers};
use crate::support::proxied::{DOWN, ProxiedShop, UP};
use aws_sdk_cloudfront::types as cf;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;

/// Deletes something of each kind that others build on: a table, a function, a role, the API's
/// stage, a log group, the bucket with its objects.
async fn delete_half(shop: &ProxiedShop, clients: &Clients) {
    let table = shop.name("Orders");
    let unprotect = clients.dynamodb.update_table().table_name(&table);
    unprotect.deletion_protection_enabled(false).send().await.unwrap();
    clients.dynamodb.delete_table().table_name(&table).send().await.unwrap();

    let function = shop.name("createOrder");
    clients.lambda.delete_function().function_name(&function).send().await.unwrap();
    let group = format!("/aws/lambda/{function}");
    clients.logs.delete_log_group().log_group_name(group).send().await.unwrap();
    let role = shop.name("listProducts");
    let policies = clients.iam.list_role_policies().role_name(&role).send().await.unwrap();
    for policy in policies.policy_names() {
        let delete = clients.iam.delete_role_policy().role_name(&role).policy_name(policy);
        delete.send().await.unwrap();
    }
    clients.iam.delete_role().role_name(&role).send().await.unwrap();

    let apis = clients.apigateway.get_rest_apis().limit(500).send().await.unwrap();
    let name = shop.name("api");
    let api = apis.items().iter().find(|api| api.name() == Some(&name)).expect("the API");
    let api = api.id().unwrap();
    let stages = clients.apigateway.get_stages().rest_api_id(api).send().await.unwrap();
    for stage in stages.item() {
        let delete = clients.apigateway.delete_stage().rest_api_id(api);
        delete.stage_name(stage.stage_name().unwrap()).send().await.unwrap();
    }
    delete_bucket(shop, clients).await;
}

async fn delete_bucket(shop: &ProxiedShop, clients: &Clients) {
    let buckets = clients.s3.list_buckets().send().await.unwrap();
    let prefix = shop.name("site").to_lowercase();
    let mut names = buckets.buckets().iter().filter_map(|bucket| bucket.name());
    let bucket = names.find(|name| name.starts_with(&prefix)).expect("the bucket");
    let versions = clients.s3.list_object_versions().bucket(bucket).send().await.unwrap();
    let objects = versions.versions().iter().map(|one| (one.key(), one.version_id()));
    let markers = versions.delete_markers().iter().map(|one| (one.key(), one.version_id()));
    for (key, version) in objects.chain(markers) {
        let delete = clients.s3.delete_object().bucket(bucket).key(key.unwrap());
        delete.set_version_id(version.map(str::to_string)).send().await.unwrap();
    }
    clients.s3.delete_bucket().bucket(bucket).send().await.unwrap();
}

/// Disables the stack's distribution, as somebody does who begins to delete it by hand.
async fn disable_distribution(shop: &ProxiedShop, clients: &Clients) {
    let all = clients.cloudfront.list_distributions().send().await.unwrap();
    let all = all.distribution_list.unwrap();
    let marker = format!("shopstack:stack={} ", shop.stack);
    let ours = |one: &&cf::DistributionSummary| one.comment.contains(&marker);
    let id = &all.items().iter().find(ours).expect("the distribution").id;
    let seen = clients.cloudfront.get_distribution_config().id(id).send().await.unwrap();
    let mut config = seen.distribution_config.unwrap();
    config.enabled = false;
    let update = clients.cloudfront.update_distribution().id(id).distribution_config(config);
    update.set_if_match(seen.e_tag).send().await.unwrap();
}

/// Replaces a row of the environment in the `shopstack` table.
async fn put_row(shop: &ProxiedShop, clients: &Clients, row: &[(&str, &str)]) {
    let text = |value: &str| AttributeValue::S(value.into());
    let mut put = clients.dynamodb.put_item().table_name("shopstack");
    put = put.item("pk", text(&format!("{}/dev", shop.stack)));
    for (name, value) in row {
        put = put.item(*name, text(value));
    }
    put.send().await.unwrap();
}

async fn delete_record(shop: &ProxiedShop, clients: &Clients) {
    let text = |value: &str| AttributeValue::S(value.into());
    let delete = clients.dynamodb.delete_item().table_name("shopstack");
    let delete = delete.key("pk", text(&format!("{}/dev", shop.stack)));
    delete.key("sk", text("record")).send().await.unwrap();
}

async fn assert_gone(shop: &ProxiedShop, clients: &Clients) {
    let down = shop.run(&DOWN).await;
    assert_eq!((down.code, &down.last()["remaining"]), (0, &json!([])), "{down:#?}");
    let left = shop.inventory().await.differences(&Inventory::default());
    assert_eq!(left, Vec::<String>::new());
    assert_eq!(leftovers(clients, &shop.stack).await, Vec::<String>::new());
}

#[tokio::test]
async fn up_makes_a_half_gone_environment_whole_and_down_takes_away_what_is_left() {
    let shop = ProxiedShop::new("halfgone").await;
    let (clients, _) = shop.clients().await;
    let up = shop.run(&UP).await;
    assert_eq!(up.code, 0, "{up:#?}");
    let whole = shop.inventory().await;

    delete_half(&shop, &clients).await;
    disable_distribution(&shop, &clients).await;
    let up = shop.run(&UP).await;
    assert_eq!(up.code, 0, "{up:#?}");
    assert_eq!(shop.inventory().await.differences(&whole), Vec::<String>::new());
    assert_eq!(shop.run(&["diff"]).await.code, 0);

    delete_half(&shop, &clients).await;
    disable_distribution(&shop, &clients).await;
    delete_record(&shop, &clients).await;
    assert_gone(&shop, &clients).await;
}

/// An environment whose record a later version wrote, and that holds an access control of its own
/// as earlier versions made it.
#[tokio::test]
async fn down_takes_away_what_another_version_made() {
    let shop = ProxiedShop::new("versions").await;
    let (clients, _) = shop.clients().await;
    let up = shop.run(&UP).await;
    assert_eq!(up.code, 0, "{up:#?}");
    let marker = format!(
        "shopstack:stack={} shopstack:env=dev shopstack:id=site shopstack:region=us-east-1",
        shop.stack
    );
    let control = cf::OriginAccessControlConfig::builder().name(shop.name("site"));
    let control = control
        .description(marker)
        .signing_protocol(cf::OriginAccessControlSigningProtocols::Sigv4);
    let control = control.signing_behavior(cf::OriginAccessControlSigningBehaviors::Always);
    let control = control.origin_access_control_origin_type(cf::OriginAccessControlOriginTypes::S3);
    let create = clients.cloudfront.create_origin_access_control();
    let create = create.origin_access_control_config(control.build().unwrap());
    create.send().await.unwrap();
    let later = json!({"format_version": "9.0", "resources": [{"address": "table.Orders"}]});
    put_row(&shop, &clients, &[("sk", "record"), ("document", &later.to_string())]).await;
    put_row(&shop, &clients, &[("sk", "lock"), ("generation", "of a later version")]).await;
    put_row(&shop, &clients, &[("sk", "receipt"), ("document", "{\"left\":[]}")]).await;

    // Nothing is to be made again, and the environment is listed as ever.
    let diff = shop.run(&["diff", "--json"]).await;
    let changes = diff.last()["changes"].as_array().unwrap().clone();
    let ops: Vec<_> = changes.iter().map(|one| (&one["address"], &one["op"])).collect();
    assert_eq!(ops, [(&json!("oac.site"), &json!("delete"))], "{diff:#?}");
    let envs = shop.run(&["envs", "--json"]).await;
    assert!(envs.stdout.contains(&shop.stack), "{envs:#?}");
    assert_gone(&shop, &clients).await;
}
