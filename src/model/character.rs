//! Characters that readers do not see or mistake for others, and their names.

/// Looks like nothing, or like an ordinary space.
pub fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{80}'..='\u{a0}' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}'
        | '\u{1680}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{2000}'..='\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{205f}'..='\u{206f}'
        | '\u{2800}' | '\u{3000}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// The ASCII character for which this one is easily mistaken.
pub fn taken_for(c: char) -> Option<char> {
    if let '\u{ff01}'..='\u{ff5e}' = c {
        return char::from_u32(u32::from(c) - 0xfee0);
    }
    LOOK_ALIKES.iter().find(|(_, look)| look.contains(c)).map(|(plain, _)| *plain)
}

/// Look-alikes by ASCII character: punctuation of other keyboards, and letters of the Cyrillic and
/// Greek scripts.
const LOOK_ALIKES: [(char, &str); 48] = [
    (
        ' ',
        "\u{a0}\u{1680}\u{2000}\u{2001}\u{2002}\u{2003}\u{2004}\u{2005}\u{2006}\u{2007}\
         \u{2008}\u{2009}\u{200a}\u{202f}\u{205f}\u{3000}",
    ),
    ('"', "“”„‟″❝❞〝〞«»"),
    ('\'', "‘’‚‛′´ʹʼˈ"),
    ('`', "ˋ"),
    ('-', "‐‑‒–—―−﹘﹣⁃˗"),
    (':', "∶ː꞉︰﹕։׃"),
    (';', "\u{37e}﹔"),
    (',', "‚，、﹐٫"),
    ('.', "․﹒。"),
    ('/', "⁄∕⧸"),
    ('*', "∗⁎＊﹡"),
    ('#', "﹟♯"),
    ('|', "∣ǀ│｜"),
    ('{', "❴﹛"),
    ('}', "❵﹜"),
    ('[', "❲〔"),
    (']', "❳〕"),
    ('<', "‹"),
    ('>', "›"),
    ('&', "﹠"),
    ('_', "ˍ"),
    ('~', "∼˜"),
    ('A', "АΑ"),
    ('B', "ВΒ"),
    ('C', "СϹ"),
    ('E', "ЕΕ"),
    ('H', "НΗ"),
    ('I', "ІΙӀ"),
    ('J', "ЈͿ"),
    ('K', "КΚ"),
    ('M', "МΜ"),
    ('N', "Ν"),
    ('O', "ОΟ"),
    ('P', "РΡ"),
    ('S', "Ѕ"),
    ('T', "ТΤ"),
    ('X', "ХΧ"),
    ('Y', "УΥ"),
    ('Z', "Ζ"),
    ('a', "аα"),
    ('c', "сϲ"),
    ('e', "е"),
    ('i', "і"),
    ('j', "јϳ"),
    ('o', "оο"),
    ('p', "рρ"),
    ('s', "ѕ"),
    ('x', "х"),
];

/// Code point and, if known, a name: `U+200B (zero width space)`.
pub fn describe(c: char) -> String {
    let code = format!("U+{:04X}", u32::from(c));
    match NAMES.iter().find(|(known, _)| *known == c) {
        Some((_, name)) => format!("{code} ({name})"),
        None => match taken_for(c) {
            Some(plain) => format!("{code}, which looks like `{plain}` and is not"),
            None if c.is_control() => format!("{code} (control character)"),
            None if is_invisible(c) => format!("{code}, which is invisible"),
            None => code,
        },
    }
}

const NAMES: [(char, &str); 34] = [
    ('\0', "null"),
    ('\u{7}', "bell"),
    ('\u{8}', "backspace"),
    ('\t', "tab"),
    ('\u{b}', "vertical tab"),
    ('\u{c}', "form feed"),
    ('\u{1b}', "escape"),
    ('\u{7f}', "delete"),
    ('\u{85}', "next line"),
    ('\u{a0}', "no-break space"),
    ('\u{ad}', "soft hyphen"),
    ('\u{2002}', "en space"),
    ('\u{2003}', "em space"),
    ('\u{2009}', "thin space"),
    ('\u{200b}', "zero width space"),
    ('\u{200c}', "zero width non-joiner"),
    ('\u{200d}', "zero width joiner"),
    ('\u{200e}', "left-to-right mark"),
    ('\u{200f}', "right-to-left mark"),
    ('\u{2011}', "non-breaking hyphen"),
    ('\u{2013}', "en dash"),
    ('\u{2014}', "em dash"),
    ('\u{2018}', "left single quotation mark"),
    ('\u{2019}', "right single quotation mark"),
    ('\u{201c}', "left double quotation mark"),
    ('\u{201d}', "right double quotation mark"),
    ('\u{2028}', "line separator"),
    ('\u{202e}', "right-to-left override"),
    ('\u{202f}', "narrow no-break space"),
    ('\u{2060}', "word joiner"),
    ('\u{2212}', "minus sign"),
    ('\u{3000}', "ideographic space"),
    ('\u{feff}', "byte order mark"),
    ('\u{ff1a}', "fullwidth colon"),
];

/// The first deceptive character of a text and its position in characters: invisible and control
/// characters, and look-alikes in a text that also contains ASCII.
pub fn first_hidden(text: &str) -> Option<(usize, char)> {
    let has_ascii = text.chars().any(|c| c.is_ascii_alphanumeric());
    let hides = |c: char| {
        is_invisible(c)
            || c.is_control() && c != '\n' && c != '\r' && c != '\t'
            || !c.is_ascii() && taken_for(c).is_some_and(|p| has_ascii || !p.is_alphabetic())
    };
    text.chars().enumerate().find(|(_, c)| hides(*c))
}

/// The text as a reader sees it: without invisible characters, and with look-alikes replaced by
/// ASCII.
pub fn as_it_looks(text: &str) -> String {
    let seems = |c: char| match taken_for(c) {
        Some(plain) => Some(plain),
        None if is_invisible(c) || c.is_control() => None,
        None => Some(c),
    };
    text.chars().filter_map(seems).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_is_found_and_named() {
        for (text, at, name) in [
            ("na\u{200b}me", 2, "U+200B (zero width space)"),
            ("name\u{a0}", 4, "U+00A0 (no-break space)"),
            ("nаme", 1, "U+0430, which looks like `a` and is not"),
            ("us‑east", 2, "U+2011 (non-breaking hyphen)"),
            ("“x”", 0, "U+201C (left double quotation mark)"),
            ("name：", 4, "U+FF1A (fullwidth colon)"),
            ("\u{feff}x", 0, "U+FEFF (byte order mark)"),
            ("a\u{1b}", 1, "U+001B (escape)"),
            ("a\u{2063}", 1, "U+2063, which is invisible"),
        ] {
            let (found, c) = first_hidden(text).expect(text);
            assert_eq!((found, describe(c).as_str()), (at, name), "{text}");
        }
    }

    #[test]
    fn other_languages_hide_nothing() {
        for text in ["Größe", "café", "Работа", "商店", "Ελλάδα", "plain", "naïve façade"]
        {
            assert_eq!(first_hidden(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_taken_for_a_text_reads_like_it() {
        for text in ["productId", "prod\u{200b}uctId", "рroductId", "productId\u{feff}"] {
            assert_eq!(as_it_looks(text), "productId");
        }
    }
}
