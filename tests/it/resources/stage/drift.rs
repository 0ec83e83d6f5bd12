//! Out-of-band changes of each field of AWS::ApiGateway::Stage.

use crate::support::deployed::DeployedShop;
use crate::support::drift::{DriftCases, OutOfBandChange, case, gap};
use serde_json::{Value, json};
use shopstack::resources::apigateway as gw;

pub fn cases(shop: &DeployedShop) -> DriftCases {
    let elsewhere = format!(
        "arn:aws:logs:us-east-1:{}:log-group:/aws/apigateway/elsewhere",
        shop.scope.account
    );
    let cases = vec![
        gap(
            "tags.*",
            "MiniStack lists a stage with the tags it was made with, moto cannot tag one later",
        ),
        case("definition", json!("theirs")).seen_as(Value::Null),
        case("throttling_rate", json!(7.0)),
        case("throttling_burst", json!(9)),
        case("metrics", json!(false)),
        case("access_log_arn", json!(elsewhere)),
        case("access_log_format", json!("$context.status")),
        case("tracing", json!(true)),
    ];
    DriftCases {
        type_name: "AWS::ApiGateway::Stage",
        at: "stage.main",
        cases,
        change: |shop, change| Box::pin(change_stage(shop, change)),
    }
}

async fn change_stage(shop: &DeployedShop, change: &OutOfBandChange<'_>) {
    let (client, api) = (&shop.clients.apigateway, change.output("rest_api_id"));
    let patch = match change.case.field {
        "definition" => {
            let made = client
                .create_deployment()
                .rest_api_id(api)
                .description("by hand")
                .send()
                .await
                .unwrap();
            gw::replace("/deploymentId", made.id().unwrap())
        }
        "throttling_rate" => gw::replace("/*/*/throttling/rateLimit", change.to()),
        "throttling_burst" => gw::replace("/*/*/throttling/burstLimit", change.to()),
        "metrics" => gw::replace("/*/*/metrics/enabled", change.flag()),
        "access_log_arn" => gw::replace("/accessLogSettings/destinationArn", change.text()),
        "access_log_format" => gw::replace("/accessLogSettings/format", change.text()),
        _ => gw::replace("/tracingEnabled", change.flag()),
    };
    let update = client.update_stage().rest_api_id(api).stage_name(&change.live.name);
    update.patch_operations(patch).send().await.unwrap();
}
