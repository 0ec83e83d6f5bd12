//! Terraform's AWS provider as an outside judge: the stack as Terraform's users would write it, in
//! `shop/`, is imported from what `up` made, and Terraform finds nothing to change. It reads and
//! compares in its own way, and its values are written down a second time, so a setting that
//! shopstack both writes and reads wrongly shows here.
//!
//! It runs where the machine has `terraform` and a mirror with HashiCorp's AWS provider, and says
//! so where not.

mod ids;
mod out_of_band;
mod terraform;
use crate::support::clients::Clients;
use crate::support::env::{endpoint, moto};
use crate::support::shop::Shop;
use serde_json::{Value, json};
use std::io::Write;
use terraform::Terraform;

/// Everything but the firewalls' logging, which MiniStack lacks.
const ON_MINISTACK: [&str; 8] =
    ["main", "data", "compute", "api", "site", "headers", "waf", "ministack_override"];
/// What the shop has not by itself.
const ON_EVENTS: [&str; 2] = ["main", "events"];
/// What MiniStack lacks or answers for itself.
const ON_MOTO: [&str; 4] = ["main", "api", "logging", "moto_override"];

/// Says something past the test harness, which keeps the output of tests that pass to itself.
fn print_line(text: &str) {
    let _ = writeln!(std::io::stderr(), "terraform_check: {text}");
}

/// Terraform in a folder with these parts of `shop/`; `None`, said loudly, where the machine does
/// not have it.
fn terraform(parts: &[&str]) -> Option<Terraform> {
    match Terraform::find() {
        Ok(found) => {
            print_line(&format!("{} judges {}", found.version, parts.join(", ")));
            Some(found.with_parts(parts))
        }
        Err(missing) => {
            print_line(&format!("NOT RUN: {missing}"));
            None
        }
    }
}

#[tokio::test]
async fn terraform_finds_nothing_to_change_and_sees_what_strangers_change() {
    let Some(terraform) = terraform(&ON_MINISTACK) else {
        return;
    };
    let endpoint = endpoint();
    let shop = described_shop("judge", &endpoint);
    let (clients, identity) = shop.clients().await;
    shop.events(&["up", "--yes", "--no-smoke"]);
    terraform.variables(&variables(&shop, &endpoint, &identity.account, &clients).await);

    let imported = nothing_to_change(&terraform);
    assert!(imported > 60, "{imported} resources are far from all");
    // Clients with connections of their own: the others' have been idle for as long as Terraform
    // took.
    let changed = out_of_band::change(&shop, &shop.clients().await.0).await;
    let (code, plan) = terraform.plan();
    let differing: Vec<String> = plan.iter().map(|(address, _)| address.clone()).collect();
    assert_eq!(
        (code, differing),
        (2, changed.clone()),
        "Terraform sees exactly what the strangers did"
    );

    shop.events(&["up", "--yes", "--no-smoke"]);
    assert_eq!(terraform.plan(), (0, vec![]), "`up` put all of it right");
    print_line(&format!(
        "{imported} resources imported, no difference; {} changes behind its back seen",
        changed.len()
    ));
    shop.events(&["down", "--yes", "--destroy-data"]);
}

#[tokio::test]
async fn what_one_emulator_lacks_is_judged_on_the_other() {
    let Some(terraform) = terraform(&ON_MOTO) else {
        return;
    };
    let endpoint = moto();
    let shop = described_shop("judgemoto", &endpoint);
    let (clients, identity) = shop.clients().await;
    shop.events(&["up", "--yes", "--no-smoke"]);
    terraform.variables(&variables(&shop, &endpoint, &identity.account, &clients).await);
    let imported = nothing_to_change(&terraform);
    assert_eq!(terraform.plan(), (0, vec![]));
    print_line(&format!("{imported} resources imported from moto, no difference"));
    shop.events(&["down", "--yes", "--destroy-data"]);
}

/// The types that the shop does not need: what calls a function by itself, alarms, authorizers.
#[tokio::test]
async fn what_the_shop_does_not_have_is_judged_on_a_shop_that_has_it() {
    let Some(terraform) = terraform(&ON_EVENTS) else {
        return;
    };
    let endpoint = endpoint();
    let shop = described_shop("judgeevents", &endpoint);
    let function = "    crate: lambdas/create-order\n";
    let called = "    on: { table: Products, batch: 10 }\n    schedule: rate(1 day)\n";
    shop.edit(function, &format!("{called}{function}"));
    let line = "  openapi: lambdas/openapi.yaml";
    let staff = "  authorizers: { staff: { function: listProducts, cache_seconds: 60 } }\n";
    shop.edit(line, &format!("{staff}{line}"));
    shop.edit("waf:\n", "alarms: {}\n\nwaf:\n");
    let (clients, identity) = shop.clients().await;
    shop.events(&["up", "--yes", "--no-smoke"]);
    let mut variables = variables(&shop, &endpoint, &identity.account, &clients).await;
    ids::events(&clients, &shop.stack, &mut variables["ids"]).await;
    terraform.variables(&variables);
    let imported = nothing_to_change(&terraform);
    assert_eq!(terraform.plan(), (0, vec![]));
    print_line(&format!("{imported} resources imported, no difference"));
    shop.events(&["down", "--yes", "--destroy-data"]);
}

/// The repository's stack without what `shop/` does not describe: a second method on one path, and
/// variables with a random value.
fn described_shop(name: &str, endpoint: &str) -> Shop {
    let shop = Shop::new(name, endpoint).with_quick_crates();
    shop.edit("    HEAD /products: listProducts\n", "");
    shop.edit_all("SMOKE_SECRET: ${smoke.secret} #", "SMOKE_SECRET: known #");
    shop
}

/// Imports everything; the number of resources. Before and after it, no resource differs in
/// anything.
fn nothing_to_change(terraform: &Terraform) -> usize {
    let (code, plan) = terraform.plan();
    let differing: Vec<_> = plan.iter().filter(|(_, action)| action != "import").collect();
    assert!(
        differing.is_empty(),
        "Terraform wants to change {differing:?}\n{}",
        terraform.planned()
    );
    assert_eq!(code, 2, "an import is all there is to do");
    terraform.apply();
    plan.len()
}

/// What `shop/main.tf` asks for: names, and the ids that AWS gave.
async fn variables(shop: &Shop, endpoint: &str, account: &str, clients: &Clients) -> Value {
    json!({
        "endpoint": endpoint, "account": account, "stack": shop.stack,
        "port": endpoint.trim_end_matches('/').rsplit(':').next(),
        "seed": ids::sha256_hex(&shop.path("seed/products.json")),
        "site_folder": shop.path("site"),
        "code": ids::code(shop),
        "ids": ids::read_ids(clients, &shop.stack).await,
    })
}
