//! The report for a terminal: summary, then every policy with its statements and reasons, then what
//! to mend.

use super::{
    actions, carrier, clean, count, details, fields, groups, kind_name, mark, place, short,
    status_name, summary,
};
use crate::render::style::{Ink, Style};
use crate::report::{Finding, Report, Row, Severity, Status, Surface};

/// Text no wider than `style.width` (40 at least); longer words (ARNs) are kept whole, so that they
/// can be copied.
pub fn text(report: &Report, style: Style) -> String {
    let mut page =
        Page { text: String::new(), style: Style { width: style.width.max(40), ..style } };
    page.head(report);
    for group in groups(report) {
        page.group(&group);
    }
    page.findings(report);
    page.line("");
    page.wrapped("", "", &format!("Not evaluated: {}.", report.not_evaluated.join("; ")), None);
    page.text
}

fn ink(status: Status) -> Ink {
    match status {
        Status::Same => Ink::Create,
        Status::Foreign => Ink::Delete,
        Status::Differs | Status::Missing => Ink::Change,
        Status::NotEmulated => Ink::Dim,
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
        let place = match &report.endpoint {
            Some(endpoint) => {
                format!("{} in {}, not on AWS but at {endpoint}", report.account, report.region)
            }
            None => format!("{} in {}", report.account, report.region),
        };
        let made = format!(
            "{} to {}, by {} {}",
            report.started, report.finished, report.generator.name, report.generator.version
        );
        for (label, value) in [("account", &place), ("read as", &report.caller), ("read at", &made)]
        {
            self.wrapped(&format!("  {label}  "), "           ", &clean(value), None);
        }
        self.line("");
        let verdict = if report.exit_code() == 0 { Ink::Create } else { Ink::Delete };
        self.wrapped("", "", &summary(report), Some(verdict));
        self.line("");
        let legend = "= as wanted   ~ differs   - wanted, not on AWS   + on AWS, not wanted";
        self.wrapped("", "", legend, Some(Ink::Dim));
    }

    fn group(&mut self, group: &[&Surface]) {
        let Some(first) = group.first() else { return };
        self.line("");
        let title = format!("{} {}", carrier(first.surface), clean(&first.name));
        let title = self.paint(&title, Ink::Bold);
        self.line(&format!("{title}  ({})", place(first)));
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
            self.wrapped(
                "        ",
                "        ",
                &format!("{findings}, see below"),
                Some(Ink::Delete),
            );
        }
    }

    fn findings(&mut self, report: &Report) {
        if report.findings.is_empty() {
            return;
        }
        self.line("");
        let title = self.paint("Findings", Ink::Bold);
        self.line(&title);
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
        self.line(&format!("  {number}. {severity}  {}", finding.rule));
        let mut place = format!("{} {}", carrier(finding.surface), finding.name);
        place.push_str(&format!(", {}", kind_name(finding.surface, finding.policy.as_deref())));
        if let Some(sid) = &finding.sid {
            place.push_str(&format!(", {sid}"));
        }
        self.wrapped("     ", "     ", &clean(&place), None);
        self.wrapped("     ", "     ", &clean(&finding.message), None);
        self.wrapped("     fix: ", "          ", &clean(&finding.fix), None);
    }
}
