//! Actions and conditions of a statement looked up in the service authorisation data.

use super::{CheckedAction, CheckedCondition};
use crate::policy::actions::{catalogue, operator_fits, overlap};
use crate::policy::judge::Statement;
use std::collections::BTreeSet;

pub(super) fn actions(statement: &Statement) -> Vec<CheckedAction> {
    statement.actions.iter().map(|action| look_up(action, &statement.resources)).collect()
}

fn look_up(action: &str, resources: &[String]) -> CheckedAction {
    let found = catalogue().actions(action);
    let levels: BTreeSet<&str> = found.iter().map(|a| a.level).collect();
    let types: BTreeSet<&String> = found.iter().flat_map(|a| a.resource_types).collect();
    let fits = found
        .iter()
        .flat_map(|a| &a.arns)
        .any(|arn| resources.iter().any(|resource| overlap(resource, arn)));
    let scope = if found.is_empty() {
        "unknown"
    } else if types.is_empty() {
        "only_star"
    } else if !resources.is_empty() && !fits {
        "no_match"
    } else if resources.iter().any(|r| r == "*") {
        "wildcard"
    } else {
        "resource"
    };
    CheckedAction {
        action: action.to_string(),
        access_level: (!levels.is_empty())
            .then(|| levels.into_iter().collect::<Vec<_>>().join(", ")),
        expands_to: found.len(),
        resource_types: types.into_iter().cloned().collect(),
        scope,
    }
}

pub(super) fn conditions(statement: &Statement) -> Vec<CheckedCondition> {
    let tested = statement
        .conditions
        .iter()
        .flat_map(|(operator, keys)| keys.iter().map(move |(k, values)| (operator, k, values)));
    tested
        .map(|(operator, key, values)| {
            let kind = catalogue().condition_type(key);
            CheckedCondition {
                operator: operator.clone(),
                key: key.clone(),
                values: values.clone(),
                key_type: kind.map(str::to_string),
                operator_fits: kind.is_none_or(|kind| operator_fits(operator, kind)),
            }
        })
        .collect()
}
