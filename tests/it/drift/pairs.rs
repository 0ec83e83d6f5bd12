//! Any stack changed into any other: what is there then is what the other one makes out of nothing.

use crate::support::inventory::Inventory;
use crate::support::proxied::{DOWN, ProxiedShop, UP};
use crate::support::random_stack::{Dice, stack};
use std::sync::{Arc, Mutex};

/// Pairs that once went wrong: a site that leaves its ACL, a renamed stage that leaves its
/// deployment.
const KNOWN: [u64; 2] = [1_795_475_974, 1_795_475_977];
/// Further pairs in a plain `make test`, and in `make soak`.
const SAMPLE: u64 = 2;
const SOAK: u64 = 40;
/// Pairs at a time.
const LANES: usize = 2;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stack_changed_into_another_is_that_other_one() {
    let soak = std::env::var("SHOPSTACK_SOAK").is_ok_and(|v| v == "1");
    let seeds: Vec<u64> = match std::env::var("SHOPSTACK_SEED").ok().and_then(|v| v.parse().ok()) {
        Some(seed) => vec![seed],
        None => {
            let now = std::time::SystemTime::now()
                .duration_since(std::time::UNIX_EPOCH)
                .unwrap()
                .as_secs();
            KNOWN.into_iter().chain(now..now + if soak { SOAK } else { SAMPLE }).collect()
        }
    };
    println!("drift: pairs of stacks with the seeds {seeds:?}; SHOPSTACK_SEED tries one again");
    let queue = Arc::new(Mutex::new(seeds.into_iter()));
    let problems = Arc::new(Mutex::new(Vec::new()));
    let mut lanes = tokio::task::JoinSet::new();
    for _ in 0..LANES {
        let (queue, problems) = (queue.clone(), problems.clone());
        lanes.spawn(async move {
            loop {
                let Some(seed) = queue.lock().unwrap().next() else {
                    return;
                };
                let found = pair(seed).await;
                problems
                    .lock()
                    .unwrap()
                    .extend(found.into_iter().map(|p| format!("SHOPSTACK_SEED={seed}: {p}")));
            }
        });
    }
    while let Some(shop) = lanes.join_next().await {
        shop.unwrap();
    }
    let problems = problems.lock().unwrap();
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}

/// What went wrong on the way from one stack to another.
async fn pair(seed: u64) -> Vec<String> {
    let mut dice = Dice::new(seed);
    // A stack's name has at most 20 characters, the process id among them.
    let short = seed % 10_000;
    let (changed, fresh) =
        (prepare(&format!("pair{short}a")).await, prepare(&format!("pair{short}b")).await);
    let before = stack(&changed.stack, &mut dice);
    let after = stack(&changed.stack, &mut dice);
    let mut problems = Vec::new();
    write_stack(&changed, &before);
    run(&changed, &UP, 0, "up to the first", &mut problems).await;
    write_stack(&changed, &after);
    let pending = if before == after { 0 } else { 2 };
    run(&changed, &["diff", "--json"], pending, "diff between them", &mut problems).await;
    run(&changed, &UP, 0, "up to the second", &mut problems).await;
    run(&changed, &["diff"], 0, "diff after it", &mut problems).await;
    write_stack(&fresh, &after.replace(&changed.stack, &fresh.stack));
    run(&fresh, &UP, 0, "up to the second out of nothing", &mut problems).await;
    problems.extend(changed.inventory().await.differences(&fresh.inventory().await));
    for shop in [&changed, &fresh] {
        run(shop, &DOWN, 0, "down", &mut problems).await;
        let left = shop.inventory().await.differences(&Inventory::default());
        problems.extend(left.into_iter().map(|l| format!("left by down: {l}")));
    }
    if !problems.is_empty() {
        problems.push(format!("the first stack:\n{before}\nthe second:\n{after}"));
    }
    problems
}

async fn prepare(name: &str) -> ProxiedShop {
    let shop = ProxiedShop::new(name).await;
    let other = shop.path("site2");
    std::fs::create_dir_all(other.join("images")).unwrap();
    for (file, text) in [
        ("index.html", "<title>another</title>"),
        ("404.html", "nothing"),
        ("images/new.svg", "<svg/>"),
    ] {
        std::fs::write(other.join(file), text).unwrap();
    }
    shop
}

fn write_stack(shop: &ProxiedShop, text: &str) {
    std::fs::write(shop.path("stack.yaml"), text).unwrap();
}

async fn run(
    shop: &ProxiedShop,
    arguments: &[&str],
    code: i32,
    what: &str,
    problems: &mut Vec<String>,
) {
    let ended = shop.run(arguments).await;
    if ended.code != code {
        let said: String =
            ended.stdout.lines().filter(|l| l.contains("failed") || !l.starts_with('{')).collect();
        problems.push(format!("{what}: exit {} {}\n{said}", ended.code, ended.stderr));
    }
}
