//! Durations as people type them, and instants as RFC 3339 says them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

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

/// Seconds since 1970 as RFC 3339 in UTC, seconds resolution.
pub fn rfc3339(at: SystemTime) -> String {
    let seconds = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    let date = aws_smithy_types::DateTime::from_secs(seconds);
    date.fmt(aws_smithy_types::date_time::Format::DateTime).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(rfc3339(UNIX_EPOCH + Duration::from_secs(1_767_225_600)), "2026-01-01T00:00:00Z");
    }
}
