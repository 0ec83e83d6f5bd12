//! A stage as it is compared.

use crate::model::spec::Tags;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
