//! A function's resource policy as it is compared.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The resource policy of one function, `AWS::Lambda::Permission` by statement id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PermissionSpec {
    pub statements: BTreeMap<String, PermissionStatement>,
}

/// One statement of a function's resource policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PermissionStatement {
    pub action: String,
    /// Service principal; another kind of principal as its JSON text.
    pub principal: String,
    pub source_arn: Option<String>,
    pub source_account: Option<String>,
}
