//! Resource types of DynamoDB: the table and its seed.

pub mod observe;
pub mod table;

use crate::aws::connections::reads_only;
use crate::model::call::{Retry, Service};

reads_only! {
    /// DynamoDB, reads only.
    reads::DynamoDb(aws_sdk_dynamodb) {
        batch_get_item: BatchGetItemFluentBuilder,
        describe_continuous_backups: DescribeContinuousBackupsFluentBuilder,
        describe_kinesis_streaming_destination: DescribeKinesisStreamingDestinationFluentBuilder,
        describe_table: DescribeTableFluentBuilder,
        describe_time_to_live: DescribeTimeToLiveFluentBuilder,
        get_item: GetItemFluentBuilder,
        get_resource_policy: GetResourcePolicyFluentBuilder,
        list_tables: ListTablesFluentBuilder,
        list_tags_of_resource: ListTagsOfResourceFluentBuilder,
        query: QueryFluentBuilder,
        scan: ScanFluentBuilder,
    }
}

/// Rules for every DynamoDB operation.
pub const SERVICE: Service = Service {
    retries: &[
        Retry::busy("ResourceInUseException", "being updated", 600),
        Retry::busy("ResourceInUseException", "being deleted", 600),
        Retry::busy("ResourceInUseException", "being created", 600),
    ],
    not_found: &["ResourceNotFoundException", "TableNotFoundException", "PolicyNotFoundException"],
    ..Service::DEFAULT
};
