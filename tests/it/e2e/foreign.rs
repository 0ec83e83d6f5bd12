//! Foreign things under names that a stack wants: `up`, `diff` and `down` leave every byte of them
//! as it was, and the error says whose they are and what to do.

use crate::support::clients::Clients;
use crate::support::env::endpoint;
use crate::support::inventory::Inventory;
use crate::support::run::{Run, changes, summary};
use crate::support::shop::Shop;
use aws_sdk_cloudfront::types as cf;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType,
};
use aws_sdk_dynamodb::types::{ScalarAttributeType, Tag as TableTag};
use aws_sdk_s3::types::{Tag as BucketTag, Tagging};
use aws_sdk_wafv2::types as waf;
use std::collections::HashMap;

/// The smallest zip: nothing in it.
const EMPTY_ZIP: &[u8] = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// A table on demand with one item, tagged `team: <team>` unless `team` is empty.
pub async fn table(clients: &Clients, name: &str, key: &str, team: &str) {
    let schema =
        KeySchemaElement::builder().attribute_name(key).key_type(KeyType::Hash).build().unwrap();
    let attribute = AttributeDefinition::builder()
        .attribute_name(key)
        .attribute_type(ScalarAttributeType::S)
        .build()
        .unwrap();
    let tags = (!team.is_empty())
        .then(|| vec![TableTag::builder().key("team").value(team).build().unwrap()]);
    let create =
        clients.dynamodb.create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
    create.key_schema(schema).attribute_definitions(attribute).set_tags(tags).send().await.unwrap();
    let put =
        clients.dynamodb.put_item().table_name(name).item(key, AttributeValue::S("theirs".into()));
    put.send().await.unwrap();
}

/// Takes nearly every name that the stack wants. Returns what the error must say: address and
/// owner.
async fn squat(shop: &Shop, clients: &Clients, account: &str) -> Vec<(&'static str, &'static str)> {
    table(clients, &shop.name("Products"), "productId", "books").await;
    table(clients, &shop.name("Orders"), "orderId", "").await;
    let bucket = format!("{}-{account}-us-east-1", shop.name("site"));
    clients.s3.create_bucket().bucket(&bucket).send().await.unwrap();
    let tag = BucketTag::builder().key("shopstack:stack").value("another").build().unwrap();
    let env = BucketTag::builder().key("shopstack:env").value("prod").build().unwrap();
    let tags = Tagging::builder().tag_set(tag).tag_set(env).build().unwrap();
    clients.s3.put_bucket_tagging().bucket(&bucket).tagging(tags).send().await.unwrap();
    let put =
        clients.s3.put_object().bucket(&bucket).key("index.html").body(b"theirs".to_vec().into());
    put.send().await.unwrap();
    compute(shop, clients, account).await;
    edge(shop, clients).await;
    vec![
        ("table.Products", "its tags are team=books"),
        ("table.Orders", "it has no tags"),
        ("bucket.site", "it belongs to stack `another`, env `prod`"),
        ("role.listProducts", "its tags are team=people"),
        ("function.createOrder", "it has no tags"),
        ("log_group.api", "its tags are team=logs"),
        ("log_group.listProducts", "it has no tags"),
        ("headers.site", "its description is `theirs as well`"),
        ("distribution.site", "it has no tags"),
        ("web_acl.api", "its tags are team=guards"),
    ]
}

async fn compute(shop: &Shop, clients: &Clients, account: &str) {
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    let wide = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
    let role = shop.name("listProducts");
    let tag = aws_sdk_iam::types::Tag::builder().key("team").value("people").build().unwrap();
    let create =
        clients.iam.create_role().role_name(&role).assume_role_policy_document(trust).tags(tag);
    create.send().await.unwrap();
    let put =
        clients.iam.put_role_policy().role_name(&role).policy_name("grants").policy_document(wide);
    put.send().await.unwrap();
    let code =
        aws_sdk_lambda::types::FunctionCode::builder().zip_file(EMPTY_ZIP.to_vec().into()).build();
    let create =
        clients.lambda.create_function().function_name(shop.name("createOrder")).code(code);
    let create = create.role(format!("arn:aws:iam::{account}:role/{role}")).handler("bootstrap");
    create.runtime(aws_sdk_lambda::types::Runtime::Providedal2023).send().await.unwrap();
    let permit = clients
        .lambda
        .add_permission()
        .function_name(shop.name("createOrder"))
        .statement_id("theirs");
    permit
        .action("lambda:InvokeFunction")
        .principal("apigateway.amazonaws.com")
        .send()
        .await
        .unwrap();
    // Until it is at rest it changes by itself.
    let name = shop.name("createOrder");
    let state = || async {
        clients.lambda.get_function_configuration().function_name(&name).send().await.unwrap().state
    };
    while state().await != Some(aws_sdk_lambda::types::State::Active) {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let logs = clients
        .logs
        .create_log_group()
        .log_group_name(format!("/aws/apigateway/{}", shop.name("api")));
    logs.set_tags(Some(HashMap::from([("team".into(), "logs".into())]))).send().await.unwrap();
    let logs = clients.logs.create_log_group().log_group_name(format!("/aws/lambda/{role}"));
    logs.send().await.unwrap();
    // Names of REST APIs are no identity: this one clashes with nothing, and is nobody's business.
    clients
        .apigateway
        .create_rest_api()
        .name(shop.name("api"))
        .description("theirs")
        .send()
        .await
        .unwrap();
}

async fn edge(shop: &Shop, clients: &Clients) {
    let (cloudfront, name) = (&clients.cloudfront, shop.name("site"));
    let headers = cf::ResponseHeadersPolicyConfig::builder()
        .name(&name)
        .comment("theirs as well")
        .build()
        .unwrap();
    let create =
        cloudfront.create_response_headers_policy().response_headers_policy_config(headers);
    create.send().await.unwrap();
    // One that carries our marker and no tags, and one that has nothing to do with us but the
    // bucket's name.
    let marker = format!("shopstack:stack={} shopstack:env=dev shopstack:id=site", shop.stack);
    for comment in [marker.as_str(), "theirs"] {
        let origin = cf::Origin::builder().id("a").domain_name(format!("{name}.example"));
        let origins =
            cf::Origins::builder().quantity(1).items(origin.build().unwrap()).build().unwrap();
        let behavior = cf::DefaultCacheBehavior::builder().target_origin_id("a");
        let behavior =
            behavior.viewer_protocol_policy(cf::ViewerProtocolPolicy::HttpsOnly).build().unwrap();
        let config =
            cf::DistributionConfig::builder().caller_reference(format!("{name} {comment}"));
        let config =
            config.comment(comment).enabled(true).origins(origins).default_cache_behavior(behavior);
        cloudfront
            .create_distribution()
            .distribution_config(config.build().unwrap())
            .send()
            .await
            .unwrap();
    }
    let visibility =
        waf::VisibilityConfig::builder().metric_name("theirs").sampled_requests_enabled(false);
    let visibility = visibility.cloud_watch_metrics_enabled(false).build().unwrap();
    let block = waf::DefaultAction::builder().block(waf::BlockAction::builder().build()).build();
    let create = clients.wafv2.create_web_acl().name(shop.name("api")).scope(waf::Scope::Regional);
    let create = create.default_action(block).visibility_config(visibility);
    create
        .tags(waf::Tag::builder().key("team").value("guards").build().unwrap())
        .send()
        .await
        .unwrap();
}

/// Exit code 1, nothing done, every owner named with its address and the way out.
fn refused(run: &Run, clashes: &[(&str, &str)]) {
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(
        run.lines().iter().all(|l| {
            l["error"]["message"].is_string() || l["event"] == "summary" && l["changed"] == 0
        }),
        "{}",
        run.stdout
    );
    for (address, owner) in clashes {
        let line =
            run.stderr.lines().find(|l| l.contains(&format!("{address}: "))).unwrap_or_default();
        assert!(
            line.contains("is not this stack's") && line.contains(owner),
            "{address}, {owner}: {}",
            run.stderr
        );
        assert!(run.stderr.contains(&format!("--adopt {address}")), "{address}: {}", run.stderr);
    }
    assert!(run.stderr.contains("rename the stack or the environment"), "{}", run.stderr);
}

#[tokio::test]
async fn what_is_not_ours_stays_as_it_is_to_the_byte() {
    let endpoint = endpoint();
    let shop = Shop::new("clash", &endpoint).with_quick_crates();
    let (clients, identity) = shop.clients().await;
    let clashes = squat(&shop, &clients, &identity.account).await;
    let before = Inventory::take(&clients, &shop.stack, &endpoint).await;
    assert!(before.len() >= clashes.len(), "{} entries", before.len());
    let untouched = |now: Inventory| now.differences(&before);

    for command in [&["diff", "--json"][..], &["up", "--yes", "--json"]] {
        refused(&shop.run(command), &clashes);
        let now = Inventory::take(&clients, &shop.stack, &endpoint).await;
        assert_eq!(untouched(now), Vec::<String>::new(), "after {command:?}");
    }
    let lines = shop.events(&["down", "--yes", "--destroy-data"]);
    assert_eq!(
        (changes(&lines[0]), &summary(&lines)["changed"]),
        (vec![], &0.into()),
        "nothing of it is ours"
    );
    let now = Inventory::take(&clients, &shop.stack, &endpoint).await;
    assert_eq!(untouched(now), Vec::<String>::new(), "after down");
    let lock = shop.run(&["unlock", "--yes", "--json"]);
    assert_eq!(lock.lines()[0]["released"], false, "no lock is left behind");
}

/// What stands beside a stack and clashes with nothing outlives its whole life.
#[tokio::test]
async fn neighbours_outlive_a_stack() {
    let endpoint = endpoint();
    let shop = Shop::new("neighbour", &endpoint).with_quick_crates();
    let (clients, _) = shop.clients().await;
    // Names that begin as ours do, and a REST API of our very name.
    table(&clients, &shop.name("Archive"), "id", "books").await;
    let logs = clients
        .logs
        .create_log_group()
        .log_group_name(format!("/aws/lambda/{}", shop.name("theirs")));
    logs.send().await.unwrap();
    clients
        .apigateway
        .create_rest_api()
        .name(shop.name("api"))
        .description("theirs")
        .send()
        .await
        .unwrap();
    let before = Inventory::take(&clients, &shop.stack, &endpoint).await;
    assert_eq!(before.len(), 4, "a table, a group, an API and its root");
    shop.events(&["up", "--yes", "--no-smoke"]);
    let (code, plan) = shop.diff();
    assert_eq!((code, changes(&plan)), (0, vec![]));
    shop.events(&["down", "--yes", "--destroy-data"]);
    let after = Inventory::take(&clients, &shop.stack, &endpoint).await;
    assert_eq!(after.differences(&before), Vec::<String>::new());
}
