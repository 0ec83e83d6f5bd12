//! The same binary against moto, which keeps every setting and serves no request: up, nothing to
//! do, diff, down. moto leaves out fields that AWS stores; the plan says which, and no run sets
//! them again and again.

use crate::support::env::moto;
use crate::support::inventory::leftovers;
use crate::support::run::{changes, done, summary};
use crate::support::shop::Shop;
use serde_json::json;

#[tokio::test]
async fn the_control_plane_on_another_emulator() {
    let endpoint = moto();
    let shop = Shop::new("moto", &endpoint);
    let (clients, identity) = shop.clients().await;
    assert_eq!(identity.account, "123456789012");

    let lines = shop.events(&["up", "--yes"]);
    let checks: Vec<_> =
        lines.iter().filter(|l| l["event"] == "smoke").map(|l| &l["status"]).collect();
    assert!(checks.len() == 8 && checks.iter().all(|s| *s == "skipped"), "{checks:?}");
    assert_eq!(summary(&lines)["result"], "ok");
    assert!(done(&lines).contains(&"waf_logging.cdn"), "the one endpoint with WAF logging");

    let lines = shop.events(&["up", "--yes"]);
    assert_eq!(
        (&summary(&lines)["changed"], &summary(&lines)["calls"]["write"]),
        (&json!(0), &json!(0))
    );
    let (code, plan) = shop.diff();
    assert_eq!((code, changes(&plan)), (0, vec![]));
    assert_eq!(plan["calls"]["write"], 0);
    assert_eq!(plan["not_emulated"], json!(["headers.site"]));

    shop.edit_all("memory: 256", "memory: 320");
    assert_eq!(done(&shop.events(&["up", "--yes"])), ["function.listProducts"]);
    let name = shop.name("createOrder");
    clients
        .lambda
        .update_function_configuration()
        .function_name(&name)
        .memory_size(512)
        .send()
        .await
        .unwrap();
    let (code, plan) = shop.diff();
    assert_eq!(
        (code, changes(&plan)),
        (3, vec!["function.createOrder: update drift [memory]".into()])
    );

    let lines = shop.events(&["down", "--yes", "--destroy-data"]);
    assert_eq!(summary(&lines)["remaining"], json!([]));
    assert_eq!(leftovers(&clients, &shop.stack).await, Vec::<String>::new());
}
