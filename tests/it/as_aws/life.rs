//! The whole life of the shop before the judge: up, nothing to do, each kind of change, smoke,
//! report, down; from two regions.

use super::judge::Judge;
use super::{changes, deployer};
use crate::support::run::summary;
use crate::support::shop::{SECRET, Shop};
use serde_json::{Value, json};

/// Operations that a whole life asks for, at least: fewer, and the judge was not in the way.
const OPERATIONS: usize = 90;

#[tokio::test]
async fn a_life_before_the_judge() {
    whole_life("asaws", "us-east-1").await;
}

#[tokio::test]
async fn a_life_in_ireland_before_the_judge() {
    whole_life("aseurope", "eu-west-1").await;
}

async fn whole_life(name: &str, region: &str) {
    let judge = Judge::start(region, SECRET);
    let shop = judge.shop(name, region);
    let doctor = shop.run(&["doctor", "--json"]);
    assert_eq!(doctor.code, 0, "{}{}", doctor.stdout, doctor.stderr);
    up(&shop, region);
    nothing_to_do(&shop);
    assert_eq!(findings(&shop), [""; 0]);
    judge.acquits().await;

    changes::each_kind(&shop, &judge).await;

    let smoke = shop.events(&["smoke"]);
    let others = unlike(&smoke, "passed");
    assert!(others.iter().all(|l| l["check"] == "waf"), "the firewall went last: {others:?}");
    // One of the changes granted what no code uses.
    assert_eq!(findings(&shop), ["excess-grant role.listProducts"]);

    down(&shop);
    let seen = judge.acquits().await;
    let operations = seen["operations"].as_object().unwrap().len();
    assert!(operations >= OPERATIONS, "only {operations}: {}", seen["operations"]);
    deployer::every_action_is_needed(&seen["operations"], "us-east-1");
    println!("{} requests of {operations} operations judged in AWS mode", seen["requests"]);
}

/// Rule and address of each finding that auditors are shown.
fn findings(shop: &Shop) -> Vec<String> {
    let report = shop.run(&["policy-report", "--format", "json"]);
    let text: Value = serde_json::from_str(&report.stdout).expect(&report.stderr);
    let findings = text["findings"].as_array().unwrap().iter();
    let word = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_string();
    let found: Vec<String> =
        findings.map(|f| format!("{} {}", word(f, "rule"), word(f, "address"))).collect();
    assert_eq!(report.code, if found.is_empty() { 0 } else { 2 }, "{}", report.stdout);
    found
}

/// Events of the smoke test that do not have this status.
fn unlike(lines: &[Value], status: &str) -> Vec<Value> {
    let smoke = lines.iter().filter(|l| l["event"] == "smoke");
    smoke.filter(|l| l["status"] != status).cloned().collect()
}

/// The first `up`: everything is made, and all that a visitor would try works.
fn up(shop: &Shop, region: &str) {
    let lines = shop.events(&["up", "--yes"]);
    // In an account and region where nothing is yet, `doctor` comes first.
    let plan = lines.iter().find(|line| line["event"] == "plan").expect("a plan");
    assert_eq!(plan["summary"]["create"], summary(&lines)["changed"]);
    assert_eq!(unlike(&lines, "passed"), Vec::<Value>::new());
    let outputs = &summary(&lines)["outputs"];
    let site = outputs["site_url"].as_str().unwrap();
    assert!(site.starts_with("https://") && site.contains(".cloudfront.net"), "{site}");
    let api = outputs["api_url"].as_str().unwrap();
    assert!(api.contains(&format!(".execute-api.{region}.amazonaws.com/")), "{api}");
}

fn nothing_to_do(shop: &Shop) {
    let lines = shop.events(&["up", "--yes", "--no-smoke"]);
    assert_eq!(summary(&lines)["changed"], 0);
    assert_eq!(summary(&lines)["calls"]["write"], 0);
    let (code, plan) = shop.diff();
    assert_eq!((code, &plan["changes"]), (0, &json!([])));
}

fn down(shop: &Shop) {
    let lines = shop.events(&["down", "--yes", "--destroy-data"]);
    assert_eq!(summary(&lines)["remaining"], json!([]));
}
