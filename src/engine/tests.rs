//! The engine on a cloud in memory: random pairs of stacks with and without faults, failures,
//! limits, stops.

use super::fake_tests::{Cloud, Fault, LABEL, MACHINE, PART, PLUG};
use super::run::GRACE;
use super::{Outcome, Run, read, run};
use crate::model::provider::Discover;
use crate::model::{Address, CloudError, Desired, ErrorKind, Op, Plan, Scope, TypeInfo, template};
use crate::plan::{Inputs, plan};
use futures_util::FutureExt;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

/// xorshift64*: the same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % limit
    }

    fn flip(&mut self) -> bool {
        self.below(2) == 0
    }
}

fn desired(info: &TypeInfo, id: &str, spec: Value, depends_on: &[&Address]) -> Desired {
    let address = Address::new(info.group, id);
    Desired {
        type_name: info.type_name.into(),
        name: address.to_string(),
        address,
        spec,
        context: Value::Null,
        depends_on: depends_on.iter().map(|a| (*a).clone()).collect(),
        payload: None,
    }
}

/// References to some of `all`, to values that stay or that every update changes.
fn uses(random: &mut Random, all: &[Address]) -> Vec<String> {
    let chosen: Vec<_> = all.iter().filter(|_| random.below(3) > 0).collect();
    chosen
        .into_iter()
        .map(|a| template::reference(a, if random.flip() { "arn" } else { "revision" }))
        .collect()
}

/// A random stack: up to four of each type, with labels on some machines and plugs on machines.
fn stack(random: &mut Random) -> Vec<Desired> {
    let (mut all, mut parts, mut machines) = (Vec::new(), Vec::new(), Vec::new());
    for id in ["a", "b", "c", "d"] {
        if random.flip() {
            let spec = json!({"key": format!("k{}", random.below(2)), "size": random.below(3),
                    "tags": {}});
            all.push(desired(&PART, id, spec, &[]));
            parts.push(Address::new("part", id));
        }
    }
    for id in ["a", "b", "c", "d"] {
        if random.flip() {
            let spec = json!({"size": random.below(3), "uses": uses(random, &parts)});
            all.push(desired(&MACHINE, id, spec, &[]));
            machines.push(Address::new("machine", id));
        }
    }
    for machine in &machines {
        if random.flip() {
            let spec =
                json!({"text": random.below(3), "uses": [template::reference(machine, "arn")]});
            all.push(desired(&LABEL, machine.id(), spec, &[machine]));
        }
    }
    for id in ["a", "b"] {
        if random.flip() {
            all.push(desired(&PLUG, id, json!({"uses": uses(random, &machines)}), &[]));
        }
    }
    // The order in the stack is not the order of creation.
    for i in (1..all.len()).rev() {
        let other = usize::try_from(random.below(i as u64 + 1)).unwrap();
        all.swap(i, other);
    }
    all
}

async fn planned(cloud: &Cloud, desired: &[Desired]) -> Plan {
    let scope = Scope {
        stack: "s".into(),
        env: "e".into(),
        account: "000000000000".into(),
        region: "us-east-1".into(),
        endpoint: None,
    };
    let live = read(cloud, &scope, desired, false).await.unwrap();
    let inputs = Inputs {
        scope: &scope,
        desired,
        live: &live,
        known: &BTreeMap::new(),
        record: None,
        types: &cloud.types(),
        adopt: &BTreeSet::new(),
    };
    plan(&inputs).unwrap()
}

fn settings(cloud: &Cloud, parallel: usize) -> Run {
    Run {
        applier: Arc::new(cloud.clone()),
        externals: BTreeMap::new(),
        sink: Arc::new(|_| {}),
        cancelled: std::future::pending().boxed().shared(),
        parallel,
    }
}

async fn up(cloud: &Cloud, desired: &[Desired]) -> Outcome {
    let plan = planned(cloud, desired).await;
    run(&plan, &settings(cloud, 4)).await
}

async fn assert_up(cloud: &Cloud, desired: &[Desired], seed: u64) {
    let outcome = up(cloud, desired).await;
    assert!(outcome.failed.is_empty() && outcome.skipped.is_empty(), "seed {seed}: {outcome:#?}");
    let left = planned(cloud, desired).await;
    assert!(left.is_empty(), "seed {seed}: not clean after up: {:#?}", left.steps);
}

/// After `up` from A to B a plan is empty, and the inventory equals that of a newly created B.
#[tokio::test]
async fn any_stack_becomes_any_other() {
    for seed in 1..=300 {
        let mut random = Random(0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(seed));
        let (a, b) = (stack(&mut random), stack(&mut random));
        let (cloud, fresh) = (Cloud::default(), Cloud::default());
        assert_up(&cloud, &a, seed).await;
        assert_up(&cloud, &b, seed).await;
        assert_up(&fresh, &b, seed).await;
        assert_eq!(cloud.inventory(), fresh.inventory(), "seed {seed}");
        assert_up(&cloud, &[], seed).await;
        assert!(cloud.inventory().is_empty(), "seed {seed}: down leaves nothing");
    }
}

/// Repeating the command converges, whatever fails on the way.
#[tokio::test]
async fn faults_on_the_way_only_cost_another_run() {
    for seed in 1..=300 {
        let mut random = Random(0xD134_2543_DE82_EF95_u64.wrapping_mul(seed));
        let (a, b) = (stack(&mut random), stack(&mut random));
        let (cloud, fresh) = (Cloud::default(), Cloud::default());
        assert_up(&cloud, &a, seed).await;
        assert_up(&fresh, &b, seed).await;
        for step in planned(&cloud, &b).await.steps {
            if random.below(3) == 0 {
                let fault = if random.flip() { Fault::Before } else { Fault::After };
                cloud.0.lock().unwrap().faults.insert(step.address, fault);
            }
        }
        let faults = cloud.0.lock().unwrap().faults.len();
        let mut runs = 0;
        while !planned(&cloud, &b).await.is_empty() {
            runs += 1;
            assert!(runs <= faults + 1, "seed {seed}: every run must get past at least one fault");
            let outcome = up(&cloud, &b).await;
            let told = |(_, e): &(Address, CloudError)| e.message.starts_with("a fault at");
            assert!(
                outcome.failed.iter().all(told),
                "seed {seed}: only injected faults: {:#?}",
                outcome.failed
            );
        }
        assert_eq!(cloud.inventory(), fresh.inventory(), "seed {seed}");
    }
}

fn chain() -> Vec<Desired> {
    let uses = |group: &str, id: &str| {
        json!({
            "uses": [template::reference(&Address::new(group, id), "arn")]})
    };
    vec![
        desired(&PART, "bad", json!({"key": "k"}), &[]),
        desired(&PART, "good", json!({"key": "k"}), &[]),
        desired(&MACHINE, "m", uses("part", "bad"), &[]),
        desired(&MACHINE, "n", uses("part", "good"), &[]),
        desired(&PLUG, "p", uses("machine", "m"), &[]),
        desired(&PLUG, "q", uses("machine", "n"), &[]),
    ]
}

fn names<'a>(addresses: impl IntoIterator<Item = &'a Address>) -> Vec<String> {
    let mut names: Vec<_> = addresses.into_iter().map(ToString::to_string).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_failed_step_stops_only_what_depends_on_it() {
    let cloud = Cloud::default();
    cloud.0.lock().unwrap().faults.insert(Address::new("part", "bad"), Fault::Before);
    let outcome = up(&cloud, &chain()).await;
    assert_eq!(names(outcome.failed.iter().map(|(a, _)| a)), ["part.bad"]);
    assert_eq!(names(&outcome.skipped), ["machine.m", "plug.p"]);
    assert_eq!(names(outcome.done.iter().map(|(a, _)| a)), ["machine.n", "part.good", "plug.q"]);
    assert_eq!(names(cloud.inventory().keys()), ["machine.n", "part.good", "plug.q"]);
    assert!(outcome.specs.keys().all(|a| outcome.done.iter().any(|(done, _)| a == done)));
}

#[tokio::test]
async fn no_more_steps_run_side_by_side_than_allowed() {
    let many: Vec<_> =
        (0..40).map(|n| desired(&PART, &format!("p{n}"), json!({"key": "k"}), &[])).collect();
    for parallel in [1, 3] {
        let cloud = Cloud::default();
        let plan = planned(&cloud, &many).await;
        let outcome = run(&plan, &settings(&cloud, parallel)).await;
        assert_eq!(outcome.done.len(), 40);
        assert_eq!(cloud.0.lock().unwrap().most, parallel, "as many as allowed, and no more");
    }
}

#[tokio::test]
async fn the_longest_chain_starts_first() {
    let mut all: Vec<_> =
        (0..5).map(|n| desired(&PART, &format!("a{n}"), json!({"key": "k"}), &[])).collect();
    let root = Address::new("part", "z");
    all.push(desired(&PART, "z", json!({"key": "k"}), &[]));
    all.push(desired(&MACHINE, "m", json!({"uses": [template::reference(&root, "arn")]}), &[]));
    let cloud = Cloud::default();
    let plan = planned(&cloud, &all).await;
    run(&plan, &settings(&cloud, 1)).await;
    assert_eq!(cloud.0.lock().unwrap().log[0], "create part.z");
}

/// A machine that depends on a running build, a plug in it, and a pair without a build.
fn with_build() -> (Vec<Desired>, Address) {
    let build = Address::new("build", "m");
    let mut all = chain();
    all.retain(|d| d.address != Address::new("part", "bad"));
    all[1].spec = json!({"sha": template::reference(&build, "sha256")});
    assert_eq!(all[1].address, Address::new("machine", "m"));
    (all, build)
}

/// Runs `with_build` with this build.
async fn built(
    cloud: &Cloud,
    build: impl Future<Output = Result<BTreeMap<String, String>, CloudError>> + Send + 'static,
) -> Outcome {
    let (all, address) = with_build();
    let plan = planned(cloud, &all).await;
    let mut settings = settings(cloud, 4);
    settings.externals = BTreeMap::from([(address, build.boxed().shared())]);
    run(&plan, &settings).await
}

#[tokio::test(start_paused = true)]
async fn a_build_under_way_holds_up_only_what_needs_it() {
    let cloud = Cloud::default();
    let (release, released) = tokio::sync::oneshot::channel();
    let build = async {
        released.await.expect("it is released");
        Ok(BTreeMap::from([("sha256".to_string(), "abc".to_string())]))
    };
    let (outcome, meanwhile) = tokio::join!(built(&cloud, build), async {
        // Everything that can run has finished: the clock moves only when all tasks wait.
        tokio::time::sleep(Duration::from_secs(60)).await;
        let there = names(cloud.inventory().keys());
        release.send(()).expect("the build is waited for");
        there
    });
    assert_eq!(meanwhile, ["machine.n", "part.good", "plug.q"]);
    assert_eq!(
        names(outcome.done.iter().map(|(a, _)| a)),
        ["machine.m", "machine.n", "part.good", "plug.p", "plug.q"]
    );
    assert_eq!(
        cloud.inventory()[&Address::new("machine", "m")].1,
        json!({"sha": "abc"}),
        "the hash is filled in"
    );
}

#[tokio::test]
async fn a_build_that_fails_stops_only_what_needs_it() {
    let cloud = Cloud::default();
    let outcome =
        built(&cloud, async { Err(CloudError::ours(ErrorKind::Other, "cargo failed", "")) }).await;
    let failed: Vec<_> =
        outcome.failed.iter().map(|(a, e)| (a.to_string(), e.message.clone())).collect();
    assert_eq!(failed, [("machine.m".to_string(), "cargo failed".to_string())]);
    assert_eq!(names(&outcome.skipped), ["plug.p"]);
    assert_eq!(names(outcome.done.iter().map(|(a, _)| a)), ["machine.n", "part.good", "plug.q"]);
    assert_eq!(names(cloud.inventory().keys()), ["machine.n", "part.good", "plug.q"]);
}

/// A stop: nothing new starts, hanging steps are cut off after the grace period, and each step's
/// result is reported.
#[tokio::test(start_paused = true)]
async fn a_stop_skips_the_rest_and_returns_within_the_grace() {
    let cloud = Cloud::default();
    cloud.0.lock().unwrap().hangs.insert(Address::new("part", "bad"));
    let plan = planned(&cloud, &chain()).await;
    let (stop, asked) = tokio::sync::oneshot::channel();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let mut settings = settings(&cloud, 4);
    settings.cancelled = async { asked.await.expect("a reason") }.boxed().shared();
    let told = seen.clone();
    settings.sink = Arc::new(move |event| told.lock().unwrap().push(format!("{event:?}")));
    let start = Instant::now();
    let (outcome, ()) = tokio::join!(run(&plan, &settings), async {
        while cloud.inventory().len() < 3 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let reason = CloudError::ours(ErrorKind::Interrupted, "stopped by a signal", "again");
        stop.send(reason).expect("the run listens");
    });
    let grace = GRACE..GRACE + Duration::from_secs(1);
    assert!(grace.contains(&start.elapsed()), "{:?}", start.elapsed());
    let starts = seen.lock().unwrap().iter().filter(|e| e.contains("status: Started")).count();
    assert_eq!(starts, 4, "nothing starts after the stop");
    assert_eq!(names(outcome.skipped.iter()), ["machine.m", "plug.p"]);
    assert_eq!(names(outcome.failed.iter().map(|(a, _)| a)), ["part.bad"]);
    assert_eq!(outcome.failed[0].1.kind, ErrorKind::Interrupted);
    assert_eq!(outcome.done.len() + outcome.failed.len() + outcome.skipped.len(), plan.steps.len());
}

/// A panic in one step is reported as a bug, and stops only the steps that depend on it.
#[tokio::test]
async fn a_step_that_panics_is_a_failure_and_no_interruption() {
    let cloud = Cloud::default();
    cloud.0.lock().unwrap().panics.insert(Address::new("part", "bad"));
    let plan = planned(&cloud, &chain()).await;
    let outcome = run(&plan, &settings(&cloud, 4)).await;
    assert_eq!(names(outcome.failed.iter().map(|(a, _)| a)), ["part.bad"]);
    assert_eq!(outcome.failed[0].1.kind, ErrorKind::Other);
    assert!(
        outcome.failed[0].1.message.contains("mistake in shopstack"),
        "{}",
        outcome.failed[0].1
    );
    assert_eq!(names(&outcome.skipped), ["machine.m", "plug.p"]);
    assert_eq!(names(outcome.done.iter().map(|(a, _)| a)), ["machine.n", "part.good", "plug.q"]);
}

#[tokio::test]
async fn a_stop_before_the_start_starts_nothing() {
    let cloud = Cloud::default();
    let plan = planned(&cloud, &chain()).await;
    let mut settings = settings(&cloud, 4);
    let reason = CloudError::ours(ErrorKind::Interrupted, "", "");
    settings.cancelled = std::future::ready(reason).boxed().shared();
    let outcome = run(&plan, &settings).await;
    assert_eq!((outcome.skipped.len(), cloud.inventory().len()), (plan.steps.len(), 0));
}

#[tokio::test]
async fn a_replacement_deletes_before_it_creates_and_dependants_follow() {
    let cloud = Cloud::default();
    let mut all = chain();
    assert_up(&cloud, &all, 0).await;
    all[0].spec["key"] = json!("other");
    cloud.0.lock().unwrap().log.clear();
    let outcome = up(&cloud, &all).await;
    assert_eq!(outcome.done[0], (Address::new("part", "bad"), Op::Replace));
    assert_eq!(
        cloud.0.lock().unwrap().log,
        ["delete part.bad", "create part.bad", "update machine.m"]
    );
}
