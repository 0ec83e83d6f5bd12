//! The report where AWS has more or less than the stack, or what is somebody else's.

use super::fixture::{ACCOUNT, Shop, shop};
use super::tests::{rules, statement, surface};
use super::*;
use crate::model::Owner;
use crate::policy::canonical;
use serde_json::json;

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
    let open = json!({"Statement": {"Sid": "Open", "Effect": "Allow", "Principal": "*",
        "Action": "x:Do", "Resource": "*"}});
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
        // An unreadable document is not clean.
        put(&mut shop, kind, json!("nonsense"));
        assert_eq!(shop.report().exit_code(), 2);
    }
}

/// The account's log role as `resources::account` makes it, and as it is.
fn with_shared_role(shop: &mut Shop) {
    let trust = json!({"Statement": {"Effect": "Allow",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "sts:AssumeRole",
            "Condition": {"StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT}}}});
    let logs = json!({"Statement": {"Effect": "Allow", "Action": ["logs:PutLogEvents"],
        "Resource": format!("arn:aws:logs:*:{ACCOUNT}:*")}});
    let mut role = shop.desired.iter().find(|d| d.type_name == "AWS::IAM::Role").unwrap().clone();
    role.address = Address::new("role", "~apigateway-logs");
    role.spec = json!({"trust": canonical(&trust), "policies": {"write-logs": canonical(&logs)},
        "attached": [],
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
