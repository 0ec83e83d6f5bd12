//! WAF's logging, which no emulator has: put while its service-linked role is locked, its group
//! fresh, its ACL not visible.

use crate::replay::{Answer, Replay, json as answer, refused};
use crate::support::step::{desired, step};
use serde_json::json;
use shopstack::model::{Desired, Live, Op, Query};
use shopstack::resources::{ResourceType, waf::waf_logging::WafLogging, waf::web_acl::WebAcl};

const ACL: &str = "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/replay-t-api/id-1";
const GROUP: &str = "arn:aws:logs:us-east-1:123456789012:log-group:aws-waf-logs-replay-t-api";

fn wanted() -> Desired {
    let spec = json!({"web_acl_arn": ACL, "destination": GROUP, "redacted_headers": ["authorization", "cookie"]});
    desired(&WafLogging, "waf_logging.api", "replay-t-api", spec)
}

/// As AWS shows it: fields filled in, names in lower case, another order.
fn shown() -> Answer {
    let header = |name: &str| json!({"SingleHeader": {"Name": name}});
    answer(json!({"LoggingConfiguration": {"ResourceArn": ACL, "LogDestinationConfigs": [GROUP],
        "RedactedFields": [header("cookie"), header("authorization")], "ManagedByFirewallManager": false,
        "LogType": "WAF_LOGS", "LogScope": "CUSTOMER"}}))
}

#[tokio::test]
async fn it_is_put_again_until_role_group_and_acl_are_ready() {
    let put = |answer| ("PutLoggingConfiguration", answer);
    let replay = Replay::start(vec![
        put(refused("WAFNonexistentItemException").times(2)),
        put(refused("WAFUnavailableEntityException").times(2)),
        put(refused("WAFServiceLinkedRoleErrorException").times(5)),
        put(refused("WAFOptimisticLockException")),
        put(answer(json!({}))),
    ])
    .await;
    replay.create(&WafLogging, &step(&wanted(), Op::Create, None)).await.expect("put in the end");
    assert_eq!(replay.left(), [""; 0]);
    let pauses = replay.pauses("PutLoggingConfiguration");
    assert!(pauses[..9].iter().all(|pause| *pause >= 0.9), "one put a second at most: {pauses:?}");
}

#[tokio::test]
async fn somebody_else_at_it_twice_is_a_conflict() {
    let refusal = refused("WAFOptimisticLockException").always();
    let replay = Replay::start(vec![("PutLoggingConfiguration", refusal)]).await;
    let error = replay.create(&WafLogging, &step(&wanted(), Op::Create, None)).await.unwrap_err();
    assert_eq!((error.kind, replay.asked().len()), (shopstack::model::ErrorKind::Conflict, 2));
    assert!(
        error.message.contains("changed by somebody else since the plan")
            && error.message.contains(ACL),
        "{error}"
    );
}

#[tokio::test]
async fn a_right_that_is_missing_ends_at_once_in_awss_words() {
    let refusal = refused("WAFLogDestinationPermissionIssueException").always();
    let replay = Replay::start(vec![("PutLoggingConfiguration", refusal)]).await;
    let error = replay.create(&WafLogging, &step(&wanted(), Op::Create, None)).await.unwrap_err();
    assert_eq!(error.code, "WAFLogDestinationPermissionIssueException");
    assert!(error.message.contains("as AWS says it"), "{error}");
    assert!(error.hint.contains("logs:CreateLogDelivery"), "{}", error.hint);
    assert_eq!(replay.asked().len(), 1, "nobody waits for a right");
}

#[tokio::test]
async fn it_reads_back_as_wanted_and_goes_once() {
    let replay = Replay::start(vec![
        ("GetLoggingConfiguration", shown()),
        ("DeleteLoggingConfiguration", answer(json!({}))),
        ("DeleteLoggingConfiguration", refused("WAFNonexistentItemException")),
    ])
    .await;
    let acl = desired(&WebAcl, "web_acl.api", "replay-t-api", json!({}));
    let acl = Live::new(acl.address, &acl.type_name, &acl.name, acl.spec).with_output("arn", ACL);
    let (wanted, found) = (wanted(), [acl]);
    let query =
        Query { scope: &replay.env.scope, wanted: vec![&wanted], found: &found, thorough: false };
    let live = replay.discover(&WafLogging, &query).await.expect("discover").remove(0);
    assert_eq!(live.spec, wanted.spec);
    for _ in 0..2 {
        WafLogging.delete(&replay.env.writer, &live).await.expect("gone is done");
    }
    assert_eq!(
        replay.asked().last().unwrap().at.as_secs(),
        0,
        "nobody waits for what is to be gone"
    );
}
