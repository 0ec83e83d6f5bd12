//! Environments that come and go at once share the account's rates of API Gateway, of which two
//! deleted APIs a minute is the lowest: all of them finish, in little more than those allow.

use super::environments::{all_at_once, is_soak};
use crate::support::budgets::Budgets;
use crate::support::env::endpoint;
use crate::support::inventory::leftovers;
use crate::support::shop::Shop;
use serde_json::json;
use std::time::{Duration, Instant};

/// As many as fit into `make test`; `make soak` has what the figures in docs/environments.md are
/// of.
fn how_many() -> usize {
    if is_soak() { 20 } else { 3 }
}

/// What comes to the time that the rates allow: the pause of whoever is last, and the work itself.
const MORE: Duration = Duration::from_secs(90);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn environments_finish_within_the_rates_that_they_share() {
    let budgets = Budgets::start(&endpoint()).await;
    let shop = Shop::new("rates", &budgets.url).with_quick_crates().with_small_site();
    assert_eq!(shop.run(&["build"]).code, 0);
    let envs: Vec<String> = (1..=how_many()).map(|n| format!("pr-{n}")).collect();
    let up = ["up", "--yes", "--no-smoke", "--json", "--ttl", "4h"];
    let down = ["down", "--yes", "--json"];
    for command in [&up[..], &down] {
        budgets.begin();
        let start = Instant::now();
        for run in all_at_once(&shop, &envs, command) {
            assert_eq!((run.code, &run.last()["remaining"]), (0, &json!([])), "{run:#?}");
        }
        let (took, figures) = (start.elapsed(), budgets.figures());
        println!(
            "rates: {} environments, {}: {:.0} s; {} alone takes {:.0} s; refused {} times",
            envs.len(),
            command[0],
            took.as_secs_f64(),
            figures.slowest,
            figures.least.as_secs_f64(),
            figures.refused,
        );
        assert!(figures.refused > 0, "nothing came too fast");
        assert!(took < figures.least.mul_f64(1.25) + MORE, "{took:?}, of {:?}", figures.least);
    }
    let (clients, _) = shop.clients().await;
    assert_eq!(leftovers(&clients, &shop.stack).await, Vec::<String>::new());
}
