//! Rules on what AWS knows: misspelt actions, actions that do not apply to the resources, and
//! conditions of another type.

use super::{Issue, Place, Severity, Statement};
use crate::policy::actions::{catalogue, operator_fits, overlap};

pub(super) fn issues(statement: &Statement, place: Place) -> Vec<Issue> {
    let mut found = Vec::new();
    found.extend(unknown_actions(statement));
    if matches!(place, Place::Identity | Place::Bucket) {
        found.extend(mismatches(statement));
    }
    found.extend(condition_types(statement));
    found
}

/// True where every action takes `*` alone, so that nothing narrower can be written.
pub(super) fn takes_star_alone(statement: &Statement) -> bool {
    let alone = |action: &String| {
        let found = catalogue().actions(action);
        !found.is_empty() && found.iter().all(|a| a.resource_types.is_empty())
    };
    !statement.actions.is_empty() && statement.actions.iter().all(alone)
}

fn unknown_actions(statement: &Statement) -> Option<Issue> {
    let unknown = |action: &&String| {
        let actions = catalogue();
        action.contains(':') && actions.covers(action) && actions.actions(action).is_empty()
    };
    let found: Vec<&str> = statement.actions.iter().filter(unknown).map(String::as_str).collect();
    (!found.is_empty()).then(|| Issue {
        rule: "unknown-action",
        severity: Severity::Medium,
        message: format!("AWS knows no such action: {}", found.join(", ")),
        fix: "correct the spelling, or remove the action",
    })
}

fn mismatches(statement: &Statement) -> Option<Issue> {
    if statement.resources.is_empty() {
        return None;
    }
    let fits = |action: &String| {
        let found = catalogue().actions(action);
        let star = statement.resources.iter().any(|r| r == "*");
        found.is_empty()
            || star
            || found.iter().any(|a| {
                a.arns.iter().any(|arn| statement.resources.iter().any(|r| overlap(r, arn)))
            })
    };
    let wrong: Vec<&str> =
        statement.actions.iter().filter(|a| !fits(a)).map(String::as_str).collect();
    (!wrong.is_empty()).then(|| Issue {
        rule: "resource-mismatch",
        severity: Severity::Medium,
        message: format!(
            "{} does not apply to {}",
            wrong.join(", "),
            statement.resources.join(", ")
        ),
        fix: "name a resource of the type that the action takes, or remove the action",
    })
}

fn condition_types(statement: &Statement) -> Option<Issue> {
    let tested = statement.conditions.iter().flat_map(|(o, keys)| keys.keys().map(move |k| (o, k)));
    let wrong: Vec<String> = tested
        .filter_map(|(operator, key)| {
            let kind = catalogue().condition_type(key)?;
            (!operator_fits(operator, kind)).then(|| format!("{operator} on {key}, a {kind}"))
        })
        .collect();
    (!wrong.is_empty()).then(|| Issue {
        rule: "condition-type",
        severity: Severity::Medium,
        message: format!("the condition never matches: {}", wrong.join("; ")),
        fix: "use an operator of the key's type",
    })
}
