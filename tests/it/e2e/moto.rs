//! The same binary against moto, which serves no request and does not keep every field that AWS
//! stores: up, up again, diff, down. Nothing remembers those fields: `up` reads back and names
//! them, `diff` shows them with a note, and the next `up` sets them again.

use crate::support::env::moto;
use crate::support::inventory::leftovers;
use crate::support::run::{Run, changes, done_addresses, summary};
use crate::support::shop::Shop;
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[tokio::test]
async fn the_control_plane_on_another_emulator() {
    let endpoint = moto();
    let shop = Shop::new("moto", &endpoint).with_quick_crates();
    let (clients, identity) = shop.clients().await;
    assert_eq!(identity.account, "123456789012");

    let run = shop.run(&["up", "--yes", "--json"]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let lines = run.lines();
    let checks: Vec<_> =
        lines.iter().filter(|l| l["event"] == "smoke").map(|l| &l["status"]).collect();
    assert!(checks.len() == 13 && checks.iter().all(|s| *s == "skipped"), "{checks:?}");
    assert_eq!(summary(&lines)["result"], "ok");
    assert!(
        done_addresses(&lines).contains(&"waf_logging.cdn"),
        "the one endpoint with WAF logging"
    );
    let gaps = not_kept(&run);

    let again = shop.run(&["up", "--yes", "--json"]);
    assert_eq!(done_addresses(&again.lines()), gaps, "{}", again.stderr);
    assert_eq!(not_kept(&again), gaps);
    let (code, plan) = shop.diff();
    let drift = if gaps.is_empty() { 0 } else { 3 };
    assert_eq!((code, addresses(&plan)), (drift, gaps.clone()));
    assert_eq!(plan["calls"]["write"], 0);
    assert_eq!(plan["not_emulated"], json!(["headers.site"]));
    let says = |note: &Value| note.as_str().is_some_and(|n| n.contains("may not store every"));
    assert!(plan["notes"].as_array().unwrap().iter().any(says), "{}", plan["notes"]);

    shop.edit("memory: 256", "memory: 320");
    let with = |more: &str| -> Vec<String> {
        let all: BTreeSet<String> = gaps.iter().cloned().chain([more.to_string()]).collect();
        all.into_iter().collect()
    };
    let third = shop.events(&["up", "--yes"]);
    assert_eq!(done_addresses(&third), with("function.listProducts"));
    let name = shop.name("createOrder");
    let stranger = clients.lambda.update_function_configuration().function_name(&name);
    stranger.memory_size(512).send().await.unwrap();
    let (code, plan) = shop.diff();
    assert_eq!((code, addresses(&plan)), (3, with("function.createOrder")));
    let memory = "function.createOrder: update drift [memory]".to_string();
    assert!(changes(&plan).contains(&memory), "{:?}", changes(&plan));

    let lines = shop.events(&["down", "--yes", "--destroy-data"]);
    assert_eq!(summary(&lines)["remaining"], json!([]));
    assert_eq!(leftovers(&clients, &shop.stack).await, Vec::<String>::new());
}

/// Addresses of resources of which this run says that the endpoint did not keep a field, sorted.
fn not_kept(run: &Run) -> Vec<String> {
    let line = |line: &str| {
        let (_, address) = line.split_once("This endpoint did not keep ")?.1.rsplit_once(" of ")?;
        Some(address.trim_end_matches('.').to_string())
    };
    let mut all: Vec<String> = run.stderr.lines().filter_map(line).collect();
    all.sort();
    all
}

fn addresses(plan: &Value) -> Vec<String> {
    let changes = plan["changes"].as_array().unwrap().iter();
    let mut all: Vec<String> =
        changes.map(|c| c["address"].as_str().unwrap().to_string()).collect();
    all.sort();
    all
}
