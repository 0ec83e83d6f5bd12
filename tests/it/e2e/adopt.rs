//! Taking over what exists, protection that only a step of its own lifts, and what leaves AWS with
//! stack.yaml.

use super::foreign::table;
use crate::support::clients::Clients;
use crate::support::env::endpoint;
use crate::support::run::{changes, done_addresses, summary};
use crate::support::shop::Shop;
use serde_json::{Value, json};
use std::collections::BTreeMap;

async fn tags_of(clients: &Clients, table: &str) -> BTreeMap<String, String> {
    let found =
        clients.dynamodb.describe_table().table_name(table).send().await.unwrap().table.unwrap();
    let arn = found.table_arn().unwrap();
    let tags = clients.dynamodb.list_tags_of_resource().resource_arn(arn).send().await.unwrap();
    tags.tags().iter().map(|t| (t.key().to_string(), t.value().to_string())).collect()
}

async fn protected(clients: &Clients, table: &str) -> Option<bool> {
    let found = clients.dynamodb.describe_table().table_name(table).send().await.ok()?;
    found.table?.deletion_protection_enabled
}

#[tokio::test]
async fn a_foreign_table_is_taken_over_when_asked_for() {
    let shop = Shop::new("adopt", &endpoint()).with_quick_crates();
    let (clients, _) = shop.clients().await;
    let name = shop.name("Products");
    table(&clients, &name, "productId", "books").await;
    table(&clients, &shop.name("Orders"), "number", "books").await;

    let refused =
        shop.run(&["up", "--yes", "--adopt", "table.Products", "--adopt", "table.Orders"]);
    assert_eq!(refused.code, 1);
    for part in ["table.Orders", "cannot be adopted", "hash_key", "number", "orderId"] {
        assert!(refused.stderr.contains(part), "{part}: {}", refused.stderr);
    }
    assert_eq!(tags_of(&clients, &name).await, BTreeMap::from([("team".into(), "books".into())]));
    clients.dynamodb.delete_table().table_name(shop.name("Orders")).send().await.unwrap();
    let unknown = shop.run(&["up", "--yes", "--adopt", "table.Product"]);
    assert!(unknown.code == 1 && unknown.stderr.contains("`table.Product`"), "{}", unknown.stderr);
    let shown = shop.run(&["up", "--adopt", "table.Products"]);
    assert!(shown.code == 1 && shown.stderr.contains("table.Products"), "{}", shown.stderr);
    assert!(
        shown.stderr.contains("pass --yes") && shown.stderr.contains("adopt"),
        "{}",
        shown.stderr
    );

    let lines = shop.events(&["up", "--yes", "--no-smoke", "--adopt", "table.Products"]);
    let plan = &lines[0];
    let of_table = changes(plan).into_iter().find(|c| c.starts_with("table.Products")).unwrap();
    assert!(of_table.starts_with("table.Products: adopt change ["), "{of_table}");
    for field in [
        "tags.team",
        "tags.shopstack:stack",
        "deletion_protection",
        "point_in_time_recovery",
        "seed",
    ] {
        assert!(of_table.contains(field), "{field} in {of_table}");
    }
    assert!(done_addresses(&lines).contains(&"table.Products"));
    let tags = tags_of(&clients, &name).await;
    assert_eq!(tags.get("shopstack:stack"), Some(&shop.stack));
    assert!(
        !tags.contains_key("team") && protected(&clients, &name).await == Some(true),
        "{tags:?}"
    );
    let items = clients.dynamodb.scan().table_name(&name).send().await.unwrap();
    assert!(
        items.items().iter().any(|i| i["productId"].as_s().is_ok_and(|id| id == "theirs")),
        "its items stay"
    );
    assert!(items.count > 1, "and the seed is put beside them");

    let again = shop.events(&["up", "--yes", "--no-smoke", "--adopt", "table.Products"]);
    assert_eq!(
        (&summary(&again)["changed"], &summary(&again)["calls"]["write"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(shop.diff().0, 0);
    shop.events(&["down", "--yes", "--destroy-data"]);
}

#[tokio::test]
async fn a_protected_table_goes_only_after_a_step_of_its_own() {
    let shop = Shop::new("protect", &endpoint()).with_quick_crates();
    let (clients, _) = shop.clients().await;
    let name = shop.name("Orders");
    shop.events(&["up", "--yes", "--no-smoke"]);
    assert_eq!(protected(&clients, &name).await, Some(true), "protection lives on the table");
    let whole = std::fs::read_to_string(shop.path("stack.yaml")).unwrap();
    let without_table = |shop: &Shop| {
        shop.cut("  Orders:", "functions:");
        shop.cut("  createOrder:", "api:");
        shop.edit("    POST /orders: createOrder\n", "");
        shop.edit("  order: { route: POST /orders, table: Orders }\n", "");
    };

    without_table(&shop);
    let (code, plan) = shop.diff();
    assert_eq!(code, 2);
    let planned = changes(&plan);
    for gone in ["table.Orders: delete change []", "function.createOrder: delete change []"] {
        assert!(planned.iter().any(|c| c == gone), "{gone} in {planned:?}");
    }
    let told = plan["notes"].to_string();
    assert!(
        told.contains("`up` refuses this plan") && told.contains("protect: false"),
        "a reviewer is told: {told}"
    );
    let refused = shop.run(&["up", "--yes", "--no-smoke", "--json"]);
    assert_eq!(refused.code, 1);
    for part in ["protected", "table.Orders", "protect: false", "nothing was changed"] {
        assert!(refused.stderr.contains(part), "{part}: {}", refused.stderr);
    }
    assert!(refused.lines().iter().all(|l| l["event"] != "resource"), "{}", refused.stdout);
    assert_eq!(shop.diff().1["changes"], plan["changes"], "nothing was done");
    assert_eq!(protected(&clients, &name).await, Some(true));

    std::fs::write(shop.path("stack.yaml"), whole).unwrap();
    shop.edit("  Orders:\n    key: orderId\n", "  Orders:\n    key: orderId\n    protect: false\n");
    let (code, plan) = shop.diff();
    assert_eq!(
        (code, changes(&plan)),
        (2, vec!["table.Orders: update change [deletion_protection]".into()])
    );
    assert_eq!(done_addresses(&shop.events(&["up", "--yes", "--no-smoke"])), ["table.Orders"]);
    assert_eq!(protected(&clients, &name).await, Some(false), "lifted, visibly");

    shop.edit("    protect: false\n", "");
    shop.edit("  Orders:\n    key: orderId\n", "  Orders:\n    key: orderId\n\n");
    without_table(&shop);
    let lines = shop.events(&["up", "--yes", "--no-smoke"]);
    assert!(done_addresses(&lines).contains(&"table.Orders"), "{:?}", done_addresses(&lines));
    assert_eq!(protected(&clients, &name).await, None, "gone");
    without_a_site(&shop).await;
}

/// A site that leaves stack.yaml is found by ownership: distribution, bucket and what hangs on them
/// are deleted, once the bucket's protection is lifted.
async fn without_a_site(shop: &Shop) {
    let whole = shop.read("stack.yaml");
    let without_site = || {
        shop.cut("site:", "waf:");
        shop.edit("{ group: bots, scope: site }", "bots");
        shop.edit("origins: [site]", "origins: [\"https://shop.example\"]");
    };
    without_site();
    let refused = shop.run(&["up", "--yes", "--no-smoke", "--json"]);
    assert!(
        refused.code == 1 && refused.stderr.contains("delete (bucket.site)"),
        "{}",
        refused.stderr
    );
    assert!(refused.stderr.contains("protect: false"), "{}", refused.stderr);
    shop.write("stack.yaml", &whole);
    shop.edit("  folder: site\n", "  folder: site\n  protect: false\n");
    let (code, plan) = shop.diff();
    assert_eq!(
        (code, changes(&plan)),
        (2, vec!["bucket.site: update change [tags.shopstack:protect]".into()])
    );
    assert_eq!(done_addresses(&shop.events(&["up", "--yes", "--no-smoke"])), ["bucket.site"]);
    without_site();
    let (code, plan) = shop.diff();
    assert_eq!(code, 2);
    let planned = changes(&plan);
    for gone in ["distribution.site", "bucket.site", "headers.site", "web_acl.cdn"] {
        assert!(
            planned.iter().any(|c| c.starts_with(&format!("{gone}: delete"))),
            "{gone} in {planned:?}"
        );
    }
    shop.events(&["up", "--yes", "--no-smoke"]);
    let (code, plan) = shop.diff();
    assert_eq!((code, changes(&plan)), (0, vec![]));
    let outputs: Value = shop.run(&["outputs", "--json"]).lines()[0].clone();
    assert!(outputs["distribution_id"].is_null() && outputs["bucket"].is_null(), "{outputs}");
    shop.events(&["down", "--yes", "--destroy-data"]);
}
