//! CloudWatch Logs: log groups.

pub mod log_group;
pub mod observe;

use crate::aws::connections::reads_only;
use crate::model::call::{Retry, Service};

reads_only! {
    /// CloudWatch Logs, reads only.
    reads::Logs(aws_sdk_cloudwatchlogs) {
        describe_log_groups: DescribeLogGroupsFluentBuilder,
        describe_log_streams: DescribeLogStreamsFluentBuilder,
        describe_resource_policies: DescribeResourcePoliciesFluentBuilder,
        describe_subscription_filters: DescribeSubscriptionFiltersFluentBuilder,
        filter_log_events: FilterLogEventsFluentBuilder,
        get_log_events: GetLogEventsFluentBuilder,
        list_tags_for_resource: ListTagsForResourceFluentBuilder,
    }
}

/// Rules for every CloudWatch Logs operation.
pub const SERVICE: Service = Service {
    retries: &[Retry::busy("OperationAbortedException", "", 60)],
    not_found: &["ResourceNotFoundException"],
    ..Service::DEFAULT
};
