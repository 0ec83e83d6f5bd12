//! One way to make a call: rate budget, fence, the call, error mapping, retry class, pause, again.

use super::counter::{Counter, Numbers};
use super::error;
use super::quota::Limiter;
use super::retry::{self, Class, Leave, Repeat, Spent};
use super::upload::{Line, Turn};
use crate::model::call::{Call, CallTable};
use crate::model::{CloudError, ErrorKind};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::watch;
use tokio::time::Instant;

pub type CallOptions = Repeat;

/// Report a wait after this long without a response.
const SLOW: Duration = Duration::from_secs(2);

/// Tells whether new work may start; the reason is set once and never cleared.
#[derive(Clone, Debug)]
pub struct Cancel {
    state: Arc<watch::Sender<Option<CloudError>>>,
    /// Milliseconds since 1970 after which a lease has expired; 0 = no lease. Wall time, because a
    /// suspended machine must find its lease expired when it wakes up.
    lease: Arc<AtomicU64>,
}

impl Default for Cancel {
    fn default() -> Self {
        Self { state: Arc::new(watch::Sender::new(None)), lease: Arc::default() }
    }
}

impl Cancel {
    /// Stops new calls; the first reason wins.
    pub fn stop(&self, reason: CloudError) {
        self.state.send_if_modified(|state| {
            let first = state.is_none();
            if first {
                *state = Some(reason);
            }
            first
        });
    }

    pub fn reason(&self) -> Option<CloudError> {
        self.state.borrow().clone()
    }

    /// Allows no new call after `until`, unless the lease is renewed.
    pub fn lease_until(&self, until: SystemTime) {
        self.lease.store(millis(until), Ordering::Relaxed);
    }

    /// When the lease expires, to the millisecond.
    #[cfg(test)]
    pub(super) fn lease_end(&self) -> Option<SystemTime> {
        let lease = self.lease.load(Ordering::Relaxed);
        (lease != 0).then(|| UNIX_EPOCH + Duration::from_millis(lease))
    }

    /// Why no call may be made now, if so.
    fn refusal(&self) -> Option<CloudError> {
        let lease = self.lease.load(Ordering::Relaxed);
        if lease != 0 && millis(SystemTime::now()) > lease {
            self.stop(CloudError::ours(
                ErrorKind::Lock,
                "the lock's lease ran out and could not be renewed",
                "nothing more was written; check the network, then run again",
            ));
        }
        self.reason()
    }

    /// Resolves when `stop` has been called.
    pub async fn stopped(&self) -> CloudError {
        let mut watcher = self.state.subscribe();
        let reason = watcher.wait_for(Option::is_some).await.map(|r| r.clone());
        reason.ok().flatten().unwrap_or_else(interrupted)
    }
}

fn millis(at: SystemTime) -> u64 {
    u64::try_from(at.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
}

/// The reason given after a signal.
pub fn interrupted() -> CloudError {
    CloudError::ours(
        ErrorKind::Interrupted,
        "interrupted",
        "run the same command again: it goes on where it stopped",
    )
}

/// Receives what is being waited for.
pub type Progress = Arc<dyn Fn(&str) + Send + Sync>;

/// Makes calls for one purpose; cheap to clone.
#[derive(Clone)]
pub struct Caller {
    counter: Arc<Counter>,
    limiter: Arc<Limiter>,
    calls: Arc<CallTable>,
    line: Arc<Line>,
    pub cancel: Cancel,
    emulated: bool,
    /// Applies the published rate quotas, which only AWS has.
    limited: bool,
    region: String,
    progress: Option<Progress>,
}

impl std::fmt::Debug for Caller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Caller").field("region", &self.region).finish_non_exhaustive()
    }
}

impl Caller {
    /// `calls` are the allowed calls. `emulated`: the endpoint is not AWS, may lack operations, and
    /// has no rate quotas.
    pub fn new(counter: Arc<Counter>, calls: Arc<CallTable>, emulated: bool) -> Self {
        Self {
            counter,
            limiter: Arc::default(),
            calls,
            line: Arc::default(),
            cancel: Cancel::default(),
            emulated,
            limited: !emulated,
            region: String::new(),
            progress: None,
        }
    }

    /// The same caller for calls to `region`: rate budgets are per region.
    pub fn in_region(&self, region: &str) -> Self {
        Self { region: region.to_string(), ..self.clone() }
    }

    /// The same caller, reporting its waits to `progress`.
    pub fn with_progress(&self, progress: Progress) -> Self {
        Self { progress: Some(progress), ..self.clone() }
    }

    /// A caller with its own stop and lease but the same rate budgets: for one of several
    /// environments that a run handles in parallel.
    pub fn with_own_cancel(&self) -> Self {
        Self { cancel: Cancel::default(), ..self.clone() }
    }

    /// The same caller, applying AWS's rate quotas even if the endpoint is not AWS.
    pub fn with_budgets(&self) -> Self {
        Self { limited: true, ..self.clone() }
    }

    /// The same caller, treating any endpoint as AWS: for tests that imitate AWS.
    pub fn as_aws(&self) -> Self {
        Self { emulated: false, limited: true, ..self.clone() }
    }

    pub fn is_emulated(&self) -> bool {
        self.emulated
    }

    #[cfg(test)]
    pub(crate) fn counter(&self) -> &Counter {
        &self.counter
    }

    /// Notes how many resources of a type, or of a part of it, there are, where a read has seen
    /// them all.
    pub fn note_number(&self, type_name: &'static str, part: &'static str, number: usize) {
        self.counter.note_number(type_name, part, number);
    }

    /// The numbers recorded by `note_number`.
    pub fn numbers(&self) -> Numbers {
        self.counter.numbers()
    }

    /// Reports what this step is waiting for.
    pub fn report_wait(&self, text: &str) {
        if let Some(progress) = &self.progress {
            progress(text);
        }
    }

    /// A slot for uploading so many bytes, acquired again for each attempt.
    pub async fn turn(&self, bytes: usize) -> Turn<'_> {
        self.line.turn(bytes).await
    }

    /// Makes a call that may be repeated freely. `operation` is `service:Operation`, as in IAM.
    pub async fn call<T, E, F>(
        &self,
        operation: &str,
        make: impl Fn() -> F,
    ) -> Result<T, CloudError>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        self.call_with(operation, CallOptions::default(), make).await
    }

    /// Makes a call; `options` state what may be repeated.
    pub async fn call_with<T, E, F>(
        &self,
        operation: &str,
        options: CallOptions,
        make: impl Fn() -> F,
    ) -> Result<T, CloudError>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let declared = self.declared(operation)?;
        let mut spent: HashMap<Leave, Spent> = HashMap::new();
        loop {
            self.ready(declared).await?;
            let start = Instant::now();
            let (failure, asked) = match self.heard(operation, make()).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => {
                    (self.explain(operation, options, &failure), error::retry_after(&failure))
                }
            };
            let Some(leave) = retry::classify(declared, &failure, options) else {
                return Err(failure);
            };
            let budget = spent.entry(leave).or_default();
            let Some(pause) = budget.next(leave, declared, start.elapsed(), asked) else {
                return Err(failure);
            };
            self.counter.count_retry(leave.class == Class::Throttle);
            if pause > Duration::from_secs(1) || budget.attempts > 2 {
                let reason = retry::reason(leave.class);
                self.report_wait(&format!(
                    "{}: {reason}; trying again",
                    operation.replacen(':', " ", 1)
                ));
            }
            self.pause(pause).await?;
        }
    }

    /// The declaration of an operation. A missing declaration is a bug: the deployer's policy would
    /// lack its permissions.
    fn declared(&self, operation: &str) -> Result<&'static Call, CloudError> {
        self.calls.get(operation).ok_or_else(|| {
            CloudError::ours(
                ErrorKind::Other,
                format!("{operation} is called and not declared by any resource type"),
                "this is a defect of shopstack: please report it",
            )
        })
    }

    /// Waits for a response, and reports long waits.
    async fn heard<T>(&self, operation: &str, call: impl Future<Output = T>) -> T {
        tokio::pin!(call);
        tokio::select! {
            answer = &mut call => return answer,
            () = tokio::time::sleep(SLOW) => {}
        }
        self.report_wait(&format!("waiting for the answer to {}", operation.replacen(':', " ", 1)));
        call.await
    }

    /// Converts the failure. A 503 asks for fewer requests (catalogue 1.3) but does not tell
    /// whether the call took effect, so creates that must not run twice search for the resource
    /// instead.
    fn explain<E>(
        &self,
        operation: &str,
        options: CallOptions,
        failure: &SdkError<E, HttpResponse>,
    ) -> CloudError
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let mut failed = error::from_sdk(operation, failure, self.emulated);
        let declared = self.calls.get(operation).map_or(&[][..], |call| call.service.not_found);
        if failed.kind == ErrorKind::Other && declared.contains(&failed.code.as_str()) {
            failed.kind = ErrorKind::NotFound;
        }
        // An HTML page from an emulator means that it does not know the operation.
        if self.emulated && failed.message.contains("unexpected token '<'") {
            failed.kind = ErrorKind::NotEmulated;
        }
        match failure.raw_response() {
            Some(response) if response.status().as_u16() == 503 && !options.not_idempotent => {
                error::throttled_by_503(failed, operation)
            }
            _ => failed,
        }
    }

    /// Waits for the rate budget; fails if the run has been stopped.
    async fn ready(&self, call: &Call) -> Result<(), CloudError> {
        if let Some(reason) = self.cancel.refusal() {
            return Err(reason);
        }
        if !self.limited {
            return Ok(());
        }
        let (wait, label) = self.limiter.reserve(call, &self.region);
        if wait.is_zero() {
            return Ok(());
        }
        // Shorter waits end before anyone could read about them.
        if wait > Duration::from_millis(1500) {
            self.report_wait(&format!("waiting for {label}"));
        }
        self.pause(wait).await?;
        // A lease may have expired during the wait.
        self.cancel.refusal().map_or(Ok(()), Err)
    }

    /// Sleeps, but not past a stop. Polling loops of resource types use it between two polls.
    pub async fn pause(&self, duration: Duration) -> Result<(), CloudError> {
        tokio::select! {
            () = tokio::time::sleep(duration) => Ok(()),
            reason = self.cancel.stopped() => Err(reason),
        }
    }

    /// Polls `look` until it returns a value. `what` says what is awaited and how long it usually
    /// takes.
    ///
    /// Errors: those of `look`, and a time-out that says how to continue.
    pub async fn wait_until<T, F>(
        &self,
        what: &str,
        every: Duration,
        ceiling: Duration,
        look: impl Fn() -> F,
    ) -> Result<T, CloudError>
    where
        F: Future<Output = Result<Option<T>, CloudError>>,
    {
        let start = Instant::now();
        let mut pause = every.min(Duration::from_millis(200));
        loop {
            if let Some(value) = look().await? {
                return Ok(value);
            }
            if start.elapsed() > ceiling {
                return Err(CloudError::ours(
                    ErrorKind::Other,
                    format!("still waiting for {what} after {} s", ceiling.as_secs()),
                    "AWS is slow today: run the same command again, it goes on where it stopped",
                ));
            }
            self.report_wait(&format!("waiting for {what}"));
            self.pause(pause).await?;
            pause = (pause * 2).min(every);
        }
    }
}
