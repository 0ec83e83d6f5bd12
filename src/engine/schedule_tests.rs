//! The order of steps: long plans cost one visit per step and edge, and priorities follow the
//! longest chain.

use super::schedule::Schedule;
use crate::model::{Address, Cause, Op, Plan, Step};
use serde_json::Value;

fn address(number: usize) -> Address {
    Address::new("part", &format!("p{number}"))
}

fn step(number: usize, after: Vec<usize>) -> Step {
    Step {
        address: address(number),
        type_name: "Part".into(),
        name: "n".into(),
        op: Op::Create,
        cause: Cause::Change,
        fields: vec![],
        wanted: Value::Null,
        context: Value::Null,
        payload: None,
        live: None,
        after: after.into_iter().map(address).collect(),
        loses: None,
    }
}

fn plan(steps: Vec<Step>) -> Plan {
    Plan {
        format_version: Plan::FORMAT_VERSION.into(),
        stack: "s".into(),
        env: "e".into(),
        account: "000000000000".into(),
        region: "us-east-1".into(),
        steps,
        unchanged: vec![],
        not_emulated: vec![],
        notes: vec![],
        floors: vec![],
        headings: vec![],
    }
}

/// Runs all steps, `parallel` at a time; returns the order in which they started.
fn run_all(schedule: &mut Schedule, parallel: usize) -> Vec<usize> {
    let (mut order, mut running) = (Vec::new(), std::collections::VecDeque::new());
    loop {
        while running.len() < parallel
            && let Some(position) = schedule.start_next()
        {
            order.push(position);
            running.push_back(position);
        }
        let Some(position) = running.pop_front() else { return order };
        schedule.complete(position);
    }
}

/// The worst cases for a scheduler that rescans all steps: one chain in reverse order, and steps
/// that all wait for the first.
#[test]
fn two_thousand_steps_cost_one_visit_per_step_and_edge() {
    const STEPS: usize = 2_000;
    let chain = |n: usize| if n + 1 < STEPS { vec![n + 1] } else { vec![] };
    let fan = |n: usize| if n > 0 { vec![0] } else { vec![] };
    for after in [&chain as &dyn Fn(usize) -> Vec<usize>, &fan] {
        let steps: Vec<Step> = (0..STEPS).map(|n| step(n, after(n))).collect();
        let edges: usize = steps.iter().map(|s| s.after.len()).sum();
        let plan = plan(steps);
        let most = 4 * (STEPS + edges);

        let mut schedule = Schedule::new(&plan);
        assert_eq!(run_all(&mut schedule, 24).len(), STEPS);
        assert!(schedule.visited <= most, "{} visits, {most} allowed", schedule.visited);

        let mut schedule = Schedule::new(&plan);
        let first = schedule.start_next().expect("a ready step");
        assert_eq!(schedule.skip_dependents(first).len(), STEPS - 1);
        assert!(schedule.visited <= most, "{} visits, {most} allowed", schedule.visited);
    }
}

#[test]
fn the_longest_chain_is_first_and_ties_keep_the_order_of_the_plan() {
    // 0 and 1 alone; 4 waits for 3, which waits for 2.
    let steps = [vec![], vec![], vec![], vec![2], vec![3]];
    let plan = plan(steps.into_iter().enumerate().map(|(n, after)| step(n, after)).collect());
    assert_eq!(run_all(&mut Schedule::new(&plan), 1), [2, 3, 0, 1, 4]);
}

#[test]
fn steps_that_wait_for_each_other_never_start_and_predecessors_outside_the_plan_are_ignored() {
    let plan = plan(vec![step(0, vec![1]), step(1, vec![0]), step(2, vec![99])]);
    let mut schedule = Schedule::new(&plan);
    assert_eq!(run_all(&mut schedule, 4), [2]);
    assert_eq!(schedule.skip_open(), [0, 1]);
}
