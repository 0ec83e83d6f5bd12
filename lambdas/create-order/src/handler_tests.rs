//! The handler against tables made of answers: tampering, malformed input, partial batches, what is
//! stored.

use crate::handler::handle;
use crate::order::LARGEST_BODY;
use crate::store::{Batch, Item, Store};
use aws_sdk_dynamodb::types::AttributeValue;
use lambda_http::http::Method;
use lambda_http::{Body, Request, RequestExt};
use serde_json::{Value, json};
use shop_shared::cors::Origins;
use shop_shared::dynamo::StoreError;
use shop_shared::reply::Answer;
use std::collections::HashMap;
use std::sync::Mutex;

/// A catalogue that processes at most `per_call` keys at a time, and an order table that remembers.
struct Tables {
    prices: HashMap<&'static str, &'static str>,
    per_call: usize,
    asked: Mutex<Vec<Vec<String>>>,
    orders: Mutex<Vec<Item>>,
    refuses: Option<StoreError>,
}

fn tables() -> Tables {
    Tables {
        prices: HashMap::from([
            ("p-1", "9.99"),
            ("p-2", "129.9"),
            ("p-3", "1.005"),
            ("p-4", ""),
            ("p-5", "184467440737095516.15"),
        ]),
        per_call: 100,
        asked: Mutex::default(),
        orders: Mutex::default(),
        refuses: None,
    }
}

impl Store for Tables {
    async fn prices(&self, ids: Vec<String>) -> Result<Batch, StoreError> {
        self.asked.lock().unwrap().push(ids.clone());
        let now = ids.iter().take(self.per_call);
        let found =
            now.filter_map(|id| Some((id.clone(), (*self.prices.get(id.as_str())?).to_owned())));
        let unprocessed = ids.iter().skip(self.per_call).cloned().collect();
        Ok(Batch { prices: found.collect(), unprocessed })
    }

    async fn put(&self, order: Item) -> Result<(), StoreError> {
        if let Some(error) = &self.refuses {
            return Err(error.clone());
        }
        self.orders.lock().unwrap().push(order);
        Ok(())
    }
}

fn request(body: impl Into<Body>, headers: &[(&'static str, &str)]) -> Request {
    let (mut parts, body) = Request::new(body.into()).with_raw_http_path("/orders").into_parts();
    parts.method = Method::POST;
    for (name, value) in headers {
        parts.headers.insert(*name, value.parse().unwrap());
    }
    Request::from_parts(parts, body)
}

async fn send(tables: &Tables, request: Request) -> Answer {
    handle(tables, &Origins::parse("https://shop.example"), &request).await
}

fn body(answer: &Answer) -> Value {
    let Body::Text(text) = answer.response.body() else { panic!("text expected") };
    serde_json::from_str(text).unwrap()
}

/// Status and code of the answer to a raw body; nothing may be stored unless it is a 201.
async fn verdict(raw: &str) -> (u16, String) {
    let tables = tables();
    let answer = send(&tables, request(raw, &[])).await;
    let status = answer.response.status().as_u16();
    assert_eq!(tables.orders.lock().unwrap().len(), usize::from(status == 201));
    let code = body(&answer)["error"]["code"].as_str().unwrap_or("Ok").to_owned();
    assert!(answer.log.contains(&format!("\"code\":\"{code}\"")), "{}", answer.log);
    (status, code)
}

fn order(items: &str, total: &str) -> String {
    format!(r#"{{"userId":"ada","items":{items},"total":{total}}}"#)
}

const TWO: &str = r#"[{"productId":"p-1","quantity":2}]"#;

#[tokio::test]
async fn stores_the_catalogues_prices_under_a_random_id() {
    let tables = tables();
    let items = r#"[{"productId":"p-1","quantity":2},{"productId":"p-2","quantity":1}]"#;
    let raw = order(items, "149.88");
    let answer = send(&tables, request(raw.as_str(), &[])).await;
    assert_eq!(answer.response.status(), 201);
    let again = send(&tables, request(raw.as_str(), &[])).await;
    let id = body(&answer)["orderId"].as_str().unwrap().to_owned();
    assert_eq!(id.len(), 32);
    assert_ne!(body(&again)["orderId"], id);
    let stored = tables.orders.lock().unwrap()[0].clone();
    let when = stored["orderDate"].as_n().unwrap().parse::<u64>().unwrap();
    assert!(when > 1_700_000_000_000);
    let json = shop_shared::attribute::item_to_json(&stored);
    assert_eq!(
        json,
        json!({ "orderId": id, "userId": "ada", "total": 149.88, "orderDate": when, "status": "PLACED", "items": [
            { "productId": "p-1", "quantity": 2, "price": 9.99 },
            { "productId": "p-2", "quantity": 1, "price": 129.9 } ] })
    );
    assert!(!answer.log.contains("ada") && !answer.log.contains(&id));
}

#[tokio::test]
async fn a_total_must_be_the_catalogues_to_the_cent() {
    for total in ["19.98", "19.980", "1998e-2", "1.998E+1", "19.980000000000000004"] {
        assert_eq!(verdict(&order(TWO, total)).await, (201, "Ok".into()), "{total}");
    }
    for total in
        ["0", "0.01", "19.97", "19.99", "19.981", "1e308", "1e-400", "9".repeat(300).as_str()]
    {
        assert_eq!(verdict(&order(TWO, total)).await, (400, "TotalMismatch".into()), "{total}");
    }
    for total in ["-19.98", "-0", "\"19.98\"", "null", "true", "[19.98]", "{}"] {
        assert_eq!(verdict(&order(TWO, total)).await, (400, "InvalidTotal".into()), "{total}");
    }
}

#[tokio::test]
async fn a_price_from_the_client_is_refused_not_ignored() {
    let items = r#"[{"productId":"p-1","quantity":2,"price":0.01}]"#;
    assert_eq!(verdict(&order(items, "0.02")).await, (400, "InvalidOrder".into()));
    let raw = r#"{"userId":"a","items":[{"productId":"p-1","quantity":2}],"total":19.98,"status":"PAID"}"#;
    assert_eq!(verdict(raw).await, (400, "InvalidOrder".into()));
    let twice =
        r#"{"userId":"a","items":[{"productId":"p-1","quantity":2}],"total":19.98,"total":1}"#;
    assert_eq!(verdict(twice).await, (400, "InvalidOrder".into()));
}

#[tokio::test]
async fn malformed_json_is_told_from_a_wrong_shape() {
    for raw in [
        "",
        "{",
        "null garbage",
        "{\"userId\":\"a\",}",
        "\u{0}",
        "{'userId':1}",
        &order(TWO, "NaN"),
    ] {
        assert_eq!(verdict(raw).await, (400, "MalformedJson".into()), "{raw}");
    }
    for raw in ["null", "[]", "{}", "1", r#"{"userId":1,"items":[],"total":1}"#] {
        assert_eq!(verdict(raw).await, (400, "InvalidOrder".into()), "{raw}");
    }
    let bytes = request(vec![b'"', 0xff, 0xfe, b'"'], &[]);
    assert_eq!(send(&tables(), bytes).await.response.status(), 400);
    assert_eq!(verdict(&"[".repeat(5_000)).await.0, 400);
}

#[tokio::test]
async fn quantities_products_and_users_have_limits() {
    for quantity in ["0", "100", "4294967295"] {
        let items = format!(r#"[{{"productId":"p-1","quantity":{quantity}}}]"#);
        assert_eq!(
            verdict(&order(&items, "1")).await,
            (400, "InvalidQuantity".into()),
            "{quantity}"
        );
    }
    for quantity in ["-1", "1.5", "\"2\"", "1e1", "4294967296", "1e308", "null"] {
        let items = format!(r#"[{{"productId":"p-1","quantity":{quantity}}}]"#);
        assert_eq!(verdict(&order(&items, "1")).await, (400, "InvalidOrder".into()), "{quantity}");
    }
    for id in ["", "p 1", "p/1", "é", "' OR 1=1", "x".repeat(65).as_str()] {
        let items = json!([{ "productId": id, "quantity": 1 }]).to_string();
        assert_eq!(verdict(&order(&items, "1")).await, (400, "InvalidProductId".into()), "{id}");
    }
    let twice = r#"[{"productId":"p-1","quantity":1},{"productId":"p-1","quantity":1}]"#;
    assert_eq!(verdict(&order(twice, "19.98")).await, (400, "DuplicateProduct".into()));
    assert_eq!(verdict(&order("[]", "0")).await, (400, "InvalidItems".into()));
    let many: Vec<Value> =
        (0..51).map(|n| json!({ "productId": format!("q-{n}"), "quantity": 1 })).collect();
    assert_eq!(verdict(&order(&json!(many).to_string(), "0")).await, (400, "InvalidItems".into()));
    for user in [String::new(), "  ".into(), "a\nb".into(), "\u{7f}".into(), "x".repeat(129)] {
        let raw = json!({ "userId": user, "items": [{ "productId": "p-1", "quantity": 2 }], "total": 19.98 });
        assert_eq!(verdict(&raw.to_string()).await, (400, "InvalidUserId".into()));
    }
    let longest = json!({ "userId": "é".repeat(128), "items": [{ "productId": "p-1", "quantity": 2 }], "total": 19.98 });
    assert_eq!(verdict(&longest.to_string()).await.0, 201);
}

#[tokio::test]
async fn the_catalogue_decides_what_exists_and_a_bad_price_is_our_fault() {
    let items = |id: &str| json!([{ "productId": id, "quantity": 2 }]).to_string();
    assert_eq!(verdict(&order(&items("p-9"), "1")).await, (400, "UnknownProduct".into()));
    for id in ["p-3", "p-4", "p-5"] {
        assert_eq!(
            verdict(&order(&items(id), "2.01")).await,
            (500, "InternalError".into()),
            "{id}"
        );
    }
}

#[tokio::test]
async fn a_large_body_is_a_413_whoever_says_so() {
    let fits =
        format!("{}{}", order(TWO, "19.98"), " ".repeat(LARGEST_BODY - order(TWO, "19.98").len()));
    assert_eq!(verdict(&fits).await.0, 201);
    assert_eq!(verdict(&format!("{fits} ")).await, (413, "PayloadTooLarge".into()));
    let declared = request(order(TWO, "19.98"), &[("content-length", "20000")]);
    assert_eq!(send(&tables(), declared).await.response.status(), 413);
}

#[tokio::test(flavor = "current_thread")]
async fn unprocessed_keys_are_asked_for_again_and_not_for_ever() {
    let some = Tables { per_call: 1, ..tables() };
    let items = r#"[{"productId":"p-1","quantity":1},{"productId":"p-2","quantity":1}]"#;
    let answer = send(&some, request(order(items, "139.89"), &[])).await;
    assert_eq!(answer.response.status(), 201);
    assert_eq!(*some.asked.lock().unwrap(), [vec!["p-1", "p-2"], vec!["p-2"]]);
    let never = Tables { per_call: 0, ..tables() };
    let answer = send(&never, request(order(items, "139.89"), &[])).await;
    assert_eq!(answer.response.status(), 503);
    assert_eq!(answer.response.headers()["retry-after"], "1");
    assert_eq!(never.asked.lock().unwrap().len(), 5);
}

#[tokio::test]
async fn a_refused_put_is_an_error_and_keeps_its_words_inside() {
    let busy = Tables { refuses: Some(StoreError::Busy("ThrottlingException".into())), ..tables() };
    assert_eq!(send(&busy, request(order(TWO, "19.98"), &[])).await.response.status(), 503);
    let words = StoreError::Failed("AccessDeniedException".into());
    let denied = Tables { refuses: Some(words), ..tables() };
    let answer = send(&denied, request(order(TWO, "19.98"), &[])).await;
    assert_eq!(answer.response.status(), 500);
    assert!(!body(&answer).to_string().contains("Denied") && answer.log.contains("AccessDenied"));
}

#[tokio::test]
async fn only_the_smoke_header_marks_an_order_and_cors_is_on_errors_too() {
    for (value, marked) in [("1", true), ("0", false), ("true", false)] {
        let tables = tables();
        let asked = request(order(TWO, "19.98"), &[("x-shopstack-smoke", value)]);
        assert_eq!(send(&tables, asked).await.response.status(), 201);
        let mark = tables.orders.lock().unwrap()[0].get("smokeTest").cloned();
        assert_eq!(mark, marked.then_some(AttributeValue::Bool(true)));
    }
    let answer = send(&tables(), request("{", &[("origin", "https://shop.example")])).await;
    assert_eq!(answer.response.headers()["access-control-allow-origin"], "https://shop.example");
    let answer = send(&tables(), request("{", &[("origin", "https://evil.example")])).await;
    assert!(answer.response.headers().get("access-control-allow-origin").is_none());
    let wrong = Request::new(Body::Empty).with_raw_http_path("/orders");
    assert_eq!(send(&tables(), wrong).await.response.headers()["allow"], "POST");
}
