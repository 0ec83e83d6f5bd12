//! What was deleted between plan and apply: an update of it ends at once, for only what this run
//! made may lag behind.

use crate::replay::{Answer, Replay, json as answer, refused};
use crate::support::step::{desired, step};
use serde_json::{Value, json};
use shopstack::model::provider::Apply;
use shopstack::model::{ErrorKind, Live, Op};
use shopstack::resources::dynamodb::table::Table;
use shopstack::resources::iam::role::Role;
use shopstack::resources::lambda::function::Function;
use shopstack::resources::logs::log_group::LogGroup;
use shopstack::resources::s3::bucket::Bucket;
use shopstack::resources::s3::bucket_policy::BucketPolicy;
use shopstack::resources::{Applier, ResourceType};
use std::sync::Arc;

const GONE: (&str, u16) = ("ResourceNotFoundException", 400);

/// Updates from `before` (fields over `wanted`) with these answers; the call after them says that
/// there is nothing.
async fn vanishes(
    resource: &dyn ResourceType,
    wanted: &Value,
    before: Value,
    script: Vec<(&'static str, Answer)>,
    (operation, (code, status)): (&'static str, (&str, u16)),
) {
    let mut script = script;
    let asked = 1 + script.iter().filter(|(scripted, _)| *scripted == operation).count();
    script.push((operation, refused(code).status(status).always()));
    let replay = Replay::start(script).await;
    let folder = tempfile::tempdir().unwrap();
    let mut wanted =
        desired(resource, &format!("{}.f", resource.info().group), "replay-t-f", wanted.clone());
    wanted.payload = Some(folder.path().join("f.zip"));
    std::fs::write(folder.path().join("f.zip"), b"abc").unwrap();
    let mut live =
        Live::new(wanted.address.clone(), &wanted.type_name, &wanted.name, wanted.spec.clone());
    live = live.with_output("arn", "arn:aws:x:us-east-1:123456789012:x/replay-t-f");
    for (field, value) in before.as_object().unwrap() {
        live.spec[field] = value.clone();
    }
    let change = step(&wanted, Op::Update, Some(live.clone()));
    let applier = Applier(replay.env.writer.clone());
    let updated = applier.update(&change, &live, &wanted.spec, Arc::new(|_: &str| {})).await;
    let error = updated.expect_err(operation);
    assert_eq!(
        (error.kind, replay.count(operation)),
        (ErrorKind::NotFound, asked),
        "{operation}: {error}"
    );
    assert!(
        error.hint.contains("deleted since the plan: run the same command again"),
        "{}",
        error.hint
    );
    assert_eq!(replay.asked().last().unwrap().at.as_secs(), 0, "{operation}: nobody waited");
    // The next conversation stops the clock again.
    tokio::time::resume();
}

#[tokio::test]
async fn a_bucket() {
    let spec = json!({"tags": {"a": "b"}, "block_public_acls": true, "ignore_public_acls": true,
        "block_public_policy": true, "restrict_public_buckets": true, "object_ownership": "BucketOwnerEnforced", "extras": {},
        "encryption": "AES256", "versioning": "Enabled",
        "lifecycle": {"old_versions_days": 30, "broken_uploads_days": 7}});
    for (before, operation) in [
        (json!({"tags": {}}), "PutBucketTagging"),
        (json!({"block_public_acls": false}), "PutPublicAccessBlock"),
        (json!({"object_ownership": "ObjectWriter"}), "PutBucketOwnershipControls"),
        (json!({"versioning": "Suspended"}), "PutBucketVersioning"),
        (json!({"encryption": "aws:kms"}), "PutBucketEncryption"),
        (json!({"lifecycle": null}), "PutBucketLifecycleConfiguration"),
    ] {
        vanishes(&Bucket, &spec, before, vec![], (operation, ("NoSuchBucket", 404))).await;
    }
    let policy = json!({"policy": {"statements": {"a": {}}}});
    vanishes(
        &BucketPolicy,
        &policy,
        json!({"policy": null}),
        vec![],
        ("PutBucketPolicy", ("NoSuchBucket", 404)),
    )
    .await;
}

#[tokio::test]
async fn a_role() {
    let spec = json!({"tags": {"a": "b"}, "path": "/", "description": "d", "max_session_seconds": 3600, "trust": {},
        "policies": {"p": {"statements": {}}}, "attached": ["arn:p"], "permissions_boundary": "arn:b"});
    for (before, operation) in [
        (json!({"trust": {"statements": {"old": {}}}}), "UpdateAssumeRolePolicy"),
        (json!({"description": "old"}), "UpdateRole"),
        (json!({"permissions_boundary": null}), "PutRolePermissionsBoundary"),
        (json!({"policies": {}}), "PutRolePolicy"),
        (json!({"attached": []}), "AttachRolePolicy"),
        (json!({"tags": {}}), "TagRole"),
    ] {
        vanishes(&Role, &spec, before, vec![], (operation, ("NoSuchEntity", 404))).await;
    }
}

#[tokio::test]
async fn a_function() {
    let spec = json!({"tags": {"a": "b"}, "role_arn": "arn:r", "runtime": "provided.al2023", "handler": "bootstrap",
        "memory": 512, "timeout": 10, "architecture": "arm64", "tracing": false, "environment": {}, "extras": {},
        // base64(SHA-256) of `abc`.
        "code_sha256": "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="});
    let gone = (GONE.0, 404);
    let memory = json!({"memory": 128});
    vanishes(&Function, &spec, memory.clone(), vec![], ("UpdateFunctionConfiguration", gone)).await;
    let updated = vec![("UpdateFunctionConfiguration", answer(json!({})))];
    vanishes(&Function, &spec, memory, updated, ("GetFunction", gone)).await;
    vanishes(&Function, &spec, json!({"code_sha256": "old"}), vec![], ("UpdateFunctionCode", gone))
        .await;
    vanishes(&Function, &spec, json!({"tags": {}}), vec![], ("TagResource", gone)).await;
}

#[tokio::test]
async fn a_log_group() {
    let spec = |days: Value| json!({"tags": {}, "region": "us-east-1", "retention_days": days, "extras": {}});
    let days = |days: Value| json!({"retention_days": days, "extras": {}});
    vanishes(&LogGroup, &spec(json!(7)), days(json!(30)), vec![], ("PutRetentionPolicy", GONE))
        .await;
    vanishes(
        &LogGroup,
        &spec(Value::Null),
        days(json!(30)),
        vec![],
        ("DeleteRetentionPolicy", GONE),
    )
    .await;
}

/// Also while a change of it is awaited, which may take half an hour where it is there.
#[tokio::test]
async fn a_table() {
    let key = json!({"name": "id", "kind": "S"});
    let on_demand = json!({"mode": "PAY_PER_REQUEST", "read": null, "write": null, "max_read": null, "max_write": null});
    let spec = json!({"tags": {"a": "b"}, "hash_key": key, "range_key": null, "indexes": {}, "billing": on_demand,
        "point_in_time_recovery": true, "deletion_protection": false, "stream": null, "seed": null, "extras": {}});
    let table = |protected: bool| {
        let table = json!({"TableName": "replay-t-f", "TableStatus": "ACTIVE", "DeletionProtectionEnabled": protected,
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"}});
        ("DescribeTable", answer(json!({"Table": table})))
    };
    let done = |operation: &'static str| (operation, answer(json!({})));
    vanishes(&Table, &spec, json!({"tags": {}}), vec![], ("DescribeTable", GONE)).await;
    for (before, script, operation) in [
        (json!({}), vec![table(true)], "UpdateTable"),
        (json!({}), vec![table(true), done("UpdateTable")], "DescribeTable"),
        (json!({"point_in_time_recovery": false}), vec![table(false)], "UpdateContinuousBackups"),
        (
            json!({"point_in_time_recovery": false}),
            vec![table(false), done("UpdateContinuousBackups")],
            "DescribeContinuousBackups",
        ),
        (json!({"tags": {}}), vec![table(false)], "TagResource"),
        (json!({"tags": {}}), vec![table(false), done("TagResource")], "ListTagsOfResource"),
        (json!({"tags": {"a": "b", "c": "d"}}), vec![table(false)], "UntagResource"),
    ] {
        vanishes(&Table, &spec, before, script, (operation, GONE)).await;
    }
}
