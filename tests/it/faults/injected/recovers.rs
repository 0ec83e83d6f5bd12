//! Errors that pass by themselves: shopstack gets over each, says what it waits for, counts right,
//! and ends as ever.

use super::burst::Burst;
use super::rows::{self, CHANGE, LOGGING, Row, UP};
use super::rows_down::DOWN;
use super::{quiet, reference};
use crate::faults::inventory::Inventory;
use crate::faults::lane::{self, Ended, Lane};
use crate::support::{World, desired, endpoint, step};
use serde_json::json;
use shopstack::aws::error::{LATE, THROTTLE};
use shopstack::model::Op;
use shopstack::resources::{
    ResourceType, declared_calls, waf::waf_logging::WafLogging, waf::web_acl::WebAcl,
};

#[test]
fn every_rule_and_every_throttle_code_has_its_error_here() {
    let service = |operation: &str| operation.split(':').next().map(str::to_string);
    let mut missing: Vec<String> = Vec::new();
    for (call, rule) in declared_calls().retries() {
        let own = call.retries.contains(rule);
        let of = |row: &Row| match own {
            true => row.operation == call.operation,
            false => service(row.operation) == service(call.operation),
        };
        let fragment = rule.fragment.to_lowercase();
        let said = |row: &Row| row.message.to_lowercase().contains(&fragment);
        if !rows::all().any(|row| of(row) && row.code == rule.code && said(row)) {
            missing.push(format!("{} {} {}", call.operation, rule.code, rule.fragment));
        }
    }
    let codes = THROTTLE.iter().chain(LATE);
    missing.extend(
        codes.filter(|code| !rows::all().any(|r| r.code == **code)).map(|c| (*c).to_string()),
    );
    assert!(missing.is_empty(), "no test injects: {missing:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_error_that_passes_is_got_over() {
    let reference = reference().await;
    let burst = Burst::start(&endpoint().await, 1).await;
    let lane = Lane::behind("burst", &burst.url).await;

    let up = under(&burst, &lane, &lane::UP, UP).await;
    assert_eq!(lane.inventory().await.differences(reference), Vec::<String>::new());
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
    quiet(&burst, &lane).await;

    let changes = [
        ("memory: 256", "memory: 320"),
        ("rate_limit: 2000", "rate_limit: 3000"),
        ("retention_days: 30", "retention_days: 60"),
        ("rate: 50,", "rate: 60,"),
        ("PriceClass_100", "PriceClass_200"),
    ];
    changes.iter().for_each(|(from, to)| lane.edit(from, to));
    under(&burst, &lane, &lane::UP, CHANGE).await;
    quiet(&burst, &lane).await;

    let down = under(&burst, &lane, &lane::DOWN, DOWN).await;
    assert_eq!(down.last()["remaining"], json!([]));
    assert_eq!(lane.inventory().await.differences(&Inventory::default()), Vec::<String>::new());
    let waits = down.waits();
    assert!(
        waits.iter().any(|w| w.contains("apigateway DeleteRestApi: AWS throttles")),
        "{waits:#?}"
    );
}

/// Runs a command while `rows` are injected: it succeeds, every error came as often as it should,
/// and was counted.
async fn under(burst: &Burst, lane: &Lane, command: &[&str], rows: &[Row]) -> Ended {
    let rows: Vec<&Row> = rows.iter().collect();
    burst.inject(&rows).await;
    let run = lane.run(command).await;
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
        "injected: {} errors of {} kinds into `{}`: retried {retried}, throttled {throttled}, {} ms",
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
    let moto =
        std::env::var("SHOPSTACK_TEST_MOTO").expect("SHOPSTACK_TEST_MOTO names a moto server");
    let burst = Burst::start(&moto, 1).await;
    let world = World::at("burstlog", &burst.url).await;
    let spec = crate::resources::web_acl::spec(&world, "cdn", "CLOUDFRONT");
    let acl = desired(&WebAcl, "web_acl.cdn", &world.scope.name("cdn"), spec);
    let made =
        WebAcl.create(&world.writer, &step(&acl, Op::Create, None), &acl.spec).await.unwrap();
    let destination =
        format!("arn:aws:logs:us-east-1:{}:log-group:aws-waf-logs-burst", world.scope.account);
    let spec = json!({"web_acl_arn": made["arn"], "destination": destination, "redacted_headers": ["cookie"]});
    let wanted = desired(&WafLogging, "waf_logging.cdn", "burstlog-t-cdn", spec);

    let rows: Vec<&Row> = LOGGING.iter().collect();
    burst.inject(&rows).await;
    WafLogging.create(&world.writer, &step(&wanted, Op::Create, None), &wanted.spec).await.unwrap();
    assert_eq!(burst.missed(&rows).await, Vec::<String>::new());
    let acls = world.discover(&WebAcl, &[&acl], &[]).await;
    let seen = world.discover(&WafLogging, &[&wanted], &acls).await;
    assert_eq!(seen[0].spec, wanted.spec);
    WafLogging.delete(&world.writer, &seen[0]).await.unwrap();
    WebAcl.delete(&world.writer, &acls[0]).await.unwrap();
}
