//! Running a plan on behalf of `up` and `down`: events to the screen or as JSON lines, signals, the
//! outcome's words.

use super::error::{CliError, code};
use super::output::Output;
use super::session::Session;
use crate::aws::{Writer, call};
use crate::engine::{self, Outcome, run::External};
use crate::model::{Address, ErrorKind, Event, Plan, event::Sink};
use crate::render::{json, progress::Progress};
use crate::resources::Applier;
use futures_util::FutureExt;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex};
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Steps at a time; AWS's own rate quotas bind before this does.
const PARALLEL: usize = 24;

/// A sink that tells events as the user asked for them.
pub fn sink(session: &Session, output: &Output) -> Sink {
    let (output, counter) = (output.clone(), session.sdk.counter.clone());
    let progress = Mutex::new(Progress::default());
    Arc::new(move |event: Event| {
        if output.json {
            let calls = || json!(counter.snapshot());
            if let Some(line) = json::event(&event, calls) {
                output.json_line(&line);
            } else if let Event::Note(text) = &event {
                output.note(text);
            }
            return;
        }
        let mut progress = progress.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(line) = progress.line(&event, output.progress) {
            output.note(&line);
        }
    })
}

/// After the first SIGINT or SIGTERM no new call is made; the run ends by itself, calls in flight
/// finished. A second one ends the process at once: whoever insists is served, and the next run
/// goes on where this one was cut.
pub fn stop_on_signals(session: &Session, output: &Output) {
    let (cancel, output) = (session.reader.caller.cancel.clone(), output.clone());
    // Listening first: from the next line on nobody else answers.
    let mut signals = Signals::listen();
    output.takes_signals();
    tokio::spawn(async move {
        signals.next().await;
        cancel.stop(call::interrupted());
        output.note("Stopping: calls in flight finish first.");
        signals.next().await;
        output.exit_now(
            "Stopped at once. The lock runs out within 40 s; the same command then goes on where this \
             one was.",
            code::INTERRUPTED,
        );
    });
}

/// SIGINT and SIGTERM since `listen`. Where the system gives no such stream, its own way of ending
/// a process stays.
#[cfg(unix)]
struct Signals([Option<Signal>; 2]);

#[cfg(unix)]
impl Signals {
    fn listen() -> Self {
        Self([SignalKind::interrupt(), SignalKind::terminate()].map(|kind| signal(kind).ok()))
    }

    async fn next(&mut self) {
        let [interrupt, terminate] = self.0.each_mut().map(|stream| async move {
            match stream {
                Some(stream) => _ = stream.recv().await,
                None => std::future::pending().await,
            }
        });
        tokio::select! {
            () = interrupt => {}
            () = terminate => {}
        }
    }
}

/// Elsewhere there is Ctrl-C alone.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> Self {
        Self
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}

/// Ends a command at a signal, unless it has something under way that wants an orderly end
/// (`stop_on_signals`): what only reads or builds, and what has not begun to write.
pub async fn stopped_by_signal(output: &Output) -> CliError {
    Signals::listen().next().await;
    if output.is_stopping_itself() {
        return std::future::pending().await;
    }
    CliError {
        code: code::INTERRUPTED,
        message: "interrupted: nothing was changed on AWS".into(),
        hint: "run the same command again".into(),
    }
}

/// What `work` yields; once the run is stopped it gets as long as calls in flight do, and is then
/// dropped.
pub async fn until_stopped<T>(
    session: &Session,
    work: impl Future<Output = T>,
) -> Result<T, CliError> {
    let cut = async {
        let reason = session.reader.caller.cancel.stopped().await;
        tokio::time::sleep(engine::run::GRACE).await;
        reason
    };
    tokio::select! {
        done = work => Ok(done),
        reason = cut => Err(CliError {
            message: "interrupted during the smoke test; what is deployed stays as it is".into(),
            hint: "run `shopstack smoke` to try what is deployed".into(),
            ..reason.into()
        }),
    }
}

/// The run was stopped while a question was on the screen.
pub fn unasked() -> CliError {
    CliError {
        code: code::INTERRUPTED,
        message: "interrupted before an answer: nothing was changed".into(),
        hint: String::new(),
    }
}

/// Who writes on behalf of this session.
pub fn writer(session: &Session) -> Writer {
    Writer::new(&session.sdk, session.reader.afresh(), session.scope.clone())
}

/// Runs the plan.
pub async fn run(
    session: &Session,
    writer: Writer,
    plan: &Plan,
    externals: BTreeMap<Address, External>,
    sink: &Sink,
) -> Outcome {
    let cancel = session.reader.caller.cancel.clone();
    let run = engine::Run {
        applier: Arc::new(Applier(writer)),
        externals,
        sink: sink.clone(),
        cancelled: async move { cancel.stopped().await }.boxed().shared(),
        parallel: PARALLEL,
    };
    engine::run(plan, &run).await
}

/// What went wrong, as one error: every failed step with its cause, and what was left undone for
/// it.
pub fn failure(outcome: &Outcome) -> Option<CliError> {
    // What is pending is no failure: it stands among what remains.
    let pending = !outcome.failed.is_empty()
        && outcome.failed.iter().all(|(_, e)| e.kind == ErrorKind::Pending);
    let reason = |kind: ErrorKind| outcome.failed.iter().any(|(_, e)| e.kind == kind);
    if pending || outcome.failed.is_empty() && outcome.skipped.is_empty() {
        return None;
    }
    let interrupted = reason(ErrorKind::Interrupted) || outcome.failed.is_empty();
    let mut lines = Vec::new();
    if interrupted {
        lines.push(format!(
            "interrupted: {} done, {} not",
            outcome.done_count(),
            outcome.failed.len() + outcome.skipped.len()
        ));
    }
    let mut hint = String::new();
    for (address, error) in outcome.failed.iter().filter(|(_, e)| e.kind != ErrorKind::Interrupted)
    {
        lines.push(format!("{address}: {error}"));
        if hint.is_empty() {
            hint.clone_from(&error.hint);
        }
    }
    if !outcome.skipped.is_empty() && !interrupted {
        let names: Vec<_> = outcome.skipped.iter().map(ToString::to_string).collect();
        lines.push(format!("not tried, since they depend on it: {}", names.join(", ")));
    }
    if hint.is_empty() {
        hint = "run the same command again: it goes on where it stopped".into();
    }
    let code = if interrupted {
        code::INTERRUPTED
    } else if reason(ErrorKind::Lock) {
        code::LOCKED
    } else {
        code::ERROR
    };
    Some(CliError { code, message: lines.join("\n"), hint })
}

/// The contract's last line of `up` and `down`.
pub fn summary_line(
    result: &str,
    changed: usize,
    session: &Session,
    elapsed_ms: u64,
    outputs: Value,
    remaining: &[String],
) -> Value {
    json!({
        "event": "summary", "result": result, "changed": changed, "calls": session.sdk.counter.snapshot(),
        "elapsed_ms": elapsed_ms, "outputs": outputs, "remaining": remaining,
    })
}

/// A summary with what went wrong, as `error`: its message and what to do.
pub fn explained(mut line: Value, error: Option<&CliError>) -> Value {
    if let (Some(fields), Some(error)) = (line.as_object_mut(), error) {
        fields.insert("error".into(), json!({"message": error.message, "help": error.hint}));
    }
    line
}

/// The summary of a command that failed before it had anything to sum up.
pub fn early_summary(
    error: &CliError,
    output: &Output,
    elapsed_ms: u64,
    remaining: &[String],
) -> Value {
    let line = json!({
        "event": "summary", "result": result_word(Some(error)), "changed": 0, "calls": output.counted(),
        "elapsed_ms": elapsed_ms, "outputs": {}, "remaining": remaining,
    });
    explained(line, Some(error))
}

/// `ok`, `failed` or `interrupted`.
pub fn result_word(error: Option<&CliError>) -> &'static str {
    match error {
        None => "ok",
        Some(e) if e.code == code::INTERRUPTED => "interrupted",
        Some(_) => "failed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CloudError, Op};

    fn outcome(kinds: &[ErrorKind]) -> Outcome {
        let failed = kinds.iter().enumerate().map(|(number, kind)| {
            let address = Address::new("table", &format!("T{number}"));
            (address, CloudError::ours(*kind, "so", "do this"))
        });
        Outcome {
            done: vec![(Address::new("table", "Done"), Op::Create)],
            failed: failed.collect(),
            skipped: vec![Address::new("function", "f")],
            ..Outcome::default()
        }
    }

    #[test]
    fn the_exit_code_says_why_a_run_broke_off() {
        use ErrorKind::{Interrupted, Lock, Other, Pending};
        for (kinds, expected) in [
            (&[Lock][..], code::LOCKED),
            (&[Other, Lock][..], code::LOCKED),
            (&[Other][..], code::ERROR),
            (&[Other, Pending][..], code::ERROR),
            (&[Interrupted][..], code::INTERRUPTED),
            (&[Lock, Interrupted][..], code::INTERRUPTED),
            (&[][..], code::INTERRUPTED),
        ] {
            let error = failure(&outcome(kinds)).expect("an error");
            assert_eq!(error.code, expected, "{kinds:?}: {}", error.message);
        }
        assert!(failure(&outcome(&[Pending])).is_none(), "what is pending is no failure");
        assert!(failure(&Outcome::default()).is_none());
    }
}
