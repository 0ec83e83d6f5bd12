//! AWS::S3::Bucket: made, repaired after a crash, every setting changed, foreign names refused,
//! emptied and deleted.

mod drift;
mod inventory;

use crate::support::env::TestEnv;
use crate::support::step::{desired, step};
use crate::support::suite::{Coverage, Suite, TypeInventory};
use serde_json::{Value, json};
use shopstack::model::{Desired, ErrorKind, Live, Op, Owner};
use shopstack::resources::{ResourceType, s3::bucket::Bucket};

pub const SUITE: Suite = Suite {
    type_name: "AWS::S3::Bucket",
    prepare: None,
    on_ministack: &[|_| Box::pin(async { drift::cases() })],
    on_moto: &[],
    clean_up: None,
    inventory: Coverage::Own(TypeInventory {
        kind: "bucket",
        add: |all, clients| Box::pin(inventory::add(all, clients)),
        names: |clients| Box::pin(inventory::names(clients)),
    }),
};

/// The wanted bucket of a test, as stack.yaml's site means it.
pub fn site_bucket(env: &TestEnv) -> Desired {
    let name = format!("{}site-{}-{}", env.scope.prefix(), env.scope.account, env.scope.region);
    let spec = json!({"tags": env.scope.tags("site"), "block_public_acls": true, "ignore_public_acls": true,
        "block_public_policy": true, "restrict_public_buckets": true, "object_ownership": "BucketOwnerEnforced", "extras": {},
        "encryption": "AES256", "versioning": "Enabled",
        "lifecycle": {"old_versions_days": 30, "broken_uploads_days": 7}});
    desired(&Bucket, "bucket.site", &name, spec)
}

/// Makes the bucket and gives it as discovery finds it.
pub async fn create_bucket(env: &TestEnv, wanted: &Desired) -> Live {
    Bucket
        .create(&env.writer, &step(wanted, Op::Create, None), &wanted.spec)
        .await
        .expect("create bucket");
    env.discover(&Bucket, &[wanted], &[]).await.remove(0)
}

async fn changed(env: &TestEnv, wanted: &Desired, from: &Live, field: &str, value: Value) -> Live {
    let mut other = wanted.clone();
    other.spec[field] = value;
    let change = step(&other, Op::Update, Some(from.clone()));
    Bucket.update(&env.writer, &change, from, &other.spec).await.expect("update");
    let live = env.discover(&Bucket, &[&other], &[]).await.remove(0);
    assert_eq!(live.spec, other.spec, "{field}");
    live
}

#[tokio::test]
async fn its_whole_life() {
    let env = TestEnv::new("bucketlife").await;
    let wanted = site_bucket(&env);
    let first = create_bucket(&env, &wanted).await;
    // A crash after the create: running it again adopts what is there.
    let mut live = create_bucket(&env, &wanted).await;
    assert_eq!(live, first);
    assert_eq!(live.spec, wanted.spec);
    assert_eq!(live.owner, Owner::Ours);
    assert_eq!(live.outputs["arn"], format!("arn:aws:s3:::{}", wanted.name));

    let mut tags = env.scope.tags("site");
    tags.insert("shopstack:expires-at".into(), "2030-01-01T00:00:00Z".into());
    for (field, value) in [
        ("tags", json!(tags)),
        ("block_public_acls", json!(false)),
        ("ignore_public_acls", json!(false)),
        ("block_public_policy", json!(false)),
        ("restrict_public_buckets", json!(false)),
        ("object_ownership", json!("BucketOwnerPreferred")),
        ("encryption", json!("aws:kms")),
        ("versioning", json!("Unversioned")),
        ("lifecycle", json!({"old_versions_days": 90, "broken_uploads_days": 1})),
        ("lifecycle", json!(null)),
    ] {
        live = changed(&env, &wanted, &live, field, value).await;
    }
    live = changed(&env, &wanted, &live, "versioning", json!("Enabled")).await;
    let by_ownership = env.discover(&Bucket, &[], &[]).await.remove(0);
    // For `down` the settings are not read.
    assert_eq!(by_ownership.spec["tags"], live.spec["tags"]);
    assert_eq!(by_ownership.address, wanted.address);

    // Versions and delete markers must go as well.
    let s3 = &env.clients.s3;
    for _ in 0..2 {
        let body = aws_sdk_s3::primitives::ByteStream::from_static(b"x");
        s3.put_object().bucket(&wanted.name).key("a/ b").body(body).send().await.unwrap();
        s3.delete_object().bucket(&wanted.name).key("a/ b").send().await.unwrap();
    }
    Bucket.delete(&env.writer, &live).await.expect("delete");
    Bucket.delete(&env.writer, &live).await.expect("deleting what is gone is done");
    assert!(env.discover(&Bucket, &[&wanted], &[]).await.is_empty());
}

#[tokio::test]
async fn settings_changed_behind_our_back_are_seen() {
    let env = TestEnv::new("bucketdrift").await;
    let wanted = site_bucket(&env);
    let live = create_bucket(&env, &wanted).await;
    let s3 = &env.clients.s3;
    s3.delete_public_access_block().bucket(&wanted.name).send().await.unwrap();
    s3.delete_bucket_tagging().bucket(&wanted.name).send().await.unwrap();
    let found = env.discover(&Bucket, &[&wanted], &[]).await.remove(0);
    assert_eq!(found.spec["block_public_acls"], json!(false));
    assert_eq!(found.spec["tags"], json!({}));
    Bucket.delete(&env.writer, &live).await.expect("delete");
}

#[tokio::test]
async fn an_untagged_bucket_is_ours_only_under_our_exact_name_and_empty() {
    let env = TestEnv::new("bucketbare").await;
    let wanted = site_bucket(&env);
    let s3 = &env.clients.s3;
    // What a crash between CreateBucket and PutBucketTagging leaves.
    s3.create_bucket().bucket(&wanted.name).send().await.unwrap();
    for query in [vec![], vec![&wanted]] {
        let found = env.discover(&Bucket, &query, &[]).await.remove(0);
        assert_eq!((found.owner, found.address), (Owner::Ours, wanted.address.clone()));
    }
    let body = aws_sdk_s3::primitives::ByteStream::from_static(b"somebody's work");
    s3.put_object().bucket(&wanted.name).key("k").body(body).send().await.unwrap();
    assert_eq!(
        env.discover(&Bucket, &[&wanted], &[]).await.remove(0).owner,
        Owner::Foreign("it has no tags".into())
    );
    assert!(env.discover(&Bucket, &[], &[]).await.is_empty());
    let refused = Bucket
        .create(&env.writer, &step(&wanted, Op::Create, None), &wanted.spec)
        .await
        .expect_err("foreign");
    assert_eq!(refused.kind, ErrorKind::Foreign);

    // Adopting it takes it over, content and all.
    let live = env.discover(&Bucket, &[&wanted], &[]).await.remove(0);
    Bucket
        .update(&env.writer, &step(&wanted, Op::Adopt, None), &live, &wanted.spec)
        .await
        .expect("adopt");
    let live = env.discover(&Bucket, &[&wanted], &[]).await.remove(0);
    assert_eq!((&live.spec, &live.owner), (&wanted.spec, &Owner::Ours));
    Bucket.delete(&env.writer, &live).await.expect("delete");
}

#[tokio::test]
async fn a_bucket_of_the_same_environment_in_another_region_is_left_alone() {
    use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration, Tag, Tagging};
    let env = TestEnv::new("bucketfar").await;
    let name = format!("{}site-{}-eu-west-1", env.scope.prefix(), env.scope.account);
    let config =
        env.clients.s3.config().to_builder().region(aws_sdk_s3::config::Region::new("eu-west-1"));
    let far = aws_sdk_s3::Client::from_conf(config.build());
    let place = CreateBucketConfiguration::builder()
        .location_constraint(BucketLocationConstraint::EuWest1)
        .build();
    far.create_bucket().bucket(&name).create_bucket_configuration(place).send().await.unwrap();
    let tags = env.scope.tags("site").into_iter();
    let tags =
        tags.map(|(key, value)| Tag::builder().key(key).value(value).build().unwrap()).collect();
    let tagging = Tagging::builder().set_tag_set(Some(tags)).build().unwrap();
    far.put_bucket_tagging().bucket(&name).tagging(tagging).send().await.unwrap();
    assert!(env.discover(&Bucket, &[], &[]).await.is_empty());
    assert!(env.discover(&Bucket, &[&site_bucket(&env)], &[]).await.is_empty());
    far.delete_bucket().bucket(&name).send().await.unwrap();
}
