//! Where the parts of a stack.yaml stand, for reports that point at them.

use super::error::Report;
use super::node::{self, Node};

/// The lines of one file.
pub struct Lines(Node);

impl Lines {
    /// `None` for a text that is no YAML.
    pub fn parse(source: &str) -> Option<Self> {
        node::parse(source, &mut Report::new(source, "")).map(Self)
    }

    /// Line, from 1, of what `path` leads to; `None` where the file does not have it. Items of a
    /// list go by number.
    pub fn line(&self, path: &[&str]) -> Option<usize> {
        self.0.find(path).map(|span| span.line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_by_their_path() {
        let lines =
            Lines::parse("name: a\nfunctions:\n  f:\n    grants:\n      - x: 1\n      - x: 2\n");
        let line = |path: &[&str]| lines.as_ref().and_then(|l| l.line(path));
        assert_eq!(line(&["functions", "f"]), Some(3));
        assert_eq!(line(&["functions", "f", "grants", "1"]), Some(6));
        assert_eq!(line(&["tables"]), None);
    }
}
