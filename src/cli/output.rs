//! Where text goes: results on stdout, progress and diagnostics on stderr, JSON only when asked
//! for.

use super::args::{Color, Global};
use crate::aws::call::Cancel;
use crate::aws::counter::{Calls, Counter};
use crate::render::style::{CODES as OURS, Style};
use std::collections::BTreeSet;
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

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
    stream: Arc<Stream>,
}

/// What the JSON lines of one command have said so far.
#[derive(Debug, Default)]
struct Stream {
    ended: AtomicBool,
    /// The command ends in good order by itself after a signal.
    stops_itself: AtomicBool,
    counter: OnceLock<Arc<Counter>>,
}

impl Output {
    pub fn new(global: &Global) -> Self {
        let (out, err) = (std::io::stdout().is_terminal(), std::io::stderr().is_terminal());
        let (colored, err_colored) = match global.color {
            Color::Always => (true, true),
            Color::Never => (false, false),
            Color::Auto => {
                let plain = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
                (out && !plain, err && !plain)
            }
        };
        let width =
            terminal_size::terminal_size().map_or(100, |(w, _)| usize::from(w.0)).clamp(60, 160);
        Self {
            json: global.json,
            verbose: global.verbose,
            style: Style { color: colored, width },
            progress: Style { color: err_colored, width },
            interactive: std::io::stdin().is_terminal() && err,
            stream: Arc::default(),
        }
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

    /// A result, on stdout. A closed pipe is the reader's wish, not an error.
    pub fn result(&self, text: &str) {
        let mut out = std::io::stdout().lock();
        let _ = writeln!(out, "{}", tame(text.trim_end_matches('\n')));
    }

    /// A result that is one text: as it is, or with `--json` as the value of `key`.
    pub fn text_or_json(&self, key: &str, text: &str) {
        if self.json {
            self.json_line(&serde_json::json!({ key: text }));
        } else {
            self.result(text);
        }
    }

    /// One JSON value on one line, on stdout.
    pub fn json_line(&self, value: &serde_json::Value) {
        self.json_text(&value.to_string());
    }

    /// JSON that is text already, on stdout. What would steer a terminal stands as JSON's own
    /// escapes.
    pub fn json_text(&self, json: &str) {
        let mut out = std::io::stdout().lock();
        let _ = writeln!(out, "{}", tame_json(json.trim_end_matches('\n')));
    }

    /// Progress, on stderr.
    pub fn note(&self, text: &str) {
        let mut err = std::io::stderr().lock();
        let _ = writeln!(err, "{}", tame(text.trim_end_matches('\n')));
    }

    /// Ends the process at once, whatever still runs.
    pub fn exit_now(&self, text: &str, code: u8) -> ! {
        self.note(text);
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
        let _ = write!(err, "{}", tame(prompt));
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

/// Text without what steers a terminal. Names, tags and messages of AWS are other people's words:
/// of all control characters line ends, tabs and our own colours pass, and marks that turn the
/// reading direction do not.
fn tame(text: &str) -> String {
    let mut tamed = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c == '\u{1b}' && color(rest.as_str()) {
            tamed.push(c);
        } else if turns(c) || c.is_control() && !matches!(c, '\n' | '\t') {
            tamed.extend(c.escape_default());
        } else {
            tamed.push(c);
        }
    }
    tamed
}

/// Marks that turn the reading direction, or hide what stands beside them.
fn turns(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

/// The same for JSON, which escapes the rest of what steers terminals by itself: all of these stand
/// inside strings.
fn tame_json(json: &str) -> String {
    let mut tamed = String::with_capacity(json.len());
    for c in json.chars() {
        if turns(c) || c.is_control() && !matches!(c, '\n' | '\t') {
            tamed.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            tamed.push(c);
        }
    }
    tamed
}

/// True where `rest` begins with one of our own colours, as in `[1;33m`; other people's text must
/// not hide itself.
fn color(rest: &str) -> bool {
    OURS.iter()
        .any(|code| rest.strip_prefix('[').is_some_and(|r| r.starts_with(&format!("{code}m"))))
}

#[cfg(test)]
mod tests {
    use super::tame;

    #[test]
    fn colours_pass_and_all_else_that_steers_a_terminal_is_shown() {
        assert_eq!(
            tame("\u{1b}[1;33mred\u{1b}[0m\n\tplain é"),
            "\u{1b}[1;33mred\u{1b}[0m\n\tplain é"
        );
        assert_eq!(tame("a\u{1b}[2Jb\u{1b}]0;title\u{7}"), "a\\u{1b}[2Jb\\u{1b}]0;title\\u{7}");
        assert_eq!(tame("\u{202e}txt\r\u{9b}31m"), "\\u{202e}txt\\r\\u{9b}31m");
        assert_eq!(tame("\u{1b}["), "\\u{1b}[");
        assert_eq!(tame("\u{1b}[8mhidden"), "\\u{1b}[8mhidden");
    }

    #[test]
    fn json_stays_json_whatever_stands_in_it() {
        let value = serde_json::json!({"a": "x\u{202e}y\u{7f}z\u{1b}[2J\u{9b}31m", "b": "é\n"});
        let line = super::tame_json(&value.to_string());
        assert_eq!(serde_json::from_str::<serde_json::Value>(&line).unwrap(), value);
        assert!(!line.chars().any(|c| c.is_control() || super::turns(c)), "{line}");
    }
}
