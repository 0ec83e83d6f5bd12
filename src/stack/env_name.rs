//! The name of an environment, from whatever a pipeline calls it: a branch, a pull request.

use crate::model::digest;

/// Longest name: it is part of every resource's name, and of the bucket's.
const LONGEST: usize = 20;
/// Hexadecimal digits that tell names apart which would otherwise be alike.
const DIGITS: usize = 6;

/// The environment's name for `given`, such as `pr-42` for `PR-42`.
///
/// Capitals become small, whatever else is no letter, digit or dash becomes a dash. Where that
/// replaced or cut anything, a digest of the text as given follows, so that two branches never
/// share an environment: `feature/x` and `feature-x` have a name each.
///
/// # Errors
/// A sentence: nothing was given, or a control character.
pub fn environment_name(given: &str) -> Result<String, String> {
    if given.trim().is_empty() {
        return Err("the name of the environment is empty".into());
    }
    if given.chars().any(char::is_control) {
        return Err(format!("{given:?} is not an environment: it has a control character"));
    }
    let lower = given.to_lowercase();
    if is_name(&lower) {
        return Ok(lower);
    }
    let mut plain = String::new();
    for c in lower.chars() {
        if c.is_ascii_lowercase() || c.is_ascii_digit() {
            plain.push(c);
        } else if !plain.is_empty() && !plain.ends_with('-') {
            plain.push('-');
        }
    }
    plain.truncate(LONGEST - DIGITS - 1);
    let stem = Some(plain.trim_end_matches('-')).filter(|stem| !stem.is_empty()).unwrap_or("env");
    let digest = digest::sha256_hex(lower.as_bytes());
    Ok(format!("{stem}-{}", digest.get(..DIGITS).unwrap_or(&digest)))
}

/// True for a name that is taken as it is.
fn is_name(text: &str) -> bool {
    let letters = text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    letters && text.len() <= LONGEST && !text.starts_with('-') && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_that_are_names_stay_but_for_their_case() {
        for (given, name) in [("dev", "dev"), ("pr-42", "pr-42"), ("PR-42", "pr-42"), ("7", "7")] {
            assert_eq!(environment_name(given).unwrap(), name);
        }
    }

    #[test]
    fn branches_that_differ_have_names_that_differ() {
        let long = "dependabot/npm_and_yarn/site/left-pad-1.3.";
        let branches = [
            "feature/x",
            "feature-x",
            "feature_x",
            "feature/x/",
            "-feature/x",
            "feature x",
            "féature/x",
            "日本",
            "///",
            &format!("{long}0"),
            &format!("{long}1"),
            "a-branch-whose-name-is-one-too-long",
        ];
        let names: BTreeSet<_> = branches.iter().map(|b| environment_name(b).unwrap()).collect();
        assert_eq!(names.len(), branches.len(), "{names:?}");
        for name in &names {
            assert!(is_name(name), "{name}");
            assert_eq!(environment_name(name).unwrap(), *name, "a name made stays as it is");
        }
        assert!(environment_name("feature/x").unwrap().starts_with("feature-x-"));
        assert!(environment_name("日本").unwrap().starts_with("env-"));
    }

    #[test]
    fn nothing_and_control_characters_are_refused() {
        for bad in ["", "  ", "a\nb", "a\u{1b}[2J"] {
            assert!(environment_name(bad).is_err(), "{bad:?}");
        }
    }
}
