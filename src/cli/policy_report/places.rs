//! Where resources, grants and exceptions stand in stack.yaml, and the reasons of grants.

use crate::cli::session::Project;
use crate::model::Address;
use crate::report::{Accepted, Location, Places, Reasons};
use crate::resources::iam::role::{self, secrets};
use crate::stack::{EnvKind, EnvValue, Function, Lines};

/// Places by address, and by statement id for grants; with the accepted findings.
pub(super) fn places(project: &Project, source: &str, file: &str) -> (Places, Vec<Accepted>) {
    let mut places = Places::new();
    let lines = Lines::parse(source);
    let at = |path: &[&str]| {
        let line = lines.as_ref()?.line(path)?;
        Some(Location { file: file.to_string(), line })
    };
    let mut add = |group: &str, id: &str, sid: Option<String>, path: &[&str]| {
        if let Some(place) = at(path) {
            places.insert((Address::new(group, id), sid), place);
        }
    };
    let stack = &project.stack;
    for id in stack.tables.keys() {
        add("table", id, None, &["tables", id]);
    }
    for (id, function) in &stack.functions {
        for group in ["role", "function", "permission", "log_group"] {
            add(group, id, None, &["functions", id]);
        }
        for position in 0..function.grants.len() {
            let sid = role::grant_sid(&function.grants, position);
            let position = position.to_string();
            add("role", id, Some(sid), &["functions", id, "grants", &position]);
        }
        for (sid, kind) in NAMED {
            if let Some(name) = variables(function, kind).first() {
                add("role", id, Some(sid.to_string()), &["functions", id, "env", name]);
            }
        }
    }
    for (group, id, section) in [
        ("api", "main", "api"),
        ("routes", "main", "api"),
        ("stage", "main", "api"),
        ("domain", "api", "api"),
        ("log_group", "api", "api"),
        ("bucket", "site", "site"),
        ("bucket_policy", "site", "site"),
        ("distribution", "site", "cdn"),
        ("association", "api", "waf"),
        ("web_acl", "api", "waf"),
        ("web_acl", "cdn", "waf"),
        ("log_group", "waf-api", "waf"),
        ("log_group", "waf-cdn", "waf"),
    ] {
        add(group, id, None, &[section]);
    }
    if let Some(api) = &stack.api {
        for id in api.authorizers.keys() {
            add("authorizer", id, None, &["api", "authorizers", id]);
        }
        for route in &api.routes {
            let key = route.key();
            add("routes", "main", Some(key.clone()), &["api", "routes", &key]);
        }
    }
    let accepted = stack.exceptions.iter().enumerate().map(|(position, exception)| Accepted {
        rule: exception.rule.clone(),
        resource: exception.resource.clone(),
        reason: exception.reason.clone(),
        approver: exception.approver.clone(),
        expires: exception.expires.clone(),
        location: at(&["exceptions", &position.to_string()]),
    });
    let accepted = accepted.collect();
    (places, accepted)
}

/// Each grant's own reason out of stack.yaml, by role and statement id.
pub(super) fn reasons(project: &Project) -> Reasons {
    let mut reasons = Reasons::new();
    for (id, function) in &project.stack.functions {
        for (position, grant) in function.grants.iter().enumerate() {
            let sid = role::grant_sid(&function.grants, position);
            reasons.insert((Address::new("role", id), sid), grant.reason.clone());
        }
        for (sid, kind) in NAMED {
            let names = variables(function, kind);
            if !names.is_empty() {
                let reason = format!("what the variables name: {}", names.join(", "));
                reasons.insert((Address::new("role", id), sid.to_string()), reason);
            }
        }
    }
    reasons
}

/// Statements for what variables name, with the kind of the variables.
const NAMED: [(&str, Option<EnvKind>); 3] = [
    (secrets::PARAMETERS, Some(EnvKind::Ssm)),
    (secrets::SECRETS, Some(EnvKind::SecretsManager)),
    (secrets::KEYS, None),
];

/// The variables of a kind, or all those with a key of their own.
fn variables(function: &Function, kind: Option<EnvKind>) -> Vec<&str> {
    let fits = |value: &EnvValue| kind.map_or(value.kms_key.is_some(), |kind| value.kind == kind);
    function.env.iter().filter(|(_, v)| fits(v)).map(|(name, _)| name.as_str()).collect()
}
