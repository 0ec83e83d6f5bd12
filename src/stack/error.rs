//! The errors of a stack.yaml, with place and remedy; printed in rustc's style.

use super::span::Span;
use crate::model::character;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt;

/// Longest part of a source line that is shown: a minified file must not flood a terminal.
const SHOWN: usize = 120;

/// One error. `line` and `column` count from 1, in characters; `line` 0 means the file as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StackError {
    pub file: String,
    pub line: usize,
    pub column: usize,
    /// How many characters are wrong, from `column` on; at least 1.
    pub width: usize,
    /// The whole line, control characters replaced.
    pub source_line: String,
    pub message: String,
    /// The remedy, as a sentence without a full stop.
    pub suggestion: Option<String>,
}

impl StackError {
    pub(super) fn without_place(file: &str, message: String, suggestion: Option<String>) -> Self {
        let (line, column, width, source_line) = (0, 0, 0, String::new());
        Self { file: file.to_string(), line, column, width, source_line, message, suggestion }
    }

    /// The visible window of the source line and where in it the error begins, from 0.
    fn window(&self) -> (String, usize) {
        let start = self.column.saturating_sub(1);
        let skip = if start + self.width < SHOWN { 0 } else { start.saturating_sub(SHOWN / 2) };
        (self.source_line.chars().skip(skip).take(SHOWN).collect(), start - skip)
    }
}

impl fmt::Display for StackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "error: {}", self.message)?;
        if self.line == 0 {
            write!(f, " --> {}", self.file)?;
            return self.suggestion.iter().try_for_each(|help| write!(f, "\n  = help: {help}"));
        }
        let number = self.line.to_string();
        let gap = " ".repeat(number.len());
        let (shown, start) = self.window();
        let room = shown.chars().count().saturating_sub(start).max(1);
        writeln!(f, "{gap}--> {}:{}:{}", self.file, self.line, self.column)?;
        writeln!(f, "{gap} |")?;
        writeln!(f, "{number} | {}", shown.trim_end())?;
        write!(f, "{gap} | {}{}", " ".repeat(start), "^".repeat(self.width.clamp(1, room)))?;
        self.suggestion.iter().try_for_each(|help| write!(f, "\n{gap} = help: {help}"))
    }
}

impl std::error::Error for StackError {}

/// Collects the errors of one file.
pub(super) struct Report<'a> {
    source: &'a str,
    file: &'a str,
    errors: Vec<StackError>,
    /// Values of `secret:`, also where an alias repeats them.
    secrets: BTreeSet<String>,
}

/// A shorter text occurs in words that have nothing to do with it.
const SHORTEST_SECRET: usize = 3;

impl<'a> Report<'a> {
    pub fn new(source: &'a str, file: &'a str) -> Self {
        Self { source, file, errors: Vec::new(), secrets: BTreeSet::new() }
    }

    pub fn source(&self) -> &'a str {
        self.source
    }

    pub fn is_clean(&self) -> bool {
        self.errors.is_empty()
    }

    /// How many errors there are.
    pub fn count(&self) -> usize {
        self.errors.len()
    }

    /// Says of the errors from number `first` on that they are those of an environment, unless they
    /// are known without it.
    pub fn name_environment(&mut self, first: usize, pattern: &str) {
        let found = self.errors.split_off(first.min(self.errors.len()));
        for error in found {
            let same = |known: &StackError| {
                known.line == error.line
                    && known.column == error.column
                    && error.message.starts_with(known.message.as_str())
            };
            if !self.errors.iter().any(same) {
                let message = format!("{} (in the environment {})", error.message, quote(pattern));
                self.errors.push(StackError { message, ..error });
            }
        }
    }

    /// Keeps these values out of the errors.
    pub fn conceal(&mut self, secrets: BTreeSet<String>) {
        self.secrets = secrets;
    }

    /// The text with `*` for each character of a secret, so that columns stay what they are.
    fn without_secrets(&self, text: String) -> String {
        let long = self.secrets.iter().filter(|s| s.chars().count() >= SHORTEST_SECRET);
        long.fold(text, |text, secret| {
            text.replace(secret.as_str(), &"*".repeat(secret.chars().count()))
        })
    }

    /// The errors in the order of the file, each once.
    pub fn into_errors(mut self) -> Vec<StackError> {
        for mut error in std::mem::take(&mut self.errors) {
            error.source_line = self.without_secrets(error.source_line);
            error.message = self.without_secrets(error.message);
            error.suggestion = error.suggestion.map(|text| self.without_secrets(text));
            self.errors.push(error);
        }
        self.errors.sort_by_key(|e| (e.line, e.column));
        self.errors.dedup();
        self.errors
    }

    /// A character in the place that a reader does not see, or takes for another, is named: without
    /// that, message and file look alike.
    pub fn add(&mut self, span: Span, message: String, suggestion: Option<String>) {
        let hidden = character::first_hidden(&self.text_at(span));
        let message = match hidden.map(|(at, c)| (span.column + at, character::describe(c))) {
            Some((_, name)) if message.contains(&name) => message,
            Some((column, name)) => format!("{message}; it holds {name} at column {column}"),
            None => message,
        };
        let source_line = super::concealed::line(self.source, span.line);
        let source_line = source_line.chars().map(|c| {
            if c == '\t' {
                ' '
            } else if c.is_control() {
                '\u{fffd}'
            } else {
                c
            }
        });
        let Span { line, column, width } = span;
        let file = self.file.to_string();
        let source_line = source_line.collect();
        self.errors.push(StackError {
            file,
            line,
            column,
            width: width.max(1),
            source_line,
            message,
            suggestion,
        });
    }

    /// The text at a place, up to the end of its line.
    pub fn text_at(&self, span: Span) -> String {
        let line = self.source.lines().nth(span.line.saturating_sub(1)).unwrap_or_default();
        line.chars().skip(span.column.saturating_sub(1)).take(span.width).collect()
    }

    pub fn whole_file(&mut self, message: String, help: String) {
        self.errors.push(StackError::without_place(self.file, message, Some(help)));
    }
}

/// Text from the file inside a message: backquoted, shortened, without control characters, and
/// what is invisible as its code point.
pub(super) fn quote(text: &str) -> String {
    let mut clean = String::new();
    for c in text.chars().take(60) {
        match c {
            c if c.is_control() => clean.push('\u{fffd}'),
            c if character::is_invisible(c) => clean.extend(c.escape_unicode()),
            c => clean.push(c),
        }
    }
    let more = if text.chars().count() > 60 { "…" } else { "" };
    format!("`{clean}{more}`")
}

/// `did you mean …?` where one of `known` is near, else the list of what is known, else nothing.
pub(super) fn suggest(wrong: &str, known: &[&str], what: &str) -> Option<String> {
    if let Some(near) = nearest(wrong, known) {
        return Some(format!("did you mean `{near}`?"));
    }
    let list = known.iter().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ");
    (!known.is_empty()).then(|| format!("{what}: {list}"))
}

/// Other people's words for ours, where a likeness of letters would mislead: `amd64` looks like
/// `arm64`.
const SYNONYMS: [(&str, &str); 6] = [
    ("amd64", "x86_64"),
    ("x64", "x86_64"),
    ("aarch64", "arm64"),
    ("payperrequest", "on_demand"),
    ("xss", "common"),
    ("sqlinjection", "sqli"),
];

/// The one of `known` that `wrong` was probably meant to be: equal but for case and signs, or a
/// typing slip away.
fn nearest<'k>(wrong: &str, known: &[&'k str]) -> Option<&'k str> {
    let plain = |s: &str| {
        s.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>()
    };
    let target = plain(wrong);
    let meant = SYNONYMS.iter().find(|(word, _)| *word == target).map(|(_, meant)| *meant);
    if let Some(known) = known.iter().find(|k| Some(**k) == meant) {
        return Some(known);
    }
    // Generous enough for slips, too strict to turn one real word into another.
    let allowed = (1 + target.chars().count() / 6).min(3);
    let mut candidates: Vec<_> =
        known.iter().map(|k| (strsim::damerau_levenshtein(&target, &plain(k)), *k)).collect();
    candidates.sort();
    candidates
        .first()
        .filter(|(distance, k)| *distance <= allowed && *distance < plain(k).len())
        .map(|(_, k)| *k)
}
