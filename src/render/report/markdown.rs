//! The report as Markdown, for a pull request or a wiki: summary first, findings, then one section
//! per resource.

use super::{
    actions, carrier, clean, details, fields, groups, kind_name, mark, place, short, status_name,
    summary,
};
use crate::report::{Report, Row, Status, Surface};

/// Markdown (GitHub's dialect); text from AWS is escaped and cannot make markup.
pub fn markdown(report: &Report) -> String {
    let mut lines = head(report);
    lines.extend(findings(report));
    for group in groups(report) {
        let Some(first) = group.first() else { continue };
        lines.extend([
            String::new(),
            format!("## {} {} (`{}`)", carrier(first.surface), cell(&first.name), place(first)),
        ]);
        for surface in group {
            lines.extend(section(surface));
        }
    }
    lines.extend([String::new(), "## Not evaluated".into(), String::new()]);
    lines.extend(report.not_evaluated.iter().map(|what| format!("- {}", cell(what))));
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
    let account = match &report.endpoint {
        Some(endpoint) => {
            format!("{} in {}, not on AWS but at {endpoint}", report.account, report.region)
        }
        None => format!("{} in {}", report.account, report.region),
    };
    let row = |label: &str, value: &str| format!("| {label} | {} |", cell(value));
    vec![
        format!("# Policy report: stack {}, env {}", cell(&report.stack), cell(&report.env)),
        String::new(),
        format!("**{}**", cell(&summary(report))),
        String::new(),
        "| | |".into(),
        "|---|---|".into(),
        row("Account", &account),
        row("Read as", &report.caller),
        row("Read at", &format!("{} to {}", report.started, report.finished)),
        row("Made by", &format!("{} {}", report.generator.name, report.generator.version)),
    ]
}

fn findings(report: &Report) -> Vec<String> {
    if report.findings.is_empty() {
        return vec![];
    }
    let mut lines = vec![
        String::new(),
        "## Findings".into(),
        String::new(),
        "| Severity | Rule | Where | What | Fix |".into(),
        "|---|---|---|---|---|".into(),
    ];
    lines.extend(report.findings.iter().map(|f| {
        let mut place = format!(
            "{} {}, {}",
            carrier(f.surface),
            f.name,
            kind_name(f.surface, f.policy.as_deref())
        );
        if let Some(sid) = &f.sid {
            place.push_str(&format!(", {sid}"));
        }
        let cells = [f.severity.as_str(), &f.rule, &place, &f.message, &f.fix].map(cell);
        format!("| {} |", cells.join(" | "))
    }));
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
            "| | Statement | Grants | Why |".into(),
            "|---|---|---|---|".into(),
        ]);
        lines.extend(surface.statements.iter().map(row));
    }
    let told: Vec<String> = fields(surface)
        .map(|d| {
            format!(
                "- {}: AWS has {}, wanted {}",
                cell(&d.path),
                cell(&short(&d.live)),
                cell(&short(&d.wanted))
            )
        })
        .collect();
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
    format!("| `{}` | {} | {} | {why} |", mark(row.status), cell(&row.sid), grants.join("<br>"))
}
