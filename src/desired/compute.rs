//! Functions, each with its role, log group and the API's right to call it.

use super::{Context, reference};
use crate::model::spec::to_value;
use crate::model::{Address, Desired, tag};
use crate::policy;
use crate::resources::iam::role::spec::RoleSpec;
use crate::resources::lambda::function::spec::FunctionSpec;
use crate::resources::lambda::permission::spec::{PermissionSpec, PermissionStatement};
use crate::stack::{Api, Function, Grant, Route};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn functions(context: &Context<'_>, all: &mut Vec<Desired>) {
    for (id, function) in &context.stack.functions {
        let name = context.scope.name(id);
        all.push(context.log_group(id, log_group_name(&name), &context.scope.region));
        all.push(role(context, id, function));
        all.push(one(context, id, function));
        if let Some(api) = &context.stack.api {
            all.extend(permission(context, id, api));
        }
    }
}

fn log_group_name(function: &str) -> String {
    format!("/aws/lambda/{function}")
}

fn role(context: &Context<'_>, id: &str, function: &Function) -> Desired {
    let name = context.scope.name(id);
    let trust = policy::canonical(&json!({"Statement": [{
        "Sid": "LambdaOnly", "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": context.scope.account}},
    }]}));
    let spec = RoleSpec {
        tags: context.tags(id),
        path: context.scope.role_path(),
        description: format!("What the function {name} may do, and nothing else"),
        max_session_seconds: 3600,
        trust,
        policies: BTreeMap::from([(
            "grants".to_string(),
            policy::canonical(&grants(context, &name, &function.grants)),
        )]),
        attached: BTreeSet::new(),
        permissions_boundary: None,
    };
    context.resource("role", id, "AWS::IAM::Role", name, to_value(&spec))
}

/// The function's own log streams, and each declared grant on exactly its table and indexes.
fn grants(context: &Context<'_>, function: &str, grants: &[Grant]) -> Value {
    let (region, account) = (&context.scope.region, &context.scope.account);
    let mut statements = vec![json!({
        "Sid": "OwnLogs", "Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": format!("arn:aws:logs:{region}:{account}:log-group:{}:*", log_group_name(function)),
    })];
    for (position, grant) in grants.iter().enumerate() {
        let table = context.table_arn(&grant.table);
        let mut resources = vec![table.clone()];
        resources.extend(grant.indexes.iter().map(|index| format!("{table}/index/{index}")));
        statements.push(json!({
            "Sid": grant_sid(grants, position), "Effect": "Allow", "Action": grant.actions, "Resource": resources,
        }));
    }
    json!({ "Statement": statements })
}

/// Statement id of a grant: the table, numbered where a function has several grants on it.
pub fn grant_sid(grants: &[Grant], position: usize) -> String {
    let Some(grant) = grants.get(position) else {
        return String::new();
    };
    let earlier = grants.iter().take(position).filter(|g| g.table == grant.table).count();
    if earlier == 0 {
        format!("Table{}", grant.table)
    } else {
        format!("Table{}{}", grant.table, earlier + 1)
    }
}

fn one(context: &Context<'_>, id: &str, function: &Function) -> Desired {
    let name = context.scope.name(id);
    let mut tags = context.tags(id);
    // A role that was deleted and made again has the same ARN, and Lambda's grants go on naming the
    // one that is gone: every call fails until the function is made again (catalogue 4.4). Its id
    // tells the two apart, also in a later run.
    tags.insert(tag::ROLE_ID.into(), reference("role", id, "unique_id"));
    let spec = FunctionSpec {
        tags,
        role_arn: format!(
            "arn:aws:iam::{}:role{}{name}",
            context.scope.account,
            context.scope.role_path()
        ),
        runtime: "provided.al2023".into(),
        handler: "bootstrap".into(),
        memory: i32::try_from(function.memory).unwrap_or(i32::MAX),
        timeout: i32::try_from(function.timeout).unwrap_or(i32::MAX),
        architecture: function.architecture.aws().into(),
        environment: function
            .env
            .iter()
            .map(|(key, value)| (key.clone(), context.fill(&value.parts)))
            .collect(),
        code_sha256: reference("build", id, "sha256"),
        extras: BTreeMap::new(),
    };
    let mut desired =
        context.resource("function", id, "AWS::Lambda::Function", name, to_value(&spec));
    desired.context = json!({"payload": reference("build", id, "zip")});
    desired.depends_on = BTreeSet::from([Address::new("role", id), Address::new("log_group", id)]);
    desired
}

/// One statement per route of the function, narrowed to API, stage, method and path.
fn permission(context: &Context<'_>, id: &str, api: &Api) -> Option<Desired> {
    let execution_arn = reference("api", "main", "execution_arn");
    let statement = |route: &Route| {
        let source =
            format!("{execution_arn}/{}/{}{}", api.stage, route.method, starred(&route.path));
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
    let mut desired =
        context.resource("permission", id, "AWS::Lambda::Permission", name, to_value(&spec));
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
    let digest = super::data::hex(&Sha256::digest(key.as_bytes()));
    format!("{readable}-{}", digest.get(..8).unwrap_or_default())
}
