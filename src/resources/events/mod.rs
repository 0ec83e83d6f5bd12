//! EventBridge: rules that call functions by the clock.

pub mod rule;

use crate::aws::connections::reads_only;
use crate::model::call::{Retry, Service};

reads_only! {
    /// EventBridge, reads only.
    reads::EventBridge(aws_sdk_eventbridge) {
        describe_rule: DescribeRuleFluentBuilder,
        list_rules: ListRulesFluentBuilder,
        list_tags_for_resource: ListTagsForResourceFluentBuilder,
        list_targets_by_rule: ListTargetsByRuleFluentBuilder,
    }
}

/// Rules for every EventBridge operation.
pub const SERVICE: Service = Service {
    retries: &[Retry::busy("ConcurrentModificationException", "", 120)],
    not_found: &["ResourceNotFoundException"],
    ..Service::DEFAULT
};
