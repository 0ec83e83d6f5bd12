//! The report on a shop that is as wanted, and on one tampered with in each way that matters to an
//! auditor.

use super::fixture::{ACCOUNT, API, Shop, shop, table};
use super::*;
use crate::model::Owner;
use crate::policy::canonical;
use serde_json::json;

const GRANTS: &str = "/policies/grants/statements";

fn rules(report: &Report) -> Vec<(&str, &str, &str)> {
    report
        .findings
        .iter()
        .map(|f| (f.rule.as_str(), f.severity.as_str(), f.sid.as_deref().unwrap_or("")))
        .collect()
}

fn surface<'a>(report: &'a Report, kind: Kind, address: &str) -> &'a Surface {
    report.surfaces.iter().find(|s| s.surface == kind && s.address.as_str() == address).unwrap()
}

fn statement(value: Value) -> Value {
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
    let public = json!({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::x/*"});
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

#[test]
fn what_is_left_of_a_function_no_longer_wanted_is_foreign() {
    let mut shop = shop();
    shop.desired.retain(|d| d.address.id() != "createOrder");
    let report = shop.report();
    assert_eq!(surface(&report, Kind::Trust, "role.createOrder").status, Status::Foreign);
    assert!(report.findings.iter().all(|f| f.name == "shop-dev-createOrder"));
    let of = |rule: &str| report.findings.iter().filter(|f| f.rule == rule).count();
    assert_eq!((of("excess-statement"), of("excess-resource")), (4, 2), "{:?}", rules(&report));
}

#[test]
fn a_function_without_a_policy_is_in_the_report_all_the_same() {
    let mut shop = shop();
    shop.desired.retain(|d| d.address.as_str() != "permission.createOrder");
    shop.lose("permission.createOrder");
    let report = shop.report();
    let policy = surface(&report, Kind::FunctionPolicy, "permission.createOrder");
    assert_eq!(
        (policy.status, &policy.wanted, &policy.live),
        (Status::Same, &Value::Null, &Value::Null)
    );
    assert_eq!(report.exit_code(), 0);
}

#[test]
fn somebody_elses_role_is_foreign_even_where_its_policies_agree() {
    let mut shop = shop();
    let role = shop.live.iter_mut().find(|l| l.address.as_str() == "role.createOrder").unwrap();
    role.owner = Owner::Foreign("it has no tags".into());
    let report = shop.report();
    assert_eq!(surface(&report, Kind::Trust, "role.createOrder").status, Status::Foreign);
    assert_eq!(rules(&report), [("foreign-resource", "high", "")]);
    assert!(report.findings[0].message.contains("it has no tags"));
    assert_eq!(report.exit_code(), 2);
}

#[test]
fn what_the_endpoint_does_not_know_is_neither_missing_nor_clean() {
    let mut shop = shop();
    let policy =
        shop.desired.iter().find(|d| d.address.as_str() == "bucket_policy.site").unwrap().clone();
    shop.lose("bucket_policy.site");
    shop.live.push(Live::not_emulated(&policy));
    let report = shop.report();
    assert_eq!(
        surface(&report, Kind::BucketPolicy, "bucket_policy.site").status,
        Status::NotEmulated
    );
    assert_eq!(report.population.surfaces[&Status::NotEmulated], 1);
    assert_eq!(report.exit_code(), 0);
}

#[test]
fn values_not_known_yet_differ_and_are_marked() {
    let mut shop = shop();
    let policy =
        shop.desired.iter_mut().find(|d| d.address.as_str() == "bucket_policy.site").unwrap();
    let path = "/policy/statements/OnlyThisDistributionReads/conditions/ArnEquals";
    policy.spec.pointer_mut(path).unwrap()["aws:SourceArn"] = json!(["{{distribution.site.arn}}"]);
    let report = shop.report();
    assert_eq!(rules(&report), [("changed-statement", "high", "OnlyThisDistributionReads")]);
    let differences = &surface(&report, Kind::BucketPolicy, "bucket_policy.site").differences;
    assert_eq!(differences[0].wanted, json!([{"unknown": true}]));
}

#[test]
fn two_reports_on_the_same_account_are_the_same_whatever_the_order() {
    let mut other = shop();
    other.live.reverse();
    other.desired.reverse();
    let text = |report: &Report| serde_json::to_string(report).unwrap();
    assert_eq!(text(&shop().report()), text(&other.report()));
}

#[test]
fn a_function_that_runs_as_another_role_is_told() {
    let mut shop = shop();
    let admin = format!("arn:aws:iam::{ACCOUNT}:role/admin");
    shop.spec("function.createOrder")["role_arn"] = json!(admin);
    let report = shop.report();
    assert_eq!(rules(&report), [("foreign-execution-role", "high", "")]);
    assert!(report.findings[0].message.contains(&admin), "{}", report.findings[0].message);
    assert_eq!(
        surface(&report, Kind::ExecutionRole, "function.createOrder").status,
        Status::Differs
    );
    assert_eq!(report.exit_code(), 2);
}

#[test]
fn policies_of_the_api_and_of_a_table_are_excess_and_judged() {
    let open = json!({"Statement": {"Sid": "Open", "Effect": "Allow", "Principal": "*", "Action": "x:Do", "Resource": "*"}});
    let put = |shop: &mut Shop, kind: Kind, policy: Value| match kind {
        Kind::ApiPolicy => shop.spec("api.main")["policy"] = policy,
        _ => shop.observed[0].result = Ok(policy),
    };
    for (address, kind) in [("api.main", Kind::ApiPolicy), ("table.Orders", Kind::TablePolicy)] {
        let mut shop = shop();
        put(&mut shop, kind, open.clone());
        let report = shop.report();
        assert_eq!(
            rules(&report),
            [("excess-statement", "high", "Open"), ("public-principal", "high", "Open")]
        );
        assert_eq!(surface(&report, kind, address).status, Status::Foreign);
        let fix = &report.findings[0].fix;
        assert!(fix.contains("`shopstack up`: it takes"), "{fix}");
        // What cannot be read as a document is not clean either.
        put(&mut shop, kind, json!("nonsense"));
        assert_eq!(shop.report().exit_code(), 2);
    }
}

/// The account's log role as `resources::account` makes it, and as it is.
fn with_shared_role(shop: &mut Shop) {
    let trust = json!({"Statement": {"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "sts:AssumeRole", "Condition": {"StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT}}}});
    let logs = json!({"Statement": {"Effect": "Allow", "Action": ["logs:PutLogEvents"],
        "Resource": format!("arn:aws:logs:*:{ACCOUNT}:*")}});
    let mut role = shop.desired.iter().find(|d| d.type_name == "AWS::IAM::Role").unwrap().clone();
    role.address = Address::new("role", "~apigateway-logs");
    role.spec = json!({"trust": canonical(&trust), "policies": {"write-logs": canonical(&logs)}, "attached": [],
        "permissions_boundary": null});
    let mut live = Live::new(role.address.clone(), &role.type_name, &role.name, role.spec.clone());
    live.owner = Owner::Shared;
    shop.desired.push(role);
    shop.live.push(live);
}

#[test]
fn the_shared_role_is_accepted_as_it_is_made_and_told_where_it_differs() {
    let mut shop = shop();
    with_shared_role(&mut shop);
    let report = shop.report();
    assert_eq!((rules(&report), report.exit_code()), (vec![], 0));
    let trust = surface(&report, Kind::Trust, "role.~apigateway-logs");
    assert!(trust.shared && trust.statements[0].reason.is_some());
    let policies = "/policies/write-logs/statements";
    let more = statement(json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}));
    shop.spec("role.~apigateway-logs").pointer_mut(policies).unwrap()["More"] = more;
    let trusted = "/trust/statements/#1/principals";
    *shop.spec("role.~apigateway-logs").pointer_mut(trusted).unwrap() =
        json!({"AWS": ["999999999999"]});
    let report = shop.report();
    let mut found = rules(&report);
    found.sort();
    let expected = [
        ("changed-statement", "high", "#1"),
        ("excess-statement", "high", "More"),
        ("foreign-account", "high", "#1"),
        ("wildcard-resource", "high", "More"),
    ];
    assert_eq!(found, expected);
    assert!(report.findings.iter().all(|f| f.fix.contains("by hand")), "`up` does not mend it");
}

#[test]
fn a_log_role_that_is_not_shopstacks_is_named_as_not_evaluated() {
    let mut shop = shop();
    let address = Address::new("account", "logging");
    let mut account = Live::new(address, "AWS::ApiGateway::Account", ACCOUNT, json!({}));
    account.owner = Owner::Shared;
    shop.live.push(account.with_output("role_arn", "arn:aws:iam::111122223333:role/central"));
    let report = shop.report();
    assert_eq!(report.exit_code(), 0);
    assert!(
        report.not_evaluated.iter().any(|what| what.contains("role/central")),
        "{:?}",
        report.not_evaluated
    );
}
