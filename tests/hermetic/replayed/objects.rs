//! Bodies on slow lines: large ones that take minutes to travel, and answers that break off.

use crate::replay::{Replay, cut, empty, json as answer, xml};
use crate::support::step::{desired, step};
use base64::Engine as _;
use md5::Md5;
use serde_json::json;
use sha2::{Digest, Sha256};
use shopstack::model::{Desired, Live, Op, Query};
use shopstack::resources::{ResourceType, lambda::function::Function, s3::objects::Objects};

const NAME: &str = "replay-t-site-123456789012-us-east-1";
const ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:replay-t-f";

/// A site of one file with so many bytes, in a folder that must outlive the conversation.
fn site(bytes: usize) -> (tempfile::TempDir, Desired) {
    let folder = tempfile::tempdir().unwrap();
    let body = vec![b'x'; bytes];
    std::fs::write(folder.path().join("film.mp4"), &body).unwrap();
    let md5: String = Md5::digest(&body).iter().map(|byte| format!("{byte:02x}")).collect();
    let film = json!({"md5": md5, "content_type": "video/mp4", "cache_control": "max-age=60"});
    let mut wanted = desired(
        &Objects,
        "objects.site",
        NAME,
        json!({"objects": {"film.mp4": film}, "config": ""}),
    );
    wanted.payload = Some(folder.path().into());
    (folder, wanted)
}

/// How often the file was sent, where each answer comes so late.
async fn sent(bytes: usize, seconds: u64) -> usize {
    let replay = Replay::start(vec![
        ("ListObjectsV2", xml("<ListBucketResult></ListBucketResult>")),
        ("PutObject film.mp4?", empty().late(seconds)),
        ("PutObject", empty().always()),
    ])
    .await;
    let (_folder, wanted) = site(bytes);
    replay.create(&Objects, &step(&wanted, Op::Create, None)).await.expect("create");
    tokio::time::resume();
    // The manifest is sent as well.
    replay.count("PutObject") - 1
}

#[tokio::test]
async fn a_large_object_has_the_time_that_a_slow_line_needs() {
    assert_eq!(sent(3_000_000, 400).await, 1);
    assert_eq!(sent(10, 59).await, 1);
    assert_eq!(sent(10, 400).await, 2, "a small one is not on its way for minutes");
}

#[tokio::test]
async fn code_has_the_time_that_a_slow_line_needs() {
    let body = vec![b'z'; 3_000_000];
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(&body));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("f.zip"), &body).unwrap();
    let active = json!({"FunctionArn": ARN, "State": "Active", "LastUpdateStatus": "Successful", "CodeSha256": hash});
    let accepted = || answer(json!({"FunctionArn": ARN, "CodeSha256": hash})).late(400);
    let replay = Replay::start(vec![
        ("CreateFunction", accepted()),
        ("UpdateFunctionCode", accepted()),
        ("GetFunction", answer(json!({"Configuration": active})).always()),
    ])
    .await;
    let spec = json!({"tags": {}, "role_arn": "arn:r", "runtime": "provided.al2023", "handler": "bootstrap",
        "memory": 512, "timeout": 10, "architecture": "arm64", "tracing": false, "environment": {}, "code_sha256": hash, "extras": {}});
    let mut wanted = desired(&Function, "function.f", "replay-t-f", spec);
    wanted.payload = Some(folder.path().join("f.zip"));
    replay.create(&Function, &step(&wanted, Op::Create, None)).await.expect("create");
    let mut old = wanted.spec.clone();
    old["code_sha256"] = json!("old");
    let live = Live::new(wanted.address.clone(), &wanted.type_name, &wanted.name, old)
        .with_output("arn", ARN);
    let change = step(&wanted, Op::Update, Some(live.clone()));
    Function.update(&replay.env.writer, &change, &live, &wanted.spec).await.expect("update");
    assert_eq!((replay.count("CreateFunction"), replay.count("UpdateFunctionCode")), (1, 1));
}

#[tokio::test]
async fn a_manifest_that_breaks_off_is_read_again() {
    let object = |key: &str, etag: &str| {
        format!(
            "<Contents><Key>{key}</Key><LastModified>2026-01-01T00:00:00Z</LastModified><ETag>{etag}</ETag></Contents>"
        )
    };
    let (_folder, wanted) = site(3);
    let recorded = json!({"format_version": "1.0", "objects": {"film.mp4": wanted.spec["objects"]["film.mp4"],
        "gone.js": {"md5": "m", "content_type": "t", "cache_control": "c"}}});
    let md5 = wanted.spec["objects"]["film.mp4"]["md5"].as_str().unwrap();
    let listing = object("film.mp4", md5) + &object(".shopstack/site.json", "another");
    let replay = Replay::start(vec![
        ("ListObjectsV2", xml(format!("<ListBucketResult>{listing}</ListBucketResult>"))),
        ("GetObject", cut()),
        ("GetObject", answer(recorded)),
    ])
    .await;
    let bucket = desired(
        &shopstack::resources::s3::bucket::Bucket,
        "bucket.site",
        NAME,
        json!({"tags": {}}),
    );
    let found = [Live::new(bucket.address, &bucket.type_name, NAME, bucket.spec)];
    let query =
        Query { scope: &replay.env.scope, wanted: vec![&wanted], found: &found, thorough: false };
    let seen = replay.discover(&Objects, &query).await.expect("discover");
    assert_eq!(replay.count("GetObject"), 2);
    let keys: Vec<&String> = seen[0].spec["objects"].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["film.mp4", "gone.js"], "as the manifest says");
}
