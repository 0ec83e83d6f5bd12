//! What calls functions besides routes: a mapping whose role is not visible yet, one that is in
//! use, a rule that somebody else changes at the same time.

use crate::replay::{Answer, Replay, json as answer, refused, refused_with};
use crate::support::step::{desired, step};
use serde_json::{Value, json};
use shopstack::model::{Desired, Live, Op};
use shopstack::resources::{ResourceType, events::rule::Rule, lambda::event_source::EventSource};

const TABLE: &str = "arn:aws:dynamodb:us-east-1:123456789012:table/replay-t-Orders";
const STREAM: &str =
    "arn:aws:dynamodb:us-east-1:123456789012:table/replay-t-Orders/stream/2026-01-01T00:00:00.000";

fn source() -> Desired {
    let spec = json!({"table": TABLE, "enabled": true, "batch_size": 100, "retries": 3,
        "bisect": true, "dead_letter": null, "extras": {}});
    let mut wanted = desired(&EventSource, "event_source.f", "replay-t-f", spec);
    wanted.context = json!({"stream_arn": STREAM});
    wanted
}

fn listed(state: &str) -> Answer {
    answer(json!({"EventSourceMappings": [mapping(state)]}))
}

fn mapping(state: &str) -> Value {
    json!({"UUID": "u-1", "EventSourceArn": STREAM, "State": state, "BatchSize": 100,
        "MaximumRetryAttempts": 3, "BisectBatchOnFunctionError": true})
}

#[tokio::test]
async fn a_mapping_is_made_once_the_role_may_read_the_stream() {
    let denied = "Cannot access stream arn. Please ensure the role can perform the GetRecords";
    let replay = Replay::start(vec![
        ("ListEventSourceMappings", answer(json!({"EventSourceMappings": []}))),
        (
            "CreateEventSourceMapping",
            refused_with("InvalidParameterValueException", denied).times(3),
        ),
        ("CreateEventSourceMapping", answer(mapping("Creating"))),
        ("ListEventSourceMappings", listed("Creating").times(2)),
        ("ListEventSourceMappings", listed("Enabled")),
    ])
    .await;
    let made = replay.create(&EventSource, &step(&source(), Op::Create, None)).await;
    made.expect("made in the end");
    assert_eq!(replay.left(), [""; 0]);
}

#[tokio::test]
async fn a_mapping_that_an_earlier_try_made_is_taken() {
    let replay = Replay::start(vec![
        ("ListEventSourceMappings", listed("Enabled").always()),
        ("UpdateEventSourceMapping", refused("ResourceInUseException").times(2)),
        ("UpdateEventSourceMapping", answer(mapping("Updating"))),
    ])
    .await;
    let made = replay.create(&EventSource, &step(&source(), Op::Create, None)).await;
    made.expect("taken");
    assert_eq!(replay.count("CreateEventSourceMapping"), 0, "never made twice");
}

#[tokio::test]
async fn a_mapping_in_use_is_deleted_when_it_is_free() {
    let replay = Replay::start(vec![
        ("DeleteEventSourceMapping", refused("ResourceInUseException").times(2)),
        ("DeleteEventSourceMapping", answer(mapping("Deleting"))),
        ("ListEventSourceMappings", listed("Deleting")),
    ])
    .await;
    let wanted = source();
    let live = Live::new(wanted.address, &wanted.type_name, &wanted.name, wanted.spec)
        .with_output("id", "u-1");
    EventSource.delete(&replay.env.writer, &live).await.expect("deleted");
    assert_eq!(replay.left(), [""; 0]);
}

#[tokio::test]
async fn a_rule_that_somebody_else_changes_is_put_again_and_a_refused_target_is_told() {
    let spec = json!({"tags": {}, "description": "", "schedule": "rate(1 day)",
        "event_pattern": null, "enabled": true, "targets": {"function": "arn:aws:lambda:x"}});
    let failed = json!({"FailedEntryCount": 1, "FailedEntries": [{"TargetId": "function",
        "ErrorCode": "InvalidArgument", "ErrorMessage": "no such function"}]});
    let replay = Replay::start(vec![
        ("DescribeRule", refused("ResourceNotFoundException")),
        ("PutRule", refused("ConcurrentModificationException").times(2)),
        ("PutRule", answer(json!({"RuleArn": "arn:aws:events:us-east-1:123456789012:rule/r"}))),
        ("PutTargets", answer(failed)),
    ])
    .await;
    let wanted = desired(&Rule, "rule.f", "replay-t-f", spec);
    let error = replay.create(&Rule, &step(&wanted, Op::Create, None)).await.unwrap_err();
    assert!(
        error.code == "InvalidArgument" && error.message.contains("no such function"),
        "{error}"
    );
    assert_eq!(replay.left(), [""; 0]);
}
