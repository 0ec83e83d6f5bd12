//! Colour and width, decided once and passed to everything that turns values into text.

/// How text may look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    pub color: bool,
    /// Columns.
    pub width: usize,
}

/// The role of a text in the output, independent of its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    Create,
    Change,
    Delete,
    Dim,
    Bold,
    Warning,
}

/// Every code that `paint` writes: what else comes along is not ours.
pub const CODES: [&str; 7] = ["32", "33", "31", "2", "1;33", "1", "0"];

impl Style {
    pub const PLAIN: Style = Style { color: false, width: 100 };

    pub fn paint(self, ink: Ink, text: &str) -> String {
        if !self.color || text.is_empty() {
            return text.to_string();
        }
        let code = match ink {
            Ink::Create => "32",
            Ink::Change => "33",
            Ink::Delete => "31",
            Ink::Dim => "2",
            Ink::Bold => "1",
            Ink::Warning => "1;33",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    /// Cuts text to what is left of the width after `used` columns.
    pub fn cut(self, text: &str, used: usize) -> String {
        let room = self.width.saturating_sub(used).max(12);
        if text.chars().count() <= room {
            return text.to_string();
        }
        let kept: String = text.chars().take(room - 1).collect();
        format!("{kept}…")
    }
}
