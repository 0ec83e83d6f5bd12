//! Bad input that needs an endpoint to show: plans for elsewhere or out of date, and answers of AWS
//! that no model knows. The rest is in `tests/hermetic/`: `bad_input.rs`, `cli.rs` and `stack.rs`.

use crate::support::endpoint::Endpoint;
use crate::support::env::endpoint;
use crate::support::inventory::Inventory;
use crate::support::run::assert_refused;
use crate::support::run::{Run, changes, done_addresses};
use crate::support::shop::Shop;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

/// Nothing of the stack is there: no resource, no record, no lock.
async fn untouched(shop: &Shop, endpoint: &str) {
    let (clients, _) = shop.clients().await;
    let there = Inventory::take(&clients, &shop.stack, endpoint).await;
    assert_eq!(there.differences(&Inventory::default()), Vec::<String>::new());
}

#[tokio::test]
async fn a_plan_for_elsewhere_is_refused() {
    let endpoint = endpoint();
    let shop = Shop::new("elsewhere", &endpoint).with_quick_crates();
    assert_eq!(shop.run(&["diff", "--out", "plan.json"]).code, 2);
    let whole: Value =
        serde_json::from_slice(&std::fs::read(shop.path("plan.json")).unwrap()).unwrap();
    for (key, other, here) in [
        ("account", "210987654321", "000000000000"),
        ("region", "eu-west-1", "us-east-1"),
        ("stack", "another", shop.stack.as_str()),
        ("env", "prod", "dev"),
        ("format_version", "99.0", "1.0"),
    ] {
        let mut plan = whole.clone();
        plan[key] = json!(other);
        // Whoever edits a plan can make its digest anew.
        plan["digest"] = json!(shopstack::render::document::digest(&plan));
        std::fs::write(shop.path("plan.json"), plan.to_string()).unwrap();
        let run = shop.run(&["up", "--plan", "plan.json", "--yes", "--json"]);
        let version = key == "format_version";
        let said = if version {
            format!("the plan has format {other}")
        } else {
            format!("for {key} `{other}`")
        };
        assert_refused(&run, &[&said, here, "diff --out plan.json"]);
    }
    untouched(&shop, &endpoint).await;
}

#[tokio::test]
async fn a_plan_that_is_out_of_date_names_what_changed() {
    let endpoint = endpoint();
    let shop = Shop::new("outofdate", &endpoint).with_quick_crates();
    let up =
        |shop: &Shop| shop.run(&["up", "--plan", "plan.json", "--yes", "--no-smoke", "--json"]);
    shop.run(&["diff", "--out", "plan.json"]);
    assert_eq!(up(&shop).code, 0, "a plan of a moment ago is done");
    let (clients, _) = shop.clients().await;

    shop.edit("memory: 256", "memory: 320");
    assert_eq!(shop.run(&["diff", "--out", "plan.json"]).code, 2);
    // Somebody else, behind the plan's back.
    let name = shop.name("createOrder");
    clients
        .lambda
        .update_function_configuration()
        .function_name(&name)
        .timeout(20)
        .send()
        .await
        .unwrap();
    assert_refused(
        &up(&shop),
        &["changed since the plan was saved", "function.createOrder: needs a change now"],
    );
    let name = shop.name("listProducts");
    clients
        .lambda
        .update_function_configuration()
        .function_name(&name)
        .timeout(20)
        .send()
        .await
        .unwrap();
    assert_refused(&up(&shop), &["function.listProducts: timeout differs as well now"]);
    // The file itself.
    shop.edit("memory: 320", "memory: 384");
    assert_refused(
        &up(&shop),
        &["function.listProducts: memory is not what it was", "nothing was changed"],
    );
    let now =
        clients.lambda.get_function_configuration().function_name(&name).send().await.unwrap();
    assert_eq!((now.memory_size, now.timeout), (Some(256), Some(20)), "nothing was done");

    // The words of the columns, asked for one by one.
    let only = |which: &str| shop.run(&["diff", "--json", "--only", which]);
    let (drift, change) = (only("drift"), only("change"));
    assert_eq!(
        changes(&drift.lines()[0]),
        [
            "function.listProducts: update both [memory, timeout]",
            "function.createOrder: update drift [timeout]"
        ]
        .map(String::from)
        .into_iter()
        .rev()
        .collect::<Vec<_>>()
    );
    assert_eq!(
        changes(&change.lines()[0]),
        ["function.listProducts: update both [memory, timeout]"]
    );
    assert_eq!((drift.code, change.code), (2, 2));

    shop.run(&["diff", "--out", "plan.json"]);
    let run = up(&shop);
    assert_eq!(
        (run.code, done_addresses(&run.lines())),
        (0, vec!["function.createOrder", "function.listProducts"])
    );
    let history = shop.run(&["history", "--json"]).lines();
    let runs: Vec<_> = history[0]["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["changed"].as_u64().unwrap())
        .collect();
    assert!(runs.len() == 2 && runs.contains(&2), "{history:?}");
    for run in history[0]["runs"].as_array().unwrap() {
        assert!(
            run["who"].as_str().unwrap().starts_with("arn:aws:") && run["when"].is_string(),
            "{run}"
        );
    }
    shop.events(&["down", "--yes", "--destroy-data"]);
}

#[tokio::test]
async fn what_aws_says_and_we_do_not_know_is_passed_over_or_shown() {
    let behind = endpoint();
    let shop = Shop::new("unknown", &behind).with_quick_crates();
    shop.events(&["up", "--yes", "--no-smoke"]);
    let through = |rewrite: fn(&str) -> String| {
        let endpoint = Endpoint::rewriting(&behind, rewrite);
        let run = shop.run_at(&endpoint.url, &["diff", "--json"]);
        assert!(
            !run.stderr.contains("panicked") && !run.stderr.contains("backtrace"),
            "{}",
            run.stderr
        );
        (run, endpoint.changed.load(Ordering::SeqCst))
    };
    // Members that no model has, in every JSON object and beside every XML list that comes.
    let (run, changed) = through(|text| {
        let json = text
            .replacen('{', "{\"FutureMember\": {\"a\": [1, null, \"x\"]}, ", 1)
            .replace(", }", "}");
        let xml = text.replacen("<Enabled>", "<FutureElement><A>1</A></FutureElement><Enabled>", 1);
        if text.starts_with("{\"") { json } else { xml }
    });
    assert!(changed > 10, "{changed} answers were rewritten");
    let addresses = |run: &Run| -> Vec<String> { changes(&run.lines()[0]) };
    assert!(run.code != 1, "{}", run.stderr);
    let differing: Vec<String> = addresses(&run).into_iter().filter(|c| !of_the_port(c)).collect();
    assert_eq!(differing, Vec::<String>::new());

    // Words that no list has: shown as what is there.
    for (known, unknown, address) in [
        ("PAY_PER_REQUEST", "PAY_PER_MINUTE", "table.Orders"),
        ("provided.al2023", "provided.al2099", "function.createOrder"),
        ("x86_64", "riscv128", "function.createOrder"),
        ("AES256", "ROT13", "bucket.site"),
        ("BucketOwnerEnforced", "BucketOwnerReleased", "bucket.site"),
        ("PriceClass_100", "PriceClass_Moon", "distribution.site"),
        ("http2and3", "http9", "distribution.site"),
        ("REGIONAL", "ORBITAL", "api.main"),
        ("AWS_PROXY", "AWS_MAGIC", "routes.main"),
        ("sigv4", "sigv99", "oac.shared"),
    ] {
        let endpoint = Endpoint::rewriting(&behind, move |text| {
            // ARNs of WAF and names of log groups are no words of a list.
            if text.contains(known) { text.replace(known, unknown) } else { text.to_string() }
        });
        let run = shop.run_at(&endpoint.url, &["diff", "--json"]);
        assert!(endpoint.changed.load(Ordering::SeqCst) > 0, "{known} was never told");
        assert!([2, 3].contains(&run.code), "{known}: {} {}", run.code, run.stderr);
        let plan = &run.lines()[0];
        let change = plan["changes"].as_array().unwrap().iter().find(|c| c["address"] == address);
        let shown = change.map(ToString::to_string).unwrap_or_default();
        assert!(shown.contains(unknown), "{unknown} is not shown at {address}: {plan}");
    }
    shop.events(&["down", "--yes", "--destroy-data"]);
}

/// An emulator's addresses are the endpoint's, so a plan through another port differs there.
fn of_the_port(change: &str) -> bool {
    ["function.", "routes.main", "headers.site", "objects.site", "stage.main"]
        .iter()
        .any(|a| change.starts_with(a))
}
