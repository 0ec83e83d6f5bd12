//! A bucket as it is compared, without its policy and objects.

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
    /// Settings of the live bucket that no stack has, by name: a lifecycle, a website, CORS rules.
    /// Wanted: none.
    #[serde(default)]
    pub extras: BTreeMap<String, String>,
}
