//! The site with an API of its own on one loopback port, so that a test can have any answer: prices
//! and stock that change, refusals, lost, late and damaged answers.

use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What the site's own distribution sends, with the API on the same origin.
const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    font-src 'self'; manifest-src 'self'; connect-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// How one request is answered.
#[derive(Clone, Debug)]
pub enum Fault {
    /// This status with the contract's error; seconds of Retry-After where not 0.
    Refusal { status: u16, code: &'static str, field: &'static str, retry_after: u32 },
    /// An order is stored, or the list read, and the connection ends without an answer.
    Cut,
    /// The same with an answer that nobody can read.
    Garbled,
    /// The same with the answer after these seconds.
    Late(u64),
}

pub fn refusal(status: u16, code: &'static str) -> Fault {
    Fault::Refusal { status, code, field: "", retry_after: 0 }
}

#[derive(Default)]
struct State {
    products: Vec<Value>,
    /// How the next requests of each kind are answered; after that as they should be.
    catalogue: VecDeque<Fault>,
    ordering: VecDeque<Fault>,
    /// Orders stored, by key.
    orders: BTreeMap<String, Value>,
    /// Keys in the order in which they were sent.
    keys: Vec<String>,
}

#[derive(Clone)]
pub struct ShopServer {
    pub url: String,
    state: Arc<Mutex<State>>,
}

struct Request {
    method: String,
    path: String,
    key: String,
    body: Vec<u8>,
}

impl ShopServer {
    /// Serves the site's folder with these products until the test's runtime ends.
    pub async fn start(products: Vec<Value>) -> ShopServer {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = ShopServer { url, state: Arc::default() };
        server.sell(products);
        let shared = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = shared.clone();
                tokio::spawn(async move { server.serve(stream).await });
            }
        });
        server
    }

    /// The products from now on.
    pub fn sell(&self, products: Vec<Value>) {
        self.state.lock().unwrap().products = products;
    }

    pub fn fail_catalogue(&self, faults: impl IntoIterator<Item = Fault>) {
        self.state.lock().unwrap().catalogue = faults.into_iter().collect();
    }

    pub fn fail_orders(&self, faults: impl IntoIterator<Item = Fault>) {
        self.state.lock().unwrap().ordering = faults.into_iter().collect();
    }

    /// The orders stored since the last call, and the keys of all requests that asked for them.
    pub fn take_orders(&self) -> (Vec<Value>, Vec<String>) {
        let mut state = self.state.lock().unwrap();
        let orders = std::mem::take(&mut state.orders).into_values().collect();
        (orders, std::mem::take(&mut state.keys))
    }

    /// Requests for an order that have come in since the last `take_orders`.
    pub fn asked(&self) -> usize {
        self.state.lock().unwrap().keys.len()
    }

    /// One request a connection: Chromium itself repeats a request that is cut off on a connection
    /// which it has used before, and would hide the fault from the page.
    async fn serve(&self, stream: TcpStream) {
        let mut stream = BufReader::new(stream);
        let Some(request) = read_request(&mut stream).await else { return };
        if let Some(answer) = self.answer(&request).await {
            let _ = stream.get_mut().write_all(&answer).await;
            let _ = stream.get_mut().shutdown().await;
        }
    }

    /// The whole answer; `None` ends the connection.
    async fn answer(&self, request: &Request) -> Option<Vec<u8>> {
        let (good, fault) = match (request.method.as_str(), request.path.as_str()) {
            (_, "/config.json") => (http(200, &json!({"apiUrl": "/api"}), 0), None),
            ("GET", "/api/products") => {
                let mut state = self.state.lock().unwrap();
                (http(200, &json!(state.products), 0), state.catalogue.pop_front())
            }
            ("POST", "/api/orders") => self.order(request),
            (_, path) => (file(path), None),
        };
        match fault {
            None => Some(good),
            Some(Fault::Refusal { status, code, field, retry_after }) => {
                let error = json!({"code": code, "message": "In words.", "field": field});
                Some(http(status, &json!({ "error": error }), retry_after))
            }
            Some(Fault::Cut) => None,
            Some(Fault::Garbled) => Some(with_head(200, "application/json", "", b"[{\"prod")),
            Some(Fault::Late(seconds)) => {
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                Some(good)
            }
        }
    }

    /// Stores an order once for its key, as the API does, unless this one is to be refused.
    fn order(&self, request: &Request) -> (Vec<u8>, Option<Fault>) {
        let mut state = self.state.lock().unwrap();
        state.keys.push(request.key.clone());
        let fault = state.ordering.pop_front();
        if matches!(fault, Some(Fault::Refusal { .. })) {
            return (Vec::new(), fault);
        }
        let order: Value = serde_json::from_slice(&request.body).unwrap();
        if !state.orders.contains_key(&request.key)
            && let Some((code, field)) = refuse(&state.products, &order)
        {
            let error = json!({"code": code, "message": "In words.", "field": field});
            return (http(409, &json!({ "error": error }), 0), fault);
        }
        state.orders.insert(request.key.clone(), order);
        let answer = json!({"orderId": format!("order-{}", request.key)});
        (http(201, &answer, 0), fault)
    }
}

fn refuse(products: &[Value], order: &Value) -> Option<(&'static str, String)> {
    let mut cents = 0.0;
    for (place, item) in order["items"].as_array().unwrap().iter().enumerate() {
        let product = products.iter().find(|p| p["productId"] == item["productId"])?;
        let quantity = item["quantity"].as_i64().unwrap();
        if product["stock"].as_i64().is_some_and(|stock| stock < quantity) {
            return Some(("OutOfStock", format!("items[{place}].quantity")));
        }
        cents += (product["price"].as_f64().unwrap() * 100.0).round() * quantity as f64;
    }
    let total = (order["total"].as_f64().unwrap() * 100.0).round();
    (total != cents).then(|| ("TotalMismatch", "total".to_string()))
}

async fn read_request(stream: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_string()),
        }
    }
    let header = |name: &str| {
        lines.iter().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_string())
        })
    };
    let mut words = lines.first()?.split(' ');
    let (method, target) = (words.next()?.to_string(), words.next()?);
    let path = target.split('?').next()?.to_string();
    let length = header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Request { method, path, key: header("idempotency-key").unwrap_or_default(), body })
}

fn http(status: u16, body: &Value, retry_after: u32) -> Vec<u8> {
    let extra = match retry_after {
        0 => String::new(),
        seconds => format!("Retry-After: {seconds}\r\n"),
    };
    with_head(status, "application/json", &extra, body.to_string().as_bytes())
}

fn with_head(status: u16, content_type: &str, extra: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status} Status\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\
         Content-Security-Policy: {CSP}\r\nCache-Control: no-cache\r\n\
         Connection: close\r\n{extra}\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn file(path: &str) -> Vec<u8> {
    let site: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("site");
    let name = if path == "/" { "index.html" } else { path.trim_start_matches('/') };
    let content_type = |name: &str| match name.rsplit_once('.').map_or("", |(_, end)| end) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "webp" => "image/webp",
        _ => "text/plain; charset=utf-8",
    };
    match std::fs::read(site.join(name)) {
        Ok(bytes) if !name.contains("..") => with_head(200, content_type(name), "", &bytes),
        _ => {
            let page = std::fs::read(site.join("404.html")).unwrap();
            with_head(404, "text/html; charset=utf-8", "", &page)
        }
    }
}
