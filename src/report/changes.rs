//! Statements in words: what they say, and how two of them differ.

use crate::policy::judge::Statement;
use std::collections::BTreeMap;

/// How the live statement differs, in words; `true` where it lets more through.
pub(super) fn changes(wanted: &Statement, live: &Statement) -> Vec<(bool, String)> {
    let allows = live.effect == "Allow";
    let mut all = Vec::new();
    if wanted.effect != live.effect {
        all.push((true, format!("effect {} instead of {}", live.effect, wanted.effect)));
    }
    let lists = |s: &Statement| {
        let kinds = |map: &BTreeMap<String, Vec<String>>| {
            map.iter()
                .flat_map(|(k, list)| list.iter().map(move |p| format!("{k} {p}")))
                .collect::<Vec<_>>()
        };
        [
            ("action", s.actions.clone(), true),
            ("resource", s.resources.clone(), true),
            ("principal", kinds(&s.principals), true),
            ("NotAction", s.not_actions.clone(), false),
            ("NotResource", s.not_resources.clone(), false),
            ("NotPrincipal", kinds(&s.not_principals), false),
        ]
    };
    for ((what, ours, more_is_wider), (_, theirs, _)) in lists(wanted).into_iter().zip(lists(live))
    {
        let words = |a: &[String], b: &[String]| {
            a.iter().filter(|x| !b.contains(x)).cloned().collect::<Vec<_>>()
        };
        let (more, less) = (words(&theirs, &ours), words(&ours, &theirs));
        if !more.is_empty() {
            all.push((more_is_wider == allows, format!("{what} more: {}", more.join(", "))));
        }
        if !less.is_empty() {
            all.push((more_is_wider != allows, format!("{what} less: {}", less.join(", "))));
        }
    }
    if wanted.conditions != live.conditions {
        let words = |s: &Statement| {
            if s.conditions.is_empty() { "none".into() } else { conditions(s).join(" and ") }
        };
        // A condition may be looser or tighter; only one more on top of all others is surely
        // tighter.
        let kept = wanted.conditions.iter().all(|(operator, keys)| {
            keys.iter().all(|(key, values)| {
                live.conditions.get(operator).and_then(|k| k.get(key)) == Some(values)
            })
        });
        let tighter = if allows { kept } else { live.conditions.is_empty() };
        all.push((!tighter, format!("condition {} instead of {}", words(live), words(wanted))));
    }
    all
}

/// Each condition in one phrase: `ArnEquals aws:SourceArn = arn:...`.
pub(crate) fn conditions(statement: &Statement) -> Vec<String> {
    let all = statement
        .conditions
        .iter()
        .flat_map(|(operator, keys)| keys.iter().map(move |(k, v)| (operator, k, v)));
    all.map(|(operator, key, values)| format!("{operator} {key} = {}", values.join(" or ")))
        .collect()
}

pub(super) fn gist(statement: &Statement) -> String {
    let not = |list: &[String]| {
        if list.is_empty() { String::new() } else { format!("all but {}", list.join(", ")) }
    };
    let actions = format!("{}{}", statement.actions.join(", "), not(&statement.not_actions));
    let resources = format!("{}{}", statement.resources.join(", "), not(&statement.not_resources));
    let on = if resources.is_empty() { String::new() } else { format!(" on {resources}") };
    format!("{} {actions}{on}", statement.effect)
}
