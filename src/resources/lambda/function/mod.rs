//! AWS::Lambda::Function: one GetFunction tells all; configuration and code change by calls that
//! never overlap (catalogue section 5).

mod extras;
mod read;
pub mod spec;
mod write;

use crate::aws::{CallOptions, Reader, Writer};
use crate::model::spec::from_value;
use crate::model::{After, CloudError, Live, Outputs, Query, Step, TypeInfo};
use crate::resources::ResourceType;
use async_trait::async_trait;
use serde_json::Value;
use spec::FunctionSpec;

pub struct Function;

pub const INFO: TypeInfo = TypeInfo {
    type_name: "AWS::Lambda::Function",
    group: "function",
    read_after: &[],
    delete_after: &[
        After::every("AWS::ApiGateway::Stage"),
        After::every("AWS::ApiGateway::RestApi"),
    ],
    contained_in: None,
    replace_on: &[
        "tags.shopstack:role-id?",
        "state",
        extras::FINAL[0],
        extras::FINAL[1],
        extras::FINAL[2],
        extras::FINAL[3],
    ],
    volatile_outputs: &[],
    holds_data: false,
    usually: Some("a few seconds"),
    permissions: &[
        (
            "read",
            &["lambda:GetFunction", "lambda:ListFunctions", "lambda:ListTags", "tag:GetResources"],
        ),
        ("create", &["lambda:CreateFunction", "lambda:TagResource", "iam:PassRole"]),
        (
            "update",
            &[
                "lambda:UpdateFunctionConfiguration",
                "lambda:UpdateFunctionCode",
                "lambda:TagResource",
                "lambda:UntagResource",
                "iam:PassRole",
            ],
        ),
        ("delete", &["lambda:DeleteFunction"]),
    ],
};

#[async_trait]
impl ResourceType for Function {
    fn info(&self) -> &'static TypeInfo {
        &INFO
    }

    fn schema(&self) -> schemars::Schema {
        schemars::schema_for!(FunctionSpec)
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
        write::create(writer, step, &from_value::<FunctionSpec>(wanted)?).await
    }

    async fn update(
        &self,
        writer: &Writer,
        step: &Step,
        live: &Live,
        wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        let mut before = live.spec.clone();
        let failed = before
            .as_object_mut()
            .and_then(|fields| fields.shift_remove(read::LAST_UPDATE))
            .is_some();
        let before: FunctionSpec = from_value(&before)?;
        let (arn, wanted) = (live.output("arn")?, from_value(wanted)?);
        write::bring(writer, step, arn, &before, &wanted, failed, CallOptions::default()).await?;
        Ok(live.outputs.clone())
    }

    async fn delete(&self, writer: &Writer, live: &Live) -> Result<(), CloudError> {
        write::delete(writer, &live.name).await
    }
}
