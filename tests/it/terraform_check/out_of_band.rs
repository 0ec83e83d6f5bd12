//! Changes behind shopstack's back, each with the Terraform resource that shows it.

use super::ids;
use crate::e2e::redeploy::route_timeout;
use crate::support::clients::Clients;
use crate::support::shop::Shop;
use aws_sdk_apigateway::types::{Op, PatchOperation};
use aws_sdk_dynamodb::types::PointInTimeRecoverySpecification;
use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use aws_sdk_wafv2::types::Scope;

/// Changes one setting each of many resources; returns Terraform's addresses of them, sorted.
pub async fn change(shop: &Shop, clients: &Clients) -> Vec<String> {
    let mut seen = Vec::new();
    data(shop, clients, &mut seen).await;
    compute(shop, clients, &mut seen).await;
    gateway(shop, clients, &mut seen).await;
    edge(shop, clients, &mut seen).await;
    seen.sort();
    seen
}

async fn data(shop: &Shop, clients: &Clients, seen: &mut Vec<String>) {
    let off = PointInTimeRecoverySpecification::builder()
        .point_in_time_recovery_enabled(false)
        .build()
        .unwrap();
    let update = clients.dynamodb.update_continuous_backups().table_name(shop.name("Orders"));
    update.point_in_time_recovery_specification(off).send().await.unwrap();
    seen.push("aws_dynamodb_table.orders".into());

    let account = clients.sts.get_caller_identity().send().await.unwrap().account.unwrap();
    let bucket = format!("{}-{account}-us-east-1", shop.name("site"));
    let suspended =
        VersioningConfiguration::builder().status(BucketVersioningStatus::Suspended).build();
    let put =
        clients.s3.put_bucket_versioning().bucket(&bucket).versioning_configuration(suspended);
    put.send().await.unwrap();
    seen.push("aws_s3_bucket_versioning.site".into());
    let put = clients
        .s3
        .put_object()
        .bucket(&bucket)
        .key("index.html")
        .content_type("text/html; charset=utf-8");
    put.cache_control("no-cache").body(b"not the shop".to_vec().into()).send().await.unwrap();
    seen.push("aws_s3_object.file[\"index.html\"]".into());
}

async fn compute(shop: &Shop, clients: &Clients, seen: &mut Vec<String>) {
    let name = shop.name("createOrder");
    clients
        .lambda
        .update_function_configuration()
        .function_name(&name)
        .memory_size(512)
        .send()
        .await
        .unwrap();
    seen.push("aws_lambda_function.function[\"createOrder\"]".into());
    let wide = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"dynamodb:*","Resource":"*"}]}"#;
    let put =
        clients.iam.put_role_policy().role_name(&name).policy_name("more").policy_document(wide);
    put.send().await.unwrap();
    seen.push("aws_iam_role_policies_exclusive.function[\"createOrder\"]".into());
    let put =
        clients.iam.put_role_policy().role_name(shop.name("listProducts")).policy_name("grants");
    put.policy_document(wide).send().await.unwrap();
    seen.push("aws_iam_role_policy.grants[\"listProducts\"]".into());
    let group = format!("/aws/lambda/{name}");
    clients
        .logs
        .put_retention_policy()
        .log_group_name(group)
        .retention_in_days(7)
        .send()
        .await
        .unwrap();
    seen.push("aws_cloudwatch_log_group.function[\"createOrder\"]".into());
}

async fn gateway(shop: &Shop, clients: &Clients, seen: &mut Vec<String>) {
    let ids = ids::read_ids(clients, &shop.stack).await;
    let patch = |path: &str, value: &str| {
        PatchOperation::builder().op(Op::Replace).path(path).value(value).build()
    };
    route_timeout(clients, &ids["api"], "/products", "GET", 5000).await;
    seen.push("aws_api_gateway_integration.route[\"/products\"]".into());
    let update = clients.apigateway.update_stage().rest_api_id(&ids["api"]).stage_name("v1");
    update.patch_operations(patch("/*/*/throttling/rateLimit", "5000")).send().await.unwrap();
    seen.push("aws_api_gateway_method_settings.all".into());
}

async fn edge(shop: &Shop, clients: &Clients, seen: &mut Vec<String>) {
    let ids = ids::read_ids(clients, &shop.stack).await;
    let cloudfront = &clients.cloudfront;
    let read = cloudfront.get_distribution_config().id(&ids["distribution"]).send().await.unwrap();
    let mut config = read.distribution_config.unwrap();
    config.default_root_object = Some("other.html".into());
    let update =
        cloudfront.update_distribution().id(&ids["distribution"]).if_match(read.e_tag.unwrap());
    update.distribution_config(config).send().await.unwrap();
    seen.push("aws_cloudfront_distribution.site".into());

    let (waf, name) = (&clients.wafv2, shop.name("api"));
    let read = waf
        .get_web_acl()
        .scope(Scope::Regional)
        .id(&ids["acl api"])
        .name(&name)
        .send()
        .await
        .unwrap();
    let (acl, token) = (read.web_acl.unwrap(), read.lock_token.unwrap());
    let rules: Vec<_> = acl.rules().iter().filter(|r| r.name != "rate-per-ip").cloned().collect();
    let update = waf
        .update_web_acl()
        .scope(Scope::Regional)
        .id(&ids["acl api"])
        .name(&name)
        .lock_token(token);
    let update = update
        .set_default_action(acl.default_action.clone())
        .set_description(acl.description.clone());
    update
        .set_rules(Some(rules))
        .set_visibility_config(acl.visibility_config)
        .send()
        .await
        .unwrap();
    seen.push("aws_wafv2_web_acl.acl[\"api\"]".into());
}
