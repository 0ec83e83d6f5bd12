//! The normalised spec of every resource type: the shape in which wanted and live are compared,
//! field by field.
//!
//! Lists whose order AWS does not keep are maps or sets here, so that the differ needs no special
//! cases. The JSON Schema of a spec is where `tests/it/drift` learns which fields there are. What
//! AWS computes or fills by itself (`CallerReference`, `LastModified`, capacity counters) has no
//! field.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

use super::CloudError;

pub type Tags = BTreeMap<String, String>;

/// Serialises a spec; specs are plain data, so this cannot fail for a reason a user could mend.
pub fn to_value<T: Serialize>(spec: &T) -> Value {
    serde_json::to_value(spec).unwrap_or(Value::Null)
}

/// Reads a spec back, for instance out of a saved plan.
pub fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T, CloudError> {
    serde_json::from_value(value.clone()).map_err(|error| {
        CloudError::ours(
            super::ErrorKind::Other,
            format!("the plan holds a spec this version cannot read: {error}"),
            "make the plan again with this version of shopstack",
        )
    })
}

/// `AWS::DynamoDB::Table`, continuous backups and the seeded items included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TableSpec {
    pub tags: Tags,
    pub hash_key: AttributeSpec,
    pub range_key: Option<AttributeSpec>,
    pub indexes: BTreeMap<String, IndexSpec>,
    pub billing: BillingSpec,
    pub point_in_time_recovery: bool,
    pub deletion_protection: bool,
    /// SHA-256 (hex) of the seed file put last; kept in the table's `shopstack:seed` tag, not in
    /// `tags`.
    pub seed: Option<String>,
}

/// A key attribute; `kind` is S, N or B.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AttributeSpec {
    pub name: String,
    pub kind: String,
}

/// A global secondary index.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IndexSpec {
    pub hash_key: AttributeSpec,
    pub range_key: Option<AttributeSpec>,
    /// ALL, KEYS_ONLY or INCLUDE.
    pub projection: String,
    pub non_key_attributes: BTreeSet<String>,
}

/// Capacity; the units hold for the table and each of its indexes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BillingSpec {
    /// PAY_PER_REQUEST or PROVISIONED.
    pub mode: String,
    /// Provisioned units; `None` when on demand.
    pub read: Option<i64>,
    pub write: Option<i64>,
    /// On-demand ceilings; `None` for none.
    pub max_read: Option<i64>,
    pub max_write: Option<i64>,
}

/// `AWS::Lambda::Function`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FunctionSpec {
    pub tags: Tags,
    pub role_arn: String,
    pub runtime: String,
    pub handler: String,
    /// MB.
    pub memory: i32,
    /// Seconds.
    pub timeout: i32,
    /// `x86_64` or `arm64`.
    pub architecture: String,
    pub environment: BTreeMap<String, String>,
    /// base64(SHA-256(zip)).
    pub code_sha256: String,
    /// Settings of the live function that no stack has, by name: layers, a VPC, a dead-letter
    /// target. Wanted: none.
    pub extras: BTreeMap<String, String>,
}

/// `AWS::IAM::Role` with its inline and attached policies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleSpec {
    pub tags: Tags,
    pub path: String,
    pub description: String,
    pub max_session_seconds: i32,
    /// Trust policy, canonical form of `policy::canonical`.
    pub trust: Value,
    /// Inline policies by name, canonical form.
    pub policies: BTreeMap<String, Value>,
    /// ARNs of managed policies: we want none.
    pub attached: BTreeSet<String>,
    pub permissions_boundary: Option<String>,
}

/// `AWS::Logs::LogGroup`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogGroupSpec {
    pub tags: Tags,
    pub region: String,
    /// `None` = never expire.
    pub retention_days: Option<i32>,
}

/// `AWS::ApiGateway::RestApi`, the API itself without its routes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RestApiSpec {
    pub tags: Tags,
    pub description: String,
    /// REGIONAL.
    pub endpoint_type: String,
    pub api_key_source: String,
    pub disable_execute_api_endpoint: bool,
    pub binary_media_types: BTreeSet<String>,
    pub minimum_compression_size: Option<i32>,
}

/// Resources, methods, integrations, CORS and gateway responses of a REST API, as one definition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoutesSpec {
    /// Keyed `GET /products`.
    pub routes: BTreeMap<String, RouteSpec>,
    /// CORS per path, answered to OPTIONS by a MOCK integration.
    pub cors: BTreeMap<String, CorsSpec>,
    /// Headers per gateway response type: `DEFAULT_4XX` -> header name -> static value without
    /// quotes.
    pub gateway_responses: BTreeMap<String, BTreeMap<String, String>>,
}

/// One method with an AWS_PROXY integration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteSpec {
    /// AWS_PROXY; another type is drift.
    pub integration: String,
    /// ARN of the function, cut out of the integration's invocation URI; the raw URI where it is
    /// another.
    pub function_arn: String,
    /// NONE.
    pub authorization: String,
    pub api_key_required: bool,
    pub timeout_ms: i32,
}

/// The answer to a preflight request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CorsSpec {
    pub allow_origin: String,
    /// Comma-separated, sorted.
    pub allow_methods: String,
    pub allow_headers: String,
    /// Seconds.
    pub max_age: String,
}

/// `AWS::ApiGateway::Stage` with the deployment it serves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StageSpec {
    pub tags: Tags,
    /// Hash of the definition that the deployment served by this stage was made from (its
    /// description).
    pub definition: String,
    pub throttling_rate: f64,
    pub throttling_burst: i32,
    pub metrics: bool,
    /// ARN without `:*`; `None` = off.
    pub access_log_arn: Option<String>,
    pub access_log_format: Option<String>,
    pub tracing: bool,
}

/// `AWS::ApiGateway::Account`: the account-wide log role, shared by every API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountSpec {
    pub has_log_role: bool,
}

/// The resource policy of one function, `AWS::Lambda::Permission` by statement id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PermissionSpec {
    pub statements: BTreeMap<String, PermissionStatement>,
}

/// One statement of a function's resource policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PermissionStatement {
    pub action: String,
    /// Service principal; another kind of principal as its JSON text.
    pub principal: String,
    pub source_arn: Option<String>,
    pub source_account: Option<String>,
}

/// `AWS::S3::Bucket` without its policy and objects.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BucketSpec {
    pub tags: Tags,
    pub block_public_acls: bool,
    pub ignore_public_acls: bool,
    pub block_public_policy: bool,
    pub restrict_public_buckets: bool,
    /// BucketOwnerEnforced.
    pub object_ownership: String,
    /// AES256 or aws:kms.
    pub encryption: String,
    /// Enabled, Suspended or Unversioned.
    pub versioning: String,
}

/// `AWS::S3::BucketPolicy`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BucketPolicySpec {
    /// Canonical form; null when there is none.
    pub policy: Value,
}

/// The files of the site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ObjectsSpec {
    /// Keyed by object key; `config.json` is generated and stands in `config` instead.
    pub objects: BTreeMap<String, ObjectSpec>,
    /// The generated `config.json`, its exact text.
    pub config: String,
}

/// One object of the site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ObjectSpec {
    /// Hex; equals the ETag of a single-part upload under SSE-S3.
    pub md5: String,
    pub content_type: String,
    pub cache_control: String,
}

/// `AWS::CloudFront::OriginAccessControl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OacSpec {
    /// Carries the ownership marker: an OAC cannot be tagged.
    pub description: String,
    pub origin_type: String,
    pub signing_behavior: String,
    pub signing_protocol: String,
}

/// `AWS::CloudFront::ResponseHeadersPolicy`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResponseHeadersSpec {
    /// Carries the ownership marker: a response headers policy cannot be tagged.
    pub comment: String,
    pub content_security_policy: String,
    pub frame_options: String,
    pub referrer_policy: String,
    pub content_type_options: bool,
    /// Seconds; `None` = no HSTS.
    pub hsts_max_age: Option<i32>,
    pub hsts_include_subdomains: bool,
    pub hsts_preload: bool,
    /// Further headers, name -> value.
    pub custom: BTreeMap<String, String>,
}

/// `AWS::CloudFront::Distribution`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DistributionSpec {
    pub tags: Tags,
    /// Begins with the ownership marker, to find it in listings without reading each one's tags.
    pub comment: String,
    pub enabled: bool,
    pub default_root_object: String,
    pub price_class: String,
    /// Lower case: `http2and3`.
    pub http_version: String,
    pub ipv6: bool,
    /// Empty for none.
    pub web_acl_arn: String,
    /// Regional domain of the bucket.
    pub origin_domain: String,
    pub origin_access_control_id: String,
    pub viewer_protocol_policy: String,
    pub compress: bool,
    pub allowed_methods: BTreeSet<String>,
    pub cache_policy_id: String,
    pub response_headers_policy_id: String,
    /// Keyed by the origin's HTTP status.
    pub error_pages: BTreeMap<String, ErrorPageSpec>,
    /// Settings that no stack has, found on a live distribution: further origins, aliases, logging,
    /// functions.
    #[serde(default)]
    pub extras: BTreeMap<String, String>,
}

/// A CustomErrorResponse of a distribution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErrorPageSpec {
    pub page: String,
    pub status: String,
    /// Seconds.
    pub min_ttl: i64,
}

/// `AWS::WAFv2::WebACL`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebAclSpec {
    pub tags: Tags,
    /// CLOUDFRONT or REGIONAL.
    pub scope: String,
    pub description: String,
    /// ALLOW or BLOCK.
    pub default_action: String,
    pub metric_name: String,
    /// Keyed by rule name. Rules of an unknown shape have `kind` "other".
    pub rules: BTreeMap<String, WafRuleSpec>,
}

/// One rule of a web ACL.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WafRuleSpec {
    pub priority: i32,
    /// managed, rate or other.
    pub kind: String,
    /// Managed group's name; empty otherwise.
    pub group: String,
    /// Requests per five minutes and IP for rate rules; 0 otherwise.
    pub limit: i64,
    /// `none` or `count` (override) for groups; `block` or `count` (action) for rate rules.
    pub action: String,
    pub metrics: bool,
    pub sampled: bool,
}

/// `AWS::WAFv2::WebACLAssociation` with an API stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AssociationSpec {
    pub web_acl_arn: String,
    pub resource_arn: String,
}

/// `AWS::WAFv2::LoggingConfiguration`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WafLoggingSpec {
    pub web_acl_arn: String,
    /// Log group ARN without `:*`.
    pub destination: String,
    /// Lower-cased names of redacted headers.
    pub redacted_headers: BTreeSet<String>,
}
