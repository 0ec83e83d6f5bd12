//! Tests of what a method shows besides a route of ours.

use super::*;
use aws_sdk_apigateway::types::{
    ConnectionType, ContentHandlingStrategy, IntegrationResponse, MethodResponse,
    ResponseTransferMode, TlsConfig,
};

const REGION: &str = "us-east-1";

fn function() -> String {
    gw::invocation_uri(REGION, "arn:aws:lambda:us-east-1:1:function:f")
}

/// A GET that is no answer of API Gateway's own.
fn route(method: &Method) -> RouteSpec {
    match read_method("GET", method, REGION) {
        Seen::Route(route) => route,
        _ => panic!("no route"),
    }
}

#[test]
fn what_api_gateway_fills_in_is_no_setting() {
    let integration = Integration::builder()
        .r#type(IntegrationType::AwsProxy)
        .http_method("POST")
        .uri(function())
        .connection_type(ConnectionType::Internet)
        .passthrough_behavior("WHEN_NO_MATCH")
        .cache_namespace("r1")
        .timeout_in_millis(29_000);
    let method =
        Method::builder().authorization_type("NONE").method_integration(integration.build());
    let route = route(&method.build());
    assert_eq!((route.integration.as_str(), route.timeout_ms), ("AWS_PROXY", 29_000));
    assert_eq!(route.function_arn, "arn:aws:lambda:us-east-1:1:function:f");
}

#[test]
fn another_setting_of_a_method_is_shown() {
    let integration = Integration::builder()
        .r#type(IntegrationType::AwsProxy)
        .http_method("GET")
        .uri(function())
        .connection_type(ConnectionType::VpcLink)
        .connection_id("link")
        .credentials("arn:role")
        .request_parameters("integration.request.header.x", "'y'")
        .request_templates("application/json", "{}")
        .content_handling(ContentHandlingStrategy::ConvertToText)
        .cache_key_parameters("k")
        .response_transfer_mode(ResponseTransferMode::Stream)
        .tls_config(TlsConfig::builder().insecure_skip_verification(true).build())
        .integration_responses("200", IntegrationResponse::builder().build());
    let method = Method::builder()
        .authorization_type("NONE")
        .request_validator_id("v")
        .operation_name("n")
        .request_parameters("method.request.header.x", true)
        .request_models("application/json", "M")
        .method_responses("200", MethodResponse::builder().build())
        .method_integration(integration.build());
    let shown = route(&method.build()).integration;
    assert_eq!(
        shown,
        "AWS_PROXY with requestValidatorId=v; \
         operationName=n; requestParameters=method.request.header.x; \
         requestModels=application/json; connectionType=VPC_LINK; connectionId=link; \
         credentials=arn:role; parameterMappings=integration.request.header.x; \
         contentHandling=CONVERT_TO_TEXT; cacheKeyParameters=k; responseTransferMode=STREAM; \
         insecureSkipVerification=true; httpMethod=GET; requestTemplates=application/json; \
         integrationResponses=200; methodResponses=200"
    );
}
