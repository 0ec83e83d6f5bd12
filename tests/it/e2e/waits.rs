//! What waits for what: `down --no-wait` while CloudFront takes its minutes, and how deep the reads
//! of `diff` are.

use super::environments::tables_alone;
use crate::support::endpoint::Endpoint;
use crate::support::env::endpoint;
use crate::support::run::summary;
use crate::support::shop::Shop;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[tokio::test]
async fn down_without_waiting_takes_all_but_what_cloudfront_holds_and_names_that() {
    let endpoint = endpoint();
    let shop = Shop::new("nowait", &endpoint).with_quick_crates();
    shop.events(&["up", "--yes", "--no-smoke"]);
    let slow = Endpoint::rewriting(&endpoint, |text| {
        text.replace("<Status>Deployed<", "<Status>InProgress<")
    });
    let down = ["down", "--yes", "--destroy-data", "--no-wait", "--json"];
    for run in ["the first", "one more while it is still in progress"] {
        let left = shop.run_at(&slow.url, &down);
        assert_eq!(left.code, 6, "{run}: {}\n{}", left.stdout, left.stderr);
        let lines = left.lines();
        let remaining = summary(&lines)["remaining"].as_array().expect("a list").clone();
        let mut names: Vec<&str> =
            remaining.iter().filter_map(|r| r.as_str()?.split(' ').next()).collect();
        names.sort_unstable();
        let held = [
            "bucket.site",
            "distribution.site",
            "headers.site",
            "log_group.waf-cdn",
            "web_acl.cdn",
        ];
        assert_eq!(names, held, "{run}: {}", left.stderr);
        assert!(left.stderr.contains("run `shopstack down` again"), "{}", left.stderr);
    }
    assert!(slow.changed.load(Ordering::SeqCst) > 0, "CloudFront was never slow");
    let lines = shop.events(&["down", "--yes", "--destroy-data"]);
    assert_eq!(summary(&lines)["remaining"], serde_json::json!([]));
}

/// A newer version's queue: this one cannot delete it, and does not say that nothing is left.
#[tokio::test]
async fn down_names_what_is_tagged_as_the_environments_and_of_no_known_kind() {
    let shop = tables_alone("newer", "us-east-1");
    shop.events(&["up", "--yes", "--no-smoke"]);
    let newer = Endpoint::rewriting(&endpoint(), |text| {
        let list = r#""ResourceTagMappingList": ["#;
        let queue = r#"{"ResourceARN": "arn:aws:sqs:us-east-1:000000000000:queue", "Tags": []}"#;
        let text = text.replace(&format!("{list}]"), &format!("{list}{queue}]"));
        text.replace(&format!("{list}{{"), &format!("{list}{queue},{{"))
            .replace(&format!("{queue},{queue}"), queue)
    });
    let left = shop.run_at(&newer.url, &["down", "--yes", "--destroy-data", "--json"]);
    assert_eq!(left.code, 6, "{}\n{}", left.stdout, left.stderr);
    let queue = "arn:aws:sqs:us-east-1:000000000000:queue";
    assert_eq!(summary(&left.lines())["remaining"], serde_json::json!([queue]));
    assert!(left.stderr.contains("of the version that made them"), "{}", left.stderr);
    let lines = shop.events(&["down", "--yes", "--destroy-data"]);
    assert_eq!(summary(&lines)["remaining"], serde_json::json!([]));
}

#[tokio::test]
async fn the_reads_of_a_clean_diff_are_at_most_four_deep() {
    for (name, region) in [("deephere", "us-east-1"), ("deepthere", "eu-west-1")] {
        let holds = Arc::new(AtomicBool::new(false));
        let waves = Endpoint::in_waves(&endpoint(), holds.clone());
        let shop = Shop::new(name, &waves.url).in_region(region).with_quick_crates();
        shop.events(&["up", "--yes", "--no-smoke"]);
        assert_eq!(shop.diff().0, 0, "clean, and the Lambdas are built");
        let asked = waves.asked.load(Ordering::SeqCst);
        holds.store(true, Ordering::SeqCst);
        assert_eq!(shop.diff().0, 0, "clean");
        holds.store(false, Ordering::SeqCst);
        let (asked, deep) =
            (waves.asked.load(Ordering::SeqCst) - asked, waves.changed.load(Ordering::SeqCst));
        println!("diff in {region}: {asked} requests, {deep} deep");
        assert!((2..=4).contains(&deep), "{region}: {deep} deep");
        shop.events(&["down", "--yes", "--destroy-data"]);
    }
}
