//! Durations as people type them.

use std::time::Duration;

/// Longest time to live: longer than anyone needs, and without overflow in dates.
const LONGEST_LIFE: Duration = Duration::from_secs(3650 * 86_400);

/// Parses `90s`, `90m`, `4h`, `2d`. The error is a message for the user.
pub fn parse(text: &str) -> Result<Duration, String> {
    let help = || format!("`{text}` is not a duration: write 90s, 30m, 4h or 2d");
    let split = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(help)?;
    let (digits, unit) = text.split_at(split);
    let number: u64 = digits.parse().map_err(|_| help())?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(help()),
    };
    number.checked_mul(seconds).map(Duration::from_secs).ok_or_else(help)
}

/// Parses a time to live: more than zero, and at most ten years.
pub fn parse_life(text: &str) -> Result<Duration, String> {
    let life = parse(text)?;
    if life.is_zero() {
        Err(format!("`{text}` is no time to live: write more than nothing, such as 4h"))
    } else if life > LONGEST_LIFE {
        Err(format!("`{text}` is too long for a time to live: ten years at most"))
    } else {
        Ok(life)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_unit() {
        assert_eq!(parse("90s").unwrap(), Duration::from_secs(90));
        assert_eq!(parse("2d").unwrap(), Duration::from_secs(172_800));
        for bad in ["", "4", "h", "4w", "-4h", "99999999999999999999h", "4 h"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_time_to_live_is_neither_nothing_nor_for_ever() {
        assert_eq!(parse_life("4h").unwrap(), Duration::from_secs(14_400));
        for bad in ["0s", "0h", "-4h", "3651d", "99999999999999d", ""] {
            assert!(parse_life(bad).is_err(), "{bad}");
        }
    }
}
