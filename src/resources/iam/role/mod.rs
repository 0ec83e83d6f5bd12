//! AWS::IAM::Role with its inline policies; found again by its path, since the tag index omits
//! roles (catalogue 4).

mod read;
pub mod spec;
mod write;

use crate::aws::{Reader, Writer};
use crate::model::spec::{from_value, to_value};
use crate::model::{After, CloudError, Live, Outputs, Query, Step, TypeInfo};
use crate::resources::ResourceType;
use async_trait::async_trait;
use serde_json::Value;
use spec::RoleSpec;

pub struct Role;

pub const INFO: TypeInfo = TypeInfo {
    type_name: "AWS::IAM::Role",
    group: "role",
    read_after: &[],
    // IAM itself lets a role go that a function still uses; the function then fails.
    delete_after: &[After::every("AWS::Lambda::Function")],
    contained_in: None,
    replace_on: &["path"],
    volatile_outputs: &[],
    holds_data: false,
    usually: None,
    permissions: &[
        (
            "read",
            &[
                "iam:GetRole",
                "iam:GetRolePolicy",
                "iam:ListAttachedRolePolicies",
                "iam:ListRolePolicies",
                "iam:ListRoles",
                "iam:GetAccountAuthorizationDetails",
            ],
        ),
        (
            "create",
            &[
                "iam:CreateRole",
                "iam:PutRolePermissionsBoundary",
                "iam:PutRolePolicy",
                "iam:TagRole",
            ],
        ),
        (
            "update",
            &[
                "iam:DeleteRolePermissionsBoundary",
                "iam:DeleteRolePolicy",
                "iam:DetachRolePolicy",
                "iam:PutRolePermissionsBoundary",
                "iam:PutRolePolicy",
                "iam:TagRole",
                "iam:UntagRole",
                "iam:UpdateAssumeRolePolicy",
                "iam:UpdateRole",
            ],
        ),
        ("delete", &["iam:DeleteRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy"]),
    ],
};

/// A role of whatever owner with its policies as a spec, for `policy-report`; `None` when there is
/// none.
pub async fn spec_of(reader: &Reader, name: &str) -> Result<Option<Value>, CloudError> {
    Ok(read::see(reader, name).await?.map(|seen| to_value(&seen.spec)))
}

#[async_trait]
impl ResourceType for Role {
    fn info(&self) -> &'static TypeInfo {
        &INFO
    }

    fn schema(&self) -> schemars::Schema {
        schemars::schema_for!(RoleSpec)
    }

    async fn discover(&self, reader: &Reader, query: &Query<'_>) -> Result<Vec<Live>, CloudError> {
        read::discover(reader, query).await
    }

    async fn create(
        &self,
        writer: &Writer,
        step: &Step,
        wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        write::create(writer, step, &from_value::<RoleSpec>(wanted)?).await
    }

    async fn update(
        &self,
        writer: &Writer,
        step: &Step,
        live: &Live,
        wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        let before: RoleSpec = from_value(&live.spec)?;
        write::bring(writer, &step.name, &before, &from_value(wanted)?).await?;
        Ok(live.outputs.clone())
    }

    async fn delete(&self, writer: &Writer, live: &Live) -> Result<(), CloudError> {
        write::delete(writer, &live.name, &from_value(&live.spec)?).await
    }
}
