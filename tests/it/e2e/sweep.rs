//! `sweep`: deletes what has expired, finishes what `down --no-wait` left, and with --shared
//! removes what no environment needs any more. Each test has a region or a twin of its own, since
//! `sweep` looks at all environments of one.

use super::environments::{all_at_once, listed, small, tables_alone};
use crate::support::clients::Clients;
use crate::support::endpoint::Endpoint;
use crate::support::env::endpoint;
use crate::support::inventory::leftovers;
use crate::support::own_twin::OwnTwin;
use crate::support::run::summary;
use crate::support::shop::Shop;
use aws_sdk_cloudfront::types as cf;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

fn sweep(shop: &Shop, more: &[&str]) -> Vec<Value> {
    let run = shop.run(&[&["sweep", "--json"], more].concat());
    assert_eq!(run.code, 0, "{}\n{}", run.stdout, run.stderr);
    run.lines()
}

fn fates(lines: &[Value], shop: &Shop, status: &str) -> Vec<String> {
    let ours = lines.iter().filter(|line| line["event"] == "environment");
    let ours = ours.filter(|line| line["stack"] == shop.stack.as_str() && line["status"] == status);
    ours.map(|line| line["env"].as_str().unwrap().to_string()).collect()
}

/// Where no other test's environments expire.
const REGION: &str = "ap-southeast-2";

#[tokio::test(flavor = "multi_thread")]
async fn sweep_deletes_what_has_expired_and_nothing_else() {
    let shop = tables_alone("swept", REGION);
    let overlay = "environments:\n  pr-*: { ttl: 1s }\n  pr-kept: { tables: { Orders: { protect: \
                   true } } }\n";
    shop.write("stack.yaml", &(shop.read("stack.yaml") + overlay));
    let (clients, _) = shop.clients().await;
    let envs = ["pr-1", "pr-2", "pr-kept", "dev", "long"].map(String::from);
    for run in all_at_once(&shop, &envs[..4], &["up", "--yes", "--no-smoke", "--json"]) {
        assert_eq!(run.code, 0, "{}", run.stderr);
    }
    let long = ["--env", "long", "up", "--yes", "--no-smoke", "--ttl", "4h"];
    shop.events(&long);

    let all = listed(&shop);
    assert_eq!(all.len(), 5, "{all:?}");
    let of = |env: &str| all.iter().find(|one| one["env"] == env).unwrap().clone();
    assert_eq!(
        (of("dev")["expires_at"].clone(), of("dev")["expired"].clone()),
        (Value::Null, json!(false))
    );
    assert_eq!(
        (of("pr-1")["expired"].clone(), of("long")["expired"].clone()),
        (json!(true), json!(false))
    );
    for key in ["region", "created_at", "who"] {
        assert!(of("pr-1")[key].is_string(), "{key}: {}", of("pr-1"));
    }
    assert_eq!(
        (of("pr-1")["monthly_floor_usd"].as_f64(), of("pr-1")["region"].as_str()),
        (Some(0.0), Some(REGION))
    );
    assert!(of("pr-1")["resources"].as_u64().unwrap() >= 2);

    let before = leftovers(&clients, &shop.stack).await.len();
    let dry = sweep(&shop, &["--dry-run"]);
    let expired = BTreeSet::from(["pr-1", "pr-2", "pr-kept"].map(String::from));
    assert_eq!(fates(&dry, &shop, "expired").into_iter().collect::<BTreeSet<_>>(), expired);
    assert_eq!(leftovers(&clients, &shop.stack).await.len(), before, "--dry-run deletes nothing");
    let unasked = shop.run(&["sweep", "--json"]);
    assert!(unasked.code == 1 && unasked.stderr.contains("--yes"), "{}", unasked.stderr);

    let swept = sweep(&shop, &["--yes"]);
    assert_eq!(summary(&swept)["result"], "ok");
    let deleted: BTreeSet<_> = fates(&swept, &shop, "deleted").into_iter().collect();
    assert_eq!(deleted, BTreeSet::from(["pr-1", "pr-2"].map(String::from)));
    assert_eq!(fates(&swept, &shop, "kept"), ["pr-kept"]);
    let left: Vec<String> =
        listed(&shop).iter().map(|one| one["env"].as_str().unwrap().to_string()).collect();
    assert_eq!(left, ["dev", "long", "pr-kept"]);

    // What goes by itself needs no word about its data.
    shop.events(&["--env", "long", "down", "--yes"]);
    for env in ["pr-kept", "dev"] {
        shop.events(&["--env", env, "down", "--yes", "--destroy-data"]);
    }
    assert_eq!(leftovers(&clients, &shop.stack).await, Vec::<String>::new());
}

/// What needs CloudFront's minutes stays with a receipt: `sweep` finishes it, unless somebody wants
/// it again.
#[tokio::test]
async fn sweep_finishes_what_down_left_and_no_more() {
    let shop = small("receipt").in_region("eu-west-3");
    let (clients, _) = shop.clients().await;
    let slow = Endpoint::rewriting(&endpoint(), |text| {
        text.replace("<Status>Deployed<", "<Status>InProgress<")
    });
    let leave = || {
        let down = ["down", "--yes", "--destroy-data", "--no-wait", "--json"];
        let left = shop.run_at(&slow.url, &down);
        assert_eq!(left.code, 6, "{}\n{}", left.stdout, left.stderr);
        let remaining = left.last()["remaining"].to_string();
        assert!(remaining.contains("distribution.site"), "{remaining}");
    };
    // Each run adds a row of its own.
    let things = || async {
        let all = leftovers(&clients, &shop.stack).await;
        all.into_iter().filter(|one| !one.starts_with("record ")).count()
    };
    shop.events(&["up", "--yes", "--no-smoke"]);
    let whole = things().await;

    // Half of it is gone; `up` starts it again, and from then on it is nothing to sweep.
    leave();
    assert_eq!(fates(&sweep(&shop, &["--dry-run"]), &shop, "expired"), ["dev"]);
    shop.events(&["up", "--yes", "--no-smoke"]);
    assert_eq!(things().await, whole);
    assert_eq!(shop.diff().0, 0);
    assert_eq!(fates(&sweep(&shop, &["--yes"]), &shop, "expired"), [""; 0]);
    assert_eq!(shop.diff().0, 0);

    // Data that `--destroy-data` gave up waits in the bucket for CloudFront, and goes with it.
    let outputs: Value = serde_json::from_str(&shop.run(&["outputs", "--json"]).stdout).unwrap();
    let put = clients.s3.put_object().bucket(outputs["bucket"].as_str().unwrap());
    put.key("upload.txt").body(b"theirs".to_vec().into()).send().await.unwrap();
    leave();
    let swept = sweep(&shop, &["--yes"]);
    assert_eq!(fates(&swept, &shop, "deleted"), ["dev"], "{swept:?}");
    assert_eq!(leftovers(&clients, &shop.stack).await, Vec::<String>::new());
}

/// What `sweep --shared` says of each piece: its status and why it is still there.
fn fate_of_pieces(lines: &[Value]) -> BTreeMap<String, (String, String)> {
    let text = |line: &Value, key: &str| line[key].as_str().unwrap().to_string();
    let pieces = lines.iter().filter(|line| line["event"] == "shared");
    let piece = |line: &Value| (text(line, "type"), (text(line, "status"), text(line, "message")));
    pieces.map(piece).collect()
}

const CONTROL: &str = "AWS::CloudFront::OriginAccessControl";
const HEADERS: &str = "AWS::CloudFront::ResponseHeadersPolicy";
const LOG_ROLE: &str = "AWS::IAM::Role";
const TABLE: &str = "AWS::DynamoDB::Table";

/// Another team's distribution that uses the shared access control and headers policy; its id.
async fn distribution_of_others(clients: &Clients) -> String {
    let cloudfront = &clients.cloudfront;
    let controls = cloudfront.list_origin_access_controls().send().await.unwrap();
    let controls = controls.origin_access_control_list.unwrap();
    let control = controls.items().iter().find(|one| one.name == "shopstack").unwrap();
    let policies = cloudfront.list_response_headers_policies();
    let policies = policies.r#type(cf::ResponseHeadersPolicyType::Custom).send().await.unwrap();
    let policies = policies.response_headers_policy_list.unwrap();
    let mut policies = policies.items().iter().filter_map(|one| one.response_headers_policy());
    let named = |one: &&cf::ResponseHeadersPolicy| {
        one.response_headers_policy_config().unwrap().name() == "shopstack-us-east-1"
    };
    let policy = policies.find(named).unwrap();

    let origin = cf::Origin::builder().id("a").domain_name("theirs.s3.us-east-1.amazonaws.com");
    let s3 = cf::S3OriginConfig::builder().origin_access_identity("").build();
    let origin = origin.s3_origin_config(s3).origin_access_control_id(&control.id).build().unwrap();
    let origins = cf::Origins::builder().quantity(1).items(origin).build().unwrap();
    let behavior = cf::DefaultCacheBehavior::builder().target_origin_id("a");
    let behavior = behavior.response_headers_policy_id(policy.id());
    let behavior = behavior.viewer_protocol_policy(cf::ViewerProtocolPolicy::HttpsOnly);
    let config = cf::DistributionConfig::builder().caller_reference("theirs").enabled(false);
    let config = config.comment("payments team").origins(origins);
    let config = config.default_cache_behavior(behavior.build().unwrap()).build().unwrap();
    let create = cloudfront.create_distribution().distribution_config(config);
    create.send().await.unwrap().distribution.unwrap().id
}

#[tokio::test(flavor = "multi_thread")]
async fn sweep_removes_the_shared_pieces_once_nothing_uses_them() {
    let twin = OwnTwin::start();
    let shop = Shop::new("shared", &twin.url).with_quick_crates().with_small_site();
    let (clients, _) = shop.clients().await;
    shop.events(&["up", "--yes", "--no-smoke", "--ttl", "4h"]);
    let pieces = || {
        let envs = shop.run(&["envs", "--json"]).last();
        let all = envs["shared"].as_array().unwrap().clone();
        let kinds = all.iter().map(|one| one["type"].as_str().unwrap().to_string());
        kinds.collect::<BTreeSet<_>>()
    };
    let all = BTreeSet::from([CONTROL, HEADERS, LOG_ROLE, TABLE].map(String::from));
    assert_eq!(pieces(), all);

    let why = format!("environments are left: {}/dev", shop.stack);
    let kept = fate_of_pieces(&sweep(&shop, &["--shared", "--yes"]));
    assert_eq!(kept.len(), 4, "{kept:?}");
    assert!(kept.values().all(|fate| *fate == ("kept".into(), why.clone())), "{kept:?}");
    assert_eq!(shop.diff().0, 0);

    // The records know of an environment that nothing else shows, such as one under way.
    let id = distribution_of_others(&clients).await;
    let api = clients.apigateway.create_rest_api().name("payments").send().await.unwrap();
    shop.events(&["down", "--yes"]);
    let row = |key: &str, value: &str| (key.to_string(), AttributeValue::S(value.into()));
    let key = [row("pk", "other/dev"), row("sk", "lock")];
    let held = key.clone().into_iter().chain([row("owner", "somebody")]).collect();
    let put = clients.dynamodb.put_item().table_name("shopstack").set_item(Some(held));
    put.send().await.unwrap();
    let kept = fate_of_pieces(&sweep(&shop, &["--shared", "--yes"]));
    let why = "environments are left: other/dev";
    assert!(kept.values().all(|fate| *fate == ("kept".into(), why.into())), "{kept:?}");
    let free = clients.dynamodb.delete_item().table_name("shopstack");
    free.set_key(Some(key.into_iter().collect())).send().await.unwrap();

    // What others use stays, and is told by their names.
    let fates = fate_of_pieces(&sweep(&shop, &["--shared", "--yes"]));
    let used = ("kept".to_string(), format!("still used by {id} (payments team)"));
    assert_eq!((&fates[CONTROL], &fates[HEADERS]), (&used, &used));
    let why = "REST APIs in us-east-1 may log by it: payments";
    assert_eq!(fates[LOG_ROLE], ("kept".into(), why.into()));
    assert_eq!(fates[TABLE], ("deleted".into(), String::new()));
    assert_eq!(pieces(), BTreeSet::from([CONTROL, HEADERS, LOG_ROLE].map(String::from)));

    let seen = clients.cloudfront.get_distribution().id(&id).send().await.unwrap();
    let delete = clients.cloudfront.delete_distribution().id(&id);
    delete.set_if_match(seen.e_tag).send().await.unwrap();
    clients.apigateway.delete_rest_api().rest_api_id(api.id.unwrap()).send().await.unwrap();
    // With nothing expired, consent is asked for all the same.
    let run = shop.run(&["sweep", "--shared"]);
    assert_eq!((run.code, run.stderr.contains("--yes")), (1, true), "{}", run.stderr);
    let listed = fate_of_pieces(&sweep(&shop, &["--shared", "--dry-run"]));
    assert!(listed.len() == 3 && listed.values().all(|(status, _)| status == "kept"), "{listed:?}");
    let fates = fate_of_pieces(&sweep(&shop, &["--shared", "--yes"]));
    assert_eq!(fates.len(), 3, "{fates:?}");
    assert!(fates.values().all(|(status, _)| status == "deleted"), "{fates:?}");
    assert_eq!(pieces(), BTreeSet::new());
    let account = clients.apigateway.get_account().send().await.unwrap();
    assert_eq!(account.cloudwatch_role_arn().filter(|arn| !arn.is_empty()), None);

    // The next environment makes them again.
    shop.events(&["up", "--yes", "--no-smoke", "--ttl", "4h"]);
    assert_eq!(pieces(), all);
    let down = shop.events(&["down", "--yes"]);
    assert_eq!(summary(&down)["remaining"], json!([]));
}
