//! Cases of the REST API, its stage and the account's log role.

use super::case::{Case, OutOfBandChange, Suite, case, gap};
use super::deployed::DeployedShop;
use aws_sdk_apigateway::types::PatchOperation;
use serde_json::{Value, json};
use shopstack::model::Op;
use shopstack::resources::apigateway as gw;

pub fn suites(deployed: &DeployedShop) -> Vec<Suite> {
    vec![api(), stage(deployed)]
}

/// MiniStack keeps every patched setting of an API as a text, which the SDK then cannot read: this
/// one is for moto.
pub fn typed() -> Suite {
    of(vec![case("endpoint_type", json!("EDGE"))])
}

fn api() -> Suite {
    of(vec![
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

fn of(cases: Vec<Case>) -> Suite {
    Suite {
        type_name: "AWS::ApiGateway::RestApi",
        at: "api.main",
        cases,
        meddle: |b, m| Box::pin(of_api(b, m)),
    }
}

async fn of_api(b: &DeployedShop, m: &OutOfBandChange<'_>) {
    let patch: PatchOperation = match m.case.field {
        "description" => gw::replace("/description", m.text()),
        "endpoint_type" => gw::replace("/endpointConfiguration/types/0", m.text()),
        _ => gw::replace("/apiKeySource", m.text()),
    };
    let update = b.clients.apigateway.update_rest_api().rest_api_id(m.output("id"));
    update.patch_operations(patch).send().await.unwrap();
}

fn stage(deployed: &DeployedShop) -> Suite {
    let elsewhere = format!(
        "arn:aws:logs:us-east-1:{}:log-group:/aws/apigateway/elsewhere",
        deployed.scope.account
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
    Suite {
        type_name: "AWS::ApiGateway::Stage",
        at: "stage.main",
        cases,
        meddle: |b, m| Box::pin(of_stage(b, m)),
    }
}

async fn of_stage(b: &DeployedShop, m: &OutOfBandChange<'_>) {
    let (client, api) = (&b.clients.apigateway, m.output("rest_api_id"));
    let patch = match m.case.field {
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
        "throttling_rate" => gw::replace("/*/*/throttling/rateLimit", m.to()),
        "throttling_burst" => gw::replace("/*/*/throttling/burstLimit", m.to()),
        "metrics" => gw::replace("/*/*/metrics/enabled", m.flag()),
        "access_log_arn" => gw::replace("/accessLogSettings/destinationArn", m.text()),
        "access_log_format" => gw::replace("/accessLogSettings/format", m.text()),
        _ => gw::replace("/tracingEnabled", m.flag()),
    };
    let update = client.update_stage().rest_api_id(api).stage_name(&m.live.name);
    update.patch_operations(patch).send().await.unwrap();
}

/// One for the whole account and region; tried where no other test is.
pub fn account() -> Suite {
    let cases = vec![
        case("has_log_role", json!(false))
            .op(Op::Create)
            .no_change("every API wants one; a role of somebody else's is left alone"),
    ];
    Suite {
        type_name: "AWS::ApiGateway::Account",
        at: "account.logging",
        cases,
        meddle: |b, _| Box::pin(clear_account(b)),
    }
}

async fn clear_account(b: &DeployedShop) {
    let patch = gw::replace("/cloudwatchRoleArn", "");
    b.clients.apigateway.update_account().patch_operations(patch).send().await.unwrap();
}
