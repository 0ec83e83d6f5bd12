//! AWS::DynamoDB::Table with its indexes, continuous backups and seeded items (catalogue section
//! 2).

mod change;
mod desired;
mod extras;
mod pricing;
mod read;
mod seed;
mod seed_rules;
mod seed_text;
mod settings;
mod shape;
pub mod spec;
mod terraform;
mod ttl;
mod write;

pub use extras::resource_policy;

use crate::aws::{CallOptions, Reader, Writer};
use crate::model::call::{Call, Quota, Retry};
use crate::model::spec::from_value;
use crate::model::type_info::{Calls, GraphRole, OutputForm, OutputKey, Pricing};
use crate::model::{CloudError, Live, Outputs, Query, Step, TypeInfo};
use crate::resources::ResourceType;
use crate::resources::context::{Context, Wanted};
use crate::resources::dynamodb::SERVICE;
use crate::resources::place::{Place, by_key};
use crate::stack::Stack;
use async_trait::async_trait;
pub use desired::check_seeds;
use serde_json::Value;
use spec::TableSpec;

pub struct Table;

const TAG_QUOTA: &[Quota] =
    &[Quota { label: "DynamoDB: 5 TagResource per second", rate: 5.0, burst: 5.0 }];

pub const INFO: TypeInfo = TypeInfo {
    type_name: "AWS::DynamoDB::Table",
    group: "table",
    name_limit: 255,
    replace_on: &["hash_key", "range_key"],
    holds_data: true,
    usually: Some("ten seconds"),
    heading: "Tables",
    arn: Some(|scope, id| {
        format!("arn:aws:dynamodb:{}:{}:table/{}", scope.region, scope.account, scope.name(id))
    }),
    protected: |spec| spec.get("deletion_protection") == Some(&Value::Bool(true)),
    authoritative_tags: true,
    weight: 10,
    pricing: Pricing::Fixed(pricing::capacity),
    outputs: &[OutputKey {
        key: "tables",
        attribute: "name",
        form: OutputForm::ById,
        label: "Table",
    }],
    graph: GraphRole::Node { title: "DynamoDB", kind: "store", column: 3 },

    terraform: terraform::blocks,
    calls: Calls {
        read: &[
            Call::new(&SERVICE, "dynamodb:ListTables"),
            Call::new(&SERVICE, "dynamodb:DescribeTable"),
            Call::new(&SERVICE, "dynamodb:DescribeContinuousBackups"),
            Call::new(&SERVICE, "dynamodb:ListTagsOfResource"),
            Call::new(&SERVICE, "dynamodb:Scan"),
            extras::READS[0],
            extras::READS[1],
            ttl::READ,
        ],
        create: &[
            Call::new(&SERVICE, "dynamodb:CreateTable")
                .actions(&["dynamodb:CreateTable", "dynamodb:TagResource"]),
            Call::new(&SERVICE, "dynamodb:PutItem"),
            Call::new(&SERVICE, "dynamodb:UpdateTable"),
            Call::new(&SERVICE, "dynamodb:UpdateContinuousBackups").retries(&[Retry::busy(
                "ContinuousBackupsUnavailableException",
                "",
                1200,
            )]),
            Call::new(&SERVICE, "dynamodb:TagResource").quotas(TAG_QUOTA),
            ttl::WRITE,
        ],
        update: &[
            Call::new(&SERVICE, "dynamodb:UpdateTable"),
            Call::new(&SERVICE, "dynamodb:UpdateContinuousBackups").retries(&[Retry::busy(
                "ContinuousBackupsUnavailableException",
                "",
                1200,
            )]),
            Call::new(&SERVICE, "dynamodb:TagResource").quotas(TAG_QUOTA),
            Call::new(&SERVICE, "dynamodb:UntagResource"),
            Call::new(&SERVICE, "dynamodb:PutItem"),
            extras::WRITES[0],
            extras::WRITES[1],
            ttl::WRITE,
        ],
        delete: &[
            Call::new(&SERVICE, "dynamodb:UpdateTable"),
            Call::new(&SERVICE, "dynamodb:DeleteTable").retries(&[Retry::busy(
                "ResourceInUseException",
                "indexes are being",
                1080,
            )]),
        ],
    },
    ..TypeInfo::DEFAULT
};

#[async_trait]
impl ResourceType for Table {
    fn info(&self) -> &'static TypeInfo {
        &INFO
    }

    fn schema(&self) -> schemars::Schema {
        schemars::schema_for!(TableSpec)
    }

    fn desired(&self, context: &Context<'_>, wanted: &mut Wanted) -> Result<(), CloudError> {
        desired::tables(context, wanted)
    }

    fn places(&self, stack: &Stack) -> Vec<Place> {
        by_key(&["tables"], stack.tables.keys())
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
        write::reconcile(writer, step, arn, &before, &wanted, CallOptions::default()).await
    }

    async fn delete(&self, writer: &Writer, live: &Live) -> Result<(), CloudError> {
        write::delete(writer, &live.name).await
    }
}
