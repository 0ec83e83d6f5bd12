//! Answers of the HTTP API: JSON bodies, security and CORS headers, `{"error":{"code","message"}}`,
//! one log line each.

use crate::cors::Origins;
use crate::dynamo::StoreError;
use lambda_http::http::header::{self, HeaderName, HeaderValue};
use lambda_http::http::{Method, StatusCode};
use lambda_http::request::RequestContext;
use lambda_http::{Body, Request, RequestExt, Response};
use serde_json::json;
use std::time::Instant;

/// A request id longer than this did not come from AWS.
const LONGEST_REQUEST_ID: usize = 64;

/// What went right.
#[derive(Debug)]
pub struct Success {
    pub status: StatusCode,
    /// A JSON document.
    pub body: String,
}

/// What went wrong. Code and message are fixed texts, so nothing of the input or of the inside can
/// leak; `cause` goes to the log only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: &'static str,
    pub cause: Option<String>,
    /// The methods of the route, for a 405.
    allow: Option<&'static str>,
}

impl Failure {
    pub fn new(status: StatusCode, code: &'static str, message: &'static str) -> Self {
        Self { status, code, message, cause: None, allow: None }
    }

    /// A 400: the client can mend it.
    pub fn bad(code: &'static str, message: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// A 500 whose cause is in the log.
    pub fn internal(cause: impl Into<String>) -> Self {
        let message = "Something went wrong on our side. Please try again.";
        let failure = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", message);
        Self { cause: Some(cause.into()), ..failure }
    }

    /// A 503 with `Retry-After`.
    pub fn unavailable(cause: impl Into<String>) -> Self {
        let message = "The shop is busy. Please try again in a moment.";
        let failure = Self::new(StatusCode::SERVICE_UNAVAILABLE, "Unavailable", message);
        Self { cause: Some(cause.into()), ..failure }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy(cause) => Self::unavailable(cause),
            StoreError::Failed(cause) => Self::internal(cause),
        }
    }
}

/// An answer and its log line; printing is left to `main`.
#[derive(Debug)]
pub struct Answer {
    pub response: Response<Body>,
    pub log: String,
}

/// What is kept of a request until it is answered: nothing that belongs to the user.
pub struct Visit {
    request_id: String,
    origin: Option<HeaderValue>,
    started: Instant,
}

impl Visit {
    pub fn begin(request: &Request) -> Self {
        Self {
            request_id: request_id(request),
            origin: request.headers().get(header::ORIGIN).cloned(),
            started: Instant::now(),
        }
    }

    /// Turns the outcome into the response and the log line.
    pub fn end(self, origins: &Origins, outcome: Result<Success, Failure>) -> Answer {
        let ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut line = json!({ "requestId": self.request_id, "ms": ms });
        let mut response = match outcome {
            Ok(success) => {
                line["status"] = success.status.as_u16().into();
                line["code"] = "Ok".into();
                respond(success.status, success.body)
            }
            Err(failure) => {
                line["status"] = failure.status.as_u16().into();
                line["code"] = failure.code.into();
                if let Some(cause) = &failure.cause {
                    line["cause"] = cause.as_str().into();
                }
                refuse(&failure)
            }
        };
        let allowed = origins.allow(self.origin.as_ref());
        if let Some(origin) = allowed {
            response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        }
        Answer { response, log: line.to_string() }
    }
}

/// The route: the last part of the path must be `resource` (a stage or a base path may stand before
/// it).
pub fn route(
    request: &Request,
    resource: &str,
    method: &Method,
    allow: &'static str,
) -> Result<(), Failure> {
    let raw = request.raw_http_path();
    let path = if raw.is_empty() { request.uri().path() } else { raw };
    let last = path.trim_end_matches('/').rsplit('/').next();
    if last != Some(resource) {
        let message = "There is nothing at this address.";
        return Err(Failure::new(StatusCode::NOT_FOUND, "NotFound", message));
    }
    if request.method() != method {
        let message = "This address does not take that method.";
        let failure = Failure::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", message);
        return Err(Failure { allow: Some(allow), ..failure });
    }
    Ok(())
}

/// API Gateway's id where there is one: its access log carries the same. Otherwise the
/// invocation's.
fn request_id(request: &Request) -> String {
    let gateway = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV1(context)) => context.request_id.clone(),
        _ => None,
    };
    let invocation = || request.lambda_context_ref().map(|context| context.request_id.clone());
    let id = gateway.or_else(invocation).unwrap_or_default();
    id.chars().take(LONGEST_REQUEST_ID).collect()
}

fn refuse(failure: &Failure) -> Response<Body> {
    let body = json!({ "error": { "code": failure.code, "message": failure.message } });
    let mut response = respond(failure.status, body.to_string());
    if failure.status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    if let Some(allow) = failure.allow {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
    }
    response
}

fn respond(status: StatusCode, body: String) -> Response<Body> {
    let mut response = Response::new(Body::Text(body));
    *response.status_mut() = status;
    let fixed: [(HeaderName, &'static str); 4] = [
        (header::CONTENT_TYPE, "application/json"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
        (header::VARY, "Origin"),
    ];
    for (name, value) in fixed {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: Method, path: &str) -> Request {
        let request = Request::new(Body::Empty).with_raw_http_path(path);
        let (mut parts, body) = request.into_parts();
        parts.method = method;
        Request::from_parts(parts, body)
    }

    #[test]
    fn routes_by_the_last_part_of_the_path() {
        for path in ["/products", "/v1/products", "/products/"] {
            assert_eq!(route(&request(Method::GET, path), "products", &Method::GET, "GET"), Ok(()));
        }
        let lost = route(&request(Method::GET, "/products/1"), "products", &Method::GET, "GET");
        assert_eq!(lost.unwrap_err().status, StatusCode::NOT_FOUND);
        let wrong = route(&request(Method::PUT, "/products"), "products", &Method::GET, "GET");
        assert_eq!(wrong.unwrap_err().status, StatusCode::METHOD_NOT_ALLOWED);
    }

    #[test]
    fn causes_stay_in_the_log_on_one_line() {
        let visit = Visit::begin(&request(Method::GET, "/products"));
        let failure = Failure::internal("Secret\n{\"level\":\"error\"}");
        let answer = visit.end(&Origins::default(), Err(failure));
        let Body::Text(body) = answer.response.body() else { panic!("text expected") };
        assert!(!body.contains("Secret"));
        assert!(answer.log.contains("Secret") && !answer.log.contains('\n'));
        let line: serde_json::Value = serde_json::from_str(&answer.log).unwrap();
        assert_eq!(line["status"], 500);
        assert_eq!(line["code"], "InternalError");
    }

    #[test]
    fn a_405_names_the_methods_and_a_503_says_when() {
        let failure =
            route(&request(Method::PUT, "/products"), "products", &Method::GET, "GET").unwrap_err();
        assert_eq!(refuse(&failure).headers()["allow"], "GET");
        assert_eq!(refuse(&StoreError::Busy("x".into()).into()).headers()["retry-after"], "1");
    }
}
