//! The life of one stack on MiniStack: up, nothing to do, changes of its author and of others, a
//! second environment, and down to nothing.

use crate::support::clients::Clients;
use crate::support::env::endpoint;
use crate::support::inventory::leftovers;
use crate::support::run::{changes, done_addresses, summary};
use crate::support::shop::Shop;
use serde_json::{Value, json};

/// The budgets in requests, for the whole shop in us-east-1. `UP` is without the files of the site,
/// which take a request each; the seed's items take one each too, and so does each kind of API
/// Gateway's own answers; each path takes four for the methods that it does not have.
pub const UP: u64 = 154;
pub const DIFF: u64 = 77;
pub const DOWN: u64 = 116;

pub fn requests(lines: &[Value]) -> u64 {
    let calls = &summary(lines)["calls"];
    calls["read"].as_u64().unwrap() + calls["write"].as_u64().unwrap()
}

/// How many files there are in a folder and in those within it.
fn files_in(folder: &std::path::Path) -> u64 {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { files_in(&path) } else { 1 }).sum()
}

#[tokio::test]
async fn the_whole_story() {
    let shop = Shop::new("story", &endpoint());
    let (clients, _) = shop.clients().await;

    first_up(&shop);
    nothing_to_do(&shop);
    a_change_of_the_author(&shop);
    drift(&shop, &clients).await;
    a_lost_table(&shop, &clients).await;
    a_lost_role(&shop, &clients).await;
    less_is_wanted(&shop, &clients).await;
    a_second_environment(&shop);
    down(&shop, &clients).await;
}

fn first_up(shop: &Shop) {
    let lines = shop.events(&["up", "--yes"]);
    let end = summary(&lines);
    assert_eq!(end["result"], "ok");
    assert_eq!(lines[0]["summary"]["create"], end["changed"], "everything planned was made");
    let files = files_in(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/site")));
    // What all stacks of the account share is made by the first of them.
    let changes = lines[0]["changes"].as_array().unwrap().iter();
    let is_shared = |c: &&Value| c["address"] == "oac.shared" || c["address"] == "account.logging";
    let shared = 3 * u64::try_from(changes.filter(is_shared).count()).unwrap();
    assert!(requests(&lines) <= UP + files + shared, "{}", end["calls"]);
    let skipped: Vec<&Value> = lines
        .iter()
        .filter(|l| l["event"] == "smoke" && l["status"] != "passed")
        .map(|l| &l["check"])
        .collect();
    assert_eq!(skipped, ["waf"], "the twin evaluates no WAF rules; all else is tried");
    assert_eq!(lines.iter().filter(|l| l["event"] == "smoke").count(), 13);
    let outputs = &end["outputs"];
    assert_eq!(
        outputs["tables"],
        json!({"Products": shop.name("Products"), "Orders": shop.name("Orders")})
    );
    assert_eq!(
        outputs["functions"],
        json!({"listProducts": shop.name("listProducts"), "createOrder": shop.name("createOrder")})
    );
    assert_eq!(
        shop.run(&["outputs", "--json"]).lines()[0],
        *outputs,
        "`outputs` finds what `up` told"
    );
}

fn nothing_to_do(shop: &Shop) {
    let lines = shop.events(&["up", "--yes"]);
    assert_eq!(summary(&lines)["changed"], 0, "{:?}", changes(&lines[0]));
    assert_eq!(summary(&lines)["calls"]["write"], 0);
    assert!(lines.iter().any(|l| l["event"] == "smoke"), "the smoke test still runs");
    clean(shop);
}

/// `diff` finds nothing, writes nothing, and stays within its budget.
fn clean(shop: &Shop) {
    let (code, plan) = shop.diff();
    assert_eq!((code, changes(&plan)), (0, vec![]));
    assert_eq!(plan["calls"]["write"], 0);
    assert!(plan["calls"]["read"].as_u64().unwrap() <= DIFF, "{}", plan["calls"]);
}

fn a_change_of_the_author(shop: &Shop) {
    shop.edit("memory: 256", "memory: 320");
    let (code, plan) = shop.diff();
    assert_eq!(
        (code, changes(&plan)),
        (2, vec!["function.listProducts: update change [memory]".into()])
    );
    let field = &plan["changes"][0]["fields"][0];
    assert_eq!(
        (&field["live"], &field["applied"], &field["wanted"]),
        (&json!(256), &json!(256), &json!(320))
    );
    let lines = shop.events(&["up", "--yes"]);
    assert_eq!(done_addresses(&lines), ["function.listProducts"]);
    assert_eq!(summary(&lines)["changed"], 1);
}

async fn drift(shop: &Shop, clients: &Clients) {
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
    assert_eq!(plan["summary"]["drifted"], 1);
    let text = shop.run(&["diff"]);
    assert_eq!(text.code, 3);
    assert!(text.stdout.contains("memory") && !text.stdout.contains('\u{1b}'), "{}", text.stdout);
    assert_eq!(done_addresses(&shop.events(&["up", "--yes"])), ["function.createOrder"]);
    let now =
        clients.lambda.get_function_configuration().function_name(&name).send().await.unwrap();
    assert_eq!(now.memory_size(), Some(256));
}

async fn a_lost_table(shop: &Shop, clients: &Clients) {
    let name = shop.name("Orders");
    let unprotect =
        clients.dynamodb.update_table().table_name(&name).deletion_protection_enabled(false);
    unprotect.send().await.unwrap();
    clients.dynamodb.delete_table().table_name(&name).send().await.unwrap();
    let (code, plan) = shop.diff();
    assert_eq!(code, 3, "{:?}", changes(&plan));
    assert_eq!(plan["changes"][0]["address"], "table.Orders");
    assert_eq!(plan["changes"].as_array().unwrap().len(), 1, "{:?}", changes(&plan));
    let lines = shop.events(&["up", "--yes"]);
    assert_eq!(done_addresses(&lines), ["table.Orders"]);
    let table =
        clients.dynamodb.describe_table().table_name(&name).send().await.unwrap().table.unwrap();
    assert_eq!(table.deletion_protection_enabled(), Some(true));
    clean(shop);
}

/// Made again, a role has the same ARN and another id, and Lambda's grants name the old one: the
/// function is made again.
async fn a_lost_role(shop: &Shop, clients: &Clients) {
    let name = shop.name("createOrder");
    clients.iam.delete_role_policy().role_name(&name).policy_name("grants").send().await.unwrap();
    clients.iam.delete_role().role_name(&name).send().await.unwrap();
    let (code, plan) = shop.diff();
    let mut planned: Vec<_> =
        changes(&plan).iter().map(|c| c.split(" [").next().unwrap().to_string()).collect();
    planned.sort();
    let expected = [
        "function.createOrder: replace drift",
        "permission.createOrder: create drift",
        "role.createOrder: create drift",
    ];
    assert_eq!((code, planned), (3, expected.map(String::from).to_vec()));
    let lines = shop.events(&["up", "--yes"]);
    assert_eq!(summary(&lines)["changed"], 3);
    let policy = clients.lambda.get_policy().function_name(&name).send().await.unwrap();
    assert!(policy.policy().unwrap().contains("apigateway.amazonaws.com"), "{policy:?}");
    let id = clients.iam.get_role().role_name(&name).send().await.unwrap().role.unwrap().role_id;
    let tags =
        clients.lambda.get_function().function_name(&name).send().await.unwrap().tags.unwrap();
    assert_eq!(tags["shopstack:role-id"], id);
    clean(shop);
}

/// A function and its route go out of stack.yaml.
async fn less_is_wanted(shop: &Shop, clients: &Clients) {
    shop.cut("  createOrder:", "api:");
    shop.edit("    POST /orders: createOrder\n", "");
    shop.edit("  order: { route: POST /orders, table: Orders }\n", "");
    let (code, plan) = shop.diff();
    assert_eq!(code, 2);
    let planned: Vec<_> = changes(&plan).into_iter().filter(|c| c.contains(": delete ")).collect();
    for gone in ["function.createOrder", "role.createOrder"] {
        assert!(planned.iter().any(|c| c.starts_with(gone)), "{gone} in {planned:?}");
    }
    assert!(!planned.iter().any(|c| c.contains("listProducts")), "{planned:?}");
    let lines = shop.events(&["up", "--yes"]);
    assert!(done_addresses(&lines).contains(&"function.createOrder"));
    let left = leftovers(clients, &shop.stack).await;
    let of_function: Vec<_> = left.iter().filter(|l| l.contains("createOrder")).collect();
    assert!(of_function.is_empty(), "{of_function:?}");
    assert!(left.contains(&format!("function {}", shop.name("listProducts"))), "{left:?}");
    clean(shop);
}

fn a_second_environment(shop: &Shop) {
    let lines = shop.events(&["--env", "other", "up", "--yes"]);
    assert_eq!(lines[0]["env"], "other");
    let all = shop.run(&["envs", "--json"]).lines();
    let mine: Vec<&str> = all[0]["environments"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|e| e["stack"] == shop.stack.as_str())
        .map(|e| e["env"].as_str().unwrap())
        .collect();
    assert_eq!(mine, ["dev", "other"]);
    let lines = shop.events(&["--env", "other", "down", "--yes", "--destroy-data"]);
    assert_eq!(summary(&lines)["remaining"], json!([]));
    clean(shop);
}

async fn down(shop: &Shop, clients: &Clients) {
    let unsaid = shop.run(&["down"]);
    assert_eq!(unsaid.code, 1);
    assert!(unsaid.stderr.contains("--yes --destroy-data"), "{}", unsaid.stderr);
    let refused = shop.run(&["down", "--yes"]);
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("--destroy-data"), "{}", refused.stderr);
    assert!(
        refused.stderr.contains(&shop.name("Products")),
        "it names the table: {}",
        refused.stderr
    );
    clean(shop);
    gone(shop, clients).await;
    let again = shop.events(&["down", "--yes"]);
    assert_eq!(summary(&again)["changed"], 0);
    let (code, plan) = shop.diff();
    assert_eq!(code, 2, "everything is to be made again: {:?}", changes(&plan));
}

/// `down` with all that it needs; then nothing of the stack is anywhere.
pub async fn gone(shop: &Shop, clients: &Clients) -> Vec<Value> {
    let lines = shop.events(&["down", "--yes", "--destroy-data"]);
    assert_eq!(summary(&lines)["remaining"], json!([]));
    assert_eq!(lines[0]["summary"]["delete"], summary(&lines)["changed"]);
    assert_eq!(leftovers(clients, &shop.stack).await, Vec::<String>::new());
    lines
}
