//! AWS::CloudFront::ResponseHeadersPolicy: made, found again, every field changed, strangers'
//! sections seen, deleted.

mod drift;
mod inventory;

use crate::support::env::TestEnv;
use crate::support::step::{desired, step};
use crate::support::suite::{Coverage, Suite, TypeInventory};
use serde_json::json;
use shopstack::model::{Desired, ErrorKind, Live, Op, Owner};
use shopstack::resources::{ResourceType, cloudfront::headers::ResponseHeadersPolicy};

pub const SUITE: Suite = Suite {
    type_name: "AWS::CloudFront::ResponseHeadersPolicy",
    prepare: None,
    on_ministack: &[|shop| Box::pin(async { drift::cases(shop) })],
    on_moto: &[],
    clean_up: None,
    inventory: Coverage::Own(TypeInventory {
        kind: "response headers policy",
        add: |all, clients| Box::pin(inventory::add(all, clients)),
        names: |clients| Box::pin(inventory::names(clients)),
    }),
};

/// The wanted policy of a test's site.
pub fn site_headers(env: &TestEnv) -> Desired {
    let spec = json!({"comment": env.scope.marker("site"), "content_security_policy": "default-src 'self'",
        "frame_options": "DENY", "referrer_policy": "no-referrer", "content_type_options": true,
        "hsts_max_age": 63072000, "hsts_include_subdomains": true, "hsts_preload": false,
        "custom": {"permissions-policy": "camera=()"}});
    desired(&ResponseHeadersPolicy, "headers.site", &env.scope.name("site"), spec)
}

async fn only(env: &TestEnv, wanted: &[&Desired]) -> Live {
    let mut found = env.discover(&ResponseHeadersPolicy, wanted, &[]).await;
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

#[tokio::test]
async fn its_whole_life() {
    let env = TestEnv::new("headerslife").await;
    let wanted = site_headers(&env);
    for _ in 0..2 {
        let made = ResponseHeadersPolicy
            .create(&env.writer, &step(&wanted, Op::Create, None), &wanted.spec)
            .await;
        assert!(!made.expect("create")["id"].is_empty());
    }
    let mut live = only(&env, &[&wanted]).await;
    assert_eq!((&live.spec, &live.owner), (&wanted.spec, &Owner::Ours));
    for (field, value) in [
        ("comment", json!(format!("{} more", env.scope.marker("site")))),
        ("content_security_policy", json!("default-src 'none'")),
        ("content_security_policy", json!("")),
        ("frame_options", json!("SAMEORIGIN")),
        ("referrer_policy", json!("same-origin")),
        ("content_type_options", json!(false)),
        ("hsts_max_age", json!(1)),
        ("hsts_include_subdomains", json!(false)),
        ("hsts_preload", json!(true)),
        ("custom", json!({"x-a": "1", "x-b": "2"})),
        ("custom", json!({})),
    ] {
        let mut other = wanted.clone();
        other.spec[field] = value;
        let change = step(&other, Op::Update, Some(live.clone()));
        ResponseHeadersPolicy
            .update(&env.writer, &change, &live, &other.spec)
            .await
            .expect("update");
        live = only(&env, &[&other]).await;
        assert_eq!(live.spec, other.spec, "{field}");
    }
    let by_ownership = only(&env, &[]).await;
    assert_eq!(by_ownership.address, wanted.address);
    ResponseHeadersPolicy.delete(&env.writer, &by_ownership).await.expect("delete");
    ResponseHeadersPolicy
        .delete(&env.writer, &by_ownership)
        .await
        .expect("deleting what is gone is done");
    assert!(env.discover(&ResponseHeadersPolicy, &[&wanted], &[]).await.is_empty());
}

#[tokio::test]
async fn a_name_without_our_marker_is_foreign() {
    let env = TestEnv::new("headersforeign").await;
    let wanted = site_headers(&env);
    let mut theirs = wanted.clone();
    theirs.spec["comment"] = json!("theirs");
    ResponseHeadersPolicy
        .create(&env.writer, &step(&theirs, Op::Create, None), &theirs.spec)
        .await
        .expect("theirs");
    assert!(env.discover(&ResponseHeadersPolicy, &[], &[]).await.is_empty());
    let live = only(&env, &[&wanted]).await;
    assert_eq!(live.owner, Owner::Foreign("its description is `theirs`".into()));
    let refused = ResponseHeadersPolicy
        .create(&env.writer, &step(&wanted, Op::Create, None), &wanted.spec)
        .await
        .unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Foreign);
    ResponseHeadersPolicy
        .update(&env.writer, &step(&wanted, Op::Adopt, None), &live, &wanted.spec)
        .await
        .unwrap();
    let adopted = only(&env, &[&wanted]).await;
    assert_eq!((&adopted.spec, &adopted.owner), (&wanted.spec, &Owner::Ours));
    ResponseHeadersPolicy.delete(&env.writer, &adopted).await.expect("delete");
}
