//! `smoke` by itself: what it tries and leaves behind, its JUnit file, and exit code 4 where the
//! shop does not behave as one; `up --wait accepted`.

use super::openapi;
use crate::support::clients::Clients;
use crate::support::env::endpoint;
use crate::support::shop::Shop;
use std::collections::BTreeMap;

/// Every item of the shop's two tables.
async fn contents(shop: &Shop, clients: &Clients) -> Vec<String> {
    let mut all = Vec::new();
    for table in ["Products", "Orders"] {
        let scan = clients.dynamodb.scan().table_name(shop.name(table));
        for item in scan.send().await.unwrap().items() {
            let item: BTreeMap<_, _> = item.iter().collect();
            all.push(format!("{table} {item:?}"));
        }
    }
    all.sort();
    assert!(!all.is_empty());
    all
}

#[tokio::test]
async fn a_shop_that_serves_is_passed_and_one_that_does_not_is_told() {
    let shop = Shop::new("trial", &endpoint());
    let (clients, identity) = shop.clients().await;
    // Accepted is not served: the smoke test is left out, and that is said.
    let accepted = shop.run(&["up", "--yes", "--wait", "accepted", "--json"]);
    assert_eq!(accepted.code, 0, "{}", accepted.stderr);
    assert!(accepted.stderr.contains("The smoke test is left out"), "{}", accepted.stderr);
    assert!(!accepted.lines().iter().any(|l| l["event"] == "smoke"), "{}", accepted.stdout);

    let before = contents(&shop, &clients).await;
    let passed = shop.events(&["smoke", "--junit", "junit.xml"]);
    for check in ["order", "tampering", "replay", "unknown_product", "oversold", "markup"] {
        let ended = passed.iter().find(|l| l["event"] == "smoke" && l["check"] == check).unwrap();
        assert_eq!(ended["status"], "passed", "{ended}");
    }
    assert_eq!(contents(&shop, &clients).await, before);
    let xml = shop.read("junit.xml");
    assert_eq!(
        passed.iter().filter(|l| l["event"] == "smoke").count(),
        xml.matches("<testcase ").count(),
        "{xml}"
    );
    assert!(xml.contains("failures=\"0\"") && xml.contains("name=\"order\""), "{xml}");

    let outputs = shop.run(&["outputs", "--json"]).lines().remove(0);
    let api_url = outputs["api_url"].as_str().unwrap();
    openapi::is_as_described(api_url);
    openapi::gateway_answers_in_the_shops_form(api_url, outputs["site_url"].as_str().unwrap())
        .await;

    // Somebody opens nothing and closes everything: the bucket refuses the distribution itself.
    let bucket = format!("{}-{}-us-east-1", shop.name("site"), identity.account);
    clients.s3.delete_bucket_policy().bucket(&bucket).send().await.unwrap();
    shop.edit("smoke:\n", "smoke:\n  timeout_seconds: 10\n");
    let failed = shop.run(&["smoke", "--junit", "junit.xml"]);
    assert_eq!(failed.code, 4, "{}{}", failed.stdout, failed.stderr);
    assert!(
        failed.stderr.contains("✗ smoke site") && failed.stderr.contains("help: "),
        "{}",
        failed.stderr
    );
    assert!(shop.read("junit.xml").contains("<failure "), "{}", shop.read("junit.xml"));

    // `up` mends it, and ends well.
    let mended = shop.events(&["up", "--yes"]);
    assert_eq!(crate::support::run::done_addresses(&mended), ["bucket_policy.site"]);
    shop.events(&["down", "--yes", "--destroy-data"]);
}
