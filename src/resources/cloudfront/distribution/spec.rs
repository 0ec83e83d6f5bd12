//! A distribution as it is compared.

use crate::model::spec::Tags;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

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
    /// Names of one's own that it answers for.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub aliases: BTreeSet<String>,
    /// ARN of the certificate for the aliases; `None` for CloudFront's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// The oldest TLS that viewers may use with that certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub viewer_tls: Option<String>,
    /// ISO 3166-1 codes of the only countries that are let in; empty for all. At most one of the
    /// two lists has entries.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub allowed_countries: BTreeSet<String>,
    /// The codes of countries that are blocked.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub blocked_countries: BTreeSet<String>,
    /// Settings that no stack has, found on a live distribution: further origins, logging,
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
