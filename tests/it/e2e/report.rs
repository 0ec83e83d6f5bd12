//! `policy-report` against an endpoint: clean after `up`, and every way of making it too wide
//! named, with exit code 2.

use crate::support::env::endpoint;
use crate::support::shop::Shop;
use serde_json::Value;

const TOO_WIDE: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"All","Effect":"Allow","Action":"dynamodb:*","Resource":"*"}]}"#;

fn report(shop: &Shop) -> (i32, Value) {
    let run = shop.run(&["policy-report", "--json"]);
    (
        run.code,
        serde_json::from_str(&run.stdout)
            .unwrap_or_else(|e| panic!("{e}: {}{}", run.stdout, run.stderr)),
    )
}

#[tokio::test]
async fn a_report_is_clean_after_up_and_names_what_somebody_widened() {
    let shop = Shop::new("audit", &endpoint()).with_quick_crates();
    let (clients, identity) = shop.clients().await;
    shop.events(&["up", "--yes", "--no-smoke"]);
    let (code, clean) = report(&shop);
    assert_eq!((code, &clean["findings"]), (0, &serde_json::json!([])), "{clean}");
    assert!(
        clean.to_string().contains("The catalogue is the whole table."),
        "each grant has its reason"
    );
    let surfaces = clean["surfaces"].as_array().unwrap();
    let shared: Vec<_> =
        surfaces.iter().filter(|s| s["shared"] == true).map(|s| &s["name"]).collect();
    assert!(
        !shared.is_empty() && shared.iter().all(|name| *name == "shopstack-apigateway-logs"),
        "{shared:?}"
    );
    for kind in ["execution_role", "api_policy", "table_policy"] {
        assert!(
            surfaces.iter().any(|s| s["surface"] == kind && s["status"] != "missing"),
            "{kind}"
        );
    }

    let file = shop.path("report.md");
    let run =
        shop.run(&["--color", "always", "policy-report", "--format", "text", "--out", "report.md"]);
    assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{}", run.stderr);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(
        text.contains(&shop.name("createOrder")) && !text.contains('\u{1b}'),
        "a file has no colours"
    );

    let role = shop.name("createOrder");
    clients
        .iam
        .put_role_policy()
        .role_name(&role)
        .policy_name("more")
        .policy_document(TOO_WIDE)
        .send()
        .await
        .unwrap();
    let arn = format!("arn:aws:iam::{}:role/{role}", identity.account);
    let (code, wide) = report(&shop);
    assert_eq!(code, 2, "{wide}");
    let findings = wide["findings"].to_string();
    for part in [role.as_str(), "dynamodb:*", "more"] {
        assert!(findings.contains(part), "{part} of {arn} in {findings}");
    }
    // The role itself can be as narrow as it likes where the function runs as another one.
    let other = format!("arn:aws:iam::{}:role/{}", identity.account, shop.name("admin"));
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",
        "Principal":{"Service":"lambda.amazonaws.com"}}]}"#;
    let create =
        clients.iam.create_role().role_name(shop.name("admin")).assume_role_policy_document(trust);
    create.send().await.unwrap();
    let update =
        clients.lambda.update_function_configuration().function_name(shop.name("listProducts"));
    update.role(&other).send().await.unwrap();
    let findings = report(&shop).1["findings"].to_string();
    assert!(findings.contains("foreign-execution-role") && findings.contains(&other), "{findings}");

    shop.events(&["up", "--yes", "--no-smoke"]);
    assert_eq!(report(&shop).0, 0, "`up` takes it away again");
    clients.iam.delete_role().role_name(shop.name("admin")).send().await.unwrap();
    shop.events(&["down", "--yes", "--destroy-data"]);
}
