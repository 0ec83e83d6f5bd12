//! The auditors' report as text for a terminal, as JSON, and as Markdown.

mod markdown;
#[cfg(test)]
mod tests;
mod text;

pub use markdown::markdown;
pub use text::text;

use crate::policy::judge::Statement;
use crate::report::{Difference, Kind, Report, Status, Surface};
use serde_json::Value;
use std::collections::BTreeMap;

/// Pretty JSON with a stable order of keys; ends with a newline.
pub fn json(report: &Report) -> String {
    // Plain data with text keys: there is nothing in it that cannot be serialised.
    serde_json::to_string_pretty(report).map(|text| text + "\n").unwrap_or_default()
}

/// What AWS returned is other people's text: nothing in it may steer a terminal.
fn clean(text: &str) -> String {
    let shown = |c: char| {
        if c.is_control() { c.escape_default().to_string() } else { c.to_string() }
    };
    text.chars().map(shown).collect()
}

/// Surfaces by what carries them, in the order of the report.
fn groups(report: &Report) -> Vec<Vec<&Surface>> {
    let mut all: Vec<Vec<&Surface>> = Vec::new();
    for surface in &report.surfaces {
        match all.last_mut() {
            Some(group) if group.iter().all(|s| s.address == surface.address) => {
                group.push(surface)
            }
            _ => all.push(vec![surface]),
        }
    }
    all
}

fn carrier(kind: Kind) -> &'static str {
    match kind {
        Kind::Trust | Kind::InlinePolicy | Kind::ManagedPolicies | Kind::PermissionsBoundary => {
            "Role"
        }
        Kind::BucketPolicy => "Bucket",
        Kind::ExecutionRole | Kind::FunctionPolicy => "Function",
        Kind::ApiPolicy => "API",
        Kind::TablePolicy => "Table",
    }
}

fn kind_name(kind: Kind, policy: Option<&str>) -> String {
    match kind {
        Kind::Trust => "trust policy".into(),
        Kind::InlinePolicy => format!("inline policy {}", clean(policy.unwrap_or_default())),
        Kind::ManagedPolicies => "managed policies".into(),
        Kind::PermissionsBoundary => "permissions boundary".into(),
        Kind::BucketPolicy => "bucket policy".into(),
        Kind::ExecutionRole => "execution role".into(),
        Kind::FunctionPolicy | Kind::ApiPolicy | Kind::TablePolicy => "resource policy".into(),
    }
}

fn status_name(status: Status) -> &'static str {
    match status {
        Status::Same => "as wanted",
        Status::Differs => "differs",
        Status::Missing => "missing",
        Status::Foreign => "not wanted",
        Status::NotEmulated => "not emulated",
    }
}

/// Shown before a statement: what stack.yaml and AWS have of it.
fn mark(status: Status) -> &'static str {
    match status {
        Status::Same => "=",
        Status::Differs => "~",
        Status::Missing => "-",
        Status::Foreign => "+",
        Status::NotEmulated => "?",
    }
}

fn count(number: usize, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

/// One sentence: what was looked at, and how it stands.
fn summary(report: &Report) -> String {
    let people = &report.population;
    let looked = format!(
        "{}, {}, {}, {}, {}; {} in {}",
        count(people.roles.live.max(people.roles.wanted), "role", "roles"),
        count(people.buckets.live.max(people.buckets.wanted), "bucket", "buckets"),
        count(people.functions.live.max(people.functions.wanted), "function", "functions"),
        count(people.apis.live.max(people.apis.wanted), "API", "APIs"),
        count(people.tables.live.max(people.tables.wanted), "table", "tables"),
        count(report.surfaces.iter().map(|s| s.statements.len()).sum(), "statement", "statements"),
        count(documents(report).count(), "policy", "policies"),
    );
    let unknown = report.surfaces.iter().filter(|s| s.status == Status::NotEmulated).count();
    let unknown = if unknown == 0 {
        String::new()
    } else {
        format!(" Not emulated and so not compared: {unknown}.")
    };
    if report.exit_code() == 0 {
        return format!(
            "Clean: {looked}. Of these AWS has what stack.yaml wants, and none is too wide; what was not looked at \
             stands at the end.{unknown}"
        );
    }
    let mut by_severity: BTreeMap<_, usize> = BTreeMap::new();
    report.findings.iter().for_each(|f| *by_severity.entry(f.severity).or_default() += 1);
    let severities: Vec<String> =
        by_severity.iter().map(|(s, n)| format!("{n} {}", s.as_str())).collect();
    let off = report
        .surfaces
        .iter()
        .filter(|s| !matches!(s.status, Status::Same | Status::NotEmulated))
        .count();
    let findings = count(report.findings.len(), "finding", "findings");
    let differing = if off == 0 {
        "nothing differs from stack.yaml".into()
    } else {
        count(off, "policy is", "policies are") + " not as wanted"
    };
    format!("{findings} ({}): {differing}. Looked at: {looked}.{unknown}", severities.join(", "))
}

/// Policies that there are on either side; which role a function runs as is none.
fn documents(report: &Report) -> impl Iterator<Item = &Surface> {
    let is_there = |s: &&Surface| !s.wanted.is_null() || !s.live.is_null();
    report.surfaces.iter().filter(|s| s.surface != Kind::ExecutionRole).filter(is_there)
}

/// The resource that carries these surfaces, and by which address it goes.
fn place(surface: &Surface) -> String {
    let shared = if surface.shared { ", shared by all stacks of the account" } else { "" };
    format!("{}{shared}", surface.address)
}

/// Differences worth a line of their own: a whole policy or statement that one side lacks is told
/// by marks already.
fn fields(surface: &Surface) -> impl Iterator<Item = &Difference> {
    let whole =
        |d: &Difference| d.path.strip_prefix("statements.").is_some_and(|rest| !rest.contains('.'));
    surface
        .differences
        .iter()
        .filter(move |d| surface.statements.is_empty() || !(whole(d) || d.path == "policy"))
}

/// The parts of a statement below its actions, with their labels; `reason` apart.
fn details(statement: &Statement) -> Vec<(&'static str, Vec<String>)> {
    let kinds = |map: &BTreeMap<String, Vec<String>>| -> Vec<String> {
        map.iter()
            .flat_map(|(kind, list)| list.iter().map(move |p| format!("{kind} {p}")))
            .collect()
    };
    let all = [
        ("for", kinds(&statement.principals)),
        ("for all but", kinds(&statement.not_principals)),
        ("on", statement.resources.clone()),
        ("on all but", statement.not_resources.clone()),
        ("if", crate::report::conditions(statement)),
    ];
    all.into_iter().filter(|(_, list)| !list.is_empty()).collect()
}

fn actions(statement: &Statement) -> String {
    let verb = if statement.effect == "Allow" { "allow" } else { "deny" };
    let mut parts = vec![verb.to_string()];
    if !statement.actions.is_empty() {
        parts.push(statement.actions.join(", "));
    }
    if !statement.not_actions.is_empty() {
        parts.push(format!("all but {}", statement.not_actions.join(", ")));
    }
    clean(&parts.join(" "))
}

/// A value of a difference, short: text bare, lists with commas, the unknown in words.
fn short(value: &Value) -> String {
    match value {
        Value::Null => "nothing".into(),
        Value::String(text) => clean(text),
        Value::Array(items) => items.iter().map(short).collect::<Vec<_>>().join(", "),
        Value::Object(map) if map.get("unknown") == Some(&Value::Bool(true)) => {
            "(known after up)".into()
        }
        other => clean(&other.to_string()),
    }
}
