//! Reads the whole table, page by page, and answers with a JSON array sorted by `productId`.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use lambda_http::Request;
use lambda_http::http::{Method, StatusCode};
use serde_json::Value;
use shop_shared::attribute::item_to_json;
use shop_shared::cors::Origins;
use shop_shared::dynamo::StoreError;
use shop_shared::reply::{Answer, Failure, Success, Visit, route};
use std::collections::HashMap;

pub type Item = HashMap<String, AttributeValue>;

/// One answer to a Scan. A page may be empty and still have a `next`.
#[derive(Debug, Default, Clone)]
pub struct Page {
    pub items: Vec<Item>,
    pub next: Option<Item>,
}

/// Where products come from; tests put a list of pages in its place.
pub trait Catalogue {
    fn page(&self, start: Option<Item>) -> impl Future<Output = Result<Page, StoreError>> + Send;
}

/// The Products table. Needs `dynamodb:Scan` on it, and nothing else.
pub struct Dynamo {
    pub client: Client,
    pub table: String,
}

impl Catalogue for Dynamo {
    async fn page(&self, start: Option<Item>) -> Result<Page, StoreError> {
        let scan = self.client.scan().table_name(&self.table);
        let output = scan.set_exclusive_start_key(start).send().await?;
        Ok(Page { items: output.items.unwrap_or_default(), next: output.last_evaluated_key })
    }
}

/// Answers one request. Every failure is an answer too.
pub async fn handle(catalogue: &impl Catalogue, origins: &Origins, request: &Request) -> Answer {
    let visit = Visit::begin(request);
    let outcome = list(catalogue, request).await;
    visit.end(origins, outcome)
}

async fn list(catalogue: &impl Catalogue, request: &Request) -> Result<Success, Failure> {
    route(request, "products", &Method::GET, "GET")?;
    let mut products = everything(catalogue).await?;
    products.sort_by(|a, b| product_id(a).cmp(product_id(b)));
    Ok(Success { status: StatusCode::OK, body: Value::Array(products).to_string() })
}

/// A Scan ends when LastEvaluatedKey is absent, not when a page is empty: DynamoDB API reference,
/// Scan.
async fn everything(catalogue: &impl Catalogue) -> Result<Vec<Value>, StoreError> {
    let mut products = Vec::new();
    let mut start = None;
    loop {
        let page = catalogue.page(start.take()).await?;
        products.extend(page.items.iter().map(item_to_json));
        match page.next {
            Some(key) if !key.is_empty() => start = Some(key),
            _ => return Ok(products),
        }
    }
}

fn product_id(product: &Value) -> &str {
    product.get("productId").and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use lambda_http::{Body, RequestExt};
    use serde_json::json;
    use std::sync::Mutex;

    fn item(id: &str) -> Item {
        HashMap::from([
            ("productId".to_owned(), AttributeValue::S(id.to_owned())),
            ("price".to_owned(), AttributeValue::N("129.99".to_owned())),
            ("stock".to_owned(), AttributeValue::N("7".to_owned())),
        ])
    }

    fn key(id: &str) -> Option<Item> {
        Some(HashMap::from([("productId".to_owned(), AttributeValue::S(id.to_owned()))]))
    }

    /// Gives its pages in turn and records the start keys it was asked with.
    #[derive(Default)]
    struct Pages {
        left: Mutex<Vec<Result<Page, StoreError>>>,
        asked: Mutex<Vec<Option<Item>>>,
    }

    impl Pages {
        fn of(pages: Vec<Result<Page, StoreError>>) -> Self {
            Self { left: Mutex::new(pages), asked: Mutex::default() }
        }
    }

    impl Catalogue for Pages {
        async fn page(&self, start: Option<Item>) -> Result<Page, StoreError> {
            self.asked.lock().unwrap().push(start);
            self.left.lock().unwrap().remove(0)
        }
    }

    async fn get(
        pages: &Pages,
        method: Method,
        path: &str,
        origin: Option<&'static str>,
    ) -> Answer {
        let (mut parts, body) = Request::new(Body::Empty).with_raw_http_path(path).into_parts();
        parts.method = method;
        if let Some(origin) = origin {
            parts.headers.insert("origin", origin.parse().unwrap());
        }
        let origins = Origins::parse("https://shop.example");
        handle(pages, &origins, &Request::from_parts(parts, body)).await
    }

    fn body(answer: &Answer) -> Value {
        let Body::Text(text) = answer.response.body() else { panic!("text expected") };
        serde_json::from_str(text).unwrap()
    }

    #[tokio::test]
    async fn reads_every_page_even_past_an_empty_one() {
        let pages = Pages::of(vec![
            Ok(Page { items: vec![item("p-3")], next: key("p-3") }),
            Ok(Page { items: vec![], next: key("p-9") }),
            Ok(Page { items: vec![item("p-2"), item("p-1")], next: None }),
        ]);
        let answer = get(&pages, Method::GET, "/products", None).await;
        assert_eq!(answer.response.status(), StatusCode::OK);
        let ids: Vec<Value> =
            body(&answer).as_array().unwrap().iter().map(|p| p["productId"].clone()).collect();
        assert_eq!(ids, ["p-1", "p-2", "p-3"]);
        assert_eq!(*pages.asked.lock().unwrap(), [None, key("p-3"), key("p-9")]);
    }

    #[tokio::test]
    async fn an_empty_last_key_ends_the_scan() {
        let pages =
            Pages::of(vec![Ok(Page { items: vec![item("p-1")], next: Some(HashMap::new()) })]);
        let answer = get(&pages, Method::GET, "/products", None).await;
        assert_eq!(body(&answer), json!([{ "productId": "p-1", "price": 129.99, "stock": 7 }]));
    }

    #[tokio::test]
    async fn sends_the_headers_and_echoes_only_a_known_origin() {
        for (origin, echoed) in [
            (Some("https://shop.example"), Some("https://shop.example")),
            (Some("https://evil.example"), None),
            (Some("null"), None),
            (None, None),
        ] {
            let answer =
                get(&Pages::of(vec![Ok(Page::default())]), Method::GET, "/v1/products", origin)
                    .await;
            let headers = answer.response.headers();
            assert_eq!(headers["content-type"], "application/json");
            assert_eq!(headers["x-content-type-options"], "nosniff");
            assert_eq!(headers["cache-control"], "no-store");
            assert_eq!(headers["vary"], "Origin");
            let allowed = headers.get("access-control-allow-origin").map(|v| v.to_str().unwrap());
            assert_eq!(allowed, echoed);
            assert_eq!(body(&answer), json!([]));
        }
    }

    #[tokio::test]
    async fn a_busy_table_is_a_503_and_a_forbidden_one_a_500_without_its_words() {
        let busy = Pages::of(vec![
            Ok(Page { items: vec![item("p-1")], next: key("p-1") }),
            Err(StoreError::Busy("ThrottlingException".into())),
        ]);
        let answer = get(&busy, Method::GET, "/products", Some("https://shop.example")).await;
        assert_eq!(answer.response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.response.headers()["retry-after"], "1");
        assert_eq!(
            answer.response.headers()["access-control-allow-origin"],
            "https://shop.example"
        );
        let failed = Pages::of(vec![Err(StoreError::Failed("AccessDeniedException".into()))]);
        let answer = get(&failed, Method::GET, "/products", None).await;
        assert_eq!(answer.response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(body(&answer)["error"]["code"], "InternalError");
        assert!(!body(&answer).to_string().contains("AccessDenied"));
        assert!(answer.log.contains("AccessDeniedException"));
    }

    #[tokio::test]
    async fn other_paths_and_methods_do_not_touch_the_table() {
        let none = Pages::default();
        let lost = get(&none, Method::GET, "/orders", None).await;
        assert_eq!(lost.response.status(), StatusCode::NOT_FOUND);
        let wrong = get(&none, Method::DELETE, "/products", None).await;
        assert_eq!(wrong.response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(wrong.response.headers()["allow"], "GET");
        assert!(none.asked.lock().unwrap().is_empty());
    }
}
