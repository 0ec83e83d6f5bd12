//! AWS::S3::BucketPolicy: put, read back as a document, changed behind our back, removed.

mod drift;

use super::bucket::{create_bucket, site_bucket};
use crate::support::env::TestEnv;
use crate::support::step::{desired, step};
use crate::support::suite::{Coverage, Suite};
use serde_json::json;
use shopstack::model::Op;
use shopstack::policy;
use shopstack::resources::{ResourceType, s3::bucket::Bucket, s3::bucket_policy::BucketPolicy};

pub const SUITE: Suite = Suite {
    type_name: "AWS::S3::BucketPolicy",
    prepare: None,
    on_ministack: &[|_| Box::pin(async { drift::cases() })],
    on_moto: &[],
    clean_up: None,
    inventory: Coverage::Elsewhere("AWS::S3::Bucket"),
};

#[tokio::test]
async fn its_whole_life() {
    let env = TestEnv::new("bucketpolicy").await;
    let bucket = site_bucket(&env);
    let found = vec![create_bucket(&env, &bucket).await];
    let document = |action: &str| {
        json!({"policy": policy::canonical(&json!({"Statement": [{"Sid": "Cdn", "Effect": "Allow",
            "Principal": {"Service": "cloudfront.amazonaws.com"}, "Action": action,
            "Resource": format!("arn:aws:s3:::{}/*", bucket.name),
            "Condition": {"StringEquals": {"aws:SourceArn": "arn:aws:cloudfront::1:distribution/E"}}}]}))})
    };
    let mut wanted =
        desired(&BucketPolicy, "bucket_policy.site", &bucket.name, document("s3:GetObject"));
    assert!(env.discover(&BucketPolicy, &[&wanted], &found).await.is_empty());

    for _ in 0..2 {
        BucketPolicy
            .create(&env.writer, &step(&wanted, Op::Create, None), &wanted.spec)
            .await
            .expect("create");
    }
    let live = env.discover(&BucketPolicy, &[&wanted], &found).await.remove(0);
    assert_eq!(live.spec, wanted.spec);

    // A statement that a stranger adds shows.
    let stranger = r#"{"Version":"2012-10-17","Statement":{"Sid":"Open","Effect":"Deny","Principal":"*","Action":"s3:DeleteObject","Resource":"*"}}"#;
    env.clients.s3.put_bucket_policy().bucket(&bucket.name).policy(stranger).send().await.unwrap();
    let live = env.discover(&BucketPolicy, &[&wanted], &found).await.remove(0);
    assert_eq!(live.spec["policy"]["statements"]["Open"]["actions"], json!(["s3:DeleteObject"]));

    wanted.spec = document("s3:Get*");
    BucketPolicy
        .update(&env.writer, &step(&wanted, Op::Update, None), &live, &wanted.spec)
        .await
        .expect("update");
    let live = env.discover(&BucketPolicy, &[&wanted], &found).await.remove(0);
    assert_eq!(live.spec, wanted.spec);

    for _ in 0..2 {
        BucketPolicy.delete(&env.writer, &live).await.expect("delete");
    }
    assert!(env.discover(&BucketPolicy, &[&wanted], &found).await.is_empty());
    Bucket.delete(&env.writer, &found[0]).await.expect("delete bucket");
    assert!(env.discover(&BucketPolicy, &[&wanted], &found).await.is_empty());
}

/// Lets one distribution, and nobody else, read the bucket's objects.
pub async fn allow_distribution(env: &TestEnv, bucket: &str, arn: &str) {
    let policy = policy::canonical(&json!({"Statement": [{"Sid": "Cdn", "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"}, "Action": "s3:GetObject",
        "Resource": format!("arn:aws:s3:::{bucket}/*"), "Condition": {"StringEquals": {"aws:SourceArn": arn}}}]}));
    let wanted = desired(&BucketPolicy, "bucket_policy.site", bucket, json!({"policy": policy}));
    BucketPolicy
        .create(&env.writer, &step(&wanted, Op::Create, None), &wanted.spec)
        .await
        .expect("policy");
}
