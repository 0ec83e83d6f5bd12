//! Calls on buckets, functions, roles and log groups that have to be refused.

use super::{RoleSession, Target, unknown};
use crate::aws::reads::{Iam, Lambda, Logs, S3};
use crate::model::CloudError;

/// Would grant everything, if it were taken.
const EVERYTHING: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
const ANYONE: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
    "Action":"sts:AssumeRole","Principal":{"AWS":"*"}}]}"#;

pub(super) async fn attempt(
    session: &RoleSession,
    action: &str,
    target: &Target,
) -> Result<(), CloudError> {
    match target {
        Target::Bucket { name, key } => on_bucket(session, action, name, key).await,
        Target::Function(name) => on_function(session, action, name).await,
        Target::Role(name) => on_role(session, action, name).await,
        Target::LogGroup(name) => on_log_group(session, action, name).await,
        Target::Table { .. } => Err(unknown(action)),
    }
}

async fn on_bucket(
    session: &RoleSession,
    action: &str,
    bucket: &str,
    key: &str,
) -> Result<(), CloudError> {
    let (client, caller) = (session.client::<S3>(), &session.caller);
    match action {
        "s3:GetObject" => {
            let call = || client.get_object().bucket(bucket).key(key).send();
            caller.call(action, call).await.map(|_| ())
        }
        "s3:PutObject" => {
            let call = || client.put_object().bucket(bucket).key("forbidden.txt").send();
            caller.call(action, call).await.map(|_| ())
        }
        "s3:DeleteObject" => {
            let call = || client.delete_object().bucket(bucket).key(key).send();
            caller.call(action, call).await.map(|_| ())
        }
        "s3:ListBucket" => {
            let call = || client.list_objects_v2().bucket(bucket).send();
            caller.call("s3:ListObjectsV2", call).await.map(|_| ())
        }
        _ => Err(unknown(action)),
    }
}

async fn on_function(
    session: &RoleSession,
    action: &str,
    function: &str,
) -> Result<(), CloudError> {
    let (client, caller) = (session.client::<Lambda>(), &session.caller);
    match action {
        "lambda:InvokeFunction" => {
            let call = || client.invoke().function_name(function).send();
            caller.call("lambda:Invoke", call).await.map(|_| ())
        }
        "lambda:GetFunction" => {
            let call = || client.get_function().function_name(function).send();
            caller.call(action, call).await.map(|_| ())
        }
        "lambda:UpdateFunctionConfiguration" => {
            let call = || {
                client
                    .update_function_configuration()
                    .function_name(function)
                    .memory_size(256)
                    .send()
            };
            caller.call(action, call).await.map(|_| ())
        }
        _ => Err(unknown(action)),
    }
}

async fn on_role(session: &RoleSession, action: &str, role: &str) -> Result<(), CloudError> {
    let (client, caller) = (session.client::<Iam>(), &session.caller);
    match action {
        "iam:PutRolePolicy" => {
            let call = || {
                let put = client.put_role_policy().role_name(role).policy_name("forbidden");
                put.policy_document(EVERYTHING).send()
            };
            caller.call(action, call).await.map(|_| ())
        }
        "iam:AttachRolePolicy" => {
            let call = || {
                let attach = client.attach_role_policy().role_name(role);
                attach.policy_arn("arn:aws:iam::aws:policy/AdministratorAccess").send()
            };
            caller.call(action, call).await.map(|_| ())
        }
        "iam:UpdateAssumeRolePolicy" => {
            let call = || {
                let update = client.update_assume_role_policy().role_name(role);
                update.policy_document(ANYONE).send()
            };
            caller.call(action, call).await.map(|_| ())
        }
        _ => Err(unknown(action)),
    }
}

async fn on_log_group(session: &RoleSession, action: &str, group: &str) -> Result<(), CloudError> {
    let (client, caller) = (session.client::<Logs>(), &session.caller);
    match action {
        "logs:FilterLogEvents" => {
            let call = || client.filter_log_events().log_group_name(group).send();
            caller.call(action, call).await.map(|_| ())
        }
        "logs:PutRetentionPolicy" => {
            let call =
                || client.put_retention_policy().log_group_name(group).retention_in_days(1).send();
            caller.call(action, call).await.map(|_| ())
        }
        "logs:DeleteLogGroup" => {
            let call = || client.delete_log_group().log_group_name(group).send();
            caller.call(action, call).await.map(|_| ())
        }
        _ => Err(unknown(action)),
    }
}
