//! The report as Markdown, for a pull request or a wiki: summary first, findings, then one section
//! per resource.

use super::words::{
    actions, call_verdict, callers, clean, details, fields, finding_place, grant_verdict, granted,
    groups, is_accepted, kind_name, levels, location, mark, needed_name, origin, short,
    status_name, summary, tried, validity, verdict_name,
};
use crate::report::{Access, Report, Row, Status, Surface, Verdict};

/// Markdown (GitHub's dialect); text from AWS is escaped and cannot make markup.
pub fn markdown(report: &Report) -> String {
    let mut lines = head(report);
    lines.extend(unread(report));
    lines.extend(findings(report));
    lines.extend(changes(report));
    lines.extend(needs(report));
    lines.extend(proof(report));
    for (title, group) in groups(report) {
        let Some(first) = group.first() else { continue };
        let shared = if first.shared { ", shared by all stacks of the account" } else { "" };
        lines.extend([String::new(), format!("## {} (`{}`{shared})", cell(&title), first.address)]);
        for surface in group {
            lines.extend(section(surface));
        }
    }
    lines.extend([String::new(), "## Not evaluated".into(), String::new()]);
    lines.extend(report.not_evaluated.iter().map(|what| format!("- {}", cell(what))));
    lines.extend([String::new(), format!("Content digest: `{}`", report.digest.content)]);
    lines.join("\n") + "\n"
}

/// Text inside a table or a heading: no markup, no new column, no new line.
fn cell(text: &str) -> String {
    let mut escaped = String::new();
    for c in clean(text).chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '|' | '[' | ']' | '#' | '~' | '!' => escaped.extend(['\\', c]),
            // Nobody is called by a report.
            '@' => escaped.push_str("@\u{200b}"),
            other => escaped.push(other),
        }
    }
    escaped
}

fn head(report: &Report) -> Vec<String> {
    let mut lines = vec![
        format!("# Policy report: stack {}, env {}", cell(&report.stack), cell(&report.env)),
        String::new(),
        format!("**{}**", cell(&summary(report))),
    ];
    let rows = origin(report).into_iter().map(|(label, value)| vec![label.into(), cell(&value)]);
    lines.extend(table(&["", ""], rows));
    lines
}

/// A table with a blank line before it; cells are escaped already.
fn table(heads: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Vec<String> {
    let mut lines = vec![
        String::new(),
        format!("| {} |", heads.join(" | ")),
        format!("|{}", "---|".repeat(heads.len())),
    ];
    lines.extend(rows.map(|row| format!("| {} |", row.join(" | "))));
    lines
}

fn section_head(title: &str) -> Vec<String> {
    vec![String::new(), format!("## {title}")]
}

/// Reads that failed, each with the right that is missing.
fn unread(report: &Report) -> Vec<String> {
    let failed = |v: Verdict| matches!(v, Verdict::Denied | Verdict::Failed);
    let mut reads = report.reads.iter().filter(|r| failed(r.verdict)).peekable();
    if reads.peek().is_none() {
        return vec![];
    }
    let mut lines = section_head("Not read");
    let rows = reads.map(|read| {
        let what = kind_name(read.surface, read.policy.as_deref());
        let failure = read.failure.as_ref();
        let right = failure.and_then(|f| f.missing_right.as_deref()).unwrap_or_default();
        let said = failure.map(|f| format!("{}: {}", f.code, f.message)).unwrap_or_default();
        let place = format!("{} {what}", read.address);
        [place.as_str(), verdict_name(read.verdict), right, &said].map(cell).into()
    });
    lines.extend(table(&["What", "Verdict", "Missing right", "AWS says"], rows));
    lines
}

fn changes(report: &Report) -> Vec<String> {
    let Some(changes) = &report.changes else { return vec![] };
    let mut lines = section_head(&format!("Since the report of {}", cell(&changes.since)));
    let row = |what: &'static str| {
        move |a: &Access| {
            let conditions = a.conditions.join("; ");
            let cells = [what, &a.effect, &a.principal, &a.action, &a.resource, &conditions];
            Vec::from(cells.map(cell))
        }
    };
    let gained = changes.gained.iter().map(row("gained"));
    let rows = gained.chain(changes.lost.iter().map(row("lost")));
    let heads = ["", "Effect", "Who", "Action", "On", "If"];
    lines.extend(table(&heads, rows));
    lines
}

fn needs(report: &Report) -> Vec<String> {
    if report.needs.is_empty() {
        return vec![];
    }
    let mut lines = section_head("Needed against granted");
    let yes = |it: bool| if it { "yes" } else { "no" };
    let rows = report.needs.iter().map(|need| {
        let found = if need.found.is_empty() { "-".into() } else { need.found.join(", ") };
        let note = need.note.as_deref().unwrap_or_default();
        let cells = [
            need.function.as_str(),
            &need.action,
            &need.resource,
            yes(need.declared),
            &found,
            need.observed.as_deref().unwrap_or("-"),
            yes(need.granted),
            needed_name(need.verdict),
            note,
        ];
        Vec::from(cells.map(cell))
    });
    let heads = [
        "Function",
        "Action",
        "On",
        "Declared",
        "Found in source",
        "Observed",
        "Granted",
        "Verdict",
        "Note",
    ];
    lines.extend(table(&heads, rows));
    lines
}

/// The proof, with the evidence of each line.
fn proof(report: &Report) -> Vec<String> {
    let Some(proof) = &report.proof else { return vec![] };
    let mut lines = section_head("Proof");
    lines.extend([String::new(), format!("**{}.**", cell(&proof.summary()))]);
    let facts = validity(proof).into_iter().map(|(label, value)| vec![label.into(), cell(&value)]);
    lines.extend(table(&["", ""], facts));
    let grants = proof.grants.iter().map(|trial| {
        let verdict = grant_verdict(trial.verdict);
        Vec::from([verdict, trial.address.as_str(), &granted(trial), &trial.evidence].map(cell))
    });
    lines.extend(table(&["Grant", "Of", "What", "Evidence"], grants));
    let calls = proof.forbidden.iter().map(|call| {
        let verdict = call_verdict(call.verdict);
        Vec::from([verdict, &call.principal, &tried(call), &call.evidence].map(cell))
    });
    lines.extend(table(&["Call", "As", "What", "Evidence"], calls));
    lines
}

fn findings(report: &Report) -> Vec<String> {
    if report.findings.is_empty() {
        return vec![];
    }
    let mut lines = section_head("Findings");
    let rows = report.findings.iter().map(|f| {
        let accepted = if is_accepted(f) { " (accepted)" } else { "" };
        let rule = format!("{}{accepted}", f.rule);
        let (place, at) = (finding_place(f), location(f.location.as_ref()));
        Vec::from([f.severity.as_str(), &rule, &place, &at, &f.message, &f.fix].map(cell))
    });
    lines.extend(table(&["Severity", "Rule", "Where", "stack.yaml", "What", "Fix"], rows));
    lines
}

fn section(surface: &Surface) -> Vec<String> {
    let name = kind_name(surface.surface, surface.policy.as_deref());
    let nothing = surface.wanted.is_null() && surface.live.is_null();
    let status = if nothing && surface.status == Status::Same {
        "none"
    } else {
        status_name(surface.status)
    };
    let mut lines = vec![String::new(), format!("**{}**: {status}", cell(&name))];
    if !surface.statements.is_empty() {
        lines.extend([
            String::new(),
            "| | Statement | Access | Grants | Why |".into(),
            "|---|---|---|---|---|".into(),
        ]);
        lines.extend(surface.statements.iter().map(row));
    }
    let differences = fields(surface).map(|d| {
        format!(
            "- {}: AWS has {}, wanted {}",
            cell(&d.path),
            cell(&short(&d.live)),
            cell(&short(&d.wanted))
        )
    });
    let callers = callers(surface);
    let callers = callers.iter().map(|text| format!("- {}", cell(text)));
    let told: Vec<String> = callers.chain(differences).collect();
    if !told.is_empty() {
        lines.push(String::new());
        lines.extend(told);
    }
    lines
}

fn row(row: &Row) -> String {
    let mut grants = vec![cell(&actions(&row.content))];
    for (label, list) in details(&row.content) {
        grants.extend(list.iter().map(|item| format!("{label} {}", cell(item))));
    }
    let why = match (&row.reason, row.wanted) {
        (Some(reason), _) => cell(reason),
        (None, true) => "no reason given".into(),
        (None, false) => "none; stack.yaml does not ask for it".into(),
    };
    let (mark, levels) = (mark(row.status), cell(&levels(row)));
    format!("| `{mark}` | {} | {levels} | {} | {why} |", cell(&row.sid), grants.join("<br>"))
}
