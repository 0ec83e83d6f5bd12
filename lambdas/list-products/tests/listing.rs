//! The list against a table in memory: pages, limits, what the public sees, and what caches are
//! told.

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

use lambda_http::http::Method;
use lambda_http::{Body, Request, RequestExt};
use list_products::catalogue::{Catalogue, Page};
use list_products::handler::{Settings, handle, service};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use shop_shared::cors::Origins;
use shop_shared::dynamo::StoreError;
use shop_shared::product::{Field, Fields};
use shop_shared::reply::{Answer, Service};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

/// A table that gives `per_page` items at a time, in an order of its own.
struct Table {
    items: Vec<Fields>,
    per_page: usize,
    /// Errors that come before the next answers.
    errors: Mutex<VecDeque<StoreError>>,
    asked: Mutex<Vec<(Option<String>, Option<usize>)>>,
    /// How long each page takes.
    slow: Duration,
}

fn table(items: Vec<Fields>) -> Table {
    Table {
        items,
        per_page: 1_000,
        errors: Mutex::default(),
        asked: Mutex::default(),
        slow: Duration::ZERO,
    }
}

impl Table {
    fn failing(self, errors: Vec<StoreError>) -> Self {
        Self { errors: Mutex::new(errors.into()), ..self }
    }
}

fn id(item: &Fields) -> String {
    match item.get("productId") {
        Some(Field::Text(id)) => id.clone(),
        _ => panic!("an id"),
    }
}

impl Catalogue for Table {
    async fn page(&self, after: Option<String>, most: Option<usize>) -> Result<Page, StoreError> {
        self.asked.lock().unwrap().push((after.clone(), most));
        if let Some(error) = self.errors.lock().unwrap().pop_front() {
            return Err(error);
        }
        tokio::time::sleep(self.slow).await;
        let place = |after| self.items.iter().position(|item| id(item) == after);
        let start = after.map_or(0, |after| place(after).map_or(self.items.len(), |at| at + 1));
        let end = self.items.len().min(start + self.per_page.min(most.unwrap_or(usize::MAX)));
        let items = self.items[start..end].to_vec();
        let next = items.last().map(id).filter(|_| end < self.items.len());
        Ok(Page { items, next })
    }
}

fn product(id: &str) -> Fields {
    Fields::from([
        ("productId".to_owned(), Field::Text(id.to_owned())),
        ("price".to_owned(), Field::Number("129.99".to_owned())),
        ("stock".to_owned(), Field::Number("7".to_owned())),
    ])
}

fn product_with(id: &str, name: &str, field: Field) -> Fields {
    let mut item = product(id);
    item.insert(name.to_owned(), field);
    item
}

fn settings() -> Settings {
    let service = Service { origins: Origins::parse("https://shop.example"), ..service() };
    Settings { service, currency: "EUR".into(), cache_seconds: 30, smoke_secret: "a-secret".into() }
}

fn request(method: Method, query: &str, headers: &[(&str, &str)]) -> Request {
    let mut parameters: HashMap<String, Vec<String>> = HashMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        parameters.entry(name.to_owned()).or_default().push(value.to_owned());
    }
    let request = Request::new(Body::Empty).with_raw_http_path("/v1/products");
    let (mut parts, body) = request.with_query_string_parameters(parameters).into_parts();
    parts.method = method;
    for (name, value) in headers {
        let name: lambda_http::http::HeaderName = name.parse().unwrap();
        parts.headers.insert(name, value.parse().unwrap());
    }
    Request::from_parts(parts, body)
}

async fn get(table: &Table, query: &str) -> Answer {
    handle(table, &settings(), &request(Method::GET, query, &[])).await
}

fn body(answer: &Answer) -> Value {
    let Body::Text(text) = answer.response.body() else { panic!("text expected: {answer:?}") };
    serde_json::from_str(text).unwrap()
}

fn ids(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.response.status(), 200, "{answer:?}");
    let text = |product: &Value| product["productId"].as_str().unwrap().to_owned();
    body(answer).as_array().unwrap().iter().map(text).collect()
}

/// The query of the next page.
fn next(answer: &Answer) -> Option<String> {
    let link = answer.response.headers().get("link")?.to_str().unwrap();
    let target = link.strip_prefix("<?").unwrap().strip_suffix(">; rel=\"next\"").unwrap();
    Some(target.to_owned())
}

fn code(answer: &Answer) -> (u16, String, String) {
    let error = &body(answer)["error"];
    let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
    let openapi = include_str!("../../openapi.yaml");
    let described = openapi.lines().any(|line| line.trim() == format!("- {}", text("code")));
    assert!(described, "{}", text("code"));
    (answer.response.status().as_u16(), text("code"), text("field"))
}

#[tokio::test]
async fn the_whole_table_in_order_of_its_ids() {
    let many = ["p-3", "p-1", "p-2"].map(product).to_vec();
    let table = Table { per_page: 1, ..table(many) };
    let answer = get(&table, "").await;
    assert_eq!(ids(&answer), ["p-1", "p-2", "p-3"]);
    assert_eq!(next(&answer), None);
    assert_eq!(table.asked.lock().unwrap().len(), 3);
    assert_eq!(get(&self::table(vec![]), "").await.response.body(), &Body::Text("[]".into()));
}

#[tokio::test]
async fn only_named_fields_of_active_products_are_public() {
    let table = table(vec![
        product_with("p-1", "purchasePrice", Field::Number("3".into())),
        product_with("p-2", "active", Field::Flag(false)),
        product_with("p-3", "active", Field::Flag(true)),
        product_with("p-4", "price", Field::Number("1.005".into())),
        product_with("p-5", "currency", Field::Text("USD".into())),
        product_with("p-6", "supplier", Field::Text("secret".into())),
        product_with("p-7", "name", Field::Text("<script>alert(1)</script>".into())),
    ]);
    let answer = get(&table, "").await;
    assert_eq!(ids(&answer), ["p-1", "p-3", "p-6", "p-7"]);
    let bare =
        |id: &str| json!({ "productId": id, "price": 129.99, "currency": "EUR", "stock": 7 });
    assert_eq!(body(&answer)[0], bare("p-1"));
    assert_eq!(body(&answer)[1], bare("p-3"));
    assert_eq!(body(&answer)[2], bare("p-6"));
    assert_eq!(body(&answer)[3]["name"], "<script>alert(1)</script>");
    let line: Value = serde_json::from_str(&answer.log[1]).unwrap();
    assert_eq!((&line["level"], &line["count"]), (&json!("error"), &json!(2)));
    assert!(answer.log[1].contains("p-4") && answer.log[1].contains("p-5"));
}

#[tokio::test]
async fn only_the_smoke_test_sees_its_own_products_and_no_cache_keeps_them() {
    let table = table(vec![product("p-1"), product_with("p-2", "smokeTest", Field::Flag(true))]);
    for other in ["", "a-secreu", "a-secret-and-more"] {
        let asked = request(Method::GET, "", &[("x-shopstack-smoke", other)]);
        let answer = handle(&table, &settings(), &asked).await;
        assert_eq!(ids(&answer), ["p-1"], "{other}");
        assert_eq!(answer.response.headers()["cache-control"], "public, max-age=30");
    }
    let asked = request(Method::GET, "", &[("x-shopstack-smoke", "a-secret")]);
    let answer = handle(&table, &settings(), &asked).await;
    assert_eq!(ids(&answer), ["p-1", "p-2"]);
    assert_eq!(answer.response.headers()["cache-control"], "no-store");

    let without = Settings { smoke_secret: String::new(), ..settings() };
    let asked = request(Method::GET, "", &[("x-shopstack-smoke", "")]);
    assert_eq!(ids(&handle(&table, &without, &asked).await), ["p-1"]);
}

#[tokio::test]
async fn pages_follow_each_other_to_the_end() {
    let names: Vec<String> = (0..60).map(|n| format!("p-{:02}", (n * 37) % 60)).collect();
    let mut items: Vec<Fields> = names.iter().map(|name| product(name)).collect();
    items[10].insert("active".into(), Field::Flag(false));
    for limit in [1, 7, 20, 58, 59] {
        let table = Table { per_page: 9, ..table(items.clone()) };
        let mut seen = Vec::new();
        let mut query = format!("limit={limit}");
        loop {
            let answer = get(&table, &query).await;
            let page = ids(&answer);
            assert!(page.is_sorted() && (1..=limit).contains(&page.len()), "{page:?}");
            assert_eq!(ids(&get(&table, &query).await), page);
            seen.extend(page);
            match next(&answer) {
                Some(next) => query = next,
                None => break,
            }
        }
        assert_eq!(seen.len(), 59, "limit {limit}");
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 59, "limit {limit}");
    }
    let table = table(items);
    assert_eq!(next(&get(&table, "limit=59").await), None);
    assert!(next(&get(&table, "limit=58").await).is_some());
}

#[tokio::test]
async fn what_does_not_fit_into_one_answer_is_on_the_next_page() {
    let long = Field::Text("\"".repeat(100_000));
    let name = |n: usize| product_with(&format!("p-{n:02}"), "description", long.clone());
    let table = Table { per_page: 10, ..table((0..60).map(name).collect()) };
    let first = get(&table, "").await;
    let Body::Text(text) = first.response.body() else { panic!("text") };
    let as_a_string = serde_json::to_string(text).unwrap();
    assert!((4_000_000..6_000_000).contains(&as_a_string.len()), "{}", as_a_string.len());

    let mut seen = ids(&first);
    let mut query = next(&first);
    while let Some(more) = query {
        let answer = get(&table, &more).await;
        seen.extend(ids(&answer));
        query = next(&answer);
    }
    assert_eq!(seen.len(), 60);
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let table = table(vec![product("p-1")]);
    for limit in ["0", "501", "-1", "1.5", "", "+5", "x", "99999999999999999999"] {
        let refused = (400, "InvalidLimit".to_owned(), "limit".to_owned());
        assert_eq!(code(&get(&table, &format!("limit={limit}")).await), refused, "{limit}");
    }
    assert_eq!(code(&get(&table, "limit=1&limit=2").await).1, "InvalidLimit");
    let long = "61".repeat(3_000);
    for cursor in ["", "x", "6", "zz", "ff", long.as_str()] {
        let refused = (400, "InvalidCursor".to_owned(), "cursor".to_owned());
        assert_eq!(code(&get(&table, &format!("cursor={cursor}")).await), refused, "{cursor}");
    }
    assert_eq!(ids(&get(&table, "limit=500&utm_source=x").await), ["p-1"]);
}

#[tokio::test]
async fn an_etag_saves_the_body() {
    let table = table(vec![product("p-1")]);
    let first = get(&table, "").await;
    let headers = first.response.headers();
    assert_eq!(headers["cache-control"], "public, max-age=30");
    let etag = headers["etag"].to_str().unwrap().to_owned();
    assert_eq!(get(&table, "").await.response.headers()["etag"], etag);

    let strong = etag.trim_start_matches("W/").to_owned();
    for known in [etag.clone(), strong, format!("\"x\", {etag}"), "*".to_owned()] {
        let asked = request(Method::GET, "", &[("if-none-match", &known)]);
        let answer = handle(&table, &settings(), &asked).await;
        assert_eq!(answer.response.status(), 304, "{known}");
        assert_eq!(answer.response.body(), &Body::Empty);
        let headers = answer.response.headers();
        assert_eq!(headers["etag"], etag);
        assert!(headers.get("content-type").is_none());
        assert_eq!(headers["cache-control"], "public, max-age=30");
    }
    for other in ["\"x\"", "W/\"\"", "garbage"] {
        let asked = request(Method::GET, "", &[("if-none-match", other)]);
        assert_eq!(handle(&table, &settings(), &asked).await.response.status(), 200, "{other}");
    }
    let changed = self::table(vec![product_with("p-1", "stock", Field::Number("6".into()))]);
    assert_ne!(get(&changed, "").await.response.headers()["etag"], etag);
}

#[tokio::test]
async fn head_is_get_without_its_body_and_caching_can_be_off() {
    let table = table(vec![product("p-1")]);
    let settings = Settings { cache_seconds: 0, ..settings() };
    let answer = handle(&table, &settings, &request(Method::HEAD, "", &[])).await;
    assert_eq!((answer.response.status().as_u16(), answer.response.body()), (200, &Body::Empty));
    assert_eq!(answer.response.headers()["content-type"], "application/json");
    assert_eq!(answer.response.headers()["cache-control"], "no-cache");
    assert_eq!(answer.response.headers()["etag"], get(&table, "").await.response.headers()["etag"]);
}

#[tokio::test(start_paused = true)]
async fn a_busy_table_is_asked_again_and_then_a_503() {
    let busy = || StoreError::later("ThrottlingException");
    let table = table(vec![product("p-1")]).failing(vec![busy(), busy()]);
    assert_eq!(ids(&get(&table, "").await), ["p-1"]);

    let table = self::table(vec![]).failing(vec![busy(); 1_000]);
    let answer = get(&table, "").await;
    assert_eq!(code(&answer).1, "Unavailable");
    assert_eq!(answer.response.headers()["retry-after"], "1");
    assert_eq!(answer.response.headers()["cache-control"], "no-store");

    let denied = StoreError::Failed("AccessDeniedException".into());
    let answer = get(&self::table(vec![]).failing(vec![denied]), "").await;
    assert_eq!(code(&answer).1, "InternalError");
    assert!(!body(&answer).to_string().contains("Denied"));
    assert!(answer.log[0].contains("AccessDeniedException"));
}

#[tokio::test(start_paused = true)]
async fn a_long_table_is_listed_as_far_as_the_time_goes() {
    let items = (0..100).map(|n| product(&format!("p-{n:03}"))).collect();
    let table = Table { per_page: 10, slow: Duration::from_secs(1), ..table(items) };
    let answer = get(&table, "").await;
    assert_eq!(ids(&answer).len(), 40);
    assert_eq!(next(&answer).map(|next| next.contains("limit")), Some(false));

    let never = Table { slow: Duration::from_secs(60), ..self::table(vec![product("p-1")]) };
    assert_eq!(code(&get(&never, "").await).1, "Unavailable");
}

#[tokio::test]
async fn other_paths_and_methods_do_not_touch_the_table() {
    let table = table(vec![]);
    let answer = handle(&table, &settings(), &request(Method::DELETE, "", &[])).await;
    assert_eq!(answer.response.headers()["allow"], "GET, HEAD");
    let lost = Request::new(Body::Empty).with_raw_http_path("/orders");
    assert_eq!(handle(&table, &settings(), &lost).await.response.status(), 404);
    assert!(table.asked.lock().unwrap().is_empty());
}

proptest! {
    #[test]
    fn any_items_and_any_query_give_a_well_formed_answer(
        items in vec((
            "\\PC{1,12}",
            vec(("price|stock|active|name|currency|supplier", prop_oneof![
                "\\PC{0,9}".prop_map(Field::Text),
                "-?[0-9]{1,20}(\\.[0-9]{1,4})?(E[0-9]{1,3})?".prop_map(Field::Number),
                any::<bool>().prop_map(Field::Flag),
                Just(Field::Other),
            ]), 0..6),
        ), 0..12),
        per_page in 1..5_usize,
        query in prop_oneof![
            Just(String::new()), "limit=[0-9]{1,3}", "cursor=[0-9a-f]{1,8}", "[a-z&=%0-9]{0,30}",
        ],
    ) {
        let items: BTreeMap<String, Fields> = items
            .into_iter()
            .map(|(id, fields)| {
                let mut item: Fields = fields.into_iter().collect();
                item.insert("productId".into(), Field::Text(id.clone()));
                (id, item)
            })
            .collect();
        let table = Table { per_page, ..table(items.into_values().collect()) };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time().start_paused(true).build().unwrap();
        let answer = runtime.block_on(get(&table, &query));
        let status = answer.response.status().as_u16();
        prop_assert!(status == 200 || status == 400, "{}", status);
        let body = body(&answer);
        let public = ["productId", "name", "description", "price", "currency", "image",
                      "category", "stock"];
        for product in body.as_array().into_iter().flatten() {
            let fields = product.as_object().unwrap();
            prop_assert!(fields.keys().all(|key| public.contains(&&**key)));
            let cents = product["price"].as_f64().unwrap() * 100.0;
            prop_assert!((cents - cents.round()).abs() < 1e-3 && cents >= 0.0);
        }
        prop_assert!(body.is_array() == (status == 200));
    }
}
