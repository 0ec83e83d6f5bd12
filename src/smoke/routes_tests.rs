//! Checks of a stack without a shop's routes: what its author lets the test ask stands in for them.

use super::shop_tests::{Fault, LIST_LOG, Shop};
use super::tests::{checks_with, message, silent, target};
use super::*;
use std::collections::BTreeSet;

/// A stack of one's own: no catalogue and no orders, only what its author lets the test ask.
fn plain(shop: &Shop, check: Check) -> Target {
    let request = |method: &str, path: &str| RequestTarget {
        method: method.into(),
        path: path.into(),
        status: None,
        json: None,
        repeatable: method == "GET",
        log_group: None,
    };
    let mut target = target(shop, 150);
    (target.products, target.order) = (None, None);
    target.requests = vec![request("GET", "/products"), request("POST", "/orders")];
    target.checks = BTreeSet::from([check]);
    target
}

#[tokio::test]
async fn the_requests_of_a_stack_of_ones_own_are_looked_at_as_a_page_would() {
    let shop = Shop::open(Fault::None).await;
    let report = run(&plain(&shop, Check::Cors), shop.as_ref(), &silent()).await;
    assert_eq!(checks_with(&report, SmokeStatus::Passed), ["cors"], "{report:#?}");
    for fault in [Fault::PreflightFails, Fault::ReadingForNobody] {
        let shop = Shop::open(fault).await;
        let report = run(&plain(&shop, Check::Cors), shop.as_ref(), &silent()).await;
        assert!(report.failed(), "{fault:?}: {report:#?}");
    }
}

#[tokio::test]
async fn the_firewall_and_the_logs_are_tried_with_the_stacks_own_requests() {
    let shop = Shop::open(Fault::None).await;
    let report = run(&plain(&shop, Check::Waf), shop.as_ref(), &silent()).await;
    assert!(message(&report, "waf").contains("at 2 addresses"), "{report:#?}");
    let mut target = plain(&shop, Check::Logs);
    target.log_groups.retain(|group| group.name == LIST_LOG);
    let report = run(&target, shop.as_ref(), &silent()).await;
    assert_eq!(checks_with(&report, SmokeStatus::Passed), ["logs"], "{report:#?}");

    // Nothing can be asked that would be logged: nothing is waited for.
    target.requests.retain(|request| request.method == "POST");
    let report = run(&target, shop.as_ref(), &silent()).await;
    assert_eq!(checks_with(&report, SmokeStatus::Skipped), ["logs"], "{report:#?}");
}

#[tokio::test]
async fn http_must_lead_to_https_of_the_same_site() {
    let shop = Shop::open(Fault::None).await;
    let target = target(&shop, 100);
    let context = http::Context::new(&target, shop.as_ref()).unwrap();
    let url = format!("https://127.0.0.1:{}", shop.port);
    let retry::Trouble::Again(message) = site::redirect(&context, &url).await.unwrap_err() else {
        panic!("final")
    };
    assert!(message.contains(&format!("expected a redirect to {url}, got 200")), "{message}");
    *shop.redirect.lock().unwrap() = Some("https://elsewhere.example/".into());
    assert!(site::redirect(&context, &url).await.is_err());
    *shop.redirect.lock().unwrap() = Some(format!("{url}/"));
    site::redirect(&context, &url).await.unwrap();
}
