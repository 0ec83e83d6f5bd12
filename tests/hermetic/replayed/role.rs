//! Roles that cannot be read yet, read as their unique id, or cannot go yet.

use crate::replay::{Answer, Replay, refused, refused_with, xml};
use crate::support::step::{desired, step};
use serde_json::{Value, json};
use shopstack::model::{Desired, Live, Op, Query};
use shopstack::policy;
use shopstack::resources::{ResourceType, iam::role::Role};

const ARN: &str = "arn:aws:iam::123456789012:role/shopstack/replay/t/replay-t-f";
const TRUST: &str = r#"{"Statement":[{"Sid":"LambdaOnly","Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

fn wanted(replay: &Replay) -> Desired {
    let document = |text: &str| policy::canonical(&serde_json::from_str::<Value>(text).unwrap());
    let grants = r#"{"Statement":[{"Sid":"Logs","Effect":"Allow","Action":"logs:PutLogEvents","Resource":"*"}]}"#;
    let spec = json!({"tags": replay.env.scope.tags("f"), "path": "/shopstack/replay/t/", "description": "d",
        "max_session_seconds": 3600, "trust": document(TRUST), "policies": {"grants": document(grants)},
        "attached": [], "permissions_boundary": null});
    desired(&Role, "role.f", "replay-t-f", spec)
}

fn role(arn: &str) -> String {
    let trust: String = TRUST.bytes().map(|b| format!("%{b:02X}")).collect();
    let tag = |key: &str, value: &str| {
        format!("<member><Key>shopstack:{key}</Key><Value>{value}</Value></member>")
    };
    let tags = [("stack", "replay"), ("env", "t"), ("id", "f"), ("region", "us-east-1")]
        .map(|(k, v)| tag(k, v));
    format!(
        "<Path>/shopstack/replay/t/</Path><RoleName>replay-t-f</RoleName><RoleId>AROAEXAMPLE</RoleId>\
         <Arn>{arn}</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate><Description>d</Description>\
         <AssumeRolePolicyDocument>{trust}</AssumeRolePolicyDocument><Tags>{}</Tags>",
        tags.concat()
    )
}

fn result(operation: &str, inside: &str) -> Answer {
    xml(format!(
        "<{operation}Response><{operation}Result>{inside}</{operation}Result></{operation}Response>"
    ))
}

fn get(arn: &str) -> Answer {
    result("GetRole", &format!("<Role>{}</Role>", role(arn)))
}

fn absent() -> Answer {
    refused("NoSuchEntity").status(404)
}

fn names(policies: &[&str]) -> Answer {
    let members: String = policies.iter().map(|p| format!("<member>{p}</member>")).collect();
    result(
        "ListRolePolicies",
        &format!("<PolicyNames>{members}</PolicyNames><IsTruncated>false</IsTruncated>"),
    )
}

fn none_attached() -> Answer {
    result("ListAttachedRolePolicies", "<AttachedPolicies/><IsTruncated>false</IsTruncated>")
}

/// The inline policy that is wanted, but for the action.
fn grants(action: &str) -> Answer {
    let document = json!({"Statement": [{"Sid": "Logs", "Effect": "Allow", "Action": action, "Resource": "*"}]});
    let document: String = document.to_string().bytes().map(|b| format!("%{b:02X}")).collect();
    let named = "<RoleName>replay-t-f</RoleName><PolicyName>grants</PolicyName>";
    result("GetRolePolicy", &format!("{named}<PolicyDocument>{document}</PolicyDocument>"))
}

/// The next `diff` reads it: what reads as before would be drift there.
#[tokio::test]
async fn a_policy_that_reads_as_before_is_waited_for() {
    let replay = Replay::start(vec![
        ("PutRolePolicy", result("PutRolePolicy", "")),
        ("GetRole", get(ARN).always()),
        ("ListRolePolicies", names(&["grants"]).always()),
        ("ListAttachedRolePolicies", none_attached().always()),
        ("GetRolePolicy", grants("logs:CreateLogStream").times(3)),
        ("GetRolePolicy", grants("logs:PutLogEvents")),
    ])
    .await;
    let wanted = wanted(&replay);
    let mut live =
        Live::new(wanted.address.clone(), &wanted.type_name, &wanted.name, wanted.spec.clone());
    live.spec["policies"] = json!({"grants": {"statements": {}}});
    let change = step(&wanted, Op::Update, Some(live.clone()));
    Role.update(&replay.env.writer, &change, &live, &wanted.spec).await.expect("update");
    assert_eq!(replay.pauses("GetRolePolicy"), [0.2, 0.4, 0.8]);
    assert_eq!(replay.left(), [""; 0]);
}

/// The listing lags behind a role that a run made a moment ago, one that died perhaps. No role of
/// anybody else's is asked for.
#[tokio::test]
async fn a_wanted_role_is_there_by_its_own_word_and_no_other_role_is_read() {
    let stale = format!("<member>{}</member>", role(ARN));
    for roles in [String::new(), stale] {
        let replay = Replay::start(vec![
            (
                "ListRoles PathPrefix=%2Fshopstack%2Freplay%2Ft%2F",
                result(
                    "ListRoles",
                    &format!("<IsTruncated>false</IsTruncated><Roles>{roles}</Roles>"),
                ),
            ),
            ("GetRole RoleName=replay-t-f", get(ARN)),
            ("ListRolePolicies RoleName=replay-t-f", names(&["grants"])),
            ("ListAttachedRolePolicies RoleName=replay-t-f", none_attached()),
            ("GetRolePolicy", grants("logs:PutLogEvents")),
        ])
        .await;
        let wanted = wanted(&replay);
        let query =
            Query { scope: &replay.env.scope, wanted: vec![&wanted], found: &[], thorough: false };
        let found = replay.discover(&Role, &query).await.expect("discover");
        assert_eq!(found.iter().map(|live| &live.spec).collect::<Vec<_>>(), [&wanted.spec]);
        assert_eq!(replay.left(), [""; 0]);
        tokio::time::resume();
    }
}

/// `down` deletes inline policies by their names.
#[tokio::test]
async fn down_reads_no_documents() {
    let listed =
        format!("<IsTruncated>false</IsTruncated><Roles><member>{}</member></Roles>", role(ARN));
    let replay = Replay::start(vec![
        ("ListRoles", result("ListRoles", &listed)),
        ("GetRole", get(ARN)),
        ("ListRolePolicies", names(&["grants", "more"])),
        ("ListAttachedRolePolicies", none_attached()),
    ])
    .await;
    let query = Query { scope: &replay.env.scope, wanted: vec![], found: &[], thorough: true };
    let found = replay.discover(&Role, &query).await.expect("discover");
    assert_eq!(found[0].spec["policies"], json!({"grants": null, "more": null}));
}

#[tokio::test]
async fn a_fresh_role_is_waited_for_until_it_can_be_read_and_has_its_arn() {
    let replay = Replay::start(vec![
        (
            "CreateRole",
            refused_with("MalformedPolicyDocument", "Invalid principal in policy: x").times(2),
        ),
        ("CreateRole", result("CreateRole", &format!("<Role>{}</Role>", role(ARN)))),
        ("PutRolePolicy", absent().times(2)),
        ("PutRolePolicy", result("PutRolePolicy", "")),
        ("GetRole", absent().times(2)),
        ("GetRole", get("AROAEXAMPLE").times(3)),
        ("GetRole", get(ARN).always()),
        ("ListRolePolicies", names(&[]).times(6)),
        ("ListRolePolicies", names(&["grants"]).always()),
        ("ListAttachedRolePolicies", none_attached().always()),
        // Listed, and not to be had yet.
        ("GetRolePolicy", absent()),
        ("GetRolePolicy", grants("logs:CreateLogStream")),
        ("GetRolePolicy", grants("logs:PutLogEvents")),
    ])
    .await;
    let wanted = wanted(&replay);
    let create = step(&wanted, Op::Create, None);
    let outputs = Role.create(&replay.env.writer, &create, &wanted.spec).await.expect("create");
    assert_eq!((outputs["arn"].as_str(), outputs["unique_id"].as_str()), (ARN, "AROAEXAMPLE"));
    assert_eq!(replay.pauses("CreateRole"), [1.0, 2.0]);
    assert_eq!(replay.pauses("GetRole"), [0.2, 0.4, 0.8, 1.6, 2.0, 2.0, 2.0, 2.0]);
    let waits = "waiting for the role `replay-t-f` to read as written (usually seconds)";
    assert_eq!(replay.progress_texts().last().unwrap(), waits);
    assert_eq!(replay.left(), [""; 0]);
}

/// What a run finds that comes right after one that died: its outputs go into other resources'
/// settings.
#[tokio::test]
async fn a_role_that_reads_as_its_unique_id_is_still_known_by_its_arn() {
    let list = |members: &str, more: bool| {
        let marker = if more { "<Marker>m</Marker>" } else { "" };
        result(
            "ListRoles",
            &format!("<IsTruncated>{more}</IsTruncated>{marker}<Roles>{members}</Roles>"),
        )
    };
    let replay = Replay::start(vec![
        // Fewer than asked for, none even, and more to come.
        ("ListRoles", list("", true)),
        ("ListRoles Marker=m", list(&format!("<member>{}</member>", role("AROAEXAMPLE")), false)),
        ("GetRole", get("AROAEXAMPLE")),
        (
            "ListRolePolicies",
            result("ListRolePolicies", "<PolicyNames/><IsTruncated>false</IsTruncated>"),
        ),
        (
            "ListAttachedRolePolicies",
            result(
                "ListAttachedRolePolicies",
                "<AttachedPolicies/><IsTruncated>false</IsTruncated>",
            ),
        ),
    ])
    .await;
    let query = Query { scope: &replay.env.scope, wanted: vec![], found: &[], thorough: true };
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
        ("GetRole", absent()),
        ("ListRolePolicies", absent()),
        ("ListAttachedRolePolicies", absent()),
    ])
    .await;
    let wanted = wanted(&replay);
    let query =
        Query { scope: &replay.env.scope, wanted: vec![&wanted], found: &[], thorough: false };
    assert_eq!(replay.discover(&Role, &query).await.expect("discover"), []);
    assert_eq!(replay.asked().last().unwrap().at.as_secs(), 0, "nobody waited");
}

#[tokio::test]
async fn the_removal_of_its_policies_takes_time_to_be_seen() {
    let conflict = || {
        refused_with("DeleteConflict", "Cannot delete entity, must delete policies first.")
            .status(409)
    };
    let replay = Replay::start(vec![
        ("DeleteRolePolicy", result("DeleteRolePolicy", "")),
        ("DeleteRole", conflict().times(5)),
        ("ListAttachedRolePolicies", none_attached()),
        ("ListRolePolicies", names(&[])),
        ("DeleteRole", result("DeleteRole", "")),
    ])
    .await;
    let wanted = wanted(&replay);
    let live = Live::new(wanted.address, &wanted.type_name, &wanted.name, wanted.spec);
    Role.delete(&replay.env.writer, &live).await.expect("delete");
    assert_eq!(replay.operations()[0], "DeleteRolePolicy", "policies go first");
    assert_eq!(replay.pauses("DeleteRole"), [0.0, 0.5, 1.0, 2.0, 4.0]);
}
