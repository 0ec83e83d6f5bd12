//! A REST API as it is compared, without its routes.

use crate::model::spec::Tags;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

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
