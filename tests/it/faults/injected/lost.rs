//! Answers that never come, whole or at all: what took effect is found again, never made twice,
//! never given up.

use super::burst::Burst;
use super::{gone, quiet, reference};
use crate::support::env::endpoint;
use crate::support::proxied::{ProxiedShop, UP};
use serde_json::json;

/// Creates that AWS would do twice, or refuse the second time (catalogue 1.4), with their answers'
/// bodies.
const CREATES: &[&str] = &[
    "dynamodb:CreateTable",
    "iam:CreateRole",
    "lambda:CreateFunction",
    "lambda:AddPermission",
    "apigateway:CreateRestApi",
    "apigateway:CreateResource",
    "apigateway:PutMethod",
    "apigateway:CreateDeployment",
    "apigateway:CreateStage",
    "cloudfront:CreateOriginAccessControl",
    "cloudfront:CreateResponseHeadersPolicy",
    "cloudfront:CreateDistributionWithTags",
    "wafv2:CreateWebACL",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_create_whose_answer_is_cut_short_is_not_done_twice() {
    let reference = reference().await;
    let burst = Burst::start(&endpoint(), 1).await;
    let shop = ProxiedShop::behind("burstlost", &burst.url).await;
    let rule = |operation: &str, response: serde_json::Value| {
        let (service, operation) = operation.split_once(':').unwrap();
        json!({"service": service, "operation": operation, "times": 1, "response": response})
    };
    // The first answer breaks off with the connection, the second ends in the middle of its
    // document.
    let broken = CREATES.iter().map(|o| rule(o, json!({"abort_bytes": 0})));
    let short = CREATES.iter().map(|o| rule(o, json!({"truncate_bytes": 7})));
    burst.rules(&broken.chain(short).collect::<Vec<_>>()).await;
    let up = shop.run(&UP).await;
    let fired = burst.fired().await;
    burst.rules(&[]).await;
    assert_eq!(up.code, 0, "{up:#?}");
    // The origin access control is shared: a neighbour may have made it.
    let shared = |operation: &str| operation == "cloudfront:CreateOriginAccessControl";
    let unbroken = CREATES.iter().zip(&fired).filter(|(o, times)| **times != 1 && !shared(o));
    assert_eq!(unbroken.count(), 0, "{fired:?} of {CREATES:?}");
    assert!(fired.iter().sum::<u64>() > CREATES.len() as u64 + 4, "{fired:?}");
    assert_eq!(shop.inventory().await.differences(reference), Vec::<String>::new());
    quiet(&burst, &shop).await;
    gone(&shop).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_write_may_lose_its_connection_on_the_way_there_or_back() {
    let reference = reference().await;
    let lives = [("burstthere", false), ("burstback", true)].map(|(name, after)| async move {
        let shop = ProxiedShop::new(name).await;
        shop.proxy.cut(after);
        let up = shop.run(&UP).await;
        let seen = shop.proxy.unwatch().await;
        assert_eq!(up.code, 0, "{up:#?}");
        let cut = seen.writes.iter().filter(|(_, nth)| *nth == 1).count();
        println!(
            "lost: {cut} kinds of writes in `up`, after them: {after}; {}",
            up.last()["calls"]
        );
        assert!(cut > 30, "too few kinds of writes were cut: {:?}", seen.writes);
        assert_eq!(
            shop.inventory().await.differences(reference),
            Vec::<String>::new(),
            "after: {after}"
        );
        assert_eq!(shop.run(&["diff"]).await.code, 0);
        shop.proxy.cut(after);
        gone(&shop).await;
        let cut = shop.proxy.unwatch().await.writes.iter().filter(|(_, nth)| *nth == 1).count();
        assert!(cut > 12, "too few kinds of writes of `down` were cut: {cut}");
    });
    futures_util::future::join_all(lives).await;
}
