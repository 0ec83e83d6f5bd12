//! A bucket as it is compared, without its policy and objects.

use crate::model::Outputs;
use crate::model::spec::Tags;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `AWS::S3::Bucket` without its policy and objects.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BucketSpec {
    pub tags: Tags,
    pub block_public_acls: bool,
    pub ignore_public_acls: bool,
    pub block_public_policy: bool,
    pub restrict_public_buckets: bool,
    /// BucketOwnerEnforced.
    pub object_ownership: String,
    /// AES256 or aws:kms.
    pub encryption: String,
    /// Enabled, Suspended or Unversioned.
    pub versioning: String,
    /// Expiry times in S3; `None` without a lifecycle.
    pub lifecycle: Option<Lifecycle>,
    /// Settings of the live bucket that no stack has, by name: another lifecycle, a website, CORS
    /// rules.
    /// Wanted: none.
    #[serde(default)]
    pub extras: BTreeMap<String, String>,
}

/// The one rule for the whole bucket, in days.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lifecycle {
    /// After a file was replaced or deleted, its old version stays this long.
    pub old_versions_days: i32,
    /// The parts of an upload that was never completed stay this long.
    pub broken_uploads_days: i32,
}

/// The outputs that other resources refer to.
pub(super) fn outputs(name: &str, region: &str) -> Outputs {
    BTreeMap::from([
        ("name".to_string(), name.to_string()),
        ("arn".to_string(), format!("arn:aws:s3:::{name}")),
        // The regional name: the global one redirects until DNS has spread (catalogue 3.3).
        ("regional_domain_name".to_string(), format!("{name}.s3.{region}.amazonaws.com")),
    ])
}
