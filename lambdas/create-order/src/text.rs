//! Text that people typed: trimmed, of limited length, and without characters that cannot be seen.

/// Why a text is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextError {
    /// Nothing is left after trimming.
    Empty,
    /// More characters than allowed.
    TooLong,
    /// A control character, or one that shows nothing or turns the direction of what follows.
    Invisible,
}

/// The text without white space at its ends, with 1 to `longest` characters.
pub fn clean(text: &str, longest: usize) -> Result<String, TextError> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        Err(TextError::Empty)
    } else if trimmed.chars().count() > longest {
        Err(TextError::TooLong)
    } else if trimmed.chars().any(|c| c.is_control() || is_invisible(c)) {
        Err(TextError::Invisible)
    } else {
        Ok(trimmed.to_owned())
    }
}

/// Unicode's `Default_Ignorable_Code_Point` (DerivedCoreProperties.txt), the line and paragraph
/// separators, the interlinear marks, and the blank Braille pattern.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_many_languages_pass_and_are_trimmed() {
        for name in ["Ada", "José Ñandú", "山田 太郎", "محمد", "O'Neill-Smith", "Zoë 🦀"]
        {
            assert_eq!(clean(&format!(" \u{3000}{name}\t\n"), 40), Ok(name.to_owned()));
        }
        assert_eq!(clean("éé", 2).as_deref(), Ok("éé"));
    }

    #[test]
    fn what_cannot_be_seen_is_refused() {
        for hidden in [
            '\u{0}',
            '\n',
            '\t',
            '\u{7f}',
            '\u{85}',
            '\u{ad}',
            '\u{200b}',
            '\u{200d}',
            '\u{200e}',
            '\u{202e}',
            '\u{2028}',
            '\u{2060}',
            '\u{2066}',
            '\u{2069}',
            '\u{2800}',
            '\u{3164}',
            '\u{feff}',
            '\u{fe0f}',
            '\u{e0041}',
            '\u{fffa}',
        ] {
            assert_eq!(clean(&format!("a{hidden}b"), 9), Err(TextError::Invisible), "{hidden:?}");
        }
        assert_eq!(clean("\u{200b}", 9), Err(TextError::Invisible));
        assert_eq!(clean(" \t ", 9), Err(TextError::Empty));
        assert_eq!(clean("", 9), Err(TextError::Empty));
        assert_eq!(clean("éé", 1), Err(TextError::TooLong));
    }
}
