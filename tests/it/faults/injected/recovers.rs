//! Errors that pass by themselves: shopstack gets over each, says what it waits for, counts right,
//! and ends as ever.

use super::burst::Burst;
use super::{gone, quiet, reference};
use crate::support::env::{TestEnv, endpoint, moto};
use crate::support::inventory::Inventory;
use crate::support::proxied::{self, ProxiedShop};
use crate::support::rows::{CHANGE, LOGGING, Row, UP};
use crate::support::rows_down::DOWN;
use crate::support::run::Run;
use crate::support::step::{desired, step};
use serde_json::json;
use shopstack::model::Op;
use shopstack::resources::{ResourceType, waf::waf_logging::WafLogging, waf::web_acl::WebAcl};

/// Three shops at a time, since all that any of them does is wait.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_error_that_passes_is_got_over() {
    let reference = reference().await;
    tokio::join!(errors_of_up(reference), errors_of_changes(), errors_of_down());
}

async fn errors_of_up(reference: &Inventory) {
    let burst = Burst::start(&endpoint(), 1).await;
    let shop = ProxiedShop::behind("burstup", &burst.url).await;
    let up = run_under(&burst, &shop, &proxied::UP, UP).await;
    assert_eq!(shop.inventory().await.differences(reference), Vec::<String>::new());
    for said in [
        "AWS throttles",
        "it is busy with a change",
        "is not visible to the other service",
        "cannot be read yet",
    ] {
        assert!(up.waits().iter().any(|wait| wait.contains(said)), "{said}: {:#?}", up.waits());
    }
    let said = "tag GetResources: AWS throttles; trying again";
    assert_eq!(
        up.stderr.matches(said).count(),
        1,
        "told once, though no step waits yet: {}",
        up.stderr
    );
    quiet(&burst, &shop).await;
    gone(&shop).await;
}

async fn errors_of_changes() {
    let burst = Burst::start(&endpoint(), 1).await;
    let shop = ProxiedShop::behind("burstchange", &burst.url).await;
    quiet_up(&burst, &shop).await;
    let changes = [
        ("memory: 256", "memory: 320"),
        ("rate_limit: 2000", "rate_limit: 3000"),
        ("retention_days: 365", "retention_days: 60"),
        ("rate: 50,", "rate: 60,"),
        ("PriceClass_100", "PriceClass_200"),
    ];
    changes.iter().for_each(|(from, to)| shop.edit_all(from, to));
    run_under(&burst, &shop, &proxied::UP, CHANGE).await;
    quiet(&burst, &shop).await;
    gone(&shop).await;
}

async fn errors_of_down() {
    let burst = Burst::start(&endpoint(), 1).await;
    let shop = ProxiedShop::behind("burstdown", &burst.url).await;
    quiet_up(&burst, &shop).await;
    let down = run_under(&burst, &shop, &proxied::DOWN, DOWN).await;
    assert_eq!(down.last()["remaining"], json!([]));
    assert_eq!(shop.inventory().await.differences(&Inventory::default()), Vec::<String>::new());
    let waits = down.waits();
    assert!(
        waits.iter().any(|w| w.contains("apigateway DeleteRestApi: AWS throttles")),
        "{waits:#?}"
    );
}

/// An `up` without any error.
async fn quiet_up(burst: &Burst, shop: &ProxiedShop) {
    burst.rules(&[]).await;
    let up = shop.run(&proxied::UP).await;
    assert_eq!(up.code, 0, "{up:#?}");
}

/// Runs a command while `rows` are injected: it succeeds, every error came as often as it should,
/// and was counted.
async fn run_under(burst: &Burst, shop: &ProxiedShop, command: &[&str], rows: &[Row]) -> Run {
    // All environments share the origin access control and the account's log role: a neighbour may
    // have made them, and `down` leaves them. `replayed/oac` and `replayed/api` have their errors.
    let shared = |row: &&Row| {
        row.operation.ends_with("OriginAccessControl") || row.operation.ends_with("UpdateAccount")
    };
    let rows: Vec<&Row> = rows.iter().filter(|row| !shared(row)).collect();
    burst.inject(&rows).await;
    let run = shop.run(command).await;
    let missed = burst.missed(&rows).await;
    burst.rules(&[]).await;
    assert_eq!(run.code, 0, "{run:#?}");
    assert!(missed.is_empty(), "{missed:#?}\n{run:#?}");
    let sum = |of: &dyn Fn(&Row) -> bool| {
        rows.iter().filter(|r| of(r)).map(|r| u64::from(r.times)).sum::<u64>()
    };
    let calls = &run.last()["calls"];
    let (retried, throttled) =
        (calls["retried"].as_u64().unwrap(), calls["throttled"].as_u64().unwrap());
    println!(
        "injected: {} errors of {} kinds into `{}`: retried {retried}, throttled {throttled}, {} \
         ms",
        sum(&|_| true),
        rows.len(),
        command[0],
        run.last()["elapsed_ms"],
    );
    assert_eq!(throttled, sum(&Row::throttles), "throttled, as the summary counts it");
    assert_eq!(
        retried,
        sum(&|row| !row.looked_after),
        "repeated calls, as the summary counts them"
    );
    run
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_of_waf_logging_are_got_over_where_the_endpoint_knows_it() {
    let moto = moto();
    let burst = Burst::start(&moto, 1).await;
    let env = TestEnv::at("burstlog", &burst.url).await;
    let spec = crate::resources::web_acl::spec(&env, "cdn", "CLOUDFRONT");
    let acl = desired(&WebAcl, "web_acl.cdn", &env.scope.name("cdn"), spec);
    let made = WebAcl.create(&env.writer, &step(&acl, Op::Create, None), &acl.spec).await.unwrap();
    let destination =
        format!("arn:aws:logs:us-east-1:{}:log-group:aws-waf-logs-burst", env.scope.account);
    let spec = json!({"web_acl_arn": made["arn"], "destination": destination, "redacted_headers": ["cookie"]});
    let wanted = desired(&WafLogging, "waf_logging.cdn", "burstlog-t-cdn", spec);

    let rows: Vec<&Row> = LOGGING.iter().collect();
    burst.inject(&rows).await;
    WafLogging.create(&env.writer, &step(&wanted, Op::Create, None), &wanted.spec).await.unwrap();
    assert_eq!(burst.missed(&rows).await, Vec::<String>::new());
    let acls = env.discover(&WebAcl, &[&acl], &[]).await;
    let seen = env.discover(&WafLogging, &[&wanted], &acls).await;
    assert_eq!(seen[0].spec, wanted.spec);
    WafLogging.delete(&env.writer, &seen[0]).await.unwrap();
    WebAcl.delete(&env.writer, &acls[0]).await.unwrap();
}
