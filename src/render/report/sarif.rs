//! The findings as SARIF 2.1.0, for code scanning.

use super::words::{clean, finding_place};
use crate::policy::judge::Severity;
use crate::report::{Finding, Report, rules::RULES};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

/// Pretty JSON; ends with a newline.
pub fn sarif(report: &Report) -> String {
    let results: Vec<Value> = report.findings.iter().map(|f| result(report, f)).collect();
    let rules: Vec<Value> = RULES
        .iter()
        .map(|rule| {
            let mut tags = vec!["security".to_string()];
            tags.extend(
                rule.frameworks()
                    .iter()
                    .flat_map(|(name, ids)| ids.iter().map(move |id| format!("{name}/{id}"))),
            );
            // Code scanning sorts by the rule's severity: the worst of its findings here.
            let of_rule = report.findings.iter().filter(|f| f.rule == rule.id);
            let mut properties = json!({"tags": tags});
            if let (Some(worst), Some(map)) =
                (of_rule.map(|f| f.severity).min(), properties.as_object_mut())
            {
                map.insert("security-severity".into(), security_severity(worst).into());
            }
            json!({
                "id": rule.id,
                "name": pascal(rule.id),
                "shortDescription": {"text": sentence(rule.title)},
                "fullDescription": {"text": rule.help},
                "help": {"text": rule.help, "markdown": rule.help},
                "messageStrings": {"default": {"text": "'{0}': '{1}'."}},
                "properties": properties,
            })
        })
        .collect();
    let execution = json!({
        "executionSuccessful": report.coverage.unread == 0,
        "startTimeUtc": report.started,
        "endTimeUtc": report.finished,
        "exitCode": report.exit_code,
    });
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "shopstack",
                "fullName": format!("shopstack policy-report {}", report.generator.version),
                "semanticVersion": report.generator.version,
                "rules": rules,
            }},
            "automationDetails": {
                "id": format!("policy-report/{}/{}/{}", report.account, report.stack, report.env),
            },
            "invocations": [execution],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    serde_json::to_string_pretty(&document).map(|text| text + "\n").unwrap_or_default()
}

fn result(report: &Report, finding: &Finding) -> Value {
    let level = match finding.severity {
        Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "note",
    };
    let file = finding.location.as_ref().map_or("stack.yaml", |l| l.file.as_str());
    let line = finding.location.as_ref().map_or(1, |l| l.line);
    let place = finding_place(finding);
    let what = clean(&format!("{}; fix: {}", finding.message, finding.fix));
    let suppressions: Vec<Value> = finding
        .exception
        .iter()
        .map(|exception| {
            let status = if exception.expired { "rejected" } else { "accepted" };
            let why = format!(
                "{} (approved by {}, until {})",
                exception.reason, exception.approver, exception.expires
            );
            json!({"kind": "external", "status": status, "justification": clean(&why)})
        })
        .collect();
    let new = |id: &String| report.changes.as_ref().map(|c| c.new_findings.contains(id));
    let mut result = json!({
        "ruleId": finding.rule,
        "level": level,
        // Code scanning shows `text` alone; other viewers take the rule's string.
        "message": {
            "text": format!("'{place}': '{what}'."),
            "id": "default",
            "arguments": [place, what],
        },
        "locations": [{
            "physicalLocation": {
                "artifactLocation": {"uri": uri(file)},
                "region": {"startLine": line, "startColumn": 1},
            },
            "logicalLocations": [{
                "fullyQualifiedName": clean(finding.address.as_str()),
                "kind": "resource",
            }],
        }],
        "partialFingerprints": {"findingId/v1": finding.id},
        "properties": {
            "address": finding.address,
            "security-severity": security_severity(finding.severity),
        },
    });
    let index = RULES.iter().position(|rule| rule.id == finding.rule);
    if let Some(map) = result.as_object_mut() {
        if let Some(index) = index {
            map.insert("ruleIndex".into(), json!(index));
        }
        if !suppressions.is_empty() {
            map.insert("suppressions".into(), json!(suppressions));
        }
        if let Some(new) = new(&finding.id) {
            map.insert("baselineState".into(), json!(if new { "new" } else { "unchanged" }));
        }
    }
    result
}

/// The scale of CVSS, as code scanning sorts by it.
fn security_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "3.0",
    }
}

/// Characters of a path that stay as they are in a URI.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_');

/// A path as a relative URI.
fn uri(path: &str) -> String {
    utf8_percent_encode(path, PLAIN).to_string()
}

/// `no-tls-deny` -> `NoTlsDeny`.
fn pascal(id: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|c| c.to_ascii_uppercase().to_string()).unwrap_or_default();
        first + letters.as_str()
    };
    id.split('-').map(word).collect()
}

/// Text that ends with a full stop.
fn sentence(text: &str) -> String {
    if text.ends_with('.') { text.to_string() } else { format!("{text}.") }
}
