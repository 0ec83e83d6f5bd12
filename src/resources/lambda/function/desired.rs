//! The functions of a stack.

use super::INFO;
use super::spec::FunctionSpec;
use crate::model::secrecy::{name_is_secret, says_nothing, value_is_secret};
use crate::model::{Address, Desired, tag};
use crate::resources::context::{Context, Wanted, reference};
use crate::stack::{EnvKind, EnvPart, EnvValue, Function};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn functions(context: &Context<'_>, wanted: &mut Wanted) {
    for (id, function) in &context.stack.functions {
        wanted.push(desired_function(context, id, function));
        wanted.notes.extend(warning(id, function));
    }
}

/// Says which variables look like secrets and are not marked.
fn warning(id: &str, function: &Function) -> Option<String> {
    let looks = |(name, value): &(&String, &EnvValue)| {
        let literal = |part: &EnvPart| match part {
            EnvPart::Literal(text) => Some(text.clone()),
            _ => None,
        };
        let written: String = value.parts.iter().filter_map(literal).collect();
        value.kind == EnvKind::Unmarked
            && !says_nothing(&written)
            && (name_is_secret(name) || value_is_secret(&written))
    };
    let names: Vec<_> = function.env.iter().filter(looks).map(|(name, _)| name.as_str()).collect();
    (!names.is_empty()).then(|| {
        format!(
            "function.{id}: {} may be secret and is not marked. Keep it in SSM Parameter Store and \
             write `{{ ssm: /name }}`, or in Secrets Manager and write `{{ secrets_manager: name \
             }}`; or mark it, `{{ secret: … }}`, or as no secret, `{{ plain: … }}`.",
            names.join(", ")
        )
    })
}

/// The names of the marked secrets, as the tag of the function holds them.
fn marked(function: &Function) -> Option<String> {
    let marked = function.env.iter().filter(|(_, value)| value.kind == EnvKind::Secret);
    let names: Vec<_> = marked.map(|(name, _)| name.as_str()).collect();
    (!names.is_empty()).then(|| names.join(":"))
}

fn desired_function(context: &Context<'_>, id: &str, function: &Function) -> Desired {
    let name = context.scope.name(id);
    let mut tags = context.tags(id);
    // A role that was deleted and made again has the same ARN, and Lambda's grants go on naming the
    // one that is gone: every call fails until the function is made again (catalogue 4.4). Its id
    // tells the two apart, also in a later run.
    tags.insert(tag::ROLE_ID.into(), reference("role", id, "unique_id"));
    tags.extend(marked(function).map(|names| (tag::SECRETS.to_string(), names)));
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
        architecture: function.architecture.unwrap_or_default().aws().into(),
        reserved_concurrency: function
            .reserved_concurrency
            .map(|calls| i32::try_from(calls).unwrap_or(i32::MAX)),
        tracing: function.tracing,
        log_level: function.log_level.map(|level| level.aws().into()),
        // Failures of a table's changes are told by the event source.
        dead_letter: function.dead_letter.clone().filter(|_| function.schedule.is_some()),
        environment: function
            .env
            .iter()
            .map(|(key, value)| (key.clone(), context.fill(&value.parts)))
            .collect(),
        code_sha256: reference("build", id, "sha256"),
        extras: BTreeMap::new(),
    };
    let mut desired = context.resource(&INFO, id, name, &spec);
    desired.context = json!({"payload": reference("build", id, "zip")});
    desired.depends_on = BTreeSet::from([Address::new("role", id), Address::new("log_group", id)]);
    desired
}
