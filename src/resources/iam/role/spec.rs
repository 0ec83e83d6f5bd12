//! A role as it is compared.

use crate::model::spec::Tags;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

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
