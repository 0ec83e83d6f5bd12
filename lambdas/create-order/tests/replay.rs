//! The DynamoDB side against recorded answers in DynamoDB's wire format: what is asked for, and
//! what each answer means.

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
use create_order::delivery::Delivery;
use create_order::dynamo::Dynamo;
use create_order::order::Line;
use create_order::store::{Order, Placement, PricedLine, Purchase, Store};
use lambda_http::http;
use serde_json::{Value, json};
use shop_shared::dynamo::StoreError;

/// Tables whose answers are these, each with its status; and the requests that they got.
fn tables(answers: &[(u16, Value)]) -> (Dynamo, StaticReplayClient) {
    let event = |(status, answer): &(u16, Value)| {
        let request = http::Request::new(SdkBody::empty());
        let response = http::Response::builder()
            .status(*status)
            .header("content-type", "application/x-amz-json-1.0")
            .body(SdkBody::from(answer.to_string()));
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
    let client = Client::from_conf(config);
    (Dynamo { client, products: "Products".into(), orders: "Orders".into() }, replay)
}

/// Operation and body of each request that was sent.
fn sent(replay: &StaticReplayClient) -> Vec<(String, Value)> {
    let one = |request: &HttpRequest| {
        let target = request.headers().get("x-amz-target").unwrap();
        let operation = target.rsplit('.').next().unwrap().to_owned();
        (operation, serde_json::from_slice(request.body().bytes().unwrap()).unwrap())
    };
    replay.actual_requests().map(one).collect()
}

fn order() -> Order {
    let line = |id: &str, takes_stock: bool| PricedLine {
        product_id: id.into(),
        quantity: 2,
        name: Some("Mug".into()),
        cents: 999,
        currency: "EUR".into(),
        takes_stock,
    };
    Order {
        id: "abc".into(),
        user_id: "ada".into(),
        lines: vec![line("p-1", true), line("p-2", false)],
        total_cents: 3_996,
        currency: "EUR".into(),
        placed_at: 1_800_000_000_000,
        delivery: None,
        smoke_test: false,
    }
}

fn stored() -> Value {
    let line = |id: &str| {
        json!({ "M": { "productId": { "S": id }, "quantity": { "N": "2" },
                       "price": { "N": "9.99" }, "currency": { "S": "EUR" },
                       "name": { "S": "Mug" } } })
    };
    json!({ "orderId": { "S": "abc" }, "userId": { "S": "ada" }, "total": { "N": "39.96" },
            "currency": { "S": "EUR" }, "orderDate": { "N": "1800000000000" },
            "status": { "S": "PLACED" }, "items": { "L": [line("p-1"), line("p-2")] } })
}

fn purchase() -> Purchase {
    let line = |id: &str| Line { product_id: id.into(), quantity: 2 };
    Purchase {
        user_id: "ada".into(),
        lines: vec![line("p-1"), line("p-2")],
        total_cents: 3_996,
        currency: "EUR".into(),
        delivery: None,
    }
}

fn cancelled(reasons: Value) -> (u16, Value) {
    let kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
    (400, json!({ "__type": kind, "Message": "cancelled", "CancellationReasons": reasons }))
}

#[tokio::test]
async fn an_order_and_its_stock_are_one_transaction_with_conditions() {
    let (tables, replay) = tables(&[(200, json!({}))]);
    assert_eq!(tables.place(&order()).await, Ok(Placement::Stored));

    let [(operation, body)] = sent(&replay).try_into().unwrap();
    assert_eq!(operation, "TransactWriteItems");
    let [put, update] = body["TransactItems"].as_array().unwrap().as_slice() else {
        panic!("the order, and the one product whose stock is counted");
    };
    assert_eq!(put["Put"]["Item"], stored());
    assert_eq!(put["Put"]["ConditionExpression"], "attribute_not_exists(orderId)");
    assert_eq!(put["Put"]["ReturnValuesOnConditionCheckFailure"], "ALL_OLD");
    let update = &update["Update"];
    assert_eq!(update["Key"], json!({ "productId": { "S": "p-1" } }));
    assert_eq!(update["UpdateExpression"], "SET #stock = #stock - :taken");
    assert_eq!(update["ConditionExpression"], "#stock >= :taken");
    assert_eq!(update["ExpressionAttributeValues"], json!({ ":taken": { "N": "2" } }));
}

#[tokio::test]
async fn a_delivery_is_stored_and_read_back_and_a_smoke_order_says_what_it_took() {
    let delivery = Delivery {
        name: "Ada".into(),
        street: "Main St 1".into(),
        postal_code: "12345".into(),
        city: "Berlin".into(),
        country: "DE".into(),
        note: Some("ring twice".into()),
    };
    let order = Order { delivery: Some(delivery.clone()), smoke_test: true, ..order() };
    let (tables, replay) = tables(&[(200, json!({})), (200, json!({}))]);
    tables.place(&order).await.unwrap();
    let item = sent(&replay)[0].1["TransactItems"][0]["Put"]["Item"].clone();
    assert_eq!(item["smokeTest"], json!({ "BOOL": true }));
    assert_eq!(item["stockTaken"], json!({ "M": { "p-1": { "N": "2" } } }));

    let (tables, _) = self::tables(&[(200, json!({ "Item": item }))]);
    let read = tables.order("abc").await.unwrap().unwrap();
    assert_eq!(read, Purchase { delivery: Some(delivery), ..purchase() });
}

#[tokio::test]
async fn an_order_that_is_there_is_never_overwritten_but_told() {
    let own = json!([
        { "Code": "ConditionalCheckFailed", "Item": stored() }, { "Code": "None" } ]);
    let (tables, _) = tables(&[cancelled(own)]);
    assert_eq!(tables.place(&order()).await, Ok(Placement::Exists(Box::new(purchase()))));

    // Also where its stock is gone by now, and where the answer lacks the item.
    let both = json!([
        { "Code": "ConditionalCheckFailed" }, { "Code": "ConditionalCheckFailed" } ]);
    let (tables, replay) = self::tables(&[cancelled(both), (200, json!({ "Item": stored() }))]);
    assert_eq!(tables.place(&order()).await, Ok(Placement::Exists(Box::new(purchase()))));
    let (operation, body) = sent(&replay).remove(1);
    assert_eq!((operation.as_str(), &body["ConsistentRead"]), ("GetItem", &json!(true)));
    assert_eq!(body["Key"], json!({ "orderId": { "S": "abc" } }));
}

#[tokio::test]
async fn a_cancelled_transaction_says_why() {
    let second = |code: &str| cancelled(json!([{ "Code": "None" }, { "Code": code }]));
    let (tables, _) = tables(&[
        second("ConditionalCheckFailed"),
        second("TransactionConflict"),
        second("ThrottlingError"),
        second("ValidationError"),
        cancelled(Value::Null),
    ]);
    assert_eq!(tables.place(&order()).await, Ok(Placement::OutOfStock));
    for later in ["TransactionConflict", "ThrottlingError"] {
        assert_eq!(tables.place(&order()).await, Err(StoreError::later(later)));
    }
    let failed = StoreError::Failed("ValidationError".into());
    assert_eq!(tables.place(&order()).await, Err(failed));
    let bare = StoreError::later("TransactionCanceledException");
    assert_eq!(tables.place(&order()).await, Err(bare));
}

#[tokio::test]
async fn errors_say_whether_the_order_may_be_stored() {
    let kind = |status, name: &str| {
        (status, json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{name}") }))
    };
    let (tables, replay) = tables(&[
        kind(400, "ProvisionedThroughputExceededException"),
        kind(400, "TransactionInProgressException"),
        kind(500, "InternalServerError"),
        kind(400, "AccessDeniedException"),
    ]);
    for code in ["ProvisionedThroughputExceededException", "TransactionInProgressException"] {
        assert_eq!(tables.place(&order()).await, Err(StoreError::later(code)));
    }
    let open = StoreError::Busy { code: "InternalServerError".into(), may_have_happened: true };
    assert_eq!(tables.place(&order()).await, Err(open));
    let denied = StoreError::Failed("AccessDeniedException".into());
    assert_eq!(tables.place(&order()).await, Err(denied));
    // Each call was sent once: repeating is left to the checkout.
    assert_eq!(sent(&replay).len(), 4);
}

#[tokio::test]
async fn unprocessed_keys_are_told_and_only_named_fields_are_read() {
    let item = json!({ "productId": { "S": "p-1" }, "price": { "N": "9.99" } });
    let left = json!({ "Products": { "Keys": [{ "productId": { "S": "p-2" } }] } });
    let (tables, replay) = tables(&[
        (200, json!({ "Responses": { "Products": [item] }, "UnprocessedKeys": left })),
        (200, json!({ "Responses": { "Products": [] }, "UnprocessedKeys": {} })),
    ]);
    let batch = tables.products(vec!["p-1".into(), "p-2".into()]).await.unwrap();
    assert_eq!((batch.items.len(), batch.unprocessed), (1, vec!["p-2".to_owned()]));
    let rest = tables.products(vec!["p-2".into()]).await.unwrap();
    assert!(rest.items.is_empty() && rest.unprocessed.is_empty());

    let (operation, body) = sent(&replay).remove(0);
    let asked = &body["RequestItems"]["Products"];
    assert_eq!((operation.as_str(), &asked["ConsistentRead"]), ("BatchGetItem", &json!(true)));
    let names = asked["ExpressionAttributeNames"].as_object().unwrap();
    assert!(names.values().any(|name| name == "stock"));
    assert!(!names.values().any(|name| name == "purchasePrice"));
    assert_eq!(asked["ProjectionExpression"].as_str().unwrap().split(", ").count(), names.len());
}
