//! The catalogue of rules: title, help, and the controls of each framework that a rule bears on.
//!
//! Control ids are those of AWS Foundational Security Best Practices (FSBP), CIS AWS Foundations
//! 7.0, SOC 2 trust services criteria, PCI DSS 4.0 and NIST SP 800-53 AC-6. They say which control
//! a finding is evidence for, not that the control is met where there is none.

use std::collections::BTreeMap;

/// Framework -> ids of its controls.
pub type Frameworks = BTreeMap<&'static str, Vec<&'static str>>;

/// One rule.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    pub id: &'static str,
    pub title: &'static str,
    /// Why it matters, one sentence.
    pub help: &'static str,
    fsbp: &'static [&'static str],
    cis: &'static [&'static str],
    pci: &'static [&'static str],
    soc2: &'static [&'static str],
    nist: &'static [&'static str],
}

const fn rule(
    id: &'static str,
    title: &'static str,
    help: &'static str,
    fsbp: &'static [&'static str],
    cis: &'static [&'static str],
) -> Rule {
    Rule { id, title, help, fsbp, cis, pci: &["7.2.5"], soc2: &["CC6.1", "CC6.3"], nist: &["AC-6"] }
}

/// A rule on change control: the account is not what was reviewed.
const fn drift(id: &'static str, title: &'static str, help: &'static str) -> Rule {
    Rule { soc2: &["CC6.3", "CC8.1"], pci: &["7.2.4", "7.2.5"], ..rule(id, title, help, &[], &[]) }
}

/// Every rule, by id.
#[rustfmt::skip] // One rule a line reads as the table that it is.
pub const RULES: &[Rule] = &[
    rule("access-list-grants", "Access control lists are in force", "An ACL can open single objects past the bucket policy.", &["S3.12"], &[]),
    drift("acl-detached", "A firewall is not attached", "Requests reach the site or the API unfiltered."),
    drift("acl-weakened", "A firewall lets through what it should refuse", "A rule that only counts stops nothing."),
    rule("anonymous-route", "A route that stack.yaml does not have can be called by anyone", "Whoever knows the URL reaches the code behind it.", &[], &[]),
    drift("changed-boundary", "A permissions boundary differs", "The boundary is the ceiling of what the role may do."),
    drift("changed-route", "A route differs from stack.yaml", "Another function or weaker authorisation answers."),
    drift("changed-setting", "A setting that governs access differs from stack.yaml", "What was reviewed is not what runs."),
    drift("changed-statement", "A statement differs from stack.yaml", "What was reviewed is not what is granted."),
    rule("condition-type", "A condition uses an operator of another type", "IAM never matches such a condition, so it does not do what it says.", &[], &[]),
    rule("confused-deputy", "A service may act on behalf of any account", "Without a source condition another customer of the service can use its rights here.", &[], &[]),
    rule("event-source", "A queue or stream calls a function", "Whoever writes to the source runs the function.", &[], &[]),
    rule("excess-grant", "An action is granted that nothing needs", "Rights that are not needed only serve an attacker.", &[], &[]),
    drift("excess-resource", "A resource that stack.yaml does not have", "It is outside the review."),
    drift("excess-statement", "A statement that stack.yaml does not have", "Somebody granted access outside the review."),
    drift("expired-exception", "An accepted exception has expired", "The risk was accepted until a day that is past."),
    rule("forbidden-call", "A call went through that has to be refused", "The policies allow more than stack.yaml says.", &[], &[]),
    rule("foreign-account", "Another AWS account is let in", "Its administrators decide who uses that access.", &["S3.6", "Lambda.1"], &["2.21"]),
    drift("foreign-execution-role", "A function runs as another role", "The rights of that role are outside the review."),
    drift("foreign-resource", "A resource of the stack belongs to somebody else", "Its owner decides what it grants."),
    drift("function-extra", "A function uses something that stack.yaml does not have", "A layer runs inside the function with its rights."),
    rule("function-url", "A function has an HTTPS endpoint of its own", "It bypasses the API, its throttling and its firewall.", &["Lambda.1"], &["2.21"]),
    rule("log-subscription", "Somebody else receives log events", "Logs leave the stack.", &[], &[]),
    rule("managed-policy", "A managed policy is attached", "It grants more than one function needs, and AWS may change it.", &["IAM.1"], &["2.14"]),
    rule("missing-grant", "An action is needed and not granted", "The call is refused at run time.", &[], &[]),
    drift("missing-policy", "A policy is missing", "What it allows fails, or what it denies is open."),
    drift("missing-resource", "A resource is missing", "What it does is not done: logs are not kept, alarms are not raised."),
    drift("missing-route", "A route is missing", "Its calls fail."),
    drift("missing-statement", "A statement is missing", "What it allows fails, or what it denies is open."),
    rule("no-tls-deny", "Plain http is not refused", "Data travels readable.", &["S3.5"], &["3.1.1"]),
    rule("not-action", "NotAction in a statement that allows", "It grants every action that AWS adds later.", &["IAM.21"], &[]),
    rule("not-principal", "NotPrincipal in a statement that allows", "It lets in everyone but a few.", &["S3.3"], &["2.21"]),
    rule("not-resource", "NotResource in a statement that allows", "It covers every resource but a few.", &[], &[]),
    rule("privilege-escalation", "A role can give itself more rights", "The other statements no longer limit it.", &["IAM.1"], &["2.14"]),
    rule("public-access-block-off", "A public access block is off", "A policy or ACL can make the bucket public.", &["S3.8"], &["3.1.4"]),
    rule("public-principal", "Anyone, or every AWS account, is let in", "No credentials of this account are needed.", &["S3.3", "Lambda.1"], &["2.21"]),
    rule("resource-mismatch", "An action does not apply to the statement's resources", "The statement grants less than it says.", &[], &[]),
    rule("unencrypted-viewer", "The distribution answers over plain http", "Pages and answers travel readable.", &["CloudFront.3"], &[]),
    rule("unknown-action", "An action that AWS does not know", "A misspelt action grants nothing, or something else later.", &[], &[]),
    rule("unused-grant", "Nothing failed without a grant", "Rights that are not needed only serve an attacker.", &[], &[]),
    rule("wide-source", "The source is wider than one route", "Other routes may call the function.", &["Lambda.1"], &[]),
    rule("wildcard-action", "A wildcard in an action", "It grants actions that nobody listed.", &["IAM.21"], &["2.14"]),
    rule("wildcard-resource", "A wildcard in a resource", "It covers resources that nobody listed.", &[], &[]),
];

/// The rule of an id.
pub fn find(id: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id == id)
}

impl Rule {
    pub fn frameworks(&self) -> Frameworks {
        let all = [
            ("aws_fsbp", self.fsbp),
            ("cis_7_0", self.cis),
            ("pci_dss_4_0", self.pci),
            ("soc_2", self.soc2),
            ("nist_800_53", self.nist),
        ];
        let there = all.into_iter().filter(|(_, ids)| !ids.is_empty());
        there.map(|(framework, ids)| (framework, ids.to_vec())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_sorted_and_each_stands_once() {
        assert!(RULES.is_sorted_by(|a, b| a.id < b.id));
        assert!(find("no-tls-deny").is_some_and(|r| r.frameworks()["cis_7_0"] == ["3.1.1"]));
    }
}
