//! The whole life of the shop before the judge: up, nothing to do, each kind of change, smoke,
//! report, down; from two regions.

use super::judge::Judge;
use super::{changes, deployer};
use crate::support::run::summary;
use crate::support::shop::{SECRET, Shop};
use serde_json::{Value, json};

/// Operations that a whole life asks for, at least: fewer, and the judge was not in the way.
const OPERATIONS: usize = 70;

#[tokio::test]
async fn a_life_before_the_judge() {
    let judge = Judge::start("us-east-1", SECRET);
    let shop = judge.shop("asaws", "us-east-1");
    up(&shop);
    nothing_to_do(&shop);
    let report = shop.run(&["policy-report", "--format", "json"]);
    assert_eq!(report.code, 0, "{}{}", report.stdout, report.stderr);
    // What it finds is the emulator's.
    assert!(shop.run(&["doctor"]).code < 2);
    judge.acquits().await;

    changes::each_kind(&shop, &judge).await;

    let smoke = shop.events(&["smoke"]);
    let others = unlike(&smoke, "passed");
    assert!(others.iter().all(|l| l["check"] == "waf"), "the firewall went last: {others:?}");

    down(&shop);
    let seen = judge.acquits().await;
    let operations = seen["operations"].as_object().unwrap().len();
    assert!(operations >= OPERATIONS, "only {operations}: {}", seen["operations"]);
    deployer::every_action_is_needed(&seen["operations"], "us-east-1");
    println!("{} requests of {operations} operations judged in AWS mode", seen["requests"]);
}

#[tokio::test]
async fn a_life_in_ireland_before_the_judge() {
    let judge = Judge::start("eu-west-1", SECRET);
    let shop = judge.shop("aseurope", "eu-west-1").with_quick_crates().with_small_site();
    let lines = shop.events(&["up", "--yes", "--no-smoke"]);
    let url = summary(&lines)["outputs"]["api_url"].as_str().unwrap();
    assert!(url.contains(".execute-api.eu-west-1.amazonaws.com/"), "{url}");
    let again = shop.events(&["up", "--yes", "--no-smoke"]);
    assert_eq!(
        (&summary(&again)["changed"], &summary(&again)["calls"]["write"]),
        (&0.into(), &0.into())
    );
    assert_eq!(shop.diff().0, 0);
    down(&shop);
    judge.acquits().await;
}

/// Events of the smoke test that do not have this status.
fn unlike(lines: &[Value], status: &str) -> Vec<Value> {
    let smoke = lines.iter().filter(|l| l["event"] == "smoke");
    smoke.filter(|l| l["status"] != status).cloned().collect()
}

/// The first `up`: everything is made, and all that a visitor would try works.
fn up(shop: &Shop) {
    let lines = shop.events(&["up", "--yes"]);
    assert_eq!(lines[0]["summary"]["create"], summary(&lines)["changed"]);
    assert_eq!(unlike(&lines, "passed"), Vec::<Value>::new());
    let outputs = &summary(&lines)["outputs"];
    let site = outputs["site_url"].as_str().unwrap();
    assert!(site.starts_with("https://") && site.contains(".cloudfront.net"), "{site}");
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
