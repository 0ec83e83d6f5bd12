//! Events as lines of text, each told once: what starts is quiet, what is done, waits or fails is
//! said.

use super::style::{Ink, Style};
use crate::model::{Event, Op, SmokeStatus, Status};
use std::collections::BTreeMap;

/// Remembers what was said, so that a wait is told once and not at every poll.
#[derive(Debug, Default)]
pub struct Progress {
    waits: BTreeMap<String, String>,
}

impl Progress {
    /// The line for an event, or nothing where silence is better.
    pub fn line(&mut self, event: &Event, style: Style) -> Option<String> {
        match event {
            Event::Plan(_) => None,
            Event::Note(text) => Some(style.paint(Ink::Dim, text)),
            Event::Resource { address, op, status, elapsed_ms, message } => {
                let key = address.to_string();
                let elapsed = seconds(*elapsed_ms);
                match status {
                    Status::Started => None,
                    Status::Waiting => {
                        if self.waits.get(&key) == Some(message) {
                            return None;
                        }
                        self.waits.insert(key.clone(), message.clone());
                        Some(style.paint(Ink::Dim, &format!("  … {key}: {message}")))
                    }
                    Status::Done => {
                        let (ink, verb) = verb(*op);
                        Some(format!("  {} {key} {verb} ({elapsed})", style.paint(ink, "✓")))
                    }
                    Status::Failed => Some(format!(
                        "  {} {key} failed after {elapsed}: {message}",
                        style.paint(Ink::Delete, "✗")
                    )),
                    Status::Stopped => Some(
                        style.paint(Ink::Dim, &format!("  - {key} not finished after {elapsed}")),
                    ),
                    Status::NotEmulated => Some(
                        style.paint(Ink::Dim, &format!("  - {key} not emulated by this endpoint")),
                    ),
                }
            }
            Event::Smoke { check, status, elapsed_ms, message } => {
                let (sign, ink) = match status {
                    SmokeStatus::Passed => ("✓", Ink::Create),
                    SmokeStatus::Failed => ("✗", Ink::Delete),
                    SmokeStatus::Skipped => ("-", Ink::Dim),
                };
                let message =
                    if message.is_empty() { String::new() } else { format!(": {message}") };
                Some(format!(
                    "  {} smoke {check} ({}){message}",
                    style.paint(ink, sign),
                    seconds(*elapsed_ms)
                ))
            }
        }
    }
}

fn verb(op: Op) -> (Ink, &'static str) {
    match op {
        Op::Create => (Ink::Create, "created"),
        Op::Update => (Ink::Change, "changed"),
        Op::Adopt => (Ink::Change, "adopted"),
        Op::Replace => (Ink::Change, "replaced"),
        Op::Delete => (Ink::Delete, "deleted"),
    }
}

/// `0.3 s`.
pub fn seconds(ms: u64) -> String {
    format!("{}.{} s", ms / 1000, ms % 1000 / 100)
}
