//! Out-of-band changes of each field of AWS::ApiGateway::Authorizer.

use crate::support::deployed::DeployedShop;
use crate::support::drift::{DriftCases, OutOfBandChange, case, gap};
use serde_json::json;
use shopstack::resources::apigateway as gw;

/// MiniStack keeps a patched number as a text and a patched list as one value.
const UNREADABLE: &str =
    "no emulator keeps such a patch; replayed/authorizer.rs holds the requests against AWS's API";

pub fn cases(shop: &DeployedShop) -> DriftCases {
    let other = shop.live("function.createOrder").outputs["arn"].clone();
    let cases = vec![
        case("kind", json!("REQUEST")),
        case("function_arn", json!(other)),
        case("identity_source", json!("method.request.header.X-Other")),
        case("pattern", json!("let .*")),
        case("credentials", json!("arn:aws:iam::000000000000:role/theirs")),
        gap("user_pools", UNREADABLE),
        gap("cache_seconds", UNREADABLE),
    ];
    DriftCases {
        type_name: "AWS::ApiGateway::Authorizer",
        at: "authorizer.staff",
        cases,
        change: |shop, change| Box::pin(change_authorizer(shop, change)),
    }
}

async fn change_authorizer(shop: &DeployedShop, change: &OutOfBandChange<'_>) {
    let path = match change.case.field {
        "kind" => "/type",
        "function_arn" => "/authorizerUri",
        "identity_source" => "/identitySource",
        "pattern" => "/identityValidationExpression",
        _ => "/authorizerCredentials",
    };
    let value = match change.case.field {
        "function_arn" => gw::invocation_uri(&shop.scope.region, change.text()),
        _ => change.text().to_string(),
    };
    let client = &shop.clients.apigateway;
    let update = client.update_authorizer().rest_api_id(change.output("rest_api_id"));
    let update = update.authorizer_id(change.output("id"));
    update.patch_operations(gw::replace(path, value)).send().await.unwrap();
}
