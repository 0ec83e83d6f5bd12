//! A domain name of the API as it is compared.

use crate::model::spec::Tags;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `AWS::ApiGateway::DomainName` with its `AWS::ApiGateway::BasePathMapping`s.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DomainSpec {
    pub tags: Tags,
    /// REGIONAL.
    pub endpoint_type: String,
    /// ARN of a certificate of the API's region.
    pub certificate: String,
    /// TLS_1_2, the newest whose ciphers every client of today knows.
    pub security_policy: String,
    /// Base path, `(none)` for what follows the name at once, to `<API>/<stage>`.
    pub mappings: BTreeMap<String, String>,
    /// Settings that no stack has, by name: mutual TLS, a policy. Wanted: none.
    pub extras: BTreeMap<String, String>,
}
