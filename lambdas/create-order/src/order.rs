//! The order as a client may send it: strict about its shape, its sizes and its characters.

use crate::delivery::Delivery;
use crate::text::{TextError, clean};
use lambda_http::Request;
use lambda_http::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use lambda_http::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use shop_shared::money::{MoneyError, cents_despite_noise};
use shop_shared::reply::Failure;
use std::collections::HashSet;

/// Bytes. AWS's common firewall rules refuse larger bodies too.
pub const LARGEST_BODY: usize = 8 * 1024;
pub const MOST_ITEMS: usize = 50;
pub const MOST_OF_ONE: u32 = 99;
const LONGEST_USER_ID: usize = 128;
const LONGEST_PRODUCT_ID: usize = 64;
/// Digits of a client's total, when it is named back.
const LONGEST_FIGURE: usize = 24;
/// Of a client's own field name, when it is named back.
const LONGEST_FIELD: usize = 100;

/// A checked order, before the catalogue is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub user_id: String,
    pub lines: Vec<Line>,
    /// The client's total in cents; none where it is a number that no total of cents can equal.
    pub claimed: Option<u64>,
    /// The digits of that total as sent, shortened, to be named back.
    pub total_sent: String,
    pub delivery: Option<Delivery>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Line {
    pub product_id: String,
    pub quantity: u32,
}

/// Unknown fields are refused: a client that sends a price must learn that it does not count.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Sent {
    user_id: String,
    items: Vec<Line>,
    /// The digits as sent; see `money`.
    total: Box<RawValue>,
    #[serde(default)]
    delivery: Option<Delivery>,
}

/// Reads and checks a request. The catalogue is not asked yet.
pub fn read(request: &Request) -> Result<Draft, Failure> {
    let body: &[u8] = request.body();
    check_size(request.headers(), body)?;
    check_encoding(request.headers())?;

    let mut json = serde_json::Deserializer::from_slice(body);
    let sent: Sent =
        serde_path_to_error::deserialize(&mut json).map_err(|error| unreadable(body, &error))?;
    json.end().map_err(|_| malformed())?;
    check(sent)
}

fn check_size(headers: &HeaderMap, body: &[u8]) -> Result<(), Failure> {
    let declared = headers.get(CONTENT_LENGTH);
    let declared = declared.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if body.len() > LARGEST_BODY || declared.is_some_and(|length| length > LARGEST_BODY) {
        let message = "The order is too large: 8 KB at most.";
        return Err(Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "PayloadTooLarge", message));
    }
    Ok(())
}

/// Only JSON in UTF-8, not compressed.
fn check_encoding(headers: &HeaderMap) -> Result<(), Failure> {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let given = types.next().and_then(|value| value.to_str().ok());
    if types.next().is_some() || !given.is_some_and(is_json) {
        let message = "An order is sent with Content-Type: application/json.";
        let failure =
            Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType", message);
        return Err(failure.at("Content-Type"));
    }

    let is_plain = |value: &[u8]| value.is_empty() || value.eq_ignore_ascii_case(b"identity");
    if !headers.get_all(CONTENT_ENCODING).iter().all(|value| is_plain(value.as_bytes())) {
        let message = "An order is sent without a Content-Encoding.";
        let failure =
            Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedEncoding", message);
        return Err(failure.at("Content-Encoding"));
    }
    Ok(())
}

fn is_json(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    let is_utf_8 = |parameter: &str| match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    };
    is_json && parts.all(is_utf_8)
}

fn malformed() -> Failure {
    Failure::bad("MalformedJson", "The body is not well-formed JSON.")
}

/// The typed reader stops at the first wrong type, so whether the text is JSON at all is asked
/// separately.
fn unreadable(body: &[u8], error: &serde_path_to_error::Error<serde_json::Error>) -> Failure {
    if serde_json::from_slice::<IgnoredAny>(body).is_err() {
        return malformed();
    }

    let words = error.inner().to_string();
    let path = match error.path().to_string() {
        path if path == "." => String::new(),
        path => path,
    };
    let place = place(&path, &words);
    let failure = if words.starts_with("unknown field") {
        let message = "An order is {userId, items: [{productId, quantity}], total, delivery}, \
                       with nothing else.";
        Failure::bad("UnknownField", message)
    } else if words.starts_with("missing field") {
        Failure::bad("MissingField", "A field of the order is missing.")
    } else if words.starts_with("duplicate field") {
        Failure::bad("DuplicateField", "A field of the order is there twice.")
    } else {
        wrong_type(&path)
    };
    if place.is_empty() { failure } else { failure.at(place) }
}

/// The path of the fault, with the name of the field that serde names in its message only.
fn place(path: &str, words: &str) -> String {
    let is_about_a_name = ["unknown field", "missing field", "duplicate field"]
        .iter()
        .any(|kind| words.starts_with(kind));
    let named = words.split('`').nth(1).filter(|_| is_about_a_name);
    let whole = match named {
        Some(name) if path.is_empty() => name.to_owned(),
        Some(name) if path == name || path.ends_with(&format!(".{name}")) => path.to_owned(),
        Some(name) => format!("{path}.{name}"),
        None => path.to_owned(),
    };
    let visible = |c: char| if c.is_ascii_graphic() { c } else { '?' };
    whole.chars().map(visible).take(LONGEST_FIELD).collect()
}

fn wrong_type(path: &str) -> Failure {
    if path.starts_with("delivery") {
        return Failure::bad("InvalidDelivery", "delivery is an object of texts.");
    }
    match path.rsplit(['.', ']']).next() {
        Some("quantity") => quantity(),
        Some("productId") => product_id(),
        Some("userId") => user_id(),
        Some("items") | Some("") if !path.is_empty() => {
            Failure::bad("InvalidItems", "items is a list of {productId, quantity}.")
        }
        _ => Failure::bad(
            "InvalidOrder",
            "An order is {userId, items: [{productId, quantity}], total, delivery}.",
        ),
    }
}

fn quantity() -> Failure {
    Failure::bad("InvalidQuantity", "quantity must be a whole number from 1 to 99.")
}

fn product_id() -> Failure {
    let message = "productId must have 1 to 64 letters, digits, dots, dashes or underscores.";
    Failure::bad("InvalidProductId", message)
}

fn user_id() -> Failure {
    Failure::bad("InvalidUserId", "userId must be a text with 1 to 128 characters.")
}

fn check(sent: Sent) -> Result<Draft, Failure> {
    let user_id = clean(&sent.user_id, LONGEST_USER_ID).map_err(|error| {
        let message = match error {
            TextError::Empty | TextError::TooLong => return user_id().at("userId"),
            TextError::Invisible => "userId holds a character that cannot be seen.",
        };
        Failure::bad("InvalidUserId", message).at("userId")
    })?;
    check_lines(&sent.items)?;

    let claimed = match cents_despite_noise(sent.total.get()) {
        Ok(cents) => Some(cents),
        Err(MoneyError::TooPrecise | MoneyError::TooLarge) => None,
        Err(MoneyError::NotAnAmount) => {
            let message = "total must be a number that is not negative.";
            return Err(Failure::bad("InvalidTotal", message).at("total"));
        }
    };
    let delivery = sent.delivery.map(Delivery::checked).transpose()?;
    let digits = sent.total.get();
    let total_sent = match digits.char_indices().nth(LONGEST_FIGURE) {
        Some((end, _)) => format!("{}…", digits.get(..end).unwrap_or_default()),
        None => digits.to_owned(),
    };
    Ok(Draft { user_id, lines: sent.items, claimed, total_sent, delivery })
}

fn check_lines(lines: &[Line]) -> Result<(), Failure> {
    if lines.is_empty() || lines.len() > MOST_ITEMS {
        return Err(Failure::bad("InvalidItems", "An order has 1 to 50 items.").at("items"));
    }

    let mut seen = HashSet::new();
    for (at, line) in lines.iter().enumerate() {
        if !is_product_id(&line.product_id) {
            return Err(product_id().at(format!("items[{at}].productId")));
        }
        if !(1..=MOST_OF_ONE).contains(&line.quantity) {
            return Err(quantity().at(format!("items[{at}].quantity")));
        }
        if !seen.insert(line.product_id.as_str()) {
            let message = "Each product may be in the order once; use quantity for more of it.";
            let failure = Failure::bad("DuplicateProduct", message);
            return Err(failure.at(format!("items[{at}].productId")));
        }
    }
    Ok(())
}

fn is_product_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=LONGEST_PRODUCT_ID).contains(&id.len()) && id.bytes().all(plain)
}
