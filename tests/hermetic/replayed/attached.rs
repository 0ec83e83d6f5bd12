//! What people attach to a table, its stream and a log group: shown as drift, and taken away.

use crate::replay::{Replay, empty, json as answer, refused};
use crate::support::step::{desired, step};
use serde_json::{Value, json};
use shopstack::model::{Desired, Op, Query};
use shopstack::resources::{ResourceType, dynamodb::table::Table, logs::log_group::LogGroup};

const ARN: &str = "arn:aws:dynamodb:us-east-1:123456789012:table/replay-t-T";

fn tags(id: &str) -> Value {
    json!({"shopstack:stack": "replay", "shopstack:env": "t", "shopstack:id": id,
           "shopstack:region": "us-east-1"})
}

fn table() -> Desired {
    let spec = json!({"tags": tags("T"), "hash_key": {"name": "id", "kind": "S"},
        "range_key": null, "indexes": {}, "billing": {"mode": "PAY_PER_REQUEST", "read": null,
        "write": null, "max_read": null, "max_write": null}, "point_in_time_recovery": true,
        "deletion_protection": false, "stream": "KEYS_ONLY", "seed": null, "extras": {}});
    desired(&Table, "table.T", "replay-t-T", spec)
}

#[tokio::test]
async fn shortened_backups_and_a_shared_stream_are_put_right() {
    let stream = format!("{ARN}/stream/2026");
    let described = json!({"Table": {"TableName": "replay-t-T", "TableArn": ARN,
        "TableStatus": "ACTIVE", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"}, "LatestStreamArn": stream,
        "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "KEYS_ONLY"}}});
    let backups = |days: i32| {
        answer(json!({"ContinuousBackupsDescription": {"ContinuousBackupsStatus": "ENABLED",
            "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "ENABLED",
                                               "RecoveryPeriodInDays": days}}}))
    };
    let policy = json!({"Policy": "{\"Version\":\"2012-10-17\",\"Statement\":[]}"});
    let replay = Replay::start(vec![
        ("GetResources", super::cloudfront::index(&[ARN], &tags("T"), "")),
        ("DescribeTable", answer(described).always()),
        ("DescribeContinuousBackups", backups(1)),
        ("DescribeTimeToLive", answer(json!({}))),
        ("DescribeKinesisStreamingDestination", answer(json!({}))),
        ("GetResourcePolicy stream/2026", answer(policy)),
        ("GetResourcePolicy", refused("PolicyNotFoundException")),
        ("UpdateContinuousBackups", answer(json!({}))),
        ("DescribeContinuousBackups", backups(1).times(2)),
        ("DescribeContinuousBackups", backups(35)),
        ("DeleteResourcePolicy", answer(json!({}))),
    ])
    .await;
    let wanted = table();
    let query =
        Query { scope: &replay.env.scope, wanted: vec![&wanted], found: &[], thorough: false };
    let live = replay.discover(&Table, &query).await.expect("discover").remove(0);
    let policy = r#"{"Statement":[],"Version":"2012-10-17"}"#;
    assert_eq!(live.spec["extras"]["recovery period"], "1 days");
    let shown = live.spec["extras"][format!("stream policy {stream}")].as_str().unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(shown).unwrap(),
        serde_json::from_str::<Value>(policy).unwrap()
    );

    let change = step(&wanted, Op::Update, Some(live.clone()));
    Table.update(&replay.env.writer, &change, &live, &wanted.spec).await.expect("update");
    let sent = &replay.bodies("UpdateContinuousBackups")[0]["PointInTimeRecoverySpecification"];
    assert_eq!(*sent, json!({"PointInTimeRecoveryEnabled": true, "RecoveryPeriodInDays": 35}));
    assert_eq!(replay.bodies("DeleteResourcePolicy")[0]["ResourceArn"], stream);
    assert_eq!(replay.left(), [""; 0]);
}

#[tokio::test]
async fn what_the_listing_tells_of_a_log_group_is_taken_away() {
    let name = "/aws/lambda/replay-t-f";
    let arn = format!("arn:aws:logs:us-east-1:123456789012:log-group:{name}");
    let group = json!({"logGroupName": name, "arn": format!("{arn}:*"), "retentionInDays": 30,
        "kmsKeyId": "arn:kms", "dataProtectionStatus": "ACTIVATED",
        "deletionProtectionEnabled": true, "bearerTokenAuthenticationEnabled": true});
    let replay = Replay::start(vec![
        ("GetResources", super::cloudfront::index(&[&arn], &tags("f"), "")),
        ("DescribeLogGroups /aws/lambda", answer(json!({"logGroups": [group]}))),
        ("DescribeLogGroups", answer(json!({"logGroups": []})).always()),
        ("DescribeSubscriptionFilters", answer(json!({"subscriptionFilters": []}))),
        ("PutBearerTokenAuthentication", empty()),
        ("DeleteDataProtectionPolicy", empty()),
        ("PutLogGroupDeletionProtection", empty()),
        ("DisassociateKmsKey", empty()),
    ])
    .await;
    let spec =
        json!({"tags": tags("f"), "region": "us-east-1", "retention_days": 30, "extras": {}});
    let wanted = desired(&LogGroup, "log_group.f", name, spec);
    let query =
        Query { scope: &replay.env.scope, wanted: vec![&wanted], found: &[], thorough: false };
    let live = replay.discover(&LogGroup, &query).await.expect("discover").remove(0);
    let extras = json!({"bearer tokens": "on", "data protection": "on",
                        "deletion protection": "on", "kms key": "arn:kms"});
    assert_eq!(live.spec["extras"], extras);

    let change = step(&wanted, Op::Update, Some(live.clone()));
    LogGroup.update(&replay.env.writer, &change, &live, &wanted.spec).await.expect("update");
    let off = |operation: &str, member: &str| replay.bodies(operation)[0][member].clone();
    assert_eq!(off("PutLogGroupDeletionProtection", "deletionProtectionEnabled"), json!(false));
    assert_eq!(
        off("PutBearerTokenAuthentication", "bearerTokenAuthenticationEnabled"),
        json!(false)
    );
    assert_eq!(replay.left(), [""; 0]);
}
