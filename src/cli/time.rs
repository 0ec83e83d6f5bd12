//! Durations as people type them, and instants as RFC 3339 says them.

pub use crate::aws::clock::rfc3339;
use std::time::Duration;

/// `90s`, `90m`, `4h`, `2d`.
pub fn duration(text: &str) -> Result<Duration, String> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    #[test]
    fn durations_need_a_unit() {
        assert_eq!(duration("90s").unwrap(), Duration::from_secs(90));
        assert_eq!(duration("2d").unwrap(), Duration::from_secs(172_800));
        for bad in ["", "4", "h", "4w", "-4h", "99999999999999999999h", "4 h"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn instants_are_utc() {
        assert_eq!(
            rfc3339(UNIX_EPOCH + Duration::from_secs(1_767_225_600)),
            "2026-01-01T00:00:00Z"
        );
    }
}
