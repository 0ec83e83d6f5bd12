//! `up` and `down`, killed at each of their writes in turn, before it takes effect and after: the
//! next run, be it the same command or the other, completes or removes what is half done, doubles
//! nothing and leaves nothing behind.

use crate::support::inventory::Inventory;
use crate::support::proxied::{DOWN, ProxiedShop, UP};
use crate::support::proxy::Point;
use crate::support::run::Run;
use std::sync::{Arc, Mutex};

/// Stacks at a time.
const LANES: usize = 4;
/// Kill points of each command in a plain `make test`; `make soak` tries all.
const SAMPLE: usize = 8;

/// What an undisturbed `up` leaves, and where `up` and `down` can die.
struct Reference {
    inventory: Inventory,
    up: Vec<Point>,
    down: Vec<Point>,
}

/// One trial: `up` dies, `up` again, `down` dies, `down` again.
#[derive(Clone)]
struct Trial {
    number: usize,
    /// After a death comes the other command: `up` dies, `down`, `up`; `down` dies, `up`, `down`.
    crossed: bool,
    up: Option<Point>,
    down: Option<Point>,
}

/// What came of all trials.
#[derive(Default)]
struct Tally {
    killed_up: usize,
    killed_down: usize,
    /// The run ended before it came to its kill point.
    missed: Vec<String>,
    problems: Vec<String>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_killed_at_any_write_is_completed_by_the_next() {
    let reference = Arc::new(reference().await);
    // Somebody else's stack, which none of the deaths and repairs around it may touch.
    let neighbour = ProxiedShop::new("faultneighbour").await;
    assert_eq!(neighbour.run(&UP).await.code, 0);
    let untouched = neighbour.inventory().await;
    let trials = trials(&reference);
    let count = trials.len();
    let queue = Arc::new(Mutex::new(trials.into_iter()));
    let tally = Arc::new(Mutex::new(Tally::default()));
    let mut lanes = tokio::task::JoinSet::new();
    for _ in 0..LANES {
        let (queue, tally, reference) = (queue.clone(), tally.clone(), reference.clone());
        lanes.spawn(async move {
            loop {
                let Some(trial) = queue.lock().unwrap().next() else {
                    return;
                };
                attempt(&trial, &reference, &tally).await;
            }
        });
    }
    while let Some(shop) = lanes.join_next().await {
        shop.unwrap();
    }
    assert_eq!(
        neighbour.inventory().await.differences(&untouched),
        Vec::<String>::new(),
        "the neighbour"
    );
    assert_eq!(neighbour.run(&DOWN).await.code, 0);
    let tally = tally.lock().unwrap();
    println!(
        "faults: up has {} kill points, down {}; tried {} and {} in {count} trials; missed {}; \
         problems {}",
        reference.up.len(),
        reference.down.len(),
        tally.killed_up,
        tally.killed_down,
        tally.missed.len(),
        tally.problems.len(),
    );
    println!("missed: {:?}", tally.missed);
    assert!(tally.problems.is_empty(), "{}", tally.problems.join("\n\n"));
    // A few calls depend on timing, such as a second look at something not ready yet.
    assert!(tally.missed.len() * 4 <= count, "kill points that never came: {:?}", tally.missed);
}

/// Two undisturbed lives: the first also makes what all stacks of the account share.
async fn reference() -> Reference {
    let (first, shop) = (ProxiedShop::new("faultfirst").await, ProxiedShop::new("faultref").await);
    let ended = first.run(&UP).await;
    assert_eq!(ended.code, 0, "{ended:?}");
    let inventory = first.inventory().await;
    assert!(inventory.len() > 30, "an inventory of {} things has holes", inventory.len());
    let (ended, up) = shop.run_killed_at(&UP, None).await;
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(
        shop.inventory().await.differences(&inventory),
        Vec::<String>::new(),
        "two stacks are alike"
    );
    let ended = first.run(&DOWN).await;
    assert_eq!(ended.code, 0, "{ended:?}");
    let (ended, down) = shop.run_killed_at(&DOWN, None).await;
    assert_eq!(ended.code, 0, "{ended:?}");
    for gone in [first, shop] {
        assert_eq!(
            gone.inventory().await.differences(&Inventory::default()),
            Vec::<String>::new(),
            "down leaves nothing"
        );
    }
    Reference { inventory, up: points(&up.writes), down: points(&down.writes) }
}

/// Both sides of every write.
fn points(writes: &[(String, usize)]) -> Vec<Point> {
    let both = |(operation, nth): &(String, usize)| {
        [false, true].map(|after| Point { operation: operation.clone(), nth: *nth, after })
    };
    writes.iter().flat_map(both).collect()
}

fn trials(reference: &Reference) -> Vec<Trial> {
    let (up, down) = (chosen(&reference.up), chosen(&reference.down));
    let count = up.len().max(down.len());
    let trial = |number: usize, crossed| Trial {
        number,
        crossed,
        up: up.get(number % count).cloned(),
        down: down.get(number % count).cloned(),
    };
    if is_soak() {
        return (0..2 * count).map(|number| trial(number, number >= count)).collect();
    }
    (0..count).map(|number| trial(number, number % 2 == 1)).collect()
}

fn is_soak() -> bool {
    std::env::var("SHOPSTACK_SOAK").is_ok_and(|v| v == "1")
}

/// All points in a soak, those that SHOPSTACK_FAULTS names, or a sample that begins elsewhere in
/// every run.
fn chosen(points: &[Point]) -> Vec<Point> {
    if let Ok(wanted) = std::env::var("SHOPSTACK_FAULTS") {
        return points.iter().filter(|p| p.to_string().contains(&wanted)).cloned().collect();
    }
    if is_soak() {
        return points.to_vec();
    }
    let start = std::process::id() as usize;
    // An odd stride takes both sides of writes.
    let stride = (points.len() / SAMPLE).max(1) | 1;
    (0..SAMPLE.min(points.len()))
        .filter_map(|i| points.get((start + i * stride) % points.len()).cloned())
        .collect()
}

async fn attempt(trial: &Trial, reference: &Reference, tally: &Mutex<Tally>) {
    let shop = ProxiedShop::new(&format!("fault{}", trial.number)).await;
    let (nothing, there) = (Inventory::default(), &reference.inventory);
    let mut problems = Vec::new();
    if trial.crossed {
        half(&shop, &UP, trial.up.as_ref(), &DOWN, tally, &mut problems).await;
        problems.extend(shop.inventory().await.differences(&nothing));
        half(&shop, &UP, None, &UP, tally, &mut problems).await;
    } else {
        half(&shop, &UP, trial.up.as_ref(), &UP, tally, &mut problems).await;
    }
    problems.extend(shop.inventory().await.differences(there));
    check(&shop.run(&["diff"]).await, "diff after it", &mut problems);
    note(trial, "up", trial.up.as_ref(), problems, tally);

    let mut problems = Vec::new();
    if trial.crossed {
        half(&shop, &DOWN, trial.down.as_ref(), &UP, tally, &mut problems).await;
        problems.extend(shop.inventory().await.differences(there));
        check(&shop.run(&["diff"]).await, "diff after it", &mut problems);
    }
    let point = trial.down.as_ref().filter(|_| !trial.crossed);
    let ended = half(&shop, &DOWN, point, &DOWN, tally, &mut problems).await;
    if ended.last()["remaining"] != serde_json::json!([]) {
        problems.push(format!("down reports as remaining: {}", ended.last()["remaining"]));
    }
    problems.extend(shop.inventory().await.differences(&nothing));
    note(trial, "down", trial.down.as_ref(), problems, tally);
}

/// One command that dies at `point`, then `next` to its end.
async fn half(
    shop: &ProxiedShop,
    command: &[&str],
    point: Option<&Point>,
    next: &[&str],
    tally: &Mutex<Tally>,
    problems: &mut Vec<String>,
) -> Run {
    if let Some(point) = point {
        let (ended, seen) = shop.run_killed_at(command, Some(point.clone())).await;
        if seen.struck.is_some() {
            let mut tally = tally.lock().unwrap();
            *(if command[0] == "up" { &mut tally.killed_up } else { &mut tally.killed_down }) += 1;
        } else {
            check(&ended, "the run that was not killed", problems);
            tally.lock().unwrap().missed.push(format!("{} {point}", command[0]));
        }
        // The dead run's lease would last 40 s; `lock.rs` shows that it ends by itself.
        check(&shop.run(&["unlock", "--yes"]).await, "unlock", problems);
    }
    let ended = shop.run(next).await;
    check(&ended, "the run after it", problems);
    ended
}

fn check(ended: &Run, what: &str, problems: &mut Vec<String>) {
    if ended.code != 0 {
        let said: String =
            ended.stdout.lines().filter(|l| l.contains("failed") || !l.starts_with('{')).collect();
        problems.push(format!("{what}: exit {} {}\n{said}", ended.code, ended.stderr));
    }
}

fn note(
    trial: &Trial,
    command: &str,
    point: Option<&Point>,
    problems: Vec<String>,
    tally: &Mutex<Tally>,
) {
    if !problems.is_empty() {
        let point = point.map_or_else(|| "undisturbed".to_string(), ToString::to_string);
        let then = if trial.crossed { ", then the other command" } else { "" };
        let text = format!("{command} killed {point}{then}:\n{}", problems.join("\n"));
        println!("{text}");
        tally.lock().unwrap().problems.push(text);
    }
}
