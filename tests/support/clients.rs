//! The tests' own clients of AWS: they may write, and their calls count as the purpose says.

use shopstack::aws::clients::Sdk;
use shopstack::aws::connections::Connections;
use shopstack::aws::counter::Purpose;
use shopstack::aws::reads::{Sts, Tagging};
use shopstack::model::GLOBAL_REGION;
use shopstack::resources::apigateway::ApiGateway;
use shopstack::resources::cloudfront::CloudFront;
use shopstack::resources::dynamodb::DynamoDb;
use shopstack::resources::iam::Iam;
use shopstack::resources::lambda::Lambda;
use shopstack::resources::logs::Logs;
use shopstack::resources::s3::S3;
use shopstack::resources::waf::Waf;

/// One client per service; those of other services come from `connections`.
#[derive(Clone, Debug)]
pub struct Clients {
    pub connections: Connections,
    pub apigateway: aws_sdk_apigateway::Client,
    pub cloudfront: aws_sdk_cloudfront::Client,
    pub dynamodb: aws_sdk_dynamodb::Client,
    pub iam: aws_sdk_iam::Client,
    pub lambda: aws_sdk_lambda::Client,
    pub logs: aws_sdk_cloudwatchlogs::Client,
    pub logs_global: aws_sdk_cloudwatchlogs::Client,
    pub s3: aws_sdk_s3::Client,
    pub sts: aws_sdk_sts::Client,
    pub tagging: aws_sdk_resourcegroupstagging::Client,
    pub wafv2: aws_sdk_wafv2::Client,
    pub wafv2_global: aws_sdk_wafv2::Client,
}

impl Clients {
    pub fn new(sdk: &Sdk, purpose: Purpose) -> Clients {
        let connections = sdk.connections(purpose);
        let region = sdk.region.as_str();
        Clients {
            apigateway: connections.client::<ApiGateway>(region),
            cloudfront: connections.client::<CloudFront>(region),
            dynamodb: connections.client::<DynamoDb>(region),
            iam: connections.client::<Iam>(region),
            lambda: connections.client::<Lambda>(region),
            logs: connections.client::<Logs>(region),
            logs_global: connections.client::<Logs>(GLOBAL_REGION),
            s3: connections.client::<S3>(region),
            sts: connections.client::<Sts>(region),
            tagging: connections.client::<Tagging>(region),
            wafv2: connections.client::<Waf>(region),
            wafv2_global: connections.client::<Waf>(GLOBAL_REGION),
            connections,
        }
    }

    /// WAF for a scope: CLOUDFRONT always answers in us-east-1.
    pub fn waf_in(&self, scope: &str) -> &aws_sdk_wafv2::Client {
        if scope == "CLOUDFRONT" { &self.wafv2_global } else { &self.wafv2 }
    }
}
