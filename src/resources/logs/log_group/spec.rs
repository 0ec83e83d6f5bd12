//! A log group as it is compared.

use crate::model::spec::Tags;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `AWS::Logs::LogGroup`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogGroupSpec {
    pub tags: Tags,
    pub region: String,
    /// `None` = never expire.
    pub retention_days: Option<i32>,
    /// Settings of the live group that no stack has, by name: subscription filters, a key. Wanted:
    /// none.
    #[serde(default)]
    pub extras: BTreeMap<String, String>,
}
