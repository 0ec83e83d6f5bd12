//! API Gateway's own answers (unknown route, throttling, firewall, body too large, function too
//! slow), in the shape of the shop's own errors.

use crate::resources::context::Context;
use crate::stack::{Api, Cors};
use std::collections::BTreeMap;

/// The key of a gateway response's status among its headers; see [`super::spec::RoutesSpec`].
pub const STATUS: &str = "(status)";
/// The same of its body.
pub const BODY: &str = "(body application/json)";

/// One kind of gateway response: its status, where API Gateway's own is not meant, and the error.
struct Kind {
    name: &'static str,
    status: Option<&'static str>,
    code: &'static str,
    message: &'static str,
    /// Seconds after which another try makes sense.
    retry_after: Option<&'static str>,
    /// The scheme of the credentials that are missing.
    challenge: Option<&'static str>,
}

const fn kind(name: &'static str, code: &'static str, message: &'static str) -> Kind {
    Kind { name, status: None, code, message, retry_after: None, challenge: None }
}

/// An unknown path is a missing token to API Gateway, and so is a method that its path does not
/// have, unless the path has an answer for it (`not_allowed`).
const KINDS: [Kind; 8] = [
    kind("DEFAULT_4XX", "Refused", "The request was refused."),
    kind("DEFAULT_5XX", "InternalError", "Something went wrong on our side; try again."),
    Kind {
        status: Some("404"),
        ..kind("MISSING_AUTHENTICATION_TOKEN", "NotFound", "There is nothing at this address.")
    },
    Kind { status: Some("403"), ..kind("WAF_FILTERED", "Forbidden", "The firewall refused this.") },
    Kind {
        status: Some("429"),
        retry_after: Some("1"),
        ..kind("THROTTLED", "TooManyRequests", "Too many requests; try again a little later.")
    },
    Kind {
        status: Some("413"),
        ..kind("REQUEST_TOO_LARGE", "PayloadTooLarge", "The request is too large.")
    },
    Kind {
        status: Some("415"),
        ..kind("UNSUPPORTED_MEDIA_TYPE", "UnsupportedMediaType", "Only JSON is read.")
    },
    Kind {
        status: Some("504"),
        ..kind("INTEGRATION_TIMEOUT", "Timeout", "The answer took too long.")
    },
];

/// The answers to those whom an authorizer does not let in.
const REFUSALS: [Kind; 2] = [
    Kind {
        status: Some("401"),
        challenge: Some("Bearer"),
        ..kind("UNAUTHORIZED", "Unauthorized", "This needs valid credentials.")
    },
    Kind {
        status: Some("403"),
        ..kind("ACCESS_DENIED", "Forbidden", "These credentials do not allow this.")
    },
];

/// Status, headers and body per kind of gateway response.
pub(super) fn responses(
    context: &Context<'_>,
    api: &Api,
) -> BTreeMap<String, BTreeMap<String, String>> {
    let headers = api.cors.as_ref().map(|cors| headers(context, cors)).unwrap_or_default();
    let refusals = REFUSALS.iter().filter(|_| !api.authorizers.is_empty());
    let response = |kind: &Kind| {
        let mut parts = headers.clone();
        let body =
            format!(r#"{{"error":{{"code":"{}","message":"{}"}}}}"#, kind.code, kind.message);
        parts.insert(BODY.to_string(), body);
        parts.extend(kind.status.map(|status| (STATUS.to_string(), status.to_string())));
        parts.extend(kind.retry_after.map(|time| ("Retry-After".to_string(), time.to_string())));
        let challenge = kind.challenge.map(|how| ("WWW-Authenticate".to_string(), how.to_string()));
        parts.extend(challenge);
        (kind.name.to_string(), parts)
    };
    KINDS.iter().chain(refusals).map(response).collect()
}

/// Headers that let pages read what API Gateway refuses.
///
/// A gateway response knows no condition, only static values and parts of the request: of several
/// origins the caller's own is sent back, whoever it is. Such an answer holds nothing but API
/// Gateway's own message.
fn headers(context: &Context<'_>, cors: &Cors) -> BTreeMap<String, String> {
    let mut headers = BTreeMap::new();
    match context.cors_origins().as_slice() {
        [only] => drop(headers.insert("Access-Control-Allow-Origin".to_string(), only.clone())),
        _ => {
            let caller = "(method.request.header.Origin)";
            headers.insert("Access-Control-Allow-Origin".to_string(), caller.to_string());
            headers.insert("Vary".to_string(), "Origin".to_string());
        }
    }
    // Not beside an echo: any page could then read answers to requests with the user's cookies.
    if cors.credentials && !headers.contains_key("Vary") {
        headers.insert("Access-Control-Allow-Credentials".to_string(), "true".to_string());
    }
    if !cors.expose.is_empty() {
        headers.insert("Access-Control-Expose-Headers".to_string(), cors.expose.join(","));
    }
    headers
}
