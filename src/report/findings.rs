//! What is to be mended in one policy: what only one side has, what differs, and what is too wide
//! on either side.

use super::surfaces::Pair;
use super::{Finding, Kind, Row, Severity, Side, Status, Surface};
use crate::model::Scope;
use crate::policy::judge::{self, Issue, Judge, Statement};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const RESTORE: &str =
    "run `shopstack up`: it puts back what stack.yaml says; then find out who changed it";
const REMOVE: &str = "run `shopstack up`: it takes this away; what a function needs belongs in its grants in stack.yaml";
/// What is wanted and may look too wide all the same: for each, `reasons` says why it cannot be
/// narrower.
const SHARED_AS_WANTED: [&str; 2] = ["wildcard-resource", "confused-deputy"];
const SHARED: &str = "`shopstack up` never changes a role that other stacks rely on: put it back by hand as it is \
                      wanted here, in the IAM console, and find out who changed it";
const MAKE: &str = "run `shopstack up`: it makes what is missing";

/// Findings of one policy; the rows of `surface` get the ids of theirs.
pub(super) fn of(
    scope: &Scope,
    pair: &Pair,
    surface: &mut Surface,
    routes: &BTreeSet<String>,
) -> Vec<Finding> {
    if pair.not_emulated {
        return vec![];
    }
    let mut maker = Maker { pair, found: Vec::new() };
    // A role has several policies and one owner: said once, at its trust policy.
    let speaks = matches!(
        pair.kind,
        Kind::Trust | Kind::BucketPolicy | Kind::FunctionPolicy | Kind::TablePolicy
    );
    if let Some(says) = pair.foreign.as_ref().filter(|_| speaks) {
        let fix = format!(
            "choose other names in stack.yaml, or take it over: `shopstack up --adopt {}`",
            pair.address
        );
        let message = format!("`{}` exists and is not this stack's: {says}", pair.name);
        maker.add("foreign-resource", Severity::High, None, Side::Live, message, fix);
    }
    match pair.place() {
        None => maker.attachments(),
        Some(place) => {
            let judge = Judge { place, account: &scope.account, routes };
            maker.document(surface, &judge);
        }
    }
    let document = if pair.live.is_null() { &pair.wanted } else { &pair.live };
    // An emulator without TLS gets an exception for its own distribution (desired::edge): as wanted
    // is all it can be.
    let excepted = scope.endpoint.is_some() && pair.wanted == pair.live;
    if pair.kind == Kind::BucketPolicy
        && !excepted
        && !judge::denies_plain_http(document, &pair.name)
    {
        let side = if pair.live.is_null() && !pair.carried { Side::Wanted } else { Side::Live };
        let message = "requests over plain http are not refused: a statement that denies them on bucket and objects is missing";
        maker.add("no-tls-deny", Severity::Medium, None, side, message.into(), RESTORE.into());
    }
    for row in &mut surface.statements {
        let of_row = maker.found.iter().filter(|f| f.sid.as_ref() == Some(&row.sid));
        row.findings = of_row.map(|f| f.id.clone()).collect();
    }
    maker.found
}

struct Maker<'a> {
    pair: &'a Pair,
    found: Vec<Finding>,
}

impl Maker<'_> {
    fn add(
        &mut self,
        rule: &str,
        severity: Severity,
        sid: Option<&str>,
        side: Side,
        message: String,
        fix: String,
    ) {
        let pair = self.pair;
        let kind = match pair.kind {
            Kind::Trust => "trust",
            Kind::InlinePolicy => "inline",
            Kind::ManagedPolicies => "managed",
            Kind::PermissionsBoundary => "boundary",
            Kind::BucketPolicy => "bucket",
            Kind::ExecutionRole => "execution-role",
            Kind::FunctionPolicy => "function",
            Kind::ApiPolicy => "api",
            Kind::TablePolicy => "table",
        };
        let parts =
            [Some(pair.address.as_str()), Some(kind), pair.policy.as_deref(), sid, Some(rule)];
        self.found.push(Finding {
            id: parts.into_iter().flatten().collect::<Vec<_>>().join("/"),
            rule: rule.into(),
            severity,
            surface: pair.kind,
            address: pair.address.clone(),
            name: pair.name.clone(),
            policy: pair.policy.clone(),
            sid: sid.map(str::to_string),
            side,
            message,
            fix: if pair.shared { SHARED.into() } else { fix },
        });
    }

    /// Managed policies, the boundary and a function's role: ARNs, not documents.
    fn attachments(&mut self) {
        let pair = self.pair;
        if pair.kind == Kind::ExecutionRole {
            let both = !pair.wanted.is_null() && !pair.live.is_null();
            if both && pair.wanted != pair.live && pair.foreign.is_none() {
                let (live, wanted) = (arn(&pair.live), arn(&pair.wanted));
                let message = format!(
                    "the function runs as {live}, whose rights are not in this report; wanted is {wanted}"
                );
                self.add(
                    "foreign-execution-role",
                    Severity::High,
                    None,
                    Side::Live,
                    message,
                    RESTORE.into(),
                );
            }
            return;
        }
        if pair.kind == Kind::PermissionsBoundary {
            if pair.wanted != pair.live && pair.foreign.is_none() && pair.carried {
                let message = format!(
                    "the permissions boundary is {}, wanted is {}",
                    arn(&pair.live),
                    arn(&pair.wanted)
                );
                self.add(
                    "changed-boundary",
                    Severity::Medium,
                    None,
                    Side::Live,
                    message,
                    RESTORE.into(),
                );
            }
            return;
        }
        let (wanted, live) = (arns(&pair.wanted), arns(&pair.live));
        for arn in wanted.union(&live) {
            let (side, says) = match (wanted.contains(arn), live.contains(arn)) {
                (true, true) => (Side::Both, "AWS may change what it grants at any time"),
                (true, false) => (Side::Wanted, "stack.yaml wants it and AWS does not have it"),
                _ => (Side::Live, "stack.yaml does not ask for it: somebody else attached it"),
            };
            let admin = ["AdministratorAccess", "IAMFullAccess", "PowerUserAccess"]
                .iter()
                .any(|a| arn.ends_with(a));
            let severity =
                if admin || side == Side::Live { Severity::High } else { Severity::Medium };
            let fix = if side == Side::Live {
                REMOVE
            } else {
                "grant single actions instead of a managed policy"
            };
            let message = format!("the managed policy {arn} is attached; {says}");
            self.add("managed-policy", severity, Some(arn), side, message, fix.into());
        }
    }

    fn document(&mut self, surface: &Surface, judge: &Judge<'_>) {
        if surface.status == Status::Missing {
            let message = format!(
                "AWS has no such policy; stack.yaml wants {}",
                count(surface.statements.len())
            );
            self.add("missing-policy", Severity::Medium, None, Side::Wanted, message, MAKE.into());
        }
        let wanted: BTreeMap<String, Statement> =
            Statement::parse_all(&self.pair.wanted).into_iter().collect();
        for row in &surface.statements {
            if surface.status != Status::Missing {
                self.compared(row, wanted.get(&row.sid));
            }
            let live_issues = if row.live { judge.issues(&row.content) } else { vec![] };
            let wanted_issues = wanted.get(&row.sid).map(|s| judge.issues(s)).unwrap_or_default();
            self.too_wide(row, &live_issues, &wanted_issues);
        }
    }

    fn compared(&mut self, row: &Row, wanted: Option<&Statement>) {
        let sid = Some(row.sid.as_str());
        let allows = row.content.effect == "Allow";
        match (wanted, row.live) {
            (None, _) => {
                let severity = if allows { Severity::High } else { Severity::Medium };
                let what = format!(
                    "AWS has a statement that stack.yaml does not ask for: {}",
                    gist(&row.content)
                );
                self.add("excess-statement", severity, sid, Side::Live, what, REMOVE.into());
            }
            (Some(_), false) => {
                // A lost grant breaks the shop, a lost denial opens it.
                let severity = if allows { Severity::Medium } else { Severity::High };
                let what = format!(
                    "stack.yaml wants a statement that AWS does not have: {}",
                    gist(&row.content)
                );
                self.add("missing-statement", severity, sid, Side::Wanted, what, MAKE.into());
            }
            (Some(wanted), true) if *wanted != row.content => {
                let changes = changes(wanted, &row.content);
                let widened = changes.iter().any(|(wider, _)| *wider);
                let severity = if widened { Severity::High } else { Severity::Medium };
                let words: Vec<String> = changes.into_iter().map(|(_, words)| words).collect();
                let what = format!(
                    "AWS has this statement otherwise than stack.yaml: {}",
                    words.join("; ")
                );
                self.add("changed-statement", severity, sid, Side::Live, what, RESTORE.into());
            }
            _ => {}
        }
    }

    fn too_wide(&mut self, row: &Row, live: &[Issue], wanted: &[Issue]) {
        let accepted = |issue: &Issue| self.pair.shared && SHARED_AS_WANTED.contains(&issue.rule);
        let as_wanted = row.status == Status::Same;
        let live: Vec<&Issue> =
            live.iter().filter(|issue| !(as_wanted && accepted(issue))).collect();
        let wanted: Vec<&Issue> = wanted.iter().filter(|issue| !accepted(issue)).collect();
        let back = if row.wanted { RESTORE } else { REMOVE };
        for issue in &live {
            let both = wanted.iter().any(|w| w.rule == issue.rule);
            // What stack.yaml does not want goes away with the next `up`; else the statement itself
            // must change.
            let (side, fix) = if both { (Side::Both, issue.fix) } else { (Side::Live, back) };
            self.add(
                issue.rule,
                issue.severity,
                Some(&row.sid),
                side,
                issue.message.clone(),
                fix.into(),
            );
        }
        for issue in wanted.iter().filter(|w| !live.iter().any(|l| l.rule == w.rule)) {
            self.add(
                issue.rule,
                issue.severity,
                Some(&row.sid),
                Side::Wanted,
                issue.message.clone(),
                issue.fix.into(),
            );
        }
    }
}

/// How the live statement differs, in words; `true` where it lets more through.
fn changes(wanted: &Statement, live: &Statement) -> Vec<(bool, String)> {
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

fn gist(statement: &Statement) -> String {
    let not = |list: &[String]| {
        if list.is_empty() { String::new() } else { format!("all but {}", list.join(", ")) }
    };
    let actions = format!("{}{}", statement.actions.join(", "), not(&statement.not_actions));
    let resources = format!("{}{}", statement.resources.join(", "), not(&statement.not_resources));
    let on = if resources.is_empty() { String::new() } else { format!(" on {resources}") };
    format!("{} {actions}{on}", statement.effect)
}

fn count(statements: usize) -> String {
    if statements == 1 { "1 statement".into() } else { format!("{statements} statements") }
}

fn arns(value: &Value) -> BTreeSet<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_string).collect()
}

fn arn(value: &Value) -> &str {
    value.as_str().unwrap_or("none")
}
