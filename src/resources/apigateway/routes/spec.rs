//! The routes of a REST API as they are compared.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Resources, methods, integrations, CORS and gateway responses of a REST API, as one definition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoutesSpec {
    /// Keyed `GET /products`.
    pub routes: BTreeMap<String, RouteSpec>,
    /// CORS per path, answered to OPTIONS by a MOCK integration.
    pub cors: BTreeMap<String, CorsSpec>,
    /// The answer to methods that a path does not have, given by a MOCK integration of ANY.
    pub not_allowed: BTreeMap<String, NotAllowedSpec>,
    /// Per gateway response type, such as `DEFAULT_4XX`: header name -> static value without
    /// quotes, or an expression in brackets. `(status)` is the status, `(body TYPE)` the body's
    /// template.
    pub gateway_responses: BTreeMap<String, BTreeMap<String, String>>,
}

/// One method with an AWS_PROXY integration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteSpec {
    /// AWS_PROXY; another type is drift.
    pub integration: String,
    /// ARN of the function, cut out of the integration's invocation URI; the raw URI where it is
    /// another.
    pub function_arn: String,
    /// NONE, CUSTOM for a function that decides, or COGNITO_USER_POOLS.
    pub authorization: String,
    /// Id of the authorizer inside the API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorizer_id: Option<String>,
    /// OAuth scopes of which a token must have one.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub scopes: BTreeSet<String>,
    pub api_key_required: bool,
    pub timeout_ms: i32,
}

/// The answer to a preflight request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CorsSpec {
    pub allow_origin: String,
    /// Comma-separated, sorted.
    pub allow_methods: String,
    pub allow_headers: String,
    pub allow_credentials: bool,
    /// Seconds.
    pub max_age: String,
}

/// The answer to a method that its path does not have: 405.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotAllowedSpec {
    /// The methods that the path has, sorted and separated by a comma and a space.
    pub allow: String,
    /// The origin that may read the answer; empty if no page may call the API.
    pub allow_origin: String,
    pub allow_credentials: bool,
}
