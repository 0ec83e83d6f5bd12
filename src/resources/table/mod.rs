//! AWS::DynamoDB::Table with its indexes, continuous backups and seeded items (catalogue section
//! 2).

mod change;
mod read;
mod seed;
mod shape;
mod write;

pub use read::resource_policy;

use super::Resource;
use crate::aws::{CallOptions, Reader, Writer};
use crate::model::spec::{self, TableSpec};
use crate::model::{CloudError, Live, Outputs, Query, Step, TypeInfo};
use async_trait::async_trait;
use serde_json::Value;

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
impl Resource for Table {
    fn info(&self) -> &'static TypeInfo {
        &INFO
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
        write::create(writer, step, &spec::from_value::<TableSpec>(wanted)?).await
    }

    async fn update(
        &self,
        writer: &Writer,
        step: &Step,
        live: &Live,
        wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        let before: TableSpec = spec::from_value(&live.spec)?;
        let (arn, wanted) = (live.output("arn")?, spec::from_value(wanted)?);
        write::bring(writer, step, arn, &before, &wanted, CallOptions::default()).await?;
        Ok(live.outputs.clone())
    }

    async fn delete(&self, writer: &Writer, live: &Live) -> Result<(), CloudError> {
        write::delete(writer, &live.name).await
    }
}
