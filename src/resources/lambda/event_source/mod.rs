//! AWS::Lambda::EventSourceMapping: how a function hears of a table's changes. It has no name; it
//! belongs to its function, and is found by it.

mod desired;
mod read;
pub mod spec;
mod terraform;

use crate::aws::{Reader, Writer};
use crate::model::call::{Call, Retry};
use crate::model::cloud_error::optional;
use crate::model::spec::from_value;
use crate::model::type_info::{Calls, GraphRole, Pricing};
use crate::model::{CloudError, ErrorKind, Live, Outputs, Query, Step, TypeInfo};
use crate::resources::ResourceType;
use crate::resources::context::{Context, Wanted};
use crate::resources::lambda::{Lambda, SERVICE};
use async_trait::async_trait;
use aws_sdk_lambda::types::{DestinationConfig, EventSourcePosition, OnFailure};
use serde_json::Value;
use spec::EventSourceSpec;
use std::time::Duration;

pub struct EventSource;

const FUNCTION: &str = "AWS::Lambda::Function";
const TABLE: &str = "AWS::DynamoDB::Table";

/// A fresh role, or a right it was just given, is not visible to Lambda yet.
const FRESH_RIGHTS: &[Retry] = &[
    Retry::propagation("InvalidParameterValueException", "Cannot access stream", 180),
    Retry::busy("ResourceInUseException", "", 300),
];

pub const INFO: TypeInfo = TypeInfo {
    type_name: "AWS::Lambda::EventSourceMapping",
    group: "event_source",
    read_after: &[FUNCTION, TABLE],
    replace_on: &["table", "extras."],
    heading: "Functions",
    // No ARN of AWS's: what the last `up` applied and nobody wants any more is looked for by it.
    arn: Some(|scope, id| format!("{}{}", read::prefix(scope), scope.name(id))),
    graph: GraphRole::PartOf(|_| "function"),
    pricing: Pricing::ByUse("reads of the stream"),
    terraform: terraform::blocks,
    usually: Some("half a minute"),
    calls: Calls {
        read: &[Call::new(&SERVICE, "lambda:ListEventSourceMappings")],
        create: &[
            Call::new(&SERVICE, "lambda:CreateEventSourceMapping").retries(FRESH_RIGHTS),
            Call::new(&SERVICE, "lambda:UpdateEventSourceMapping").retries(FRESH_RIGHTS),
        ],
        update: &[Call::new(&SERVICE, "lambda:UpdateEventSourceMapping").retries(FRESH_RIGHTS)],
        delete: &[Call::new(&SERVICE, "lambda:DeleteEventSourceMapping").retries(FRESH_RIGHTS)],
    },
    ..TypeInfo::DEFAULT
};

const EVERY: Duration = Duration::from_secs(2);
const CEILING: Duration = Duration::from_secs(300);

#[async_trait]
impl ResourceType for EventSource {
    fn info(&self) -> &'static TypeInfo {
        &INFO
    }

    fn schema(&self) -> schemars::Schema {
        schemars::schema_for!(EventSourceSpec)
    }

    fn desired(&self, context: &Context<'_>, wanted: &mut Wanted) -> Result<(), CloudError> {
        desired::event_sources(context, wanted);
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
        let wanted: EventSourceSpec = from_value(wanted)?;
        let stream = stream(step)?;
        // There is no client token: what an earlier try made is found by function and stream.
        let there = read::mappings(&writer.reader, &step.name).await?;
        if let Some(mapping) =
            there.into_iter().find(|m| m.event_source_arn() == Some(stream.as_str()))
        {
            let id = mapping.uuid().unwrap_or_default().to_string();
            change(writer, &id, &wanted).await?;
            return settled(writer, &step.name, &id).await;
        }
        let lambda = &writer.client::<Lambda>();
        let made = writer
            .caller
            .call("lambda:CreateEventSourceMapping", || {
                lambda
                    .create_event_source_mapping()
                    .function_name(&step.name)
                    .event_source_arn(&stream)
                    .starting_position(EventSourcePosition::TrimHorizon)
                    .enabled(wanted.enabled)
                    .batch_size(wanted.batch_size)
                    .maximum_retry_attempts(wanted.retries)
                    .bisect_batch_on_function_error(wanted.bisect)
                    .set_destination_config(
                        wanted.dead_letter.as_ref().map(|_| destination(&wanted)),
                    )
                    .send()
            })
            .await?;
        let id = made.uuid().unwrap_or_default().to_string();
        settled(writer, &step.name, &id).await
    }

    async fn update(
        &self,
        writer: &Writer,
        step: &Step,
        live: &Live,
        wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        let id = live.output("id")?;
        change(writer, id, &from_value(wanted)?).await?;
        settled(writer, &step.name, id).await
    }

    async fn delete(&self, writer: &Writer, live: &Live) -> Result<(), CloudError> {
        let (lambda, id) = (&writer.client::<Lambda>(), live.output("id")?);
        let gone = writer
            .caller
            .call("lambda:DeleteEventSourceMapping", || {
                lambda.delete_event_source_mapping().uuid(id).send()
            })
            .await;
        if optional(gone)?.is_none() {
            return Ok(());
        }
        let what = format!("the event source of `{}` to be gone (usually seconds)", live.name);
        let look = || async {
            let left = read::mappings(&writer.reader, &live.name).await?;
            Ok((!left.iter().any(|m| m.uuid() == Some(id))).then_some(()))
        };
        writer.caller.wait_until(&what, EVERY, CEILING, look).await
    }
}

fn stream(step: &Step) -> Result<String, CloudError> {
    let arn = step.context.get(desired::STREAM).and_then(Value::as_str);
    arn.filter(|arn| arn.starts_with("arn:")).map(str::to_string).ok_or_else(|| {
        CloudError::ours(
            ErrorKind::Other,
            format!("the table that {} hears of has no stream", step.address),
            "somebody turned the stream off since the plan: run the same command again",
        )
    })
}

/// An absent destination would keep the one that is there.
fn destination(wanted: &EventSourceSpec) -> DestinationConfig {
    let failure = OnFailure::builder().set_destination(wanted.dead_letter.clone()).build();
    DestinationConfig::builder().on_failure(failure).build()
}

async fn change(writer: &Writer, id: &str, wanted: &EventSourceSpec) -> Result<(), CloudError> {
    let lambda = &writer.client::<Lambda>();
    writer
        .caller
        .call("lambda:UpdateEventSourceMapping", || {
            lambda
                .update_event_source_mapping()
                .uuid(id)
                .enabled(wanted.enabled)
                .batch_size(wanted.batch_size)
                .maximum_retry_attempts(wanted.retries)
                .bisect_batch_on_function_error(wanted.bisect)
                .destination_config(destination(wanted))
                .send()
        })
        .await
        .map(|_| ())
}

/// Waits until the mapping takes changes: Creating, Enabling and Updating refuse them.
async fn settled(writer: &Writer, function: &str, id: &str) -> Result<Outputs, CloudError> {
    let what = format!("the event source of `{function}` to be enabled (usually half a minute)");
    let look = || async {
        let all = read::mappings(&writer.reader, function).await?;
        let state = all.iter().find(|m| m.uuid() == Some(id)).and_then(|m| m.state());
        Ok(state.is_some_and(|state| ["Enabled", "Disabled"].contains(&state)).then_some(()))
    };
    writer.caller.wait_until(&what, EVERY, CEILING, look).await?;
    Ok(read::outputs(id))
}
