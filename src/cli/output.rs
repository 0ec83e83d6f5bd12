//! Where text goes: results on stdout, progress and diagnostics on stderr, JSON only when asked for.

use super::args::{Color, Global};
use crate::aws::counter::Counter;
use crate::render::style::Style;
use std::io::{IsTerminal, Write};

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
}

impl Output {
    pub fn new(global: &Global) -> Self {
        let (out, err) = (std::io::stdout().is_terminal(), std::io::stderr().is_terminal());
        let allowed = match global.color {
            Color::Always => [true, true],
            Color::Never => [false, false],
            Color::Auto => {
                let plain = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
                [out && !plain, err && !plain]
            }
        };
        let width = terminal_size::terminal_size().map_or(100, |(w, _)| usize::from(w.0)).clamp(60, 160);
        Self {
            json: global.json,
            verbose: global.verbose,
            style: Style { color: allowed[0], width },
            progress: Style { color: allowed[1], width },
            interactive: std::io::stdin().is_terminal() && err,
        }
    }

    /// A result, on stdout. A closed pipe is the reader's wish, not an error.
    pub fn result(&self, text: &str) {
        let mut out = std::io::stdout().lock();
        let _ = writeln!(out, "{}", text.trim_end_matches('\n'));
    }

    /// One JSON value on one line, on stdout.
    pub fn json_line(&self, value: &serde_json::Value) {
        self.result(&value.to_string());
    }

    /// Progress, on stderr.
    pub fn note(&self, text: &str) {
        let mut err = std::io::stderr().lock();
        let _ = writeln!(err, "{}", text.trim_end_matches('\n'));
    }

    /// With `-vv`: which requests left the process, on stderr.
    pub fn calls(&self, counter: &Counter) {
        if self.verbose > 1 {
            let list: Vec<_> = counter.operations().into_iter().map(|(name, n)| format!("{n} {name}")).collect();
            self.note(&format!("Requests: {}", list.join(", ")));
        }
    }

    /// Asks for a line; the prompt goes to stderr.
    pub fn ask(&self, prompt: &str) -> String {
        let mut err = std::io::stderr().lock();
        let _ = write!(err, "{prompt}");
        let _ = err.flush();
        drop(err);
        let mut line = String::new();
        let _ = std::io::stdin().read_line(&mut line);
        line.trim().to_string()
    }
}
