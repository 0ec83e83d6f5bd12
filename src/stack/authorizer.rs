//! Who may call a route, as stack.yaml describes it: Cognito user pools, or a function that
//! decides.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An authorizer of API Gateway: exactly one of `user_pools` and `function`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Authorizer {
    /// ARNs of Cognito user pools: a caller needs a valid token of one of them.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true, "maxItems" = 1000, "examples" = [
        ["arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_AbCdEfGhI"]]))]
    pub user_pools: Vec<String>,
    /// A function of this stack that answers with an IAM policy; API Gateway gets the right to call
    /// it.
    #[schemars(extend("examples" = ["checkToken"]))]
    pub function: Option<String>,
    /// What the function is told: the token alone, or the request without its body.
    #[serde(default)]
    pub kind: AuthorizerKind,
    /// Where the caller's identity stands: `header.NAME`, and for a function of the kind `request`
    /// also `query.NAME`, `stage.NAME` and `context.NAME`. A request without all of them is refused
    /// before the function is called.
    #[serde(default = "identity")]
    #[schemars(extend("uniqueItems" = true, "maxItems" = 10,
               "examples" = [["header.Authorization"], ["header.X-Client", "query.key"]]))]
    pub identity: Vec<String>,
    /// Regular expression that a token must match as a whole; for the kind `token` alone.
    #[schemars(extend("examples" = ["Bearer [-0-9A-Za-z._~+/]+=*"]))]
    pub pattern: Option<String>,
    /// Seconds that API Gateway remembers an answer, by the identity; 0 for not at all. A policy
    /// that is remembered counts for every route, so the function's answer must cover all of them.
    #[serde(default = "cache_seconds")]
    #[schemars(range(min = 0, max = 3600))]
    pub cache_seconds: u32,
}

fn identity() -> Vec<String> {
    vec!["header.Authorization".to_string()]
}

fn cache_seconds() -> u32 {
    300
}

/// What an authorizer's function is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AuthorizerKind {
    /// The token alone.
    #[default]
    Token,
    /// The request: headers, query, path, and what API Gateway knows of the caller.
    Request,
}

impl Authorizer {
    /// As API Gateway's API names the type.
    pub fn aws_type(&self) -> &'static str {
        match (&self.function, self.kind) {
            (None, _) => "COGNITO_USER_POOLS",
            (Some(_), AuthorizerKind::Token) => "TOKEN",
            (Some(_), AuthorizerKind::Request) => "REQUEST",
        }
    }

    /// As API Gateway's API names what a method with this authorizer demands.
    pub fn aws_authorization(&self) -> &'static str {
        if self.function.is_some() { "CUSTOM" } else { "COGNITO_USER_POOLS" }
    }

    /// Where the identity stands, as API Gateway writes it.
    pub fn aws_identity(&self) -> String {
        let source = |text: &String| match text.split_once('.') {
            Some(("query", name)) => format!("method.request.querystring.{name}"),
            Some(("stage", name)) => format!("stageVariables.{name}"),
            Some(("context", name)) => format!("context.{name}"),
            Some((_, name)) => format!("method.request.header.{name}"),
            None => text.clone(),
        };
        self.identity.iter().map(source).collect::<Vec<_>>().join(",")
    }
}

/// The target of a route: a function, or a function with an authorizer.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum RouteForm {
    /// Logical id of a function that anyone may call.
    Open(String),
    Protected(ProtectedRoute),
}

/// A route with an authorizer.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProtectedRoute {
    /// Logical id of the function that answers.
    pub function: String,
    /// Logical id of the authorizer, from `api.authorizers`; anyone may call the route without.
    pub authorizer: Option<String>,
    /// OAuth scopes of which the token must have one; for user pools alone. With them an access
    /// token is demanded, without them an identity token.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true, "maxItems" = 10, "examples" = [["orders/write"]]))]
    pub scopes: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{from_value, json};

    #[test]
    fn an_authorizer_is_written_as_api_gateway_writes_it() {
        let pools: Authorizer = from_value(json!({"user_pools": ["arn"]})).unwrap();
        assert_eq!(pools.aws_type(), "COGNITO_USER_POOLS");
        assert_eq!(pools.aws_authorization(), "COGNITO_USER_POOLS");
        assert_eq!(pools.aws_identity(), "method.request.header.Authorization");
        let request: Authorizer = from_value(json!({"function": "f", "kind": "request",
            "identity": ["header.X-A", "query.b", "stage.c", "context.identity.sourceIp"]}))
        .unwrap();
        assert_eq!(request.aws_type(), "REQUEST");
        assert_eq!(request.aws_authorization(), "CUSTOM");
        assert_eq!(
            request.aws_identity(),
            "method.request.header.X-A,method.request.querystring.b,stageVariables.c,\
             context.identity.sourceIp"
        );
    }
}
