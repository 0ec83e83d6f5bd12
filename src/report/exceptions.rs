//! Accepted findings: which exception of stack.yaml covers what, and which have expired.

use super::{Exception, Finding, Input, Kind, Location, Severity, Side, rules};
use crate::model::Address;
use crate::policy::pattern::matches_exactly;

/// An entry of `exceptions` in stack.yaml.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    pub rule: String,
    /// Address of the resource, `*` as a wildcard; every resource without it.
    pub resource: Option<String>,
    pub reason: String,
    pub approver: String,
    /// The last day, `2027-06-30`.
    pub expires: String,
    pub location: Option<Location>,
}

/// True for a rule of checkov, `CKV_AWS_18`: the report does not look at it, and carries its reason
/// and its end for those who run checkov on `shopstack export`.
pub fn is_of_checkov(rule: &str) -> bool {
    let number = ["CKV_AWS_", "CKV2_AWS_"].iter().find_map(|head| rule.strip_prefix(head));
    number.is_some_and(|n| !n.is_empty() && n.len() <= 4 && n.bytes().all(|b| b.is_ascii_digit()))
}

impl Accepted {
    fn covers(&self, finding: &Finding) -> bool {
        let resource = self.resource.as_deref().unwrap_or("*");
        self.rule == finding.rule && matches_exactly(resource, finding.address.as_str())
    }
}

/// Marks the findings that are covered, and adds one for each exception that has expired.
pub(super) fn apply(input: &Input<'_>, findings: &mut Vec<Finding>) -> Vec<Exception> {
    // Both are ISO 8601, whose order is that of their text.
    let today = input.started.get(..10).unwrap_or_default();
    let mut all = Vec::new();
    for accepted in input.accepted {
        let mut exception = Exception {
            rule: accepted.rule.clone(),
            resource: accepted.resource.clone(),
            reason: accepted.reason.clone(),
            approver: accepted.approver.clone(),
            expires: accepted.expires.clone(),
            expired: today > accepted.expires.as_str(),
            used: is_of_checkov(&accepted.rule)
                || findings.iter().any(|finding| accepted.covers(finding)),
        };
        for finding in findings.iter_mut().filter(|finding| accepted.covers(finding)) {
            // Where two cover a finding, one in force counts.
            let in_force = finding.exception.as_ref().is_some_and(|e| !e.expired);
            if !in_force {
                finding.exception = Some(exception.clone());
            }
        }
        if exception.expired {
            findings.push(expired(accepted));
            exception.used = true;
        }
        all.push(exception);
    }
    all
}

fn expired(accepted: &Accepted) -> Finding {
    let resource = accepted.resource.as_deref().unwrap_or("*");
    Finding {
        id: format!("exceptions/{}/{resource}/expired-exception", accepted.rule),
        rule: "expired-exception".into(),
        severity: Severity::Medium,
        surface: Kind::InlinePolicy,
        address: Address::new("exceptions", &accepted.rule),
        name: accepted.rule.clone(),
        policy: None,
        sid: None,
        side: Side::Wanted,
        location: accepted.location.clone(),
        message: format!(
            "the exception for `{}` on {resource} ended on {}",
            accepted.rule, accepted.expires
        ),
        fix: "review it: fix what it covers and remove it, or have it approved until a later day"
            .into(),
        frameworks: rules::find("expired-exception")
            .map(rules::Rule::frameworks)
            .unwrap_or_default(),
        exception: None,
    }
}

#[cfg(test)]
mod tests {
    use super::is_of_checkov;

    #[test]
    fn rules_of_checkov_are_told_by_their_ids() {
        for (rule, is) in [
            ("CKV_AWS_18", true),
            ("CKV2_AWS_62", true),
            ("CKV_AWS_", false),
            ("CKV_AWS_x", false),
            ("CKV_AZURE_1", false),
            ("no-tls-deny", false),
        ] {
            assert_eq!(is_of_checkov(rule), is, "{rule}");
        }
    }
}
