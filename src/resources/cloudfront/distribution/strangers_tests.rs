//! Tests of what people may set on a distribution: each setting shows by its name.

use super::*;

fn names(config: &sdk::DistributionConfig) -> Vec<String> {
    extras(config, "site").into_keys().collect()
}

fn behavior() -> sdk::builders::DefaultCacheBehaviorBuilder {
    sdk::DefaultCacheBehavior::builder()
        .target_origin_id("site")
        .viewer_protocol_policy(sdk::ViewerProtocolPolicy::RedirectToHttps)
}

fn origin() -> sdk::builders::OriginBuilder {
    sdk::Origin::builder().id("site").domain_name("b.s3.us-east-1.amazonaws.com")
}

fn config(
    origin: sdk::builders::OriginBuilder,
    behavior: sdk::builders::DefaultCacheBehaviorBuilder,
) -> sdk::builders::DistributionConfigBuilder {
    let origins = sdk::Origins::builder().quantity(1).items(origin.build().unwrap());
    sdk::DistributionConfig::builder()
        .caller_reference("r")
        .comment("c")
        .enabled(true)
        .origins(origins.build().unwrap())
        .default_cache_behavior(behavior.build().unwrap())
}

#[test]
fn each_setting_of_the_origin_shows() {
    let shield = sdk::OriginShield::builder().enabled(true).origin_shield_region("us-east-1");
    let header = sdk::OriginCustomHeader::builder().header_name("x").header_value("secret");
    let headers =
        sdk::CustomHeaders::builder().quantity(1).items(header.build().unwrap()).build().unwrap();
    let custom = sdk::CustomOriginConfig::builder()
        .http_port(80)
        .https_port(443)
        .origin_protocol_policy(sdk::OriginProtocolPolicy::HttpOnly);
    let s3 = sdk::S3OriginConfig::builder().origin_access_identity("oai").origin_read_timeout(5);
    let all = origin()
        .origin_path("/x")
        .custom_headers(headers)
        .custom_origin_config(custom.build().unwrap())
        .vpc_origin_config(sdk::VpcOriginConfig::builder().vpc_origin_id("v").build().unwrap())
        .s3_origin_config(s3.build())
        .origin_shield(shield.build().unwrap())
        .connection_attempts(1)
        .connection_timeout(1)
        .response_completion_timeout(60);
    let config = config(all, behavior()).build().unwrap();
    assert_eq!(
        names(&config),
        [
            "completion timeout",
            "connection attempts",
            "connection timeout",
            "custom origin",
            "origin access identity",
            "origin headers",
            "origin path",
            "origin shield",
            "read timeout",
            "vpc origin"
        ]
    );
    let told = extras(&config, "site");
    assert_eq!(told["origin headers"], "x", "names alone: a value may be a secret");
}

#[test]
fn each_setting_of_the_behavior_shows() {
    let function = sdk::FunctionAssociation::builder()
        .function_arn("arn:f")
        .event_type(sdk::EventType::ViewerRequest);
    let functions = sdk::FunctionAssociations::builder().quantity(1);
    let lambda = sdk::LambdaFunctionAssociation::builder()
        .lambda_function_arn("arn:l")
        .event_type(sdk::EventType::OriginRequest);
    let lambdas = sdk::LambdaFunctionAssociations::builder().quantity(1);
    let cached = [sdk::Method::Get, sdk::Method::Head, sdk::Method::Options];
    let cached = sdk::CachedMethods::builder().quantity(3).set_items(Some(cached.to_vec()));
    let methods = sdk::AllowedMethods::builder()
        .quantity(1)
        .items(sdk::Method::Get)
        .cached_methods(cached.build().unwrap());
    let signers = sdk::TrustedSigners::builder().enabled(true).quantity(1).items("self");
    let groups = sdk::TrustedKeyGroups::builder().enabled(true).quantity(1).items("g");
    let all = behavior()
        .allowed_methods(methods.build().unwrap())
        .origin_request_policy_id("o")
        .realtime_log_config_arn("arn:r")
        .field_level_encryption_id("e")
        .smooth_streaming(true)
        .grpc_config(sdk::GrpcConfig::builder().enabled(true).build().unwrap())
        .function_associations(functions.items(function.build().unwrap()).build().unwrap())
        .lambda_function_associations(lambdas.items(lambda.build().unwrap()).build().unwrap())
        .trusted_signers(signers.build().unwrap())
        .trusted_key_groups(groups.build().unwrap());
    assert_eq!(
        names(&config(origin(), all).build().unwrap()),
        [
            "cached methods",
            "field level encryption",
            "function viewer-request",
            "grpc",
            "lambda origin-request",
            "origin request policy",
            "realtime log",
            "smooth streaming",
            "trusted key groups",
            "trusted signers"
        ]
    );
}

#[test]
fn each_setting_of_the_whole_shows() {
    let logging = sdk::LoggingConfig::builder().enabled(true).bucket("b").prefix("");
    let other = sdk::CacheBehavior::builder()
        .path_pattern("/x")
        .target_origin_id("site")
        .viewer_protocol_policy(sdk::ViewerProtocolPolicy::AllowAll);
    let behaviors = sdk::CacheBehaviors::builder().quantity(1).items(other.build().unwrap());
    let all = config(origin(), behavior())
        .cache_behaviors(behaviors.build().unwrap())
        .origin_groups(sdk::OriginGroups::builder().quantity(1).build().unwrap())
        .logging(logging.build())
        .continuous_deployment_policy_id("p")
        .staging(true)
        .anycast_ip_list_id("a")
        .viewer_mtls_config(
            sdk::ViewerMtlsConfig::builder().mode(sdk::ViewerMtlsMode::Optional).build(),
        )
        .connection_function_association(
            sdk::ConnectionFunctionAssociation::builder().id("f").build().unwrap(),
        );
    assert_eq!(
        names(&all.build().unwrap()),
        [
            "anycast ip list",
            "behavior /x",
            "connection function",
            "continuous deployment",
            "logging",
            "origin groups",
            "staging",
            "viewer mtls"
        ]
    );
}
