//! The lock between runs: a dead holder is followed by itself, runs at once end as one, an
//! interrupted one lets go.

use crate::support::inventory::Inventory;
use crate::support::proxied::{DOWN, ProxiedShop, UP};
use crate::support::proxy::Point;
use crate::support::run::Run;
use rustix::process::Signal;
use std::time::{Duration, Instant};

/// The first call of an operation, before it reaches the endpoint.
fn first(operation: &str) -> Option<Point> {
    Some(Point { operation: operation.into(), nth: 1, after: false })
}

async fn gone(shop: &ProxiedShop) {
    let down = shop.run(&DOWN).await;
    assert_eq!(down.code, 0, "{down:?}");
    assert_eq!(shop.inventory().await.differences(&Inventory::default()), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_lock_of_a_dead_run_is_taken_over_by_the_next_one_itself() {
    let shop = ProxiedShop::new("faultheir").await;
    let child = shop.spawn(&UP);
    let pid = child.id().unwrap();
    shop.proxy.watch(pid, first("CreateRole"), Signal::KILL);
    assert_eq!(Run::wait(child).await.code, -1);
    assert!(shop.proxy.unwatch().await.struck.is_some(), "it died while it held the lock");

    let start = Instant::now();
    let heir = shop.spawn(&UP);
    let impatient = shop.run(&["up", "--yes", "--no-smoke", "--lock-timeout", "1s"]).await;
    assert_eq!(impatient.code, 5, "{impatient:?}");
    let heir = Run::wait(heir).await;
    assert_eq!(heir.code, 0, "{heir:?}");
    let took = start.elapsed();
    assert!(took > Duration::from_secs(30) && took < Duration::from_secs(90), "{took:?}");
    for said in [&impatient.stderr, &heir.stderr] {
        for part in ["`up` by arn:aws:", &format!("process {pid} "), "since 20"] {
            assert!(said.contains(part), "the holder is named, with {part}: {said}");
        }
    }
    gone(&shop).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_runs_at_once_end_as_one() {
    let shop = ProxiedShop::new("faultrace").await;
    let runs: Vec<_> = (0..8).map(|_| Run::wait(shop.spawn(&UP))).collect();
    let mut changed = Vec::new();
    for run in futures_util::future::join_all(runs).await {
        match run.code {
            0 => changed.push(run.last()["changed"].as_u64().unwrap()),
            5 => {}
            _ => panic!("{run:?}"),
        }
    }
    changed.sort_unstable();
    let most = changed.pop().unwrap();
    assert!(
        most > 20 && changed.iter().all(|n| *n == 0),
        "one made it all: {most} and {changed:?}"
    );
    let alone = ProxiedShop::new("faultalone").await;
    assert_eq!(alone.run(&UP).await.code, 0);
    assert_eq!(shop.inventory().await.differences(&alone.inventory().await), Vec::<String>::new());
    gone(&shop).await;
    gone(&alone).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_run_lets_go_of_the_lock_and_the_next_one_completes_it() {
    for (name, signal, operation) in [
        ("faultint", Signal::INT, "CreateRole"),
        ("faultterm", Signal::TERM, "PUT /restapis/*/resources/*/methods/*"),
    ] {
        let shop = ProxiedShop::new(name).await;
        let (run, seen) = shop.run_signalled_at(&UP, first(operation), signal).await;
        let took = seen.struck.expect("the signal was sent").elapsed();
        assert_eq!(run.code, 130, "{run:?}");
        assert!(took < Duration::from_secs(7), "{took:?}");
        assert_eq!(run.last()["result"], "interrupted", "{run:?}");
        for said in ["interrupted: ", " changes applied", "run the same command again"] {
            assert!(run.stderr.contains(said), "what was done and how to go on: {}", run.stderr);
        }
        let next = shop.run(&UP).await;
        assert_eq!(next.code, 0, "{next:?}");
        assert!(!next.stderr.contains("waiting for the lock"), "{next:?}");
        assert_eq!(shop.run(&["diff"]).await.code, 0);
        gone(&shop).await;
    }
}
