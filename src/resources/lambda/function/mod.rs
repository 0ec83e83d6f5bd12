//! AWS::Lambda::Function: one GetFunction tells all; configuration and code change by calls that
//! never overlap (catalogue section 5).

mod attached;
mod desired;
mod extras;
mod generated;
mod read;
mod settings;
pub mod spec;
mod terraform;
mod write;

use crate::aws::{CallOptions, Reader, Writer};
use crate::model::call::{Call, Quota};
use crate::model::spec::from_value;
use crate::model::type_info::{Calls, GraphRole, OutputForm, OutputKey, Pricing};
use crate::model::{After, CloudError, Live, Outputs, Query, Step, TypeInfo};
use crate::resources::ResourceType;
use crate::resources::context::{Context, Wanted};
use crate::resources::lambda::SERVICE;
use crate::resources::place::{Place, by_key};
use crate::stack::Stack;
use async_trait::async_trait;
use serde_json::Value;
use spec::FunctionSpec;

pub struct Function;

pub const INFO: TypeInfo = TypeInfo {
    type_name: "AWS::Lambda::Function",
    group: "function",
    name_limit: 64,
    delete_after: &[
        After::all_of("AWS::ApiGateway::Stage"),
        After::all_of("AWS::ApiGateway::RestApi"),
        After::those("AWS::Lambda::EventSourceMapping", |function, source| {
            function.name == source.name
        }),
        After::those("AWS::Events::Rule", |function, rule| function.name == rule.name),
    ],
    replace_on: &[
        "tags.shopstack:role-id?",
        "state",
        extras::FINAL[0],
        extras::FINAL[1],
        extras::FINAL[2],
        extras::FINAL[3],
    ],
    usually: Some("a few seconds"),
    heading: "Functions",
    arn: Some(|scope, id| {
        format!("arn:aws:lambda:{}:{}:function:{}", scope.region, scope.account, scope.name(id))
    }),
    authoritative_tags: true,
    needs_build: true,
    outputs: &[OutputKey {
        key: "functions",
        attribute: "name",
        form: OutputForm::ById,
        label: "Function",
    }],
    graph: GraphRole::Node { title: "Lambda", kind: "code", column: 2 },
    pricing: Pricing::ByUse("requests and duration"),
    terraform: terraform::blocks,
    calls: Calls {
        read: &[
            Call::new(&SERVICE, "lambda:ListFunctions"),
            Call::new(&SERVICE, "lambda:GetFunction").own_quotas(&[Quota {
                label: "Lambda: 100 GetFunction per second",
                rate: 100.0,
                burst: 100.0,
            }]),
            attached::READS[0],
            attached::READS[1],
            attached::READS[2],
            attached::READS[3],
        ],
        create: &[
            Call::new(&SERVICE, "lambda:CreateFunction").actions(&[
                "lambda:CreateFunction",
                "lambda:TagResource",
                "iam:PassRole",
            ]),
            Call::new(&SERVICE, "lambda:UpdateFunctionConfiguration")
                .actions(&["lambda:UpdateFunctionConfiguration", "iam:PassRole"]),
            Call::new(&SERVICE, "lambda:UpdateFunctionCode"),
            Call::new(&SERVICE, "lambda:PutFunctionConcurrency"),
            Call::new(&SERVICE, "lambda:DeleteFunctionConcurrency"),
            Call::new(&SERVICE, "lambda:TagResource"),
            Call::new(&SERVICE, "lambda:UntagResource"),
        ],
        update: &[
            Call::new(&SERVICE, "lambda:UpdateFunctionConfiguration")
                .actions(&["lambda:UpdateFunctionConfiguration", "iam:PassRole"]),
            Call::new(&SERVICE, "lambda:UpdateFunctionCode"),
            Call::new(&SERVICE, "lambda:PutFunctionConcurrency"),
            Call::new(&SERVICE, "lambda:DeleteFunctionConcurrency"),
            Call::new(&SERVICE, "lambda:TagResource"),
            Call::new(&SERVICE, "lambda:UntagResource"),
            attached::WRITES[0],
            attached::WRITES[1],
            attached::WRITES[2],
            attached::WRITES[3],
        ],
        delete: &[Call::new(&SERVICE, "lambda:DeleteFunction")],
    },
    ..TypeInfo::DEFAULT
};

#[async_trait]
impl ResourceType for Function {
    fn info(&self) -> &'static TypeInfo {
        &INFO
    }

    fn schema(&self) -> schemars::Schema {
        schemars::schema_for!(FunctionSpec)
    }

    fn desired(&self, context: &Context<'_>, wanted: &mut Wanted) -> Result<(), CloudError> {
        desired::functions(context, wanted);
        Ok(())
    }

    fn places(&self, stack: &Stack) -> Vec<Place> {
        by_key(&["functions"], stack.functions.keys())
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
        let wanted = from_value::<FunctionSpec>(wanted)?;
        let made = write::create(writer, step, &wanted).await;
        made.map_err(|error| generated::without_values(error, &wanted.environment))
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
        let (arn, wanted) = (live.output("arn")?, from_value::<FunctionSpec>(wanted)?);
        let done =
            write::reconcile(writer, step, arn, &before, &wanted, failed, CallOptions::default())
                .await;
        done.map_err(|error| generated::without_values(error, &wanted.environment))?;
        Ok(live.outputs.clone())
    }

    async fn delete(&self, writer: &Writer, live: &Live) -> Result<(), CloudError> {
        write::delete(writer, &live.name).await
    }
}
