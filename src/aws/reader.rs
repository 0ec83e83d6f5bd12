//! What `diff` and the planner are handed: clients on which no mutating operation exists, by type.
//!
//! Each wrapper keeps its SDK client private and passes on reads only, so reading cannot write; the
//! clients inside also refuse writes at run time (`Purpose::Read`).

use super::call::Caller;
use super::clients::{Clients, Sdk};
use super::counter::Purpose;
use super::index::TagIndex;
use crate::model::cloud_error::optional;
use crate::model::{CloudError, Scope, tag};
use futures_util::future::try_join;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::OnceCell;

/// Makes a newtype over an SDK client that offers exactly the reads listed.
macro_rules! reads_only {
    ($(#[$doc:meta])* $name:ident($sdk:ident) { $($method:ident: $builder:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name($sdk::Client);
        impl $name {
            $(pub fn $method(&self) -> $sdk::operation::$method::builders::$builder {
                self.0.$method()
            })*
        }
    };
}

reads_only! {
    /// API Gateway, reads only.
    ApiGateway(aws_sdk_apigateway) {
        get_account: GetAccountFluentBuilder,
        get_deployment: GetDeploymentFluentBuilder,
        get_deployments: GetDeploymentsFluentBuilder,
        get_gateway_responses: GetGatewayResponsesFluentBuilder,
        get_integration: GetIntegrationFluentBuilder,
        get_method: GetMethodFluentBuilder,
        get_resources: GetResourcesFluentBuilder,
        get_rest_api: GetRestApiFluentBuilder,
        get_rest_apis: GetRestApisFluentBuilder,
        get_stage: GetStageFluentBuilder,
        get_stages: GetStagesFluentBuilder,
        get_tags: GetTagsFluentBuilder,
    }
}
reads_only! {
    /// CloudFront, reads only.
    CloudFront(aws_sdk_cloudfront) {
        get_distribution: GetDistributionFluentBuilder,
        get_origin_access_control: GetOriginAccessControlFluentBuilder,
        get_response_headers_policy: GetResponseHeadersPolicyFluentBuilder,
        list_distributions: ListDistributionsFluentBuilder,
        list_origin_access_controls: ListOriginAccessControlsFluentBuilder,
        list_response_headers_policies: ListResponseHeadersPoliciesFluentBuilder,
        list_tags_for_resource: ListTagsForResourceFluentBuilder,
    }
}
reads_only! {
    /// DynamoDB, reads only.
    DynamoDb(aws_sdk_dynamodb) {
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
reads_only! {
    /// IAM, reads only.
    Iam(aws_sdk_iam) {
        get_policy: GetPolicyFluentBuilder,
        get_policy_version: GetPolicyVersionFluentBuilder,
        get_role: GetRoleFluentBuilder,
        get_role_policy: GetRolePolicyFluentBuilder,
        list_attached_role_policies: ListAttachedRolePoliciesFluentBuilder,
        list_role_policies: ListRolePoliciesFluentBuilder,
        list_roles: ListRolesFluentBuilder,
    }
}
reads_only! {
    /// Lambda, reads only.
    Lambda(aws_sdk_lambda) {
        get_function: GetFunctionFluentBuilder,
        get_policy: GetPolicyFluentBuilder,
        list_aliases: ListAliasesFluentBuilder,
        list_event_source_mappings: ListEventSourceMappingsFluentBuilder,
        list_function_url_configs: ListFunctionUrlConfigsFluentBuilder,
        list_functions: ListFunctionsFluentBuilder,
        list_tags: ListTagsFluentBuilder,
        list_versions_by_function: ListVersionsByFunctionFluentBuilder,
    }
}
reads_only! {
    /// CloudWatch Logs, reads only.
    Logs(aws_sdk_cloudwatchlogs) {
        describe_log_groups: DescribeLogGroupsFluentBuilder,
        describe_log_streams: DescribeLogStreamsFluentBuilder,
        describe_resource_policies: DescribeResourcePoliciesFluentBuilder,
        describe_subscription_filters: DescribeSubscriptionFiltersFluentBuilder,
        filter_log_events: FilterLogEventsFluentBuilder,
        get_log_events: GetLogEventsFluentBuilder,
        list_tags_for_resource: ListTagsForResourceFluentBuilder,
    }
}
reads_only! {
    /// S3, reads only.
    S3(aws_sdk_s3) {
        get_bucket_cors: GetBucketCorsFluentBuilder,
        get_bucket_encryption: GetBucketEncryptionFluentBuilder,
        get_bucket_lifecycle_configuration: GetBucketLifecycleConfigurationFluentBuilder,
        get_bucket_ownership_controls: GetBucketOwnershipControlsFluentBuilder,
        get_bucket_policy: GetBucketPolicyFluentBuilder,
        get_bucket_tagging: GetBucketTaggingFluentBuilder,
        get_bucket_versioning: GetBucketVersioningFluentBuilder,
        get_bucket_website: GetBucketWebsiteFluentBuilder,
        get_object: GetObjectFluentBuilder,
        get_public_access_block: GetPublicAccessBlockFluentBuilder,
        head_bucket: HeadBucketFluentBuilder,
        head_object: HeadObjectFluentBuilder,
        list_buckets: ListBucketsFluentBuilder,
        list_object_versions: ListObjectVersionsFluentBuilder,
        list_objects_v2: ListObjectsV2FluentBuilder,
    }
}
reads_only! {
    /// WAFv2, reads only.
    Waf(aws_sdk_wafv2) {
        get_logging_configuration: GetLoggingConfigurationFluentBuilder,
        get_web_acl: GetWebACLFluentBuilder,
        get_web_acl_for_resource: GetWebACLForResourceFluentBuilder,
        list_tags_for_resource: ListTagsForResourceFluentBuilder,
        list_web_acls: ListWebACLsFluentBuilder,
    }
}
reads_only! {
    /// Resource Groups Tagging API, reads only.
    Tagging(aws_sdk_resourcegroupstagging) {
        get_resources: GetResourcesFluentBuilder,
    }
}

/// Everything a read path may use.
#[derive(Clone, Debug)]
pub struct Reader {
    pub caller: Caller,
    pub region: String,
    pub apigateway: ApiGateway,
    pub cloudfront: CloudFront,
    pub dynamodb: DynamoDb,
    pub iam: Iam,
    pub lambda: Lambda,
    pub s3: S3,
    logs: Logs,
    logs_global: Logs,
    waf: Waf,
    waf_global: Waf,
    tagging: Tagging,
    tagging_global: Tagging,
    /// For the record of past runs; counted as bookkeeping.
    books: DynamoDb,
    index: Arc<OnceCell<TagIndex>>,
}

impl Reader {
    pub fn new(sdk: &Sdk, caller: Caller) -> Self {
        Self::over(sdk.clients(Purpose::Read), sdk.clients(Purpose::Bookkeeping), caller)
    }

    fn over(c: Clients, books: Clients, caller: Caller) -> Self {
        Self {
            caller: caller.in_region(&c.region),
            region: c.region,
            apigateway: ApiGateway(c.apigateway),
            cloudfront: CloudFront(c.cloudfront),
            dynamodb: DynamoDb(c.dynamodb),
            iam: Iam(c.iam),
            lambda: Lambda(c.lambda),
            s3: S3(c.s3),
            logs: Logs(c.logs),
            logs_global: Logs(c.logs_global),
            waf: Waf(c.wafv2),
            waf_global: Waf(c.wafv2_global),
            tagging: Tagging(c.tagging),
            tagging_global: Tagging(c.tagging_global),
            books: DynamoDb(books.dynamodb),
            index: Arc::default(),
        }
    }

    /// A JSON document of this stack and environment out of the `shopstack` table; `None` without
    /// row or table.
    pub async fn document(&self, scope: &Scope, sk: &str) -> Result<Option<String>, CloudError> {
        use aws_sdk_dynamodb::types::AttributeValue;
        let pk = format!("{}/{}", scope.stack, scope.env);
        let answer = self
            .caller
            .call("dynamodb:GetItem", || {
                let get =
                    self.books.get_item().table_name(super::ledger::TABLE).consistent_read(true);
                get.key("pk", AttributeValue::S(pk.clone()))
                    .key("sk", AttributeValue::S(sk.into()))
                    .send()
            })
            .await;
        let item = optional(answer)?.and_then(|a| a.item);
        Ok(item.and_then(|i| i.get("document").and_then(|v| v.as_s().ok()).cloned()))
    }

    /// CloudWatch Logs in `region`, which is the stack's or us-east-1.
    pub fn logs_in(&self, region: &str) -> &Logs {
        if region == self.region { &self.logs } else { &self.logs_global }
    }

    /// WAF for a scope, CLOUDFRONT or REGIONAL.
    pub fn waf_in(&self, scope: &str) -> &Waf {
        if scope == "CLOUDFRONT" { &self.waf_global } else { &self.waf }
    }

    /// The tag index of us-east-1, where global services have theirs.
    pub(super) fn tagging_global(&self) -> &Tagging {
        &self.tagging_global
    }

    /// The tag index of this run, read once however many types ask for it.
    pub async fn index(&self, scope: &Scope) -> Result<&TagIndex, CloudError> {
        self.index
            .get_or_try_init(|| async {
                let (mut index, mut global) = (TagIndex::default(), TagIndex::default());
                let elsewhere = self.region != super::clients::GLOBAL_REGION;
                // Side by side: other reads wait for both.
                try_join(index.read(&self.caller, &self.tagging, scope), async {
                    if elsewhere {
                        global.read(&self.caller, &self.tagging_global, scope).await
                    } else {
                        Ok(())
                    }
                })
                .await?;
                index.merge(global);
                Ok(index)
            })
            .await
    }

    /// The same reader, its tag index naming these ARNs as well.
    pub async fn with_candidates(
        &self,
        scope: &Scope,
        arns: Vec<String>,
    ) -> Result<Self, CloudError> {
        let mut index = self.index(scope).await?.clone();
        index.add_candidates(arns);
        Ok(Self { index: Arc::new(OnceCell::from(index)), ..self.clone() })
    }

    /// The same reader on behalf of one step, its tag index not read yet.
    pub fn with_caller(&self, caller: Caller) -> Self {
        Self { caller, ..self.afresh() }
    }

    /// A reader that has not read the tag index yet, for looking again after writes.
    pub fn afresh(&self) -> Self {
        Self { index: Arc::default(), ..self.clone() }
    }
}

/// The environments of an account and region: `(stack, env)` to expiry (RFC 3339), where one is
/// set.
///
/// The tag index omits IAM roles and lags, so roles are listed by their path as well; a role alone
/// is an environment too: something is left of it.
pub async fn environments(
    reader: &Reader,
) -> Result<BTreeMap<(String, String), Option<String>>, CloudError> {
    let mut index = TagIndex::default();
    index.read_all(&reader.caller, &reader.tagging).await?;
    if reader.region != super::clients::GLOBAL_REGION {
        index.read_all(&reader.caller, &reader.tagging_global).await?;
    }
    let mut found: BTreeMap<(String, String), Option<String>> = BTreeMap::new();
    for (arn, tags) in index.iter() {
        // The index goes on naming deleted resources, distributions longest: ask CloudFront itself.
        if let Some((_, id)) = arn.split_once(":distribution/") {
            let seen = reader.caller.call("cloudfront:GetDistribution", || {
                reader.cloudfront.get_distribution().id(id).send()
            });
            if optional(seen.await)?.is_none() {
                continue;
            }
        }
        if let (Some(stack), Some(env)) = (tags.get(tag::STACK), tags.get(tag::ENV)) {
            let expires = found.entry((stack.clone(), env.clone())).or_default();
            *expires = expires.take().max(tags.get(tag::EXPIRES_AT).cloned());
        }
    }
    let mut marker: Option<String> = None;
    loop {
        let page = reader
            .caller
            .call("iam:ListRoles", || {
                reader.iam.list_roles().path_prefix("/shopstack/").set_marker(marker.clone()).send()
            })
            .await?;
        for role in page.roles() {
            let mut parts = role.path().trim_start_matches("/shopstack/").split('/');
            if let (Some(stack), Some(env)) = (parts.next(), parts.next().filter(|e| !e.is_empty()))
            {
                found.entry((stack.to_string(), env.to_string())).or_default();
            }
        }
        marker = page.marker().filter(|_| page.is_truncated()).map(str::to_string);
        if marker.is_none() {
            return Ok(found);
        }
    }
}
