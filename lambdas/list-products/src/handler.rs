//! Turns a request into an answer: the query, the list, and the caching headers.

use crate::catalogue::Catalogue;
use crate::listing::{Listing, list};
use crate::query::{self, next_page};
use lambda_http::Request;
use lambda_http::http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH, LINK};
use lambda_http::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use sha2::{Digest, Sha256};
use shop_shared::cors::Origins;
use shop_shared::deadline::Deadline;
use shop_shared::product::{Broken, Viewer};
use shop_shared::reply::{Answer, Failure, Service, Success, Visit, check_route};
use shop_shared::settings;
use shop_shared::smoke::is_smoke_test;

/// The settings of a deployment.
#[derive(Debug, Clone)]
pub struct Settings {
    pub service: Service,
    /// The currency that the shop sells in, such as `EUR`.
    pub currency: String,
    /// How long browsers and caches may keep the list without asking again; 0: they always ask.
    pub cache_seconds: u32,
    /// Known to this deployment and its smoke test alone; without one nobody sees test products.
    pub smoke_secret: String,
}

/// The function as the environment describes it.
pub fn service() -> Service {
    Service {
        route: "GET /products",
        methods: &[Method::GET, Method::HEAD],
        function: settings::optional("AWS_LAMBDA_FUNCTION_NAME"),
        origins: Origins::parse(&settings::optional("CORS_ORIGINS")),
    }
}

/// Answers one request. Every failure is an answer too.
pub async fn handle(catalogue: &impl Catalogue, settings: &Settings, request: &Request) -> Answer {
    let visit = Visit::begin(request);
    let mut broken = Vec::new();
    let outcome = products(catalogue, settings, request, &mut broken).await;
    visit.end(&settings.service, outcome, &broken)
}

async fn products(
    catalogue: &impl Catalogue,
    settings: &Settings,
    request: &Request,
    broken: &mut Vec<Broken>,
) -> Result<Success, Failure> {
    let deadline = Deadline::of_request(request);
    check_route(&settings.service, request)?;
    let query = query::read(request)?;
    let smoke_test = is_smoke_test(request.headers(), &settings.smoke_secret);
    let viewer = Viewer { currency: &settings.currency, smoke_test };
    let listing = list(catalogue, &query, viewer, deadline, broken).await?;

    let (body, next) = written(listing, query.limit);
    let etag = etag(&body, next.as_deref());
    let cache = match settings.cache_seconds {
        _ if smoke_test => "no-store".to_owned(),
        0 => "no-cache".to_owned(),
        seconds => format!("public, max-age={seconds}"),
    };
    let headers = headers(&cache, &etag, next.as_deref())?;
    if is_known(request.headers(), &etag) {
        return Ok(Success { status: StatusCode::NOT_MODIFIED, headers, ..Success::default() });
    }
    let body = if request.method() == Method::HEAD { String::new() } else { body };
    Ok(Success { status: StatusCode::OK, body, headers, ..Success::default() })
}

/// The JSON array, and the query string of the next page.
fn written(listing: Listing, limit: Option<usize>) -> (String, Option<String>) {
    let body = format!("[{}]", listing.products.join(","));
    (body, listing.next.map(|id| next_page(limit, &id)))
}

fn headers(
    cache: &str,
    etag: &str,
    next: Option<&str>,
) -> Result<Vec<(HeaderName, HeaderValue)>, Failure> {
    let value = |text: &str| {
        HeaderValue::from_str(text).map_err(|_| Failure::internal("a header was not built"))
    };
    let mut headers = vec![(CACHE_CONTROL, value(cache)?), (ETAG, value(etag)?)];
    if let Some(next) = next {
        // Relative to the address of the request: behind a stage, a domain name or a proxy alike.
        headers.push((LINK, value(&format!("<{next}>; rel=\"next\""))?));
    }
    Ok(headers)
}

/// Weak: the API may send the same list compressed.
fn etag(body: &str, next: Option<&str>) -> String {
    let mut hash = Sha256::new();
    hash.update(body.as_bytes());
    hash.update(next.unwrap_or_default().as_bytes());
    let digest = hash.finalize();
    let digits: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("W/\"{digits}\"")
}

/// True where the client has this list already (RFC 9110, If-None-Match: weak comparison).
fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let named = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    named
        .flat_map(|list| list.split(','))
        .any(|tag| tag.trim() == "*" || opaque(tag) == opaque(etag))
}
