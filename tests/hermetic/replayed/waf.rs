//! WAF's answers that no emulator gives: entities not available yet, stale lock tokens, a tag index
//! that knows ACLs.

use crate::replay::{Answer, Replay, json as answer, refused};
use crate::support::step::{desired, step};
use serde_json::{Value, json};
use shopstack::model::{ErrorKind, Op, Query};
use shopstack::resources::{ResourceType, waf::association::WafAssociation, waf::web_acl::WebAcl};

#[tokio::test]
async fn associating_waits_until_a_fresh_acl_is_available() {
    let unavailable = || ("AssociateWebACL", refused("WAFUnavailableEntityException"));
    let replay = Replay::start(vec![
        unavailable(),
        unavailable(),
        unavailable(),
        ("AssociateWebACL", answer(json!({}))),
    ])
    .await;
    let spec = json!({"web_acl_arn": "arn:acl", "resource_arn": "arn:aws:apigateway:us-east-1::/restapis/a/stages/t"});
    let wanted = desired(&WafAssociation, "association.api", "replay-t-api", spec);
    let create = step(&wanted, Op::Create, None);
    WafAssociation
        .create(&replay.env.writer, &create, &wanted.spec)
        .await
        .expect("the fourth try succeeds");
    assert_eq!(replay.operations(), ["AssociateWebACL"; 4]);
}

const ARN: &str = "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/replay-t-api/id-1";

/// GetWebACL's answer: the ACL with Shield's rule and this lock token.
fn acl(token: &str) -> Answer {
    let visibility = |name: &str| json!({"MetricName": name, "CloudWatchMetricsEnabled": true, "SampledRequestsEnabled": true});
    let shield = json!({
        "Name": "ShieldMitigationRuleGroup_123456789012_x_y", "Priority": 10_000_000,
        "Statement": {"RuleGroupReferenceStatement": {"ARN": "arn:aws:wafv2:us-east-1:1:regional/rulegroup/s/1"}},
        "OverrideAction": {"None": {}}, "VisibilityConfig": visibility("shield"),
    });
    let acl = json!({
        "Name": "replay-t-api", "Id": "id-1", "ARN": ARN, "Description": "before", "DefaultAction": {"Allow": {}},
        "VisibilityConfig": visibility("replay-t-api"), "Capacity": 50, "Rules": [shield],
    });
    answer(json!({"WebACL": acl, "LockToken": token}))
}

fn acl_spec(replay: &Replay, description: &str) -> Value {
    json!({"tags": replay.env.scope.tags("api"), "scope": "REGIONAL", "description": description,
           "default_action": "ALLOW", "metric_name": "replay-t-api", "rules": {}})
}

/// Updates an ACL whose lock token is stale as often as the script says.
async fn update(replay: &Replay) -> Result<(), shopstack::model::CloudError> {
    let wanted = desired(&WebAcl, "web_acl.api", "replay-t-api", acl_spec(replay, "after"));
    let mut live = shopstack::model::Live::new(
        wanted.address.clone(),
        &wanted.type_name,
        &wanted.name,
        acl_spec(replay, "before"),
    );
    live = live.with_output("id", "id-1").with_output("arn", ARN);
    let change = step(&wanted, Op::Update, Some(live.clone()));
    WebAcl.update(&replay.env.writer, &change, &live, &wanted.spec).await.map(|_| ())
}

#[tokio::test]
async fn a_stale_lock_token_is_renewed_once_and_shields_rule_is_sent_along() {
    let replay = Replay::start(vec![
        ("GetWebACL", acl("one")),
        ("UpdateWebACL", refused("WAFOptimisticLockException")),
        ("GetWebACL", acl("two")),
        ("UpdateWebACL", answer(json!({"NextLockToken": "three"}))),
    ])
    .await;
    update(&replay).await.expect("the second token is good");
    let sent = replay.bodies("UpdateWebACL");
    let tokens: Vec<_> =
        sent.iter().map(|body| body["LockToken"].as_str().unwrap_or_default()).collect();
    assert_eq!(tokens, ["one", "two"]);
    assert_eq!(sent[1]["Rules"][0]["Name"], "ShieldMitigationRuleGroup_123456789012_x_y");
    assert_eq!(sent[1]["Description"], "after");
}

#[tokio::test]
async fn a_lock_token_stale_twice_is_a_conflict() {
    let stale = || ("UpdateWebACL", refused("WAFOptimisticLockException"));
    let replay =
        Replay::start(vec![("GetWebACL", acl("one")), stale(), ("GetWebACL", acl("two")), stale()])
            .await;
    let error = update(&replay).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert!(error.message.contains("changed by somebody else since the plan"), "{error}");
    assert_eq!(replay.operations(), ["GetWebACL", "UpdateWebACL", "GetWebACL", "UpdateWebACL"]);
}

/// The tag index's answer: our ACL under this id.
fn index(replay_id: &str) -> Answer {
    let tags = json!([{"Key": "shopstack:stack", "Value": "replay"}, {"Key": "shopstack:env", "Value": "t"},
                      {"Key": "shopstack:id", "Value": "api"}, {"Key": "shopstack:region", "Value": "us-east-1"}]);
    let arn = ARN.replace("id-1", replay_id);
    answer(
        json!({"ResourceTagMappingList": [{"ResourceARN": arn, "Tags": tags}], "PaginationToken": ""}),
    )
}

/// What a hurried look finds of the one wanted ACL.
async fn find(replay: &Replay) -> Vec<shopstack::model::Live> {
    let wanted = desired(&WebAcl, "web_acl.api", "replay-t-api", acl_spec(replay, "before"));
    let query =
        Query { scope: &replay.env.scope, wanted: vec![&wanted], found: &[], thorough: false };
    WebAcl.discover(&replay.env.reader, &query).await.expect("discover")
}

#[tokio::test]
async fn an_acl_that_the_index_knows_costs_one_read() {
    let replay = Replay::start(vec![
        ("GetResources", index("id-1")),
        ("GetWebACL", acl("one")),
        // None is wanted there, and absence from the index proves nothing.
        ("ListWebACLs CLOUDFRONT", answer(json!({"WebACLs": []}))),
    ])
    .await;
    let found = find(&replay).await;
    assert_eq!(found[0].spec, acl_spec(&replay, "before"), "Shield's rule is not shown");
    assert_eq!(replay.asked().len(), 3);
    assert_eq!(replay.left(), [""; 0]);
}

#[tokio::test]
async fn an_acl_that_the_index_remembers_under_an_old_id_is_looked_for_in_the_list() {
    let summary = json!({"Name": "replay-t-api", "Id": "id-1", "ARN": ARN, "LockToken": "one"});
    let replay = Replay::start(vec![
        ("GetResources", index("id-0")),
        ("GetWebACL", refused("WAFNonexistentItemException")),
        ("ListWebACLs CLOUDFRONT", answer(json!({"WebACLs": []}))),
        // A marker that comes with the last page.
        ("ListWebACLs", answer(json!({"WebACLs": [summary], "NextMarker": "replay-t-api"}))),
        ("ListWebACLs", answer(json!({"WebACLs": []}))),
        ("GetWebACL", acl("one")),
        (
            "ListTagsForResource",
            answer(json!({"TagInfoForResource": {"ResourceARN": ARN, "TagList": [
            {"Key": "shopstack:stack", "Value": "replay"}, {"Key": "shopstack:env", "Value": "t"},
            {"Key": "shopstack:id", "Value": "api"}, {"Key": "shopstack:region", "Value": "us-east-1"}]}})),
        ),
    ])
    .await;
    let found = find(&replay).await;
    assert_eq!(found[0].spec, acl_spec(&replay, "before"));
    assert_eq!(found[0].outputs["id"], "id-1");
}

fn live(replay: &Replay) -> shopstack::model::Live {
    let wanted = desired(&WebAcl, "web_acl.api", "replay-t-api", acl_spec(replay, "before"));
    let live =
        shopstack::model::Live::new(wanted.address, &wanted.type_name, &wanted.name, wanted.spec);
    live.with_output("id", "id-1").with_output("arn", ARN)
}

#[tokio::test]
async fn an_acl_still_associated_is_tried_again_until_the_other_side_has_let_go() {
    let replay = Replay::start(vec![
        ("GetWebACL", acl("one")),
        ("DeleteWebACL", refused("WAFAssociatedItemException").times(7)),
        ("DeleteWebACL", answer(json!({}))),
    ])
    .await;
    WebAcl.delete(&replay.env.writer, &live(&replay)).await.expect("delete");
    let pauses = replay.pauses("DeleteWebACL");
    assert!(
        pauses[0] >= 1.0 && pauses.iter().skip(1).all(|pause| *pause >= 1.2),
        "1 a second at most: {pauses:?}"
    );
    assert_eq!(pauses[4..], [5.0, 5.0, 5.0]);
    assert_eq!(
        replay.progress_texts().last().unwrap(),
        "wafv2 DeleteWebACL: it is busy with a change of its own; trying again"
    );
}

#[tokio::test]
async fn an_acl_that_stays_associated_is_explained_after_ten_minutes() {
    let in_use = refused("WAFAssociatedItemException").always();
    let replay = Replay::start(vec![("GetWebACL", acl("one")), ("DeleteWebACL", in_use)]).await;
    let error = WebAcl.delete(&replay.env.writer, &live(&replay)).await.unwrap_err();
    assert!(error.hint.contains("something else still uses it"), "{}", error.hint);
    let waited = replay.asked().last().unwrap().at.as_secs();
    assert!((570..=610).contains(&waited), "{waited} s");
}

#[tokio::test]
async fn a_page_of_acls_may_be_empty_before_the_last_and_a_marker_may_come_with_the_last() {
    let page = |acls: Value, marker: Value| answer(json!({"WebACLs": acls, "NextMarker": marker}));
    let summary = json!([{"Name": "replay-t-api", "Id": "id-1", "ARN": ARN}]);
    let tags = json!({"shopstack:stack": "replay", "shopstack:env": "t", "shopstack:id": "api"});
    let tags: Vec<Value> = tags
        .as_object()
        .unwrap()
        .iter()
        .map(|(key, value)| json!({"Key": key, "Value": value}))
        .collect();
    let replay = Replay::start(vec![
        ("GetResources", super::cloudfront::index(&[], &json!({}), "")),
        ("ListWebACLs CLOUDFRONT", page(json!([]), Value::Null)),
        ("ListWebACLs \"NextMarker\":\"m\"", page(summary, json!("n"))),
        ("ListWebACLs \"NextMarker\":\"n\"", page(json!([]), json!("n"))),
        ("ListWebACLs REGIONAL", page(json!([]), json!("m"))),
        ("GetWebACL", acl("one")),
        (
            "ListTagsForResource",
            answer(json!({"TagInfoForResource": {"ResourceARN": ARN, "TagList": tags}})),
        ),
    ])
    .await;
    let query = Query { scope: &replay.env.scope, wanted: vec![], found: &[], thorough: true };
    let found = replay.discover(&WebAcl, &query).await.expect("discover");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].outputs["id"], "id-1");
    assert_eq!(replay.left(), [""; 0]);
}

#[tokio::test]
async fn an_acl_that_exists_and_is_not_listed_yet_is_waited_for() {
    let summary = json!({"Name": "replay-t-api", "Id": "id-1", "ARN": ARN});
    let tags = json!([{"Key": "shopstack:stack", "Value": "other"}, {"Key": "shopstack:env", "Value": "t"}]);
    let replay = Replay::start(vec![
        ("CreateWebACL", refused("WAFUnavailableEntityException").times(3)),
        ("CreateWebACL", refused("WAFDuplicateItemException")),
        ("ListWebACLs", answer(json!({"WebACLs": []})).times(3)),
        ("ListWebACLs", answer(json!({"WebACLs": [summary]}))),
        (
            "ListTagsForResource",
            answer(json!({"TagInfoForResource": {"ResourceARN": ARN, "TagList": tags}})),
        ),
    ])
    .await;
    let wanted = desired(&WebAcl, "web_acl.api", "replay-t-api", acl_spec(&replay, "after"));
    let error = replay.create(&WebAcl, &step(&wanted, Op::Create, None)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Foreign, "whose it is, is looked at before it is touched");
    assert_eq!(replay.count("UpdateWebACL"), 0);
}

/// The create's answer was lost: the next one finds an ACL that not all of WAF knows yet.
#[tokio::test]
async fn an_acl_of_this_runs_own_is_waited_for_before_it_is_gone_on_with() {
    let summary = json!({"Name": "replay-t-api", "Id": "id-1", "ARN": ARN});
    let tags = json!([{"Key": "shopstack:stack", "Value": "replay"}, {"Key": "shopstack:env", "Value": "t"},
                      {"Key": "shopstack:id", "Value": "api"}, {"Key": "shopstack:region", "Value": "us-east-1"}]);
    let unknown = || refused("WAFNonexistentItemException");
    let replay = Replay::start(vec![
        ("CreateWebACL", refused("WAFDuplicateItemException")),
        ("ListWebACLs", answer(json!({"WebACLs": [summary]}))),
        ("ListTagsForResource", unknown().times(2)),
        (
            "ListTagsForResource",
            answer(json!({"TagInfoForResource": {"ResourceARN": ARN, "TagList": tags}})),
        ),
        ("GetWebACL", unknown().times(2)),
        ("GetWebACL", acl("one")),
        ("UpdateWebACL", unknown().times(2)),
        ("UpdateWebACL", answer(json!({"NextLockToken": "two"}))),
    ])
    .await;
    let wanted = desired(&WebAcl, "web_acl.api", "replay-t-api", acl_spec(&replay, "after"));
    replay.create(&WebAcl, &step(&wanted, Op::Create, None)).await.expect("adopted");
    assert_eq!(replay.left(), [""; 0]);
}

/// Makes an ACL of either scope, one right after the other; returns the pause between the two, in
/// seconds.
async fn two_scopes(region: &str) -> f64 {
    let made = answer(json!({"Summary": {"Id": "id-1", "ARN": ARN}})).times(2);
    let replay = Replay::start_in(region, vec![("CreateWebACL", made)]).await;
    for scope in ["REGIONAL", "CLOUDFRONT"] {
        let mut wanted =
            desired(&WebAcl, "web_acl.api", "replay-t-api", acl_spec(&replay, "after"));
        wanted.spec["scope"] = json!(scope);
        replay.create(&WebAcl, &step(&wanted, Op::Create, None)).await.expect("create");
    }
    replay.pauses("CreateWebACL")[0]
}

/// CLOUDFRONT's calls go to us-east-1 and spend its rate budget, REGIONAL's that of the stack's
/// region.
#[tokio::test]
async fn two_regions_have_two_rate_budgets() {
    assert_eq!(two_scopes("eu-west-1").await, 0.0);
}

#[tokio::test]
async fn one_region_has_one_rate_budget() {
    assert!(two_scopes("us-east-1").await > 1.0);
}
