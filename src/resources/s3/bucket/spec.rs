//! A bucket as it is compared, without its policy and objects.

use crate::model::spec::Tags;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
}
