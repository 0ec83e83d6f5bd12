//! Numbers as DynamoDB stores them: decimals of up to 38 digits, equal in every spelling.

/// Digits that DynamoDB keeps.
const DIGITS: usize = 38;
/// Exponents of the first digit: 1E-130 to 9.9E+125.
const EXPONENTS: std::ops::RangeInclusive<i64> = -130..=125;

/// The canonical spelling of a number: `1`, `1.0` and `10e-1` are all `1e0`, every zero is `0`.
///
/// Errors complete the sentence "the number ...": not a JSON number, more digits than DynamoDB
/// keeps, or out of its range.
pub fn canonical(text: &str) -> Result<String, String> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text),
    };
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, power(exponent)?),
        None => (rest, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: String = [whole, fraction].concat();
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err("is none".into());
    }

    let behind = i64::try_from(fraction.len()).unwrap_or(i64::MAX);
    let kept = digits.trim_start_matches('0');
    let significant = kept.trim_end_matches('0');
    if significant.is_empty() {
        return Ok("0".into());
    }
    if significant.len() > DIGITS {
        return Err(format!("has {} digits, and DynamoDB keeps {DIGITS}", significant.len()));
    }
    let length = i64::try_from(kept.len()).unwrap_or(i64::MAX);
    let first = exponent.saturating_sub(behind).saturating_add(length - 1);
    if !EXPONENTS.contains(&first) {
        let what = if first > 0 { "larger" } else { "closer to zero" };
        return Err(format!("is {what} than DynamoDB takes, which is 1E-130 to 9.9E+125"));
    }
    Ok(format!("{sign}{significant}e{first}"))
}

/// An exponent; one that exceeds a machine integer counts as infinite.
fn power(text: &str) -> Result<i64, String> {
    let (sign, digits) = match text.strip_prefix(['+', '-']) {
        Some(digits) => (if text.starts_with('-') { -1 } else { 1 }, digits),
        None => (1, text),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err("is none".into());
    }
    Ok(sign * digits.parse::<i64>().unwrap_or(i64::MAX / 4).min(i64::MAX / 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_has_one_spelling() {
        for same in [
            &["1", "1.0", "1e0", "10e-1", "0.1E+1", "1.000", "0.001e3", "001"][..],
            &["0", "0.0", "-0", "0e99", "0e-999999999999999999999"],
            &["-12.5", "-1.25e1", "-12.50"],
            &["100", "1e2", "1E+2", "1.00e2"],
        ] {
            for text in same {
                assert_eq!(canonical(text), canonical(same[0]), "{text}");
            }
        }
        // As floats, these two would be equal.
        assert_ne!(canonical("12345678901234567890"), canonical("12345678901234567891"));
        assert_ne!(canonical("1"), canonical("-1"));
    }

    #[test]
    fn what_dynamodb_does_not_hold_is_refused() {
        let long = "1234567890".repeat(4);
        assert!(canonical(&long).is_err_and(|why| why.contains("39 digits")), "40, a zero last");
        assert!(canonical(&long[..38]).is_ok() && canonical(&format!("{}e9", &long[..38])).is_ok());
        assert!(canonical("0.1234567890123456789012345678901234567800").is_ok(), "38 count");
        for text in ["1e126", "99e125", "1e99999999999999999999"] {
            assert!(canonical(text).is_err_and(|why| why.contains("larger")), "{text}");
        }
        for text in ["1e-131", "0.1e-130", "-1e-99999999999999999999"] {
            assert!(canonical(text).is_err_and(|why| why.contains("zero")), "{text}");
        }
        assert!(canonical("9.9e125").is_ok() && canonical("-1e-130").is_ok());
        for text in ["", "-", "e5", "1e", "1e+", "0x1", "NaN", "1,5", "１"] {
            assert!(canonical(text).is_err(), "{text}");
        }
    }
}
