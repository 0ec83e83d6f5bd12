//! The report as CSV (RFC 4180) for a spreadsheet: a row for each finding, statement, setting,
//! need and read.

use super::words::{
    clean, finding_place, kind_name, levels, location, needed_name, status_name, verdict_name,
};
use crate::report::{Report, Row, Surface};

const HEADS: [&str; 20] = [
    "record",
    "address",
    "name",
    "surface",
    "statement",
    "status",
    "severity",
    "rule",
    "effect",
    "access_level",
    "actions",
    "resources",
    "principals",
    "conditions",
    "reason",
    "location",
    "message",
    "fix",
    "frameworks",
    "exception",
];

/// One row before it is written; absent fields are empty.
#[derive(Default)]
struct Line([String; 20]);

impl Line {
    fn new(record: &str) -> Self {
        Self::default().with("record", record)
    }

    fn with(mut self, head: &str, value: &str) -> Self {
        let field = HEADS.iter().position(|h| *h == head).and_then(|at| self.0.get_mut(at));
        if let Some(field) = field {
            *field = clean(value);
        }
        self
    }
}

/// Lines end with CR LF; a value that a spreadsheet would take for a formula has a `'` before it.
pub fn csv(report: &Report) -> String {
    let mut text = HEADS.join(",") + "\r\n";
    let findings = report.findings.iter().map(|f| {
        let frameworks: Vec<String> =
            f.frameworks.iter().map(|(name, ids)| format!("{name}: {}", ids.join(" "))).collect();
        let exception = f.exception.as_ref().map_or_else(String::new, |e| {
            let state = if e.expired { "expired" } else { "until" };
            format!("{} ({}, {state} {})", e.reason, e.approver, e.expires)
        });
        Line::new("finding")
            .with("address", f.address.as_str())
            .with("name", &f.name)
            .with("surface", &finding_place(f))
            .with("statement", f.sid.as_deref().unwrap_or_default())
            .with("severity", f.severity.as_str())
            .with("rule", &f.rule)
            .with("location", &location(f.location.as_ref()))
            .with("message", &f.message)
            .with("fix", &f.fix)
            .with("frameworks", &frameworks.join("; "))
            .with("exception", &exception)
    });
    let surfaces = report.surfaces.iter().flat_map(of_surface);
    let needs = report.needs.iter().map(|need| {
        Line::new("need")
            .with("name", &need.function)
            .with("status", needed_name(need.verdict))
            .with("actions", &need.action)
            .with("resources", &need.resource)
            .with("location", &need.found.join("; "))
            .with("message", need.note.as_deref().unwrap_or_default())
    });
    let reads = report.reads.iter().map(|read| {
        let failure = read.failure.as_ref();
        let message = failure.map(|f| format!("{}: {}", f.code, f.message)).unwrap_or_default();
        let right = failure.and_then(|f| f.missing_right.as_deref()).unwrap_or_default();
        Line::new("read")
            .with("address", read.address.as_str())
            .with("name", &read.name)
            .with("surface", &kind_name(read.surface, read.policy.as_deref()))
            .with("status", verdict_name(read.verdict))
            .with("actions", &read.calls.join("; "))
            .with("message", &message)
            .with("fix", &if right.is_empty() { String::new() } else { format!("grant {right}") })
    });
    for line in findings.chain(surfaces).chain(needs).chain(reads) {
        let fields: Vec<String> = line.0.iter().map(|field| quoted(field)).collect();
        text.push_str(&fields.join(","));
        text.push_str("\r\n");
    }
    text
}

fn of_surface(surface: &Surface) -> Vec<Line> {
    let base = |record: &str| {
        Line::new(record)
            .with("address", surface.address.as_str())
            .with("name", &surface.name)
            .with("surface", &kind_name(surface.surface, surface.policy.as_deref()))
            .with("location", &location(surface.location.as_ref()))
    };
    if surface.statements.is_empty() {
        let live = if surface.live.is_null() { String::new() } else { surface.live.to_string() };
        let line = base("setting").with("status", status_name(surface.status));
        return vec![line.with("message", &live)];
    }
    surface.statements.iter().map(|row| of_row(base("statement"), row)).collect()
}

fn of_row(line: Line, row: &Row) -> Line {
    let content = &row.content;
    let but = |list: &[String]| list.iter().map(|x| format!("all but {x}")).collect::<Vec<_>>();
    let joined = |list: &[String], not: &[String]| {
        list.iter().cloned().chain(but(not)).collect::<Vec<_>>().join("; ")
    };
    let principals: Vec<String> = content
        .principals
        .iter()
        .flat_map(|(kind, list)| list.iter().map(move |p| format!("{kind} {p}")))
        .collect();
    let place = location(row.location.as_ref());
    let line = if place.is_empty() { line } else { line.with("location", &place) };
    line.with("statement", &row.sid)
        .with("status", status_name(row.status))
        .with("effect", &content.effect)
        .with("access_level", &levels(row))
        .with("actions", &joined(&content.actions, &content.not_actions))
        .with("resources", &joined(&content.resources, &content.not_resources))
        .with("principals", &principals.join("; "))
        .with("conditions", &crate::report::conditions(content).join("; "))
        .with("reason", row.reason.as_deref().unwrap_or_default())
}

/// A field in quotes where it needs them, and never the beginning of a formula.
fn quoted(field: &str) -> String {
    let formula = field.trim_start().starts_with(['=', '+', '-', '@', '\t', '\r', '|', '%']);
    let field = if formula { format!("'{field}") } else { field.to_string() };
    if field.contains([',', '"', '\n', '\r']) || formula {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field
    }
}
