//! A whole shop on one loopback port, good or with one fault, and the backend that looks into its
//! tables and logs.

use super::answers_tests::respond;
use crate::model::CloudError;
use crate::smoke::{Backend, LogPage};
use async_trait::async_trait;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The shop lives in the past: only a test that takes the time from the server finds its log lines.
pub const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
pub const NOW_MS: i64 = 784_111_777_000;
pub const API_LOG: &str = "/aws/apigateway/shop";
pub const LIST_LOG: &str = "/aws/lambda/list";
pub const ORDER_LOG: &str = "/aws/lambda/order";
pub const WAF_LOG: &str = "aws-waf-logs-shop";

/// The one thing that is wrong with the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    SiteDown,
    SiteNotHtml,
    SiteWithout(&'static str),
    SiteConnectsAnywhere,
    SiteOfAnotherApi,
    StaleConfig,
    OpenBucket,
    HealthFails,
    ProductMissing,
    ProductForeign,
    ProductPrice,
    ProductsFail,
    PreflightFails,
    PreflightForAll,
    PreflightEchoes,
    PreflightForNobody,
    PreflightWithoutMethod,
    PreflightWithoutHeader,
    ReadingEchoes,
    ReadingForNobody,
    OrderRefused,
    OrderNotStored,
    OrderTotal,
    OrderStatus,
    OrderItems,
    OrderUser,
    OrderUnmarked,
    OrderUnanswered,
    DeleteFails,
    DeleteDoesNothing,
    PriceAccepted,
    MalformedAccepted,
    MalformedCrashes,
    RefusedWithoutCode,
    KeyForgotten,
    KeyGoodForAnother,
    UnknownAccepted,
    OversoldAccepted,
    OversoldTaken,
    MarkupEscaped,
    MarkupAsPage,
    MarkupSniffed,
    TestProductForAll,
    TestProductHidden,
    TestProductStays,
    SqlPasses,
    ScriptPasses,
    FirewallStopsAll,
    FirewallStopsOrders,
    FunctionSilent,
    ApiSilent,
    WafSilent,
    ManifestServed,
}

/// State and address of one shop.
pub struct Shop {
    pub fault: Fault,
    pub port: u16,
    pub products: Mutex<Vec<Value>>,
    pub orders: Mutex<BTreeMap<String, Value>>,
    /// Key, body and order id of each order that came with a key.
    pub keys: Mutex<Vec<(String, String, String)>>,
    pub deleted: Mutex<Vec<String>>,
    /// Group, epoch milliseconds, line.
    pub logs: Mutex<Vec<(String, i64, String)>>,
    /// Requests that are still answered with 503.
    pub stumbles: AtomicUsize,
    pub served: AtomicUsize,
    pub counted: AtomicUsize,
    pub agents: Mutex<Vec<String>>,
    /// The group of each page of log lines that was asked for.
    pub log_pages: Mutex<Vec<String>>,
    /// Where the first page sends its visitors instead of answering.
    pub redirect: Mutex<Option<String>>,
}

/// One request as read from the wire; header names in lower case.
pub struct Request {
    pub method: String,
    pub path: String,
    pub query: String,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Shop {
    /// Opens for business on a free loopback port; closes with the test's runtime.
    pub async fn open(fault: Fault) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let old = [API_LOG, LIST_LOG, ORDER_LOG, WAF_LOG]
            .map(|group| (group.to_string(), NOW_MS - 60_000, "old".into()));
        let shop = Arc::new(Self {
            fault,
            port: listener.local_addr().unwrap().port(),
            products: Mutex::new(vec![
                json!({"productId": "p-2", "name": "Lamp", "price": 129.99,
                       "stock": 14, "tags": ["a", {"b": 1}]}),
                json!({"productId": "p-1", "name": "Mug", "price": 18.5, "stock": 48}),
                json!({"productId": "p-0", "name": "Sold out", "price": 5, "stock": 0}),
            ]),
            orders: Mutex::new(BTreeMap::from([(
                "real".into(),
                json!({"orderId": "real", "userId": "smoke-test"}),
            )])),
            keys: Mutex::default(),
            deleted: Mutex::default(),
            logs: Mutex::new(old.to_vec()),
            stumbles: AtomicUsize::new(0),
            served: AtomicUsize::new(0),
            counted: AtomicUsize::new(0),
            agents: Mutex::default(),
            log_pages: Mutex::default(),
            redirect: Mutex::default(),
        });
        let keeper = shop.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(keeper.clone(), stream));
            }
        });
        shop
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub fn site(&self) -> String {
        format!("http://d1.cloudfront.localhost:{}", self.port)
    }

    pub fn log(&self, group: &str, line: String) {
        self.logs.lock().unwrap().push((group.into(), NOW_MS, line));
    }
}

async fn serve(shop: Arc<Shop>, mut stream: TcpStream) {
    let Some(request) = read(&mut stream).await else {
        return;
    };
    let number = shop.served.fetch_add(1, Ordering::SeqCst);
    shop.agents
        .lock()
        .unwrap()
        .push(request.headers.get("user-agent").cloned().unwrap_or_default());
    let stumbles = shop
        .stumbles
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
        .is_ok();
    let answer = if stumbles {
        Some((503, Vec::new(), "warming up".to_string()))
    } else {
        respond(&shop, &request)
    };
    // No answer at all: the connection is cut after the work was done.
    let Some((status, headers, body)) = answer else {
        return;
    };
    let mut text =
        format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n", body.len());
    text += &format!("date: {DATE}\r\nx-amzn-requestid: req-{number}\r\n");
    if request.path.starts_with("/v1/") && shop.fault != Fault::ApiSilent && !stumbles {
        shop.log(API_LOG, format!("{{\"requestId\":\"req-{number}\"}}"));
    }
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    let _ = stream.write_all(format!("{text}\r\n{body}").as_bytes()).await;
}

async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let mut chunk = [0_u8; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let mut lines = head.lines();
            let mut first = lines.next()?.split(' ');
            let pairs = lines.filter_map(|line| line.split_once(": "));
            let headers: BTreeMap<_, _> =
                pairs.map(|(name, value)| (name.to_lowercase(), value.to_string())).collect();
            let length: usize =
                headers.get("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
            if body.len() >= length {
                let (method, target) = (first.next()?.to_string(), first.next()?);
                let (path, query) = target.split_once('?').unwrap_or((target, ""));
                return Some(Request {
                    method,
                    path: path.into(),
                    query: query.into(),
                    headers,
                    body: body.into(),
                });
            }
        }
        match stream.read(&mut chunk).await {
            Ok(count) if count > 0 => bytes.extend_from_slice(&chunk[..count]),
            _ => return None,
        }
    }
}

#[async_trait]
impl Backend for Shop {
    async fn items(&self, table: &str) -> Result<Vec<Value>, CloudError> {
        match table {
            "shop-Products" => Ok(self.products.lock().unwrap().clone()),
            "shop-Orders" => Ok(self.orders.lock().unwrap().values().cloned().collect()),
            other => panic!("no table {other}"),
        }
    }

    async fn item(&self, table: &str, key: &Value) -> Result<Option<Value>, CloudError> {
        if table == "shop-Products" {
            let products = self.products.lock().unwrap();
            return Ok(products.iter().find(|p| p["productId"] == key["productId"]).cloned());
        }
        assert_eq!(table, "shop-Orders");
        Ok(self.orders.lock().unwrap().get(key["orderId"].as_str().unwrap()).cloned())
    }

    async fn remove_order(
        &self,
        table: &str,
        key: &Value,
        stock_of: &str,
        pieces: &BTreeMap<String, u64>,
    ) -> Result<(), CloudError> {
        assert_eq!((table, stock_of), ("shop-Orders", "shop-Products"));
        let id = key["orderId"].as_str().unwrap().to_string();
        if self.fault == Fault::DeleteFails {
            let kind = crate::model::ErrorKind::AccessDenied;
            return Err(CloudError::ours(
                kind,
                "not authorized to delete",
                "ask for dynamodb:DeleteItem",
            ));
        }
        self.deleted.lock().unwrap().push(id.clone());
        if self.fault != Fault::DeleteDoesNothing {
            self.orders.lock().unwrap().remove(&id);
            self.keys.lock().unwrap().retain(|(_, _, order)| *order != id);
            for product in self.products.lock().unwrap().iter_mut() {
                let back = pieces.get(product["productId"].as_str().unwrap_or_default());
                if let (Some(back), Some(stock)) = (back, product["stock"].as_u64()) {
                    product["stock"] = serde_json::json!(stock + back);
                }
            }
        }
        Ok(())
    }

    async fn put_test_product(&self, table: &str, item: &Value) -> Result<(), CloudError> {
        assert_eq!((table, &item["smokeTest"]), ("shop-Products", &json!(true)));
        self.products.lock().unwrap().push(item.clone());
        Ok(())
    }

    async fn remove_test_product(&self, table: &str, key: &Value) -> Result<(), CloudError> {
        assert_eq!(table, "shop-Products");
        let is_it = |p: &Value| p["productId"] == key["productId"];
        let mut products = self.products.lock().unwrap();
        assert!(products.iter().filter(|p| is_it(p)).all(|p| p["smokeTest"] == true));
        if self.fault != Fault::TestProductStays {
            products.retain(|p| !is_it(p));
        }
        Ok(())
    }

    /// Two lines a page; a token is how many lines were before it.
    async fn log_page(
        &self,
        _region: Option<&str>,
        group: &str,
        since_ms: i64,
        token: Option<&str>,
    ) -> Result<LogPage, CloudError> {
        self.log_pages.lock().unwrap().push(group.into());
        let logs = self.logs.lock().unwrap();
        let told = logs.iter().filter(|(name, at, _)| name == group && *at >= since_ms);
        let all: Vec<String> = told.map(|(_, _, line)| line.clone()).collect();
        let start: usize = token.map_or(0, |token| token.parse().unwrap());
        let lines: Vec<String> = all.iter().skip(start).take(2).cloned().collect();
        let next = (start + 2 < all.len()).then(|| (start + 2).to_string());
        Ok(LogPage { lines, next })
    }

    async fn log_text(&self, group: &str, since_ms: i64) -> Result<Vec<String>, CloudError> {
        let logs = self.logs.lock().unwrap();
        let hits = logs.iter().filter(|(name, at, _)| name == group && *at >= since_ms);
        Ok(hits.map(|(_, _, line)| line.clone()).collect())
    }

    fn count_request(&self) {
        self.counted.fetch_add(1, Ordering::SeqCst);
    }
}
