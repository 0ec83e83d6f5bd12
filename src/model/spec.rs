//! Specs: the normalised shape in which desired and live resources are compared, field by field.
//!
//! Each resource type has its own, in its folder. Lists whose order AWS does not keep are maps or
//! sets there, so that the differ needs no special cases. The JSON Schema of a spec tells the
//! drift tests which fields exist. Values that AWS computes (`CallerReference`, `LastModified`,
//! capacity counters) have no field.

use super::CloudError;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::collections::BTreeMap;

pub type Tags = BTreeMap<String, String>;

/// The value of a field of `object`; null where it has none or is no object.
pub fn field<'v>(object: &'v Value, name: &str) -> &'v Value {
    object.get(name).unwrap_or(&Value::Null)
}

/// Serialises a spec; specs are plain data, so this cannot fail for a reason a user could mend.
pub fn to_value<T: Serialize>(spec: &T) -> Value {
    serde_json::to_value(spec).unwrap_or(Value::Null)
}

/// Reads a spec back into its type.
pub fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T, CloudError> {
    serde_json::from_value(value.clone()).map_err(|error| {
        CloudError::ours(
            super::ErrorKind::Other,
            format!("a spec does not have the shape of its type: {error}"),
            "this is a defect of shopstack: report it with the output of `diff --json`",
        )
    })
}
