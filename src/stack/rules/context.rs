//! The context of the rules, and how they report an error at its place.

use crate::stack::Stack;
use crate::stack::error::{Report, quote, suggest};
use crate::stack::names::Verdict;
use crate::stack::node::Node;

/// The context of every rule: the stack, the places of its parts, and the error report.
pub(super) struct Context<'a, 'r, 's> {
    pub stack: &'a Stack,
    pub tree: &'a Node,
    pub report: &'r mut Report<'s>,
    /// False where part of the file was refused already: a missing target may then be the echo of
    /// that.
    pub references: bool,
}

impl Context<'_, '_, '_> {
    /// Complains at the value of `path` if `verdict` is an error; `what` begins the sentence.
    pub fn value(&mut self, path: &[&str], what: &str, verdict: Verdict, help: Option<String>) {
        if let Err(problem) = verdict {
            self.at_value(path, format!("{what} {problem}"), help);
        }
    }

    /// The same at the key.
    pub fn key(&mut self, path: &[&str], what: &str, verdict: Verdict, help: Option<String>) {
        if let Err(problem) = verdict {
            let place = self.tree.locate(path).0;
            self.report.add(place, format!("{what} {problem}"), help);
        }
    }

    /// Complains at the value of `path` if `target` is not among `known`.
    pub fn reference<'k>(
        &mut self,
        path: &[&str],
        what: &str,
        target: &str,
        known: impl Iterator<Item = &'k String>,
    ) {
        let known: Vec<_> = known.map(String::as_str).collect();
        if self.references && !known.contains(&target) {
            let help = suggest(target, &known, "there are")
                .or_else(|| Some("there are none to refer to".to_string()));
            self.at_value(path, format!("there is no {what} {}", quote(target)), help);
        }
    }

    /// An error at the value that `path` leads to.
    pub fn at_value(&mut self, path: &[&str], message: String, help: Option<String>) {
        self.report.add(self.tree.locate(path).1, message, help);
    }

    /// An error at the first `part` of the scalar that `path` leads to, if it stands there
    /// literally.
    pub fn at_part(&mut self, path: &[&str], part: &str, message: String, help: Option<String>) {
        let mut span = self.tree.locate(path).1;
        let source = self.report.source();
        let line = source.lines().nth(span.line.saturating_sub(1)).unwrap_or_default();
        let skip = span.column.saturating_sub(1);
        let rest: String = line.chars().skip(skip).collect();
        if let Some(offset) = rest.find(part) {
            span.column += rest.get(..offset).map_or(0, |before| before.chars().count());
            span.width = part.chars().count();
        }
        self.report.add(span, message, help);
    }
}
