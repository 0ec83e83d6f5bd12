//! A connection to DynamoDB on which one call in ten is throttled, and one answer in twenty is lost
//! after the call took effect.

use aws_sdk_dynamodb::config::http::HttpRequest;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{
    BehaviorVersion, Builder, Config, Credentials, Region, RuntimeComponents,
};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const THROTTLED_PERCENT: u8 = 10;
const LOST_PERCENT: u8 = 5;
const THROTTLE: &str = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"Rate exceeded"}"#;

/// Settings for an endpoint that takes any credentials.
pub fn config(endpoint: &str) -> Builder {
    let http = aws_smithy_http_client::Builder::new().build_http();
    Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .endpoint_url(endpoint)
        .http_client(http)
}

#[derive(Debug, Default)]
struct Counts {
    calls: AtomicUsize,
    throttled: AtomicUsize,
    lost: AtomicUsize,
}

/// The storm, and what it did.
#[derive(Debug, Clone)]
pub struct Weather {
    inner: SharedHttpClient,
    counts: Arc<Counts>,
}

impl Weather {
    pub fn new() -> Self {
        let http = aws_smithy_http_client::Builder::new().build_http();
        Self { inner: http, counts: Arc::default() }
    }

    pub fn config(&self, endpoint: &str) -> Builder {
        config(endpoint).http_client(self.clone())
    }

    pub fn calls(&self) -> usize {
        self.counts.calls.load(Ordering::Relaxed)
    }

    pub fn throttled(&self) -> usize {
        self.counts.throttled.load(Ordering::Relaxed)
    }

    /// Answers that were cut after they took effect.
    pub fn lost(&self) -> usize {
        self.counts.lost.load(Ordering::Relaxed)
    }
}

impl HttpClient for Weather {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Rough { inner, counts: self.counts.clone() })
    }
}

#[derive(Debug)]
struct Rough {
    inner: SharedHttpConnector,
    counts: Arc<Counts>,
}

impl HttpConnector for Rough {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.counts.calls.fetch_add(1, Ordering::Relaxed);
        let fate = fastrand::u8(0..100);
        if fate < THROTTLED_PERCENT {
            self.counts.throttled.fetch_add(1, Ordering::Relaxed);
            let status = 400_u16.try_into().expect("a status");
            return HttpConnectorFuture::ready(Ok(HttpResponse::new(
                status,
                SdkBody::from(THROTTLE),
            )));
        }

        let answer = self.inner.call(request);
        if fate >= THROTTLED_PERCENT + LOST_PERCENT {
            return answer;
        }
        let counts = self.counts.clone();
        HttpConnectorFuture::new(async move {
            answer.await?;
            counts.lost.fetch_add(1, Ordering::Relaxed);
            Err(ConnectorError::io("the connection was cut".into()))
        })
    }
}
