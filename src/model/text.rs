//! Text from outside: files with or without a byte order mark, and foreign text on one line.

/// Decodes a text file and removes its byte order mark: UTF-8, or UTF-16 if a mark says so, as
/// Windows tools write it.
///
/// # Errors
///
/// The offset of the first byte that is not valid.
pub fn decode(bytes: &[u8]) -> Result<String, usize> {
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest).map_err(|at| at + 3),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        plain => utf8(plain),
    }
}

fn utf8(bytes: &[u8]) -> Result<String, usize> {
    std::str::from_utf8(bytes).map(str::to_string).map_err(|error| error.valid_up_to())
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, usize> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(pairs.len());
    let mut at = 2;
    for character in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        let character = character.map_err(|_| at)?;
        at += 2 * character.len_utf16();
        text.push(character);
    }
    if rest.is_empty() { Ok(text) } else { Err(at) }
}

/// Line and column of a byte offset, both from 1 and in characters.
pub fn place(text: &str, offset: usize) -> (usize, usize) {
    let before: String =
        text.char_indices().take_while(|(at, _)| *at < offset).map(|(_, c)| c).collect();
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (before.matches('\n').count() + 1, column)
}

/// The text on one line: line ends and tabs become spaces, other control characters become escapes.
/// A line of its own in a CI log may be a command to the runner.
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

/// How many characters of a foreign name or time are shown.
const SHOWN: usize = 200;

/// The same for short texts such as names and times, truncated if too long.
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
    use super::{decode, one_line, place, short_line};

    #[test]
    fn byte_order_marks_go_and_tell_the_encoding() {
        let wide = |order: fn(u16) -> [u8; 2]| {
            "\u{feff}a: é😀\n".encode_utf16().flat_map(order).collect::<Vec<u8>>()
        };
        for bytes in [
            "a: é😀\n".as_bytes().to_vec(),
            "\u{feff}a: é😀\n".as_bytes().to_vec(),
            wide(u16::to_le_bytes),
            wide(u16::to_be_bytes),
        ] {
            assert_eq!(decode(&bytes).as_deref(), Ok("a: é😀\n"));
        }
        assert_eq!(decode(b"ab\xffc"), Err(2));
        assert_eq!(decode(b"\xef\xbb\xbfa\xff"), Err(4));
        assert_eq!(decode(b"\xff\xfea\0b"), Err(4), "half a character");
        assert_eq!(decode(b"\xff\xfea\0\0\xd8a\0"), Err(4), "half a pair");
        assert_eq!(decode(b""), Ok(String::new()));
    }

    #[test]
    fn places_count_characters() {
        assert_eq!(place("é\nöx", 0), (1, 1));
        assert_eq!(place("é\nöx", 5), (2, 2));
        assert_eq!(place("", 9), (1, 1));
    }

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
