//! The auditors' report as a value: each policy, and each setting that governs access, as
//! stack.yaml wants it and as AWS has it, statement by statement.
//!
//! Pure: the same stack and the same account give the same report, apart from the times. Compared
//! is meaning: the canonical forms of `policy`, with statements paired by what they say before they
//! are paired by their Sid.

mod access;
mod changes;
mod checked;
mod compare;
mod evidence;
mod exceptions;
mod exposure;
mod findings;
mod fixes;
#[cfg(test)]
pub(crate) mod fixture;
mod integrity;
mod maker;
mod needs;
#[cfg(test)]
mod ownership_tests;
mod permission;
mod proof;
mod reasons;
mod removals;
mod rest;
pub mod rules;
mod settings;
#[cfg(test)]
mod settings_tests;
mod sides;
mod since;
mod surfaces;
#[cfg(test)]
mod tests;
mod trial;
mod types;

pub use crate::policy::judge::Severity;
pub(crate) use access::route_conditions;
pub(crate) use changes::conditions;
pub use evidence::{Need, Needed};
pub use exceptions::{Accepted, is_of_checkov};
pub use needs::SourceCall;
pub use removals::{Removal, policy_documents, removals};
pub use since::Older;
pub(crate) use surfaces::carrier;
pub use trial::{CallVerdict, ForbiddenCall, GrantTrial, GrantVerdict, Proof};
pub use types::{
    Access, Changes, CheckedAction, CheckedCondition, Count, Coverage, Difference, Digest,
    Exception, Failure, Finding, Generator, Kind, Location, Population, Read, Reasons, Report, Row,
    Side, Status, Surface, Verdict,
};

use crate::model::{Address, Desired, Live, Scope};
use crate::policy::actions::catalogue;
use serde_json::Value;
use std::collections::BTreeMap;

/// Where resources and grants stand in stack.yaml: by address, and by statement id for grants.
pub type Places = BTreeMap<(Address, Option<String>), Location>;

/// Everything that the report is made of.
pub struct Input<'a> {
    pub scope: &'a Scope,
    /// ARN of who reads the account.
    pub caller: &'a str,
    pub generator: Generator,
    /// RFC 3339; both frame the reading of `live`.
    pub started: &'a str,
    pub finished: &'a str,
    /// With their templates filled in as far as values are known. Types without access settings
    /// are passed over.
    pub desired: &'a [Desired],
    pub live: &'a [Live],
    /// Policies and settings read in addition to `live`.
    pub observed: &'a [Observed],
    /// Why resources of a type could not be read, by type.
    pub unread: &'a BTreeMap<String, Failure>,
    /// When each type was read, RFC 3339.
    pub read_at: &'a BTreeMap<String, String>,
    /// AWS's operations that read a type.
    pub read_calls: &'a BTreeMap<String, Vec<String>>,
    pub reasons: &'a Reasons,
    pub places: &'a Places,
    /// The exceptions of stack.yaml.
    pub accepted: &'a [Accepted],
    /// The calls found in the functions' sources, by logical ID of the function.
    pub calls: &'a BTreeMap<String, Vec<SourceCall>>,
    pub since: Option<&'a Older>,
    /// The result of `--prove`.
    pub proof: Option<&'a Proof>,
}

/// A policy or setting that only the report reads. stack.yaml has none of the kind, so what is
/// found is foreign, unless `wanted` says otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    pub kind: Kind,
    pub address: Address,
    pub name: String,
    pub policy: Option<String>,
    pub wanted: Value,
    /// It belongs to what all stacks of the account share.
    pub shared: bool,
    /// Null for none.
    pub result: Result<Value, Failure>,
    pub not_emulated: bool,
    /// RFC 3339.
    pub at: String,
}

impl Input<'_> {
    /// The place of a grant, or else of the resource.
    fn location(&self, address: &Address, sid: Option<&str>) -> Option<Location> {
        let key = |sid: Option<&str>| (address.clone(), sid.map(str::to_string));
        self.places.get(&key(sid)).or_else(|| self.places.get(&key(None))).cloned()
    }
}

impl Report {
    pub const FORMAT_VERSION: &'static str = "2.0";

    /// 1 where something could not be read, else 2 where something differs or a finding is not
    /// accepted, else 0.
    fn exit_code(&self) -> i32 {
        let settled = |s: &Surface| {
            matches!(s.status, Status::Same | Status::NotEmulated) || self.is_accepted(s)
        };
        let open = self.findings.iter().any(|f| f.exception.as_ref().is_none_or(|e| e.expired));
        if self.coverage.unread > 0 {
            1
        } else if open || !self.surfaces.iter().all(settled) {
            2
        } else {
            0
        }
    }

    /// True where every finding on a surface is covered by an exception that has not expired.
    fn is_accepted(&self, surface: &Surface) -> bool {
        let mut of_surface = self
            .findings
            .iter()
            .filter(|f| {
                f.surface == surface.surface
                    && f.address == surface.address
                    && f.policy == surface.policy
            })
            .peekable();
        of_surface.peek().is_some()
            && of_surface.all(|f| f.exception.as_ref().is_some_and(|e| !e.expired))
    }
}

/// Makes the report; see [`Input`].
pub fn report(input: Input<'_>) -> Report {
    let pairs = surfaces::pairs(&input);
    let routes = surfaces::wanted_sources(&pairs);
    let (mut found, mut surfaces, mut reads) = (Vec::new(), Vec::new(), Vec::new());
    for pair in &pairs {
        let mut surface = compare::surface(&input, pair);
        found.extend(findings::find_in_policy(&input, pair, &mut surface, &routes));
        reads.push(surfaces::read(pair));
        surfaces.push(surface);
    }
    found.extend(findings::escalations(&input, &pairs));
    let needs = needs::list(&input, &surfaces);
    found.extend(needs::findings(&input, &needs));
    found.extend(proof::findings(&input));
    let exceptions = exceptions::apply(&input, &mut found);
    found.sort_by(|a, b| (a.severity, &a.id).cmp(&(b.severity, &b.id)));
    let access = access::list(&input.scope.account, &surfaces);
    let changes = input.since.map(|older| older.changes(&access, &found));
    let mut generator = input.generator.clone();
    generator.actions_dated = catalogue().dated.clone();
    let mut report = Report {
        format_version: Report::FORMAT_VERSION.into(),
        stack: input.scope.stack.clone(),
        env: input.scope.env.clone(),
        account: input.scope.account.clone(),
        region: input.scope.region.clone(),
        endpoint: input.scope.endpoint.clone(),
        caller: input.caller.into(),
        generator,
        started: input.started.into(),
        finished: input.finished.into(),
        exit_code: 0,
        coverage: surfaces::coverage(&reads),
        population: surfaces::population(&input, &surfaces),
        findings: found,
        exceptions,
        changes,
        needs,
        proof: input.proof.cloned(),
        access,
        surfaces,
        reads,
        not_evaluated: not_evaluated(input.scope, input.live),
        digest: Digest::default(),
    };
    report.exit_code = report.exit_code();
    report.digest = integrity::digest(&report);
    report
}

const NOT_EVALUATED: [&str; 7] = [
    "service and resource control policies of the organisation",
    "session policies and what the caller of a role passes on",
    "the public access block of the account and IAM Access Analyzer, which are the account's and \
     not the stack's",
    "grants and policies of KMS keys: a stack has none of its own",
    "when each right was last used",
    "the code of the functions and the items of the tables: `shopstack diff` compares the code",
    "resources that do not belong to this stack and environment",
];

/// The limits of this report; on an emulator also the settings that only AWS has.
fn not_evaluated(scope: &Scope, live: &[Live]) -> Vec<String> {
    let mut list: Vec<String> = NOT_EVALUATED.map(String::from).into();
    let role = live
        .iter()
        .find(|l| l.type_name == "AWS::ApiGateway::Account")
        .and_then(|l| l.outputs.get("role_arn"));
    if let Some(arn) = role.filter(|_| !live.iter().any(sides::is_shared_role)) {
        list.push(format!(
            "the account's log role for API Gateway, which is not shopstack's: {arn}"
        ));
    }
    if scope.endpoint.is_some() && live.iter().any(|l| l.type_name == "AWS::S3::Bucket") {
        list.push(
            "TLS to the bucket: this endpoint speaks plain http and its distribution is excepted"
                .into(),
        );
    }
    list
}
