//! The DynamoDB client, its errors boiled down to what a caller can do about them, and items as
//! plain values.

use crate::product::{Field, Fields};
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use std::collections::HashMap;
use std::time::Duration;

/// As DynamoDB's own SDK holds an item.
pub type Item = HashMap<String, AttributeValue>;

const CONNECT: Duration = Duration::from_secs(1);
/// DynamoDB answers within milliseconds; an answer that takes longer than this is lost.
const ATTEMPT: Duration = Duration::from_secs(2);

/// A client from the function's environment. `AWS_ENDPOINT_URL` is honoured by the SDK itself,
/// which is how the same binary works on AWS and on a local endpoint.
///
/// The SDK's own retries are off: `deadline::Backoff` repeats calls inside the time that the
/// request has, and knows after which of them an order may be stored.
pub async fn client() -> Client {
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let limits = TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .build();
    let config = aws_config::from_env()
        .http_client(http)
        .timeout_config(limits)
        .retry_config(RetryConfig::disabled())
        .load()
        .await;
    Client::new(&config)
}

/// Why the table did not answer. The text is AWS's error code, for the log; it never reaches a
/// client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// Throttled, timed out or unavailable: the same request may succeed later. A write that
    /// `may_have_happened` was perhaps carried out although its answer did not come.
    Busy { code: String, may_have_happened: bool },
    /// Refused for a reason that repeating does not change (rights, a missing table, a bug).
    Failed(String),
}

impl StoreError {
    /// Refused for now, and certainly not carried out.
    pub fn later(code: impl Into<String>) -> Self {
        Self::Busy { code: code.into(), may_have_happened: false }
    }
}

/// Codes of DynamoDB that mean "later": from its API reference, "Error handling with DynamoDB".
const LATER: [&str; 8] = [
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
    "Throttling",
    "LimitExceededException",
    "TransactionConflictException",
    "TransactionInProgressException",
    "ReplicatedWriteConflictException",
];

impl<E: ProvideErrorMetadata> From<SdkError<E>> for StoreError {
    fn from(error: SdkError<E>) -> Self {
        let lost = |code: &str| Self::Busy { code: code.to_owned(), may_have_happened: true };
        match &error {
            SdkError::TimeoutError(_) => lost("timeout"),
            SdkError::DispatchFailure(_) => lost("dispatch failure"),
            SdkError::ResponseError(_) => lost("unreadable response"),
            SdkError::ServiceError(service) => {
                let code = error.code().unwrap_or("unnamed error");
                if LATER.contains(&code) {
                    Self::later(code)
                } else if service.raw().status().is_server_error() {
                    lost(code)
                } else {
                    Self::Failed(code.to_owned())
                }
            }
            _ => Self::Failed("request not built".into()),
        }
    }
}

/// An item as plain values. Lists, maps, sets and binary values are `Other`: no field of a product
/// has such a type.
pub fn fields(item: Item) -> Fields {
    let plain = |value| match value {
        AttributeValue::S(text) => Field::Text(text),
        AttributeValue::N(number) => Field::Number(number),
        AttributeValue::Bool(flag) => Field::Flag(flag),
        _ => Field::Other,
    };
    item.into_iter().map(|(name, value)| (name, plain(value))).collect()
}
