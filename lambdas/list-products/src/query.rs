//! The query parameters: `limit` and `cursor`.

use lambda_http::{Request, RequestExt};
use shop_shared::reply::Failure;

pub const MOST: usize = 500;
/// DynamoDB's keys are at most 2048 bytes long.
const LONGEST_ID: usize = 2048;

/// A page of the catalogue, or all of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// 1 to 500 products; none for as many as fit into one answer.
    pub limit: Option<usize>,
    /// The id after which the page begins.
    pub after: Option<String>,
}

/// Reads the two parameters. Others are ignored, as caches and trackers add some.
pub fn read(request: &Request) -> Result<Query, Failure> {
    let limit = single(request, "limit", bad_limit)?.map(|text| limit(&text)).transpose()?;
    let after = single(request, "cursor", bad_cursor)?.map(|text| position(&text)).transpose()?;
    Ok(Query { limit, after })
}

/// The query string of the page that begins after `id`.
pub fn next_page(limit: Option<usize>, id: &str) -> String {
    let limit = limit.map(|limit| format!("limit={limit}&")).unwrap_or_default();
    let cursor: String = id.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("?{limit}cursor={cursor}")
}

/// The parameter's value; two values are an error.
fn single(
    request: &Request,
    name: &str,
    error: fn() -> Failure,
) -> Result<Option<String>, Failure> {
    let parameters = request.query_string_parameters();
    match parameters.all(name).unwrap_or_default().as_slice() {
        [] => Ok(None),
        [value] => Ok(Some((*value).to_owned())),
        _ => Err(error()),
    }
}

fn limit(text: &str) -> Result<usize, Failure> {
    let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let limit = text.parse::<usize>().ok().filter(|limit| (1..=MOST).contains(limit));
    limit.filter(|_| is_digits).ok_or_else(bad_limit)
}

fn bad_limit() -> Failure {
    Failure::bad("InvalidLimit", "limit must be a whole number from 1 to 500.").at("limit")
}

/// A cursor is the id in hexadecimal digits.
fn position(cursor: &str) -> Result<String, Failure> {
    let digits = cursor.as_bytes();
    if digits.is_empty() || digits.len() > 2 * LONGEST_ID {
        return Err(bad_cursor());
    }

    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|v| u8::try_from(v).ok());
    let byte = |pair: &[u8]| match pair {
        [high, low] => Some((value(*high)? << 4) | value(*low)?),
        _ => None,
    };
    let bytes: Option<Vec<u8>> = digits.chunks(2).map(byte).collect();
    bytes.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(bad_cursor)
}

fn bad_cursor() -> Failure {
    let message = "cursor must come from the Link header of an earlier page.";
    Failure::bad("InvalidCursor", message).at("cursor")
}
