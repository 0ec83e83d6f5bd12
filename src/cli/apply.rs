//! Running a plan on behalf of `up` and `down`: events to the screen or as JSON lines, signals, the
//! outcome's words.

use super::error::{CliError, code};
use super::output::Output;
use super::session::Session;
use crate::aws::{Cancel, Writer};
use crate::engine::{self, Outcome, run::External};
use crate::model::{Address, CloudError, ErrorKind, Event, Plan, event::Sink};
use crate::render::{json, progress::Progress};
use crate::resources::Applier;
use futures_util::FutureExt;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex};

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

/// Awaits `work`. Once the run is stopped, `work` gets as long as calls in flight do, and is then
/// dropped.
pub async fn within_grace<T>(
    cancel: &Cancel,
    work: impl Future<Output = T>,
) -> Result<T, CloudError> {
    let cut = async {
        let reason = cancel.stopped().await;
        tokio::time::sleep(engine::run::GRACE).await;
        reason
    };
    tokio::select! {
        done = work => Ok(done),
        reason = cut => Err(reason),
    }
}

/// The same for the smoke test, which leaves what is deployed as it is.
pub async fn until_stopped<T>(
    session: &Session,
    work: impl Future<Output = T>,
) -> Result<T, CliError> {
    within_grace(&session.reader.caller.cancel, work).await.map_err(|reason| CliError {
        message: "interrupted during the smoke test; what is deployed stays as it is".into(),
        hint: "run `shopstack smoke` to try what is deployed".into(),
        ..reason.into()
    })
}

/// The run was stopped while a question was on the screen.
pub fn unasked() -> CliError {
    CliError::coded(code::INTERRUPTED, "interrupted before an answer: nothing was changed", "")
}

/// The writer of this session.
pub fn writer(session: &Session) -> Writer {
    Writer::new(&session.sdk, session.reader.afresh(), session.scope.clone())
}

/// The writer of the proof of least privilege, which removes rights from running functions.
///
/// Errors: the endpoint is not the local twin.
pub fn writer_of_proof(session: &Session) -> Result<Writer, CliError> {
    if session.is_twin() {
        return Ok(writer(session));
    }
    Err(CliError::new(
        "--prove takes rights away from roles while requests run, so it works on the local twin \
         alone, and never on AWS",
        "run `shopstack --local policy-report --prove`; without --prove the report changes nothing",
    ))
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

/// The error of a command that must ask and has no terminal.
pub const NO_TERMINAL: &str = "confirmation needed, but this is not a terminal; pass --yes";

/// Joins all failures into one error: every failed step with its cause, and the steps that were
/// skipped because of it.
pub fn failure(outcome: &Outcome) -> Option<CliError> {
    // Pending steps are not failures: they are listed as remaining.
    let pending = !outcome.failed.is_empty()
        && outcome.failed.iter().all(|(_, e)| e.kind == ErrorKind::Pending);
    let reason = |kind: ErrorKind| outcome.failed.iter().any(|(_, e)| e.kind == kind);
    if pending || outcome.failed.is_empty() && outcome.skipped.is_empty() {
        return None;
    }
    let interrupted = reason(ErrorKind::Interrupted) || outcome.failed.is_empty();
    let mut lines = Vec::new();
    if interrupted {
        let done = outcome.done_count();
        lines.push(format!(
            "interrupted: {done} of {} changes applied",
            done + outcome.failed.len() + outcome.skipped.len()
        ));
    }
    let failed: Vec<_> =
        outcome.failed.iter().filter(|(_, e)| e.kind != ErrorKind::Interrupted).collect();
    lines.extend(failed.iter().map(|(address, error)| format!("{address}: {error}")));
    let mut hint = hints(&failed);
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
    let aws = failed.first().map(|(_, error)| error.code.clone()).unwrap_or_default();
    Some(CliError { aws, ..CliError::coded(code, lines.join("\n"), hint) })
}

/// The remedies of all failed steps: one where they agree, else each with its addresses.
fn hints(failed: &[&(Address, CloudError)]) -> String {
    let mut groups: Vec<(&str, Vec<String>)> = Vec::new();
    for (address, error) in failed.iter().filter(|(_, error)| !error.hint.is_empty()) {
        match groups.iter_mut().find(|(hint, _)| *hint == error.hint) {
            Some((_, addresses)) => addresses.push(address.to_string()),
            None => groups.push((&error.hint, vec![address.to_string()])),
        }
    }
    match groups.as_slice() {
        [(only, _)] => (*only).to_string(),
        _ => {
            let lines = groups.iter().map(|(hint, to)| format!("{}: {hint}", to.join(", ")));
            lines.collect::<Vec<_>>().join("\n")
        }
    }
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
        "event": "summary", "result": result, "changed": changed,
            "calls": session.sdk.counter.snapshot(),
        "elapsed_ms": elapsed_ms, "outputs": outputs, "remaining": remaining,
    })
}

/// A summary with what went wrong, as `error`: its message and what to do.
pub fn explained(mut line: Value, error: Option<&CliError>) -> Value {
    if let (Some(fields), Some(error)) = (line.as_object_mut(), error) {
        fields.insert("error".into(), error.fields());
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
        "event": "summary", "result": result_word(Some(error)), "changed": 0,
            "calls": output.counted(),
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
