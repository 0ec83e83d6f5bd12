//! Money as integer cents, read from decimal text without ever passing through a floating-point
//! number.

/// Why a text is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoneyError {
    /// Not a decimal number, or a negative one.
    NotAnAmount,
    /// Digits beyond the cent.
    TooPrecise,
    /// More than fits 64 bits.
    TooLarge,
}

/// Cents of a price as DynamoDB writes it: `129.99`, `20`, `1.2E+2`. Digits beyond the cent are an
/// error.
pub fn cents(text: &str) -> Result<u64, MoneyError> {
    let (value, exact) = scaled(text, 2)?;
    if exact { Ok(value) } else { Err(MoneyError::TooPrecise) }
}

/// Cents of a total that a client computed, perhaps in doubles: noise below 1e-7
/// (389.96999999999997) is not another amount, everything else beyond the cent is.
pub fn cents_despite_noise(text: &str) -> Result<u64, MoneyError> {
    const PER_CENT: u64 = 1_000_000;
    let (fine, _) = scaled(text, 8)?;
    let cents = fine.checked_add(PER_CENT / 2).ok_or(MoneyError::TooLarge)? / PER_CENT;
    let nearest = cents.checked_mul(PER_CENT).ok_or(MoneyError::TooLarge)?;
    if nearest.abs_diff(fine) <= 1 { Ok(cents) } else { Err(MoneyError::TooPrecise) }
}

/// The whole part of a number that is not negative: `3.7` is 3.
pub fn whole(text: &str) -> Result<u64, MoneyError> {
    scaled(text, 0).map(|(value, _)| value)
}

/// Cents as the decimal text to store: `1998` is `19.98`.
pub fn decimal(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// The number times 10^places, cut off there, and whether nothing was cut.
fn scaled(text: &str, places: i64) -> Result<(u64, bool), MoneyError> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, power(exponent)?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) {
        return Err(MoneyError::NotAnAmount);
    }
    let point = i64::try_from(whole.len()).map_err(|_| MoneyError::TooLarge)?;
    let keep = point.saturating_add(exponent).saturating_add(places);
    let (mut value, mut exact, mut taken) = (0_u64, true, 0_i64);
    for byte in whole.bytes().chain(fraction.bytes()) {
        let digit = u64::from(byte - b'0');
        if taken < keep {
            value = append(value, digit)?;
        } else {
            exact &= digit == 0;
        }
        taken += 1;
    }
    // Appends the zeros of the exponent. Zero stays zero however many, so a huge exponent costs no
    // loop.
    while taken < keep && value != 0 {
        value = append(value, 0)?;
        taken += 1;
    }
    Ok((value, exact))
}

fn append(value: u64, digit: u64) -> Result<u64, MoneyError> {
    let shifted = value.checked_mul(10).and_then(|tens| tens.checked_add(digit));
    shifted.ok_or(MoneyError::TooLarge)
}

/// An exponent of any length; beyond 64 bits it is as good as endless.
fn power(text: &str) -> Result<i64, MoneyError> {
    let (digits, sign) = match text.as_bytes().first() {
        Some(b'-') => (text.get(1..).unwrap_or_default(), -1),
        Some(b'+') => (text.get(1..).unwrap_or_default(), 1),
        _ => (text, 1),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(MoneyError::NotAnAmount);
    }
    // A quarter of the range leaves room for the sums with lengths.
    let size = digits.parse::<i64>().unwrap_or(i64::MAX).min(i64::MAX / 4);
    Ok(size * sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_prices_to_the_cent() {
        for (text, expected) in [
            ("129.99", 12_999),
            ("20", 2_000),
            ("0.05", 5),
            ("19.9", 1_990),
            ("1e2", 10_000),
            ("1.2E+2", 12_000),
            ("1299e-2", 1_299),
            ("7.500", 750),
            ("0", 0),
            ("0e99999999999999999999", 0),
        ] {
            assert_eq!(cents(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_amount() {
        for text in [
            "", "-1", "-0", "+1", "1.", ".5", "NaN", "inf", "\"1\"", "1e", "1e+", "0x10", "1,5",
            " 1", "1e1.5",
        ] {
            assert_eq!(cents(text), Err(MoneyError::NotAnAmount), "{text}");
        }
        assert_eq!(cents("19.999"), Err(MoneyError::TooPrecise));
        assert_eq!(cents("1e-3"), Err(MoneyError::TooPrecise));
        for text in ["1e308", "1e99999999999999999999", "184467440737095516.16"] {
            assert_eq!(cents(text), Err(MoneyError::TooLarge), "{text}");
        }
        assert_eq!(cents("184467440737095516.15"), Ok(u64::MAX));
    }

    #[test]
    fn forgives_the_noise_of_doubles_and_nothing_else() {
        assert_eq!(cents_despite_noise("389.96999999999997"), Ok(38_997));
        assert_eq!(cents_despite_noise("0.30000000000000004"), Ok(30));
        assert_eq!(cents_despite_noise("20"), Ok(2_000));
        assert_eq!(cents_despite_noise("1e2"), Ok(10_000));
        assert_eq!(cents_despite_noise("389.969"), Err(MoneyError::TooPrecise));
        assert_eq!(cents_despite_noise("19.981"), Err(MoneyError::TooPrecise));
        assert_eq!(cents_despite_noise("1e308"), Err(MoneyError::TooLarge));
    }

    #[test]
    fn writes_two_decimals() {
        assert_eq!(decimal(1_998), "19.98");
        assert_eq!(decimal(5), "0.05");
        assert_eq!(decimal(2_000), "20.00");
    }
}
