//! A log group as it is compared.

use crate::model::spec::Tags;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `AWS::Logs::LogGroup`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogGroupSpec {
    pub tags: Tags,
    pub region: String,
    /// `None` = never expire.
    pub retention_days: Option<i32>,
}
