//! A response headers policy as it is compared.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
