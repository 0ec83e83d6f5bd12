//! The reads that shopstack itself makes, for no resource type: who is calling, the tag index, the
//! lock and the record, and where an environment lives.

use super::connections::reads_only;

reads_only! {
    /// Security Token Service.
    sts::Sts(aws_sdk_sts) {
        get_caller_identity: GetCallerIdentityFluentBuilder,
    }
}
reads_only! {
    /// Resource Groups Tagging API.
    tagging::Tagging(aws_sdk_resourcegroupstagging) {
        get_resources: GetResourcesFluentBuilder,
    }
}
reads_only! {
    /// DynamoDB, for the `shopstack` table.
    dynamodb::DynamoDb(aws_sdk_dynamodb) {
        get_item: GetItemFluentBuilder,
    }
}
reads_only! {
    /// IAM, for the roles of environments.
    iam::Iam(aws_sdk_iam, global) {
        get_role: GetRoleFluentBuilder,
        list_account_aliases: ListAccountAliasesFluentBuilder,
        list_roles: ListRolesFluentBuilder,
    }
}
reads_only! {
    /// CloudFront, for the distributions of environments.
    cloudfront::CloudFront(aws_sdk_cloudfront, global) {
        get_distribution: GetDistributionFluentBuilder,
        list_origin_access_controls: ListOriginAccessControlsFluentBuilder,
    }
}
reads_only! {
    /// Lambda, for the smoke test.
    lambda::Lambda(aws_sdk_lambda) {
        get_function: GetFunctionFluentBuilder,
    }
}
reads_only! {
    /// CloudWatch Logs, for the smoke test.
    logs::Logs(aws_sdk_cloudwatchlogs) {
        filter_log_events: FilterLogEventsFluentBuilder,
    }
}
