//! AWS::CloudFront::OriginAccessControl: made, found again, every field changed, a foreign name
//! refused, deleted.

mod drift;
mod inventory;

use crate::support::env::TestEnv;
use crate::support::step::{desired, step};
use crate::support::suite::{Coverage, Suite, TypeInventory};
use serde_json::{Value, json};
use shopstack::model::{Desired, ErrorKind, Live, Op, Owner};
use shopstack::resources::{ResourceType, cloudfront::oac::OriginAccessControl};

pub const SUITE: Suite = Suite {
    type_name: "AWS::CloudFront::OriginAccessControl",
    prepare: None,
    on_ministack: &[|_| Box::pin(async { drift::cases() })],
    on_moto: &[],
    clean_up: None,
    inventory: Coverage::Own(TypeInventory {
        kind: "origin access control",
        add: |all, clients| Box::pin(inventory::add(all, clients)),
        names: |clients| Box::pin(inventory::names(clients)),
    }),
};

/// The wanted control of a test's site.
pub fn site_oac(env: &TestEnv) -> Desired {
    let spec = json!({"description": env.scope.marker("site"), "origin_type": "s3", "signing_behavior": "always",
        "signing_protocol": "sigv4"});
    desired(&OriginAccessControl, "oac.site", &env.scope.name("site"), spec)
}

async fn only(env: &TestEnv, wanted: &[&Desired]) -> Live {
    let mut found = env.discover(&OriginAccessControl, wanted, &[]).await;
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

#[tokio::test]
async fn its_whole_life() {
    let env = TestEnv::new("oaclife").await;
    let wanted = site_oac(&env);
    for _ in 0..2 {
        // The second time is what a crash before the answer makes of it.
        let made = OriginAccessControl
            .create(&env.writer, &step(&wanted, Op::Create, None), &wanted.spec)
            .await;
        assert!(!made.expect("create")["id"].is_empty());
    }
    let mut live = only(&env, &[&wanted]).await;
    assert_eq!((&live.spec, &live.owner), (&wanted.spec, &Owner::Ours));

    for (field, value) in [
        ("signing_behavior", json!("no-override")),
        ("origin_type", json!("mediastore")),
        ("description", Value::String(format!("{} more", env.scope.marker("site")))),
    ] {
        let mut other = wanted.clone();
        other.spec[field] = value;
        let change = step(&other, Op::Update, Some(live.clone()));
        OriginAccessControl.update(&env.writer, &change, &live, &other.spec).await.expect("update");
        live = only(&env, &[&other]).await;
        assert_eq!(live.spec, other.spec, "{field}");
    }
    let by_ownership = only(&env, &[]).await;
    assert_eq!(by_ownership.address, wanted.address);
    OriginAccessControl.delete(&env.writer, &by_ownership).await.expect("delete");
    OriginAccessControl
        .delete(&env.writer, &by_ownership)
        .await
        .expect("deleting what is gone is done");
    assert!(env.discover(&OriginAccessControl, &[&wanted], &[]).await.is_empty());
}

/// Every environment of the account wants it, and none takes it away.
#[tokio::test]
async fn the_shared_one_is_found_by_whoever_wants_it_and_listed_for_sweep() {
    let env = TestEnv::new("oacshared").await;
    let name = env.scope.name("shared");
    let spec = json!({"description": "shopstack:shared=true for a test", "origin_type": "s3",
        "signing_behavior": "always", "signing_protocol": "sigv4"});
    let wanted = desired(&OriginAccessControl, "oac.shared", &name, spec);
    let create = step(&wanted, Op::Create, None);
    for _ in 0..2 {
        OriginAccessControl.create(&env.writer, &create, &wanted.spec).await.expect("create");
    }
    let live = only(&env, &[&wanted]).await;
    assert_eq!((&live.spec, &live.owner), (&wanted.spec, &Owner::Shared));
    assert!(env.discover(&OriginAccessControl, &[], &[]).await.is_empty(), "`down` leaves it");
    let shared = OriginAccessControl.shared(&env.reader).await.expect("shared");
    let shared = shared.iter().find(|live| live.name == name).expect("listed");
    let kept = OriginAccessControl.remove_shared(&env.writer, shared, &[]).await;
    assert_eq!(kept.expect("delete"), None);
    assert!(env.discover(&OriginAccessControl, &[&wanted], &[]).await.is_empty());
}

#[tokio::test]
async fn a_name_without_our_marker_is_foreign() {
    let env = TestEnv::new("oacforeign").await;
    let wanted = site_oac(&env);
    let mut theirs = wanted.clone();
    theirs.spec["description"] = json!("theirs");
    OriginAccessControl
        .create(&env.writer, &step(&theirs, Op::Create, None), &theirs.spec)
        .await
        .expect("theirs");
    assert!(env.discover(&OriginAccessControl, &[], &[]).await.is_empty());
    let live = only(&env, &[&wanted]).await;
    assert_eq!(live.owner, Owner::Foreign("its description is `theirs`".into()));
    let refused = OriginAccessControl
        .create(&env.writer, &step(&wanted, Op::Create, None), &wanted.spec)
        .await
        .unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Foreign);
    OriginAccessControl
        .update(&env.writer, &step(&wanted, Op::Adopt, None), &live, &wanted.spec)
        .await
        .unwrap();
    let adopted = only(&env, &[&wanted]).await;
    assert_eq!((&adopted.spec, &adopted.owner), (&wanted.spec, &Owner::Ours));
    OriginAccessControl.delete(&env.writer, &adopted).await.expect("delete");
}
