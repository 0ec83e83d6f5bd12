//! The API's right to call each function: a statement per route.

use super::INFO;
use super::spec::{PermissionSpec, PermissionStatement};
use crate::model::{Address, Desired, digest};
use crate::resources::context::{Context, Wanted, reference};
use crate::stack::{Api, Route};
use std::collections::BTreeSet;

pub(super) fn permissions(context: &Context<'_>, wanted: &mut Wanted) {
    let Some(api) = &context.stack.api else { return };
    for id in context.stack.functions.keys() {
        wanted.resources.extend(permission(context, id, api));
    }
}

/// One statement per route of the function, narrowed to API, stage, method and path.
fn permission(context: &Context<'_>, id: &str, api: &Api) -> Option<Desired> {
    let execution_arn = reference("api", "main", "execution_arn");
    let statement = |route: &Route| {
        let method = if route.method == "ANY" { "*" } else { &route.method };
        let source = format!("{execution_arn}/{}/{method}{}", api.stage, starred(&route.path));
        let statement = PermissionStatement {
            action: "lambda:InvokeFunction".into(),
            principal: "apigateway.amazonaws.com".into(),
            source_arn: Some(source),
            source_account: None,
        };
        (statement_id(route), statement)
    };
    let routes = api.routes.iter().filter(|r| r.function == id);
    let spec = PermissionSpec { statements: routes.map(statement).collect() };
    if spec.statements.is_empty() {
        return None;
    }
    let name = context.scope.name(id);
    let mut desired = context.resource(&INFO, id, name, &spec);
    desired.depends_on = BTreeSet::from([Address::new("function", id)]);
    Some(desired)
}

/// In a source ARN a path parameter is a `*`.
fn starred(path: &str) -> String {
    let part = |segment: &str| {
        if segment.starts_with('{') { "*".to_string() } else { segment.to_string() }
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// Statement ids take letters, digits, `-` and `_`; the digest keeps `/a/{b}` and `/a/b` apart.
fn statement_id(route: &Route) -> String {
    let key = route.key();
    let readable: String =
        key.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(60).collect();
    let digest = digest::sha256_hex(key.as_bytes());
    format!("{readable}-{}", digest.get(..8).unwrap_or_default())
}
