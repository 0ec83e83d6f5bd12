//! AWS::CloudFront::OriginAccessControl: made, found again, every field changed, a foreign name
//! refused, deleted.

use crate::support::{World, desired, step};
use serde_json::{Value, json};
use shopstack::model::{Desired, ErrorKind, Live, Op, Owner};
use shopstack::resources::{ResourceType, cloudfront::oac::OriginAccessControl};

/// The wanted control of a world's site.
pub fn site_oac(world: &World) -> Desired {
    let spec = json!({"description": world.scope.marker("site"), "origin_type": "s3", "signing_behavior": "always",
        "signing_protocol": "sigv4"});
    desired(&OriginAccessControl, "oac.site", &world.scope.name("site"), spec)
}

async fn only(world: &World, wanted: &[&Desired]) -> Live {
    let mut found = world.discover(&OriginAccessControl, wanted, &[]).await;
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

#[tokio::test]
async fn its_whole_life() {
    let world = World::new("oaclife").await;
    let wanted = site_oac(&world);
    for _ in 0..2 {
        // The second time is what a crash before the answer makes of it.
        let made = OriginAccessControl
            .create(&world.writer, &step(&wanted, Op::Create, None), &wanted.spec)
            .await;
        assert!(!made.expect("create")["id"].is_empty());
    }
    let mut live = only(&world, &[&wanted]).await;
    assert_eq!((&live.spec, &live.owner), (&wanted.spec, &Owner::Ours));

    for (field, value) in [
        ("signing_behavior", json!("no-override")),
        ("origin_type", json!("mediastore")),
        ("description", Value::String(format!("{} more", world.scope.marker("site")))),
    ] {
        let mut other = wanted.clone();
        other.spec[field] = value;
        let change = step(&other, Op::Update, Some(live.clone()));
        OriginAccessControl
            .update(&world.writer, &change, &live, &other.spec)
            .await
            .expect("update");
        live = only(&world, &[&other]).await;
        assert_eq!(live.spec, other.spec, "{field}");
    }
    let by_ownership = only(&world, &[]).await;
    assert_eq!(by_ownership.address, wanted.address);
    OriginAccessControl.delete(&world.writer, &by_ownership).await.expect("delete");
    OriginAccessControl
        .delete(&world.writer, &by_ownership)
        .await
        .expect("deleting what is gone is done");
    assert!(world.discover(&OriginAccessControl, &[&wanted], &[]).await.is_empty());
}

#[tokio::test]
async fn a_name_without_our_marker_is_foreign() {
    let world = World::new("oacforeign").await;
    let wanted = site_oac(&world);
    let mut theirs = wanted.clone();
    theirs.spec["description"] = json!("theirs");
    OriginAccessControl
        .create(&world.writer, &step(&theirs, Op::Create, None), &theirs.spec)
        .await
        .expect("theirs");
    assert!(world.discover(&OriginAccessControl, &[], &[]).await.is_empty());
    let live = only(&world, &[&wanted]).await;
    assert_eq!(live.owner, Owner::Foreign("its description is `theirs`".into()));
    let refused = OriginAccessControl
        .create(&world.writer, &step(&wanted, Op::Create, None), &wanted.spec)
        .await
        .unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Foreign);
    OriginAccessControl
        .update(&world.writer, &step(&wanted, Op::Adopt, None), &live, &wanted.spec)
        .await
        .unwrap();
    let adopted = only(&world, &[&wanted]).await;
    assert_eq!((&adopted.spec, &adopted.owner), (&wanted.spec, &Owner::Ours));
    OriginAccessControl.delete(&world.writer, &adopted).await.expect("delete");
}
