//! Shared by CloudWatch's types: reads, quotas, and the word for "not found".

pub mod alarm;

use crate::aws::connections::reads_only;
use crate::model::call::{Quota, Service};

reads_only! {
    /// CloudWatch, reads only.
    reads::CloudWatch(aws_sdk_cloudwatch) {
        describe_alarms: DescribeAlarmsFluentBuilder,
        list_tags_for_resource: ListTagsForResourceFluentBuilder,
    }
}

/// Rules for every CloudWatch operation.
pub const SERVICE: Service =
    Service { not_found: &["ResourceNotFound", "ResourceNotFoundException"], ..Service::DEFAULT };

/// Published by CloudWatch's service quotas, per account and region.
pub(crate) const DESCRIBE: Quota =
    Quota { label: "CloudWatch: 9 DescribeAlarms per second", rate: 9.0, burst: 9.0 };
pub(crate) const PUT: Quota =
    Quota { label: "CloudWatch: 3 PutMetricAlarm per second", rate: 3.0, burst: 3.0 };
