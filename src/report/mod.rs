//! The auditors' report as a value: each policy as stack.yaml wants it and as AWS has it, statement
//! by statement.
//!
//! Pure: the same stack and the same account give the same report, apart from the times. Compared
//! is meaning: the canonical forms of `policy`, with statements paired by what they say before they
//! are paired by their Sid.

mod compare;
mod findings;
#[cfg(test)]
pub(crate) mod fixture;
mod permission;
mod reasons;
mod surfaces;
#[cfg(test)]
mod tests;

pub use crate::policy::judge::Severity;
pub(crate) use findings::conditions;
pub use surfaces::TABLE_POLICY;

use crate::model::{Address, Desired, Live, Scope};
use crate::policy::judge::Statement;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Why a statement is there: by the address of its role and the statement's id, or `<inline
/// policy>.<statement id>`.
pub type Reasons = BTreeMap<(Address, String), String>;

/// What kind of policy it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Who may take on a role.
    Trust,
    /// What a role may do.
    InlinePolicy,
    /// ARNs of managed policies on a role.
    ManagedPolicies,
    /// The ceiling of a role.
    PermissionsBoundary,
    BucketPolicy,
    /// ARN of the role that a function runs as.
    ExecutionRole,
    /// Who may call a function.
    FunctionPolicy,
    /// Who may call the API, beyond what its routes say.
    ApiPolicy,
    TablePolicy,
}

/// How wanted and live compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Same,
    Differs,
    /// Wanted, but AWS does not have it.
    Missing,
    /// AWS has it, stack.yaml does not want it; or it is somebody else's.
    Foreign,
    /// The endpoint (never AWS) does not know such policies.
    NotEmulated,
}

/// One policy, wanted and live.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Surface {
    pub surface: Kind,
    pub address: Address,
    /// Physical name of the role, bucket, function, API or table.
    pub name: String,
    /// All stacks of the account share the role; only there where it is so.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub shared: bool,
    /// Name of the inline policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    pub status: Status,
    /// Canonical document, list of ARNs, or ARN; null for none.
    pub wanted: Value,
    pub live: Value,
    pub statements: Vec<Row>,
    pub differences: Vec<Difference>,
}

/// One statement. Its content is what AWS has; what stack.yaml wants where AWS does not have it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    pub sid: String,
    #[serde(flatten)]
    pub content: Statement,
    /// Null where stack.yaml does not ask for the statement, or gives no reason.
    pub reason: Option<String>,
    pub status: Status,
    pub wanted: bool,
    pub live: bool,
    /// Ids of findings.
    pub findings: Vec<String>,
}

/// One field in which the canonical documents differ; absent is null, not known yet is
/// `{"unknown":true}`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    pub path: String,
    pub live: Value,
    pub wanted: Value,
}

/// Which side a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Wanted,
    Live,
    Both,
}

/// One thing to mend. The id is the same in every report for as long as the thing is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    pub id: String,
    pub rule: String,
    pub severity: Severity,
    pub surface: Kind,
    pub address: Address,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The statement, or the ARN of an attached policy; null for the policy as a whole.
    pub sid: Option<String>,
    pub side: Side,
    pub message: String,
    pub fix: String,
}

/// How many were wanted, and how many were found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    pub wanted: usize,
    pub live: usize,
}

/// What was looked at, for the question whether the report is complete.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Population {
    pub roles: Count,
    pub buckets: Count,
    pub functions: Count,
    pub apis: Count,
    pub tables: Count,
    pub inline_policies: Count,
    pub managed_policies: Count,
    pub statements: Count,
    pub surfaces: BTreeMap<Status, usize>,
}

/// Which program made the report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Generator {
    pub name: String,
    pub version: String,
}

/// The whole report; serialises with keys in this order.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    pub format_version: String,
    pub stack: String,
    pub env: String,
    pub account: String,
    pub region: String,
    /// Set where the account is not on AWS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// ARN of who read the account.
    pub caller: String,
    pub generator: Generator,
    /// RFC 3339.
    pub started: String,
    pub finished: String,
    pub exit_code: i32,
    pub population: Population,
    /// The worst first.
    pub findings: Vec<Finding>,
    /// Roles first, then buckets, functions, APIs and tables, each by address.
    pub surfaces: Vec<Surface>,
    /// What this report says nothing about.
    pub not_evaluated: Vec<String>,
}

impl Report {
    pub const FORMAT_VERSION: &'static str = "1.0";

    /// 0, or 2 where something differs or is too wide.
    pub fn exit_code(&self) -> i32 {
        let settled =
            |surface: &Surface| matches!(surface.status, Status::Same | Status::NotEmulated);
        if self.findings.is_empty() && self.surfaces.iter().all(settled) { 0 } else { 2 }
    }
}

/// Makes the report out of all desired and live resources of a stack; types without policies are
/// passed over.
///
/// `desired` has its templates filled in as far as values are known; `started` and `finished` are
/// RFC 3339 and frame the reading of `live`.
#[allow(clippy::too_many_arguments)] // Each is a field of the report, and its one caller has them one by one.
pub fn report(
    scope: &Scope,
    caller_arn: &str,
    version: &str,
    started: &str,
    finished: &str,
    desired: &[Desired],
    live: &[Live],
    reasons: &Reasons,
) -> Report {
    let pairs = surfaces::pairs(scope, desired, live);
    let routes = surfaces::wanted_sources(&pairs);
    let mut all = Vec::new();
    let mut surfaces = Vec::new();
    for pair in &pairs {
        let mut surface = compare::surface(pair, reasons);
        all.extend(findings::of(scope, pair, &mut surface, &routes));
        surfaces.push(surface);
    }
    all.sort_by(|a, b| (a.severity, &a.id).cmp(&(b.severity, &b.id)));
    let mut report = Report {
        format_version: Report::FORMAT_VERSION.into(),
        stack: scope.stack.clone(),
        env: scope.env.clone(),
        account: scope.account.clone(),
        region: scope.region.clone(),
        endpoint: scope.endpoint.clone(),
        caller: caller_arn.into(),
        generator: Generator { name: "shopstack".into(), version: version.into() },
        started: started.into(),
        finished: finished.into(),
        exit_code: 0,
        population: surfaces::population(desired, live, &surfaces),
        findings: all,
        surfaces,
        not_evaluated: not_evaluated(scope, live),
    };
    report.exit_code = report.exit_code();
    report
}

const NOT_EVALUATED: [&str; 4] = [
    "function URLs, and policies of single versions and aliases of functions and of DynamoDB streams",
    "service and resource control policies of the organisation",
    "session policies and what the caller of a role passes on",
    "resources that do not belong to this stack and environment",
];

/// What this report says nothing about; on an emulator also what only AWS has.
fn not_evaluated(scope: &Scope, live: &[Live]) -> Vec<String> {
    let mut list: Vec<String> = NOT_EVALUATED.map(String::from).into();
    let role = live
        .iter()
        .find(|l| l.type_name == "AWS::ApiGateway::Account")
        .and_then(|l| l.outputs.get("role_arn"));
    if let Some(arn) = role.filter(|_| !live.iter().any(surfaces::is_shared_role)) {
        list.push(format!(
            "the account's log role for API Gateway, which is not shopstack's: {arn}"
        ));
    }
    if scope.endpoint.is_some() {
        list.push(
            "TLS to the bucket: this endpoint speaks plain http and its distribution is excepted"
                .into(),
        );
    }
    list
}
