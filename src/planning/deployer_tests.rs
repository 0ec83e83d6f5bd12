//! Tests the deployer's policies: their shape, and that they cover every declared call.

use super::deployer::{policies, trust};
use crate::model::Scope;
use serde_json::Value;

fn scope(env: &str) -> Scope {
    Scope {
        stack: "shop".into(),
        env: env.into(),
        account: "123456789012".into(),
        region: "eu-west-1".into(),
        endpoint: None,
    }
}

fn statements(policy: &Value) -> &Vec<Value> {
    policy["Statement"].as_array().unwrap()
}

/// Every action of a policy.
fn actions(policy: &Value) -> Vec<&str> {
    let lists = statements(policy).iter().map(|s| match &s["Action"] {
        Value::Array(list) => list.as_slice(),
        single => std::slice::from_ref(single),
    });
    lists.flatten().filter_map(Value::as_str).collect()
}

#[test]
fn the_policies_are_these() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let text = format!("{:#}\n", policies(&scope("dev")));
    settings.bind(|| insta::assert_snapshot!("deployer", text));
}

#[test]
fn every_declared_action_of_up_is_allowed_and_no_other() {
    let all = policies(&scope("dev"));
    let mut allowed = actions(&all["up"]);
    allowed.sort_unstable();
    allowed.dedup();
    let types = crate::resources::declared_calls();
    let declared = types.iter().chain(crate::aws::calls::list_calls());
    // Runs continue if these are denied.
    let optional: Vec<&str> =
        crate::aws::calls::OPTIONAL.iter().flat_map(|call| call.iam_actions()).collect();
    let declared = declared.flat_map(|call| call.iam_actions());
    let mut declared: Vec<&str> = declared.filter(|action| !optional.contains(action)).collect();
    declared.sort_unstable();
    declared.dedup();
    assert_eq!(allowed, declared);
    assert!(!allowed.iter().any(|action| action.contains('*')), "{allowed:?}");
}

#[test]
fn diff_writes_nothing_and_down_creates_nothing() {
    let all = policies(&scope("dev"));
    let verb = |action: &str| action.split(':').nth(1).map(str::to_string).unwrap_or_default();
    for action in actions(&all["diff"]) {
        let reads = ["Get", "List", "Describe", "Query", "Scan", "GET"];
        assert!(reads.iter().any(|read| verb(action).starts_with(read)), "{action}");
    }
    // The lock needs the shared table.
    let mut down = actions(&all["down"]).into_iter();
    let created = down.find(|a| verb(a).starts_with("Create") && !a.starts_with("dynamodb:"));
    assert_eq!(created, None);
}

#[test]
fn a_role_is_passed_to_one_service_alone() {
    let all = policies(&scope("dev"));
    let mut passes: Vec<_> = statements(&all["up"])
        .iter()
        .filter(|s| s["Action"].to_string().contains("iam:PassRole"))
        .map(|s| s["Condition"]["StringEquals"]["iam:PassedToService"].as_str())
        .collect();
    passes.sort_unstable();
    assert_eq!(passes, [Some("apigateway.amazonaws.com"), Some("lambda.amazonaws.com")]);
}

#[test]
fn a_policy_fits_into_a_role() {
    // Names of the maximum length. A role allows 10,240 characters of inline policies.
    let longest = Scope { stack: "s".repeat(24), ..scope(&"e".repeat(20)) };
    for (name, policy) in policies(&longest).as_object().unwrap() {
        // docs/environments.md attaches this policy as a managed policy, whose limit is lower.
        let most = if name == "up" { 10_240 } else { 6_144 };
        assert!(policy.to_string().len() <= most, "{name}: {}", policy.to_string().len());
    }
}

#[test]
fn environments_that_begin_alike_share_a_policy() {
    let text = policies(&scope("pr-*"))["up"].to_string();
    for pattern in [
        "\"arn:aws:s3:::shop-pr-*-*\"",
        "table/shop-pr-*-*\"",
        ":role/shopstack/shop/pr-*/*\"",
        "log-group:/aws/lambda/shop-pr-*-*\"",
    ] {
        assert!(text.contains(pattern), "{pattern}: {text}");
    }
}

#[test]
fn the_trust_policy_names_pull_requests_branches_and_environments() {
    let given = ["acme/shop", "acme/shop:main", "acme/shop:environment:production"];
    let policy = trust(&scope("dev"), &given.map(String::from));
    let condition = &policy["Statement"][0]["Condition"]["StringEquals"];
    let subjects = &condition["token.actions.githubusercontent.com:sub"];
    let wanted = serde_json::json!([
        "repo:acme/shop:pull_request",
        "repo:acme/shop:ref:refs/heads/main",
        "repo:acme/shop:environment:production",
    ]);
    assert_eq!(*subjects, wanted);
}

#[test]
fn the_shared_pieces_are_removed_by_name() {
    let all = policies(&scope("dev"));
    for statement in statements(&all["sweep_shared"]) {
        assert!(!statement["Resource"].to_string().contains("\"*\""), "{statement}");
    }
    let mut allowed = actions(&all["sweep_shared"]);
    allowed.sort_unstable();
    let wanted = [
        "apigateway:GET",
        "apigateway:PATCH",
        "dynamodb:DeleteTable",
        "dynamodb:Scan",
        "dynamodb:UpdateTable",
        "iam:DeleteRole",
        "iam:DeleteRolePolicy",
        "iam:DetachRolePolicy",
    ];
    assert_eq!(allowed, wanted);
}
