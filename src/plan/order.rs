//! The order of things: desired resources sorted by their references, and the edges between a plan's steps.

use crate::model::{Address, CloudError, Desired, ErrorKind, Op, Step, TypeInfo};
use std::collections::{BTreeMap, BTreeSet};

/// Desired resources, dependencies first; ties keep their given order.
///
/// Errors: a reference to an address that is not part of the stack, or a cycle.
pub fn sorted(desired: &[Desired]) -> Result<Vec<&Desired>, CloudError> {
    let known: BTreeSet<&Address> = desired.iter().map(|d| &d.address).collect();
    let mut waiting: Vec<(&Desired, BTreeSet<Address>)> =
        desired.iter().map(|d| (d, d.dependencies().into_iter().filter(|a| known.contains(a)).collect())).collect();
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

/// Fills in `after` of every step: references for what is made or changed, type order for deletes.
pub fn connect(steps: &mut [Step], dependencies: &BTreeMap<Address, BTreeSet<Address>>, types: &[&TypeInfo]) {
    let present: BTreeMap<Address, (Op, String)> =
        steps.iter().map(|s| (s.address.clone(), (s.op, s.type_name.clone()))).collect();
    let made: Vec<Address> = present.iter().filter(|(_, (op, _))| *op != Op::Delete).map(|(a, _)| a.clone()).collect();
    for step in steps.iter_mut() {
        step.after = if step.op == Op::Delete {
            let info = types.iter().find(|t| t.type_name == step.type_name);
            let first = info.map_or(&[][..], |t| t.delete_after);
            let deletes = present.iter().filter(|(address, (op, type_name))| {
                *op == Op::Delete && **address != step.address && first.contains(&type_name.as_str())
            });
            // Deletes come last: whatever used the thing has let go of it by then.
            made.iter().chain(deletes.map(|(address, _)| address)).cloned().collect()
        } else {
            let needs = dependencies.get(&step.address);
            made.iter().filter(|a| needs.is_some_and(|n| n.contains(a))).cloned().collect()
        };
    }
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
