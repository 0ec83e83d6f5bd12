//! AWS::Events::Rule: calls a function by the clock. The rule goes before its function, so that
//! nothing is called that is gone.

mod desired;
mod read;
pub mod spec;
mod terraform;
mod write;

use crate::aws::{Reader, Writer};
use crate::model::call::Call;
use crate::model::spec::from_value;
use crate::model::type_info::{Calls, GraphRole, Pricing};
use crate::model::{CloudError, Live, Outputs, Query, Step, TypeInfo};
use crate::resources::ResourceType;
use crate::resources::context::{Context, Wanted};
use crate::resources::events::SERVICE;
use async_trait::async_trait;
use serde_json::Value;

pub struct Rule;

pub const INFO: TypeInfo = TypeInfo {
    type_name: "AWS::Events::Rule",
    group: "rule",
    name_limit: 64,
    heading: "Functions",
    arn: Some(|scope, id| format!("{}{}", read::prefix(scope), scope.name(id))),
    graph: GraphRole::PartOf(|_| "function"),
    pricing: Pricing::ByUse("nothing"),
    terraform: terraform::blocks,
    calls: Calls {
        read: &[
            Call::new(&SERVICE, "events:DescribeRule"),
            Call::new(&SERVICE, "events:ListTargetsByRule"),
            Call::new(&SERVICE, "events:ListTagsForResource"),
            Call::new(&SERVICE, "events:ListRules"),
        ],
        create: &[
            Call::new(&SERVICE, "events:PutRule")
                .actions(&["events:PutRule", "events:TagResource"]),
            Call::new(&SERVICE, "events:PutTargets"),
            Call::new(&SERVICE, "events:RemoveTargets"),
            Call::new(&SERVICE, "events:TagResource"),
            Call::new(&SERVICE, "events:UntagResource"),
        ],
        update: &[
            Call::new(&SERVICE, "events:PutRule"),
            Call::new(&SERVICE, "events:PutTargets"),
            Call::new(&SERVICE, "events:RemoveTargets"),
            Call::new(&SERVICE, "events:TagResource"),
            Call::new(&SERVICE, "events:UntagResource"),
        ],
        delete: &[
            Call::new(&SERVICE, "events:RemoveTargets"),
            Call::new(&SERVICE, "events:DeleteRule"),
        ],
    },
    ..TypeInfo::DEFAULT
};

#[async_trait]
impl ResourceType for Rule {
    fn info(&self) -> &'static TypeInfo {
        &INFO
    }

    fn schema(&self) -> schemars::Schema {
        schemars::schema_for!(spec::RuleSpec)
    }

    fn desired(&self, context: &Context<'_>, wanted: &mut Wanted) -> Result<(), CloudError> {
        desired::rules(context, wanted);
        Ok(())
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
        write::create(writer, step, &from_value(wanted)?).await
    }

    async fn update(
        &self,
        writer: &Writer,
        step: &Step,
        live: &Live,
        wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        let (before, wanted) = (from_value(&live.spec)?, from_value(wanted)?);
        write::change(writer, &step.name, live.output("arn")?, &before, &wanted).await?;
        Ok(live.outputs.clone())
    }

    async fn delete(&self, writer: &Writer, live: &Live) -> Result<(), CloudError> {
        write::delete(writer, &live.name, &from_value(&live.spec)?).await
    }
}
