//! The order of things: desired resources sorted by their references, and the edges between a
//! plan's steps.

use crate::model::{Address, After, CloudError, Desired, ErrorKind, Op, Step, TypeInfo};
use std::collections::{BTreeMap, BTreeSet};

/// Desired resources, dependencies first; ties keep their given order.
///
/// Errors: a reference to an address that is not part of the stack, or a cycle.
pub fn sorted(desired: &[Desired]) -> Result<Vec<&Desired>, CloudError> {
    let known: BTreeSet<&Address> = desired.iter().map(|d| &d.address).collect();
    let mut waiting: Vec<(&Desired, BTreeSet<Address>)> = desired
        .iter()
        .map(|d| (d, d.dependencies().into_iter().filter(|a| known.contains(a)).collect()))
        .collect();
    let mut done = BTreeSet::new();
    let mut order = Vec::with_capacity(desired.len());
    while !waiting.is_empty() {
        let before = waiting.len();
        let mut rest = Vec::new();
        for (item, needs) in waiting {
            if needs.is_subset(&done) {
                order.push(item);
            } else {
                rest.push((item, needs));
            }
        }
        done.extend(order.iter().map(|d| d.address.clone()));
        if rest.len() == before {
            let stuck: Vec<_> = rest.iter().map(|(d, _)| d.address.to_string()).collect();
            return Err(CloudError::ours(
                ErrorKind::Other,
                format!("these resources wait for each other: {}", stuck.join(", ")),
                "remove one of the references between them",
            ));
        }
        waiting = rest;
    }
    Ok(order)
}

/// Fills in `after` of every step: references for what is made or changed, `delete_after` of the
/// types for deletes.
pub fn connect(
    steps: &mut [Step],
    dependencies: &BTreeMap<Address, BTreeSet<Address>>,
    types: &[&TypeInfo],
) {
    let all: Vec<Vec<Address>> =
        steps.iter().map(|step| predecessors(step, steps, dependencies, types)).collect();
    for (step, after) in steps.iter_mut().zip(all) {
        step.after = after;
    }
}

fn predecessors(
    step: &Step,
    steps: &[Step],
    dependencies: &BTreeMap<Address, BTreeSet<Address>>,
    types: &[&TypeInfo],
) -> Vec<Address> {
    let made = steps.iter().filter(|s| s.op != Op::Delete).map(|s| &s.address);
    let mut first: BTreeSet<&Address>;
    if step.op == Op::Delete {
        // Deletes come last: whatever used the thing has let go of it by then.
        first = made.collect();
        let info = types.iter().find(|t| t.type_name == step.type_name);
        let rules = info.map_or(&[][..], |t| t.delete_after);
        let goes_first = |other: &&Step| {
            let waits = |rule: &After| match (&step.live, &other.live) {
                (Some(this), Some(that)) => (rule.waits)(this, that),
                _ => true,
            };
            rules.iter().any(|rule| rule.type_name == other.type_name && waits(rule))
        };
        let deletes = steps.iter().filter(|s| s.op == Op::Delete && s.address != step.address);
        first.extend(deletes.filter(goes_first).map(|s| &s.address));
    } else {
        let needs = dependencies.get(&step.address);
        first = made.filter(|a| needs.is_some_and(|n| n.contains(*a))).collect();
    }
    first.into_iter().cloned().collect()
}

/// Dependencies of every address, through unchanged resources as well: a change two steps up still
/// comes first.
pub fn transitive_dependencies(desired: &[Desired]) -> BTreeMap<Address, BTreeSet<Address>> {
    let direct: BTreeMap<_, _> =
        desired.iter().map(|d| (d.address.clone(), d.dependencies())).collect();
    direct
        .iter()
        .map(|(start, first)| {
            let mut all = BTreeSet::new();
            let mut todo: Vec<&Address> = first.iter().collect();
            while let Some(next) = todo.pop() {
                if all.insert(next.clone()) {
                    todo.extend(direct.get(next).into_iter().flatten());
                }
            }
            (start.clone(), all)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn desired(address: &str, spec: Value) -> Desired {
        Desired {
            address: Address::parse(address).unwrap(),
            type_name: "T".into(),
            name: address.into(),
            spec,
            context: Value::Null,
            depends_on: BTreeSet::new(),
            payload: None,
        }
    }

    #[test]
    fn references_come_first_and_cycles_are_named() {
        let a = desired("a.x", json!({"needs": "{{b.x.id}}"}));
        let b = desired("b.x", json!({}));
        let given = [a.clone(), b];
        let order: Vec<_> = sorted(&given).unwrap().iter().map(|d| d.address.to_string()).collect();
        assert_eq!(order, ["b.x", "a.x"]);
        let cycle = [a, desired("b.x", json!("{{a.x.id}}"))];
        assert!(sorted(&cycle).unwrap_err().message.contains("a.x, b.x"));
    }
}
