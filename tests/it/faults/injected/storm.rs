//! A storm on every call at once: throttles, HTTP 500, cut connections, lost answers, latency; and
//! all ends as ever.

use super::burst::Burst;
use super::reference;
use crate::support::env::endpoint;
use crate::support::inventory::Inventory;
use crate::support::proxied::{DOWN, ProxiedShop, UP};
use crate::support::run::Run;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// Storms at a time.
const LANES: usize = 2;
/// Seeds in a plain `make test`, and in `make soak`.
const SEEDS: (u64, u64) = (2, 10);

/// How each service throttles: name, HTTP status, code.
const THROTTLES: &[(&str, u16, &str)] = &[
    ("apigateway", 429, "TooManyRequestsException"),
    ("cloudfront", 400, "Throttling"),
    ("dynamodb", 400, "ThrottlingException"),
    ("iam", 400, "Throttling"),
    ("lambda", 429, "TooManyRequestsException"),
    ("logs", 400, "ThrottlingException"),
    ("resourcegroupstaggingapi", 400, "ThrottledException"),
    ("s3", 503, "SlowDown"),
    ("sts", 400, "Throttling"),
    ("wafv2", 400, "ThrottlingException"),
];

/// Rules of each service.
const KINDS: usize = 4;

/// What came of one seed.
#[derive(Default)]
struct Figures {
    throttles: u64,
    errors: u64,
    cut: u64,
    lost: u64,
    delayed: u64,
    retried: u64,
    throttled: u64,
    seconds: u64,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn up_up_again_diff_and_down_in_a_storm() {
    let reference = reference().await;
    let soak = std::env::var("SHOPSTACK_SOAK").is_ok_and(|v| v == "1");
    let count = if soak { SEEDS.1 } else { SEEDS.0 };
    // Without a soak other seeds in every run.
    let first = if soak { 1 } else { u64::from(std::process::id()) };
    let seeds = Arc::new(Mutex::new(first..first + count));
    let mut lanes = tokio::task::JoinSet::new();
    for _ in 0..LANES {
        let seeds = seeds.clone();
        lanes.spawn(async move {
            loop {
                let Some(seed) = seeds.lock().unwrap().next() else {
                    return;
                };
                weather(seed, reference).await;
            }
        });
    }
    while let Some(shop) = lanes.join_next().await {
        shop.unwrap();
    }
    println!("storm: {count} seeds from {first} on, all ended as without it");
}

/// 20 % throttles, 5 % HTTP 500, 5 % cut connections, half of them after the call took effect; 50
/// to 500 ms on all. Each rule sees only what those before it let through, so its own share is
/// larger.
fn rules() -> Vec<Value> {
    let latency = json!({"min": 50, "max": 500});
    let of = |(service, status, code): &(&str, u16, &str)| {
        let throttle = json!({"code": code, "status": status, "message": "Rate exceeded"});
        let error = json!({"code": "InternalError", "status": 500, "message": "We encountered an internal error."});
        let effects: [(f64, &str, Value); KINDS] = [
            (0.20, "error", throttle),
            (0.05 / 0.80, "error", error),
            (0.025 / 0.75, "reset", json!(true)),
            (0.025 / 0.725, "response", json!({"abort_bytes": 0})),
        ];
        effects.map(
            |(share, effect, what)| json!({"service": service, "probability": share, "latency": latency, effect: what}),
        )
    };
    let rest = json!({"service": "*", "latency": latency});
    THROTTLES.iter().flat_map(of).chain([rest]).collect()
}

/// One life of a stack in the storm of one seed.
async fn weather(seed: u64, reference: &Inventory) {
    let burst = Burst::start(&endpoint(), seed).await;
    let shop = ProxiedShop::behind(&format!("storm{seed}"), &burst.url).await;
    let mut figures = Figures::default();
    let up = blow(&burst, &shop, &UP, &mut figures).await;
    assert_eq!(up.code, 0, "seed {seed}: {up:#?}");
    assert_eq!(shop.inventory().await.differences(reference), Vec::<String>::new(), "seed {seed}");
    let again = blow(&burst, &shop, &UP, &mut figures).await;
    assert_eq!(again.code, 0, "seed {seed}: {again:#?}");
    let calls = (again.last()["changed"].as_u64(), again.last()["calls"]["write"].as_u64());
    assert_eq!(calls, (Some(0), Some(0)), "seed {seed}: {again:#?}");
    let diff = blow(&burst, &shop, &["diff"], &mut figures).await;
    assert_eq!(diff.code, 0, "seed {seed}: {diff:#?}");
    let down = blow(&burst, &shop, &DOWN, &mut figures).await;
    assert_eq!(down.code, 0, "seed {seed}: {down:#?}");
    assert_eq!(down.last()["remaining"], json!([]), "seed {seed}");
    assert_eq!(
        shop.inventory().await.differences(&Inventory::default()),
        Vec::<String>::new(),
        "seed {seed}"
    );
    let Figures { throttles, errors, cut, lost, delayed, retried, throttled, seconds } = figures;
    println!(
        "storm: seed {seed}: {throttles} throttles, {errors} HTTP 500, {cut} cut, {lost} lost \
         answers, {delayed} delayed only; retried {retried}, throttled {throttled}; {seconds} s; \
         0 lost, 0 doubled, 0 orphaned"
    );
    assert!(
        throttles > 20 && errors > 5 && cut > 2 && delayed > 100,
        "seed {seed}: that was no storm"
    );
}

/// One command with the storm's rules set anew.
async fn blow(burst: &Burst, shop: &ProxiedShop, command: &[&str], figures: &mut Figures) -> Run {
    burst.rules(&rules()).await;
    let start = std::time::Instant::now();
    let run = shop.run(command).await;
    let fired = burst.fired().await;
    let (delayed, kinds) = fired.split_last().unwrap();
    let sum = |kind: usize| kinds.iter().skip(kind).step_by(KINDS).sum::<u64>();
    figures.throttles += sum(0);
    figures.errors += sum(1);
    figures.cut += sum(2);
    figures.lost += sum(3);
    figures.delayed += delayed;
    figures.seconds += start.elapsed().as_secs();
    let calls = &run.last()["calls"];
    figures.retried += calls["retried"].as_u64().unwrap_or(0);
    figures.throttled += calls["throttled"].as_u64().unwrap_or(0);
    run
}
