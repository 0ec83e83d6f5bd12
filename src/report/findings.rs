//! Findings on one policy: statements that only one side has, differences, and statements that are
//! too wide.

use super::changes::{changes, gist};
use super::exposure;
use super::maker::{Maker, REMOVE, RESTORE};
use super::sides::Pair;
use super::{Finding, Input, Kind, Row, Severity, Side, Status, Surface};
use crate::policy::judge::{self, Issue, Judge, Statement};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Rules that wanted statements of shared roles may break; `reasons` says why they cannot be
/// narrower.
const SHARED_AS_WANTED: [&str; 2] = ["wildcard-resource", "confused-deputy"];
const MAKE: &str = "run `shopstack up`: it makes what is missing";

/// Ways by which a role can give itself more rights, over all its policies together.
pub(super) fn escalations(input: &Input<'_>, pairs: &[Pair]) -> Vec<Finding> {
    let mut all = Vec::new();
    for trust in pairs.iter().filter(|pair| pair.kind == Kind::Trust && !pair.shared) {
        let of_role = |pair: &&Pair| {
            pair.address == trust.address
                && matches!(pair.kind, Kind::InlinePolicy | Kind::ManagedDocument)
        };
        let (mut live, mut wanted) = (Vec::new(), Vec::new());
        for pair in pairs.iter().filter(of_role) {
            live.extend(Statement::parse_all(&pair.live).into_iter().map(|(_, s)| s));
            wanted.extend(Statement::parse_all(&pair.wanted).into_iter().map(|(_, s)| s));
        }
        let asked = judge::escalations(&wanted);
        let mut maker = Maker { pair: trust, input, found: Vec::new() };
        for way in judge::escalations(&live) {
            let side = if asked.contains(&way) { Side::Both } else { Side::Live };
            let fix = if side == Side::Both {
                "remove the grant from stack.yaml: no function of a stack needs it"
            } else {
                REMOVE
            };
            let id = way.split(':').take(2).collect::<Vec<_>>().join(":");
            let message = format!("the role can give itself more rights: {way}");
            maker.add("privilege-escalation", Severity::High, Some(&id), side, message, fix.into());
        }
        all.extend(maker.found);
    }
    all
}

/// Findings of one policy; the rows of `surface` get the ids of theirs.
pub(super) fn find_in_policy(
    input: &Input<'_>,
    pair: &Pair,
    surface: &mut Surface,
    routes: &BTreeSet<String>,
) -> Vec<Finding> {
    let scope = input.scope;
    if pair.not_emulated || pair.unread.is_some() {
        return vec![];
    }
    let mut maker = Maker { pair, input, found: Vec::new() };
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
        None if exposure::speaks(pair.kind) => exposure::add(&mut maker),
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
        let message = "requests over plain http are not refused: a statement that denies them on \
                       bucket and objects is missing";
        maker.add("no-tls-deny", Severity::Medium, None, side, message.into(), RESTORE.into());
    }
    for row in &mut surface.statements {
        let of_row = maker.found.iter().filter(|f| f.sid.as_ref() == Some(&row.sid));
        row.findings = of_row.map(|f| f.id.clone()).collect();
    }
    maker.found
}

impl Maker<'_> {
    /// Managed policies, the boundary and a function's role: ARNs, not documents.
    fn attachments(&mut self) {
        let pair = self.pair;
        if pair.kind == Kind::ExecutionRole {
            let both = !pair.wanted.is_null() && !pair.live.is_null();
            if both && pair.wanted != pair.live && pair.foreign.is_none() {
                let (live, wanted) = (arn(&pair.live), arn(&pair.wanted));
                let message = format!(
                    "the function runs as {live}, whose rights are not in this report; wanted is \
                     {wanted}"
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
                (true, true) if pair.shared => continue,
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
        let compared = !matches!(self.pair.kind, Kind::ManagedDocument | Kind::LogResourcePolicies);
        for row in &surface.statements {
            if compared && surface.status != Status::Missing {
                self.compared(row, wanted.get(&row.sid));
            }
            let mut live_issues = if row.live { judge.issues(&row.content) } else { vec![] };
            live_issues.retain(|issue| {
                compared
                    || self.pair.kind != Kind::LogResourcePolicies
                    || !issue.rule.starts_with("wildcard")
            });
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
                let what =
                    format!("the statement on AWS differs from stack.yaml: {}", words.join("; "));
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
            // The next `up` removes a statement that stack.yaml does not want; otherwise the
            // statement itself must change.
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

fn count(statements: usize) -> String {
    if statements == 1 { "1 statement".into() } else { format!("{statements} statements") }
}

fn arns(value: &Value) -> BTreeSet<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_string).collect()
}

fn arn(value: &Value) -> &str {
    value.as_str().unwrap_or("none")
}
