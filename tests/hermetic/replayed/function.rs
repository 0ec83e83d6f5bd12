//! Functions that are Pending, updating or failing, permissions that get lost, log groups that come
//! again.

use crate::replay::{Answer, Replay, empty, json as answer, refused, refused_with};
use crate::support::step::{desired, step};
use serde_json::{Value, json};
use shopstack::model::{CloudError, Desired, ErrorKind, Live, Op, Query, Step};
use shopstack::resources::{
    ResourceType, lambda::function::Function, lambda::permission::Permission, logs::log_group,
};
use std::path::PathBuf;

const ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:replay-t-f";
/// base64(SHA-256) of the three bytes below.
const HASH: &str = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";

/// A folder with the zip, which must outlive the conversation.
struct Zip {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn zip() -> Zip {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f.zip");
    std::fs::write(&path, b"abc").unwrap();
    Zip { _folder: folder, path }
}

fn spec(replay: &Replay, memory: i32, hash: &str) -> Value {
    json!({"tags": replay.env.scope.tags("f"), "role_arn": "arn:aws:iam::123456789012:role/f",
        "runtime": "provided.al2023", "handler": "bootstrap", "memory": memory, "timeout": 10,
        "architecture": "arm64", "reserved_concurrency": null, "tracing": false, "log_level": null, "dead_letter": null,
        "environment": {}, "code_sha256": hash, "extras": {}})
}

fn planned(replay: &Replay, zip: &Zip, op: Op) -> (Step, Live) {
    let mut wanted: Desired =
        desired(&Function, "function.f", "replay-t-f", spec(replay, 512, HASH));
    wanted.payload = Some(zip.path.clone());
    let old = spec(replay, 128, "old");
    let live = Live::new(wanted.address.clone(), &wanted.type_name, &wanted.name, old)
        .with_output("arn", ARN);
    (step(&wanted, op, Some(live.clone())), live)
}

/// GetFunction's answer.
fn shown(state: &str, update: &str) -> Answer {
    answer(
        json!({"Configuration": {"FunctionName": "replay-t-f", "FunctionArn": ARN, "State": state,
        "LastUpdateStatus": update, "LastUpdateStatusReason": "the disk is full", "CodeSha256": HASH}}),
    )
}

fn accepted() -> Answer {
    answer(json!({"FunctionArn": ARN, "CodeSha256": HASH}))
}

fn absent() -> Answer {
    refused("ResourceNotFoundException").status(404)
}

fn busy(words: &str) -> Answer {
    refused_with("ResourceConflictException", words).status(409)
}

async fn update(replay: &Replay) -> Result<(), CloudError> {
    let zip = zip();
    let (change, live) = planned(replay, &zip, Op::Update);
    Function.update(&replay.env.writer, &change, &live, &change.wanted).await.map(|_| ())
}

#[tokio::test]
async fn a_fresh_function_is_waited_for_until_it_can_be_read_and_is_active() {
    let replay = Replay::start(vec![
        (
            "CreateFunction",
            refused_with(
                "InvalidParameterValueException",
                "The role defined for the function cannot be assumed by Lambda.",
            )
            .times(4),
        ),
        ("CreateFunction", accepted()),
        ("GetFunction", absent().times(2)),
        ("GetFunction", shown("Pending", "InProgress").times(6)),
        ("GetFunction", shown("Active", "Successful")),
    ])
    .await;
    let zip = zip();
    let (create, _) = planned(&replay, &zip, Op::Create);
    replay.create(&Function, &create).await.expect("create");
    assert_eq!(replay.pauses("CreateFunction"), [1.0, 2.0, 4.0, 5.0]);
    assert_eq!(
        replay.pauses("GetFunction"),
        [0.5, 1.0, 0.2, 0.4, 0.8, 1.0, 1.0, 1.0],
        "once a second, catalogue 5.3"
    );
    let told = replay.progress_texts();
    assert_eq!(
        told.last().unwrap(),
        "waiting for the function `replay-t-f` to become Active (usually a few seconds)"
    );
    assert_eq!(replay.left(), [""; 0]);
}

#[tokio::test]
async fn configuration_and_code_never_overlap() {
    let replay = Replay::start(vec![
        (
            "UpdateFunctionConfiguration",
            busy("The function is currently in the following state: Pending"),
        ),
        ("UpdateFunctionConfiguration", busy("An update is in progress for resource: f")),
        ("UpdateFunctionConfiguration", accepted()),
        ("GetFunction", shown("Active", "InProgress").times(5)),
        ("GetFunction", shown("Active", "Successful")),
        // Read a moment too early: the update is still under way after all.
        ("UpdateFunctionCode", busy("An update is in progress for resource: f")),
        ("UpdateFunctionCode", accepted()),
        ("GetFunction", shown("Active", "InProgress").times(3)),
        ("GetFunction", shown("Active", "Successful")),
    ])
    .await;
    update(&replay).await.expect("update");
    let mut order = replay.operations();
    order.dedup();
    assert_eq!(
        order,
        ["UpdateFunctionConfiguration", "GetFunction", "UpdateFunctionCode", "GetFunction"]
    );
    assert_eq!(replay.left(), [""; 0]);
}

#[tokio::test]
async fn an_update_that_fails_ends_with_lambdas_reason() {
    let replay = Replay::start(vec![
        ("UpdateFunctionConfiguration", accepted()),
        ("GetFunction", shown("Active", "InProgress").times(3)),
        ("GetFunction", shown("Active", "Failed")),
    ])
    .await;
    let error = update(&replay).await.unwrap_err();
    assert!(error.message.contains("the disk is full"), "{error}");
    assert_eq!(replay.count("UpdateFunctionCode"), 0, "the code is not sent after it");
}

async fn discover_with(configuration: Value) -> Result<Vec<Live>, CloudError> {
    let mut shown = json!({"FunctionName": "replay-t-f", "FunctionArn": ARN, "Role": "arn:aws:iam::123456789012:role/f",
        "Runtime": "provided.al2023", "Handler": "bootstrap", "MemorySize": 512, "Timeout": 10, "Architectures": ["arm64"],
        "CodeSha256": HASH});
    shown.as_object_mut().unwrap().extend(configuration.as_object().unwrap().clone());
    let tags = json!({"shopstack:stack": "replay", "shopstack:env": "t", "shopstack:id": "f", "shopstack:region": "us-east-1",
        "aws:cloudformation:stack-name": "theirs"});
    let replay = Replay::start(vec![
        ("GetResources", super::cloudfront::index(&[], &json!({}), "")),
        ("GetFunction", answer(json!({"Configuration": shown, "Tags": tags}))),
    ])
    .await;
    let (wanted, _) = planned(&replay, &zip(), Op::Update);
    let wanted = desired(&Function, "function.f", "replay-t-f", wanted.wanted);
    let query =
        Query { scope: &replay.env.scope, wanted: vec![&wanted], found: &[], thorough: false };
    let found = replay.discover(&Function, &query).await;
    if let Ok([live]) = found.as_deref() {
        let mut spec = live.spec.clone();
        spec.as_object_mut().unwrap().retain(|field, _| field != "state" && field != "last_update");
        assert_eq!(spec, wanted.spec, "everything else is as wanted, AWS's own tags are nobody's");
    }
    found
}

#[tokio::test]
async fn a_function_that_ended_failed_is_not_clean_whatever_its_settings_say() {
    let replaces = |field: &str| Function.info().replaces(field, &json!("Failed"));
    let broken = json!({"State": "Failed", "StateReason": "no such image", "LastUpdateStatus": "Successful"});
    assert_eq!(discover_with(broken).await.unwrap()[0].spec["state"], "Failed: no such image");
    tokio::time::resume();
    let update = json!({"State": "Active", "LastUpdateStatus": "Failed", "LastUpdateStatusReason": "the disk is full"});
    let live = discover_with(update).await.unwrap().remove(0);
    assert_eq!(live.spec["last_update"], "Failed: the disk is full");
    assert!(replaces("state") && !replaces("last_update"));
    tokio::time::resume();

    let replay = Replay::start(vec![
        ("UpdateFunctionConfiguration", accepted()),
        ("UpdateFunctionCode", accepted()),
        ("GetFunction", shown("Active", "Successful").always()),
    ])
    .await;
    let zip = zip();
    let (change, _) = planned(&replay, &zip, Op::Update);
    Function
        .update(&replay.env.writer, &change, &live.with_output("arn", ARN), &change.wanted)
        .await
        .expect("update");
    assert_eq!(
        replay.left(),
        [""; 0],
        "code and configuration are sent again, although neither differs"
    );
}

#[tokio::test]
async fn variables_that_lambda_does_not_tell_are_not_taken_for_none() {
    let sentence =
        "Lambda was unable to decrypt your environment variables because KMS access was denied";
    let error = json!({"Environment": {"Error": {"ErrorCode": "AccessDeniedException", "Message": sentence}}});
    let error = discover_with(error).await.unwrap_err();
    assert_eq!(
        (error.kind, error.code.as_str()),
        (ErrorKind::AccessDenied, "AccessDeniedException")
    );
    assert!(error.message.contains(sentence) && error.message.contains("`replay-t-f`"), "{error}");
    assert!(error.hint.contains("kms:Decrypt"));
}

#[tokio::test]
async fn a_function_that_stays_pending_times_out_and_says_how_to_go_on() {
    let replay = Replay::start(vec![
        ("UpdateFunctionConfiguration", accepted()),
        ("GetFunction", shown("Pending", "InProgress").always()),
    ])
    .await;
    let error = update(&replay).await.unwrap_err();
    assert!(
        error.message.contains("`replay-t-f` to become Active") && error.message.contains("600 s"),
        "{error}"
    );
    assert!(error.hint.contains("run the same command again"));
}

#[tokio::test]
async fn one_that_is_pending_is_deleted_when_it_no_longer_is_and_gone_when_nobody_shows_it() {
    let replay = Replay::start(vec![
        (
            "DeleteFunction",
            busy("The function is currently in the following state: Pending").times(3),
        ),
        ("DeleteFunction", empty().status(204)),
        ("GetFunction", shown("Active", "Successful").times(4)),
        ("GetFunction", absent()),
    ])
    .await;
    let (_, live) = planned(&replay, &zip(), Op::Delete);
    Function.delete(&replay.env.writer, &live).await.expect("delete");
    assert_eq!(replay.pauses("GetFunction"), [0.2, 0.4, 0.8, 1.0]);
}

#[tokio::test]
async fn a_page_of_functions_may_be_empty_before_the_last() {
    let page = |functions: Value, marker: Value| {
        answer(json!({"Functions": functions, "NextMarker": marker}))
    };
    let tagged = json!({"shopstack:stack": "replay", "shopstack:env": "t", "shopstack:id": "f"});
    let seen = json!({"Configuration": {"FunctionName": "replay-t-f", "FunctionArn": ARN}, "Tags": tagged});
    let replay = Replay::start(vec![
        ("GetResources", super::cloudfront::index(&[], &json!({}), "")),
        ("ListFunctions", page(json!([]), json!("m"))),
        ("ListFunctions Marker=m", page(json!([{"FunctionName": "replay-t-f"}]), Value::Null)),
        ("GetFunction", answer(seen)),
    ])
    .await;
    let query = Query { scope: &replay.env.scope, wanted: vec![], found: &[], thorough: true };
    let found = replay.discover(&Function, &query).await.expect("discover");
    assert_eq!(found[0].address.as_str(), "function.f");
}

fn policy(sids: &[&str]) -> Answer {
    let one = |sid: &&str| {
        json!({"Sid": sid, "Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"},
               "Action": "lambda:InvokeFunction", "Resource": ARN})
    };
    let document =
        json!({"Version": "2012-10-17", "Statement": sids.iter().map(one).collect::<Vec<_>>()});
    answer(json!({"Policy": document.to_string()}))
}

fn permission() -> Desired {
    let one = json!({"action": "lambda:InvokeFunction", "principal": "apigateway.amazonaws.com",
                     "source_arn": null, "source_account": null});
    desired(&Permission, "permission.f", "replay-t-f", json!({"statements": {"a": one, "b": one}}))
}

fn exists() -> Answer {
    busy("The statement id (a) provided already exists. Please provide a new statement id.")
}

#[tokio::test]
async fn a_statement_that_got_lost_is_added_again_and_one_not_shown_yet_is_waited_for() {
    let replay = Replay::start(vec![
        ("GetPolicy", absent()),
        ("AddPermission \"a\"", answer(json!({})).status(201)),
        ("AddPermission \"b\"", absent()),
        (
            "AddPermission \"b\"",
            busy("The function could not be updated due to a concurrent update operation."),
        ),
        ("AddPermission \"b\"", answer(json!({})).status(201)),
        // One was answered with 201 and is not there; the other is there and not shown.
        ("GetPolicy", absent()),
        ("AddPermission \"a\"", exists()),
        ("AddPermission \"b\"", answer(json!({})).status(201)),
        ("GetPolicy", policy(&["b"]).times(4)),
        ("AddPermission \"a\"", exists().times(4)),
        ("GetPolicy", policy(&["b", "a"])),
    ])
    .await;
    replay
        .create(&Permission, &step(&permission(), Op::Create, None))
        .await
        .expect("both are there");
    assert_eq!(replay.left(), [""; 0]);
}

#[tokio::test]
async fn a_statement_that_stays_lost_is_named() {
    let replay = Replay::start(vec![
        ("GetPolicy", policy(&["b"]).always()),
        ("AddPermission", answer(json!({})).status(201).always()),
    ])
    .await;
    let error =
        replay.create(&Permission, &step(&permission(), Op::Create, None)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert!(error.message.contains("missing: a)"), "{error}");
    assert!(
        replay.asked().last().unwrap().at.as_secs() > 20,
        "half a minute is given to a read that lags"
    );
}

#[tokio::test]
async fn the_log_group_that_lambda_makes_again_is_swept_and_no_other() {
    let group = |name: &str| json!({"logGroupName": name, "arn": format!("arn:aws:logs:us-east-1:123456789012:log-group:{name}:*")});
    let groups = [
        "/aws/lambda/replay-t-f",
        "/aws/lambda/replay-t-g",
        "/aws/lambda/replay-t-h",
        "/aws/lambda/replay-t-x",
    ];
    let replay = Replay::start(vec![
        ("DescribeLogGroups", answer(json!({"logGroups": [], "nextToken": "n"}))),
        ("DescribeLogGroups \"n\"", answer(json!({"logGroups": groups.map(group)}))),
        ("ListTagsForResource replay-t-f\"", answer(json!({"tags": {}}))),
        ("ListTagsForResource replay-t-g\"", answer(json!({"tags": {"made": "by hand"}}))),
        // Listed, and gone by now.
        ("ListTagsForResource replay-t-h\"", absent()),
        ("DeleteLogGroup", refused_with("OperationAbortedException", "try again")),
        ("DeleteLogGroup replay-t-f", answer(json!({}))),
    ])
    .await;
    let functions = ["replay-t-f", "replay-t-g", "replay-t-h"].map(String::from);
    log_group::sweep(&replay.env.writer, &functions).await.expect("sweep");
    assert_eq!(replay.bodies("DeleteLogGroup")[1]["logGroupName"], "/aws/lambda/replay-t-f");
    assert_eq!(replay.left(), [""; 0]);
}

#[tokio::test]
async fn what_a_stranger_hung_on_a_function_is_seen_and_cleared_and_nothing_else_is_sent() {
    let config = json!({"FunctionName": "replay-t-f", "FunctionArn": ARN, "State": "Active",
        "LastUpdateStatus": "Successful", "CodeSha256": HASH, "Role": "arn:aws:iam::123456789012:role/f",
        "Runtime": "provided.al2023", "Handler": "bootstrap", "MemorySize": 512, "Timeout": 10,
        "Architectures": ["arm64"], "Layers": [{"Arn": "arn:layer:1", "CodeSize": 1}],
        "VpcConfig": {"SubnetIds": ["s-1"], "SecurityGroupIds": ["sg-1"], "VpcId": "v"},
        "DeadLetterConfig": {"TargetArn": "arn:sqs"}, "KMSKeyArn": "arn:kms",
        "FileSystemConfigs": [{"Arn": "arn:fs", "LocalMountPath": "/mnt/x"}]});
    let tags = json!({"shopstack:stack": "replay", "shopstack:env": "t", "shopstack:id": "f",
                      "shopstack:region": "us-east-1"});
    let replay = Replay::start(vec![
        ("GetResources", answer(json!({"ResourceTagMappingList": []})).always()),
        ("GetFunction", answer(json!({"Configuration": config, "Tags": tags}))),
        ("UpdateFunctionConfiguration", accepted()),
        ("GetFunction", shown("Active", "Successful")),
    ])
    .await;
    let zip = zip();
    let (mut change, _) = planned(&replay, &zip, Op::Update);
    let wanted = desired(&Function, "function.f", "replay-t-f", spec(&replay, 512, HASH));
    let query =
        Query { scope: &replay.env.scope, wanted: vec![&wanted], found: &[], thorough: false };
    let live = replay.discover(&Function, &query).await.expect("discover").remove(0);
    assert_eq!(
        live.spec["extras"],
        json!({"layers": "arn:layer:1", "vpc": "s-1, sg-1", "kms key": "arn:kms",
               "file systems": "arn:fs at /mnt/x"})
    );
    assert_eq!(live.spec["dead_letter"], "arn:sqs");
    change.live = Some(live.clone());
    Function.update(&replay.env.writer, &change, &live, &wanted.spec).await.expect("update");
    let sent = replay.bodies("UpdateFunctionConfiguration").remove(0);
    assert_eq!(
        (
            &sent["Layers"],
            &sent["VpcConfig"],
            &sent["DeadLetterConfig"],
            &sent["KMSKeyArn"],
            &sent["FileSystemConfigs"]
        ),
        (
            &json!([]),
            &json!({"SubnetIds": [], "SecurityGroupIds": []}),
            &json!({"TargetArn": ""}),
            &json!(""),
            &json!([])
        )
    );
    assert_eq!(
        sent.get("TracingConfig").or(sent.get("Description")),
        None,
        "what is as it should be stays unsaid"
    );
    assert_eq!(replay.left(), [""; 0]);
}
