//! IAM's patterns: `*` for any text, `?` for any character.

/// IAM's match of a pattern with `*` and `?`; without regard to case, as for actions.
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_ascii_lowercase(), text.to_ascii_lowercase());
    matches_exactly(&pattern, &text)
}

/// The same with regard to case, as for ARNs.
pub fn matches_exactly(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where the last `*` stood, and how far the text was then: the place to come back to.
    let mut back: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                back = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || Some(c) == text.get(t) => {
                p += 1;
                t += 1;
            }
            _ => match back {
                Some((star, from)) => {
                    p = star + 1;
                    t = from + 1;
                    back = Some((star, t));
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::{matches, matches_exactly};

    #[test]
    fn patterns_match_as_iam_does() {
        for (pattern, text, expected) in [
            ("*", "dynamodb:PutItem", true),
            ("dynamodb:*", "DynamoDB:PutItem", true),
            ("dynamodb:Put*", "dynamodb:PutItem", true),
            ("dynamodb:P?tItem", "dynamodb:PutItem", true),
            ("dynamodb:*Item*s", "dynamodb:PutItem", false),
            ("a*b*c", "aXbYbZc", true),
            ("", "x", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} on {text}");
        }
        assert!(!matches_exactly("arn:A", "arn:a"));
    }
}
