//! An alarm as it is compared.

use crate::model::spec::Tags;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// `AWS::CloudWatch::Alarm` on one metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlarmSpec {
    pub tags: Tags,
    pub region: String,
    pub description: String,
    pub namespace: String,
    pub metric: String,
    pub dimensions: BTreeMap<String, String>,
    /// `Sum` and the like, or a percentile such as `p99`.
    pub statistic: String,
    /// Seconds.
    pub period: i32,
    /// So many periods are looked at.
    pub evaluation_periods: i32,
    /// So many of them must cross the threshold; `None` = all.
    pub datapoints_to_alarm: Option<i32>,
    pub threshold: f64,
    pub comparison: String,
    /// The treatment of periods without data, such as `notBreaching`.
    pub missing_data: String,
    /// False where somebody silenced the actions.
    pub actions_enabled: bool,
    /// ARNs.
    pub alarm_actions: BTreeSet<String>,
    pub ok_actions: BTreeSet<String>,
    pub insufficient_data_actions: BTreeSet<String>,
    /// Settings that no stack has, by name: a unit that no data has. Wanted: none.
    #[serde(default)]
    pub extras: BTreeMap<String, String>,
}
