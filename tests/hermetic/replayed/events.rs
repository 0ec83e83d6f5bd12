//! What a person is told while AWS takes its time: a step through the whole engine, its events, and
//! errors that are final.

use crate::replay::{Replay, json as answer, refused_with};
use crate::support::step::{desired, step};
use futures_util::FutureExt;
use serde_json::json;
use shopstack::engine::{self, Run};
use shopstack::model::{ErrorKind, Event, Op, Plan, Status};
use shopstack::plan::{self, Inputs};
use shopstack::resources::{
    Applier, ResourceType, dynamodb::table::Table, iam::role::Role, logs::log_group::LogGroup,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

const ARN: &str = "arn:aws:dynamodb:us-east-1:123456789012:table/replay-t-T";

fn table(status: &str) -> serde_json::Value {
    json!({"TableName": "replay-t-T", "TableArn": ARN, "TableStatus": status,
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]})
}

fn planned(replay: &Replay) -> Plan {
    let spec = json!({"tags": replay.env.scope.tags("T"), "hash_key": {"name": "id", "kind": "S"}, "range_key": null,
        "indexes": {}, "billing": {"mode": "PAY_PER_REQUEST", "read": null, "write": null, "max_read": null,
        "max_write": null}, "point_in_time_recovery": false, "deletion_protection": false, "stream": null, "seed": null, "extras": {}});
    let wanted = [desired(&Table, "table.T", "replay-t-T", spec)];
    let (scope, types) = (&replay.env.scope, [Table.info()]);
    let (known, adopt) = (BTreeMap::new(), BTreeSet::new());
    let inputs = Inputs {
        scope,
        desired: &wanted,
        live: &[],
        known: &known,
        record: None,
        types: &types,
        adopt: &adopt,
    };
    plan::plan(&inputs).expect("a plan")
}

#[tokio::test]
async fn a_wait_is_an_event_that_says_what_for_and_how_long_it_usually_takes() {
    let replay = Replay::start(vec![
        ("CreateTable", answer(json!({"TableDescription": table("CREATING")}))),
        ("DescribeTable", answer(json!({"Table": table("CREATING")})).times(10)),
        ("DescribeTable", answer(json!({"Table": table("ACTIVE")}))),
    ])
    .await;
    let events = Arc::new(Mutex::new(Vec::new()));
    let told = events.clone();
    let run = Run {
        applier: Arc::new(Applier(replay.env.writer.clone())),
        externals: BTreeMap::new(),
        sink: Arc::new(move |event| {
            if let Event::Resource { status, message, .. } = event {
                told.lock().unwrap().push((status, message));
            }
        }),
        cancelled: std::future::pending().boxed().shared(),
        parallel: 4,
    };
    let outcome = engine::run(&planned(&replay), &run).await;
    assert_eq!(outcome.done_count(), 1, "{outcome:?}");
    let mut seen = events.lock().unwrap().clone();
    seen.dedup();
    let waits =
        "waiting for the table `replay-t-T` to become ACTIVE (usually ten seconds)".to_string();
    let none = String::new;
    assert_eq!(seen, [(Status::Started, none()), (Status::Waiting, waits), (Status::Done, none())]);
}

#[tokio::test]
async fn a_right_not_visible_yet_is_waited_for_and_one_truly_missing_ends_in_awss_sentence() {
    let sentence = "User: arn:aws:iam::123456789012:user/u is not authorized to perform: \
                    logs:PutRetentionPolicy because no identity-based policy allows the \
                    logs:PutRetentionPolicy action";
    let denied = refused_with("AccessDeniedException", sentence).always();
    let replay =
        Replay::start(vec![("CreateLogGroup", answer(json!({}))), ("PutRetentionPolicy", denied)])
            .await;
    let spec = json!({"tags": {}, "region": "us-east-1", "retention_days": 30, "extras": {}});
    let wanted = desired(&LogGroup, "log_group.f", "/aws/lambda/replay-t-f", spec);
    let error = replay.create(&LogGroup, &step(&wanted, Op::Create, None)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::AccessDenied);
    assert!(error.message.contains("logs:PutRetentionPolicy action"), "{error}");
    assert_eq!(replay.pauses("PutRetentionPolicy")[..4], [1.0, 2.0, 4.0, 5.0]);
    assert!(
        (50..=60).contains(&replay.asked().last().unwrap().at.as_secs()),
        "its budget is a minute"
    );
}

#[tokio::test]
async fn a_quota_that_is_a_count_is_never_asked_again_and_a_rate_is() {
    let trust = json!({"statements": {}});
    let spec = json!({"tags": {}, "path": "/", "description": "", "max_session_seconds": 3600, "trust": trust,
        "policies": {}, "attached": [], "permissions_boundary": null});
    let wanted = desired(&Role, "role.f", "replay-t-f", spec);
    let count =
        refused_with("LimitExceeded", "Cannot exceed quota for RolesPerAccount: 1000").status(409);
    let rate = || refused_with("Throttling", "Rate exceeded");
    let replay = Replay::start(vec![("CreateRole", rate().times(3)), ("CreateRole", count)]).await;
    let error = replay.create(&Role, &step(&wanted, Op::Create, None)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Quota);
    assert!(error.message.contains("RolesPerAccount") && error.hint.contains("quota"), "{error}");
    assert_eq!((replay.count("CreateRole"), replay.env.calls().throttled), (4, 3));
    assert_eq!(replay.left(), [""; 0]);
}
