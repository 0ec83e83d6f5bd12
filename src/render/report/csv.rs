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

/// A row before it is written; absent fields are empty.
#[derive(Default)]
struct Line([String; 20]);

impl Line {
    fn new(record: &str) -> Self {
        Self::default().set("record", record)
    }

    fn set(mut self, head: &str, value: &str) -> Self {
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
            .set("address", f.address.as_str())
            .set("name", &f.name)
            .set("surface", &finding_place(f))
            .set("statement", f.sid.as_deref().unwrap_or_default())
            .set("severity", f.severity.as_str())
            .set("rule", &f.rule)
            .set("location", &location(f.location.as_ref()))
            .set("message", &f.message)
            .set("fix", &f.fix)
            .set("frameworks", &frameworks.join("; "))
            .set("exception", &exception)
    });
    let surfaces = report.surfaces.iter().flat_map(of_surface);
    let needs = report.needs.iter().map(|need| {
        Line::new("need")
            .set("name", &need.function)
            .set("status", needed_name(need.verdict))
            .set("actions", &need.action)
            .set("resources", &need.resource)
            .set("location", &need.found.join("; "))
            .set("message", need.note.as_deref().unwrap_or_default())
    });
    let reads = report.reads.iter().map(|read| {
        let failure = read.failure.as_ref();
        let message = failure.map(|f| format!("{}: {}", f.code, f.message)).unwrap_or_default();
        let right = failure.and_then(|f| f.missing_right.as_deref()).unwrap_or_default();
        Line::new("read")
            .set("address", read.address.as_str())
            .set("name", &read.name)
            .set("surface", &kind_name(read.surface, read.policy.as_deref()))
            .set("status", verdict_name(read.verdict))
            .set("actions", &read.calls.join("; "))
            .set("message", &message)
            .set("fix", &if right.is_empty() { String::new() } else { format!("grant {right}") })
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
            .set("address", surface.address.as_str())
            .set("name", &surface.name)
            .set("surface", &kind_name(surface.surface, surface.policy.as_deref()))
            .set("location", &location(surface.location.as_ref()))
    };
    if surface.statements.is_empty() {
        let live = if surface.live.is_null() { String::new() } else { surface.live.to_string() };
        let line = base("setting").set("status", status_name(surface.status));
        return vec![line.set("message", &live)];
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
    let line = if place.is_empty() { line } else { line.set("location", &place) };
    line.set("statement", &row.sid)
        .set("status", status_name(row.status))
        .set("effect", &content.effect)
        .set("access_level", &levels(row))
        .set("actions", &joined(&content.actions, &content.not_actions))
        .set("resources", &joined(&content.resources, &content.not_resources))
        .set("principals", &principals.join("; "))
        .set("conditions", &crate::report::conditions(content).join("; "))
        .set("reason", row.reason.as_deref().unwrap_or_default())
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
