//! Replayed conversations: scripted answers in AWS's own wire formats, in place of the network and
//! in virtual time, for what no emulator does: settling slowly, contradicting itself, answering out
//! of date.
//!
//! Nothing is asked of a socket, so the test's clock can be paused: it jumps to the next timer
//! whenever everything waits, and a wait of 40 minutes takes no time. What was asked for is
//! recorded with the moment, on that clock.

mod answer;
mod operation;

use crate::support::clients::Clients;
use crate::support::env::TestEnv;
pub use answer::{Answer, cut, empty, json, refused, refused_with, xml};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use serde_json::Value;
use shopstack::aws::counter::Counter;
use shopstack::aws::counter::Purpose;
use shopstack::aws::{Connect, Reader, Writer, clients::Sdk};
use shopstack::model::{CloudError, Live, Query, Scope, Step};
use shopstack::resources::ResourceType;
use std::fs::OpenOptions;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

/// One request as it left the process.
#[derive(Clone, Debug)]
pub struct Asked {
    /// AWS's name of the operation, `GetDistribution`.
    pub operation: String,
    pub body: String,
    pub if_match: Option<String>,
    /// Since the conversation began, on the test's clock.
    pub at: Duration,
}

/// Operation, a fragment of path, query or body (empty matches all), answer, how often it is still
/// given.
type Line = (String, String, Answer, usize);

#[derive(Debug, Default)]
struct Script {
    lines: Mutex<Vec<Line>>,
    asked: Mutex<Vec<Asked>>,
    told: Mutex<Vec<String>>,
}

/// A scripted AWS and the clients that talk to it.
pub struct Replay {
    pub env: TestEnv,
    /// For what is neither reader nor writer: the lock.
    pub sdk: Sdk,
    script: Arc<Script>,
}

fn line((asked, answer): (&str, Answer)) -> Line {
    let (operation, fragment) = asked.split_once(' ').unwrap_or((asked, ""));
    let times = answer.times;
    (operation.to_string(), fragment.to_string(), answer, times)
}

impl Replay {
    /// Answers each operation with its answers in order; pauses the test's clock, so one
    /// conversation is a test.
    ///
    /// The left side is AWS's name of the operation, or that and a fragment which path, query or
    /// body must hold: `DescribeLogGroups aws-waf-logs`. What the script does not hold is answered
    /// with HTTP 418.
    pub async fn start(lines: Vec<(&str, Answer)>) -> Replay {
        Self::start_in("us-east-1", lines).await
    }

    /// The same for a stack in another region.
    pub async fn start_in(region: &str, lines: Vec<(&str, Answer)>) -> Replay {
        tokio::time::pause();
        let script = Arc::new(Script::default());
        script.lines.lock().unwrap().extend(lines.into_iter().map(line));
        let (env, sdk) = env(region, script.clone()).await;
        Replay { env, sdk, script }
    }

    /// Further answers, where they need the conversation's scope.
    pub fn script(&self, lines: Vec<(&str, Answer)>) {
        self.script.lines.lock().unwrap().extend(lines.into_iter().map(line));
    }

    /// Everything that was asked, in order.
    pub fn asked(&self) -> Vec<Asked> {
        self.script.asked.lock().unwrap().clone()
    }

    fn asked_for(&self, operation: &str) -> Vec<Asked> {
        self.asked().into_iter().filter(|asked| asked.operation == operation).collect()
    }

    /// The JSON bodies that came with an operation, in order; null where a body is not JSON.
    pub fn bodies(&self, operation: &str) -> Vec<Value> {
        let asked = self.asked_for(operation);
        asked.iter().map(|asked| serde_json::from_str(&asked.body).unwrap_or(Value::Null)).collect()
    }

    /// The bodies that came with an operation, as text.
    pub fn texts(&self, operation: &str) -> Vec<String> {
        self.asked_for(operation).into_iter().map(|asked| asked.body).collect()
    }

    /// The ETags that an operation was asked with.
    pub fn etags(&self, operation: &str) -> Vec<String> {
        self.asked_for(operation).into_iter().filter_map(|asked| asked.if_match).collect()
    }

    /// The operations asked for, in order.
    pub fn operations(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.operation).collect()
    }

    /// How often an operation was asked for.
    pub fn count(&self, operation: &str) -> usize {
        self.asked_for(operation).len()
    }

    /// The pauses between one request of an operation and the next, in seconds, to a tenth.
    pub fn pauses(&self, operation: &str) -> Vec<f64> {
        let asked = self.asked_for(operation);
        let gap = |pair: &[Asked]| (pair[1].at - pair[0].at).as_secs_f64();
        asked.windows(2).map(|pair| (gap(pair) * 10.0).round() / 10.0).collect()
    }

    /// What a person was told while waiting, each sentence once.
    pub fn progress_texts(&self) -> Vec<String> {
        let mut told = self.script.told.lock().unwrap().clone();
        told.dedup();
        told
    }

    /// Scripted answers that were never asked for; those that may repeat for ever count as used.
    pub fn left(&self) -> Vec<String> {
        let lines = self.script.lines.lock().unwrap();
        let unused =
            lines.iter().filter(|(_, _, answer, left)| *left > 0 && answer.times != usize::MAX);
        unused
            .map(|(operation, fragment, ..)| format!("{operation} {fragment}").trim().to_string())
            .collect()
    }

    /// Creates through a resource type.
    pub async fn create(&self, resource: &dyn ResourceType, step: &Step) -> Result<(), CloudError> {
        resource.create(&self.env.writer, step, &step.wanted).await.map(|_| ())
    }

    /// What a type finds.
    pub async fn discover(
        &self,
        resource: &dyn ResourceType,
        query: &Query<'_>,
    ) -> Result<Vec<Live>, CloudError> {
        resource.discover(&self.env.reader.afresh(), query).await
    }
}

/// Takes requests in place of the network.
#[derive(Clone, Debug)]
struct Wire {
    script: Arc<Script>,
    start: Instant,
    /// The read timeout of the client: until the first byte of an answer, the upload included.
    patience: Option<Duration>,
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let uri = request.uri().splitn(4, '/').nth(3).unwrap_or_default();
        let uri = format!("/{uri}");
        let body = String::from_utf8_lossy(request.body().bytes().unwrap_or_default()).into_owned();
        let target = request.headers().get("x-amz-target");
        let (operation, format) = operation::operation_of(request.method(), target, &uri, &body);
        note_request(request.headers().get("authorization"), &operation);
        let if_match = request.headers().get("if-match").map(str::to_string);
        let answer = self.answer(&operation, &format!("{uri} {body}"));
        self.script.asked.lock().unwrap().push(Asked {
            operation,
            body,
            if_match,
            at: self.start.elapsed(),
        });
        let patience = self.patience;
        HttpConnectorFuture::new(async move {
            if let Some(patience) = patience.filter(|patience| *patience < answer.late) {
                tokio::time::sleep(patience).await;
                return Err(ConnectorError::timeout("the answer did not come in time".into()));
            }
            tokio::time::sleep(answer.late).await;
            Ok(answer.response(format))
        })
    }
}

/// Appends `service:Operation` to the file that SHOPSTACK_TEST_REPLAYED names, for the check that
/// tests make every declared call. The service is the one that the request is signed for.
fn note_request(authorization: Option<&str>, operation: &str) {
    let Some(file) = std::env::var_os("SHOPSTACK_TEST_REPLAYED") else { return };
    // Credential=KEY/DATE/REGION/SERVICE/aws4_request
    let service = authorization.and_then(|text| text.split('/').nth(3)).unwrap_or("unsigned");
    let mut file = OpenOptions::new().create(true).append(true).open(file).unwrap();
    file.write_all(format!("{service}:{operation}\n").as_bytes()).unwrap();
}

impl Wire {
    fn answer(&self, operation: &str, text: &str) -> Answer {
        let mut lines = self.script.lines.lock().unwrap();
        let fits = |line: &&mut Line| line.3 > 0 && line.0 == operation && text.contains(&line.1);
        match lines.iter_mut().find(fits) {
            Some((_, _, answer, left)) => {
                *left = if answer.times == usize::MAX { usize::MAX } else { *left - 1 };
                answer.clone()
            }
            None if operation::FOUND_NOTHING.iter().any(|(name, _)| *name == operation) => {
                operation::nothing_found(operation)
            }
            None => refused_with("Unscripted", &format!("no answer left for {operation}: {text}"))
                .status(418),
        }
    }
}

async fn env(region: &str, script: Arc<Script>) -> (TestEnv, Sdk) {
    let (start, wire) = (Instant::now(), script.clone());
    let connector =
        move |patience| SharedHttpConnector::new(Wire { script: wire.clone(), start, patience });
    let connect = Connect {
        region: Some(region.into()),
        // Gives credentials; the address itself is never dialled.
        local_endpoint: Some("http://aws.invalid".into()),
        transport: Some(http_client_fn(move |settings, _| connector(settings.read_timeout()))),
        calls: shopstack::resources::declared_calls(),
        ..Connect::default()
    };
    let sdk = Sdk::load(&connect, Arc::new(Counter::default())).await.unwrap();
    let told = move |text: &str| script.told.lock().unwrap().push(text.to_string());
    let caller = sdk.caller().as_aws().with_progress(Arc::new(told));
    let reader = Reader::new(&sdk, caller);
    let scope = Scope {
        stack: "replay".into(),
        env: "t".into(),
        account: "123456789012".into(),
        region: region.into(),
        endpoint: None,
    };
    let writer = Writer::new(&sdk, reader.clone(), scope.clone());
    let clients = Clients::new(&sdk, Purpose::Apply);
    (TestEnv { writer, reader, clients, scope, counter: sdk.counter.clone() }, sdk)
}
