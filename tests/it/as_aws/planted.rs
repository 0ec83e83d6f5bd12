//! The judge can fail: faults of every kind are found, in requests of its own making and in the
//! binary's.

use super::judge::{Judge, module};
use crate::support::shop::SECRET;

#[test]
fn every_kind_of_planted_fault_is_found() {
    let run = module("planted").output().unwrap();
    let said = String::from_utf8_lossy(&run.stdout).into_owned();
    let trouble = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(run.status.success(), "{said}{trouble}");
    let kinds = "operation member type required enum pattern length union location checksum region \
                 host signature";
    for kind in kinds.split(' ') {
        assert!(said.contains(&format!("found {kind} ")), "no fault of the kind {kind}: {said}");
    }
}

/// The kinds of findings after one run of `envs` before a judge of `region` and `secret`.
async fn kinds_found(region: &str, secret: &str) -> Vec<String> {
    let judge = Judge::start(region, secret);
    let shop = judge.shop("planted", "us-east-1").with_quick_crates().with_small_site();
    shop.run(&["envs"]);
    let report = judge.report().await;
    let findings = report["findings"].as_array().unwrap().iter();
    let mut kinds: Vec<_> = findings.map(|f| f["kind"].as_str().unwrap().to_string()).collect();
    kinds.dedup();
    kinds
}

#[tokio::test]
async fn the_judge_hears_the_binary_itself() {
    assert_eq!(kinds_found("us-east-1", SECRET).await, Vec::<String>::new());
    assert_eq!(kinds_found("us-east-1", "another").await, ["signature"]);
    assert!(kinds_found("eu-west-1", SECRET).await.contains(&"region".to_string()));
}
