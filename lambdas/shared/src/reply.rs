//! Answers of the HTTP API: JSON bodies, security and CORS headers,
//! `{"error":{"code","message","field"?}}`, and their log lines.

use crate::cors::Origins;
use crate::dynamo::StoreError;
use crate::log::{self, Entry, Order};
use crate::product::Broken;
use lambda_http::http::header::{self, HeaderName, HeaderValue};
use lambda_http::http::{Method, StatusCode};
use lambda_http::request::RequestContext;
use lambda_http::{Body, Request, RequestExt, Response};
use serde_json::json;
use std::borrow::Cow;
use std::time::Instant;

/// A request id longer than this did not come from AWS.
const LONGEST_REQUEST_ID: usize = 64;
/// Seconds after which a busy shop may be asked again.
const RETRY_AFTER: &str = "1";
/// Headers that scripts of an allowed origin may read beside the body.
const EXPOSED: &str = "ETag, Link, Retry-After";

/// The fixed context of a function: its route and its settings.
#[derive(Debug, Clone)]
pub struct Service {
    /// `POST /orders`, for the log.
    pub route: &'static str,
    /// Methods of its route, for `Allow`.
    pub methods: &'static [Method],
    /// The function's name on AWS.
    pub function: String,
    pub origins: Origins,
}

/// The outcome of a request that succeeded.
#[derive(Debug, Default)]
pub struct Success {
    pub status: StatusCode,
    /// A JSON document, or empty for an answer without a body.
    pub body: String,
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub order: Option<Order>,
}

/// The outcome of a request that failed. Message and field reveal nothing internal; `cause` goes to
/// the log only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: Cow<'static, str>,
    /// Where in the request the fault is: `items[0].quantity`, or the name of a header or of a
    /// query parameter.
    pub field: Option<String>,
    pub cause: Option<String>,
    /// The order that was not placed, or may be; for the log.
    pub order_id: Option<String>,
    /// The methods of the route, for a 405.
    allow: Option<String>,
}

impl Failure {
    pub fn new(
        status: StatusCode,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            field: None,
            cause: None,
            order_id: None,
            allow: None,
        }
    }

    /// A 400: the client can correct it.
    pub fn bad(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// The same failure with the place of its fault.
    pub fn at(self, field: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..self }
    }

    /// The same failure with what the log says of it.
    pub fn caused_by(self, cause: impl Into<String>) -> Self {
        Self { cause: Some(cause.into()), ..self }
    }

    /// The same failure with the id of the order that it is about.
    pub fn of_order(self, id: impl Into<String>) -> Self {
        Self { order_id: Some(id.into()), ..self }
    }

    /// A 500 whose cause is in the log.
    pub fn internal(cause: impl Into<String>) -> Self {
        let message = "Something went wrong on our side. Please try again.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", message).caused_by(cause)
    }

    /// A 503 with `Retry-After`: nothing was done.
    pub fn unavailable(cause: impl Into<String>) -> Self {
        let message = "The shop is busy. Please try again in a moment.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "Unavailable", message).caused_by(cause)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy { code, .. } => Self::unavailable(code),
            StoreError::Failed(cause) => Self::internal(cause),
        }
    }
}

/// An answer and its log lines; printing is left to `main`.
#[derive(Debug)]
pub struct Answer {
    pub response: Response<Body>,
    pub log: Vec<String>,
}

/// The facts of a request that are kept until it is answered: nothing that belongs to the user.
pub struct Visit {
    request_id: String,
    origin: Option<HeaderValue>,
    started: Instant,
    cold_start: bool,
}

impl Visit {
    pub fn begin(request: &Request) -> Self {
        Self {
            request_id: request_id(request),
            origin: request.headers().get(header::ORIGIN).cloned(),
            started: Instant::now(),
            cold_start: log::is_cold_start(),
        }
    }

    /// Turns the outcome into the response and the log lines. `broken` are products that the
    /// request came upon and that cannot be sold.
    pub fn end(
        self,
        service: &Service,
        outcome: Result<Success, Failure>,
        broken: &[Broken],
    ) -> Answer {
        let (status, code, cause, order) = match &outcome {
            Ok(success) => (success.status, None, None, success.order.as_ref()),
            Err(failure) => (failure.status, Some(failure.code), failure.cause.as_deref(), None),
        };
        let entry = Entry {
            route: service.route,
            function: &service.function,
            request_id: &self.request_id,
            cold_start: self.cold_start,
            latency: self.started.elapsed(),
            status: status.as_u16(),
            code,
            cause,
            order,
            failed_order: outcome.as_ref().err().and_then(|failure| failure.order_id.as_deref()),
        };
        let mut log = vec![entry.line()];
        log.extend(log::broken_products(&self.request_id, broken));

        let mut response = match outcome {
            Ok(success) => answer(success),
            Err(failure) => refuse(&failure),
        };
        if let Some(origin) = service.origins.allow(self.origin.as_ref()) {
            let headers = response.headers_mut();
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            let exposed = HeaderValue::from_static(EXPOSED);
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        }
        Answer { response, log }
    }
}

/// Refuses another address than the last part of the route's path (a stage or a base path may
/// stand before it), and other methods than the route's.
pub fn check_route(service: &Service, request: &Request) -> Result<(), Failure> {
    let raw = request.raw_http_path();
    let path = if raw.is_empty() { request.uri().path() } else { raw };
    let last = path.trim_end_matches('/').rsplit('/').next();
    if last != service.route.rsplit('/').next() {
        let message = "There is nothing at this address.";
        return Err(Failure::new(StatusCode::NOT_FOUND, "NotFound", message));
    }
    if !service.methods.contains(request.method()) {
        let message = "This address does not take that method.";
        let failure = Failure::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", message);
        let methods: Vec<&str> = service.methods.iter().map(Method::as_str).collect();
        return Err(Failure { allow: Some(methods.join(", ")), ..failure });
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

fn answer(success: Success) -> Response<Body> {
    let mut response = respond(success.status, success.body);
    for (name, value) in success.headers {
        response.headers_mut().insert(name, value);
    }
    response
}

fn refuse(failure: &Failure) -> Response<Body> {
    let mut error = json!({ "code": failure.code, "message": failure.message });
    if let Some(field) = &failure.field {
        error["field"] = field.as_str().into();
    }
    let mut response = respond(failure.status, json!({ "error": error }).to_string());
    let headers = response.headers_mut();
    if failure.status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER));
    }
    if let Some(allow) = failure.allow.as_ref().and_then(|allow| allow.parse().ok()) {
        headers.insert(header::ALLOW, allow);
    }
    response
}

fn respond(status: StatusCode, body: String) -> Response<Body> {
    let has_body = !body.is_empty();
    let mut response = Response::new(if has_body { Body::Text(body) } else { Body::Empty });
    *response.status_mut() = status;
    let fixed: [(HeaderName, &'static str); 3] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
        (header::VARY, "Origin"),
    ];
    for (name, value) in fixed {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    if status != StatusCode::NOT_MODIFIED {
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service() -> Service {
        Service {
            route: "GET /products",
            methods: &[Method::GET, Method::HEAD],
            function: "shop-dev-listProducts".into(),
            origins: Origins::default(),
        }
    }

    fn request(method: Method, path: &str) -> Request {
        let request = Request::new(Body::Empty).with_raw_http_path(path);
        let (mut parts, body) = request.into_parts();
        parts.method = method;
        Request::from_parts(parts, body)
    }

    #[test]
    fn routes_by_the_last_part_of_the_path() {
        for path in ["/products", "/v1/products", "/products/"] {
            assert_eq!(check_route(&service(), &request(Method::GET, path)), Ok(()));
        }
        let lost = check_route(&service(), &request(Method::GET, "/products/1")).unwrap_err();
        assert_eq!(lost.status, StatusCode::NOT_FOUND);
        let wrong = check_route(&service(), &request(Method::PUT, "/products")).unwrap_err();
        assert_eq!(wrong.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(refuse(&wrong).headers()["allow"], "GET, HEAD");
    }

    #[test]
    fn causes_stay_in_the_log_on_one_line() {
        let visit = Visit::begin(&request(Method::GET, "/products"));
        let failure = Failure::internal("Secret\n{\"level\":\"error\"}").at("items[0]");
        let answer = visit.end(&service(), Err(failure), &[]);
        let Body::Text(body) = answer.response.body() else { panic!("text expected") };
        assert!(!body.contains("Secret") && body.contains(r#""field":"items[0]""#));
        let [line] = answer.log.as_slice() else { panic!("one line") };
        assert!(line.contains("Secret") && !line.contains('\n'));
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!((&line["status"], &line["Code"]), (&json!(500), &json!("InternalError")));
    }

    #[test]
    fn a_503_says_when_to_come_back() {
        let busy: Failure = StoreError::later("ThrottlingException").into();
        assert_eq!(refuse(&busy).headers()["retry-after"], "1");
    }
}
