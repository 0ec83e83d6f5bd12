//! Leave to read what a function's variables name: parameters of SSM Parameter Store, secrets of
//! Secrets Manager, and the keys that they are encrypted with. No value is read here.

use crate::resources::context::Context;
use crate::stack::{EnvKind, EnvValue, Function};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Statement ids, by what is read.
pub const PARAMETERS: &str = "NamedParameters";
pub const SECRETS: &str = "NamedSecrets";
pub const KEYS: &str = "KeysOfNamed";

/// A statement for the parameters, one for the secrets, one for the keys; as far as there are any.
pub(super) fn named_secrets(context: &Context<'_>, function: &Function) -> Vec<Value> {
    let of_kind = |kind: EnvKind| function.env.values().filter(move |value| value.kind == kind);
    let arns = |kind, arn: fn(&Context<'_>, &EnvValue) -> String| -> BTreeSet<String> {
        of_kind(kind).map(|value| arn(context, value)).collect()
    };
    let named = || of_kind(EnvKind::Ssm).chain(of_kind(EnvKind::SecretsManager));
    let keys: BTreeSet<String> = named().filter_map(|value| value.kms_key.clone()).collect();
    let region = &context.scope.region;
    let through = json!({"StringEquals": {"kms:ViaService": [
        format!("secretsmanager.{region}.amazonaws.com"),
        format!("ssm.{region}.amazonaws.com"),
    ]}});
    let statements = [
        (PARAMETERS, "ssm:GetParameter", arns(EnvKind::Ssm, parameter_arn), None),
        (SECRETS, "secretsmanager:GetSecretValue", arns(EnvKind::SecretsManager, secret_arn), None),
        (KEYS, "kms:Decrypt", keys, Some(through)),
    ];
    let present = statements.into_iter().filter(|(_, _, resources, _)| !resources.is_empty());
    present
        .map(|(sid, action, resources, condition)| {
            let mut statement = json!({
                "Sid": sid, "Effect": "Allow", "Action": action, "Resource": resources,
            });
            if let (Some(fields), Some(condition)) = (statement.as_object_mut(), condition) {
                fields.insert("Condition".into(), condition);
            }
            statement
        })
        .collect()
}

/// `/a/b` and `a` are `parameter/a/b` and `parameter/a` (Systems Manager user guide, "Restricting
/// access to parameters").
fn parameter_arn(context: &Context<'_>, value: &EnvValue) -> String {
    let (scope, name) = (context.scope, context.fill(&value.parts));
    let path = name.trim_start_matches('/');
    format!("arn:aws:ssm:{}:{}:parameter/{path}", scope.region, scope.account)
}

/// AWS ends the ARN of a secret in a dash and six characters of its own, which no name tells
/// (Secrets Manager user guide, "Resources").
fn secret_arn(context: &Context<'_>, value: &EnvValue) -> String {
    let (scope, name) = (context.scope, context.fill(&value.parts));
    if name.starts_with("arn:") {
        return name;
    }
    format!("arn:aws:secretsmanager:{}:{}:secret:{name}-??????", scope.region, scope.account)
}
