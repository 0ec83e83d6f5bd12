//! Writes a GitHub runner's files: a summary of the step in Markdown, and outputs for later steps,
//! if the runner names files for them.

use super::output::Output;
use crate::model::digest;
use serde_json::Value;
use std::io::Write;

/// Adds Markdown to the step's summary.
pub fn add_summary(markdown: &str, output: &Output) {
    append("GITHUB_STEP_SUMMARY", &format!("{}\n\n", markdown.trim_end()), output);
}

/// Sets outputs of the step; what is not a text is passed on as JSON, nulls are left out.
pub fn set_outputs<'a>(values: impl IntoIterator<Item = (&'a str, &'a Value)>, output: &Output) {
    let text = |(name, value): (&str, &Value)| match value {
        Value::Null => String::new(),
        Value::String(text) => entry(name, text),
        other => entry(name, &other.to_string()),
    };
    append("GITHUB_OUTPUT", &values.into_iter().map(text).collect::<String>(), output);
}

/// An output in the runner's format: between two delimiter lines that no value contains, so that a
/// value cannot end early and set another output.
fn entry(name: &str, value: &str) -> String {
    let mut mark = digest::sha256_hex(value.as_bytes());
    while value.contains(&mark) {
        mark = digest::sha256_hex(mark.as_bytes());
    }
    format!("{name}<<{mark}\n{value}\n{mark}\n")
}

/// A file that the runner does not take is no failure of the command.
fn append(variable: &str, text: &str, output: &Output) {
    let Some(path) = std::env::var_os(variable).filter(|path| !path.is_empty()) else { return };
    if text.is_empty() {
        return;
    }
    let file = std::fs::OpenOptions::new().append(true).create(true).open(&path);
    if let Err(error) = file.and_then(|mut file| file.write_all(text.as_bytes())) {
        output.note(&format!("{variable} could not be written: {error}"));
    }
}

#[cfg(test)]
mod tests {
    use super::entry;

    #[test]
    fn a_value_with_lines_cannot_end_early() {
        for value in ["plain", "two\nlines", "x\nEOF\nevil<<EOF\n1\nEOF", "", "\r\n::set"] {
            let text = entry("site_url", value);
            let (head, rest) = text.split_once('\n').unwrap();
            let mark = head.strip_prefix("site_url<<").unwrap();
            assert_eq!(rest, format!("{value}\n{mark}\n"));
            assert!(!value.contains(mark));
        }
    }
}
