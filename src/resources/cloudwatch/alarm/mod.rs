//! AWS::CloudWatch::Alarm: known by its name, which is unique in a region. PutMetricAlarm makes an
//! alarm and overwrites whatever alarm has that name.

mod desired;
mod read;
pub mod spec;
mod terraform;
mod write;

use crate::aws::{Reader, Writer};
use crate::model::call::Call;
use crate::model::cloud_error::optional;
use crate::model::price::Part;
use crate::model::spec::{from_value, to_value};
use crate::model::type_info::{Calls, Pricing};
use crate::model::{
    CloudError, ErrorKind, GLOBAL_REGION, Live, Money, Outputs, Owner, Query, Scope, Step, TypeInfo,
};
use crate::resources::ResourceType;
use crate::resources::cloudwatch::{CloudWatch, DESCRIBE, PUT, SERVICE};
use crate::resources::common::foreign_error;
use crate::resources::context::{Context, Wanted};
use async_trait::async_trait;
use serde_json::Value;
use spec::AlarmSpec;
use std::collections::{BTreeMap, BTreeSet};

pub struct Alarm;

/// us-east-1, 2026-06: $0.10 for a metric at standard resolution.
const MONTHLY: Money = Money(100_000);

pub const INFO: TypeInfo = TypeInfo {
    type_name: "AWS::CloudWatch::Alarm",
    group: "alarm",
    heading: "Alarms",
    name_limit: 255,
    arn: Some(|scope, id| arn(scope, region_of(scope, id), &scope.name(id))),
    replace_on: &["region"],
    terraform: terraform::blocks,
    pricing: Pricing::Fixed(|_| vec![Part { what: "alarm".into(), monthly: MONTHLY }]),
    calls: Calls {
        read: &[
            Call::new(&SERVICE, "cloudwatch:DescribeAlarms").quotas(&[DESCRIBE]),
            Call::new(&SERVICE, "cloudwatch:ListTagsForResource"),
        ],
        create: &[Call::new(&SERVICE, "cloudwatch:PutMetricAlarm")
            .actions(&["cloudwatch:PutMetricAlarm", "cloudwatch:TagResource"])
            .quotas(&[PUT])],
        update: &[
            Call::new(&SERVICE, "cloudwatch:PutMetricAlarm")
                .actions(&["cloudwatch:PutMetricAlarm", "cloudwatch:TagResource"])
                .quotas(&[PUT]),
            Call::new(&SERVICE, "cloudwatch:TagResource"),
            Call::new(&SERVICE, "cloudwatch:UntagResource"),
        ],
        delete: &[Call::new(&SERVICE, "cloudwatch:DeleteAlarms")],
    },
    ..TypeInfo::DEFAULT
};

#[async_trait]
impl ResourceType for Alarm {
    fn info(&self) -> &'static TypeInfo {
        &INFO
    }

    fn schema(&self) -> schemars::Schema {
        schemars::schema_for!(AlarmSpec)
    }

    fn desired(&self, context: &Context<'_>, wanted: &mut Wanted) -> Result<(), CloudError> {
        desired::alarms(context, wanted);
        Ok(())
    }

    async fn discover(&self, reader: &Reader, query: &Query<'_>) -> Result<Vec<Live>, CloudError> {
        let mut live = Vec::new();
        for region in read::regions(reader, query).await? {
            match read::alarms_in(reader, query, &region).await {
                // Without a wish for alarms, an endpoint that knows none has none.
                Err(error) if error.kind == ErrorKind::NotEmulated && !is_wanted(query) => {}
                found => live.extend(found?),
            }
        }
        Ok(live)
    }

    async fn create(
        &self,
        writer: &Writer,
        step: &Step,
        wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        let wanted: AlarmSpec = from_value(wanted)?;
        let arn = arn(&writer.scope, &wanted.region, &step.name);

        // An alarm that somebody else has made since the plan would be overwritten without a word.
        if let Some(tags) = read::tags_by_name(&writer.reader, &wanted.region, &step.name).await? {
            if let Owner::Foreign(says) = writer.scope.owner(&tags) {
                return Err(foreign_error("alarm", step, &says));
            }
            write::put_alarm(writer, &step.name, &wanted).await?;
            write::sync_tags(writer, &wanted, &arn, &tags).await?;
        } else {
            write::put_alarm(writer, &step.name, &wanted).await?;
        }
        Ok(outputs(arn))
    }

    async fn update(
        &self,
        writer: &Writer,
        step: &Step,
        live: &Live,
        wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        let wanted: AlarmSpec = from_value(wanted)?;
        let before: AlarmSpec = from_value(&live.spec)?;

        if before != (AlarmSpec { tags: before.tags.clone(), ..wanted.clone() }) {
            write::put_alarm(writer, &step.name, &wanted).await?;
        }
        write::sync_tags(writer, &wanted, live.output("arn")?, &before.tags).await?;
        Ok(live.outputs.clone())
    }

    async fn delete(&self, writer: &Writer, live: &Live) -> Result<(), CloudError> {
        let before: AlarmSpec = from_value(&live.spec)?;
        let client = writer.client_in::<CloudWatch>(&before.region);
        let delete = || client.delete_alarms().alarm_names(&live.name).send();
        optional(writer.caller.call("cloudwatch:DeleteAlarms", delete).await).map(|_| ())
    }
}

fn is_wanted(query: &Query<'_>) -> bool {
    query.wanted.iter().any(|desired| desired.type_name == INFO.type_name)
}

/// The region of an alarm by its logical id: CloudFront's metrics are in us-east-1. `*` for all.
fn region_of<'a>(scope: &'a Scope, id: &str) -> &'a str {
    match id {
        "*" => "*",
        "cdn-blocked" => GLOBAL_REGION,
        _ => &scope.region,
    }
}

fn arn(scope: &Scope, region: &str, name: &str) -> String {
    format!("arn:aws:cloudwatch:{region}:{}:alarm:{name}", scope.account)
}

fn outputs(arn: String) -> Outputs {
    BTreeMap::from([("arn".to_string(), arn)])
}

/// The spec of an alarm on one metric as DescribeAlarms shows it, without tags.
fn shown(alarm: &aws_sdk_cloudwatch::types::MetricAlarm, region: &str) -> AlarmSpec {
    let set = |arns: &[String]| arns.iter().cloned().collect::<BTreeSet<_>>();
    let text = |value: Option<&str>| value.unwrap_or_default().to_string();
    let statistic = alarm.extended_statistic().or(alarm.statistic().map(|s| s.as_str()));
    let dimensions = alarm.dimensions().iter().map(|d| (text(d.name()), text(d.value()))).collect();

    AlarmSpec {
        tags: BTreeMap::new(),
        region: region.into(),
        description: text(alarm.alarm_description()),
        namespace: text(alarm.namespace()),
        metric: text(alarm.metric_name()),
        dimensions,
        statistic: text(statistic),
        period: alarm.period().unwrap_or_default(),
        evaluation_periods: alarm.evaluation_periods().unwrap_or_default(),
        datapoints_to_alarm: alarm.datapoints_to_alarm(),
        threshold: alarm.threshold().unwrap_or_default(),
        comparison: text(alarm.comparison_operator().map(|c| c.as_str())),
        missing_data: alarm.treat_missing_data().unwrap_or("missing").into(),
        actions_enabled: alarm.actions_enabled().unwrap_or(true),
        alarm_actions: set(alarm.alarm_actions()),
        ok_actions: set(alarm.ok_actions()),
        insufficient_data_actions: set(alarm.insufficient_data_actions()),
        extras: extras(alarm),
    }
}

/// Settings that decide when an alarm goes off and that no stack sets. PutMetricAlarm removes them.
fn extras(alarm: &aws_sdk_cloudwatch::types::MetricAlarm) -> BTreeMap<String, String> {
    let few = alarm.evaluate_low_sample_count_percentile().filter(|text| *text != "evaluate");
    let metrics =
        (!alarm.metrics().is_empty()).then(|| format!("{} of them", alarm.metrics().len()));
    let all = [
        ("unit", alarm.unit().map(|unit| unit.as_str().to_string())),
        ("few samples", few.filter(|text| !text.is_empty()).map(str::to_string)),
        ("metrics", metrics),
        ("threshold metric", alarm.threshold_metric_id().map(str::to_string)),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name.to_string(), value?))).collect()
}

/// The live alarm, as the planner compares it.
fn live(
    query: &Query<'_>,
    alarm: &aws_sdk_cloudwatch::types::MetricAlarm,
    region: &str,
    tags: BTreeMap<String, String>,
) -> Option<Live> {
    let name = alarm.alarm_name().unwrap_or_default();
    let wanted = query.wanted.iter().find(|d| d.name == name).copied();
    let derived = |id: &str| query.scope.name(id) == name;
    let (address, owner) = query.claim(INFO.group, name, wanted, &tags, derived)?;

    let spec = AlarmSpec { tags, ..shown(alarm, region) };
    let mut live = Live::new(address, INFO.type_name, name, to_value(&spec));
    live.outputs = outputs(arn(query.scope, region, name));
    live.owner = owner;
    Some(live)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_cloudwatch::types::{MetricAlarm, MetricDataQuery, StandardUnit};

    #[test]
    fn what_keeps_an_alarm_from_going_off_is_shown() {
        let usual = MetricAlarm::builder().evaluate_low_sample_count_percentile("evaluate");
        assert_eq!(extras(&usual.build()), BTreeMap::new());
        let other = MetricAlarm::builder()
            .unit(StandardUnit::Bits)
            .evaluate_low_sample_count_percentile("ignore")
            .metrics(MetricDataQuery::builder().id("m").build())
            .threshold_metric_id("band");
        let expected = [
            ("few samples", "ignore"),
            ("metrics", "1 of them"),
            ("threshold metric", "band"),
            ("unit", "Bits"),
        ];
        let expected = expected.map(|(k, v)| (k.to_string(), v.to_string()));
        assert_eq!(extras(&other.build()), expected.into());
    }
}
