//! The report on a shop that is as wanted, and on one tampered with in each way that matters to an
//! auditor.

use super::fixture::{ACCOUNT, API, Shop, shop, table};
use super::*;
use crate::policy::canonical;
use serde_json::json;

const GRANTS: &str = "/policies/grants/statements";

pub(super) fn rules(report: &Report) -> Vec<(&str, &str, &str)> {
    report
        .findings
        .iter()
        .map(|f| (f.rule.as_str(), f.severity.as_str(), f.sid.as_deref().unwrap_or("")))
        .collect()
}

pub(super) fn surface<'a>(report: &'a Report, kind: Kind, address: &str) -> &'a Surface {
    report.surfaces.iter().find(|s| s.surface == kind && s.address.as_str() == address).unwrap()
}

pub(super) fn statement(value: Value) -> Value {
    canonical(&json!({ "Statement": value }))["statements"]["#1"].clone()
}

#[test]
fn a_shop_as_wanted_is_clean_and_every_statement_has_its_reason() {
    let report = shop().report();
    assert_eq!(rules(&report), []);
    assert_eq!((report.exit_code(), report.exit_code), (0, 0));
    let all_same: Vec<_> = report.surfaces.iter().filter(|s| s.status != Status::Same).collect();
    assert!(all_same.is_empty(), "{all_same:?}");
    let rows: Vec<_> = report.surfaces.iter().flat_map(|s| &s.statements).collect();
    assert_eq!(rows.len(), 10);
    assert!(
        rows.iter().all(|r| r.reason.is_some() && r.wanted && r.live && r.status == Status::Same)
    );
    let population = &report.population;
    assert_eq!(population.roles, Count { wanted: 2, live: 2 });
    assert_eq!(population.statements, Count { wanted: 10, live: 10 });
    assert_eq!(population.surfaces, BTreeMap::from([(Status::Same, 39)]));
}

#[test]
fn reasons_come_from_stack_yaml_and_from_the_route() {
    let report = shop().report();
    let why = |kind, address, sid: &str| {
        let rows = &surface(&report, kind, address).statements;
        rows.iter().find(|r| r.sid == sid).unwrap().reason.clone().unwrap()
    };
    assert_eq!(why(Kind::InlinePolicy, "role.createOrder", "TableOrders"), "stores the order");
    let route = why(Kind::FunctionPolicy, "permission.listProducts", "GET--products-11111111");
    assert_eq!(route, "the API's stage prod calls it for GET /products");
}

#[test]
fn an_extra_live_statement_is_excess_and_too_wide() {
    let mut shop = shop();
    let extra = statement(json!({"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}));
    shop.spec("role.createOrder").pointer_mut(GRANTS).unwrap()["Extra"] = extra;
    let report = shop.report();
    let expected = [
        ("excess-statement", "high", "Extra"),
        ("wildcard-action", "high", "Extra"),
        ("wildcard-resource", "high", "Extra"),
        ("privilege-escalation", "high", "dynamodb:PutResourcePolicy"),
    ];
    assert_eq!(rules(&report), expected);
    assert_eq!(report.exit_code(), 2);
    let policy = surface(&report, Kind::InlinePolicy, "role.createOrder");
    assert_eq!(policy.status, Status::Differs);
    assert_eq!(
        policy.differences.iter().map(|d| d.path.as_str()).collect::<Vec<_>>(),
        ["statements.Extra"]
    );
    let row = policy.statements.iter().find(|r| r.sid == "Extra").unwrap();
    assert_eq!((row.wanted, row.live, row.reason.as_ref()), (false, true, None));
    assert_eq!(row.findings.len(), 3);
    assert_eq!(row.findings[0], "role.createOrder/inline/grants/Extra/excess-statement");
}

#[test]
fn an_attached_managed_policy_is_named() {
    let mut shop = shop();
    shop.spec("role.listProducts")["attached"] =
        json!(["arn:aws:iam::aws:policy/AdministratorAccess"]);
    let report = shop.report();
    assert_eq!(
        rules(&report),
        [("managed-policy", "high", "arn:aws:iam::aws:policy/AdministratorAccess")]
    );
    let attached = surface(&report, Kind::ManagedPolicies, "role.listProducts");
    assert_eq!(attached.status, Status::Foreign);
    assert_eq!(attached.differences[0].path, "attached");
    assert_eq!(report.population.managed_policies, Count { wanted: 0, live: 1 });
    assert_eq!(report.exit_code(), 2);
}

#[test]
fn a_changed_boundary_is_told() {
    let mut shop = shop();
    shop.spec("role.listProducts")["permissions_boundary"] =
        json!("arn:aws:iam::111122223333:policy/B");
    let report = shop.report();
    assert_eq!(rules(&report), [("changed-boundary", "medium", "")]);
    assert_eq!(report.exit_code(), 2);
}

#[test]
fn a_widened_resource_is_drift_and_a_wildcard() {
    let mut shop = shop();
    let wide = format!("arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/*");
    shop.spec("role.listProducts").pointer_mut(GRANTS).unwrap()["TableProducts"]["resources"] =
        json!([wide]);
    let report = shop.report();
    let expected = [
        ("changed-statement", "high", "TableProducts"),
        ("wildcard-resource", "medium", "TableProducts"),
    ];
    assert_eq!(rules(&report), expected);
    let policy = surface(&report, Kind::InlinePolicy, "role.listProducts");
    assert_eq!(policy.differences.len(), 1);
    assert_eq!(policy.differences[0].path, "statements.TableProducts.resources");
    assert_eq!(policy.differences[0].live, json!([wide]));
    assert_eq!(policy.differences[0].wanted, json!([table("Products")]));
    assert!(
        report.findings[0]
            .message
            .contains("resource more: arn:aws:dynamodb:us-east-1:111122223333:table/*")
    );
}

#[test]
fn a_narrowed_statement_is_less_grave_than_a_widened_one() {
    let mut shop = shop();
    shop.spec("role.listProducts").pointer_mut(GRANTS).unwrap()["OwnLogs"]["actions"] =
        json!(["logs:PutLogEvents"]);
    assert_eq!(rules(&shop.report()), [("changed-statement", "medium", "OwnLogs")]);
}

#[test]
fn a_trust_policy_that_lost_its_condition_is_told_twice() {
    let mut shop = shop();
    let trust = shop.spec("role.listProducts").pointer_mut("/trust/statements/LambdaOnly").unwrap();
    trust.as_object_mut().unwrap().remove("conditions");
    let expected =
        [("changed-statement", "high", "LambdaOnly"), ("confused-deputy", "medium", "LambdaOnly")];
    assert_eq!(rules(&shop.report()), expected);
}

#[test]
fn a_missing_permission_is_missing_with_or_without_the_others() {
    let mut gone = shop();
    gone.lose("permission.createOrder");
    let report = gone.report();
    assert_eq!(rules(&report), [("missing-policy", "medium", "")]);
    let policy = surface(&report, Kind::FunctionPolicy, "permission.createOrder");
    assert_eq!(policy.status, Status::Missing);
    assert_eq!((policy.statements[0].wanted, policy.statements[0].live), (true, false));

    let mut replaced = shop();
    let statements = &mut replaced.spec("permission.createOrder")["statements"];
    let mut one = statements.as_object_mut().unwrap().remove("POST--orders-22222222").unwrap();
    one["source_arn"] = json!(format!("{API}/*/*"));
    statements["console"] = one;
    let expected = [
        ("excess-statement", "high", "console"),
        ("missing-statement", "medium", "POST--orders-22222222"),
        ("wide-source", "medium", "console"),
    ];
    assert_eq!(rules(&replaced.report()), expected);
}

#[test]
fn a_public_bucket_statement_and_a_lost_denial() {
    let mut shop = shop();
    let public = json!({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::x/*"});
    let statements = shop.spec("bucket_policy.site").pointer_mut("/policy/statements").unwrap();
    statements["Public"] = statement(public);
    statements.as_object_mut().unwrap().remove("OnlyOverTls");
    let expected = [
        ("excess-statement", "high", "Public"),
        ("public-principal", "high", "Public"),
        ("missing-statement", "high", "OnlyOverTls"),
        ("no-tls-deny", "medium", ""),
    ];
    let report = shop.report();
    let mut found = rules(&report);
    found.sort();
    let mut expected = expected.to_vec();
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn a_sid_is_no_meaning() {
    let mut shop = shop();
    let statements =
        shop.spec("role.createOrder").pointer_mut(GRANTS).unwrap().as_object_mut().unwrap();
    let order = statements.remove("TableOrders").unwrap();
    statements.insert("#1".into(), order);
    let report = shop.report();
    assert_eq!(rules(&report), []);
    assert_eq!(report.exit_code(), 0);
}

#[test]
fn swapped_sids_are_the_same_policy_and_a_copy_is_excess() {
    let mut shop = shop();
    let statements = shop.spec("role.createOrder").pointer_mut(GRANTS).unwrap();
    let (a, b) = (statements["OwnLogs"].clone(), statements["TableOrders"].clone());
    (statements["OwnLogs"], statements["TableOrders"]) = (b, a.clone());
    assert_eq!(rules(&shop.report()), []);
    shop.spec("role.createOrder").pointer_mut(GRANTS).unwrap()["Copy"] = a;
    assert_eq!(rules(&shop.report()), [("excess-statement", "high", "Copy")]);
}

#[test]
fn before_the_first_up_everything_is_missing_and_nothing_is_excess() {
    let wanted = shop();
    let report = Shop { live: vec![], observed: vec![], ..wanted }.report();
    let of = |rule: &str| report.findings.iter().filter(|f| f.rule == rule).count();
    assert_eq!((of("missing-policy"), of("missing-resource")), (7, 11), "{:?}", rules(&report));
    assert_eq!(report.findings.len(), 18);
    assert_eq!(report.population.roles, Count { wanted: 2, live: 0 });
    assert_eq!(report.exit_code(), 2);
}
