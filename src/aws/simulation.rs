//! The caller's rights, by AWS's policy simulation.

use super::account::{Account, Asked};
use super::pages::paged;
use super::reads::Iam;
use crate::model::CloudError;
use aws_sdk_iam::types::{
    ContextEntry, ContextKeyTypeEnum, EvaluationResult, PolicyEvaluationDecisionType as Decision,
};

/// The policy that denies a right; each kind has another remedy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeniedBy {
    /// No policy of the caller grants it.
    NoGrant,
    /// A policy of the caller denies it, which no grant overrides.
    ExplicitDeny,
    Boundary,
    Organisation,
}

/// The result of a simulation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Simulated {
    pub denied: Vec<(DeniedBy, String)>,
    /// Actions whose verdict hangs on context that only a real request has, such as its region.
    pub unknown: Vec<String>,
}

impl Account {
    /// Simulates the policies of `source`, service control policies included.
    ///
    /// An action counts as denied where it is denied on every resource: the resources of a
    /// statement are of several kinds, and an action goes with one kind.
    pub async fn simulate(&self, source: &str, asked: &Asked) -> Result<Simulated, CloudError> {
        let entry = |(key, value): &(String, String)| {
            ContextEntry::builder()
                .context_key_name(key)
                .context_key_values(value)
                .context_key_type(ContextKeyTypeEnum::String)
                .build()
        };
        let context: Vec<ContextEntry> = asked.context.iter().map(entry).collect();
        let resources = Some(asked.resources.clone()).filter(|all| !all.is_empty());
        let (iam, context, resources) = (&self.reader.client::<Iam>(), &context, &resources);
        let results = paged(|marker| async move {
            let simulate = || {
                iam.simulate_principal_policy()
                    .policy_source_arn(source)
                    .set_action_names(Some(asked.actions.clone()))
                    .set_resource_arns(resources.clone())
                    .set_context_entries(Some(context.clone()).filter(|all| !all.is_empty()))
                    .set_marker(marker.clone())
                    .send()
            };
            let page = self.caller.call("iam:SimulatePrincipalPolicy", simulate).await?;
            Ok((page.evaluation_results.unwrap_or_default(), page.marker))
        });

        let mut simulated = Simulated::default();
        for result in results.await? {
            match verdict(&result) {
                Verdict::Allowed => {}
                Verdict::Unknown => simulated.unknown.push(result.eval_action_name),
                Verdict::Denied(by) => simulated.denied.push((by, result.eval_action_name)),
            }
        }
        Ok(simulated)
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Allowed,
    Denied(DeniedBy),
    Unknown,
}

fn verdict(result: &EvaluationResult) -> Verdict {
    let organisation = result.organizations_decision_detail.as_ref();
    if organisation.is_some_and(|detail| !detail.allowed_by_organizations) {
        return Verdict::Denied(DeniedBy::Organisation);
    }
    let specific = result.resource_specific_results();
    let allowed = match specific {
        [] => result.eval_decision == Decision::Allowed,
        all => all.iter().any(|one| one.eval_resource_decision == Decision::Allowed),
    };
    if allowed {
        return Verdict::Allowed;
    }
    let missing = specific.iter().flat_map(|one| one.missing_context_values());
    if missing.chain(result.missing_context_values()).next().is_some() {
        return Verdict::Unknown;
    }
    let boundary = result.permissions_boundary_decision_detail.as_ref();
    let by = if boundary.is_some_and(|detail| !detail.allowed_by_permissions_boundary) {
        DeniedBy::Boundary
    } else if result.eval_decision == Decision::ExplicitDeny {
        DeniedBy::ExplicitDeny
    } else {
        DeniedBy::NoGrant
    };
    Verdict::Denied(by)
}
