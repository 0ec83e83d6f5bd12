//! The alarms of an environment, listed by the beginning of their names.

use super::{INFO, live};
use crate::aws::Reader;
use crate::model::cloud_error::optional;
use crate::model::spec::{Tags, field, to_value};
use crate::model::{CloudError, GLOBAL_REGION, Live, Query, tag};
use crate::resources::cloudwatch::CloudWatch;
use crate::resources::common::paged;
use aws_sdk_cloudwatch::types::{AlarmType, MetricAlarm};
use std::collections::BTreeSet;

/// Where alarms may be: where one is wanted, or the tag index knows one; for `down` and the like,
/// both regions of a stack.
pub(super) async fn regions(
    reader: &Reader,
    query: &Query<'_>,
) -> Result<BTreeSet<String>, CloudError> {
    let own = &query.scope.region;
    if query.thorough {
        return Ok([own.clone(), GLOBAL_REGION.to_string()].into());
    }

    let wanted = query.wanted.iter().filter(|d| d.type_name == INFO.type_name);
    let wanted = wanted.filter_map(|d| field(&d.spec, "region").as_str());
    let index = reader.index(query.scope).await?;
    let indexed = index.arns("arn:aws:cloudwatch:").filter_map(|arn| arn.split(':').nth(3));
    Ok(wanted.chain(indexed).map(str::to_string).collect())
}

pub(super) async fn alarms_in(
    reader: &Reader,
    query: &Query<'_>,
    region: &str,
) -> Result<Vec<Live>, CloudError> {
    let client = &reader.client_in::<CloudWatch>(region);
    let prefix = &query.scope.prefix();
    let alarms = paged(|token| async move {
        let list = || {
            let list = client.describe_alarms().alarm_name_prefix(prefix);
            list.alarm_types(AlarmType::MetricAlarm).set_next_token(token.clone()).send()
        };
        let page = reader.caller.call("cloudwatch:DescribeAlarms", list).await?;
        Ok((page.metric_alarms.unwrap_or_default(), page.next_token))
    });

    let mut found = Vec::new();
    for alarm in alarms.await? {
        if let Some(tags) = tags_of(reader, query, &alarm, region).await? {
            found.extend(live(query, &alarm, region, tags));
        }
    }
    Ok(found)
}

/// The tags of the alarm of that name; `None` where there is no such alarm.
pub(super) async fn tags_by_name(
    reader: &Reader,
    region: &str,
    name: &str,
) -> Result<Option<Tags>, CloudError> {
    let client = reader.client_in::<CloudWatch>(region);
    let list = || {
        let list = client.describe_alarms().alarm_names(name);
        list.alarm_types(AlarmType::MetricAlarm).alarm_types(AlarmType::CompositeAlarm).send()
    };
    let page = reader.caller.call("cloudwatch:DescribeAlarms", list).await?;
    let metric = page.metric_alarms().iter().filter_map(|alarm| alarm.alarm_arn());
    let composite = page.composite_alarms().iter().filter_map(|alarm| alarm.alarm_arn());

    match metric.chain(composite).next() {
        Some(arn) => own_tags(reader, region, arn).await,
        None => Ok(None),
    }
}

/// The index answers for alarms whose tags are as wanted; all others are asked themselves, since
/// the index lags.
async fn tags_of(
    reader: &Reader,
    query: &Query<'_>,
    alarm: &MetricAlarm,
    region: &str,
) -> Result<Option<Tags>, CloudError> {
    let arn = alarm.alarm_arn().unwrap_or_default();
    let wanted = query.wanted.iter().find(|d| Some(d.name.as_str()) == alarm.alarm_name());
    let indexed = reader.index(query.scope).await?.tags(arn);

    match (wanted, indexed) {
        (Some(wanted), Some(tags)) if to_value(tags) == *field(&wanted.spec, "tags") => {
            Ok(Some(tags.clone()))
        }
        _ => own_tags(reader, region, arn).await,
    }
}

/// `None` where the alarm is gone.
async fn own_tags(reader: &Reader, region: &str, arn: &str) -> Result<Option<Tags>, CloudError> {
    let client = reader.client_in::<CloudWatch>(region);
    let list = || client.list_tags_for_resource().resource_arn(arn).send();
    let answer = optional(reader.caller.call("cloudwatch:ListTagsForResource", list).await)?;
    let tags = |t: &[aws_sdk_cloudwatch::types::Tag]| {
        tag::without_aws_tags(
            t.iter().map(|t| (t.key().unwrap_or_default(), t.value().unwrap_or_default())),
        )
    };
    Ok(answer.map(|answer| tags(answer.tags())))
}
