//! A rule as it is compared.

use crate::model::spec::Tags;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `AWS::Events::Rule` on the default event bus, with its targets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleSpec {
    pub tags: Tags,
    pub description: String,
    /// `rate(…)` or `cron(…)`; empty on a rule that somebody made of events instead.
    pub schedule: String,
    /// Wanted: none.
    pub event_pattern: Option<String>,
    pub enabled: bool,
    /// ARN by the target's id. What else a target says stands behind its ARN, and is not wanted.
    pub targets: BTreeMap<String, String>,
}
