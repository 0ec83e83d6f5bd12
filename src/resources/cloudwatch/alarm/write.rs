//! How an alarm is written: whole, but for its tags.

use super::spec::AlarmSpec;
use crate::aws::Writer;
use crate::model::CloudError;
use crate::model::spec::Tags;
use crate::resources::cloudwatch::CloudWatch;
use crate::resources::common::tag_changes;
use aws_sdk_cloudwatch::types::{ComparisonOperator, Dimension, Statistic, Tag};

/// Makes the alarm with its tags, or overwrites all but the tags of one that is there.
pub(super) async fn put_alarm(
    writer: &Writer,
    name: &str,
    wanted: &AlarmSpec,
) -> Result<(), CloudError> {
    let client = writer.client_in::<CloudWatch>(&wanted.region);
    let dimension =
        |(name, value): (&String, &String)| Dimension::builder().name(name).value(value).build();
    let dimensions: Vec<_> = wanted.dimensions.iter().map(dimension).collect();
    let percentile = wanted.statistic.starts_with('p').then(|| wanted.statistic.clone());
    let statistic = percentile.is_none().then(|| Statistic::from(wanted.statistic.as_str()));
    let arns = |set: &std::collections::BTreeSet<String>| Some(set.iter().cloned().collect());
    let tags = tags(&wanted.tags);

    let put = || {
        client
            .put_metric_alarm()
            .alarm_name(name)
            .alarm_description(&wanted.description)
            .namespace(&wanted.namespace)
            .metric_name(&wanted.metric)
            .set_dimensions(Some(dimensions.clone()))
            .set_statistic(statistic.clone())
            .set_extended_statistic(percentile.clone())
            .period(wanted.period)
            .evaluation_periods(wanted.evaluation_periods)
            .set_datapoints_to_alarm(wanted.datapoints_to_alarm)
            .threshold(wanted.threshold)
            .comparison_operator(ComparisonOperator::from(wanted.comparison.as_str()))
            .treat_missing_data(&wanted.missing_data)
            .actions_enabled(wanted.actions_enabled)
            .set_alarm_actions(arns(&wanted.alarm_actions))
            .set_ok_actions(arns(&wanted.ok_actions))
            .set_insufficient_data_actions(arns(&wanted.insufficient_data_actions))
            .set_tags(Some(tags.clone()))
            .send()
    };
    writer.caller.call("cloudwatch:PutMetricAlarm", put).await.map(|_| ())
}

/// Sets and removes what differs between the tags `before` and the wanted ones.
pub(super) async fn sync_tags(
    writer: &Writer,
    wanted: &AlarmSpec,
    arn: &str,
    before: &Tags,
) -> Result<(), CloudError> {
    let client = writer.client_in::<CloudWatch>(&wanted.region);
    let (set, unset) = tag_changes(before, &wanted.tags);

    if !set.is_empty() {
        let set = tags(&set);
        let tag = || client.tag_resource().resource_arn(arn).set_tags(Some(set.clone())).send();
        writer.caller.call("cloudwatch:TagResource", tag).await?;
    }
    if !unset.is_empty() {
        let keys = || Some(unset.clone());
        let untag = || client.untag_resource().resource_arn(arn).set_tag_keys(keys()).send();
        writer.caller.call("cloudwatch:UntagResource", untag).await?;
    }
    Ok(())
}

fn tags(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}
