//! Plain HTTP as a browser would speak it: no redirects followed, no credentials, `*.localhost` is
//! this machine.

use super::retry::{Trouble, Try};
use super::{Backend, Target, date};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::HeaderMap;
use serde_json::Value;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// AWS's bot rules block what does not look like a browser.
const USER_AGENT: &str = concat!(
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 \
     Safari/537.36 shopstack-smoke/",
    env!("CARGO_PKG_VERSION")
);
/// Holds the run's mark, by which WAF's log tells its requests from others'.
const RUN_HEADER: &str = "x-shopstack-run";
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// Even at the end of the budget a request gets this long: one try is promised.
const SHORTEST_TIMEOUT: Duration = Duration::from_secs(2);
/// An answer of API Gateway or Lambda cannot be longer than 10 MB.
const LARGEST_BODY: usize = 11 * 1024 * 1024;
const SHOWN_OF_BODY: usize = 200;

/// The context of all checks.
pub(super) struct Context<'a> {
    pub(super) target: &'a Target,
    pub(super) backend: &'a dyn Backend,
    pub(super) deadline: Instant,
    /// Tells this run's requests from others' in logs.
    pub(super) nonce: String,
    /// Held by a check that places orders, so that its tidying cannot take away another check's.
    pub(super) till: Mutex<()>,
    /// Epoch milliseconds by the server's clock, from the first answer on.
    began: OnceLock<i64>,
    client: reqwest::Client,
    catalogue: Mutex<Option<Arc<Vec<Value>>>>,
}

/// A request; the body, where there is one, is sent as JSON.
#[derive(Clone, Debug, Default)]
pub(super) struct Call {
    pub(super) method: String,
    pub(super) url: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Option<String>,
}

/// A whole answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) url: String,
    pub(super) status: u16,
    pub(super) body: String,
    pub(super) elapsed: Duration,
    headers: HeaderMap,
}

/// A request without an answer.
#[derive(Debug)]
pub(super) struct NoAnswer {
    pub(super) message: String,
    /// The request may have reached the server and done its work there.
    pub(super) may_have_arrived: bool,
}

impl From<NoAnswer> for Trouble {
    fn from(error: NoAnswer) -> Self {
        Self::Again(error.message)
    }
}

impl Call {
    pub(super) fn new(method: &str, url: impl Into<String>) -> Self {
        Self { method: method.to_string(), url: url.into(), ..Self::default() }
    }

    pub(super) fn get(url: impl Into<String>) -> Self {
        Self::new("GET", url)
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl Answer {
    /// A header's value; several of one name are joined by a comma, as HTTP reads them. Empty where
    /// absent.
    pub(super) fn header(&self, name: &str) -> String {
        let values = self
            .headers
            .get_all(name)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()));
        values.collect::<Vec<_>>().join(", ")
    }

    /// Status and the beginning of the body, for messages.
    pub(super) fn summary(&self) -> String {
        let body = clip(&self.body);
        if body.is_empty() {
            format!("{} with no body", self.status)
        } else {
            format!("{}: {body}", self.status)
        }
    }

    /// `URL: expected …, got …; what to do`.
    pub(super) fn unlike(&self, expected: &str, todo: &str) -> String {
        unlike(&self.url, expected, &self.summary(), todo)
    }

    /// `error.code` of the API's error body.
    pub(super) fn error_code(&self) -> Option<String> {
        let body: Value = serde_json::from_str(&self.body).ok()?;
        Some(body.get("error")?.get("code")?.as_str()?.to_string())
    }
}

/// The one form of a failure's message.
pub(super) fn unlike(subject: &str, expected: &str, got: &str, todo: &str) -> String {
    format!("{subject}: expected {expected}, got {got}; {todo}")
}

/// The first 200 characters on one line.
pub(super) fn clip(text: &str) -> String {
    let mut flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    flat.retain(|c| !c.is_control());
    match flat.char_indices().nth(SHOWN_OF_BODY) {
        Some((at, _)) => format!("{}…", flat.get(..at).unwrap_or_default()),
        None => flat,
    }
}

/// A base URL and a path that begins with `/`.
pub(super) fn join(base: &str, path: &str) -> String {
    format!("{}{path}", base.trim_end_matches('/'))
}

impl<'a> Context<'a> {
    pub(super) fn new(target: &'a Target, backend: &'a dyn Backend) -> Result<Self, String> {
        // Without a provider reqwest panics; where main has installed one already, this changes
        // nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .timeout(REQUEST_TIMEOUT)
            .dns_resolver(Arc::new(Localhost));
        if target.emulated {
            builder = builder.no_proxy();
        }
        if let Some(pem) = &target.ca_bundle {
            let roots = reqwest::Certificate::from_pem_bundle(pem)
                .map_err(|error| format!("the CA bundle cannot be used: {}", chain(&error)))?;
            builder = builder.tls_certs_only(roots);
        }
        let client = builder.build().map_err(|error| {
            format!(
                "no HTTP client: {}; install the system's CA certificates (ca-certificates)",
                chain(&error)
            )
        })?;
        Ok(Self {
            target,
            backend,
            deadline: Instant::now() + target.budget,
            nonce: format!("smoke{:016x}", fastrand::u64(..)),
            till: Mutex::new(()),
            began: OnceLock::new(),
            client,
            catalogue: Mutex::new(None),
        })
    }

    /// Sends one request and reads its answer to the end.
    pub(super) async fn send(&self, call: &Call) -> Result<Answer, NoAnswer> {
        let started = Instant::now();
        let lost = |error: &reqwest::Error| NoAnswer {
            message: unlike(
                &call.url,
                "an answer",
                &format!("none ({})", chain(error)),
                "see that the address is right and the endpoint runs",
            ),
            may_have_arrived: !error.is_connect() && !error.is_builder(),
        };
        let method =
            reqwest::Method::from_bytes(call.method.as_bytes()).unwrap_or(reqwest::Method::GET);
        let left = self.deadline.saturating_duration_since(started);
        let mut request = self
            .client
            .request(method, &call.url)
            .header(RUN_HEADER, &self.nonce)
            .timeout(REQUEST_TIMEOUT.min(left.max(SHORTEST_TIMEOUT)));
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        if let Some(body) = &call.body {
            request = request.header("content-type", "application/json").body(body.clone());
        }
        self.backend.count_request();
        let mut response = request.send().await.map_err(|error| lost(&error))?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| lost(&error))? {
            body.extend_from_slice(&chunk);
            if body.len() > LARGEST_BODY {
                break;
            }
        }
        let answer = Answer {
            url: format!("{} {}", call.method, call.url),
            status: response.status().as_u16(),
            body: String::from_utf8_lossy(&body).into_owned(),
            elapsed: started.elapsed(),
            headers: response.headers().clone(),
        };
        self.began.get_or_init(|| date::began(&answer.header("date"), answer.elapsed));
        Ok(answer)
    }

    /// When the run's first request began, in epoch milliseconds by the server's clock.
    pub(super) fn began(&self) -> i64 {
        self.began.get().copied().unwrap_or_else(date::local_ms)
    }

    /// The products table, read once and shared; `again` reads it anew.
    pub(super) async fn catalogue(&self, table: &str, again: bool) -> Try<Arc<Vec<Value>>> {
        let mut kept = self.catalogue.lock().await;
        if let Some(items) = kept.as_ref().filter(|_| !again) {
            return Ok(items.clone());
        }
        let items = Arc::new(self.backend.items(table).await?);
        *kept = Some(items.clone());
        Ok(items)
    }
}

/// The innermost causes tell what happened; reqwest's own sentence repeats the URL only.
fn chain(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "timed out".to_string();
    }
    let mut causes = Vec::new();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    if causes.is_empty() { "the request failed".to_string() } else { clip(&causes.join(": ")) }
}

/// RFC 6761 gives `*.localhost` to the loopback, but not every system's resolver knows it.
struct Localhost;

impl Resolve for Localhost {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().trim_end_matches('.').to_ascii_lowercase();
        Box::pin(async move {
            if host == "localhost" || host.ends_with(".localhost") {
                let here: Addrs =
                    Box::new(std::iter::once(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))));
                return Ok(here);
            }
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
            let found: Addrs = Box::new(found.into_iter());
            Ok(found)
        })
    }
}
