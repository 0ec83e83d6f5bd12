//! A table as it is compared: keys, indexes, billing, backups, seed.

use crate::model::spec::Tags;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// `AWS::DynamoDB::Table`, continuous backups and the seeded items included.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TableSpec {
    pub tags: Tags,
    pub hash_key: AttributeSpec,
    pub range_key: Option<AttributeSpec>,
    pub indexes: BTreeMap<String, IndexSpec>,
    pub billing: BillingSpec,
    pub point_in_time_recovery: bool,
    pub deletion_protection: bool,
    /// The stream's view type, `NEW_AND_OLD_IMAGES`; `None` without a stream.
    pub stream: Option<String>,
    /// The attribute that says when an item expires; `None` keeps items for ever.
    #[serde(default)]
    pub ttl: Option<String>,
    /// SHA-256 (hex) of the seed file put last; kept in the table's `shopstack:seed` tag, not in
    /// `tags`.
    pub seed: Option<String>,
    /// Settings of the live table that no stack has, by name: a replica, a resource
    /// policy. Wanted: none.
    #[serde(default)]
    pub extras: BTreeMap<String, String>,
}

/// A key attribute; `kind` is S, N or B.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AttributeSpec {
    pub name: String,
    pub kind: String,
}

/// A global secondary index.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IndexSpec {
    pub hash_key: AttributeSpec,
    pub range_key: Option<AttributeSpec>,
    /// ALL, KEYS_ONLY or INCLUDE.
    pub projection: String,
    pub non_key_attributes: BTreeSet<String>,
}

/// Capacity; the units hold for the table and each of its indexes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BillingSpec {
    /// PAY_PER_REQUEST or PROVISIONED.
    pub mode: String,
    /// Provisioned units; `None` when on demand.
    pub read: Option<i64>,
    pub write: Option<i64>,
    /// On-demand ceilings; `None` for none.
    pub max_read: Option<i64>,
    pub max_write: Option<i64>,
}
