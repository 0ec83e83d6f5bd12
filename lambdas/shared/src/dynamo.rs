//! The DynamoDB client, and its errors boiled down to what a caller can do about them.

use aws_config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use std::time::Duration;

/// A client from the function's environment. `AWS_ENDPOINT_URL` is honoured by the SDK itself,
/// which is how the same binary works on AWS and on a local endpoint.
///
/// The time limits are shorter than API Gateway's 29 s and than any sensible function timeout, so
/// that a slow table becomes an answer (503) and not a killed function.
pub async fn client() -> Client {
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let limits = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(Duration::from_secs(3))
        .operation_timeout(Duration::from_secs(6))
        .build();
    let config = aws_config::from_env().http_client(http).timeout_config(limits).load().await;
    Client::new(&config)
}

/// Why the table did not answer. The text is AWS's error code, for the log; it never reaches a
/// client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// Throttled, timed out or unavailable: the same request may succeed later.
    Busy(String),
    /// Refused for a reason that a repetition does not mend (rights, a missing table, a bug).
    Failed(String),
}

/// Codes of DynamoDB that mean "later": from its API reference, "Error handling with DynamoDB".
const LATER: [&str; 7] = [
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
    "Throttling",
    "LimitExceededException",
    "InternalServerError",
    "ServiceUnavailable",
];

/// What a failed call means. The SDK has already repeated it by its standard rules.
impl<E: ProvideErrorMetadata> From<SdkError<E>> for StoreError {
    fn from(error: SdkError<E>) -> Self {
        match &error {
            SdkError::TimeoutError(_) => Self::Busy("timeout".into()),
            SdkError::DispatchFailure(_) => Self::Busy("dispatch failure".into()),
            SdkError::ResponseError(_) => Self::Busy("unreadable response".into()),
            SdkError::ServiceError(service) => {
                let code = error.code().unwrap_or("unnamed error").to_owned();
                let server_side = service.raw().status().is_server_error();
                if server_side || LATER.contains(&code.as_str()) {
                    Self::Busy(code)
                } else {
                    Self::Failed(code)
                }
            }
            _ => Self::Failed("request not built".into()),
        }
    }
}
