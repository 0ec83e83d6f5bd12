//! The order as a client may send it: strict about its shape, its sizes and its characters.

use lambda_http::Request;
use lambda_http::http::StatusCode;
use lambda_http::http::header::CONTENT_LENGTH;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use shop_shared::reply::Failure;
use std::collections::HashSet;

/// Bytes. API Gateway itself would take 10 MB.
pub const LARGEST_BODY: usize = 16 * 1024;
const MOST_ITEMS: usize = 50;
const MOST_OF_ONE: u32 = 99;
const LONGEST_USER_ID: usize = 128;
const LONGEST_PRODUCT_ID: usize = 64;

/// Unknown fields are refused: a client that sends a price must learn that it does not count.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Draft {
    pub user_id: String,
    pub items: Vec<Line>,
    /// The digits as sent; see `money`.
    pub total: Box<RawValue>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Line {
    pub product_id: String,
    pub quantity: u32,
}

/// Reads and checks the body. The catalogue is not asked yet.
pub fn read(request: &Request) -> Result<Draft, Failure> {
    let body: &[u8] = request.body();
    let declared = request.headers().get(CONTENT_LENGTH);
    let declared = declared.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if body.len() > LARGEST_BODY || declared.is_some_and(|length| length > LARGEST_BODY) {
        let message = "The order is too large: 16 KiB at most.";
        return Err(Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "PayloadTooLarge", message));
    }
    let draft: Draft = serde_json::from_slice(body).map_err(|_| unreadable(body))?;
    check(&draft)?;
    Ok(draft)
}

/// The typed reader stops at the first wrong type, so whether the text is JSON at all is asked
/// separately.
fn unreadable(body: &[u8]) -> Failure {
    if serde_json::from_slice::<IgnoredAny>(body).is_err() {
        return Failure::bad("MalformedJson", "The body is not well-formed JSON.");
    }
    let message = "An order is {userId, items: [{productId, quantity}], total}, with nothing else and each once; \
                   quantity is a whole number.";
    Failure::bad("InvalidOrder", message)
}

fn check(draft: &Draft) -> Result<(), Failure> {
    let name = &draft.user_id;
    if name.trim().is_empty()
        || name.chars().count() > LONGEST_USER_ID
        || name.chars().any(char::is_control)
    {
        let message = "userId must have 1 to 128 characters, without control characters.";
        return Err(Failure::bad("InvalidUserId", message));
    }
    if draft.items.is_empty() || draft.items.len() > MOST_ITEMS {
        return Err(Failure::bad("InvalidItems", "An order has 1 to 50 items."));
    }
    let mut seen = HashSet::new();
    for line in &draft.items {
        if !is_product_id(&line.product_id) {
            let message =
                "productId must have 1 to 64 letters, digits, dots, dashes or underscores.";
            return Err(Failure::bad("InvalidProductId", message));
        }
        if !(1..=MOST_OF_ONE).contains(&line.quantity) {
            return Err(Failure::bad("InvalidQuantity", "quantity must be 1 to 99."));
        }
        if !seen.insert(line.product_id.as_str()) {
            let message = "Each product may stand in the order once; use quantity for more of it.";
            return Err(Failure::bad("DuplicateProduct", message));
        }
    }
    Ok(())
}

fn is_product_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=LONGEST_PRODUCT_ID).contains(&id.len()) && id.bytes().all(plain)
}
