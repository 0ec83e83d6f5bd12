//! Decides which steps of a plan may start, and in which order. It visits every step and edge a
//! fixed number of times, so a step costs the same in long and short plans.

use crate::model::{Address, Op, Plan, Step};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};

/// The steps of one plan by index. A step is open until it is started or skipped.
#[derive(Debug, Default)]
pub struct Schedule {
    nodes: Vec<Node>,
    /// Longest critical path first, then plan order.
    ready: BinaryHeap<(u64, Reverse<usize>)>,
    /// Steps and edges visited so far.
    #[cfg(test)]
    pub visited: usize,
}

#[derive(Debug)]
struct Node {
    /// Steps that wait for this one.
    dependents: Vec<usize>,
    /// How many steps this one still waits for.
    missing: usize,
    /// Weight of the longest chain that starts with this step.
    critical_path: u64,
    open: bool,
}

impl Schedule {
    /// Ignores predecessors that are not in the plan. Steps that wait for each other are never
    /// ready.
    pub fn new(plan: &Plan) -> Self {
        let index: HashMap<&Address, usize> =
            plan.steps.iter().enumerate().map(|(index, step)| (&step.address, index)).collect();
        let new_node = |step: &Step| Node {
            dependents: Vec::new(),
            missing: 0,
            critical_path: weight(step),
            open: true,
        };
        let mut schedule =
            Self { nodes: plan.steps.iter().map(new_node).collect(), ..Self::default() };

        for (position, step) in plan.steps.iter().enumerate() {
            for before in step.after.iter().filter_map(|address| index.get(address)) {
                schedule.visit();
                if let Some(node) = schedule.nodes.get_mut(*before) {
                    node.dependents.push(position);
                }
                if let Some(node) = schedule.nodes.get_mut(position) {
                    node.missing += 1;
                }
            }
        }

        schedule.weigh_critical_paths();
        for position in 0..schedule.nodes.len() {
            schedule.push_if_ready(position);
        }
        schedule
    }

    /// The step to start next; `None` while all open steps wait for others.
    pub fn start_next(&mut self) -> Option<usize> {
        while let Some((_, Reverse(position))) = self.ready.pop() {
            self.visit();
            if self.close(position) {
                return Some(position);
            }
        }
        None
    }

    /// Marks a step as done: steps that waited only for it become ready.
    pub fn complete(&mut self, position: usize) {
        for dependent in self.dependents(position) {
            self.visit();
            if let Some(node) = self.nodes.get_mut(dependent) {
                node.missing = node.missing.saturating_sub(1);
            }
            self.push_if_ready(dependent);
        }
    }

    /// Marks a step as failed: closes and returns every step that depends on it, directly or
    /// indirectly.
    pub fn skip_dependents(&mut self, position: usize) -> Vec<usize> {
        let mut skipped = Vec::new();
        let mut failed = VecDeque::from([position]);
        while let Some(position) = failed.pop_front() {
            for dependent in self.dependents(position) {
                self.visit();
                if self.close(dependent) {
                    skipped.push(dependent);
                    failed.push_back(dependent);
                }
            }
        }
        skipped
    }

    /// Closes and returns every step that has not started.
    pub fn skip_open(&mut self) -> Vec<usize> {
        self.ready.clear();
        (0..self.nodes.len()).filter(|position| self.close(*position)).collect()
    }

    /// Orders the steps by their edges, then sums the weights from the last step to the first.
    fn weigh_critical_paths(&mut self) {
        let mut missing: Vec<usize> = self.nodes.iter().map(|node| node.missing).collect();
        let mut order: Vec<usize> = Vec::with_capacity(missing.len());
        let mut free: VecDeque<usize> =
            (0..missing.len()).filter(|position| missing.get(*position) == Some(&0)).collect();
        while let Some(position) = free.pop_front() {
            order.push(position);
            for dependent in self.dependents(position) {
                self.visit();
                let Some(left) = missing.get_mut(dependent) else { continue };
                *left = left.saturating_sub(1);
                if *left == 0 {
                    free.push_back(dependent);
                }
            }
        }

        for position in order.into_iter().rev() {
            let behind = self.dependents(position).into_iter();
            let longest = behind.filter_map(|p| self.nodes.get(p)).map(|n| n.critical_path).max();
            self.visit();
            if let Some(node) = self.nodes.get_mut(position) {
                node.critical_path = node.critical_path.saturating_add(longest.unwrap_or(0));
            }
        }
    }

    fn push_if_ready(&mut self, position: usize) {
        if let Some(node) = self.nodes.get(position).filter(|node| node.open && node.missing == 0) {
            self.ready.push((node.critical_path, Reverse(position)));
        }
    }

    /// True if the step was open.
    fn close(&mut self, position: usize) -> bool {
        self.nodes.get_mut(position).is_some_and(|node| std::mem::take(&mut node.open))
    }

    fn dependents(&self, position: usize) -> Vec<usize> {
        self.nodes.get(position).map(|node| node.dependents.clone()).unwrap_or_default()
    }

    fn visit(&mut self) {
        #[cfg(test)]
        {
            self.visited += 1;
        }
    }
}

/// Slow resources have a higher weight, so that they start first.
fn weight(step: &Step) -> u64 {
    match (step.type_name.as_str(), step.op) {
        ("AWS::CloudFront::Distribution", _) => 100,
        ("AWS::DynamoDB::Table", Op::Create | Op::Replace) => 10,
        _ => 1,
    }
}
