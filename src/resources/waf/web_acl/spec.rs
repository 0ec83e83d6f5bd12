//! A web ACL as it is compared.

use crate::model::spec::Tags;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

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
    /// Rules of a managed group that count what they find and let it pass.
    pub count: BTreeSet<String>,
}
