//! Authorizers: what is sent, what an earlier try left behind, and the patches that no emulator
//! keeps.

use crate::replay::{Answer, Replay, empty, json as answer, refused_with};
use crate::support::step::{desired, step};
use serde_json::{Value, json};
use shopstack::model::{Desired, Live, Op};
use shopstack::resources::{ResourceType, apigateway::authorizer::Authorizer};

const POOL: &str = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_";

fn users(pools: &[&str], cache_seconds: i32) -> Desired {
    let pools: Vec<String> = pools.iter().map(|id| format!("{POOL}{id}")).collect();
    let spec = json!({"kind": "COGNITO_USER_POOLS", "user_pools": pools, "function_arn": "",
        "identity_source": "method.request.header.Authorization", "pattern": "",
        "cache_seconds": cache_seconds, "credentials": ""});
    let mut wanted = desired(&Authorizer, "authorizer.users", "replay-t-users", spec);
    wanted.context = json!({"rest_api_id": "a1"});
    wanted
}

/// As AWS gives it back.
fn as_listed(wanted: &Desired) -> Value {
    json!({"id": "z1", "name": wanted.name, "type": wanted.spec["kind"],
        "providerARNs": wanted.spec["user_pools"], "authType": "cognito_user_pools",
        "identitySource": wanted.spec["identity_source"],
        "authorizerResultTtlInSeconds": wanted.spec["cache_seconds"]})
}

fn listed(items: &[Value]) -> Answer {
    answer(json!({"item": items}))
}

fn live(wanted: &Desired) -> Live {
    let spec = wanted.spec.clone();
    Live::new(wanted.address.clone(), &wanted.type_name, &wanted.name, spec)
        .with_output("id", "z1")
        .with_output("rest_api_id", "a1")
}

#[tokio::test]
async fn user_pools_are_sent_and_nothing_that_is_a_functions() {
    let wanted = users(&["A", "B"], 300);
    let replay = Replay::start(vec![
        ("GetAuthorizers", listed(&[])),
        ("CreateAuthorizer", answer(as_listed(&wanted)).status(201)),
    ])
    .await;
    let create = step(&wanted, Op::Create, None);
    let made = Authorizer.create(&replay.env.writer, &create, &wanted.spec).await.expect("made");
    assert_eq!(made["id"], "z1");
    assert_eq!(
        replay.bodies("CreateAuthorizer"),
        [json!({"name": "replay-t-users", "type": "COGNITO_USER_POOLS",
            "providerARNs": [format!("{POOL}A"), format!("{POOL}B")],
            "identitySource": "method.request.header.Authorization",
            "authorizerResultTtlInSeconds": 300})]
    );
}

#[tokio::test]
async fn what_an_earlier_try_made_is_taken_and_brought_to_what_is_wanted() {
    let (there, wanted) = (users(&["A", "B"], 300), users(&["B", "C"], 0));
    let replay = Replay::start(vec![
        ("GetAuthorizers", listed(&[as_listed(&there)])),
        ("UpdateAuthorizer", answer(as_listed(&wanted))),
    ])
    .await;
    let create = step(&wanted, Op::Create, None);
    let made = Authorizer.create(&replay.env.writer, &create, &wanted.spec).await.expect("taken");
    assert_eq!(made["id"], "z1");
    let pool = |op: &str, id: &str| json!({"op": op, "path": "/providerARNs", "value": format!("{POOL}{id}")});
    let time = json!({"op": "replace", "path": "/authorizerResultTtlInSeconds", "value": "0"});
    assert_eq!(
        replay.bodies("UpdateAuthorizer"),
        [json!({"patchOperations": [time, pool("add", "C"), pool("remove", "A")]})]
    );
    assert_eq!(replay.left(), [""; 0]);
}

#[tokio::test]
async fn an_authorizer_in_use_is_deleted_once_no_method_names_it() {
    let busy =
        "Unable to complete operation due to concurrent modification. Please try again later.";
    let replay = Replay::start(vec![
        ("DeleteAuthorizer", refused_with("ConflictException", busy).times(2)),
        ("DeleteAuthorizer", empty().status(202)),
    ])
    .await;
    Authorizer.delete(&replay.env.writer, &live(&users(&["A"], 300))).await.expect("deleted");
    assert_eq!(replay.count("DeleteAuthorizer"), 3);
}

#[tokio::test]
async fn a_refusal_keeps_awss_words() {
    let wanted = users(&["A"], 300);
    let words = "Invalid Authorizer provider ARN";
    let replay = Replay::start(vec![
        ("GetAuthorizers", listed(&[])),
        ("CreateAuthorizer", refused_with("BadRequestException", words).status(400)),
    ])
    .await;
    let refused = replay.create(&Authorizer, &step(&wanted, Op::Create, None)).await.unwrap_err();
    assert!(refused.message.contains(words), "{refused:?}");
    assert_eq!(replay.count("CreateAuthorizer"), 1, "final");
}
