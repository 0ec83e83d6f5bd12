//! Where text goes: results on stdout, progress and diagnostics on stderr, JSON only when asked
//! for.

use super::args::Global;
use super::error::CliError;
use super::sanitize::{inert, sanitize_json, sanitize_terminal, wrapped};
use crate::aws::call::Cancel;
use crate::aws::counter::{Calls, Counter};
use crate::render::style::Style;
use std::collections::BTreeSet;
use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Longest silence on stdout while JSON lines are printed.
const BEAT: Duration = Duration::from_secs(8);

/// Cheap to clone; decides colour, width and JSON once.
#[derive(Clone, Debug)]
pub struct Output {
    pub json: bool,
    pub verbose: u8,
    /// For stdout.
    pub style: Style,
    /// For stderr.
    pub progress: Style,
    /// A person is there to be asked.
    pub interactive: bool,
    /// Notes are broken at words: the width is a terminal's.
    wraps: bool,
    started: Instant,
    stream: Arc<Stream>,
}

/// The JSON lines that one command has printed so far.
#[derive(Debug, Default)]
struct Stream {
    ended: AtomicBool,
    /// JSON went to stdout.
    spoke: AtomicBool,
    /// When the last JSON line was written; held while one is.
    last_line: Mutex<Option<Instant>>,
    /// Why stdout could not be written, the first time it could not.
    unwritten: OnceLock<String>,
    /// The command ends in good order by itself after a signal.
    stops_itself: AtomicBool,
    counter: OnceLock<Arc<Counter>>,
}

impl Output {
    pub fn new(global: &Global) -> Self {
        let (out, err) = (std::io::stdout().is_terminal(), std::io::stderr().is_terminal());
        let [colored, err_colored] = [out, err].map(|terminal| global.color.allows(terminal));
        let known = columns();
        let width = known.unwrap_or(100).clamp(40, 160);
        Self {
            json: global.json,
            verbose: global.verbose,
            style: Style { color: colored, width },
            progress: Style { color: err_colored, width },
            interactive: std::io::stdin().is_terminal() && err,
            wraps: known.is_some(),
            started: Instant::now(),
            stream: Arc::default(),
        }
    }

    /// Milliseconds since the command began.
    pub fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Whose requests a summary counts, should the command fail before it makes its own.
    pub fn counts(&self, counter: &Arc<Counter>) {
        let _ = self.stream.counter.set(counter.clone());
    }

    /// The requests counted so far; none where nothing was connected.
    pub fn counted(&self) -> Calls {
        self.stream.counter.get().map(|counter| counter.snapshot()).unwrap_or_default()
    }

    /// The last of the JSON lines: the command's summary.
    pub fn summary(&self, value: &serde_json::Value) {
        self.stream.ended.store(true, Ordering::Relaxed);
        self.json_line(value);
    }

    /// From now on a JSON line comes at least every ten seconds, until the summary: a runner takes
    /// a long silence for a hang.
    pub fn beat(&self, env: &str, op: &str) {
        let output = self.clone();
        let (address, op) = (format!("environment.{env}"), op.to_string());
        tokio::spawn(async move {
            while !output.summarised() {
                tokio::time::sleep(BEAT / 8).await;
                output.json_after(BEAT, || {
                    serde_json::json!({
                        "event": "resource", "address": address, "op": op, "status": "waiting",
                        "elapsed_ms": output.elapsed_ms(), "message": "still at work",
                    })
                });
            }
        });
    }

    /// Writes a line if there has been none for so long, and the summary is not out.
    fn json_after(&self, silence: Duration, line: impl FnOnce() -> serde_json::Value) {
        let mut last = self.stream.last_line.lock().unwrap_or_else(PoisonError::into_inner);
        let since = last.unwrap_or(self.started).elapsed();
        if since >= silence && !self.summarised() {
            *last = Some(Instant::now());
            self.write(&sanitize_json(&line().to_string()));
        }
    }

    /// From now on the command itself answers signals.
    pub fn takes_signals(&self) {
        self.stream.stops_itself.store(true, Ordering::Relaxed);
    }

    pub fn is_stopping_itself(&self) -> bool {
        self.stream.stops_itself.load(Ordering::Relaxed)
    }

    /// True once the summary is out.
    pub fn summarised(&self) -> bool {
        self.stream.ended.load(Ordering::Relaxed)
    }

    /// A result, on stdout.
    pub fn result(&self, text: &str) {
        self.write(&inert(&sanitize_terminal(text.trim_end_matches('\n'))));
    }

    /// Writes to stdout. A closed pipe is the reader's wish; anything else that keeps a result from
    /// arriving is kept for the end of the command.
    fn write(&self, text: &str) {
        let mut out = std::io::stdout().lock();
        if let Err(error) = writeln!(out, "{text}").and_then(|()| out.flush())
            && error.kind() != ErrorKind::BrokenPipe
        {
            let _ = self.stream.unwritten.set(error.to_string());
        }
    }

    /// An error where a result did not reach stdout.
    pub fn written(&self) -> Result<(), CliError> {
        match self.stream.unwritten.get() {
            Some(why) => Err(unwritten(why)),
            None => Ok(()),
        }
    }

    /// Says on stderr that stdout cannot be written, before there is a command.
    pub fn unwritten(error: &std::io::Error) {
        let told = unwritten(&error.to_string());
        let _ =
            writeln!(std::io::stderr().lock(), "error: {}\n  help: {}", told.message, told.hint);
    }

    /// Prints a JSON document on stdout, before there is a command.
    pub fn plain_json(value: &serde_json::Value) {
        let _ = writeln!(std::io::stdout().lock(), "{}", sanitize_json(&value.to_string()));
    }

    /// True once JSON went to stdout.
    pub fn spoke(&self) -> bool {
        self.stream.spoke.load(Ordering::Relaxed)
    }

    /// A result that is one text: as it is, or with `--json` as the value of `key`.
    pub fn text_or_json(&self, key: &str, text: &str) {
        if self.json {
            self.json_line(&serde_json::json!({ key: text }));
        } else {
            self.result(text);
        }
    }

    /// Prints a JSON value as one line on stdout.
    pub fn json_line(&self, value: &serde_json::Value) {
        self.json_text(&value.to_string());
    }

    /// JSON that is text already, on stdout. What would steer a terminal stands as JSON's own
    /// escapes.
    pub fn json_text(&self, json: &str) {
        self.stream.spoke.store(true, Ordering::Relaxed);
        let mut last = self.stream.last_line.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some(Instant::now());
        self.write(&sanitize_json(json.trim_end_matches('\n')));
    }

    /// Progress, on stderr.
    pub fn note(&self, text: &str) {
        let text = inert(&sanitize_terminal(text.trim_end_matches('\n')));
        let text = if self.wraps { wrapped(&text, self.progress.width) } else { text };
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    }

    /// Ends the process at once, whatever still runs.
    pub fn exit_now(&self, code: u8) -> ! {
        std::process::exit(i32::from(code))
    }

    /// Notes what is waited for outside of steps, each text once: AWS may throttle reads for
    /// minutes.
    pub fn waits(&self) -> Arc<dyn Fn(&str) + Send + Sync> {
        let (output, told) = (self.clone(), Mutex::new(BTreeSet::new()));
        Arc::new(move |text: &str| {
            if told.lock().unwrap_or_else(PoisonError::into_inner).insert(text.to_string()) {
                output.note(text);
            }
        })
    }

    /// With `-vv`: which requests left the process, on stderr.
    pub fn calls(&self, counter: &Counter) {
        if self.verbose > 1 {
            let list: Vec<_> =
                counter.operations().into_iter().map(|(name, n)| format!("{n} {name}")).collect();
            self.note(&format!("Requests: {}", list.join(", ")));
        }
    }

    /// Asks for a line; the prompt goes to stderr. `None` when the run was stopped meanwhile.
    pub async fn ask(&self, prompt: &str, cancel: &Cancel) -> Option<String> {
        let mut err = std::io::stderr().lock();
        let _ = write!(err, "{}", sanitize_terminal(prompt));
        let _ = err.flush();
        drop(err);
        // A thread of its own: a line that never comes must not keep the process from ending.
        let (send, answer) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            let _ = std::io::stdin().read_line(&mut line);
            let _ = send.send(line.trim().to_string());
        });
        tokio::select! {
            line = answer => Some(line.unwrap_or_default()),
            _ = cancel.stopped() => None,
        }
    }
}

fn unwritten(why: &str) -> CliError {
    CliError::new(
        format!("stdout cannot be written: {why}"),
        "see where the output goes: a full disk, or a file that cannot be written",
    )
}

/// Columns of the terminal that stdout or stderr is, or what COLUMNS says.
fn columns() -> Option<usize> {
    let terminal = terminal_size::terminal_size_of(std::io::stdout())
        .or_else(|| terminal_size::terminal_size_of(std::io::stderr()));
    let named = || std::env::var("COLUMNS").ok()?.trim().parse().ok().filter(|n| *n > 0);
    terminal.map(|(width, _)| usize::from(width.0)).filter(|width| *width > 0).or_else(named)
}
