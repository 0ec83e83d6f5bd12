//! AWS::IAM::Role with its inline policies; found again by its path, since the tag index omits
//! roles (catalogue 4).

mod desired;
mod places;
mod read;
pub mod secrets;
pub mod spec;
mod terraform;
mod write;

use crate::aws::{Reader, Writer};
use crate::model::call::{Call, Retry};
use crate::model::spec::{from_value, to_value};
use crate::model::type_info::{Calls, GraphRole, Pricing};
use crate::model::{After, CloudError, Live, Outputs, Query, Step, TypeInfo};
use crate::resources::ResourceType;
use crate::resources::context::{Context, Wanted};
use crate::resources::iam::SERVICE;
use crate::resources::place::Place;
use crate::stack::Stack;
use async_trait::async_trait;
pub use desired::grant_sid;
use serde_json::Value;
use spec::RoleSpec;

pub struct Role;

pub const INFO: TypeInfo = TypeInfo {
    type_name: "AWS::IAM::Role",
    group: "role",
    name_limit: 64,
    // IAM itself lets a role go that a function still uses; the function then fails.
    delete_after: &[After::all_of("AWS::Lambda::Function")],
    replace_on: &["path"],
    heading: "Functions",
    authoritative_tags: true,
    graph: GraphRole::PartOf(|_| "function"),
    pricing: Pricing::ByUse("nothing"),
    terraform: terraform::blocks,
    calls: Calls {
        read: &[
            Call::new(&SERVICE, "iam:GetRole"),
            Call::new(&SERVICE, "iam:ListRoles"),
            Call::new(&SERVICE, "iam:ListRolePolicies"),
            Call::new(&SERVICE, "iam:ListAttachedRolePolicies"),
            Call::new(&SERVICE, "iam:GetRolePolicy"),
        ],
        create: &[
            Call::new(&SERVICE, "iam:CreateRole").actions(&["iam:CreateRole", "iam:TagRole"]),
            Call::new(&SERVICE, "iam:PutRolePolicy"),
            Call::new(&SERVICE, "iam:AttachRolePolicy"),
            Call::new(&SERVICE, "iam:UpdateAssumeRolePolicy"),
            Call::new(&SERVICE, "iam:UpdateRole"),
            Call::new(&SERVICE, "iam:TagRole"),
        ],
        update: &[
            Call::new(&SERVICE, "iam:UpdateAssumeRolePolicy"),
            Call::new(&SERVICE, "iam:UpdateRole"),
            Call::new(&SERVICE, "iam:PutRolePermissionsBoundary"),
            Call::new(&SERVICE, "iam:DeleteRolePermissionsBoundary"),
            Call::new(&SERVICE, "iam:PutRolePolicy"),
            Call::new(&SERVICE, "iam:DeleteRolePolicy"),
            Call::new(&SERVICE, "iam:AttachRolePolicy"),
            Call::new(&SERVICE, "iam:DetachRolePolicy"),
            Call::new(&SERVICE, "iam:TagRole"),
            Call::new(&SERVICE, "iam:UntagRole"),
        ],
        delete: &[
            Call::new(&SERVICE, "iam:DetachRolePolicy"),
            Call::new(&SERVICE, "iam:DeleteRolePolicy"),
            Call::new(&SERVICE, "iam:DeleteRole").retries(&[Retry::busy(
                "DeleteConflict",
                "",
                120,
            )]),
        ],
    },
    ..TypeInfo::DEFAULT
};

/// A role of whatever owner with its policies as a spec, for `policy-report`; `None` when there is
/// none.
pub async fn spec_of(reader: &Reader, name: &str) -> Result<Option<Value>, CloudError> {
    Ok(read::read_role(reader, name).await?.map(|seen| to_value(&seen.spec)))
}

#[async_trait]
impl ResourceType for Role {
    fn info(&self) -> &'static TypeInfo {
        &INFO
    }

    fn schema(&self) -> schemars::Schema {
        schemars::schema_for!(RoleSpec)
    }

    fn desired(&self, context: &Context<'_>, wanted: &mut Wanted) -> Result<(), CloudError> {
        desired::roles(context, wanted);
        Ok(())
    }

    fn places(&self, stack: &Stack) -> Vec<Place> {
        places::places(stack)
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
        write::reconcile(writer, &step.name, &before, &from_value(wanted)?).await?;
        Ok(live.outputs.clone())
    }

    async fn delete(&self, writer: &Writer, live: &Live) -> Result<(), CloudError> {
        write::delete(writer, &live.name, &from_value(&live.spec)?).await
    }
}
