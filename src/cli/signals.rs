//! Signals: listened for from the start, answered by whoever has something to end in good order.

use super::apply;
use super::error::{CliError, code};
use super::output::Output;
use super::session::Session;
use crate::aws::call;
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGINT, SIGTERM and SIGHUP since `listen`. Where the system gives no such stream, its own way of
/// ending a process stays.
#[cfg(unix)]
pub struct Signals([Option<Signal>; 3]);

#[cfg(unix)]
impl Signals {
    pub fn listen() -> Self {
        // Under nohup a hang-up is to be ignored, and stays so.
        let hangup = (!ignores_hangup()).then(|| signal(SignalKind::hangup()).ok()).flatten();
        let [interrupt, terminate] =
            [SignalKind::interrupt(), SignalKind::terminate()].map(|kind| signal(kind).ok());
        Self([interrupt, terminate, hangup])
    }

    pub async fn next(&mut self) {
        let [interrupt, terminate, hangup] = self.0.each_mut().map(|stream| async move {
            match stream {
                Some(stream) => _ = stream.recv().await,
                None => std::future::pending().await,
            }
        });
        tokio::select! {
            () = interrupt => {}
            () = terminate => {}
            () = hangup => {}
        }
    }
}

/// Elsewhere there is Ctrl-C alone.
#[cfg(not(unix))]
pub struct Signals;

#[cfg(not(unix))]
impl Signals {
    pub fn listen() -> Self {
        Self
    }

    pub async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}

/// True where the parent process had SIGHUP ignored; the kernel shows it as bit 0 of a mask.
#[cfg(unix)]
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|m| m & 1 == 1)
}

/// After the first signal no new call is made; the run ends by itself, calls in flight finished. A
/// second one ends the process at once, with its summary, and the next run goes on where this one
/// was cut.
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
        let cut = CliError::coded(
            code::INTERRUPTED,
            "interrupted twice, and stopped at once",
            "the lock runs out within 40 s; the same command then goes on where this one was",
        );
        output.note(&format!("{}: {}.", cut.message, cut.hint));
        if output.json && !output.summarised() {
            let remaining = ["not known: the run was cut off".to_string()];
            output.summary(&apply::early_summary(&cut, &output, output.elapsed_ms(), &remaining));
        }
        output.exit_now(code::INTERRUPTED)
    });
}

/// Ends a command at a signal, unless it has something under way that wants an orderly end
/// (`stop_on_signals`): what only reads or builds, and what has not begun to write.
pub async fn stopped_by_signal(mut signals: Signals, output: &Output) -> CliError {
    signals.next().await;
    if output.is_stopping_itself() {
        return std::future::pending().await;
    }
    CliError::coded(
        code::INTERRUPTED,
        "interrupted: nothing was changed on AWS",
        "run the same command again",
    )
}
