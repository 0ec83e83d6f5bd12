//! Needed against granted, action by action: declared in stack.yaml, found in the source, granted
//! by the live role.

use super::{Finding, Input, Kind, Need, Needed, Proof, Severity, Side, Status, Surface, rules};
use crate::model::Address;
use crate::policy::actions::catalogue;
use crate::policy::judge::Statement;
use crate::policy::pattern::{matches, matches_exactly};
use std::collections::{BTreeMap, BTreeSet};

pub use crate::policy::source::SourceCall;

/// One action of one function, before the verdict.
#[derive(Default)]
struct Sources {
    declared: bool,
    granted: bool,
    /// Lambda itself needs it, and no source calls it.
    by_lambda: bool,
}

/// Every action of every function that has an inline policy or a source.
pub(super) fn list(input: &Input<'_>, surfaces: &[Surface]) -> Vec<Need> {
    let mut roles: BTreeMap<String, Vec<&Surface>> = BTreeMap::new();
    let documents = surfaces
        .iter()
        .filter(|s| matches!(s.surface, Kind::InlinePolicy | Kind::ManagedDocument) && !s.shared);
    for surface in documents {
        roles.entry(surface.address.id().to_string()).or_default().push(surface);
    }
    let functions: BTreeSet<&String> = roles.keys().chain(input.calls.keys()).collect();
    let nothing = Vec::new();
    functions
        .into_iter()
        .flat_map(|id| {
            let surfaces = roles.get(id).unwrap_or(&nothing);
            of_function(id, surfaces, input.calls.get(id).map(Vec::as_slice), input.proof)
        })
        .collect()
}

/// Grants of stack.yaml that no call of the source needs, and calls that no grant covers. What AWS
/// has beyond stack.yaml is a finding of its statement already.
pub(super) fn findings(input: &Input<'_>, needs: &[Need]) -> Vec<Finding> {
    let told = needs.iter().filter_map(|need| match need.verdict {
        Needed::Excess if need.declared => {
            let message = format!(
                "{} is granted {} on {}, and its source never calls it",
                need.function, need.action, need.resource
            );
            let fix = "remove the action from the function's grants in stack.yaml".to_string();
            Some((need, "excess-grant", message, fix))
        }
        Needed::Missing if !need.declared => {
            let message = format!(
                "{} calls {} ({}), and no grant covers it",
                need.function,
                need.action,
                need.found.join(", ")
            );
            let fix = "add the action to the function's grants in stack.yaml".to_string();
            Some((need, "missing-grant", message, fix))
        }
        _ => None,
    });
    told.map(|(need, rule, message, fix)| {
        let address = Address::new("role", &need.function);
        let parts = [address.as_str(), "needs", &need.action, &need.resource, rule];
        Finding {
            id: parts.join("/"),
            rule: rule.into(),
            severity: Severity::Medium,
            surface: Kind::InlinePolicy,
            name: input.scope.name(&need.function),
            policy: None,
            sid: Some(need.action.clone()),
            side: Side::Wanted,
            location: input.location(&address, None),
            address,
            message,
            fix,
            frameworks: rules::find(rule).map(rules::Rule::frameworks).unwrap_or_default(),
            exception: None,
        }
    })
    .collect()
}

fn of_function(
    id: &str,
    surfaces: &[&Surface],
    calls: Option<&[SourceCall]>,
    proof: Option<&Proof>,
) -> Vec<Need> {
    // Where the role was not read, nothing is known of what is granted.
    if surfaces.iter().any(|s| matches!(s.status, Status::Unread | Status::NotEmulated)) {
        return vec![];
    }
    let all = pairs(surfaces);
    let known = calls.unwrap_or_default();
    let unresolved: Vec<String> = known
        .iter()
        .filter(|call| call.action.is_none())
        .map(|call| format!("{} ({})", call.note.as_deref().unwrap_or("a call"), call.place))
        .collect();
    let missing: BTreeSet<&String> = known
        .iter()
        .filter_map(|call| call.action.as_ref())
        .filter(|action| !all.keys().any(|(granted, _)| matches(granted, action)))
        .collect();
    let mut needs: Vec<Need> = all
        .iter()
        .map(|((action, resource), sources)| {
            let found = places(known, action);
            let verdict = verdict(sources, !found.is_empty(), calls.is_some(), &unresolved, action);
            let note = note(sources, found.is_empty(), calls.is_some(), &unresolved);
            Need {
                function: id.into(),
                action: action.clone(),
                resource: resource.clone(),
                declared: sources.declared,
                found,
                observed: proof.and_then(|proof| proof.observed(id, action)),
                granted: sources.granted,
                verdict,
                note,
            }
        })
        .collect();
    needs.extend(missing.into_iter().map(|action| Need {
        function: id.into(),
        action: action.clone(),
        resource: "not resolved from the source".into(),
        declared: false,
        found: places(known, action),
        observed: None,
        granted: false,
        verdict: Needed::Missing,
        note: Some("the source calls it, and no grant covers it".into()),
    }));
    needs
}

/// Every pair of action and resource of a function's policies, wanted or live.
fn pairs(surfaces: &[&Surface]) -> BTreeMap<(String, String), Sources> {
    let mut all: BTreeMap<(String, String), Sources> = BTreeMap::new();
    let mut live = Vec::new();
    for surface in surfaces {
        let ours = Statement::parse_all(&surface.wanted);
        for (sid, statement) in &ours {
            let of_lambda = matches!(sid.as_str(), "OwnLogs" | "Traces" | "Stream" | "DeadLetters");
            visit_pairs(statement, |key| {
                let sources = all.entry(key).or_default();
                sources.declared = true;
                sources.by_lambda = of_lambda;
            });
        }
        live.extend(Statement::parse_all(&surface.live).into_iter().map(|(_, s)| s));
    }
    for statement in &live {
        visit_pairs(statement, |key| {
            all.entry(key).or_default();
        });
    }
    for ((action, resource), sources) in &mut all {
        sources.granted = is_granted(&live, action, resource);
    }
    all
}

/// True where a statement allows the action on the resource, however wide it is written, and none
/// denies it. A denial under conditions may not apply, so it is passed over.
fn is_granted(statements: &[Statement], action: &str, resource: &str) -> bool {
    let covers = |statement: &&Statement| {
        let named = |list: &[String]| list.iter().any(|pattern| matches(pattern, action));
        let at =
            |list: &[String]| list.iter().any(|p| p == resource || matches_exactly(p, resource));
        let actions = named(&statement.actions)
            || !statement.not_actions.is_empty() && !named(&statement.not_actions);
        let resources = at(&statement.resources)
            || !statement.not_resources.is_empty() && !at(&statement.not_resources);
        actions && resources
    };
    let of = |effect| statements.iter().filter(move |s| s.effect == effect);
    of("Allow").any(|s| covers(&s)) && !of("Deny").any(|s| s.conditions.is_empty() && covers(&s))
}

/// Every pair of action and resource that a statement allows.
fn visit_pairs(statement: &Statement, mut add: impl FnMut((String, String))) {
    if statement.effect != "Allow" {
        return;
    }
    for action in &statement.actions {
        for resource in &statement.resources {
            add((action.clone(), resource.clone()));
        }
    }
}

fn places(calls: &[SourceCall], action: &str) -> Vec<String> {
    let same = |call: &&SourceCall| call.action.as_deref().is_some_and(|a| matches(action, a));
    calls.iter().filter(same).map(|call| call.place.clone()).collect()
}

fn verdict(
    sources: &Sources,
    found: bool,
    parsed: bool,
    unresolved: &[String],
    action: &str,
) -> Needed {
    let actions = catalogue().actions(action);
    let unscopable = !actions.is_empty() && actions.iter().all(|a| a.resource_types.is_empty());
    if !sources.granted {
        return Needed::Missing;
    }
    if !sources.declared {
        return Needed::Excess;
    }
    match (found || sources.by_lambda, parsed && unresolved.is_empty()) {
        (true, _) if unscopable => Needed::CannotBeScoped,
        (true, _) => Needed::NeededAndGranted,
        (false, true) => Needed::Excess,
        (false, false) => Needed::Unclear,
    }
}

fn note(sources: &Sources, no_call: bool, parsed: bool, unresolved: &[String]) -> Option<String> {
    if sources.by_lambda {
        return Some("Lambda writes the function's log; no source calls it".into());
    }
    if !sources.granted {
        return Some("stack.yaml grants it, and the live role does not have it".into());
    }
    if !sources.declared {
        return Some("stack.yaml does not grant it".into());
    }
    if !no_call {
        return None;
    }
    if !parsed {
        return Some("the function's source could not be read".into());
    }
    if unresolved.is_empty() {
        return Some("the source has no such call".into());
    }
    Some(format!("not resolved: {}", unresolved.join("; ")))
}
