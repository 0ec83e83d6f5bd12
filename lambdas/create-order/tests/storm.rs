//! The order storm: many clients with keys and retries order products of which there are few, at a
//! DynamoDB that throttles, and whose answers get lost after they took effect. Each acknowledged
//! order must be stored once, none twice, none half, and nothing oversold.
//!
//! Small by default; whole with `SHOPSTACK_SOAK=1`. `SHOPSTACK_TEST_ENDPOINT` names the DynamoDB.

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

#[path = "storm/weather.rs"]
mod weather;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType,
    ScalarAttributeType,
};
use create_order::dynamo::Dynamo;
use create_order::handler::{Settings, handle, service};
use lambda_http::http::Method;
use lambda_http::{Body, Request, RequestExt};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Instant;
use weather::Weather;

type Item = HashMap<String, AttributeValue>;

const PRODUCTS: usize = 40;
/// Sends of one order at most; more means that the shop does not settle.
const MOST_SENDS: usize = 50;

struct Size {
    orders: usize,
    clients: usize,
    /// Pieces of each product: about half of what is asked for.
    stock: u64,
}

fn size() -> Size {
    if std::env::var("SHOPSTACK_SOAK").is_ok_and(|soak| soak == "1") {
        Size { orders: 10_000, clients: 64, stock: 500 }
    } else {
        Size { orders: 400, clients: 16, stock: 20 }
    }
}

/// The outcomes that one client saw.
#[derive(Default)]
struct Seen {
    /// Order ids that were acknowledged, with the order.
    placed: BTreeMap<String, Value>,
    refused: usize,
    sends: usize,
    repeats: usize,
    reused: usize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_acknowledged_order_is_stored_once_and_nothing_is_oversold() {
    let Ok(endpoint) = std::env::var("SHOPSTACK_TEST_ENDPOINT") else {
        assert!(std::env::var_os("SHOPSTACK_TEST_REQUIRED").is_none(), "no endpoint is named");
        eprintln!("SKIPPED: the order storm needs SHOPSTACK_TEST_ENDPOINT; tests/tools/run.sh");
        return;
    };
    let size = size();
    let calm = Client::from_conf(weather::config(&endpoint).build());
    let name = |table: &str| format!("storm-{}-{table}", std::process::id());
    let (products, orders) = (name("Products"), name("Orders"));
    create(&calm, &products, "productId").await;
    create(&calm, &orders, "orderId").await;
    fill(&calm, &products, size.stock).await;

    let weather = Weather::new();
    let rough = Client::from_conf(weather.config(&endpoint).build());
    let shop =
        Arc::new(Dynamo { client: rough, products: products.clone(), orders: orders.clone() });
    let begin = Instant::now();
    let clients = (0..size.clients).map(|client| {
        let one_more = usize::from(client < size.orders % size.clients);
        let (shop, count) = (shop.clone(), size.orders / size.clients + one_more);
        tokio::spawn(async move { shopping(&shop, client, count).await })
    });
    let mut seen = Seen::default();
    for client in clients.collect::<Vec<_>>() {
        let one = client.await.unwrap();
        seen.placed.extend(one.placed);
        seen.refused += one.refused;
        seen.sends += one.sends;
        seen.repeats += one.repeats;
        seen.reused += one.reused;
    }
    let elapsed = begin.elapsed();

    let stored = scan(&calm, &orders).await;
    check_orders(&stored, &seen);
    let sold = check_stock(&stored, &scan(&calm, &products).await, size.stock);
    assert!(seen.refused > 0 && weather.lost() > 0 && weather.throttled() > 0);
    println!(
        "order storm: {} clients, {} orders asked for in {} sends: {} stored, {} out of stock, {} \
         pieces sold; {} repeated after a 201, {} keys reused and refused; {} answers lost after \
         they took effect, {} calls throttled, of {}; {:.1} s",
        size.clients,
        size.orders,
        seen.sends,
        stored.len(),
        seen.refused,
        sold,
        seen.repeats,
        seen.reused,
        weather.lost(),
        weather.throttled(),
        weather.calls(),
        elapsed.as_secs_f64()
    );

    for table in [&products, &orders] {
        calm.delete_table().table_name(table).send().await.unwrap();
    }
}

/// Places one client's orders, one after the other; each is sent until it has a final answer.
async fn shopping(shop: &Dynamo, client: usize, count: usize) -> Seen {
    let settings =
        Settings { service: service(), currency: "EUR".into(), smoke_secret: String::new() };
    let mut seen = Seen::default();
    for number in 0..count {
        let key = format!("client-{client}-order-{number}");
        let order = an_order(client);
        let placed = send(shop, &settings, &mut seen, &order, &key).await;
        let Some(id) = placed else { continue };

        // A customer whose browser lost the answer asks again; another sends something else.
        if fastrand::u8(0..100) < 10 {
            seen.repeats += 1;
            assert_eq!(send(shop, &settings, &mut seen, &order, &key).await, Some(id.clone()));
        }
        if fastrand::u8(0..100) < 3 {
            seen.reused += 1;
            let mut other = order.clone();
            other["items"][0]["quantity"] = json!(99);
            assert_eq!(until_final(shop, &settings, &mut seen, &other, &key).await.0, 422);
        }
        assert!(seen.placed.insert(id, order).is_none(), "an id was given twice");
    }
    seen
}

/// Sends an order until it is stored or refused; the id of a stored one.
async fn send(
    shop: &Dynamo,
    settings: &Settings,
    seen: &mut Seen,
    order: &Value,
    key: &str,
) -> Option<String> {
    let (status, body) = until_final(shop, settings, seen, order, key).await;
    match status {
        201 => body["orderId"].as_str().map(str::to_owned),
        409 => {
            assert_eq!(body["error"]["code"], "OutOfStock", "{body}");
            seen.refused += 1;
            None
        }
        _ => panic!("{status}: {body}"),
    }
}

async fn until_final(
    shop: &Dynamo,
    settings: &Settings,
    seen: &mut Seen,
    order: &Value,
    key: &str,
) -> (u16, Value) {
    for _ in 0..MOST_SENDS {
        seen.sends += 1;
        let (mut parts, body) =
            Request::new(Body::Text(order.to_string())).with_raw_http_path("/orders").into_parts();
        parts.method = Method::POST;
        parts.headers.insert("content-type", "application/json".parse().unwrap());
        parts.headers.insert("idempotency-key", key.parse().unwrap());
        let request = Request::from_parts(parts, body);

        let answer = handle(shop, settings, &request).await;
        let status = answer.response.status().as_u16();
        let Body::Text(text) = answer.response.body() else { panic!("text expected") };
        if status != 503 {
            return (status, serde_json::from_str(text).unwrap());
        }
    }
    panic!("no final answer after {MOST_SENDS} sends");
}

/// An order of one to three products, one to three of each.
fn an_order(client: usize) -> Value {
    let mut ids = BTreeSet::new();
    for _ in 0..fastrand::usize(1..=3) {
        ids.insert(fastrand::usize(0..PRODUCTS));
    }
    let mut cents = 0;
    let items: Vec<Value> = ids
        .into_iter()
        .map(|id| {
            let quantity = fastrand::u64(1..=3);
            cents += quantity * price(id);
            json!({ "productId": format!("p-{id}"), "quantity": quantity })
        })
        .collect();
    let total: Value =
        serde_json::from_str(&format!("{}.{:02}", cents / 100, cents % 100)).unwrap();
    json!({ "userId": format!("user-{client}"), "items": items, "total": total })
}

fn price(id: usize) -> u64 {
    999 + 101 * u64::try_from(id).unwrap()
}

fn number(item: &Item, name: &str) -> f64 {
    item[name].as_n().unwrap().parse().unwrap()
}

fn text<'a>(item: &'a Item, name: &str) -> &'a str {
    item[name].as_s().unwrap()
}

/// Stored and acknowledged orders are the same, each whole and with the total of its lines.
fn check_orders(stored: &[Item], seen: &Seen) {
    let ids: BTreeSet<&str> = stored.iter().map(|order| text(order, "orderId")).collect();
    assert_eq!(ids.len(), stored.len());
    let acknowledged: BTreeSet<&str> = seen.placed.keys().map(String::as_str).collect();
    assert_eq!(ids, acknowledged);

    for order in stored {
        let asked = &seen.placed[text(order, "orderId")];
        assert_eq!(text(order, "userId"), asked["userId"].as_str().unwrap());
        let lines = order["items"].as_l().unwrap();
        assert_eq!(lines.len(), asked["items"].as_array().unwrap().len());
        let sum: f64 = lines
            .iter()
            .map(|line| line.as_m().unwrap())
            .map(|line| number(line, "price") * number(line, "quantity"))
            .sum();
        assert!((sum - number(order, "total")).abs() < 0.001);
        assert_eq!(text(order, "status"), "PLACED");
    }
}

/// Checks that of each product the pieces left and sold add up to the stock. Returns the pieces
/// sold.
fn check_stock(stored: &[Item], products: &[Item], stock: u64) -> u64 {
    let mut sold: HashMap<&str, u64> = HashMap::new();
    for line in stored.iter().flat_map(|order| order["items"].as_l().unwrap()) {
        let line = line.as_m().unwrap();
        *sold.entry(text(line, "productId")).or_default() += number(line, "quantity") as u64;
    }
    assert_eq!(products.len(), PRODUCTS);
    for product in products {
        let id = text(product, "productId");
        let left = number(product, "stock");
        assert!(left >= 0.0, "{id} is oversold");
        assert_eq!(left as u64 + sold.get(id).copied().unwrap_or_default(), stock, "{id}");
    }
    sold.values().sum()
}

async fn create(client: &Client, table: &str, key: &str) {
    let attribute = AttributeDefinition::builder()
        .attribute_name(key)
        .attribute_type(ScalarAttributeType::S)
        .build()
        .unwrap();
    let schema =
        KeySchemaElement::builder().attribute_name(key).key_type(KeyType::Hash).build().unwrap();
    client
        .create_table()
        .table_name(table)
        .attribute_definitions(attribute)
        .key_schema(schema)
        .billing_mode(BillingMode::PayPerRequest)
        .send()
        .await
        .unwrap();
    loop {
        let table = client.describe_table().table_name(table).send().await.unwrap().table.unwrap();
        if table.table_status.is_some_and(|status| status.as_str() == "ACTIVE") {
            return;
        }
        tokio::task::yield_now().await;
    }
}

async fn fill(client: &Client, table: &str, stock: u64) {
    for id in 0..PRODUCTS {
        let cents = price(id);
        client
            .put_item()
            .table_name(table)
            .item("productId", AttributeValue::S(format!("p-{id}")))
            .item("name", AttributeValue::S(format!("Product {id}")))
            .item("price", AttributeValue::N(format!("{}.{:02}", cents / 100, cents % 100)))
            .item("stock", AttributeValue::N(stock.to_string()))
            .send()
            .await
            .unwrap();
    }
}

async fn scan(client: &Client, table: &str) -> Vec<Item> {
    let pages = client.scan().table_name(table).consistent_read(true).into_paginator();
    pages.items().send().collect::<Result<Vec<_>, _>>().await.unwrap()
}
