//! A place in the text of a stack.yaml.

/// Where something stands: line and column from 1, width in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub line: usize,
    pub column: usize,
    pub width: usize,
}
