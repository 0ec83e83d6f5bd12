//! Out-of-band changes of each field of AWS::Lambda::EventSourceMapping.

use crate::support::deployed::DeployedShop;
use crate::support::drift::{DriftCases, OutOfBandChange, case};
use aws_sdk_lambda::types as sdk;
use serde_json::json;

pub fn cases(shop: &DeployedShop) -> DriftCases {
    let queue = format!("arn:aws:sqs:us-east-1:{}:theirs", shop.scope.account);
    let cases = vec![
        case("table", json!("arn:aws:dynamodb:us-east-1:000000000000:table/other"))
            .no_drift("a mapping's source is fixed")
            .no_change("another table means a mapping of its own, which its test makes"),
        case("enabled", json!(false)),
        case("batch_size", json!(7)),
        case("retries", json!(9)),
        case("bisect", json!(false)),
        case("dead_letter", json!(queue)),
        case("extras.*", json!("10"))
            .keys(&["batching window"])
            .no_drift("MiniStack cannot take the window away in place")
            .no_change("settings that no stack has"),
    ];
    DriftCases {
        type_name: "AWS::Lambda::EventSourceMapping",
        at: "event_source.createOrder",
        cases,
        change: |shop, change| Box::pin(change_source(shop, change)),
    }
}

async fn change_source(shop: &DeployedShop, change: &OutOfBandChange<'_>) {
    let update = shop.clients.lambda.update_event_source_mapping().uuid(change.output("id"));
    let update = match change.case.field {
        "enabled" => update.enabled(change.target["enabled"] == json!(true)),
        "batch_size" => update.batch_size(change.number()),
        "retries" => update.maximum_retry_attempts(change.number()),
        "bisect" => update.bisect_batch_on_function_error(change.target["bisect"] == json!(true)),
        _ => {
            let arn = change.target["dead_letter"].as_str().unwrap_or_default();
            let failure = sdk::OnFailure::builder().destination(arn).build();
            let config = sdk::DestinationConfig::builder().on_failure(failure).build();
            update.destination_config(config)
        }
    };
    update.send().await.unwrap();
}
