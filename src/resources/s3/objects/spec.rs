//! The site's files as they are compared.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The files of the site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ObjectsSpec {
    /// Keyed by object key; `config.json` is generated and stands in `config` instead.
    pub objects: BTreeMap<String, ObjectSpec>,
    /// The generated `config.json`, its exact text.
    pub config: String,
}

/// One object of the site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ObjectSpec {
    /// Hex; equals the ETag of a single-part upload under SSE-S3.
    pub md5: String,
    pub content_type: String,
    pub cache_control: String,
}
