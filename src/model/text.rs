//! Other people's words on one line: AWS's messages, tags, rows of the shared table.

/// The text on one line: line ends and tabs as blanks, other control characters as escapes. A line
/// of its own in a CI log may be a command to the runner.
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
        {
            if !line.ends_with(' ') {
                line.push(' ');
            }
        } else if c.is_control() {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
    line
}

/// Characters of a foreign name or time that are shown.
const SHOWN: usize = 200;

/// The same for what should be short, such as a name or a time: cut where it is not.
pub fn short_line(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN + 1).collect();
    if shown.chars().count() > SHOWN {
        shown.pop();
        shown.push('…');
    }
    one_line(&shown)
}

#[cfg(test)]
mod tests {
    use super::{one_line, short_line};

    #[test]
    fn nothing_begins_a_line_or_steers_a_terminal() {
        assert_eq!(one_line("a\r\n::error::b\tc\u{2028}d"), "a ::error::b c d");
        assert_eq!(one_line("\u{1b}[2Jé"), "\\u{1b}[2Jé");
    }

    #[test]
    fn what_should_be_short_is_cut_between_characters() {
        assert_eq!(short_line("a\nb"), "a b");
        let cut = short_line(&"é".repeat(400_000));
        assert_eq!((cut.chars().count(), cut.ends_with('…')), (201, true));
    }
}
