//! AWS::DynamoDB::Table with its indexes, continuous backups and seeded items (catalogue section
//! 2).

mod change;
mod read;
mod seed;
mod shape;
pub mod spec;
mod write;

pub use read::resource_policy;

use crate::aws::{CallOptions, Reader, Writer};
use crate::model::spec::from_value;
use crate::model::{CloudError, Live, Outputs, Query, Step, TypeInfo};
use crate::resources::ResourceType;
use async_trait::async_trait;
use serde_json::Value;
use spec::TableSpec;

pub struct Table;

pub const INFO: TypeInfo = TypeInfo {
    type_name: "AWS::DynamoDB::Table",
    group: "table",
    read_after: &[],
    delete_after: &[],
    contained_in: None,
    replace_on: &["hash_key", "range_key"],
    volatile_outputs: &[],
    holds_data: true,
    usually: Some("ten seconds"),
    permissions: &[
        (
            "read",
            &[
                "dynamodb:DescribeContinuousBackups",
                "dynamodb:DescribeTable",
                "dynamodb:GetResourcePolicy",
                "dynamodb:ListTables",
                "dynamodb:ListTagsOfResource",
                "dynamodb:Scan",
                "tag:GetResources",
            ],
        ),
        (
            "create",
            &[
                "dynamodb:CreateTable",
                "dynamodb:PutItem",
                "dynamodb:TagResource",
                "dynamodb:UpdateContinuousBackups",
                "dynamodb:UpdateTable",
            ],
        ),
        (
            "update",
            &[
                "dynamodb:PutItem",
                "dynamodb:TagResource",
                "dynamodb:UntagResource",
                "dynamodb:UpdateContinuousBackups",
                "dynamodb:UpdateTable",
            ],
        ),
        ("delete", &["dynamodb:DeleteTable", "dynamodb:UpdateTable"]),
    ],
};

#[async_trait]
impl ResourceType for Table {
    fn info(&self) -> &'static TypeInfo {
        &INFO
    }

    fn schema(&self) -> schemars::Schema {
        schemars::schema_for!(TableSpec)
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
        write::create(writer, step, &from_value::<TableSpec>(wanted)?).await
    }

    async fn update(
        &self,
        writer: &Writer,
        step: &Step,
        live: &Live,
        wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        let before: TableSpec = from_value(&live.spec)?;
        let (arn, wanted) = (live.output("arn")?, from_value(wanted)?);
        write::bring(writer, step, arn, &before, &wanted, CallOptions::default()).await?;
        Ok(live.outputs.clone())
    }

    async fn delete(&self, writer: &Writer, live: &Live) -> Result<(), CloudError> {
        write::delete(writer, &live.name).await
    }
}
