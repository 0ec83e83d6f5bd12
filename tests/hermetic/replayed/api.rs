//! API Gateway: one call per 30 s, an answer lost, a role not trusted yet, stages and listings out
//! of date.

use crate::replay::{Answer, Replay, empty, json as answer, refused, refused_with};
use crate::support::step::{desired, step};
use serde_json::{Value, json};
use shopstack::model::{CloudError, Desired, Live, Op, Owner, Query};
use shopstack::resources::{
    ResourceType, apigateway::account::Account, apigateway::api::RestApi,
    apigateway::routes::Routes, apigateway::stage::Stage,
};

pub fn api(replay: &Replay) -> Desired {
    let spec = json!({"tags": replay.env.scope.tags("api"), "description": "", "endpoint_type": "REGIONAL",
        "api_key_source": "HEADER", "disable_execute_api_endpoint": false, "binary_media_types": [],
        "minimum_compression_size": null});
    desired(&RestApi, "api.main", "replay-t-api", spec)
}

pub fn live(replay: &Replay) -> Live {
    let api = api(replay);
    Live::new(api.address, &api.type_name, &api.name, api.spec).with_output("id", "a1")
}

fn live_api(id: &str) -> Value {
    let tags = json!({"shopstack:stack": "replay", "shopstack:env": "t", "shopstack:id": "api",
                      "shopstack:region": "us-east-1"});
    json!({"id": id, "name": "replay-t-api", "createdDate": 1, "apiKeySource": "HEADER",
           "endpointConfiguration": {"types": ["REGIONAL"]}, "tags": tags})
}

fn listed(items: &[Value], position: &str) -> Answer {
    let position = (!position.is_empty()).then_some(position);
    answer(json!({"item": items, "position": position}))
}

#[tokio::test]
async fn an_api_whose_create_was_not_answered_is_found_when_the_listing_shows_it() {
    let replay = Replay::start(vec![
        ("GetRestApis", listed(&[], "")),
        ("CreateRestApi", refused("InternalFailure").status(500)),
        ("GetRestApis", listed(&[], "").times(2)),
        ("GetRestApis", listed(&[], "p")),
        ("GetRestApis position=p", listed(&[live_api("a1")], "")),
    ])
    .await;
    let wanted = api(&replay);
    let create = step(&wanted, Op::Create, None);
    let outputs = RestApi.create(&replay.env.writer, &create, &wanted.spec).await.expect("found");
    assert_eq!(outputs["id"], "a1");
    assert_eq!(replay.count("CreateRestApi"), 1, "never made twice");
    assert_eq!(
        replay.progress_texts(),
        ["the answer to CreateRestApi was lost; looking whether the API exists"]
    );
}

#[tokio::test]
async fn a_tag_that_api_gateway_refuses_is_named_with_its_words() {
    let words = "Invalid tag value. Tags may only contain unicode letters";
    let replay = Replay::start(vec![
        ("GetRestApis", listed(&[], "")),
        ("CreateRestApi", refused_with("BadRequestException", words)),
        ("TagResource", refused_with("BadRequestException", words)),
    ])
    .await;
    let mut wanted = api(&replay);
    wanted.spec["tags"]["Owner"] = "kim@example.com".into();
    wanted.spec["tags"]["team"] = "shop".into();
    let create = step(&wanted, Op::Create, None);
    let refused = RestApi.create(&replay.env.writer, &create, &wanted.spec).await.unwrap_err();
    assert!(refused.message.contains(words) && refused.message.contains("`Owner`"), "{refused}");
    assert!(!refused.message.contains("`team`") && refused.hint.contains("`Owner`"), "{refused}");

    let update = step(&wanted, Op::Update, Some(live(&replay)));
    let live = live(&replay);
    let refused = RestApi.update(&replay.env.writer, &update, &live, &wanted.spec).await;
    let refused = refused.unwrap_err();
    assert!(refused.message.contains(words) && refused.message.contains("`Owner`"), "{refused}");
}

/// Addresses, ids and owners of what is found of these APIs.
async fn told_apart(wanted: bool, apis: &[Value]) -> Vec<(String, String, Owner)> {
    told_with(wanted, apis, "by hand").await
}

/// The same where every API has a deployment of this description.
async fn told_with(wanted: bool, apis: &[Value], deployed: &str) -> Vec<(String, String, Owner)> {
    let replay = Replay::start(vec![
        ("GetRestApis", listed(apis, "")),
        ("GetTags", answer(json!({"tags": {}})).always()),
        (
            "GetDeployments",
            answer(json!({"item": [{"id": "d1", "description": deployed}]})).always(),
        ),
    ])
    .await;
    let api = api(&replay);
    let wanted = if wanted { vec![&api] } else { vec![] };
    let query = Query { scope: &replay.env.scope, wanted, found: &[], thorough: false };
    let found = replay.discover(&RestApi, &query).await.expect("discover");
    // For the next conversation.
    tokio::time::resume();
    found.into_iter().map(|l| (l.address.to_string(), l.outputs["id"].clone(), l.owner)).collect()
}

fn named(id: &str, name: &str, tag: Option<&str>) -> Value {
    let mut api = live_api(id);
    api["name"] = json!(name);
    match tag {
        Some(tag) => api["tags"]["shopstack:id"] = json!(tag),
        None => drop(api["tags"].as_object_mut().unwrap().remove("shopstack:id")),
    }
    api
}

fn expected(address: &str, id: &str, owner: Owner) -> (String, String, Owner) {
    (address.into(), id.into(), owner)
}

#[tokio::test]
async fn an_api_that_merely_carries_our_tags_is_never_ours() {
    let stray = |id: &str| expected(&format!("api.~{id}"), id, Owner::Stray);
    let theirs = || named("p1", "payments-prod", None);
    for tagged in [
        theirs(),
        named("p1", "payments-prod", Some("api")),
        named("p1", "payments-prod", Some("x")),
    ] {
        assert_eq!(
            told_apart(false, std::slice::from_ref(&tagged)).await,
            [stray("p1")],
            "nothing wanted, as for `down`"
        );
        let both = told_apart(true, &[live_api("a1"), tagged]).await;
        assert_eq!(both.len(), 2);
        assert!(
            both.contains(&stray("p1")) && both.contains(&expected("api.main", "a1", Owner::Ours)),
            "{both:?}"
        );
    }
    assert_eq!(told_apart(true, &[theirs()]).await, [stray("p1")]);
    // The tag of the address itself, not of what it stands for.
    assert_eq!(
        told_apart(true, &[named("p1", "payments-prod", Some("main"))]).await,
        [stray("p1")]
    );
    let two =
        [named("p1", "payments-prod", Some("api")), named("p2", "payments-test", Some("api"))];
    assert_eq!(told_apart(true, &two).await, [stray("p1"), stray("p2")]);
}

#[tokio::test]
async fn an_api_of_ours_that_somebody_renamed_or_took_the_id_off_is_mended_where_it_is_wanted() {
    let ours = [expected("api.main", "a1", Owner::Ours)];
    assert_eq!(told_apart(true, &[named("a1", "renamed", Some("api"))]).await, ours);
    assert_eq!(told_apart(true, &[named("a1", "replay-t-api", None)]).await, ours);
    // Where it is not wanted, as for `down`, its deployments tell it from what merely carries our
    // tags.
    let renamed = [named("a1", "renamed", Some("api"))];
    assert_eq!(told_with(false, &renamed, "shopstack:0123").await, ours);
    assert_eq!(
        told_with(false, &renamed, "by hand").await,
        [expected("api.~a1", "a1", Owner::Stray)]
    );
    // An id that nobody wants any more, under the name that belongs to it.
    assert_eq!(
        told_apart(true, &[named("b", "replay-t-old", Some("old"))]).await,
        [expected("api.old", "b", Owner::Ours)]
    );
}

#[tokio::test]
async fn a_create_takes_over_no_api_of_another_name() {
    let replay = Replay::start(vec![
        ("GetRestApis", listed(&[named("p1", "payments-prod", Some("api"))], "")),
        ("CreateRestApi", answer(live_api("a1")).status(201)),
    ])
    .await;
    let wanted = api(&replay);
    let made = RestApi
        .create(&replay.env.writer, &step(&wanted, Op::Create, None), &wanted.spec)
        .await
        .expect("made");
    assert_eq!(made["id"], "a1");
}

#[tokio::test]
async fn a_fresh_api_that_is_updating_and_cannot_be_read_yet_is_waited_for() {
    let mut updating = live_api("a1");
    updating["apiStatus"] = json!("UPDATING");
    let replay = Replay::start(vec![
        ("GetRestApis", listed(&[], "")),
        ("CreateRestApi", answer(updating.clone()).status(201)),
        ("GetRestApi", refused("NotFoundException").status(404).times(2)),
        ("GetRestApi", answer(updating).times(3)),
        ("GetRestApi", answer(live_api("a1"))),
    ])
    .await;
    replay.create(&RestApi, &step(&api(&replay), Op::Create, None)).await.expect("create");
    assert_eq!(
        replay.progress_texts().last().unwrap(),
        "waiting for REST API a1 to take the change (usually seconds)"
    );
    assert_eq!(replay.left(), [""; 0]);
}

#[tokio::test]
async fn deletes_keep_to_one_in_thirty_seconds_however_often_aws_refuses() {
    let busy = || refused("TooManyRequestsException").status(429);
    let answers =
        vec![("DeleteRestApi", busy().times(3)), ("DeleteRestApi", empty().status(202).always())];
    let replay = Replay::start(answers).await;
    RestApi.delete(&replay.env.writer, &live(&replay)).await.expect("delete");
    RestApi.delete(&replay.env.writer, &live(&replay)).await.expect("a second stack's");
    let pauses = replay.pauses("DeleteRestApi");
    assert_eq!(pauses.len(), 4);
    assert!(pauses.iter().all(|pause| *pause >= 30.0), "{pauses:?}");
    assert!(
        replay
            .progress_texts()
            .contains(&"waiting for API Gateway: 1 DeleteRestApi per 30 s".into()),
        "{:?}",
        replay.progress_texts()
    );
    assert_eq!(replay.env.calls().throttled, 3);
}

#[tokio::test]
async fn the_account_takes_its_role_at_its_own_pace() {
    let role = "arn:aws:iam::123456789012:role/shopstack-shared/shopstack-apigateway-logs";
    let made = format!(
        "<CreateRoleResponse><CreateRoleResult><Role><Path>/</Path><RoleName>r</RoleName><RoleId>AROA1</RoleId>\
         <Arn>{role}</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate></Role></CreateRoleResult></CreateRoleResponse>"
    );
    let untrusted = |words: &str| refused_with("BadRequestException", words);
    let replay = Replay::start(vec![
        ("GetAccount", answer(json!({"cloudwatchRoleArn": ""})).always()),
        ("CreateRole", crate::replay::xml(made)),
        ("AttachRolePolicy", refused("NoSuchEntity").status(404)),
        (
            "AttachRolePolicy service-role%2FAmazonAPIGatewayPushToCloudWatchLogs",
            crate::replay::xml("<AttachRolePolicyResponse/>"),
        ),
        ("UpdateAccount", untrusted("The role ARN does not have required permissions configured.")),
        (
            "UpdateAccount",
            untrusted(
                "API Gateway could not successfully write to CloudWatch Logs using the ARN \
                       specified",
            ),
        ),
        ("UpdateAccount", refused("TooManyRequestsException").status(429)),
        ("UpdateAccount", answer(json!({"cloudwatchRoleArn": role}))),
    ])
    .await;
    let wanted =
        desired(&Account, "account.logging", "123456789012", json!({"has_log_role": true}));
    replay.create(&Account, &step(&wanted, Op::Create, None)).await.expect("accepted in the end");
    let pauses = replay.pauses("UpdateAccount");
    assert!(
        pauses.len() == 3 && pauses.iter().all(|pause| *pause >= 20.0),
        "retrying faster only earns 429s: {pauses:?}"
    );
    assert!(
        replay.progress_texts().iter().any(|told| told.contains("usually 10 to 40 s on AWS")),
        "{:?}",
        replay.progress_texts()
    );
    // Whether API Gateway names the account is unverified: a condition that demands it might shut
    // it out for good.
    assert!(
        replay.texts("CreateRole")[0].contains("StringEqualsIfExists"),
        "{:?}",
        replay.texts("CreateRole")
    );
}

/// Of twenty first environments of an account each would have its 20 s.
#[tokio::test]
async fn a_role_that_another_run_registers_meanwhile_is_not_registered_again() {
    let role = "arn:aws:iam::123456789012:role/shopstack-shared/shopstack-apigateway-logs";
    let made = format!(
        "<CreateRoleResponse><CreateRoleResult><Role><Path>/</Path><RoleName>r</RoleName><RoleId>AROA1</RoleId>\
         <Arn>{role}</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate></Role></CreateRoleResult></CreateRoleResponse>"
    );
    let replay = Replay::start(vec![
        ("GetAccount", answer(json!({}))),
        ("CreateRole", crate::replay::xml(made)),
        ("AttachRolePolicy", crate::replay::xml("<AttachRolePolicyResponse/>")),
        ("UpdateAccount", refused("TooManyRequestsException").status(429)),
        ("GetAccount", answer(json!({"cloudwatchRoleArn": role}))),
    ])
    .await;
    let wanted =
        desired(&Account, "account.logging", "123456789012", json!({"has_log_role": true}));
    replay.create(&Account, &step(&wanted, Op::Create, None)).await.expect("registered");
    assert_eq!((replay.count("UpdateAccount"), replay.left()), (1, vec![]));
}

#[tokio::test]
async fn a_log_role_that_is_there_gets_our_trust_and_loses_what_else_it_may_do() {
    let role = "arn:aws:iam::123456789012:role/shopstack-shared/shopstack-apigateway-logs";
    let tag = "<Tags><member><Key>shopstack:shared</Key><Value>true</Value></member></Tags>";
    let there = format!(
        "<GetRoleResponse><GetRoleResult><Role><Path>/</Path><RoleName>r</RoleName><RoleId>AROA1</RoleId>\
         <Arn>{role}</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate>{tag}</Role></GetRoleResult></GetRoleResponse>"
    );
    let replay = Replay::start(vec![
        ("GetAccount", answer(json!({}))),
        ("CreateRole", refused("EntityAlreadyExists").status(409)),
        ("GetRole", crate::replay::xml(there)),
        ("UpdateAssumeRolePolicy", crate::replay::xml("<UpdateAssumeRolePolicyResponse/>")),
        (
            "ListRolePolicies",
            crate::replay::xml(
                "<ListRolePoliciesResponse><ListRolePoliciesResult><PolicyNames><member>write-logs</member>\
                 <member>all</member></PolicyNames></ListRolePoliciesResult></ListRolePoliciesResponse>",
            ),
        ),
        (
            "DeleteRolePolicy PolicyName=write-logs",
            crate::replay::xml("<DeleteRolePolicyResponse/>"),
        ),
        ("DeleteRolePolicy PolicyName=all", crate::replay::xml("<DeleteRolePolicyResponse/>")),
        (
            "ListAttachedRolePolicies",
            crate::replay::xml(
                "<ListAttachedRolePoliciesResponse><ListAttachedRolePoliciesResult><AttachedPolicies><member>\
                 <PolicyName>A</PolicyName><PolicyArn>arn:aws:iam::aws:policy/A</PolicyArn></member>\
                 </AttachedPolicies></ListAttachedRolePoliciesResult></ListAttachedRolePoliciesResponse>",
            ),
        ),
        ("DetachRolePolicy policy%2FA", crate::replay::xml("<DetachRolePolicyResponse/>")),
        ("AttachRolePolicy", crate::replay::xml("<AttachRolePolicyResponse/>")),
        ("UpdateAccount", answer(json!({"cloudwatchRoleArn": role}))),
    ])
    .await;
    let wanted =
        desired(&Account, "account.logging", "123456789012", json!({"has_log_role": true}));
    replay.create(&Account, &step(&wanted, Op::Create, None)).await.expect("create");
    assert!(replay.texts("UpdateAssumeRolePolicy")[0].contains("StringEqualsIfExists"));
    assert_eq!(replay.left(), [""; 0]);
    assert_eq!(
        replay.operations().last().unwrap(),
        "UpdateAccount",
        "it is registered when nothing else is left on it"
    );
}

fn stage(definition: &str) -> Desired {
    let spec = json!({"tags": {}, "definition": definition, "throttling_rate": 50.0, "throttling_burst": 100,
        "metrics": true, "access_log_arn": null, "access_log_format": null, "tracing": false});
    let mut wanted = desired(&Stage, "stage.main", "v1", spec);
    wanted.context = json!({"rest_api_id": "a1"});
    wanted
}

fn deployment(id: &str, definition: &str, created: u32) -> Value {
    json!({"id": id, "description": format!("shopstack:{definition}"), "createdDate": created})
}

fn stages(deployment: &str) -> Answer {
    let all =
        json!({"throttlingRateLimit": 50.0, "throttlingBurstLimit": 100, "metricsEnabled": true});
    answer(
        json!({"item": [{"stageName": "v1", "deploymentId": deployment, "methodSettings": {"*/*": all}}]}),
    )
}

async fn update(replay: &Replay, wanted: &Desired) -> Result<(), CloudError> {
    let before = stage("old");
    let live = Live::new(before.address.clone(), &before.type_name, "v1", before.spec)
        .with_output("rest_api_id", "a1");
    let change = step(wanted, Op::Update, Some(live.clone()));
    Stage.update(&replay.env.writer, &change, &live, &wanted.spec).await.map(|_| ())
}

#[tokio::test]
async fn a_stage_that_still_reads_with_an_older_deployment_is_moved_and_nothing_is_deployed_twice()
{
    let replay = Replay::start(vec![
        ("GetStages", stages("d1")),
        ("GetDeployments", listed(&[], "p")),
        (
            "GetDeployments position=p",
            listed(&[deployment("d1", "old", 1), deployment("d2", "new", 2)], ""),
        ),
        (
            "UpdateStage",
            refused_with(
                "ConflictException",
                "Unable to complete operation due to concurrent modification. Please try again \
                 later.",
            )
            .status(409)
            .times(2),
        ),
        (
            "UpdateStage",
            refused_with(
                "BadRequestException",
                "CloudWatch Logs role ARN must be set in account settings to enable logging",
            )
            .times(2),
        ),
        ("UpdateStage", answer(json!({}))),
        (
            "DeleteDeployment",
            refused_with(
                "BadRequestException",
                "Active stages pointing to this deployment must \
                                                 be moved or deleted",
            ),
        ),
    ])
    .await;
    update(&replay, &stage("new")).await.expect("update");
    assert_eq!(replay.count("CreateDeployment"), 0, "what a crash left is used");
    let moved = replay.bodies("UpdateStage").remove(4);
    assert_eq!(
        moved["patchOperations"],
        json!([{"op": "replace", "path": "/deploymentId", "value": "d2"}])
    );
    assert_eq!(replay.pauses("UpdateStage"), [0.5, 1.0, 1.0, 2.0]);
    assert_eq!(replay.left(), [""; 0]);
}

#[tokio::test]
async fn routes_are_read_past_empty_pages() {
    let method = json!({"httpMethod": "GET", "authorizationType": "NONE", "methodIntegration": {
        "type": "AWS_PROXY", "httpMethod": "POST", "timeoutInMillis": 29000,
        "uri": "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:f/invocations"}});
    let tree = [
        json!({"id": "r", "path": "/"}),
        json!({"id": "x", "path": "/x", "resourceMethods": {"GET": method}}),
    ];
    let replay = Replay::start(vec![
        ("GetResources", listed(&[], "p")),
        ("GetResources position=p", listed(&tree, "")),
        ("GetGatewayResponses", listed(&[], "p")),
        (
            "GetGatewayResponses position=p",
            listed(&[json!({"responseType": "DEFAULT_4XX", "statusCode": "418"})], ""),
        ),
    ])
    .await;
    let found = [live(&replay)];
    let query = Query { scope: &replay.env.scope, wanted: vec![], found: &found, thorough: true };
    let routes = replay.discover(&Routes, &query).await.expect("discover").remove(0);
    assert_eq!(routes.spec["routes"]["GET /x"]["function_arn"], "arn:f");
    assert_eq!(routes.spec["gateway_responses"]["DEFAULT_4XX"]["(status)"], "418");
}

/// A preflight method as GetMethod shows it.
fn preflight() -> Value {
    let header = |name: &str| format!("method.response.header.Access-Control-{name}");
    let names = ["Allow-Origin", "Allow-Methods", "Allow-Headers", "Max-Age"].map(header);
    let headers: serde_json::Map<String, Value> =
        names.iter().map(|n| (n.clone(), json!("'x'"))).collect();
    let declared: serde_json::Map<String, Value> =
        names.iter().map(|n| (n.clone(), json!(false))).collect();
    json!({"httpMethod": "OPTIONS", "authorizationType": "NONE", "apiKeyRequired": false,
        "methodResponses": {"204": {"statusCode": "204", "responseParameters": declared}},
        "methodIntegration": {"type": "MOCK", "requestTemplates": {"application/json": "{\"statusCode\": 204}"},
            "timeoutInMillis": 29000,
            "integrationResponses": {"204": {"statusCode": "204", "responseParameters": headers}}}})
}

/// How often GetMethod is asked where the listing brings along `embedded`; either way a preflight
/// is read.
async fn asked_for(embedded: Value) -> usize {
    let methods = json!({"OPTIONS": embedded});
    let tree = [
        json!({"id": "r", "path": "/"}),
        json!({"id": "x", "path": "/x", "resourceMethods": methods}),
    ];
    let replay = Replay::start(vec![
        ("GetResources", listed(&tree, "")),
        ("GetGatewayResponses", listed(&[], "")),
        ("GetMethod", answer(preflight()).always()),
    ])
    .await;
    let found = [live(&replay)];
    let query = Query { scope: &replay.env.scope, wanted: vec![], found: &found, thorough: true };
    let routes = replay.discover(&Routes, &query).await.expect("discover").remove(0);
    assert_eq!(routes.spec["cors"]["/x"]["allow_origin"], "x", "{}", routes.spec);
    replay.count("GetMethod")
}

/// Whether GetResources brings a preflight's answers along is unverified (catalogue 7.6).
#[tokio::test]
async fn a_method_that_comes_along_in_part_is_asked_for() {
    let mut part = preflight();
    part["methodIntegration"].as_object_mut().unwrap().remove("integrationResponses");
    assert_eq!(asked_for(part).await, 1);
}

#[tokio::test]
async fn a_method_that_comes_along_whole_costs_no_further_read() {
    assert_eq!(asked_for(preflight()).await, 0);
}
