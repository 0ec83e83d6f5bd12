//! The DynamoDB side against recorded answers in DynamoDB's wire format: the Scan goes through all
//! pages, also past an empty one.

// Tests may stop at what they did not expect, and print what they measured.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::too_many_lines,
    clippy::unreachable,
    clippy::unwrap_used
)]

use aws_sdk_dynamodb::config::http::HttpRequest;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::{Client, Config};
use aws_smithy_http_client::test_util::{ReplayEvent, StaticReplayClient};
use aws_smithy_types::body::SdkBody;
use lambda_http::http;
use list_products::catalogue::Catalogue;
use list_products::dynamo::Dynamo;
use list_products::listing::list;
use list_products::query::Query;
use serde_json::{Value, json};
use shop_shared::deadline::Deadline;
use shop_shared::dynamo::StoreError;
use shop_shared::product::Viewer;
use std::time::Duration;

fn table(answers: &[(u16, Value)]) -> (Dynamo, StaticReplayClient) {
    let event = |(status, answer): &(u16, Value)| {
        let request = http::Request::new(SdkBody::empty());
        let response =
            http::Response::builder().status(*status).body(SdkBody::from(answer.to_string()));
        ReplayEvent::new(request, response.unwrap())
    };
    let replay = StaticReplayClient::new(answers.iter().map(event).collect());
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::for_tests())
        .retry_config(RetryConfig::disabled())
        .http_client(replay.clone())
        .build();
    (Dynamo { client: Client::from_conf(config), table: "Products".into() }, replay)
}

fn sent(replay: &StaticReplayClient) -> Vec<Value> {
    let body =
        |request: &HttpRequest| serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
    replay.actual_requests().map(body).collect()
}

fn item(id: &str) -> Value {
    json!({ "productId": { "S": id }, "price": { "N": "9.99" }, "tags": { "SS": ["a"] } })
}

#[tokio::test]
async fn the_scan_goes_through_all_pages_even_past_an_empty_one() {
    let key = |id: &str| json!({ "productId": { "S": id } });
    let busy = json!({ "__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException" });
    let (table, replay) = table(&[
        (200, json!({ "Items": [item("p-3")], "LastEvaluatedKey": key("p-3") })),
        (400, busy),
        (200, json!({ "Items": [], "LastEvaluatedKey": key("p-9") })),
        (200, json!({ "Items": [item("p-2"), item("p-1")] })),
    ]);
    let deadline = Deadline::after(Duration::from_secs(5));
    let mut broken = Vec::new();
    let viewer = Viewer { currency: "EUR", smoke_test: false };
    let listing = list(&table, &Query::default(), viewer, deadline, &mut broken).await.unwrap();
    let ids: Vec<bool> = ["p-1", "p-2", "p-3"]
        .iter()
        .zip(&listing.products)
        .map(|(id, product)| product.contains(id))
        .collect();
    assert_eq!((ids, listing.next), (vec![true; 3], None));

    let starts: Vec<Value> =
        sent(&replay).iter().map(|body| body["ExclusiveStartKey"].clone()).collect();
    assert_eq!(starts, [Value::Null, key("p-3"), key("p-3"), key("p-9")]);
    let first = &sent(&replay)[0];
    assert_eq!((&first["TableName"], &first["Limit"]), (&json!("Products"), &Value::Null));
    let names = first["ExpressionAttributeNames"].as_object().unwrap();
    assert!(names.values().any(|name| name == "stock"));
    assert!(!names.values().any(|name| name == "supplier"));
}

#[tokio::test]
async fn a_limit_is_asked_for_and_a_refusal_is_final() {
    let denied = json!({ "__type": "com.amazonaws.dynamodb.v20120810#AccessDeniedException" });
    let (table, replay) = table(&[(200, json!({ "Items": [] })), (400, denied)]);
    let page = table.page(Some("p-1".into()), Some(26)).await.unwrap();
    assert!(page.items.is_empty() && page.next.is_none());
    assert_eq!(sent(&replay)[0]["Limit"], 26);
    let failed = StoreError::Failed("AccessDeniedException".into());
    assert_eq!(table.page(None, None).await.unwrap_err(), failed);
}
