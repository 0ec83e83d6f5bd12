//! Out-of-band changes of each field of AWS::ApiGateway::RestApi.

use crate::support::deployed::DeployedShop;
use crate::support::drift::{Case, DriftCases, OutOfBandChange, case, gap};
use aws_sdk_apigateway::types::PatchOperation;
use serde_json::json;
use shopstack::resources::apigateway as gw;

/// MiniStack keeps every patched setting of an API as a text, which the SDK then cannot read: this
/// one is for moto.
pub fn cases_on_moto() -> DriftCases {
    on_main(vec![case("endpoint_type", json!("EDGE"))])
}

pub fn cases() -> DriftCases {
    on_main(vec![
        gap(
            "tags.*",
            "MiniStack lists an API with the tags it was made with, moto cannot tag one later",
        ),
        case("description", json!("theirs")),
        case("api_key_source", json!("AUTHORIZER")),
        gap(
            "disable_execute_api_endpoint",
            "MiniStack keeps it as a text that no SDK reads, moto never takes it back",
        ),
        gap(
            "binary_media_types",
            "MiniStack keeps them as a text that no SDK reads, moto never takes one back",
        ),
        gap(
            "minimum_compression_size",
            "MiniStack keeps it as a text that no SDK reads, moto not at all",
        ),
    ])
}

fn on_main(cases: Vec<Case>) -> DriftCases {
    DriftCases {
        type_name: "AWS::ApiGateway::RestApi",
        at: "api.main",
        cases,
        change: |shop, change| Box::pin(change_api(shop, change)),
    }
}

async fn change_api(shop: &DeployedShop, change: &OutOfBandChange<'_>) {
    let patch: PatchOperation = match change.case.field {
        "description" => gw::replace("/description", change.text()),
        "endpoint_type" => gw::replace("/endpointConfiguration/types/0", change.text()),
        _ => gw::replace("/apiKeySource", change.text()),
    };
    let update = shop.clients.apigateway.update_rest_api().rest_api_id(change.output("id"));
    update.patch_operations(patch).send().await.unwrap();
}
