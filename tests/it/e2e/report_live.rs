//! `policy-report` against an endpoint that somebody changed by hand: each change is drift and a
//! finding at its place, a denied read is a line, and every format is written.

use crate::support::clients::Clients;
use crate::support::env::endpoint;
use crate::support::shop::Shop;
use serde_json::Value;

fn report(shop: &Shop) -> (i32, Value) {
    let run = shop.run(&["policy-report", "--json"]);
    let value = serde_json::from_str(&run.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}{}", run.stdout, run.stderr));
    (run.code, value)
}

/// Rules of the findings of one address.
fn rules(report: &Value, address: &str) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap();
    let own = findings.iter().filter(|f| f["address"] == address);
    own.map(|f| f["rule"].as_str().unwrap().to_string()).collect()
}

#[tokio::test]
async fn changes_by_hand_are_drift_and_findings_and_up_puts_them_right() {
    let shop = Shop::new("mutate", &endpoint()).with_quick_crates();
    let (clients, identity) = shop.clients().await;
    shop.events(&["up", "--yes", "--no-smoke"]);
    let (code, clean) = report(&shop);
    assert_eq!((code, &clean["findings"]), (0, &serde_json::json!([])), "{clean}");
    assert_eq!(clean["coverage"]["unread"], 0, "{}", clean["reads"]);
    let (_, again) = report(&shop);
    assert_eq!(clean["digest"]["content"], again["digest"]["content"], "two runs, one digest");
    let older = shop.path("older.json");
    std::fs::write(&older, clean.to_string()).unwrap();

    let function = shop.name("createOrder");
    open_up(&clients, &shop, &function, &identity.account).await;
    let (code, found) = report(&shop);
    assert_eq!(code, 2, "{found}");
    for (address, rule) in [
        ("bucket.site", "public-access-block-off"),
        ("bucket.site", "access-list-grants"),
        ("routes.main", "anonymous-route"),
        ("function.createOrder", "function-url"),
        ("permission.createOrder", "public-principal"),
        ("role.createOrder", "privilege-escalation"),
        ("role.createOrder", "managed-policy"),
        ("role.listProducts", "foreign-account"),
        ("function.createOrder", "changed-setting"),
        ("log_group.listProducts", "missing-resource"),
    ] {
        let rules = rules(&found, address);
        assert!(rules.iter().any(|r| r == rule), "{rule} of {address} in {rules:?}");
    }
    let run = shop.run(&["policy-report", "--since", "older.json"]);
    assert!(run.stdout.contains("+ gained:"), "{}{}", run.stdout, run.stderr);
    formats(&shop);

    shop.events(&["up", "--yes", "--no-smoke"]);
    let (code, after) = report(&shop);
    assert_eq!(code, 0, "{}", after["findings"]);
    shop.events(&["down", "--yes", "--destroy-data"]);
}

async fn open_up(clients: &Clients, shop: &Shop, function: &str, account: &str) {
    use aws_sdk_s3::types::{ObjectOwnership, OwnershipControls, OwnershipControlsRule};
    let outputs: Value = serde_json::from_str(&shop.run(&["outputs", "--json"]).stdout).unwrap();
    let bucket = outputs["bucket"].as_str().unwrap();
    clients.s3.delete_public_access_block().bucket(bucket).send().await.unwrap();
    let rule = OwnershipControlsRule::builder().object_ownership(ObjectOwnership::ObjectWriter);
    let controls = OwnershipControls::builder().rules(rule.build().unwrap()).build().unwrap();
    let put = clients.s3.put_bucket_ownership_controls().bucket(bucket);
    put.ownership_controls(controls).send().await.unwrap();

    let api = outputs["rest_api_id"].as_str().unwrap();
    let gateway = &clients.apigateway;
    let tree = gateway.get_resources().rest_api_id(api).send().await.unwrap();
    let root = tree.items().iter().find(|r| r.path() == Some("/")).and_then(|r| r.id()).unwrap();
    let create = gateway.create_resource().rest_api_id(api).parent_id(root).path_part("evil");
    let evil = create.send().await.unwrap();
    let put = gateway.put_method().rest_api_id(api).resource_id(evil.id().unwrap());
    put.http_method("ANY").authorization_type("NONE").send().await.unwrap();

    let update = clients.lambda.update_function_configuration().function_name(function);
    update.memory_size(1024).send().await.unwrap();
    let group = format!("/aws/lambda/{}", shop.name("listProducts"));
    clients.logs.delete_log_group().log_group_name(group).send().await.unwrap();

    let url = clients.lambda.create_function_url_config().function_name(function);
    url.auth_type(aws_sdk_lambda::types::FunctionUrlAuthType::None).send().await.unwrap();
    let open = clients.lambda.add_permission().function_name(function).statement_id("open");
    open.action("lambda:InvokeFunction").principal("*").send().await.unwrap();

    let more = r#"{"Version":"2012-10-17","Statement":[{"Sid":"More","Effect":"Allow",
        "Action":"iam:PutRolePolicy","Resource":"arn:aws:iam::1:role/x"}]}"#;
    let role = shop.name("createOrder");
    let put = clients.iam.put_role_policy().role_name(&role).policy_name("more");
    put.policy_document(more).send().await.unwrap();
    let attach = clients.iam.attach_role_policy().role_name(&role);
    attach.policy_arn("arn:aws:iam::aws:policy/ReadOnlyAccess").send().await.unwrap();
    let trust = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Sid":"LambdaOnly","Effect":"Allow",
        "Action":"sts:AssumeRole","Principal":{{"AWS":"999999999999",
        "Service":"lambda.amazonaws.com"}},
        "Condition":{{"StringEquals":{{"aws:SourceAccount":"{account}"}}}}}}]}}"#
    );
    let update = clients.iam.update_assume_role_policy().role_name(shop.name("listProducts"));
    update.policy_document(trust).send().await.unwrap();
}

fn formats(shop: &Shop) {
    for (format, part) in [
        ("html", "<!DOCTYPE html>"),
        ("markdown", "# Policy report"),
        ("csv", "record,address,"),
        ("sarif", "\"version\": \"2.1.0\""),
        ("text", "Policy report"),
        ("json", "\"format_version\""),
    ] {
        let run = shop.run(&["policy-report", "--format", format, "--out", "out.file"]);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{format}: {}", run.stderr);
        let text = std::fs::read_to_string(shop.path("out.file")).unwrap();
        assert!(text.contains(part), "{format}: {part}");
    }
}
