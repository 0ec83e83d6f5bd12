//! A shop in memory for the tests: a catalogue with stock and an order table, both changed together
//! or not at all, as DynamoDB does it; and requests to send to the handler.
#![allow(dead_code, reason = "each test file uses its own part")]

use create_order::handler::{Settings, handle, service};
use create_order::order::Line;
use create_order::store::{Batch, Order, Placement, Purchase, Store};
use lambda_http::http::Method;
use lambda_http::{Body, Request, RequestExt};
use serde_json::Value;
use shop_shared::cors::Origins;
use shop_shared::dynamo::StoreError;
use shop_shared::product::{Field, Fields};
use shop_shared::reply::{Answer, Service};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

pub const SECRET: &str = "a-secret-of-this-deployment";

/// The fate of one call to the order table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// Nothing.
    Passes,
    /// Refused before it took effect.
    Busy,
    /// It took effect, and its answer did not come.
    AnswerLost,
    /// It neither took effect nor was it answered.
    RequestLost,
    /// Refused for good.
    Denied,
    /// Between reading and writing, somebody else buys what is left of every product.
    SoldMeanwhile,
    /// Carried out, and answered so late that the caller no longer waits.
    Late,
}

#[derive(Default)]
pub struct State {
    pub products: BTreeMap<String, Fields>,
    pub orders: BTreeMap<String, Order>,
    /// Ids asked for, per call.
    pub asked: Vec<Vec<String>>,
    pub fates: VecDeque<Fate>,
    /// Writes of orders, refused ones included.
    pub attempts: usize,
}

/// The tables. `per_call` keys are processed at a time; `pauses` lets other tasks run.
pub struct Shop {
    pub state: Mutex<State>,
    pub per_call: usize,
    pub pauses: bool,
}

/// Price and stock by product id.
pub fn shop(products: &[(&str, &str, Option<u64>)]) -> Shop {
    let item = |(id, price, stock): &(&str, &str, Option<u64>)| {
        let mut item = Fields::from([
            ("productId".to_owned(), Field::Text((*id).to_owned())),
            ("name".to_owned(), Field::Text(format!("Name of {id}"))),
            ("price".to_owned(), Field::Number((*price).to_owned())),
        ]);
        if let Some(stock) = stock {
            item.insert("stock".to_owned(), Field::Number(stock.to_string()));
        }
        ((*id).to_owned(), item)
    };
    let state = State { products: products.iter().map(item).collect(), ..State::default() };
    Shop { state: Mutex::new(state), per_call: 100, pauses: false }
}

impl Shop {
    pub fn fated(self, fates: &[Fate]) -> Self {
        self.state.lock().unwrap().fates = fates.iter().cloned().collect();
        self
    }

    pub fn stock(&self, id: &str) -> Option<u64> {
        stock_of(self.state.lock().unwrap().products.get(id)?)
    }

    pub fn set(&self, id: &str, name: &str, field: Field) {
        let mut state = self.state.lock().unwrap();
        state.products.get_mut(id).unwrap().insert(name.to_owned(), field);
    }

    pub fn orders(&self) -> Vec<Order> {
        self.state.lock().unwrap().orders.values().cloned().collect()
    }

    /// A request that other tasks may overtake.
    async fn travel(&self) {
        if self.pauses {
            for _ in 0..fastrand::u8(0..4) {
                tokio::task::yield_now().await;
            }
        }
    }
}

fn stock_of(item: &Fields) -> Option<u64> {
    match item.get("stock") {
        Some(Field::Number(text)) => text.parse().ok(),
        _ => None,
    }
}

fn set_stock(item: &mut Fields, stock: u64) {
    item.insert("stock".to_owned(), Field::Number(stock.to_string()));
}

impl State {
    /// The transaction: all of its conditions first, then all of its changes.
    fn apply(&mut self, order: &Order) -> Placement {
        self.attempts += 1;
        if let Some(existing) = self.orders.get(&order.id) {
            return Placement::Exists(Box::new(purchase(existing)));
        }
        let lines = || order.lines.iter().filter(|line| line.takes_stock);
        let enough = lines().all(|line| {
            let stock = self.products.get(&line.product_id).and_then(stock_of);
            stock.is_some_and(|stock| stock >= u64::from(line.quantity))
        });
        if !enough {
            return Placement::OutOfStock;
        }
        for line in lines() {
            let item = self.products.get_mut(&line.product_id).unwrap();
            let left = stock_of(item).unwrap() - u64::from(line.quantity);
            set_stock(item, left);
        }
        self.orders.insert(order.id.clone(), order.clone());
        Placement::Stored
    }
}

pub fn purchase(order: &Order) -> Purchase {
    let line = |line: &create_order::store::PricedLine| Line {
        product_id: line.product_id.clone(),
        quantity: line.quantity,
    };
    Purchase {
        user_id: order.user_id.clone(),
        lines: order.lines.iter().map(line).collect(),
        total_cents: order.total_cents,
        currency: order.currency.clone(),
        delivery: order.delivery.clone(),
    }
}

fn lost() -> StoreError {
    StoreError::Busy { code: "timeout".into(), may_have_happened: true }
}

impl Store for Shop {
    async fn products(&self, ids: Vec<String>) -> Result<Batch, StoreError> {
        self.travel().await;
        let mut state = self.state.lock().unwrap();
        state.asked.push(ids.clone());
        let now = ids.iter().take(self.per_call);
        Ok(Batch {
            items: now.filter_map(|id| state.products.get(id).cloned()).collect(),
            unprocessed: ids.iter().skip(self.per_call).cloned().collect(),
        })
    }

    async fn place(&self, order: &Order) -> Result<Placement, StoreError> {
        self.travel().await;
        let fate = {
            let mut state = self.state.lock().unwrap();
            let fate = state.fates.pop_front().unwrap_or(Fate::Passes);
            match fate {
                Fate::Passes => return Ok(state.apply(order)),
                Fate::Busy => return Err(StoreError::later("TransactionConflict")),
                Fate::AnswerLost => {
                    state.apply(order);
                    return Err(lost());
                }
                Fate::RequestLost => return Err(lost()),
                Fate::Denied => return Err(StoreError::Failed("AccessDeniedException".into())),
                Fate::SoldMeanwhile => {
                    for item in state.products.values_mut() {
                        set_stock(item, 0);
                    }
                    return Ok(state.apply(order));
                }
                Fate::Late => state.apply(order),
            }
        };
        std::future::pending::<()>().await;
        Ok(fate)
    }

    async fn order(&self, id: &str) -> Result<Option<Purchase>, StoreError> {
        self.travel().await;
        Ok(self.state.lock().unwrap().orders.get(id).map(purchase))
    }
}

pub fn settings() -> Settings {
    let service = Service { origins: Origins::parse("https://shop.example"), ..service() };
    Settings { service, currency: "EUR".into(), smoke_secret: SECRET.into() }
}

/// A request with JSON's content type, unless the headers name another.
pub fn request(body: impl Into<Body>, headers: &[(&str, &str)]) -> Request {
    let (mut parts, body) = Request::new(body.into()).with_raw_http_path("/orders").into_parts();
    parts.method = Method::POST;
    parts.headers.insert("content-type", "application/json".parse().unwrap());
    for (name, value) in headers {
        let name: lambda_http::http::HeaderName = name.parse().unwrap();
        parts.headers.insert(name, value.parse().unwrap());
    }
    Request::from_parts(parts, body)
}

pub async fn send(shop: &Shop, body: impl Into<Body>, headers: &[(&str, &str)]) -> Answer {
    handle(shop, &settings(), &request(body, headers)).await
}

pub fn status(answer: &Answer) -> u16 {
    answer.response.status().as_u16()
}

pub fn body(answer: &Answer) -> Value {
    let Body::Text(text) = answer.response.body() else { panic!("text expected") };
    serde_json::from_str(text).unwrap()
}

/// The API's description names every code that is sent.
const OPENAPI: &str = include_str!("../../../openapi.yaml");

/// Status, code and field of an answer, whose status and code must be described.
pub fn verdict(answer: &Answer) -> (u16, String, String) {
    let error = &body(answer)["error"];
    let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
    let (status, code) = (status(answer), text("code"));
    let described = |line: String| OPENAPI.lines().any(|other| other.trim().starts_with(&line));
    assert!(code.is_empty() || described(format!("- {code}")), "{code}");
    assert!([404, 405].contains(&status) || described(format!("\"{status}\":")), "{status}");
    (status, code, text("field"))
}

pub fn order_id(answer: &Answer) -> String {
    assert_eq!(status(answer), 201, "{:?}", answer);
    body(answer)["orderId"].as_str().unwrap().to_owned()
}
