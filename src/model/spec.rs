//! Specs: the normalised shape in which desired and live resources are compared, field by field.
//!
//! Each resource type defines its own in its folder. Lists whose order AWS does not keep are maps
//! or sets, so that the differ needs no special cases. The JSON Schema of a spec lists its fields
//! for the drift tests. Values that AWS computes (`CallerReference`, `LastModified`, capacity
//! counters) have no field.

use super::CloudError;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::collections::BTreeMap;

pub type Tags = BTreeMap<String, String>;

/// The value of a field of `object`; null if there is no such field or no object.
pub fn field<'v>(object: &'v Value, name: &str) -> &'v Value {
    object.get(name).unwrap_or(&Value::Null)
}

/// Serialises a spec. Specs are plain data, so this does not fail for a reason that a user could
/// fix.
pub fn to_value<T: Serialize>(spec: &T) -> Value {
    serde_json::to_value(spec).unwrap_or(Value::Null)
}

/// Deserialises a spec.
pub fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T, CloudError> {
    serde_json::from_value(value.clone()).map_err(|error| {
        CloudError::ours(
            super::ErrorKind::Other,
            format!("a spec does not have the shape of its type: {error}"),
            "this is a defect of shopstack: report it with the output of `diff --json`",
        )
    })
}
