//! The report's own types, which are also its JSON: keys stand in the order of the fields.

use super::evidence::Need;
use super::trial::Proof;
use crate::model::Address;
use crate::policy::judge::{Severity, Statement};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Why a statement is there: by the address of its role and the statement's id, or `<inline
/// policy>.<statement id>`.
pub type Reasons = BTreeMap<(Address, String), String>;

/// The kind of policy or setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Who may assume a role.
    Trust,
    /// What a role may do.
    InlinePolicy,
    /// ARNs of managed policies on a role.
    ManagedPolicies,
    /// The document of an attached managed policy, or of a boundary.
    ManagedDocument,
    /// The ceiling of a role.
    PermissionsBoundary,
    BucketPolicy,
    /// The four switches of a bucket that refuse public access.
    PublicAccessBlock,
    /// Whether access control lists grant anything.
    ObjectOwnership,
    BucketSettings,
    /// ARN of the role that a function runs as.
    ExecutionRole,
    /// Who may call a function.
    FunctionPolicy,
    /// Who may call one version or alias of a function.
    VersionPolicy,
    /// The HTTPS endpoints of a function's own.
    FunctionUrl,
    /// Queues and streams that call a function.
    EventSources,
    /// Layers, networks, file systems and keys that a function uses.
    FunctionExtras,
    FunctionSettings,
    /// Who may call the API, beyond what its routes say.
    ApiPolicy,
    /// Each route of the API with who may call it.
    Routes,
    /// Who may do what with a table.
    TablePolicy,
    /// Who may read a table's stream.
    StreamPolicy,
    TableSettings,
    /// ARN of the web ACL in front of a stage or a distribution.
    WebAcl,
    /// What a web ACL refuses.
    WebAclRules,
    /// How a distribution is reached, and how it reaches the bucket.
    DistributionAccess,
    /// Who else receives a log group's events.
    Subscriptions,
    /// Policies of the account on its log groups.
    LogResourcePolicies,
    /// What else stack.yaml says of a resource, and that the resource is there.
    OtherSettings,
}

/// How wanted and live compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Same,
    Differs,
    /// Wanted, but AWS does not have it.
    Missing,
    /// AWS has it, stack.yaml does not want it; or somebody else owns it.
    Foreign,
    /// The endpoint (never AWS) does not know such policies.
    NotEmulated,
    /// The read failed, so nothing is known of the live side.
    Unread,
}

/// Why a read failed.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Failure {
    /// AWS's operation, `iam:GetRole`.
    pub operation: String,
    /// AWS's error code.
    pub code: String,
    pub message: String,
    /// The IAM action that the caller lacks, where that is the cause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing_right: Option<String>,
}

/// The result of one read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Read,
    /// AWS answered that there is none.
    Absent,
    Denied,
    Failed,
    NotEmulated,
}

/// One surface that was read, or was to be read.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Read {
    pub surface: Kind,
    pub address: Address,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// AWS's operations, `iam:GetRolePolicy`.
    pub calls: Vec<String>,
    /// RFC 3339: when the answer was there.
    pub at: String,
    pub verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

/// How complete the report is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Coverage {
    /// Surfaces of which the live side is known, absent ones included.
    pub read: usize,
    /// Surfaces whose read was denied or failed.
    pub unread: usize,
    /// Surfaces that the endpoint does not emulate; always 0 on AWS.
    pub not_emulated: usize,
}

/// One policy or setting, wanted and live.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Surface {
    pub surface: Kind,
    pub address: Address,
    /// Physical name of the resource that carries it.
    pub name: String,
    /// All stacks of the account share the resource; only there where that is so.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub shared: bool,
    /// Name of the inline policy, ARN of the managed one, name of the version or alias.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    pub status: Status,
    /// Canonical document, list of ARNs, ARN, or settings; null for none.
    pub wanted: Value,
    pub live: Value,
    pub statements: Vec<Row>,
    pub differences: Vec<Difference>,
}

/// A place in stack.yaml.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Location {
    pub file: String,
    /// From 1.
    pub line: usize,
}

/// One statement. Its content is what AWS has; what stack.yaml wants where AWS does not have it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Row {
    pub sid: String,
    #[serde(flatten)]
    pub content: Statement,
    /// Null where stack.yaml does not ask for the statement, or gives no reason.
    pub reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// The service authorisation data for each action.
    pub checked_actions: Vec<CheckedAction>,
    pub checked_conditions: Vec<CheckedCondition>,
    pub status: Status,
    pub wanted: bool,
    pub live: bool,
    /// Ids of findings.
    pub findings: Vec<String>,
}

/// One action of a statement, looked up offline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CheckedAction {
    pub action: String,
    /// AWS's word: List, Read, Write, Tagging, Permissions management; null for an unknown action.
    pub access_level: Option<String>,
    /// How many actions a wildcard stands for; 1 for an exact name.
    pub expands_to: usize,
    /// Resource types that the action can be limited to; empty where only `*` is possible.
    pub resource_types: Vec<String>,
    /// `resource`, `wildcard`, `only_star` (cannot be scoped), `no_match`, or `unknown`.
    pub scope: &'static str,
}

/// One condition of a statement with the type of its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CheckedCondition {
    pub operator: String,
    pub key: String,
    pub values: Vec<String>,
    /// AWS's word: String, ARN, Bool, IPAddress, Numeric, Date; null for an unknown key.
    #[serde(rename = "type")]
    pub key_type: Option<String>,
    pub operator_fits: bool,
}

/// One field in which the canonical documents differ; absent is null, not known yet is
/// `{"unknown":true}`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Difference {
    pub path: String,
    pub live: Value,
    pub wanted: Value,
}

/// Which side a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Wanted,
    Live,
    Both,
}

/// One thing to fix. The id is the same in every report for as long as the thing is.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Finding {
    pub id: String,
    pub rule: String,
    pub severity: Severity,
    pub surface: Kind,
    pub address: Address,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The statement, the route, or the ARN of an attached policy; null for the surface as a whole.
    pub sid: Option<String>,
    pub side: Side,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    pub message: String,
    pub fix: String,
    /// Framework -> ids of its controls.
    pub frameworks: BTreeMap<&'static str, Vec<&'static str>>,
    /// The accepted exception of stack.yaml that covers it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exception: Option<Exception>,
}

/// An accepted finding: by whom, why, and until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Exception {
    pub rule: String,
    /// Address of the resource; every resource without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    pub reason: String,
    pub approver: String,
    /// `2027-06-30`, the last day.
    pub expires: String,
    pub expired: bool,
    /// It covers at least one finding of this report.
    pub used: bool,
}

/// One access that a live statement or setting grants: what `--since` compares and the picture
/// draws.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Access {
    pub principal: String,
    pub action: String,
    pub resource: String,
    /// `ArnEquals aws:SourceArn = arn:...`, sorted.
    pub conditions: Vec<String>,
    /// `Allow` or `Deny`.
    pub effect: String,
}

/// How many were wanted, and how many were found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Count {
    pub wanted: usize,
    pub live: usize,
}

/// The coverage of the report.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
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

/// Which program made the report, and with which data.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Generator {
    pub name: String,
    pub version: String,
    /// Git commit of the folder of stack.yaml, `-dirty` behind it where files differ; empty
    /// without git.
    pub commit: String,
    /// SHA-256 (hex) of stack.yaml.
    pub stack_sha256: String,
    /// Day of the service authorisation data, `2026-10-27`.
    pub actions_dated: String,
}

/// Both digests are SHA-256 (hex) over the RFC 8785 form of the report.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Digest {
    pub algorithm: &'static str,
    /// Everything but the digests and the times: equal for an unchanged stack.
    pub content: String,
    /// Everything but the digests.
    pub report: String,
}

/// The changes since an older report.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Changes {
    /// `finished` and the digest of the older report.
    pub since: String,
    pub since_digest: String,
    pub gained: Vec<Access>,
    pub lost: Vec<Access>,
    /// Ids of findings.
    pub new_findings: Vec<String>,
    pub settled_findings: Vec<String>,
}

/// The whole report; serialises with keys in this order.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
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
    pub coverage: Coverage,
    pub population: Population,
    /// The worst first.
    pub findings: Vec<Finding>,
    pub exceptions: Vec<Exception>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<Changes>,
    /// Each action of each function: needed against granted.
    pub needs: Vec<Need>,
    /// With `--prove` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
    pub access: Vec<Access>,
    /// Roles first, then buckets, functions, APIs and tables, each by address.
    pub surfaces: Vec<Surface>,
    pub reads: Vec<Read>,
    /// The limits of this report.
    pub not_evaluated: Vec<String>,
    pub digest: Digest,
}
