//! AWS::CloudFront::Distribution: made once, every field changed, strangers' settings seen, served,
//! deleted.

mod drift;
mod inventory;

use super::bucket_policy::allow_distribution;
use super::oac::site_oac;
use super::objects::Site;
use crate::support::env::TestEnv;
use crate::support::step::{desired, step};
use crate::support::suite::{Coverage, Suite, TypeInventory};
use serde_json::{Value, json};
use shopstack::model::{Desired, Live, Op, Owner};
use shopstack::resources::cloudfront::distribution::{Distribution, wait_deployed};
use shopstack::resources::{
    ResourceType, cloudfront::oac::OriginAccessControl, s3::bucket::Bucket,
};

pub const SUITE: Suite = Suite {
    type_name: "AWS::CloudFront::Distribution",
    prepare: None,
    on_ministack: &[|_| Box::pin(async { drift::cases() })],
    on_moto: &[],
    clean_up: None,
    inventory: Coverage::Own(TypeInventory {
        kind: "distribution",
        add: |all, clients| Box::pin(inventory::add(all, clients)),
        names: |clients| Box::pin(inventory::names(clients)),
    }),
};

/// Managed policy CachingOptimized.
const CACHE: &str = "658327ea-f89d-4fab-a63d-7e88639e58f6";

fn site_distribution(env: &TestEnv, domain: &str, oac: &str) -> Desired {
    let spec = json!({"tags": env.scope.tags("site"), "comment": env.scope.marker("site"), "enabled": true,
        "default_root_object": "index.html", "price_class": "PriceClass_100", "http_version": "http2and3",
        "ipv6": true, "web_acl_arn": "", "origin_domain": domain, "origin_access_control_id": oac,
        "viewer_protocol_policy": "allow-all", "compress": true, "allowed_methods": ["GET", "HEAD"],
        "cache_policy_id": CACHE, "response_headers_policy_id": "",
        "error_pages": {"403": {"page": "/404.html", "status": "404", "min_ttl": 60}}, "extras": {}});
    desired(&Distribution, "distribution.site", &env.scope.name("site"), spec)
}

async fn only(env: &TestEnv, wanted: &[&Desired]) -> Live {
    let mut found = env.discover(&Distribution, wanted, &[]).await;
    assert_eq!(found.len(), 1, "{found:#?}");
    found.remove(0)
}

async fn create(env: &TestEnv, wanted: &Desired) {
    Distribution
        .create(&env.writer, &step(wanted, Op::Create, None), &wanted.spec)
        .await
        .expect("create");
}

/// moto forgets the origin access control it was sent.
fn forgets_oac(live: &Live) -> bool {
    live.spec["origin_access_control_id"] == json!("")
}

fn assert_as_wanted(live: &Live, wanted: &Value) {
    let mut wanted = wanted.clone();
    if forgets_oac(live) {
        wanted["origin_access_control_id"] = json!("");
    }
    assert_eq!(live.spec, wanted);
}

#[tokio::test]
async fn its_whole_life() {
    let env = TestEnv::new("cdnlife").await;
    let wanted = site_distribution(&env, "b.s3.us-east-1.amazonaws.com", "E1OAC");
    create(&env, &wanted).await;
    // A crash before the answer: the same reference, found and kept instead of doubled.
    create(&env, &wanted).await;
    let mut live = only(&env, &[&wanted]).await;
    assert_as_wanted(&live, &wanted.spec);
    assert_eq!(live.owner, Owner::Ours);
    assert_eq!(live.outputs["status"], "Deployed");
    wait_deployed(&env.reader.caller, &env.reader, &live.outputs).await.expect("deployed");

    let mut tags = env.scope.tags("site");
    tags.insert("shopstack:expires-at".into(), "2030-01-01T00:00:00Z".into());
    for (field, value) in [
        ("tags", json!(tags)),
        ("comment", json!(format!("{} x", env.scope.marker("site")))),
        ("enabled", json!(false)),
        ("default_root_object", json!("start.html")),
        ("price_class", json!("PriceClass_All")),
        ("http_version", json!("http2")),
        ("ipv6", json!(false)),
        ("web_acl_arn", json!("arn:aws:wafv2:us-east-1:000000000000:global/webacl/a/1")),
        ("origin_domain", json!("c.s3.us-east-1.amazonaws.com")),
        ("origin_access_control_id", json!("E2OAC")),
        ("viewer_protocol_policy", json!("redirect-to-https")),
        ("compress", json!(false)),
        ("allowed_methods", json!(["GET", "HEAD", "OPTIONS"])),
        ("cache_policy_id", json!("4135ea2d-6df8-44a3-9df3-4b5a84be39ad")),
        ("response_headers_policy_id", json!("R1")),
        ("error_pages", json!({})),
    ] {
        let mut other = wanted.clone();
        other.spec[field] = value;
        let change = step(&other, Op::Update, Some(live.clone()));
        Distribution.update(&env.writer, &change, &live, &other.spec).await.expect("update");
        live = only(&env, &[&other]).await;
        assert_as_wanted(&live, &other.spec);
    }
    let by_ownership = only(&env, &[]).await;
    assert_eq!((&by_ownership.address, &by_ownership.spec), (&wanted.address, &live.spec));
    Distribution.delete(&env.writer, &by_ownership).await.expect("delete");
    Distribution.delete(&env.writer, &by_ownership).await.expect("deleting what is gone is done");
    assert!(env.discover(&Distribution, &[&wanted], &[]).await.is_empty());
    // The reference of the deleted one may be spent: making it again must still work.
    create(&env, &wanted).await;
    let again = only(&env, &[&wanted]).await;
    Distribution.delete(&env.writer, &again).await.expect("delete again");
}

#[tokio::test]
async fn what_strangers_do_is_seen_and_mended() {
    use aws_sdk_cloudfront::types::Aliases;
    let env = TestEnv::new("cdndrift").await;
    let wanted = site_distribution(&env, "b.s3.us-east-1.amazonaws.com", "E1OAC");
    create(&env, &wanted).await;
    let live = only(&env, &[&wanted]).await;
    let cloudfront = &env.clients.cloudfront;
    let seen = cloudfront.get_distribution().id(&live.outputs["id"]).send().await.unwrap();
    let mut config = seen.distribution.unwrap().distribution_config.unwrap();
    config.aliases = Some(Aliases::builder().quantity(1).items("evil.example").build().unwrap());
    config.enabled = false;
    let update = cloudfront.update_distribution().id(&live.outputs["id"]).set_if_match(seen.e_tag);
    update.distribution_config(config).send().await.unwrap();

    let drifted = only(&env, &[&wanted]).await;
    assert_eq!(
        (&drifted.spec["aliases"], &drifted.spec["enabled"]),
        (&json!(["evil.example"]), &json!(false))
    );
    let change = step(&wanted, Op::Update, Some(drifted.clone()));
    Distribution.update(&env.writer, &change, &drifted, &wanted.spec).await.expect("update");
    assert_as_wanted(&only(&env, &[&wanted]).await, &wanted.spec);

    // Without its tags it is nobody's, however its comment begins: shown where wanted, never
    // deleted.
    let keys = aws_sdk_cloudfront::types::TagKeys::builder()
        .items("shopstack:stack")
        .items("shopstack:env")
        .build();
    cloudfront.untag_resource().resource(&live.outputs["arn"]).tag_keys(keys).send().await.unwrap();
    let foreign = only(&env, &[&wanted]).await;
    assert_eq!(
        foreign.owner,
        Owner::Foreign("its tags are shopstack:id=site, shopstack:region=us-east-1".into())
    );
    assert!(env.discover(&Distribution, &[], &[]).await.is_empty());
    let adopt = step(&wanted, Op::Adopt, Some(foreign.clone()));
    Distribution.update(&env.writer, &adopt, &foreign, &wanted.spec).await.expect("adopt");
    let ours = only(&env, &[&wanted]).await;
    assert_eq!(ours.owner, Owner::Ours);

    // A second one with the same id is found beside it.
    let mut second = wanted.clone();
    second.spec["price_class"] = json!("PriceClass_All");
    create_raw(&env, &second).await;
    let found = env.discover(&Distribution, &[&wanted], &[]).await;
    let addresses: Vec<_> = found.iter().map(|live| live.address.as_str()).collect();
    assert_eq!(addresses, ["distribution.site", "distribution.site~2"]);
    for live in &found {
        Distribution.delete(&env.writer, live).await.expect("delete");
    }
}

/// Makes a distribution although there is one already: create looks for none before it is told of a
/// clash.
async fn create_raw(env: &TestEnv, wanted: &Desired) {
    create(env, wanted).await;
}

#[tokio::test]
async fn the_site_is_served() {
    let env = TestEnv::new("cdnserved").await;
    let site = Site::new(&env).await;
    let oac = site_oac(&env);
    let made = OriginAccessControl
        .create(&env.writer, &step(&oac, Op::Create, None), &oac.spec)
        .await
        .unwrap();
    let wanted = site_distribution(&env, &site.bucket.outputs["regional_domain_name"], &made["id"]);
    let outputs = Distribution
        .create(&env.writer, &step(&wanted, Op::Create, None), &wanted.spec)
        .await
        .expect("create");
    site.sent(&env).await;
    assert_ne!(
        status(&outputs["url"], "/").await,
        "200",
        "the bucket must be closed without its policy"
    );
    allow_distribution(&env, &site.wanted.name, &outputs["arn"]).await;
    assert_eq!(get(&outputs["url"], "/").await, ("200".to_string(), "<h1>shop</h1>".to_string()));
    assert_eq!(get(&outputs["url"], "/config.json").await.1, "{\"api\":\"x\"}");

    // An update names the distribution, which is then told to forget what changed.
    let mut change = site.wanted.clone();
    change.context = json!({"distribution_id": outputs["id"]});
    change.spec["config"] = json!("{\"api\":\"z\"}");
    let live = site.live(&env).await;
    let update = step(&change, Op::Update, Some(live.clone()));
    shopstack::resources::s3::objects::Objects
        .update(&env.writer, &update, &live, &change.spec)
        .await
        .expect("update");
    assert_eq!(get(&outputs["url"], "/config.json").await.1, "{\"api\":\"z\"}");
    let list =
        env.clients.cloudfront.list_invalidations().distribution_id(&outputs["id"]).send().await;
    assert_eq!(list.unwrap().invalidation_list.unwrap().quantity, 1);

    let live = only(&env, &[&wanted]).await;
    Distribution.delete(&env.writer, &live).await.expect("delete distribution");
    let oac = env.discover(&OriginAccessControl, &[&oac], &[]).await.remove(0);
    OriginAccessControl.delete(&env.writer, &oac).await.expect("delete control");
    Bucket.delete(&env.writer, &site.bucket).await.expect("delete bucket");
}

async fn status(url: &str, path: &str) -> String {
    get(url, path).await.0
}

/// A plain HTTP/1.1 GET to the port of `url` on this machine, with its host as the Host header.
async fn get(url: &str, path: &str) -> (String, String) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let host = url.strip_prefix("http://").unwrap();
    let port: u16 = host.rsplit(':').next().unwrap().parse().unwrap();
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().to_string(), body.to_string())
}
