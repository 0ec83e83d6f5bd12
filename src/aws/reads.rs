//! Reads that shopstack makes for no resource type: caller identity, tag index, lock and record,
//! and the region of an environment.

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
    /// IAM, for the roles of environments and for `doctor`.
    iam::Iam(aws_sdk_iam, global) {
        get_account_summary: GetAccountSummaryFluentBuilder,
        get_role: GetRoleFluentBuilder,
        list_account_aliases: ListAccountAliasesFluentBuilder,
        list_roles: ListRolesFluentBuilder,
        simulate_principal_policy: SimulatePrincipalPolicyFluentBuilder,
    }
}
reads_only! {
    /// CloudFront, for the distributions of environments.
    cloudfront::CloudFront(aws_sdk_cloudfront, global) {
        get_distribution: GetDistributionFluentBuilder,
        list_distributions: ListDistributionsFluentBuilder,
        list_origin_access_controls: ListOriginAccessControlsFluentBuilder,
        list_response_headers_policies: ListResponseHeadersPoliciesFluentBuilder,
    }
}
reads_only! {
    /// WAF, for `doctor`.
    waf::Waf(aws_sdk_wafv2) {
        list_web_acls: ListWebACLsFluentBuilder,
    }
}
reads_only! {
    /// API Gateway, for `doctor`.
    apigateway::ApiGateway(aws_sdk_apigateway) {
        get_account: GetAccountFluentBuilder,
        get_rest_apis: GetRestApisFluentBuilder,
    }
}
reads_only! {
    /// Lambda, for the smoke test and `doctor`.
    lambda::Lambda(aws_sdk_lambda) {
        get_account_settings: GetAccountSettingsFluentBuilder,
        get_function: GetFunctionFluentBuilder,
    }
}
reads_only! {
    /// S3, for the proof of least privilege.
    s3::S3(aws_sdk_s3, path_style) {
        head_bucket: HeadBucketFluentBuilder,
    }
}
reads_only! {
    /// CloudWatch Logs, for the smoke test and `doctor`.
    logs::Logs(aws_sdk_cloudwatchlogs) {
        describe_resource_policies: DescribeResourcePoliciesFluentBuilder,
        filter_log_events: FilterLogEventsFluentBuilder,
    }
}
