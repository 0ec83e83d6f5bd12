//! Converts SDK errors to `CloudError`: AWS's code, message and request ID, a kind, and what to do.

use super::words::{causes, words};
use super::{remedy, tls};
use crate::model::text::one_line;
use crate::model::{CloudError, ErrorKind};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{DispatchFailure, SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use std::time::Duration;

/// Seconds; the longest wait that a response can ask for.
const MOST_ASKED: u64 = 60;

/// Codes for a missing resource; each service has its own.
const NOT_FOUND: &[&str] = &[
    "ResourceNotFoundException",
    "NotFoundException",
    "NoSuchEntity",
    "NoSuchBucket",
    "NoSuchKey",
    "NotFound",
    "NoSuchDistribution",
    "NoSuchOriginAccessControl",
    "NoSuchResponseHeadersPolicy",
    "NoSuchResource",
    "WAFNonexistentItemException",
    "TableNotFoundException",
    "NoSuchBucketPolicy",
    "NoSuchTagSet",
    "NoSuchPublicAccessBlockConfiguration",
    "ServerSideEncryptionConfigurationNotFoundError",
    "OwnershipControlsNotFoundError",
    "NoSuchTagSetError",
    "NoSuchLifecycleConfiguration",
    "NoSuchWebsiteConfiguration",
    "NoSuchCORSConfiguration",
];
const DENIED: &[&str] =
    &["AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "Forbidden"];
const CREDENTIALS: &[&str] = &[
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "ExpiredToken",
    "ExpiredTokenException",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "InvalidAccessKeyId",
    "AuthFailure",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "IncompleteSignature",
    "RequestExpired",
    "RequestTimeTooSkewed",
    "RequestInTheFuture",
];
/// A request that arrived too late. Despite HTTP 400 it is transient like a 5xx, as in the SDK's
/// own classifier.
pub const LATE: &[&str] = &["RequestTimeout", "RequestTimeoutException"];
/// Catalogue section 1.3; `LimitExceededException` is decided in `throttled`.
pub const THROTTLE: &[&str] = &[
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
];
/// Codes with which emulators reject an unknown operation; `not_emulated` also checks messages.
const NOT_EMULATED: &[&str] = &[
    "InvalidAction",
    "UnknownOperationException",
    "UnknownOperation",
    "NotImplemented",
    "NotImplementedException",
];

/// Interprets an AWS error by code and sentence: its kind and the remedy.
pub fn meaning(operation: &str, code: &str, message: &str, status: u16) -> (ErrorKind, String) {
    let kind = kind_of(operation, code, message, Some(status), false);
    (kind, remedy::hint(kind, operation, code, message))
}

/// Maps one SDK failure. `operation` is `service:Operation`; `emulated` allows the not-emulated
/// kind.
pub fn from_sdk<E>(operation: &str, error: &SdkError<E, HttpResponse>, emulated: bool) -> CloudError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    if let SdkError::DispatchFailure(_) = error
        && let Some((message, hint)) = tls::trouble(&causes(error))
    {
        let unreachable = CloudError::ours(ErrorKind::Unreachable, message, "");
        return CloudError { operation: readable(operation), hint, ..unreachable };
    }

    let meta = error.as_service_error().map(|e| e.meta());
    let mut code = one_line(meta.and_then(|m| m.code()).unwrap_or_default());
    let mut message =
        one_line(without_variables(meta.and_then(|m| m.message()).unwrap_or_default()));
    // AWS's response was truncated, so the result of the call is unknown.
    let is_cut = code.is_empty() && body(error).is_some_and(|body| !is_whole(body));
    if code.is_empty() {
        code = code_of_status(status(error));
    }
    if message.is_empty() {
        message = words(error);
    }

    let kind = match error {
        SdkError::ServiceError(_) if is_cut && !(emulated && is_html(error)) => {
            ErrorKind::Ambiguous
        }
        _ => kind_from_sdk(operation, error, &code, &message, emulated),
    };
    let hint = remedy::hint(kind, operation, &code, &message);
    let request_id = request_id(error);
    CloudError { kind, operation: readable(operation), code, message, request_id, hint }
}

/// The kind of a failure whose response, if any, arrived complete.
fn kind_from_sdk<E>(
    operation: &str,
    error: &SdkError<E, HttpResponse>,
    code: &str,
    message: &str,
    emulated: bool,
) -> ErrorKind {
    let status = status(error);
    match error {
        SdkError::ServiceError(_) | SdkError::ResponseError(_) if emulated && is_html(error) => {
            // moto returns HTML for operations that it lacks and for crashes; retrying helps with
            // neither.
            if status == Some(404) { ErrorKind::NotEmulated } else { ErrorKind::Other }
        }
        SdkError::DispatchFailure(_) | SdkError::ConstructionFailure(_)
            if message.contains("redential") =>
        {
            ErrorKind::Credentials
        }
        SdkError::ConstructionFailure(_) => ErrorKind::Unreachable,
        SdkError::DispatchFailure(f) if f.is_user() || never_connected(f) => ErrorKind::Unreachable,
        // A broken connection, or a response that timed out: the request may have taken effect.
        SdkError::DispatchFailure(_) | SdkError::TimeoutError(_) | SdkError::ResponseError(_) => {
            ErrorKind::Ambiguous
        }
        _ => kind_of(operation, code, message, status, emulated),
    }
}

fn status<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

fn body<E>(error: &SdkError<E, HttpResponse>) -> Option<&[u8]> {
    error.raw_response().and_then(|response| response.body().bytes())
}

/// The code for a response without one.
fn code_of_status(status: Option<u16>) -> String {
    match status {
        Some(404) => "NotFound".into(),
        Some(403) => "Forbidden".into(),
        Some(429) => "TooManyRequestsException".into(),
        Some(501) => "NotImplemented".into(),
        Some(n) => format!("HTTP {n}"),
        None => String::new(),
    }
}

/// AWS's request ID, from the error itself or the response headers.
fn request_id<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Option<String> {
    let meta = error.as_service_error().map(|e| e.meta());
    let id = meta.and_then(|m| m.extra("aws_request_id")).or_else(|| {
        let headers = error.raw_response().map(|r| r.headers())?;
        headers.get("x-amzn-requestid").or_else(|| headers.get("x-amz-request-id"))
    });
    id.map(str::to_string)
}

/// True for an HTML page. The response to a HEAD has no body: only its status counts.
fn is_html<E>(error: &SdkError<E, HttpResponse>) -> bool {
    let content_type = error.raw_response().and_then(|r| r.headers().get("content-type"));
    content_type.is_some_and(|content_type| content_type.starts_with("text/html"))
        && body(error).is_some_and(|body| !body.is_empty())
}

/// Lambda rejects oversized variables and quotes them all after these words; they must not reach a
/// log.
fn without_variables(message: &str) -> &str {
    message.split_once("String measured:").map_or(message, |(words, _)| words.trim_end())
}

/// True if no connection was established, so nothing was sent: unknown host, refused, timed out.
fn never_connected(failure: &DispatchFailure) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> =
        failure.as_connector_error().map(|e| e as _);
    while let Some(error) = cause {
        if error.downcast_ref::<hyper_util::client::legacy::Error>().is_some_and(|e| e.is_connect())
        {
            return true;
        }
        cause = error.source();
    }
    false
}

/// False for a truncated JSON or XML document; other texts are complete. A complete but unparsable
/// document does not improve by asking again.
fn is_whole(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    if !text.starts_with('<') {
        return !text.starts_with(['{', '['])
            || serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    }
    let tags = text.split('<').skip(1);
    let mut elements = tags.skip_while(|tag| tag.starts_with(['?', '!']));
    let root = elements.next().unwrap_or_default();
    let name =
        root.split(|c: char| c.is_whitespace() || c == '>' || c == '/').next().unwrap_or_default();
    text.ends_with(&format!("</{name}>")) || root.ends_with("/>") && elements.next().is_none()
}

/// How long AWS asks to wait: this header carries `retryAfterSeconds` of Lambda and API Gateway.
pub fn retry_after<E>(error: &SdkError<E, HttpResponse>) -> Option<Duration> {
    let seconds: u64 = error.raw_response()?.headers().get("retry-after")?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.min(MOST_ASKED)))
}

fn kind_of(
    operation: &str,
    code: &str,
    message: &str,
    status: Option<u16>,
    emulated: bool,
) -> ErrorKind {
    let is = |set: &[&str]| set.contains(&code);
    if throttled(operation, code, message, status) {
        ErrorKind::Throttled
    } else if emulated && not_emulated(code, message, status) {
        ErrorKind::NotEmulated
    } else if is(NOT_FOUND) {
        ErrorKind::NotFound
    } else if is(DENIED) {
        ErrorKind::AccessDenied
    } else if is(CREDENTIALS) {
        ErrorKind::Credentials
    } else if remedy::is_count(operation, code) {
        ErrorKind::Quota
    } else if is(LATE) || status.is_some_and(|s| s >= 500) {
        ErrorKind::Ambiguous
    } else if matches!(status, Some(409 | 412))
        || code.contains("OptimisticLock")
        || code.contains("Conflict")
    {
        ErrorKind::Conflict
    } else {
        ErrorKind::Other
    }
}

/// Emulators have their own messages for unknown operations, some of them a plain "not found".
fn not_emulated(code: &str, message: &str, status: Option<u16>) -> bool {
    const WORDS: [&str; 4] =
        ["Unknown ", "No route for ", "Function not found: /", "Unsupported service"];
    WORDS.iter().any(|words| message.starts_with(words))
        || (NOT_EMULATED.contains(&code))
        || status == Some(501)
}

/// Catalogue section 1.3: some services throttle with HTTP 400 and only the text `Rate exceeded`.
/// `LimitExceededException` is a rate for API Gateway (429) and for DynamoDB's simultaneous table
/// operations, but a count everywhere else. DynamoDB also uses it for the number of tables
/// (`Subscriber limit exceeded`), and API Gateway also answers 429 if the `Maximum number of` some
/// things `has been reached. Please contact AWS`.
fn throttled(operation: &str, code: &str, message: &str, status: Option<u16>) -> bool {
    if code == "LimitExceededException" {
        return operation.starts_with("apigateway:") && status == Some(429) && !counts(message)
            || operation.starts_with("dynamodb:") && message.contains("simultaneously");
    }
    THROTTLE.contains(&code) || status == Some(429) || message.contains("Rate exceeded")
}

/// True for API Gateway's message about a count quota, which waiting does not lower.
fn counts(message: &str) -> bool {
    let words = message.to_lowercase();
    ["maximum number of", "has been reached", "contact aws"].iter().any(|said| words.contains(said))
}

/// A 503 from AWS itself to a repeatable call is a throttle. A 503 from anything else, such as a
/// proxy, has neither a code nor a request ID.
pub(super) fn throttled_by_503(mut error: CloudError, operation: &str) -> CloudError {
    let answered = error.request_id.is_some() || !error.code.starts_with("HTTP ");
    if answered && error.kind == ErrorKind::Ambiguous {
        error.kind = ErrorKind::Throttled;
        error.hint = remedy::hint(error.kind, operation, "", "");
    }
    error
}

/// `dynamodb:CreateTable` for display: `dynamodb CreateTable`.
fn readable(operation: &str) -> String {
    operation.replacen(':', " ", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_lambda_quotes_are_cut_off() {
        let words = "Lambda was unable to configure your environment variables because the \
                     environment variables you have provided exceeded the 4KB limit.";
        assert_eq!(
            without_variables(&format!("{words} String measured: {{\"KEY\":\"secret\"}}")),
            words
        );
        assert_eq!(without_variables(words), words);
    }
}
