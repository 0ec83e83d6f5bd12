//! A function as it is compared.

use crate::model::spec::Tags;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    /// Calls at once that are set aside for it; `None` for its part of the account's.
    pub reserved_concurrency: Option<i32>,
    /// Each call is traced by X-Ray; without, only calls that the caller traces.
    pub tracing: bool,
    /// TRACE to FATAL, with logs as JSON; `None` for plain text.
    pub log_level: Option<String>,
    /// ARN of the queue or topic that receives failed asynchronous calls; `None` for none.
    pub dead_letter: Option<String>,
    pub environment: BTreeMap<String, String>,
    /// base64(SHA-256(zip)).
    pub code_sha256: String,
    /// Settings of the live function that no stack has, by name: layers, a VPC, a dead-letter
    /// target. Wanted: none.
    pub extras: BTreeMap<String, String>,
}
