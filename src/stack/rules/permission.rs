//! A limit that depends on all routes of a function: the policy that lets the API call it.

use super::context::Context;
use crate::stack::error::quote;
use crate::stack::{Api, Route, Stack};

/// Lambda's limit on the policy of one function, in bytes.
const POLICY_BYTES: usize = 20_480;
/// The part of names that stack.yaml does not say: the longest environment.
const ENV_BYTES: usize = 20;
/// Ids that API Gateway gives have ten characters.
const API_ID_BYTES: usize = 10;
/// A statement id's readable part, and the dash and digest behind it.
const SID_BYTES: (usize, usize) = (60, 9);

/// Complains at the first route that no longer fits into its function's policy, which has a
/// statement for each.
pub(super) fn check(context: &mut Context, api: &Api) {
    for id in context.stack.functions.keys() {
        let routes: Vec<&Route> = api.routes.iter().filter(|r| r.function == *id).collect();
        let mut bytes = ENVELOPE.len();
        let fits = |route: &&&Route| {
            bytes += statement(context.stack, api, route) + 1;
            bytes <= POLICY_BYTES
        };
        let count = routes.iter().take_while(fits).count();
        if let Some(route) = routes.get(count) {
            let key = route.key();
            let problem = format!(
                "is one too many for the function {}: the policy that lets the API call it has a \
                 statement for each \
                 route, Lambda takes {POLICY_BYTES} bytes of it, and {count} of its {} routes fill \
                 that",
                quote(id),
                routes.len()
            );
            let help = Some("give some of the routes to another function".to_string());
            context.key(
                &["api", "routes", &key],
                &format!("the route {}", quote(&key)),
                Err(problem),
                help,
            );
        }
    }
}

const ENVELOPE: &str = r#"{"Version":"2012-10-17","Id":"default","Statement":[]}"#;
const STATEMENT: &str = concat!(
    r#"{"Sid":"","Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},"#,
    r#""Action":"lambda:InvokeFunction","#,
    r#""Resource":"arn:aws:lambda::123456789012:function:--","#,
    r#""Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:execute-api::123456789012://"}}}"#,
);

/// Bytes of one statement as Lambda writes it, at most.
fn statement(stack: &Stack, api: &Api, route: &Route) -> usize {
    let key = route.key().len();
    let sid = key.min(SID_BYTES.0) + SID_BYTES.1;
    let name = stack.name.len() + ENV_BYTES + route.function.len();
    let source = API_ID_BYTES + api.stage.len() + route.method.len() + route.path.len();
    STATEMENT.len() + sid + 2 * stack.region.len() + name + source
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_as_long_as_lambda_writes_it() {
        let text = "name: shop\nregion: us-east-1\ntables: {}\nfunctions:\n  list: { crate: \
                    lambdas/list }\n\
                    api:\n  routes:\n    GET /products/{id}: list\n";
        let stack = crate::stack::parse(text, "stack.yaml").unwrap();
        let api = stack.api.as_ref().unwrap();
        let written = concat!(
            r#"{"Sid":"GET--products--id--12345678","Effect":"Allow","#,
            r#""Principal":{"Service":"apigateway.amazonaws.com"},"#,
            r#""Action":"lambda:InvokeFunction","#,
            r#""Resource":"arn:aws:lambda:us-east-1:123456789012:function:"#,
            r#"shop-12345678901234567890-list","#,
            r#""Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:execute-api:us-east-1:"#,
            r#"123456789012:"#,
            r#"abcdefghij/v1/GET/products/{id}"}}}"#,
        );
        assert_eq!(statement(&stack, api, &api.routes[0]), written.len());
    }
}
