//! WAF's answers that no emulator gives: entities not available yet, stale lock tokens, a tag index that knows ACLs.

use crate::replay::{Answer, Replay, refused};
use crate::support::{desired, step};
use serde_json::{Value, json};
use shopstack::model::{ErrorKind, Op, Query};
use shopstack::resources::{Resource, waf_association::WafAssociation, web_acl::WebAcl};

#[tokio::test]
async fn associating_waits_until_a_fresh_acl_is_available() {
    let unavailable = || ("AssociateWebACL", refused("WAFUnavailableEntityException"));
    let replay =
        Replay::start(vec![unavailable(), unavailable(), unavailable(), ("AssociateWebACL", (200, json!({})))]).await;
    let spec = json!({"web_acl_arn": "arn:acl", "resource_arn": "arn:aws:apigateway:us-east-1::/restapis/a/stages/t"});
    let wanted = desired(&WafAssociation, "association.api", "replay-t-api", spec);
    let create = step(&wanted, Op::Create, None);
    WafAssociation.create(&replay.world.writer, &create, &wanted.spec).await.expect("the fourth try succeeds");
    assert_eq!(replay.operations(), ["AssociateWebACL"; 4]);
}

const ARN: &str = "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/replay-t-api/id-1";

/// GetWebACL's answer: the ACL with Shield's rule and this lock token.
fn acl(token: &str) -> Answer {
    let visibility =
        |name: &str| json!({"MetricName": name, "CloudWatchMetricsEnabled": true, "SampledRequestsEnabled": true});
    let shield = json!({
        "Name": "ShieldMitigationRuleGroup_123456789012_x_y", "Priority": 10_000_000,
        "Statement": {"RuleGroupReferenceStatement": {"ARN": "arn:aws:wafv2:us-east-1:1:regional/rulegroup/s/1"}},
        "OverrideAction": {"None": {}}, "VisibilityConfig": visibility("shield"),
    });
    let acl = json!({
        "Name": "replay-t-api", "Id": "id-1", "ARN": ARN, "Description": "before", "DefaultAction": {"Allow": {}},
        "VisibilityConfig": visibility("replay-t-api"), "Capacity": 50, "Rules": [shield],
    });
    (200, json!({"WebACL": acl, "LockToken": token}))
}

fn acl_spec(replay: &Replay, description: &str) -> Value {
    json!({"tags": replay.world.scope.tags("api"), "scope": "REGIONAL", "description": description,
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
    WebAcl.update(&replay.world.writer, &change, &live, &wanted.spec).await.map(|_| ())
}

#[tokio::test]
async fn a_stale_lock_token_is_renewed_once_and_shields_rule_is_sent_along() {
    let replay = Replay::start(vec![
        ("GetWebACL", acl("one")),
        ("UpdateWebACL", refused("WAFOptimisticLockException")),
        ("GetWebACL", acl("two")),
        ("UpdateWebACL", (200, json!({"NextLockToken": "three"}))),
    ])
    .await;
    update(&replay).await.expect("the second token is good");
    let sent = replay.bodies("UpdateWebACL");
    let tokens: Vec<_> = sent.iter().map(|body| body["LockToken"].as_str().unwrap_or_default()).collect();
    assert_eq!(tokens, ["one", "two"]);
    assert_eq!(sent[1]["Rules"][0]["Name"], "ShieldMitigationRuleGroup_123456789012_x_y");
    assert_eq!(sent[1]["Description"], "after");
}

#[tokio::test]
async fn a_lock_token_stale_twice_is_a_conflict() {
    let stale = || ("UpdateWebACL", refused("WAFOptimisticLockException"));
    let replay = Replay::start(vec![("GetWebACL", acl("one")), stale(), ("GetWebACL", acl("two")), stale()]).await;
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
    (200, json!({"ResourceTagMappingList": [{"ResourceARN": arn, "Tags": tags}], "PaginationToken": ""}))
}

/// What a hurried look finds of the one wanted ACL.
async fn find(replay: &Replay) -> Vec<shopstack::model::Live> {
    let wanted = desired(&WebAcl, "web_acl.api", "replay-t-api", acl_spec(replay, "before"));
    let query = Query { scope: &replay.world.scope, wanted: vec![&wanted], found: &[], thorough: false };
    WebAcl.discover(&replay.world.reader, &query).await.expect("discover")
}

#[tokio::test]
async fn an_acl_that_the_index_knows_costs_one_read() {
    let replay = Replay::start(vec![("GetResources", index("id-1")), ("GetWebACL", acl("one"))]).await;
    let found = find(&replay).await;
    assert_eq!(found[0].spec, acl_spec(&replay, "before"), "Shield's rule is not shown");
    assert_eq!(replay.operations(), ["GetResources", "GetWebACL"]);
}

#[tokio::test]
async fn an_acl_that_the_index_remembers_under_an_old_id_is_looked_for_in_the_list() {
    let summary = json!({"Name": "replay-t-api", "Id": "id-1", "ARN": ARN, "LockToken": "one"});
    let replay = Replay::start(vec![
        ("GetResources", index("id-0")),
        ("GetWebACL", refused("WAFNonexistentItemException")),
        // A marker that comes with the last page.
        ("ListWebACLs", (200, json!({"WebACLs": [summary], "NextMarker": "replay-t-api"}))),
        ("ListWebACLs", (200, json!({"WebACLs": []}))),
        ("GetWebACL", acl("one")),
        (
            "ListTagsForResource",
            (
                200,
                json!({"TagInfoForResource": {"ResourceARN": ARN, "TagList": [
            {"Key": "shopstack:stack", "Value": "replay"}, {"Key": "shopstack:env", "Value": "t"},
            {"Key": "shopstack:id", "Value": "api"}, {"Key": "shopstack:region", "Value": "us-east-1"}]}}),
            ),
        ),
    ])
    .await;
    let found = find(&replay).await;
    assert_eq!(found[0].spec, acl_spec(&replay, "before"));
    assert_eq!(found[0].outputs["id"], "id-1");
}
