//! Every check against a good shop and against shops with one fault each: a check that cannot fail
//! checks nothing.

use super::shop_tests::{API_LOG, Fault, LIST_LOG, ORDER_LOG, Shop, WAF_LOG};
use super::*;
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Everything is checked; the budget only bounds how long a fault is waited for.
pub(super) fn target(shop: &Shop, budget_ms: u64) -> Target {
    let log = |name: &str, kind| LogTarget { name: name.into(), kind };
    Target {
        site_url: Some(shop.site()),
        api_url: Some(shop.url("/v1")),
        bucket_url: Some(shop.url("/bucket/index.html")),
        emulated: true,
        waf: true,
        requests: vec![RequestTarget {
            method: "GET".into(),
            path: "/health".into(),
            status: Some(200),
            json: None,
            repeatable: true,
            log_group: Some(LIST_LOG.into()),
        }],
        products: Some(ProductsTarget {
            route: "GET /products".into(),
            table: "shop-Products".into(),
            secret: Some("a-secret".into()),
        }),
        order: Some(OrderTarget {
            secret: Some("a-secret".into()),
            route: "POST /orders".into(),
            table: "shop-Orders".into(),
            user: "smoke-test".into(),
        }),
        cors: Some(CorsTarget {
            origins: vec![shop.site()],
            headers: vec!["Content-Type".into()],
            credentials: false,
        }),
        log_groups: vec![
            log(LIST_LOG, LogKind::Function),
            log(ORDER_LOG, LogKind::Function),
            log(API_LOG, LogKind::Api),
            log(WAF_LOG, LogKind::Waf),
        ],
        api_firewall: Firewall { log_group: WAF_LOG.into(), ..Firewall::default() },
        budget: Duration::from_millis(budget_ms),
        ..Target::default()
    }
}

/// An origin besides the site's.
const OTHER: &str = "https://shop.example";

/// A caller may want to spawn the test.
fn sendable<F: Future + Send>(future: F) -> F {
    future
}

pub(super) fn silent() -> Sink {
    Arc::new(|_| {})
}

pub(super) fn checks_with(report: &Report, status: SmokeStatus) -> Vec<&str> {
    report.results.iter().filter(|r| r.status == status).map(|r| r.check.as_str()).collect()
}

pub(super) fn message<'a>(report: &'a Report, check: &str) -> &'a str {
    &report.results.iter().find(|result| result.check == check).unwrap().message
}

/// The access log counts here although it is an emulator's: the shop under test writes one.
async fn report(fault: Fault) -> (Arc<Shop>, Report) {
    let shop = Shop::open(fault).await;
    let mut target = target(&shop, 150);
    if fault == Fault::ApiSilent {
        // Only real AWS writes access logs, and there the site check needs https.
        target.emulated = false;
        target.checks = BTreeSet::from([Check::Logs]);
    }
    let report = run(&target, shop.as_ref(), &silent()).await;
    (shop, report)
}

#[tokio::test]
async fn a_good_shop_passes_every_check_and_is_left_as_it_was() {
    let shop = Shop::open(Fault::None).await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let events = seen.clone();
    let sink: Sink = Arc::new(move |event| {
        if let Event::Smoke { check, status, .. } = event {
            events.lock().unwrap().push((check, status));
        }
    });
    let before = shop.products.lock().unwrap().clone();
    let target = target(&shop, 5000);
    let running = run(&target, shop.as_ref(), &sink);
    let report = sendable(running).await;
    assert_eq!(
        checks_with(&report, SmokeStatus::Passed),
        Check::ALL.map(Check::as_str),
        "{report:#?}"
    );
    assert!(!report.failed());
    let mut told = seen.lock().unwrap().clone();
    told.sort_by(|a, b| a.0.cmp(&b.0));
    let mut names = Check::ALL.map(|check| (check.as_str().to_string(), SmokeStatus::Passed));
    names.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(told, names);
    assert_eq!(shop.orders.lock().unwrap().keys().collect::<Vec<_>>(), ["real"]);
    assert_eq!(*shop.products.lock().unwrap(), before);
    assert_eq!(shop.counted.load(Ordering::SeqCst), shop.served.load(Ordering::SeqCst));
    assert!(
        shop.agents
            .lock()
            .unwrap()
            .iter()
            .all(|agent| agent.starts_with("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/")
                && agent.contains(" Safari/537.36 shopstack-smoke/"))
    );
}

#[tokio::test]
async fn each_fault_fails_just_its_own_checks_and_is_named() {
    use Fault::*;
    let cases: &[(Fault, &str, &str)] = &[
        (SiteDown, "site", "expected 200, got 502"),
        (SiteNotHtml, "site", "text/html beginning with a tag"),
        (SiteWithout("content-type"), "site", "text/html beginning with a tag"),
        (
            SiteWithout("content-security-policy"),
            "site",
            "header content-security-policy: expected",
        ),
        (
            SiteWithout("strict-transport-security"),
            "site",
            "header strict-transport-security: expected",
        ),
        (
            SiteWithout("x-content-type-options"),
            "site",
            "header x-content-type-options: expected nosniff, got no such",
        ),
        (SiteWithout("x-frame-options"), "site", "header x-frame-options: expected DENY"),
        (SiteWithout("referrer-policy"), "site", "header referrer-policy"),
        (SiteConnectsAnywhere, "site", "header content-security-policy"),
        (SiteOfAnotherApi, "site", "header content-security-policy"),
        (StaleConfig, "site", "config.json: expected 200 with apiUrl"),
        (ManifestServed, "site", "site.json: expected a refusal"),
        (OpenBucket, "bucket", "anybody can read it"),
        (HealthFails, "requests", "/v1/health: expected 200, got 502"),
        (HealthFails, "requests", "the log /aws/lambda/list:\n  | thread 'main' panicked"),
        (ProductMissing, "products", "2 items, without p-2"),
        (ProductForeign, "products", "with the unknown p-9"),
        (ProductPrice, "products", "with other values in p-1"),
        (PreflightFails, "cors", "expected a preflight answer"),
        (PreflightForAll, "cors", "got \"*\""),
        (PreflightEchoes, "cors", "from https://evil.example, header access-control-allow-origin"),
        (PreflightForNobody, "cors", "got \"\", status 204"),
        (PreflightWithoutMethod, "cors", "header access-control-allow-methods: expected GET"),
        (
            PreflightWithoutHeader,
            "cors",
            "header access-control-allow-headers: expected Content-Type",
        ),
        (ReadingEchoes, "cors", "GET http://127.0.0.1"),
        (ReadingForNobody, "cors", "GET http://127.0.0.1"),
        (OrderRefused, "order replay", "expected 201 with an orderId, got 409"),
        (OrderNotStored, "order", "no such item"),
        (OrderTotal, "order", "total: expected 37.00, got 0.01"),
        (OrderStatus, "order", "status: expected \"PLACED\", got \"LOST\""),
        (OrderItems, "order", "items: expected 2 of p-1"),
        (OrderUser, "order", "userId: expected \"smoke-test\", got \"somebody\""),
        (
            PriceAccepted,
            "tampering",
            "409 TotalMismatch for a total of 36.99 instead of 37.00, got 201",
        ),
        (MalformedCrashes, "tampering", "for malformed JSON, got 502"),
        (RefusedWithoutCode, "tampering replay unknown_product oversold", "got 409: \"no\""),
        (KeyForgotten, "replay", "expected the same answer to the same key"),
        (KeyGoodForAnother, "replay", "422 IdempotencyKeyReused for another order with a key"),
        (UnknownAccepted, "unknown_product", "422 UnknownProduct for a product that does not"),
        (OversoldAccepted, "oversold", "409 OutOfStock for two of a product of which there is one"),
        (OversoldTaken, "oversold", ": expected 1, got 0; a refused order must take nothing"),
        (MarkupEscaped, "markup", "the name: expected \"'></script><img"),
        (MarkupAsPage, "markup", "header content-type: expected application/json, got \"text/html"),
        (MarkupSniffed, "markup", "header x-content-type-options: expected nosniff, got \"\""),
        (TestProductForAll, "markup products", "no test product without the secret"),
        (TestProductHidden, "markup", "the test's product smoke"),
        (SqlPasses, "waf", "expected 403 from the firewall, got 200"),
        (ScriptPasses, "waf", "expected 403 from the firewall, got 200"),
        (FunctionSilent, "logs", "/aws/lambda/list: expected lines"),
        (ApiSilent, "logs", "/aws/apigateway/shop: expected lines"),
        (WafSilent, "logs", "aws-waf-logs-shop: expected lines"),
    ];
    for (fault, checks, phrase) in cases {
        let checks: Vec<&str> = checks.split(' ').collect();
        let (shop, report) = report(*fault).await;
        assert!(report.failed());
        let others: Vec<&str> = checks_with(&report, SmokeStatus::Failed)
            .into_iter()
            .filter(|name| !checks.contains(name))
            .collect();
        assert!(others.is_empty(), "{fault:?}: {report:#?}");
        let message = message(&report, checks[0]);
        assert!(message.contains(phrase), "{fault:?}: {message}");
        assert_eq!(
            shop.orders.lock().unwrap().keys().collect::<Vec<_>>(),
            ["real"],
            "{fault:?}: an order was left"
        );
        let left = shop.products.lock().unwrap().iter().any(|p| p["smokeTest"] == true);
        assert!(!left, "{fault:?}: a product was left");
    }
}

/// AWS answers five requests for log lines a second, for a whole account.
#[tokio::test]
async fn logs_are_asked_for_once_a_group_and_round_whatever_is_looked_for() {
    let shop = Shop::open(Fault::ApiSilent).await;
    for line in 0..5 {
        shop.log(API_LOG, format!("somebody else's request {line}"));
    }
    let mut target = target(&shop, 150);
    (target.emulated, target.checks) = (false, BTreeSet::from([Check::Logs]));
    let report = run(&target, shop.as_ref(), &silent()).await;
    assert!(report.failed(), "{report:#?}");
    let asked = shop.log_pages.lock().unwrap().clone();
    let first: Vec<&str> = asked.iter().take(4).map(String::as_str).collect();
    assert_eq!(first, [LIST_LOG, ORDER_LOG, API_LOG, WAF_LOG], "one each in the first round");
    assert!(asked.iter().skip(4).all(|group| group == API_LOG), "{asked:?}");
    let tries = report.results[0].message.rsplit_once("(tried ").unwrap().1;
    let tries: usize = tries.split(' ').next().unwrap().parse().unwrap();
    assert_eq!(asked.len(), 3 + tries);
}

#[tokio::test]
async fn every_exact_origin_is_tried() {
    // This shop answers its own site alone; an emulator's preflight answers the first as well.
    let shop = Shop::open(Fault::None).await;
    for origins in [[shop.site(), OTHER.into()], [OTHER.into(), shop.site()]] {
        for emulated in [true, false] {
            let mut target = target(&shop, 150);
            target.emulated = emulated;
            target.checks = BTreeSet::from([Check::Cors]);
            target.cors.as_mut().unwrap().origins = origins.to_vec();
            let report = run(&target, shop.as_ref(), &silent()).await;
            assert!(report.failed(), "{report:#?}");
            let message = message(&report, "cors");
            assert!(message.contains(&format!("from {OTHER}")), "{message}");
        }
    }
}

#[tokio::test]
async fn little_of_an_answer_is_shown() {
    let (_, report) = report(Fault::ProductsFail).await;
    assert_eq!(checks_with(&report, SmokeStatus::Failed), ["products", "markup"], "{report:#?}");
    assert!(message(&report, "products").len() < 600, "{}", message(&report, "products"));
}

#[tokio::test]
async fn a_firewall_that_stops_everybody_is_no_pass() {
    let (_, report) = report(Fault::FirewallStopsAll).await;
    assert!(
        message(&report, "waf").contains("anything but 403 for an ordinary query, got 403"),
        "{report:#?}"
    );
}

#[tokio::test]
async fn a_refusal_of_the_firewall_is_named_with_its_rule() {
    let (_, stopped) = report(Fault::FirewallStopsOrders).await;
    // No function has run, so its log is silent as well.
    let failed = ["order", "tampering", "replay", "unknown_product", "oversold", "logs"];
    assert_eq!(checks_with(&stopped, SmokeStatus::Failed), failed, "{stopped:#?}");
    let named = "the firewall refused it: the rule SizeRestrictions_BODY of AWS's managed group \
                 AWSManagedRulesCommonRuleSet, says its log";
    for check in ["order", "tampering"] {
        let message = message(&stopped, check);
        assert!(message.contains("got 403") && message.ends_with(named), "{message}");
    }
    // An outcome that the log does not tell is not guessed.
    let (_, refused) = report(Fault::PreflightFails).await;
    assert!(!message(&refused, "cors").contains("firewall"), "{refused:#?}");
}

#[tokio::test]
async fn an_order_that_is_not_marked_is_never_deleted() {
    let shop = Shop::open(Fault::OrderUnmarked).await;
    let target = Target { checks: BTreeSet::from([Check::Order]), ..target(&shop, 150) };
    let report = run(&target, shop.as_ref(), &silent()).await;
    assert!(message(&report, "order").contains("remove it by hand"), "{report:#?}");
    assert!(shop.deleted.lock().unwrap().is_empty());
    assert_eq!(shop.orders.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn an_order_taken_from_malformed_json_is_removed_again() {
    let (shop, report) = report(Fault::MalformedAccepted).await;
    assert!(checks_with(&report, SmokeStatus::Failed).contains(&"tampering"));
    assert_eq!(shop.orders.lock().unwrap().keys().collect::<Vec<_>>(), ["real"]);
}

#[tokio::test]
async fn orders_stored_without_an_answer_are_found_and_removed() {
    let (shop, report) = report(Fault::OrderUnanswered).await;
    assert!(message(&report, "order").contains("expected an answer"), "{report:#?}");
    assert!(!shop.deleted.lock().unwrap().is_empty());
    assert_eq!(shop.orders.lock().unwrap().keys().collect::<Vec<_>>(), ["real"]);
}

#[tokio::test]
async fn an_order_that_cannot_be_removed_fails_the_check_by_name() {
    let (_, report) = report(Fault::DeleteFails).await;
    let message = message(&report, "order");
    assert!(message.contains("is still there: not authorized to delete"), "{message}");
    assert!(message.contains("ask for dynamodb:DeleteItem"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn a_delete_without_effect_is_noticed() {
    let shop = Shop::open(Fault::DeleteDoesNothing).await;
    let mut target = target(&shop, 150);
    target.checks = BTreeSet::from([Check::Order]);
    let context = http::Context::new(&target, shop.as_ref()).unwrap();
    shop.orders
        .lock()
        .unwrap()
        .insert("o".into(), serde_json::json!({"orderId": "o", "smokeTest": true}));
    let till = till::Till::open(&context, target.order.as_ref().unwrap());
    assert!(till.remove("o").await.unwrap_err().contains("the delete had no effect"));
}

#[tokio::test]
async fn a_shop_that_settles_within_the_budget_passes() {
    let shop = Shop::open(Fault::None).await;
    shop.stumbles.store(20, Ordering::SeqCst);
    let report = run(&target(&shop, 20_000), shop.as_ref(), &silent()).await;
    assert!(!report.failed(), "{report:#?}");
    assert_eq!(shop.stumbles.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn nobody_there_is_a_failure_with_the_address() {
    let shop = Shop::open(Fault::None).await;
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let target = Target {
        site_url: Some(format!("http://x.cloudfront.localhost:{closed}")),
        checks: BTreeSet::from([Check::Site]),
        ..target(&shop, 100)
    };
    let report = run(&target, shop.as_ref(), &silent()).await;
    let message = message(&report, "site");
    assert!(
        message.contains(&format!(
            "http://x.cloudfront.localhost:{closed}/: expected an answer, got none ("
        )),
        "{message}"
    );
    assert!(message.contains("refused"), "{message}");
}

#[tokio::test]
async fn what_the_endpoint_cannot_do_is_skipped_and_said() {
    let shop = Shop::open(Fault::SqlPasses).await;
    let emulator = Target { waf_evaluated: false, ..target(&shop, 150) };
    let report = run(&emulator, shop.as_ref(), &silent()).await;
    assert_eq!(checks_with(&report, SmokeStatus::Skipped), ["waf"]);
    assert_eq!(message(&report, "waf"), "this endpoint does not evaluate WAF rules");
    assert!(
        message(&report, "logs").contains("writes no access log"),
        "{}",
        message(&report, "logs")
    );
    let settings_only = Target { serves_requests: false, ..target(&shop, 150) };
    let report = run(&settings_only, shop.as_ref(), &silent()).await;
    assert_eq!(checks_with(&report, SmokeStatus::Skipped).len(), Check::ALL.len());
    let nothing = run(&Target::default(), shop.as_ref(), &silent()).await;
    assert_eq!(checks_with(&nothing, SmokeStatus::Skipped).len(), Check::ALL.len(), "{nothing:#?}");
}
