//! The proof of least privilege as the report has it: which grants a run on the local twin needed,
//! and which calls it refused.

use crate::model::Address;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// The result of removing one grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GrantVerdict {
    /// Something failed without it.
    Needed,
    /// Nothing failed without it.
    Unused,
    /// The twin does what the grant is for by itself, so nothing is proved.
    NotEmulated,
}

/// A grant of a policy, and the effect of its removal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct GrantTrial {
    /// The resource that carries the policy.
    pub address: Address,
    pub sid: String,
    pub action: String,
    /// With the environment's own part of its name as `<env>`.
    pub resource: String,
    /// Set where one attribute of a grant was taken away, and not the whole grant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribute: Option<String>,
    pub verdict: GrantVerdict,
    /// The failure, or that nothing failed.
    pub evidence: String,
    /// The answer that named this very action as refused; null where none did.
    pub observed: Option<String>,
}

/// The result of a call that has to be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallVerdict {
    Refused,
    /// It went through.
    Allowed,
    /// It failed for another reason, so nothing is proved.
    Undecided,
    NotEmulated,
}

/// A call that has to be refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ForbiddenCall {
    /// `role.createOrder`, `anonymous`, or the caller of shopstack.
    pub principal: String,
    pub action: String,
    /// With the environment's own part of its name as `<env>`.
    pub resource: String,
    /// The detail of the call: an attribute, a parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    pub verdict: CallVerdict,
    /// The answer.
    pub evidence: String,
}

/// The result of `policy-report --prove`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Proof {
    /// SHA-256 (hex) of the policies that were tried, canonical JSON with the environment's own
    /// part of names as `<env>`. The proof holds for these policies and this code alone.
    pub policies_sha256: String,
    /// The zip of each function, SHA-256 in base64 as Lambda has it, by logical id.
    pub code_sha256: BTreeMap<String, String>,
    /// Name and version of what enforced IAM.
    pub enforced_by: String,
    /// RFC 3339.
    pub started: String,
    pub finished: String,
    /// The checks that passed with the policies as they are, before and after.
    pub checks: Vec<String>,
    pub grants: Vec<GrantTrial>,
    pub forbidden: Vec<ForbiddenCall>,
    /// The limits of this proof.
    pub not_proved: Vec<String>,
}

impl Proof {
    fn grants_with(&self, verdict: GrantVerdict) -> usize {
        self.grants.iter().filter(|grant| grant.verdict == verdict).count()
    }

    fn calls_with(&self, verdict: CallVerdict) -> usize {
        self.forbidden.iter().filter(|call| call.verdict == verdict).count()
    }

    /// `14 grants tried: 14 needed, 0 unused; 64 of 64 forbidden calls refused`, and what the twin
    /// does not emulate.
    pub fn summary(&self) -> String {
        let (needed, unused) =
            (self.grants_with(GrantVerdict::Needed), self.grants_with(GrantVerdict::Unused));
        let refused = self.calls_with(CallVerdict::Refused);
        let tried = self.forbidden.len() - self.calls_with(CallVerdict::NotEmulated);
        let mut text = format!(
            "{} grants, {needed} needed, {unused} unused; {refused} of {tried} forbidden calls \
             refused",
            needed + unused
        );
        let silent =
            self.grants_with(GrantVerdict::NotEmulated) + self.calls_with(CallVerdict::NotEmulated);
        if silent > 0 {
            text.push_str(&format!("; {silent} not emulated, and not counted"));
        }
        text
    }

    /// The observation of an action of a function, if any.
    pub(super) fn observed(&self, function: &str, action: &str) -> Option<String> {
        let address = Address::new("role", function);
        let same = |trial: &&GrantTrial| {
            trial.address == address
                && trial.attribute.is_none()
                && trial.action.eq_ignore_ascii_case(action)
        };
        self.grants.iter().find(same)?.observed.clone()
    }
}
