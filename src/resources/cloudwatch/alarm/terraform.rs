//! An alarm as a block of Terraform's AWS provider.

use crate::model::terraform::{Block, Exported};
use serde_json::json;

pub(super) fn blocks(alarm: &Exported<'_>) -> Vec<Block> {
    let get = |key: &str| alarm.get(key);
    let mut values = json!({
        "alarm_name": alarm.name, "alarm_description": get("description"),
        "namespace": get("namespace"), "metric_name": get("metric"),
        "dimensions": get("dimensions"), "period": get("period"),
        "evaluation_periods": get("evaluation_periods"),
        "datapoints_to_alarm": get("datapoints_to_alarm"), "threshold": get("threshold"),
        "comparison_operator": get("comparison"), "treat_missing_data": get("missing_data"),
        "actions_enabled": get("actions_enabled"), "alarm_actions": get("alarm_actions"),
        "ok_actions": get("ok_actions"),
        "insufficient_data_actions": get("insufficient_data_actions"), "tags": get("tags"),
    });
    // Percentiles are named `p99` and the like, all other statistics by a word.
    let statistic = get("statistic").as_str().unwrap_or_default();
    let percentile = statistic.chars().nth(1).is_some_and(|c| c.is_ascii_digit());
    let argument = if percentile { "extended_statistic" } else { "statistic" };
    if let Some(fields) = values.as_object_mut() {
        fields.insert(argument.into(), statistic.into());
    }
    vec![Block::new("aws_cloudwatch_metric_alarm", alarm.address.id(), values)]
}
