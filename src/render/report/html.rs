//! The report as one HTML page: no script, nothing fetched, printable.

use super::picture::picture;
use super::words::{
    actions, call_verdict, callers, count, details, escape, fields, finding_place, grant_verdict,
    granted, groups, is_accepted, kind_name, levels, location, mark, needed_name, origin, short,
    status_name, summary, tried, validity, verdict_name,
};
use crate::report::{Finding, Report, Row, Surface};

const STYLE: &str = include_str!("report.css");

/// The whole page; whatever AWS or a person wrote is escaped, and marks that turn text around are
/// taken out.
pub fn html(report: &Report) -> String {
    let title = format!("Policy report: stack {}, env {}", report.stack, report.env);
    let verdict = if report.exit_code == 0 { "good" } else { "bad" };
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n\
         <body>\n<header><h1>{title}</h1>\n<p class=\"{verdict}\">{}</p></header>\n<main>\n",
        escape(&summary(report)),
        title = escape(&title),
    );
    page.push_str(&about(report));
    page.push_str(&unread(report));
    page.push_str(&section("Findings", &findings(report)));
    let drawn = picture(report);
    if !drawn.is_empty() {
        page.push_str(&section("Who may reach what", &scroll("Who may reach what", &drawn)));
    }
    page.push_str(&changes(report));
    page.push_str(&needs(report));
    page.push_str(&proof(report));
    page.push_str(&exceptions(report));
    for (title, group) in groups(report) {
        page.push_str(&carrier(&title, &group));
    }
    page.push_str(&reads(report));
    let list: Vec<String> =
        report.not_evaluated.iter().map(|what| format!("<li>{}</li>", escape(what))).collect();
    page.push_str(&section("Not evaluated", &format!("<ul>{}</ul>", list.concat())));
    page.push_str(&format!(
        "</main>\n<footer><p>Digest of the content, {}: <code>{}</code></p>\
         <p>Digest with times: <code>{}</code></p></footer>\n</body>\n</html>\n",
        report.digest.algorithm, report.digest.content, report.digest.report
    ));
    page
}

fn section(title: &str, body: &str) -> String {
    format!("<section><h2>{}</h2>\n{body}</section>\n", escape(title))
}

/// Wide content scrolls by itself, also by keyboard.
fn scroll(label: &str, body: &str) -> String {
    let label = escape(label);
    format!(
        "<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"{label}\">{body}</div>\n"
    )
}

/// A table whose cells are HTML already.
fn table(label: &str, heads: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let heads: Vec<String> =
        heads.iter().map(|head| format!("<th scope=\"col\">{}</th>", escape(head))).collect();
    let rows: Vec<String> = rows
        .map(|cells| {
            let cells: Vec<String> = cells.iter().map(|c| format!("<td>{c}</td>")).collect();
            format!("<tr>{}</tr>\n", cells.concat())
        })
        .collect();
    let (heads, rows) = (heads.concat(), rows.concat());
    scroll(label, &format!("<table><thead><tr>{heads}</tr></thead>\n<tbody>{rows}</tbody></table>"))
}

fn about(report: &Report) -> String {
    let rows: Vec<String> = origin(report)
        .iter()
        .map(|(label, value)| format!("<dt>{}</dt><dd>{}</dd>", escape(label), escape(value)))
        .collect();
    format!("<dl>{}</dl>\n", rows.concat())
}

fn unread(report: &Report) -> String {
    let mut failed = report.reads.iter().filter(|r| r.failure.is_some()).peekable();
    if failed.peek().is_none() {
        return String::new();
    }
    let rows = failed.map(|read| {
        let failure = read.failure.as_ref();
        let right = failure.and_then(|f| f.missing_right.as_deref()).unwrap_or("-");
        let said = failure.map(|f| format!("{}: {}", f.code, f.message)).unwrap_or_default();
        let what = kind_name(read.surface, read.policy.as_deref());
        let place = format!("{} {what}", read.address);
        [place.as_str(), verdict_name(read.verdict), right, &said].map(escape).into()
    });
    let heads = ["What", "Verdict", "Missing right", "AWS says"];
    section("Not read", &table("Not read", &heads, rows))
}

fn findings(report: &Report) -> String {
    if report.findings.is_empty() {
        return "<p>None.</p>".into();
    }
    table(
        "Findings",
        &["Severity", "Rule", "Where", "What", "Fix", "Controls"],
        report.findings.iter().map(finding),
    )
}

fn finding(finding: &Finding) -> Vec<String> {
    let severity = finding.severity.as_str();
    let place = location(finding.location.as_ref());
    let place = if place.is_empty() { place } else { format!("<br>{}", escape(&place)) };
    let controls: Vec<String> = finding
        .frameworks
        .iter()
        .map(|(name, ids)| escape(&format!("{name}: {}", ids.join(", "))))
        .collect();
    let fix = match &finding.exception {
        Some(e) if is_accepted(finding) => {
            format!("Accepted until {} by {}: {}", e.expires, e.approver, e.reason)
        }
        _ => finding.fix.clone(),
    };
    vec![
        format!("<strong class=\"{severity}\">{severity}</strong>"),
        escape(&finding.rule),
        escape(&finding_place(finding)) + &place,
        escape(&finding.message),
        escape(&fix),
        controls.join("<br>"),
    ]
}

fn changes(report: &Report) -> String {
    let Some(changes) = &report.changes else { return String::new() };
    let gained = changes.gained.iter().map(|a| ("gained", a));
    let rows = gained.chain(changes.lost.iter().map(|a| ("lost", a))).map(|(what, a)| {
        let conditions = a.conditions.join("; ");
        [what, &a.effect, &a.principal, &a.action, &a.resource, &conditions].map(escape).into()
    });
    let title = format!("Since the report of {}", changes.since);
    let heads = ["Change", "Effect", "Who", "Action", "On", "If"];
    let findings = format!(
        "<p>{}, {}.</p>",
        count(changes.new_findings.len(), "new finding", "new findings"),
        count(changes.settled_findings.len(), "finding settled", "findings settled")
    );
    section(&title, &(table(&title, &heads, rows) + &findings))
}

fn needs(report: &Report) -> String {
    if report.needs.is_empty() {
        return String::new();
    }
    let yes = |it: bool| if it { "yes" } else { "no" };
    let rows = report.needs.iter().map(|need| {
        let found = if need.found.is_empty() { "-".into() } else { need.found.join(", ") };
        let cells = [
            need.function.as_str(),
            &need.action,
            &need.resource,
            yes(need.declared),
            &found,
            need.observed.as_deref().unwrap_or("-"),
            yes(need.granted),
            needed_name(need.verdict),
            need.note.as_deref().unwrap_or_default(),
        ];
        cells.map(escape).into()
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
    section("Needed against granted", &table("Needed against granted", &heads, rows))
}

/// The proof, with the evidence of each line.
fn proof(report: &Report) -> String {
    let Some(proof) = &report.proof else { return String::new() };
    let facts: Vec<String> = validity(proof)
        .iter()
        .map(|(label, value)| format!("<dt>{}</dt><dd>{}</dd>", escape(label), escape(value)))
        .collect();
    let grants = proof.grants.iter().map(|trial| {
        let verdict = grant_verdict(trial.verdict);
        [verdict, trial.address.as_str(), &granted(trial), &trial.evidence].map(escape).into()
    });
    let calls = proof.forbidden.iter().map(|call| {
        let verdict = call_verdict(call.verdict);
        [verdict, &call.principal, &tried(call), &call.evidence].map(escape).into()
    });
    let body = format!(
        "<p><strong>{}.</strong></p>\n<dl>{}</dl>\n<h3>Each grant taken away</h3>\n{}\
         <h3>Each forbidden call tried</h3>\n{}",
        escape(&proof.summary()),
        facts.concat(),
        table("Grants taken away", &["Verdict", "Of", "Grant", "Evidence"], grants),
        table("Forbidden calls", &["Verdict", "As", "Call", "Evidence"], calls)
    );
    section("Proof", &body)
}

fn exceptions(report: &Report) -> String {
    if report.exceptions.is_empty() {
        return String::new();
    }
    let rows = report.exceptions.iter().map(|e| {
        let state = if e.expired { "expired" } else { "in force" };
        let resource = e.resource.as_deref().unwrap_or("every resource");
        [e.rule.as_str(), resource, &e.reason, &e.approver, &e.expires, state].map(escape).into()
    });
    let heads = ["Rule", "Resource", "Reason", "Approved by", "Until", "State"];
    section("Accepted exceptions", &table("Accepted exceptions", &heads, rows))
}

fn carrier(title: &str, group: &[&Surface]) -> String {
    let place = group.first().map(|s| location(s.location.as_ref())).unwrap_or_default();
    let mut body = String::new();
    if !place.is_empty() {
        body.push_str(&format!("<p>{}</p>\n", escape(&place)));
    }
    let (listed, plain): (Vec<&&Surface>, Vec<&&Surface>) =
        group.iter().partition(|s| !s.statements.is_empty() || !s.differences.is_empty());
    for surface in listed {
        let name = kind_name(surface.surface, surface.policy.as_deref());
        let head = format!("{name}: {}", status_name(surface.status));
        body.push_str(&format!("<h3>{}</h3>\n", escape(&head)));
        if !surface.statements.is_empty() {
            let heads = ["", "Statement", "Access", "Grants", "Why"];
            let label = format!("{title}, {name}");
            body.push_str(&table(&label, &heads, surface.statements.iter().map(row)));
        }
        let differences = fields(surface).map(|d| {
            format!("{}: AWS has {}, wanted {}", d.path, short(&d.live), short(&d.wanted))
        });
        let told: Vec<String> = callers(surface)
            .into_iter()
            .chain(differences)
            .map(|text| format!("<li>{}</li>", escape(&text)))
            .collect();
        if !told.is_empty() {
            body.push_str(&format!("<ul>{}</ul>\n", told.concat()));
        }
    }
    let plain: Vec<String> = plain
        .iter()
        .map(|s| {
            let none = s.live.is_null() && s.wanted.is_null();
            let status = match s.status {
                crate::report::Status::Same if none => "none",
                other => status_name(other),
            };
            let text = format!("{}: {status}", kind_name(s.surface, s.policy.as_deref()));
            let callers = callers(s).into_iter();
            let callers: String =
                callers.map(|text| format!("<li>{}</li>", escape(&text))).collect();
            let list = format!("<ul>{callers}</ul>");
            let list = if callers.is_empty() { "" } else { &list };
            format!("<li>{}{list}</li>", escape(&text))
        })
        .collect();
    if !plain.is_empty() {
        body.push_str(&format!("<ul>{}</ul>\n", plain.concat()));
    }
    section(title, &body)
}

fn row(row: &Row) -> Vec<String> {
    let mut grants = vec![escape(&actions(&row.content))];
    for (label, list) in details(&row.content) {
        grants.extend(list.iter().map(|item| format!("{label} {}", escape(item))));
    }
    let why = match (&row.reason, row.wanted) {
        (Some(reason), _) => reason.as_str(),
        (None, true) => "no reason given",
        (None, false) => "none; stack.yaml does not ask for it",
    };
    let place = location(row.location.as_ref());
    let why = if place.is_empty() { why.to_string() } else { format!("{why} ({place})") };
    let status = format!(
        "<span title=\"{status}\">{}</span> {status}",
        escape(mark(row.status)),
        status = status_name(row.status)
    );
    vec![status, escape(&row.sid), escape(&levels(row)), grants.join("<br>"), escape(&why)]
}

fn reads(report: &Report) -> String {
    let rows = report.reads.iter().map(|read| {
        let what = kind_name(read.surface, read.policy.as_deref());
        let cells = [
            read.address.as_str(),
            &what,
            &read.calls.join(", "),
            &read.at,
            verdict_name(read.verdict),
        ];
        cells.map(escape).into()
    });
    let heads = ["Resource", "What", "Call", "At", "Verdict"];
    section("What was read", &table("What was read", &heads, rows))
}
