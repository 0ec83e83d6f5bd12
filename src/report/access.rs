//! The access list of the report, one access per line: compared by `--since` and drawn in the
//! picture.

use super::{Access, Kind, Surface};
use crate::policy::judge::Statement;
use serde_json::Value;
use std::collections::BTreeSet;

/// Every access that the live side grants or denies, sorted, each once.
pub(super) fn list(account: &str, surfaces: &[Surface]) -> Vec<Access> {
    let mut all = BTreeSet::new();
    for surface in surfaces {
        match surface.surface {
            Kind::Routes => all.extend(routes(surface)),
            Kind::FunctionUrl => all.extend(urls(surface)),
            Kind::ManagedPolicies => all.extend(managed(surface)),
            _ => {
                let rows = surface.statements.iter().filter(|row| row.live);
                all.extend(rows.flat_map(|row| of_statement(account, surface, &row.content)));
            }
        }
    }
    all.into_iter().collect()
}

fn of_statement(account: &str, surface: &Surface, statement: &Statement) -> Vec<Access> {
    let identity = matches!(surface.surface, Kind::InlinePolicy | Kind::ManagedDocument);
    let principals = if identity {
        vec![format!("role {}", surface.name)]
    } else {
        principals(account, statement)
    };
    let mut actions: Vec<String> = statement.actions.clone();
    actions.extend(statement.not_actions.iter().map(|a| format!("all but {a}")));
    let mut resources: Vec<String> = statement.resources.clone();
    resources.extend(statement.not_resources.iter().map(|r| format!("all but {r}")));
    if resources.is_empty() {
        resources.push(format!("{} {}", noun(surface.surface), surface.name));
    }
    let mut conditions = super::conditions(statement);
    conditions.sort();
    let mut all = Vec::new();
    for principal in &principals {
        for action in &actions {
            for resource in &resources {
                all.push(Access {
                    principal: principal.clone(),
                    action: action.clone(),
                    resource: resource.clone(),
                    conditions: conditions.clone(),
                    effect: statement.effect.clone(),
                });
            }
        }
    }
    all
}

fn noun(kind: Kind) -> &'static str {
    match kind {
        Kind::Trust => "role",
        Kind::BucketPolicy => "bucket",
        Kind::ApiPolicy => "API",
        Kind::TablePolicy | Kind::StreamPolicy => "table",
        Kind::LogResourcePolicies => "log groups",
        _ => "function",
    }
}

/// Principals by what they are: `anyone`, `service lambda.amazonaws.com`, `account 1111…`, an ARN.
fn principals(account: &str, statement: &Statement) -> Vec<String> {
    let named = |kind: &str, principal: &str| match (kind, principal) {
        (_, "*") => "anyone".to_string(),
        ("Service", service) => format!("service {service}"),
        ("AWS", other) if other == account => format!("account {account}"),
        (_, other) => other.to_string(),
    };
    let mut all: Vec<String> = statement
        .principals
        .iter()
        .flat_map(|(kind, list)| list.iter().map(move |p| named(kind, p)))
        .collect();
    let but = statement.not_principals.values().flatten();
    all.extend(but.map(|p| format!("everyone but {p}")));
    all
}

/// Routes of the API: anyone, with an API key, or with credentials.
fn routes(surface: &Surface) -> Vec<Access> {
    let entries = surface.live.as_object().into_iter().flatten();
    entries
        .map(|(route, settings)| {
            let conditions = route_conditions(settings);
            Access {
                principal: "anyone".into(),
                action: "execute-api:Invoke".into(),
                resource: format!("route {route} -> {}", text(settings, "function_arn")),
                conditions,
                effect: "Allow".into(),
            }
        })
        .collect()
}

/// The conditions on callers of a route; none for a public route.
pub(crate) fn route_conditions(settings: &Value) -> Vec<String> {
    let mut conditions = Vec::new();
    match settings.get("authorizer") {
        Some(authorizer @ Value::Object(_)) => {
            let by = match authorizer.get("user_pools").and_then(Value::as_array) {
                Some(pools) => {
                    let pools: Vec<&str> = pools.iter().filter_map(Value::as_str).collect();
                    format!("a token of the user pools {}", pools.join(", "))
                }
                None => format!(
                    "{}, asked by {}",
                    text(authorizer, "function_arn"),
                    text(authorizer, "kind")
                ),
            };
            conditions.push(format!("authorizer {} ({by})", text(authorizer, "name")));
        }
        Some(Value::String(id)) => conditions.push(format!("authorizer {id}")),
        _ => {
            let authorization = text(settings, "authorization");
            if authorization != "NONE" {
                conditions.push(format!("authorization {authorization}"));
            }
        }
    }
    let scopes = settings.get("scopes").and_then(Value::as_array).into_iter().flatten();
    let scopes: Vec<&str> = scopes.filter_map(Value::as_str).collect();
    if !scopes.is_empty() {
        conditions.push(format!("scope {}", scopes.join(" or ")));
    }
    if settings.get("api_key_required") == Some(&Value::Bool(true)) {
        conditions.push("API key".into());
    }
    conditions
}

fn urls(surface: &Surface) -> Vec<Access> {
    let entries = surface.live.as_object().into_iter().flatten();
    entries
        .map(|(qualifier, url)| Access {
            principal: "anyone".into(),
            action: "lambda:InvokeFunctionUrl".into(),
            resource: format!("function {} ({qualifier})", surface.name),
            conditions: vec![format!("AuthType {}", text(url, "auth_type"))],
            effect: "Allow".into(),
        })
        .collect()
}

/// Attached policies by ARN: their documents are surfaces of their own where they could be read.
fn managed(surface: &Surface) -> Vec<Access> {
    let arns = surface.live.as_array().into_iter().flatten().filter_map(Value::as_str);
    arns.map(|arn| Access {
        principal: format!("role {}", surface.name),
        action: "everything in".into(),
        resource: arn.into(),
        conditions: vec![],
        effect: "Allow".into(),
    })
    .collect()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or("unknown")
}
