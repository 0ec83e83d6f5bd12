//! AWS::ApiGateway::Account: the account's and region's one role by which API Gateway writes logs.
//!
//! Every API of the account and region shares it (catalogue 7.4): it is set only where there is
//! none, and not taken away with a stack, because others may rely on it by then: `sweep --shared`
//! does, once there is none left.

mod registration;
mod removal;

use crate::aws::connections::reads_only;
use crate::aws::{Reader, Writer};
use crate::model::call::{Call, Quota, Retry, Service};
use crate::model::cloud_error::optional;
use crate::model::spec::to_value;
use crate::model::type_info::{Calls, Pricing};
use crate::model::{
    CloudError, ErrorKind, Live, Outputs, Owner, Query, SharedPiece, Step, TypeInfo,
};
use crate::policy::canonical;
use crate::resources::ResourceType;
use crate::resources::apigateway::{GET, PATCH, SERVICE};
use crate::resources::common::{FRESH, paged};
use crate::resources::context::{Context, Wanted};
use async_trait::async_trait;
use registration::{current, register_first};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

reads_only! {
    /// IAM, for the account's log role.
    iam::Iam(aws_sdk_iam, global) {
        get_role: GetRoleFluentBuilder,
        get_role_policy: GetRolePolicyFluentBuilder,
        list_attached_role_policies: ListAttachedRolePoliciesFluentBuilder,
        list_role_policies: ListRolePoliciesFluentBuilder,
    }
}

pub struct Account;

/// `AWS::ApiGateway::Account`: the account-wide log role, shared by every API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountSpec {
    pub has_log_role: bool,
}

pub const ROLE: &str = "shopstack-apigateway-logs";
pub const ROLE_PATH: &str = "/shopstack-shared/";
const SHARED: &str = "shopstack:shared";
/// AWS's policy for this very role: the one that its documentation names.
pub const POLICY: &str =
    "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs";
/// The inline policy that earlier versions wrote instead.
const EARLIER_POLICY: &str = "write-logs";

const WRITES: &[Call] = &[
    Call::new(&SERVICE, "apigateway:UpdateAccount")
        .actions(&["apigateway:PATCH", "iam:PassRole"])
        .throttle_pause(20.0)
        // The pause that the type's rate quota needs; a shorter one would only wait for the quota
        // (catalogue 7.3).
        .propagation_pause(25.0)
        .quotas(&[Quota {
            label: "API Gateway: 1 UpdateAccount per 20 s",
            rate: 1.0 / 20.0,
            burst: 1.0,
        }])
        .retries(&[
            Retry::propagation("BadRequestException", "role ARN does not have required", 240),
            Retry::propagation("BadRequestException", "not authorized", 240),
            Retry::propagation("BadRequestException", "too many requests", 240),
            Retry::propagation(
                "BadRequestException",
                "could not successfully write to CloudWatch Logs",
                240,
            ),
        ]),
    Call::new(&IAM, "iam:CreateRole").actions(&["iam:CreateRole", "iam:TagRole"]),
    Call::new(&IAM, "iam:UpdateAssumeRolePolicy"),
    Call::new(&IAM, "iam:AttachRolePolicy"),
    Call::new(&IAM, "iam:DeleteRolePolicy"),
    Call::new(&IAM, "iam:DetachRolePolicy"),
];
/// The account's log role is an IAM role, but part of this type.
const IAM: Service = Service {
    retries: &[
        Retry::propagation("MalformedPolicyDocument", "Invalid principal in policy", 120),
        Retry::busy("ConcurrentModification", "", 180),
        Retry::busy("EntityTemporarilyUnmodifiable", "", 180),
    ],
    not_found: &["NoSuchEntity"],
    ..Service::DEFAULT
};

/// Reads the role that the account has named.
pub const LOOK: Call = Call::new(&SERVICE, "apigateway:GetAccount").actions(GET);

/// Names none any more.
pub const CLEAR: Call = Call::new(&SERVICE, "apigateway:UpdateAccount").actions(PATCH);

/// Calls that delete the shared log role, besides the type's reads.
pub const REMOVAL: &[Call] = &[
    Call::new(&IAM, "iam:DeleteRolePolicy"),
    Call::new(&IAM, "iam:DetachRolePolicy"),
    Call::new(&IAM, "iam:DeleteRole"),
];

pub const INFO: TypeInfo = TypeInfo {
    type_name: "AWS::ApiGateway::Account",
    group: "account",
    usually: Some("up to a minute: AWS checks that the new role can write logs"),
    heading: "API",
    pricing: Pricing::ByUse("nothing"),
    calls: Calls {
        read: &[
            LOOK,
            Call::new(&IAM, "iam:GetRole"),
            Call::new(&IAM, "iam:ListRolePolicies"),
            Call::new(&IAM, "iam:ListAttachedRolePolicies"),
            Call::new(&IAM, "iam:GetRolePolicy"),
        ],
        create: WRITES,
        update: WRITES,
        delete: &[],
    },
    ..TypeInfo::DEFAULT
};

#[async_trait]
impl ResourceType for Account {
    fn info(&self) -> &'static TypeInfo {
        &INFO
    }

    fn schema(&self) -> schemars::Schema {
        schemars::schema_for!(AccountSpec)
    }

    fn desired(&self, context: &Context<'_>, wanted: &mut Wanted) -> Result<(), CloudError> {
        if context.stack.api.is_some() {
            let spec = AccountSpec { has_log_role: true };
            let name = context.scope.account.clone();
            wanted.push(context.resource(&INFO, "logging", name, &spec));
        }
        Ok(())
    }

    /// Without a wanted one there is nothing to tell; without a role it is a create.
    async fn discover(&self, reader: &Reader, query: &Query<'_>) -> Result<Vec<Live>, CloudError> {
        let Some(desired) = query.wanted.first() else {
            return Ok(vec![]);
        };
        let Some(role) = current(reader).await? else {
            return Ok(vec![]);
        };
        let spec = to_value(&AccountSpec { has_log_role: true });
        let mut live = Live::new(desired.address.clone(), INFO.type_name, &desired.name, spec);
        live.owner = Owner::Shared;
        Ok(vec![live.with_output("role_arn", role)])
    }

    async fn create(
        &self,
        writer: &Writer,
        _step: &Step,
        _wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        ensure(writer).await
    }

    async fn update(
        &self,
        writer: &Writer,
        _step: &Step,
        _live: &Live,
        _wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        ensure(writer).await
    }

    async fn shared(&self, reader: &Reader) -> Result<Vec<SharedPiece>, CloudError> {
        removal::shared_role(reader).await
    }

    async fn remove_shared(
        &self,
        writer: &Writer,
        _piece: &SharedPiece,
        elsewhere: &[Reader],
    ) -> Result<Option<String>, CloudError> {
        removal::remove_role(writer, elsewhere).await
    }

    /// Never taken away with a stack.
    async fn delete(&self, _writer: &Writer, _live: &Live) -> Result<(), CloudError> {
        Ok(())
    }
}

async fn ensure(writer: &Writer) -> Result<Outputs, CloudError> {
    // Another stack may have been faster since the plan was made.
    let arn = match current(&writer.reader).await? {
        Some(arn) => arn,
        None => {
            let arn = role(writer).await?;
            writer.caller.report_wait(
                "waiting for API Gateway to accept the log role (usually 10 to 40 s on AWS)",
            );
            register_first(writer, &arn).await?;
            arn
        }
    };
    Ok(Outputs::from([("role_arn".to_string(), arn)]))
}

/// The shared role, made or completed; its ARN.
async fn role(writer: &Writer) -> Result<String, CloudError> {
    let iam = &writer.client::<Iam>();
    let tag = aws_sdk_iam::types::Tag::builder().key(SHARED).value("true").build();
    let tag = tag.map_err(|error| CloudError::shape("iam CreateRole", &error.to_string()))?;
    let trust = trust(&writer.scope.account).to_string();
    let made = writer
        .caller
        .call("iam:CreateRole", || {
            iam.create_role()
                .role_name(ROLE)
                .path(ROLE_PATH)
                .description("API Gateway writes logs by it; shared by all stacks of this account")
                .assume_role_policy_document(&trust)
                .tags(tag.clone())
                .send()
        })
        .await;
    let arn = match made {
        Ok(made) => made.role.map(|role| role.arn).unwrap_or_default(),
        Err(error) if error.code == "EntityAlreadyExists" => {
            let arn = ours(writer).await?;
            // Regardless of its trust policy: API Gateway does not take the role yet.
            writer
                .caller
                .call("iam:UpdateAssumeRolePolicy", || {
                    iam.update_assume_role_policy().role_name(ROLE).policy_document(&trust).send()
                })
                .await?;
            strip(writer).await?;
            arn
        }
        Err(error) => return Err(error),
    };
    let attach = || iam.attach_role_policy().role_name(ROLE).policy_arn(POLICY).send();
    writer.caller.call_with("iam:AttachRolePolicy", FRESH, attach).await?;
    Ok(arn)
}

/// Takes all policies but ours off the role: its tag does not prove that shopstack made it, and
/// an earlier owner may have granted it more than logs.
async fn strip(writer: &Writer) -> Result<(), CloudError> {
    let (iam, reader) = (&writer.client::<Iam>(), &writer.reader);
    let inline = paged(|marker| async move {
        let list = || {
            reader
                .client::<Iam>()
                .list_role_policies()
                .role_name(ROLE)
                .set_marker(marker.clone())
                .send()
        };
        let page = reader.caller.call_with("iam:ListRolePolicies", FRESH, list).await?;
        Ok((page.policy_names, page.marker))
    });
    for policy in &inline.await? {
        let delete = || iam.delete_role_policy().role_name(ROLE).policy_name(policy).send();
        optional(writer.caller.call("iam:DeleteRolePolicy", delete).await)?;
    }
    let attached = paged(|marker| async move {
        let list = || {
            reader
                .client::<Iam>()
                .list_attached_role_policies()
                .role_name(ROLE)
                .set_marker(marker.clone())
                .send()
        };
        let page = reader.caller.call_with("iam:ListAttachedRolePolicies", FRESH, list).await?;
        Ok((page.attached_policies.unwrap_or_default(), page.marker))
    });
    let attached = attached.await?;
    let arns = attached.iter().filter_map(|policy| policy.policy_arn());
    for arn in arns.filter(|arn| *arn != POLICY) {
        let detach = || iam.detach_role_policy().role_name(ROLE).policy_arn(arn).send();
        optional(writer.caller.call("iam:DetachRolePolicy", detach).await)?;
    }
    Ok(())
}

/// The shared role as it is made, for `policy-report`: the fields of a role's spec that are
/// policies. `live` is the same as AWS has it: a role of an earlier version, which nothing changes
/// any more, is wanted as that version made it.
pub fn wanted_role(account: &str, live: Option<&Value>) -> Value {
    let role = |policies: Value, attached: &[&str]| {
        json!({
            "trust": canonical(&trust(account)),
            "policies": policies,
            "attached": attached,
            "permissions_boundary": null,
        })
    };
    let earlier = json!({EARLIER_POLICY: canonical(&earlier_policy(account))});
    let is_earlier = live.is_some_and(|live| {
        live.get("policies") == Some(&earlier) && live.get("attached") == Some(&json!([]))
    });
    if is_earlier { role(earlier, &[]) } else { role(json!({}), &[POLICY]) }
}

/// The existing role, when its tag says that shopstack made it.
async fn ours(writer: &Writer) -> Result<String, CloudError> {
    let reader = &writer.reader;
    let answer = reader
        .caller
        .call_with("iam:GetRole", FRESH, || {
            reader.client::<Iam>().get_role().role_name(ROLE).send()
        })
        .await?;
    let role = answer.role.ok_or_else(|| CloudError::shape("iam GetRole", "role"))?;
    if role.tags().iter().any(|t| t.key() == SHARED && t.value() == "true") {
        return Ok(role.arn);
    }
    Err(CloudError::ours(
        ErrorKind::Foreign,
        format!(
            "the role `{ROLE}` exists and was not made by shopstack: it has no tag {SHARED}=true"
        ),
        "give API Gateway's account settings a CloudWatch role of your own, or rename that role; \
         then run again",
    ))
}

/// Only API Gateway, and where it says on whose behalf, only this account's: no confused deputy.
///
/// Whether it says so is unverified, and a condition that it shuts itself out by would cost four
/// minutes of tries. So an absent account passes; the role can do no more than write this account's
/// logs.
fn trust(account: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": {"Service": "apigateway.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEqualsIfExists": {"aws:SourceAccount": account}},
        }],
    })
}

/// The actions of AmazonAPIGatewayPushToCloudWatchLogs, but on this account's log groups only where
/// an action takes a resource at all.
fn earlier_policy(account: &str) -> Value {
    let actions = [
        "CreateLogGroup",
        "CreateLogStream",
        "DescribeLogStreams",
        "FilterLogEvents",
        "GetLogEvents",
        "PutLogEvents",
    ];
    json!({
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": actions.map(|action| format!("logs:{action}")),
                "Resource": format!("arn:aws:logs:*:{account}:*"),
            },
            {"Effect": "Allow", "Action": "logs:DescribeLogGroups", "Resource": "*"},
        ],
    })
}
