//! An authorizer as it is compared.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// `AWS::ApiGateway::Authorizer`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthorizerSpec {
    /// COGNITO_USER_POOLS, TOKEN or REQUEST.
    pub kind: String,
    /// ARNs of user pools.
    pub user_pools: BTreeSet<String>,
    /// ARN of the function, cut out of the invocation URI; the raw URI where it is another. Empty
    /// for user pools.
    pub function_arn: String,
    /// `method.request.header.Authorization`, several with commas.
    pub identity_source: String,
    /// Regular expression that a token must match; empty for none.
    pub pattern: String,
    pub cache_seconds: i32,
    /// ARN of a role that API Gateway calls the function with; empty, since the function's own
    /// policy lets it in.
    pub credentials: String,
}
