//! Calls that have to be refused, made with a role's own credentials or with none: for the proof
//! of least privilege on the local twin.

mod other;
mod tables;

use super::call::{Caller, Cancel};
use super::calls;
use super::clients::Sdk;
use super::connections::{Connections, SdkService};
use super::counter::Purpose;
use super::reads::Sts;
use crate::model::call::CallTable;
use crate::model::{CloudError, ErrorKind};
use aws_credential_types::Credentials;
use serde_json::Value;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

/// The operations, in the order in which a report lists them.
pub const TABLE_OPERATIONS: [&str; 12] = [
    "dynamodb:GetItem",
    "dynamodb:BatchGetItem",
    "dynamodb:Query",
    "dynamodb:Scan",
    "dynamodb:PartiQLSelect",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:DescribeTable",
    "dynamodb:DeleteTable",
];
pub const BUCKET_OPERATIONS: [&str; 4] =
    ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"];
pub const FUNCTION_OPERATIONS: [&str; 3] =
    ["lambda:InvokeFunction", "lambda:GetFunction", "lambda:UpdateFunctionConfiguration"];
pub const ROLE_OPERATIONS: [&str; 3] =
    ["iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:UpdateAssumeRolePolicy"];
pub const LOG_OPERATIONS: [&str; 3] =
    ["logs:FilterLogEvents", "logs:PutRetentionPolicy", "logs:DeleteLogGroup"];

/// The endpoint and credentials that an attempt runs with.
#[derive(Clone, Debug)]
pub enum Target {
    /// Name of the table, its key as `{"orderId": "…"}`, and how the call speaks of attributes.
    Table {
        name: String,
        key: Value,
        parameters: Parameters,
    },
    Bucket {
        name: String,
        key: String,
    },
    Function(String),
    /// The role's name, or its ARN for `sts:AssumeRole`.
    Role(String),
    LogGroup(String),
}

/// Attributes that a call on a table names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parameters {
    /// One attribute, read by a projection or set by an update.
    Attribute(String),
    /// The whole item: without a projection, or with `ReturnValues` of all attributes.
    WholeItem(String),
}

/// Credentials of a role, with clients of their own.
#[derive(Clone, Debug)]
pub struct RoleSession {
    connections: Connections,
    caller: Caller,
}

impl RoleSession {
    /// Takes on the role. Errors: the role's trust policy refuses the caller.
    pub async fn assume(sdk: &Sdk, cancel: &Cancel, role_arn: &str) -> Result<Self, CloudError> {
        let calls = Arc::new(CallTable::new(calls::PROOF));
        let mut caller = Caller::new(sdk.counter.clone(), calls, sdk.endpoint.is_some());
        caller.cancel = cancel.clone();
        let own = sdk.connections(Purpose::Smoke);
        let answer = assume_role(&own, &caller, role_arn).await?;
        let given =
            answer.credentials.ok_or_else(|| CloudError::shape("sts AssumeRole", "credentials"))?;
        let credentials = Credentials::new(
            given.access_key_id,
            given.secret_access_key,
            Some(given.session_token),
            None,
            "proof",
        );
        let sdk = sdk.with_credentials(credentials);
        Ok(Self { connections: sdk.connections(Purpose::Smoke), caller })
    }

    /// Makes the call. Errors: how it was refused, or else failed.
    pub async fn attempt(&self, action: &str, target: &Target) -> Result<(), CloudError> {
        match target {
            Target::Table { name, key, parameters } => {
                tables::attempt(self, action, name, key, parameters).await
            }
            Target::Role(arn) if action == "sts:AssumeRole" => {
                assume_role(&self.connections, &self.caller, arn).await.map(|_| ())
            }
            other => other::attempt(self, action, other).await,
        }
    }

    fn client<S: SdkService>(&self) -> S::Client {
        self.connections.client::<S>(self.connections.region())
    }
}

async fn assume_role(
    connections: &Connections,
    caller: &Caller,
    role_arn: &str,
) -> Result<aws_sdk_sts::operation::assume_role::AssumeRoleOutput, CloudError> {
    let sts = connections.client::<Sts>(connections.region());
    caller
        .call("sts:AssumeRole", || {
            sts.assume_role().role_arn(role_arn).role_session_name("proof").send()
        })
        .await
}

/// An action for which there is no call here.
fn unknown(action: &str) -> CloudError {
    CloudError::ours(ErrorKind::Other, format!("{action} is not among the calls to try"), "")
}

/// A request that cannot be built.
fn not_built(error: &impl std::fmt::Display) -> CloudError {
    CloudError::ours(ErrorKind::Other, format!("a request cannot be built: {error}"), "")
}

/// One request without any credentials.
#[derive(Clone, Debug, Default)]
pub struct Anonymous {
    pub method: String,
    pub url: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

/// The status of its answer and the beginning of the body, on one line.
pub async fn send_anonymous(request: &Anonymous) -> Result<(u16, String), CloudError> {
    let failed = |error: reqwest::Error| {
        CloudError::ours(ErrorKind::Unreachable, format!("{}: {error}", request.url), "")
    };
    let mut client = reqwest::Client::builder()
        .timeout(Duration::from_secs(10))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy();
    // Names under localhost are this machine; not every resolver knows that.
    let url = reqwest::Url::parse(&request.url).map_err(|e| not_built(&e))?;
    if let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default())
        && host.ends_with(".localhost")
    {
        client = client.resolve(host, (Ipv4Addr::LOCALHOST, port).into());
    }
    let client = client.build().map_err(failed)?;
    let method = request.method.parse().map_err(|e| not_built(&e))?;
    let mut sent = client.request(method, &request.url).body(request.body.clone());
    for (name, value) in &request.headers {
        sent = sent.header(*name, value);
    }
    let answer = sent.send().await.map_err(failed)?;
    let status = answer.status().as_u16();
    let body = answer.text().await.map_err(failed)?;
    let line: String = body.split_whitespace().collect::<Vec<_>>().join(" ");
    Ok((status, line.chars().filter(|c| !c.is_control()).take(200).collect()))
}
