//! The callers of each function: the API, with a statement per route and authorizer, and the clock.

use super::INFO;
use super::spec::{PermissionSpec, PermissionStatement};
use crate::model::{Address, Desired, digest};
use crate::resources::context::{Context, Wanted, reference};
use crate::stack::{Api, Function, Route};
use std::collections::BTreeSet;

/// Id of the statement that lets the rule of a schedule in.
const SCHEDULE: &str = "schedule";

pub(super) fn permissions(context: &Context<'_>, wanted: &mut Wanted) {
    for (id, function) in &context.stack.functions {
        wanted.resources.extend(permission(context, id, function));
    }
}

/// One statement per route of the function, narrowed to API, stage, method and path, one for the
/// rule that calls it by the clock, and one per authorizer that asks it.
fn permission(context: &Context<'_>, id: &str, function: &Function) -> Option<Desired> {
    let execution_arn = reference("api", "main", "execution_arn");
    let statement = |(api, route): (&Api, &Route)| {
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
    let api = context.stack.api.iter();
    let routes = api.flat_map(|api| api.routes.iter().map(move |route| (api, route)));
    let routes = routes.filter(|(_, route)| route.function == id).map(statement);
    let scheduled =
        function.schedule.as_ref().map(|_| (SCHEDULE.to_string(), by_clock(context, id)));
    let authorizers = context.stack.api.iter().flat_map(|api| &api.authorizers);
    let authorizers = authorizers
        .filter(|(_, authorizer)| authorizer.function.as_deref() == Some(id))
        .map(|(id, _)| (format!("authorizer-{id}"), by_authorizer(id)));
    let spec = PermissionSpec { statements: routes.chain(scheduled).chain(authorizers).collect() };
    if spec.statements.is_empty() {
        return None;
    }
    let name = context.scope.name(id);
    let mut desired = context.resource(&INFO, id, name, &spec);
    desired.depends_on = BTreeSet::from([Address::new("function", id)]);
    Some(desired)
}

/// Of the rule that has the function's name.
fn by_clock(context: &Context<'_>, id: &str) -> PermissionStatement {
    let scope = context.scope;
    let name = scope.name(id);
    PermissionStatement {
        action: "lambda:InvokeFunction".into(),
        principal: "events.amazonaws.com".into(),
        source_arn: Some(format!("arn:aws:events:{}:{}:rule/{name}", scope.region, scope.account)),
        source_account: None,
    }
}

/// Of API Gateway where it asks who a caller is: its source is the authorizer.
fn by_authorizer(id: &str) -> PermissionStatement {
    let api = reference("api", "main", "execution_arn");
    let source = format!("{api}/authorizers/{}", reference("authorizer", id, "id"));
    PermissionStatement {
        action: "lambda:InvokeFunction".into(),
        principal: "apigateway.amazonaws.com".into(),
        source_arn: Some(source),
        source_account: None,
    }
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
