//! Principals of a bucket's policy that AWS cannot resolve.

use super::bucket::{NAME, live};
use crate::replay::{Replay, empty, refused, refused_with};
use crate::support::step::{desired, step};
use serde_json::{Value, json};
use shopstack::model::{Op, Query};
use shopstack::policy;
use shopstack::resources::{ResourceType, s3::bucket_policy::BucketPolicy};

fn document(extra: Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": [
        {"Sid": "Ours", "Effect": "Allow", "Principal": {"Service": "cloudfront.amazonaws.com"},
         "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{NAME}/*")}, extra]})
}

/// A principal reads as a unique id while, or for ever after, AWS cannot resolve it (catalogue
/// 1.6). No document of ours names a role or user, so such a statement is a stranger's, in either
/// spelling.
#[tokio::test]
async fn a_principal_that_reads_as_a_unique_id_is_a_strangers_and_goes_with_its_statement() {
    let stranger = json!({"Sid": "Theirs", "Effect": "Allow", "Principal": {"AWS": "AROAEXAMPLEEXAMPLE"},
        "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{NAME}/*")});
    let mut ours = policy::canonical(&document(stranger.clone()));
    ours["statements"].as_object_mut().unwrap().shift_remove("Theirs");
    let mut mended = document(stranger.clone());
    mended["Statement"].as_array_mut().unwrap().pop();
    let replay = Replay::start(vec![
        ("GetBucketPolicy", crate::replay::json(document(stranger))),
        (
            "PutBucketPolicy",
            refused_with("MalformedPolicy", "Invalid principal in policy").times(2),
        ),
        ("PutBucketPolicy", empty().status(204)),
        ("GetBucketPolicy", refused("NoSuchBucketPolicy").status(404).times(2)),
        ("GetBucketPolicy", crate::replay::json(mended)),
    ])
    .await;
    let wanted = desired(&BucketPolicy, "bucket_policy.site", NAME, json!({"policy": ours}));
    let found = [live(&replay)];
    let query =
        Query { scope: &replay.env.scope, wanted: vec![&wanted], found: &found, thorough: false };
    let live = replay.discover(&BucketPolicy, &query).await.expect("discover").remove(0);
    assert_eq!(
        live.spec["policy"]["statements"]["Theirs"]["principals"],
        json!({"AWS": ["AROAEXAMPLEEXAMPLE"]})
    );
    assert_eq!(
        live.spec["policy"]["statements"]["Ours"],
        wanted.spec["policy"]["statements"]["Ours"]
    );
    let change = step(&wanted, Op::Update, Some(live.clone()));
    BucketPolicy.update(&replay.env.writer, &change, &live, &wanted.spec).await.expect("update");
    assert!(
        replay.texts("PutBucketPolicy").iter().all(|sent| !sent.contains("AROA")),
        "an id is never sent"
    );
    assert_eq!(replay.pauses("PutBucketPolicy"), [1.0, 2.0]);
    assert_eq!(
        replay.pauses("GetBucketPolicy")[1..],
        [0.2, 0.4],
        "read until it shows, so that the next diff is clean"
    );
}
