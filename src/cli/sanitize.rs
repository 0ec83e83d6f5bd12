//! Text on its way to a terminal or a CI log: other people's words must steer neither, and lines
//! break at words.

use crate::render::style::CODES as OURS;

/// Lines broken at blanks so that none is longer than `width`, further lines indented as the first
/// and a little more. What has no blank stays whole: addresses are copied.
pub fn wrapped(text: &str, width: usize) -> String {
    text.split('\n').map(|line| wrapped_line(line, width)).collect::<Vec<_>>().join("\n")
}

fn wrapped_line(line: &str, width: usize) -> String {
    if visible(line) <= width {
        return line.to_string();
    }
    let indent = line.len() - line.trim_start_matches(' ').len() + 2;
    let (mut done, mut current, mut used) = (String::new(), String::new(), 0);
    for word in line.split_inclusive(' ') {
        let length = visible(word.trim_end_matches(' '));
        if used + length > width && !current.trim().is_empty() {
            done.push_str(current.trim_end_matches(' '));
            done.push('\n');
            current = " ".repeat(indent);
            used = indent;
        }
        current.push_str(word);
        used += visible(word);
    }
    done + &current
}

/// Columns that a text takes, without our own colours.
fn visible(text: &str) -> usize {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap_or_default().chars().count();
    first
        + parts
            .map(|part| part.split_once('m').map_or(0, |(_, r)| r.chars().count()))
            .sum::<usize>()
}

/// Text without what steers a terminal. Names, tags and messages of AWS are other people's words:
/// of all control characters line ends, tabs and our own colours pass, and marks that turn the
/// reading direction do not.
pub fn sanitize_terminal(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c == '\u{1b}' && color(rest.as_str()) {
            clean.push(c);
        } else if is_bidi_control(c) || c.is_control() && !matches!(c, '\n' | '\t') {
            clean.extend(c.escape_default());
        } else {
            clean.push(c);
        }
    }
    clean
}

/// Lines that a CI runner would take for commands, made harmless: `::error::` and the like where a
/// line begins (GitHub), `##[`, `##vso[` and `##teamcity[` anywhere (GitHub, Azure, TeamCity).
pub fn inert(text: &str) -> String {
    let command = |line: &str| {
        let rest = line.trim_start().strip_prefix("::");
        rest.is_some_and(|rest| {
            rest.starts_with(|c: char| c.is_ascii_alphabetic()) && rest.contains("::")
        })
    };
    let mut text = text.to_string();
    if text.contains("::") && text.lines().any(command) {
        let lines = text.split('\n').map(|line| match command(line) {
            true => line.replacen("::", ": :", 1),
            false => line.to_string(),
        });
        text = lines.collect::<Vec<_>>().join("\n");
    }
    for word in ["##[", "##vso[", "##teamcity["] {
        if text.contains(word) {
            text = text.replace(word, &word.replacen("##", "# #", 1));
        }
    }
    text
}

/// Marks that turn the reading direction, or hide what stands beside them.
fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

/// The same for JSON, which escapes the rest of what steers terminals by itself: all of these stand
/// inside strings.
pub fn sanitize_json(json: &str) -> String {
    let mut clean = String::with_capacity(json.len());
    for c in json.chars() {
        if is_bidi_control(c) || c.is_control() && !matches!(c, '\n' | '\t') {
            clean.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            clean.push(c);
        }
    }
    // The same words as in `inert`, as JSON's escapes.
    for word in ["##[", "##vso[", "##teamcity["] {
        if clean.contains(word) {
            clean = clean.replace(word, &word.replacen('#', "\\u0023", 1));
        }
    }
    clean
}

/// True where `rest` begins with one of our own colours, as in `[1;33m`; other people's text must
/// not hide itself.
fn color(rest: &str) -> bool {
    OURS.iter()
        .any(|code| rest.strip_prefix('[').is_some_and(|r| r.starts_with(&format!("{code}m"))))
}

#[cfg(test)]
mod tests {
    use super::sanitize_terminal;

    #[test]
    fn colours_pass_and_all_else_that_steers_a_terminal_is_shown() {
        assert_eq!(
            sanitize_terminal("\u{1b}[1;33mred\u{1b}[0m\n\tplain é"),
            "\u{1b}[1;33mred\u{1b}[0m\n\tplain é"
        );
        assert_eq!(
            sanitize_terminal("a\u{1b}[2Jb\u{1b}]0;title\u{7}"),
            "a\\u{1b}[2Jb\\u{1b}]0;title\\u{7}"
        );
        assert_eq!(sanitize_terminal("\u{202e}txt\r\u{9b}31m"), "\\u{202e}txt\\r\\u{9b}31m");
        assert_eq!(sanitize_terminal("\u{1b}["), "\\u{1b}[");
        assert_eq!(sanitize_terminal("\u{1b}[8mhidden"), "\\u{1b}[8mhidden");
    }

    #[test]
    fn long_lines_break_at_words_and_keep_their_indent() {
        let text =
            "error: one two three four\n  help: five six seven\nhttp://a-very-long-address/x";
        let wrapped = super::wrapped(text, 16);
        let lines: Vec<_> = wrapped.lines().collect();
        assert_eq!(
            lines,
            [
                "error: one two",
                "  three four",
                "  help: five six",
                "    seven",
                "http://a-very-long-address/x"
            ]
        );
        assert_eq!(
            super::wrapped("\u{1b}[32mgreen word\u{1b}[0m", 10),
            "\u{1b}[32mgreen word\u{1b}[0m"
        );
    }

    #[test]
    fn no_line_is_a_command_to_a_ci_runner() {
        for (text, shown) in [
            ("  ::error file=a::b", "  : :error file=a::b"),
            ("x\n::set-output name=a::b", "x\n: :set-output name=a::b"),
            ("AWS::DynamoDB::Table", "AWS::DynamoDB::Table"),
            (":: :_files", ":: :_files"),
            ("a ##[error]b ##vso[task]", "a # #[error]b # #vso[task]"),
        ] {
            assert_eq!(super::inert(text), shown);
        }
        let value = serde_json::json!({"a": "##[error]x"});
        let line = super::sanitize_json(&value.to_string());
        assert!(!line.contains("##["), "{line}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&line).unwrap(), value);
    }

    #[test]
    fn json_stays_json_whatever_stands_in_it() {
        let value = serde_json::json!({"a": "x\u{202e}y\u{7f}z\u{1b}[2J\u{9b}31m", "b": "é\n"});
        let line = super::sanitize_json(&value.to_string());
        assert_eq!(serde_json::from_str::<serde_json::Value>(&line).unwrap(), value);
        assert!(!line.chars().any(|c| c.is_control() || super::is_bidi_control(c)), "{line}");
    }
}
