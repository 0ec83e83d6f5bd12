//! Findings of a proof: grants that nothing needed, forbidden calls that succeeded.

use super::trial::{CallVerdict, ForbiddenCall, GrantVerdict};
use super::{Finding, Input, Kind, Severity, Side, rules};
use crate::model::Address;

/// Grants that nothing needed, and forbidden calls that were not refused.
pub(super) fn findings(input: &Input<'_>) -> Vec<Finding> {
    let Some(proof) = input.proof else { return vec![] };
    let unused = proof.grants.iter().filter(|g| g.verdict == GrantVerdict::Unused).map(|grant| {
        let part = grant.attribute.as_ref().map(|a| format!(", attribute {a}")).unwrap_or_default();
        let message = format!(
            "{} on {}{part} is granted by {}, and nothing failed without it",
            grant.action, grant.resource, grant.sid
        );
        let fix = "remove it from stack.yaml, or let smoke.requests ask for what needs it";
        let what =
            [&grant.sid, &grant.action, &grant.resource, &part].map(String::as_str).join("/");
        (&grant.address, Some(&grant.sid), "unused-grant", Severity::Medium, what, message, fix)
    });
    let open = |call: &&ForbiddenCall| {
        matches!(call.verdict, CallVerdict::Allowed | CallVerdict::Undecided)
    };
    let went_through: Vec<_> = proof
        .forbidden
        .iter()
        .filter(open)
        .map(|call| {
            let address = Address::parse(&call.principal)
                .unwrap_or_else(|| Address::new("account", &input.scope.region));
            (address, call)
        })
        .collect();
    let allowed = went_through.iter().map(|(address, call)| {
        let detail = call.detail.as_ref().map(|d| format!(" ({d})")).unwrap_or_default();
        let message = format!(
            "{} as {} on {}{detail} was not refused: {}",
            call.action, call.principal, call.resource, call.evidence
        );
        let fix = "find the policy that allows it: the statements of this report name their grants";
        let what = [&call.action, &call.resource, &detail].map(String::as_str).join("/");
        (address, None, "forbidden-call", Severity::High, what, message, fix)
    });
    unused
        .chain(allowed)
        .map(|(address, sid, rule, severity, what, message, fix)| Finding {
            id: [address.as_str(), "proof", rule, &what].join("/"),
            rule: rule.into(),
            severity,
            surface: Kind::InlinePolicy,
            name: input.scope.name(address.id()),
            policy: None,
            sid: sid.cloned(),
            side: Side::Wanted,
            location: input.location(address, sid.map(String::as_str)),
            address: address.clone(),
            message,
            fix: fix.into(),
            frameworks: rules::find(rule).map(rules::Rule::frameworks).unwrap_or_default(),
            exception: None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixture;

    #[test]
    fn unused_grants_and_open_calls_are_findings_and_counted() {
        let mut shop = fixture::shop();
        assert_eq!(shop.report().proof, None);
        shop.proof = Some(fixture::proof());
        let report = shop.report();
        let rules: Vec<_> = report.findings.iter().map(|f| f.rule.as_str()).collect();
        assert_eq!(rules, ["forbidden-call", "unused-grant"]);
        assert_eq!(report.exit_code, 2);
        let summary = report.proof.as_ref().map(crate::report::Proof::summary).unwrap_or_default();
        assert_eq!(
            summary,
            "2 grants, 1 needed, 1 unused; 1 of 2 forbidden calls refused; 1 not emulated, and not \
             counted"
        );
        let observed = report.needs.iter().find(|need| need.action == "dynamodb:PutItem");
        assert!(observed.is_some_and(|need| need.observed.is_some()), "{:?}", report.needs);
    }

    #[test]
    fn the_times_of_a_proof_are_not_in_the_digest_of_the_content() {
        let mut shop = fixture::shop();
        shop.proof = Some(fixture::proof());
        let first = shop.report().digest.content;
        if let Some(proof) = &mut shop.proof {
            proof.started = "later".into();
            proof.finished = "later still".into();
        }
        assert_eq!(shop.report().digest.content, first);
        if let Some(proof) = &mut shop.proof {
            proof.policies_sha256 = "others".into();
        }
        assert_ne!(shop.report().digest.content, first);
    }
}
