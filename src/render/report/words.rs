//! Words that every form of the report shares: names of surfaces, statuses, one-sentence summaries.

use crate::policy::judge::Statement;
use crate::report::{
    CallVerdict, Difference, Finding, ForbiddenCall, GrantTrial, GrantVerdict, Kind, Needed, Proof,
    Report, Status, Surface, Verdict,
};
use serde_json::Value;
use std::collections::BTreeMap;

/// Text from AWS is untrusted: it must not control the terminal, change the text direction, or
/// hide.
pub(super) fn clean(text: &str) -> String {
    let shown = |c: char| {
        if c.is_control() { c.escape_default().to_string() } else { c.to_string() }
    };
    text.chars().filter(|c| !is_invisible(*c)).map(shown).collect()
}

/// Marks of direction and width: they draw nothing, and change what the eye sees.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}'
    )
}

/// Text that is only text in HTML.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for c in clean(text).chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Surfaces by what carries them, in the order of the report.
pub(super) fn groups(report: &Report) -> Vec<(String, Vec<&Surface>)> {
    let mut all: Vec<(String, Vec<&Surface>)> = Vec::new();
    let mut last = None;
    for surface in &report.surfaces {
        let key = crate::report::carrier(&surface.address);
        let title = format!("{} {}", key.1, clean(&surface.name));
        match all.last_mut().filter(|_| last.as_ref() == Some(&key)) {
            Some((_, group)) => group.push(surface),
            None => all.push((title, vec![surface])),
        }
        last = Some(key);
    }
    all
}

pub(super) fn kind_name(kind: Kind, policy: Option<&str>) -> String {
    let named = |noun: &str| format!("{noun} {}", clean(policy.unwrap_or_default()));
    let name = match kind {
        Kind::InlinePolicy if policy.is_none() => return "grants".into(),
        Kind::InlinePolicy => return named("inline policy"),
        Kind::ManagedDocument => return named("document of"),
        Kind::VersionPolicy => return named("resource policy of version"),
        Kind::LogResourcePolicies => return named("log resource policy"),
        Kind::Trust => "trust policy",
        Kind::ManagedPolicies => "managed policies",
        Kind::PermissionsBoundary => "permissions boundary",
        Kind::BucketPolicy => "bucket policy",
        Kind::PublicAccessBlock => "public access block",
        Kind::ObjectOwnership => "object ownership",
        Kind::BucketSettings => "bucket settings",
        Kind::FunctionSettings => "function settings",
        Kind::TableSettings => "table settings",
        Kind::ExecutionRole => "execution role",
        Kind::FunctionUrl => "function URLs",
        Kind::EventSources => "event sources",
        Kind::FunctionExtras => "settings beyond stack.yaml",
        Kind::Routes => "routes and their authorisation",
        Kind::StreamPolicy => "stream policy",
        Kind::WebAcl => "web ACL in front",
        Kind::WebAclRules => "rules",
        Kind::DistributionAccess => "access settings",
        Kind::Subscriptions => "subscriptions",
        Kind::OtherSettings => "other settings",
        Kind::FunctionPolicy | Kind::ApiPolicy | Kind::TablePolicy => "resource policy",
    };
    name.into()
}

pub(super) fn status_name(status: Status) -> &'static str {
    match status {
        Status::Same => "as wanted",
        Status::Differs => "differs",
        Status::Missing => "missing",
        Status::Foreign => "not wanted",
        Status::NotEmulated => "not emulated",
        Status::Unread => "not read",
    }
}

/// Shown before a statement: what stack.yaml and AWS have of it.
pub(super) fn mark(status: Status) -> &'static str {
    match status {
        Status::Same => "=",
        Status::Differs => "~",
        Status::Missing => "-",
        Status::Foreign => "+",
        Status::NotEmulated | Status::Unread => "?",
    }
}

pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

pub(super) fn grant_verdict(verdict: GrantVerdict) -> &'static str {
    match verdict {
        GrantVerdict::Needed => "needed",
        GrantVerdict::Unused => "UNUSED",
        GrantVerdict::NotEmulated => "not emulated",
    }
}

pub(super) fn call_verdict(verdict: CallVerdict) -> &'static str {
    match verdict {
        CallVerdict::Refused => "refused",
        CallVerdict::Allowed => "ALLOWED",
        CallVerdict::Undecided => "UNDECIDED",
        CallVerdict::NotEmulated => "not emulated",
    }
}

/// The grant of a trial, in words.
pub(super) fn granted(trial: &GrantTrial) -> String {
    let attribute = trial.attribute.as_ref().map(|a| format!(", attribute {a}"));
    format!("{} on {}{}", trial.action, trial.resource, attribute.unwrap_or_default())
}

/// The call of a trial, in words.
pub(super) fn tried(call: &ForbiddenCall) -> String {
    let detail = call.detail.as_ref().map(|d| format!(", {d}"));
    format!("{} on {}{}", call.action, call.resource, detail.unwrap_or_default())
}

/// The proof's validity: digests, enforcement, time.
pub(super) fn validity(proof: &Proof) -> Vec<(&'static str, String)> {
    let code: Vec<String> =
        proof.code_sha256.iter().map(|(id, sha256)| format!("{id} {sha256}")).collect();
    vec![
        ("Enforced by", proof.enforced_by.clone()),
        ("Checks", proof.checks.join(", ")),
        ("Policies (SHA-256)", proof.policies_sha256.clone()),
        ("Code (SHA-256)", code.join(", ")),
        ("Not proved", proof.not_proved.join("; ")),
    ]
}

/// The summary: the coverage first, then the findings, since no finding means little if much was
/// not read.
pub(super) fn summary(report: &Report) -> String {
    let coverage = &report.coverage;
    let total = coverage.read + coverage.unread + coverage.not_emulated;
    let mut text = format!("Read {} of {total} policies and settings", coverage.read);
    let mut gaps = Vec::new();
    if coverage.unread > 0 {
        gaps.push(format!("{} could not be read", coverage.unread));
    }
    if coverage.not_emulated > 0 {
        gaps.push(format!("{} are not emulated by this endpoint", coverage.not_emulated));
    }
    if !gaps.is_empty() {
        text.push_str(&format!("; {}", gaps.join(", ")));
    }
    let off = report
        .surfaces
        .iter()
        .filter(|s| matches!(s.status, Status::Differs | Status::Missing | Status::Foreign))
        .count();
    let drift = if off == 0 {
        "AWS has what stack.yaml wants".to_string()
    } else {
        count(off, "differs from stack.yaml", "differ from stack.yaml")
    };
    let found = if report.findings.is_empty() {
        "no findings".to_string()
    } else {
        let accepted = report.findings.iter().filter(|f| is_accepted(f)).count();
        let accepted =
            if accepted > 0 { format!(", {accepted} of them accepted") } else { String::new() };
        let findings = count(report.findings.len(), "finding", "findings");
        format!("{findings} ({}{accepted})", severities(report))
    };
    let scope = if coverage.unread > 0 { "In what was read: " } else { "" };
    let mut rest = format!("{scope}{found}; {drift}.");
    if let Some(first) = rest.get(..1).map(str::to_uppercase) {
        rest.replace_range(..1, &first);
    }
    let proof = report.proof.as_ref().map(|p| format!(" Proof: {}.", p.summary()));
    format!("{text}. {rest}{}", proof.unwrap_or_default())
}

pub(super) fn is_accepted(finding: &Finding) -> bool {
    finding.exception.as_ref().is_some_and(|exception| !exception.expired)
}

fn severities(report: &Report) -> String {
    let mut by_severity: BTreeMap<_, usize> = BTreeMap::new();
    report.findings.iter().for_each(|f| *by_severity.entry(f.severity).or_default() += 1);
    let all: Vec<String> = by_severity.iter().map(|(s, n)| format!("{n} {}", s.as_str())).collect();
    all.join(", ")
}

/// `high  lambdas/... inline policy grants, TableOrders`: where a finding is.
pub(super) fn finding_place(finding: &Finding) -> String {
    let (_, noun, _) = crate::report::carrier(&finding.address);
    let mut place = format!(
        "{noun} {}, {}",
        finding.name,
        kind_name(finding.surface, finding.policy.as_deref())
    );
    if let Some(sid) = &finding.sid {
        place.push_str(&format!(", {sid}"));
    }
    place.push_str(&format!(" [{}]", finding.address));
    clean(&place)
}

/// `stack.yaml:31`, or nothing.
pub(super) fn location(location: Option<&crate::report::Location>) -> String {
    location.map(|l| clean(&format!("{}:{}", l.file, l.line))).unwrap_or_default()
}

pub(super) fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Read => "read",
        Verdict::Absent => "there is none",
        Verdict::Denied => "denied",
        Verdict::Failed => "failed",
        Verdict::NotEmulated => "not emulated",
    }
}

pub(super) fn needed_name(needed: Needed) -> &'static str {
    match needed {
        Needed::NeededAndGranted => "needed and granted",
        Needed::Missing => "missing",
        Needed::Excess => "excess",
        Needed::CannotBeScoped => "needed, cannot be scoped",
        Needed::Unclear => "unclear",
    }
}

/// Access levels of a statement's actions: `Read, Write`.
pub(super) fn levels(row: &crate::report::Row) -> String {
    let mut all: Vec<&str> =
        row.checked_actions.iter().filter_map(|a| a.access_level.as_deref()).collect();
    let mut all: Vec<&str> = all.drain(..).flat_map(|levels| levels.split(", ")).collect();
    all.sort_unstable();
    all.dedup();
    all.join(", ")
}

/// Where the report comes from, as pairs of label and value.
pub(super) fn origin(report: &Report) -> Vec<(&'static str, String)> {
    let place = match &report.endpoint {
        Some(endpoint) => {
            format!("{} in {}, not on AWS but at {endpoint}", report.account, report.region)
        }
        None => format!("{} in {}", report.account, report.region),
    };
    let made = &report.generator;
    let commit = if made.commit.is_empty() { "no git commit" } else { &made.commit };
    let by = format!(
        "{} {}, stack.yaml at {commit}, AWS action data of {}",
        made.name, made.version, made.actions_dated
    );
    [
        ("account", place),
        ("read as", report.caller.clone()),
        ("read at", format!("{} to {}", report.started, report.finished)),
        ("made by", by),
    ]
    .map(|(label, value)| (label, clean(&value)))
    .into()
}

/// Differences worth a line of their own: a whole policy or statement that one side lacks is told
/// by marks already.
pub(super) fn fields(surface: &Surface) -> impl Iterator<Item = &Difference> {
    let whole =
        |d: &Difference| d.path.strip_prefix("statements.").is_some_and(|rest| !rest.contains('.'));
    surface
        .differences
        .iter()
        .filter(move |d| surface.statements.is_empty() || !(whole(d) || d.path == "policy"))
}

/// The callers of each route of the API, one per line; nothing for other surfaces.
pub(super) fn callers(surface: &Surface) -> Vec<String> {
    if surface.surface != Kind::Routes {
        return Vec::new();
    }
    let routes = if surface.live.is_null() { &surface.wanted } else { &surface.live };
    let line = |(route, settings): (&String, &Value)| {
        let conditions = crate::report::route_conditions(settings);
        let who = if conditions.is_empty() {
            "anyone".to_string()
        } else {
            format!("only with {}", conditions.join(" and "))
        };
        clean(&format!("{route}: {who}"))
    };
    routes.as_object().into_iter().flatten().map(line).collect()
}

/// The parts of a statement below its actions, with their labels; `reason` apart.
pub(super) fn details(statement: &Statement) -> Vec<(&'static str, Vec<String>)> {
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

pub(super) fn actions(statement: &Statement) -> String {
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
pub(super) fn short(value: &Value) -> String {
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
