//! Roles that cannot be read yet, read as their unique id, or cannot go yet.

use crate::replay::{Answer, Replay, refused, refused_with, xml};
use crate::support::{desired, step};
use serde_json::{Value, json};
use shopstack::model::{Desired, Live, Op, Query};
use shopstack::policy;
use shopstack::resources::{Resource, role::Role};

const ARN: &str = "arn:aws:iam::123456789012:role/shopstack/replay/t/replay-t-f";
const TRUST: &str = r#"{"Statement":[{"Sid":"LambdaOnly","Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

fn wanted(replay: &Replay) -> Desired {
    let document = |text: &str| policy::canonical(&serde_json::from_str::<Value>(text).unwrap());
    let grants = r#"{"Statement":[{"Sid":"Logs","Effect":"Allow","Action":"logs:PutLogEvents","Resource":"*"}]}"#;
    let spec = json!({"tags": replay.world.scope.tags("f"), "path": "/shopstack/replay/t/", "description": "d",
        "max_session_seconds": 3600, "trust": document(TRUST), "policies": {"grants": document(grants)},
        "attached": [], "permissions_boundary": null});
    desired(&Role, "role.f", "replay-t-f", spec)
}

fn role(arn: &str) -> String {
    let trust: String = TRUST.bytes().map(|b| format!("%{b:02X}")).collect();
    let tag = |key: &str, value: &str| format!("<member><Key>shopstack:{key}</Key><Value>{value}</Value></member>");
    let tags = [("stack", "replay"), ("env", "t"), ("id", "f"), ("region", "us-east-1")].map(|(k, v)| tag(k, v));
    format!(
        "<Path>/shopstack/replay/t/</Path><RoleName>replay-t-f</RoleName><RoleId>AROAEXAMPLE</RoleId>\
         <Arn>{arn}</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate><Description>d</Description>\
         <AssumeRolePolicyDocument>{trust}</AssumeRolePolicyDocument><Tags>{}</Tags>",
        tags.concat()
    )
}

fn result(operation: &str, inside: &str) -> Answer {
    xml(format!("<{operation}Response><{operation}Result>{inside}</{operation}Result></{operation}Response>"))
}

fn get(arn: &str) -> Answer {
    result("GetRole", &format!("<Role>{}</Role>", role(arn)))
}

fn absent() -> Answer {
    refused("NoSuchEntity").status(404)
}

#[tokio::test]
async fn a_fresh_role_is_waited_for_until_it_can_be_read_and_has_its_arn() {
    let replay = Replay::start(vec![
        ("CreateRole", refused_with("MalformedPolicyDocument", "Invalid principal in policy: x").times(2)),
        ("CreateRole", result("CreateRole", &format!("<Role>{}</Role>", role(ARN)))),
        ("PutRolePolicy", absent().times(2)),
        ("PutRolePolicy", result("PutRolePolicy", "")),
        ("GetRole", absent().times(2)),
        ("GetRole", get("AROAEXAMPLE").times(5)),
        ("GetRole", get(ARN)),
    ])
    .await;
    let wanted = wanted(&replay);
    let create = step(&wanted, Op::Create, None);
    let outputs = Role.create(&replay.world.writer, &create, &wanted.spec).await.expect("create");
    assert_eq!(outputs["arn"], ARN);
    assert_eq!(replay.pauses("CreateRole"), [1.0, 2.0]);
    assert_eq!(replay.pauses("GetRole"), [0.5, 1.0, 0.2, 0.4, 0.8, 1.6, 2.0]);
    assert_eq!(replay.told().last().unwrap(), "waiting for the role `replay-t-f` to have its ARN (usually seconds)");
    assert_eq!(replay.left(), [""; 0]);
}

/// What a run finds that comes right after one that died: its outputs go into other resources' settings.
#[tokio::test]
async fn a_role_that_reads_as_its_unique_id_is_still_known_by_its_arn() {
    let list = |members: &str, more: bool| {
        let marker = if more { "<Marker>m</Marker>" } else { "" };
        result("ListRoles", &format!("<IsTruncated>{more}</IsTruncated>{marker}<Roles>{members}</Roles>"))
    };
    let replay = Replay::start(vec![
        // Fewer than asked for, none even, and more to come.
        ("ListRoles", list("", true)),
        ("ListRoles Marker=m", list(&format!("<member>{}</member>", role("AROAEXAMPLE")), false)),
        ("GetAccountAuthorizationDetails", refused("AccessDenied").status(403)),
        ("GetRole", get("AROAEXAMPLE")),
        ("ListRolePolicies", result("ListRolePolicies", "<PolicyNames/><IsTruncated>false</IsTruncated>")),
        (
            "ListAttachedRolePolicies",
            result("ListAttachedRolePolicies", "<AttachedPolicies/><IsTruncated>false</IsTruncated>"),
        ),
    ])
    .await;
    let query = Query { scope: &replay.world.scope, wanted: vec![], found: &[], thorough: true };
    let wanted = wanted(&replay);
    let query = Query { wanted: vec![&wanted], ..query };
    let found = replay.discover(&Role, &query).await.expect("discover");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].outputs["arn"], ARN);
    assert_eq!(found[0].spec["trust"], wanted.spec["trust"]);
}

#[tokio::test]
async fn without_a_create_of_this_run_a_404_is_absence() {
    let replay = Replay::start(vec![
        ("ListRoles", result("ListRoles", "<IsTruncated>false</IsTruncated><Roles/>")),
        ("GetAccountAuthorizationDetails", refused("AccessDenied").status(403)),
        ("GetRole", absent()),
        ("ListRolePolicies", absent()),
        ("ListAttachedRolePolicies", absent()),
    ])
    .await;
    let wanted = wanted(&replay);
    let query = Query { scope: &replay.world.scope, wanted: vec![&wanted], found: &[], thorough: false };
    assert_eq!(replay.discover(&Role, &query).await.expect("discover"), []);
    assert_eq!(replay.asked().last().unwrap().at.as_secs(), 0, "nobody waited");
}

#[tokio::test]
async fn the_removal_of_its_policies_takes_time_to_be_seen() {
    let conflict = || refused_with("DeleteConflict", "Cannot delete entity, must delete policies first.").status(409);
    let replay = Replay::start(vec![
        ("DeleteRolePolicy", result("DeleteRolePolicy", "")),
        ("DeleteRole", conflict().times(4)),
        ("DeleteRole", result("DeleteRole", "")),
    ])
    .await;
    let wanted = wanted(&replay);
    let live = Live::new(wanted.address, &wanted.type_name, &wanted.name, wanted.spec);
    Role.delete(&replay.world.writer, &live).await.expect("delete");
    assert_eq!(replay.operations()[0], "DeleteRolePolicy", "policies go first");
    assert_eq!(replay.pauses("DeleteRole"), [0.5, 1.0, 2.0, 4.0]);
}
