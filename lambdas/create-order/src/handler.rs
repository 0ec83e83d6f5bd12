//! Takes an order: checks it, prices it from the catalogue, stores it under an id that nobody can
//! guess.

use crate::money::decimal;
use crate::order::{Draft, read};
use crate::prices::{PricedLine, priced};
use crate::store::{Item, Store};
use aws_sdk_dynamodb::types::AttributeValue;
use lambda_http::Request;
use lambda_http::http::{Method, StatusCode};
use serde_json::json;
use shop_shared::cors::Origins;
use shop_shared::reply::{Answer, Failure, Success, Visit, route};
use std::collections::HashMap;
use std::fmt::Write;
use std::time::{SystemTime, UNIX_EPOCH};

/// `1` marks the order of a smoke test, so that it can be told apart and removed. It gives no other
/// right.
const SMOKE_HEADER: &str = "x-shopstack-smoke";

/// Answers one request. Every failure is an answer too.
pub async fn handle(store: &impl Store, origins: &Origins, request: &Request) -> Answer {
    let visit = Visit::begin(request);
    let outcome = create(store, request).await;
    visit.end(origins, outcome)
}

async fn create(store: &impl Store, request: &Request) -> Result<Success, Failure> {
    route(request, "orders", &Method::POST, "POST")?;
    let draft = read(request)?;
    let (lines, total) = priced(store, &draft).await?;
    let id = new_id()?;
    let mut order = record(&draft, &lines, total, &id)?;
    if request.headers().get(SMOKE_HEADER).is_some_and(|value| value == "1") {
        order.insert("smokeTest".to_owned(), AttributeValue::Bool(true));
    }
    store.put(order).await?;
    Ok(Success { status: StatusCode::CREATED, body: json!({ "orderId": id }).to_string() })
}

/// 128 bits of the operating system's randomness, as 32 hexadecimal digits.
fn new_id() -> Result<String, Failure> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|_| Failure::internal("no randomness"))?;
    let mut id = String::with_capacity(32);
    for byte in bytes {
        write!(id, "{byte:02x}").map_err(|_| Failure::internal("no memory"))?;
    }
    Ok(id)
}

fn record(draft: &Draft, lines: &[PricedLine<'_>], total: u64, id: &str) -> Result<Item, Failure> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_err(|_| Failure::internal("the clock is before 1970"))?.as_millis();
    let text = |value: &str| AttributeValue::S(value.to_owned());
    let sold = lines.iter().map(|priced| {
        AttributeValue::M(HashMap::from([
            ("productId".to_owned(), text(&priced.line.product_id)),
            ("quantity".to_owned(), AttributeValue::N(priced.line.quantity.to_string())),
            ("price".to_owned(), AttributeValue::N(decimal(priced.cents))),
        ]))
    });
    Ok(HashMap::from([
        ("orderId".to_owned(), text(id)),
        ("userId".to_owned(), text(&draft.user_id)),
        ("items".to_owned(), AttributeValue::L(sold.collect())),
        ("total".to_owned(), AttributeValue::N(decimal(total))),
        ("orderDate".to_owned(), AttributeValue::N(now.to_string())),
        ("status".to_owned(), text("PLACED")),
    ]))
}
