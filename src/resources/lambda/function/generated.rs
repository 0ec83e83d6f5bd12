//! Environment variables with a random value (`${smoke.secret}` in stack.yaml). The value is made
//! when the variables are written and never leaves the function: plans and records hold a mark.

use crate::model::CloudError;
use crate::resources::context::GENERATED as MARK;
use std::collections::BTreeMap;
use std::fmt::Write;

/// How a random value begins, by which a read knows it.
const PREFIX: &str = "generated-";
/// 128 bits as hexadecimal digits.
const DIGITS: usize = 32;

/// A live variable's value as it is compared.
pub(super) fn masked(value: &str) -> String {
    let is_ours = value.strip_prefix(PREFIX).is_some_and(|rest| {
        rest.len() == DIGITS && rest.bytes().all(|byte| byte.is_ascii_hexdigit())
    });
    if is_ours { MARK.to_string() } else { value.to_string() }
}

/// A wanted variable's value as it is written: a fresh random one for the mark. Those who need the
/// value read it from the function, so each write may change it.
pub(super) fn filled(value: &str) -> String {
    if value != MARK {
        return value.to_string();
    }

    let mut bytes = [0_u8; DIGITS / 2];
    if getrandom::fill(&mut bytes).is_err() {
        // Without randomness there is no secret, and no smoke order.
        return String::new();
    }
    bytes.iter().fold(PREFIX.to_string(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Shorter values stand in any sentence.
const TELLING: usize = 4;

/// An error without the values of variables: Lambda repeats what it refuses.
pub(super) fn without_values(
    mut error: CloudError,
    environment: &BTreeMap<String, String>,
) -> CloudError {
    let values = environment.values().filter(|value| value.len() >= TELLING);
    for value in values.filter(|value| !value.contains("{{")) {
        for text in [&mut error.message, &mut error.hint] {
            if text.contains(value.as_str()) {
                *text = text.replace(value.as_str(), "(a variable's value)");
            }
        }
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_that_repeats_a_value_is_told_without_it() {
        let said = "Value '{ADMIN_LOGIN=letmein2026}' at 'environment.variables' is too long";
        let error = CloudError::ours(crate::model::ErrorKind::Other, said, "");
        let values = [("ADMIN_LOGIN", "letmein2026"), ("MODE", "a")];
        let environment = values.map(|(name, value)| (name.to_string(), value.to_string())).into();
        let told = without_values(error, &environment).message;
        assert!(told.contains("ADMIN_LOGIN=(a variable's value)"), "{told}");
        assert!(told.contains("at 'environment.variables'"), "{told}");
    }

    #[test]
    fn a_random_value_is_written_and_reads_as_the_mark() {
        let (one, other) = (filled(MARK), filled(MARK));
        assert_ne!(one, other);
        assert_eq!((masked(&one), masked(&other)), (MARK.to_string(), MARK.to_string()));
        assert_eq!(filled("plain"), "plain");
        for theirs in ["", "1", "generated-", "generated-xyz", "(generated)"] {
            assert_eq!(masked(theirs), theirs);
        }
    }
}
