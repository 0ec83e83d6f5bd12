//! The report for a terminal: what was read and found, findings, needs, and then every policy with
//! its statements and reasons.

use super::words::{
    actions, call_verdict, callers, clean, count, details, fields, finding_place, grant_verdict,
    granted, groups, is_accepted, kind_name, levels, location, mark, needed_name, origin, short,
    status_name, summary, tried, validity, verdict_name,
};
use crate::render::style::{Ink, Style};
use crate::report::{
    Access, CallVerdict, Finding, GrantVerdict, Needed, Report, Row, Severity, Status, Surface,
    Verdict,
};

/// Text no wider than `style.width` (40 at least); longer words (ARNs) are kept whole, so that they
/// can be copied.
pub fn text(report: &Report, style: Style) -> String {
    let mut page =
        Page { text: String::new(), style: Style { width: style.width.max(40), ..style } };
    page.head(report);
    page.unread(report);
    page.findings(report);
    page.changes(report);
    page.needs(report);
    page.proof(report);
    page.line("");
    let legend =
        "= as wanted   ~ differs   - wanted, not on AWS   + on AWS, not wanted   ? not read";
    page.wrapped("", "", legend, Some(Ink::Dim));
    for (title, group) in groups(report) {
        page.group(&title, &group);
    }
    page.tail(report);
    page.text
}

fn ink(status: Status) -> Ink {
    match status {
        Status::Same => Ink::Create,
        Status::Foreign => Ink::Delete,
        Status::Differs | Status::Missing => Ink::Change,
        Status::NotEmulated => Ink::Dim,
        Status::Unread => Ink::Warning,
    }
}

struct Page {
    text: String,
    style: Style,
}

impl Page {
    fn paint(&self, text: &str, ink: Ink) -> String {
        self.style.paint(ink, text)
    }

    fn line(&mut self, text: &str) {
        self.text.push_str(text.trim_end());
        self.text.push('\n');
    }

    /// Words behind `first` (and behind as many blanks, or `next`, on further lines), none beyond
    /// the width.
    fn wrapped(&mut self, first: &str, next: &str, words: &str, ink: Option<Ink>) {
        let mut line = String::new();
        let mut start = first;
        for word in words.split(' ') {
            let used = start.chars().count() + line.chars().count();
            if !line.is_empty() && used + 1 + word.chars().count() > self.style.width {
                self.inked(start, &line, ink);
                line.clear();
                start = next;
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        self.inked(start, &line, ink);
    }

    fn inked(&mut self, start: &str, words: &str, ink: Option<Ink>) {
        let words = ink.map_or_else(|| words.to_string(), |ink| self.paint(words, ink));
        self.line(&format!("{start}{words}"));
    }

    fn head(&mut self, report: &Report) {
        let title = format!("Policy report: stack {}, env {}", report.stack, report.env);
        let title = self.paint(&clean(&title), Ink::Bold);
        self.line(&title);
        let verdict = if report.exit_code == 0 { Ink::Create } else { Ink::Delete };
        self.wrapped("", "", &summary(report), Some(verdict));
        self.line("");
        for (label, value) in origin(report) {
            self.wrapped(&format!("  {label}  "), "           ", &value, None);
        }
    }

    /// Reads that failed, each with the right that is missing.
    fn unread(&mut self, report: &Report) {
        let failed = |v: Verdict| matches!(v, Verdict::Denied | Verdict::Failed);
        let failures: Vec<_> = report.reads.iter().filter(|r| failed(r.verdict)).collect();
        if failures.is_empty() {
            return;
        }
        self.title("Not read");
        for read in failures {
            let what = format!(
                "{} {}: {}",
                read.address,
                kind_name(read.surface, read.policy.as_deref()),
                verdict_name(read.verdict)
            );
            self.wrapped("  ", "    ", &what, Some(Ink::Warning));
            let Some(failure) = &read.failure else { continue };
            if let Some(right) = &failure.missing_right {
                self.wrapped("    missing right: ", "      ", &clean(right), None);
            }
            let said = format!("{} {}: {}", failure.operation, failure.code, failure.message);
            self.wrapped("    ", "    ", &clean(&said), Some(Ink::Dim));
        }
    }

    fn title(&mut self, title: &str) {
        self.line("");
        let title = self.paint(title, Ink::Bold);
        self.line(&title);
    }

    fn changes(&mut self, report: &Report) {
        let Some(changes) = &report.changes else { return };
        self.title(&clean(&format!("Since the report of {}", changes.since)));
        if changes.gained.is_empty() && changes.lost.is_empty() {
            self.line("  no access gained, none lost");
        }
        let words = |a: &Access| {
            let conditions = if a.conditions.is_empty() {
                String::new()
            } else {
                format!(" if {}", a.conditions.join(" and "))
            };
            let verb = if a.effect == "Deny" { "is denied" } else { "may" };
            clean(&format!("{} {verb} {} on {}{conditions}", a.principal, a.action, a.resource))
        };
        for gained in &changes.gained {
            self.wrapped("  + gained: ", "    ", &words(gained), Some(Ink::Delete));
        }
        for lost in &changes.lost {
            self.wrapped("  - lost:   ", "    ", &words(lost), Some(Ink::Change));
        }
        for id in &changes.new_findings {
            self.wrapped("  new finding: ", "    ", &clean(id), None);
        }
        for id in &changes.settled_findings {
            self.wrapped("  settled:     ", "    ", &clean(id), None);
        }
    }

    /// Needed against granted, a line for each action of each function.
    fn needs(&mut self, report: &Report) {
        if report.needs.is_empty() {
            return;
        }
        self.title("Needed against granted");
        for need in &report.needs {
            let ink = match need.verdict {
                Needed::NeededAndGranted | Needed::CannotBeScoped => Ink::Create,
                Needed::Unclear => Ink::Warning,
                Needed::Missing | Needed::Excess => Ink::Delete,
            };
            let verdict = self.paint(needed_name(need.verdict), ink);
            self.line(&format!("  {} {}: {verdict}", clean(&need.function), clean(&need.action)));
            let mut why = vec![format!("on {}", need.resource)];
            if !need.found.is_empty() {
                why.push(format!("called in {}", need.found.join(", ")));
            }
            why.extend(need.observed.iter().map(|seen| format!("observed: {seen}")));
            why.extend(need.note.clone());
            self.wrapped("    ", "    ", &clean(&why.join("; ")), Some(Ink::Dim));
        }
    }

    /// The proof: each grant and each forbidden call with its evidence.
    fn proof(&mut self, report: &Report) {
        let Some(proof) = &report.proof else { return };
        self.title("Proof");
        self.wrapped("  ", "  ", &format!("{}.", proof.summary()), None);
        for (label, value) in validity(proof) {
            self.wrapped(&format!("  {label}: "), "    ", &clean(&value), Some(Ink::Dim));
        }
        for trial in &proof.grants {
            let ink = match trial.verdict {
                GrantVerdict::Needed => Ink::Create,
                GrantVerdict::Unused => Ink::Delete,
                GrantVerdict::NotEmulated => Ink::Dim,
            };
            let verdict = self.paint(grant_verdict(trial.verdict), ink);
            let what = clean(&format!("{} {}", trial.address, granted(trial)));
            self.wrapped(&format!("  {verdict}  "), "    ", &what, None);
            self.wrapped("    ", "    ", &clean(&trial.evidence), Some(Ink::Dim));
        }
        for call in &proof.forbidden {
            let ink = match call.verdict {
                CallVerdict::Refused => Ink::Create,
                CallVerdict::Allowed | CallVerdict::Undecided => Ink::Delete,
                CallVerdict::NotEmulated => Ink::Dim,
            };
            let verdict = self.paint(call_verdict(call.verdict), ink);
            let what = format!("{} as {}: {}", tried(call), call.principal, call.evidence);
            self.wrapped(&format!("  {verdict}  "), "    ", &clean(&what), None);
        }
    }

    fn tail(&mut self, report: &Report) {
        if !report.exceptions.is_empty() {
            self.title("Accepted exceptions");
        }
        for exception in &report.exceptions {
            let resource = exception.resource.as_deref().unwrap_or("every resource");
            let state = match (exception.expired, exception.used) {
                (true, _) => ", EXPIRED",
                (false, true) => "",
                (false, false) => ", covers nothing",
            };
            let line = format!(
                "{} on {resource}: {} (approved by {}, until {}{state})",
                exception.rule, exception.reason, exception.approver, exception.expires
            );
            self.wrapped("  ", "    ", &clean(&line), None);
        }
        self.line("");
        self.wrapped("", "", &format!("Not evaluated: {}.", report.not_evaluated.join("; ")), None);
        let digest = format!("Content digest: {}", report.digest.content);
        self.wrapped("", "", &digest, Some(Ink::Dim));
    }

    fn group(&mut self, title: &str, group: &[&Surface]) {
        let Some(first) = group.first() else { return };
        self.line("");
        let title = self.paint(title, Ink::Bold);
        let place = location(first.location.as_ref());
        let shared = if first.shared { ", shared by all stacks of the account" } else { "" };
        let place = if place.is_empty() { place } else { format!(", {place}") };
        self.line(&format!("{title}  ({}{shared}{place})", first.address));
        for surface in group {
            self.surface(surface);
        }
    }

    fn surface(&mut self, surface: &Surface) {
        let name = kind_name(surface.surface, surface.policy.as_deref());
        let nothing = surface.wanted.is_null() && surface.live.is_null();
        let status = match surface.status {
            Status::Same if nothing => "none",
            other => status_name(other),
        };
        let status = self.paint(status, ink(surface.status));
        self.line(&format!("  {name}: {status}"));
        for row in &surface.statements {
            self.row(row);
        }
        for caller in callers(surface) {
            self.wrapped("    ", "      ", &caller, None);
        }
        for difference in fields(surface) {
            self.wrapped("    ! ", "      ", &clean(&difference.path), Some(Ink::Change));
            self.wrapped("        AWS has  ", "                 ", &short(&difference.live), None);
            self.wrapped(
                "        wanted   ",
                "                 ",
                &short(&difference.wanted),
                None,
            );
        }
    }

    fn row(&mut self, row: &Row) {
        let mark = self.paint(mark(row.status), ink(row.status));
        self.line(&format!("    {mark} {}", clean(&row.sid)));
        let (levels, place) = (levels(row), location(row.location.as_ref()));
        for (label, about) in [("access", levels), ("at", place)] {
            if !about.is_empty() {
                self.wrapped(&format!("        {label}: "), "          ", &about, None);
            }
        }
        self.wrapped("        ", "          ", &actions(&row.content), None);
        for (label, list) in details(&row.content) {
            for item in list {
                self.wrapped(&format!("        {label} "), "          ", &clean(&item), None);
            }
        }
        let why = match (&row.reason, row.wanted) {
            (Some(reason), _) => clean(reason),
            (None, true) => "no reason given".into(),
            (None, false) => "none; stack.yaml does not ask for it".into(),
        };
        self.wrapped("        why: ", "             ", &why, Some(Ink::Dim));
        if !row.findings.is_empty() {
            let findings = count(row.findings.len(), "finding", "findings");
            let findings = format!("{findings}, see above");
            self.wrapped("        ", "        ", &findings, Some(Ink::Delete));
        }
    }

    fn findings(&mut self, report: &Report) {
        if report.findings.is_empty() {
            return;
        }
        self.title("Findings");
        for (position, finding) in report.findings.iter().enumerate() {
            self.finding(position + 1, finding);
        }
    }

    fn finding(&mut self, number: usize, finding: &Finding) {
        let ink = match finding.severity {
            Severity::High => Ink::Delete,
            Severity::Medium => Ink::Change,
            Severity::Low => Ink::Dim,
        };
        let severity = self.paint(finding.severity.as_str(), ink);
        let place = location(finding.location.as_ref());
        let accepted = if is_accepted(finding) { "  (accepted)" } else { "" };
        self.line(format!("  {number}. {severity}  {}  {place}", finding.rule).trim_end());
        self.wrapped("     ", "     ", &format!("{}{accepted}", finding_place(finding)), None);
        self.wrapped("     ", "     ", &clean(&finding.message), None);
        match &finding.exception {
            Some(exception) if !exception.expired => {
                let why = format!("{}, until {}", exception.reason, exception.expires);
                self.wrapped("     accepted: ", "       ", &clean(&why), None);
            }
            _ => self.wrapped("     fix: ", "          ", &clean(&finding.fix), None),
        }
    }
}
