//! Turns a request into an answer: headers, the order's ID, and the checkout.

use crate::checkout::{Checkout, Receipt};
use crate::order::read;
use crate::store::Store;
use lambda_http::Request;
use lambda_http::http::{HeaderMap, Method, StatusCode};
use serde_json::json;
use sha2::{Digest, Sha256};
use shop_shared::cors::Origins;
use shop_shared::deadline::Deadline;
use shop_shared::log;
use shop_shared::product::Broken;
use shop_shared::reply::{Answer, Failure, Service, Success, Visit, check_route};
use shop_shared::settings;
use shop_shared::smoke::is_smoke_test;
use std::fmt::Write;
use std::time::{SystemTime, UNIX_EPOCH};

pub const KEY_HEADER: &str = "idempotency-key";
/// Characters of a key.
const KEY_LENGTHS: std::ops::RangeInclusive<usize> = 8..=128;

/// The settings of a deployment.
#[derive(Debug, Clone)]
pub struct Settings {
    pub service: Service,
    /// The currency that the shop sells in, such as `EUR`.
    pub currency: String,
    /// Known to this deployment and its smoke test alone; without one nothing is marked.
    pub smoke_secret: String,
}

/// The function as the environment describes it.
pub fn service() -> Service {
    Service {
        route: "POST /orders",
        methods: &[Method::POST],
        function: settings::optional("AWS_LAMBDA_FUNCTION_NAME"),
        origins: Origins::parse(&settings::optional("CORS_ORIGINS")),
    }
}

/// Answers one request. Every failure is an answer too.
pub async fn handle(store: &impl Store, settings: &Settings, request: &Request) -> Answer {
    let visit = Visit::begin(request);
    let mut broken = Vec::new();
    let outcome = create(store, settings, request, &mut broken).await;
    visit.end(&settings.service, outcome, &broken)
}

async fn create(
    store: &impl Store,
    settings: &Settings,
    request: &Request,
    broken: &mut Vec<Broken>,
) -> Result<Success, Failure> {
    let deadline = Deadline::of_request(request);
    check_route(&settings.service, request)?;
    let draft = read(request)?;
    let key = key(request.headers())?;
    let smoke_test = is_smoke_test(request.headers(), &settings.smoke_secret);

    let checkout = Checkout {
        store,
        draft: &draft,
        id: match key {
            Some(key) => id_of_key(&draft.user_id, key)?,
            None => random_id()?,
        },
        has_key: key.is_some(),
        smoke_test,
        currency: &settings.currency,
        now: now()?,
        deadline,
        broken,
    };
    Ok(created(checkout.place().await?, smoke_test))
}

fn created(receipt: Receipt, smoke_test: bool) -> Success {
    let body = json!({ "orderId": receipt.id }).to_string();
    let order = log::Order {
        id: receipt.id,
        cents: receipt.total_cents,
        currency: receipt.currency,
        counts: !receipt.repeated && !smoke_test,
    };
    Success { status: StatusCode::CREATED, body, headers: Vec::new(), order: Some(order) }
}

/// The client's key, where it sends one.
fn key(headers: &HeaderMap) -> Result<Option<&str>, Failure> {
    let mut values = headers.get_all(KEY_HEADER).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };

    let visible = |text: &&str| text.bytes().all(|byte| byte.is_ascii_graphic());
    let key = value.to_str().ok().filter(visible);
    match key.filter(|key| KEY_LENGTHS.contains(&key.len())) {
        Some(key) if values.next().is_none() => Ok(Some(key)),
        _ => {
            let message = "Idempotency-Key must be 8 to 128 visible ASCII characters, once.";
            Err(Failure::bad("InvalidIdempotencyKey", message).at("Idempotency-Key"))
        }
    }
}

/// The same user and key give the same id, and no other pair does. The lengths keep one user's
/// name and key apart.
fn id_of_key(user_id: &str, key: &str) -> Result<String, Failure> {
    let mut hash = Sha256::new();
    hash.update(b"shopstack order");
    hash.update(u64::try_from(user_id.len()).unwrap_or(u64::MAX).to_be_bytes());
    hash.update(user_id.as_bytes());
    hash.update(key.as_bytes());
    let digest = hash.finalize();
    hexadecimal(digest.get(..ID_BYTES).unwrap_or_default())
}

/// 128 bits: ids cannot be guessed and do not collide.
const ID_BYTES: usize = 16;

fn random_id() -> Result<String, Failure> {
    let mut bytes = [0_u8; ID_BYTES];
    getrandom::fill(&mut bytes).map_err(|_| Failure::internal("no randomness"))?;
    hexadecimal(&bytes)
}

fn hexadecimal(bytes: &[u8]) -> Result<String, Failure> {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        write!(text, "{byte:02x}").map_err(|_| Failure::internal("no memory"))?;
    }
    Ok(text)
}

fn now() -> Result<u64, Failure> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let since = since.map_err(|_| Failure::internal("the clock is before 1970"))?;
    u64::try_from(since.as_millis()).map_err(|_| Failure::internal("the clock is past all years"))
}
