//! Instants as AWS and RFC 3339 write them.

use std::time::{SystemTime, UNIX_EPOCH};

/// RFC 3339 in UTC, seconds resolution: `2026-01-01T00:00:00Z`.
pub fn rfc3339(at: SystemTime) -> String {
    let seconds = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let date = aws_smithy_types::DateTime::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    date.fmt(aws_smithy_types::date_time::Format::DateTime).unwrap_or_default()
}

/// The instant that an RFC 3339 text names; `None` for anything else.
pub fn parse_rfc3339(text: &str) -> Option<SystemTime> {
    use aws_smithy_types::date_time::Format;
    let date = aws_smithy_types::DateTime::from_str(text, Format::DateTimeWithOffset).ok()?;
    let seconds = u64::try_from(date.secs()).ok()?;
    UNIX_EPOCH.checked_add(std::time::Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_as_they_are_written() {
        let text = "2026-01-01T00:00:00Z";
        assert_eq!(rfc3339(parse_rfc3339(text).unwrap()), text);
        assert_eq!(parse_rfc3339("2026-01-01T02:00:00+02:00"), parse_rfc3339(text));
        for wrong in ["", "soon", "2026-01-01", "9999999999"] {
            assert_eq!(parse_rfc3339(wrong), None, "{wrong}");
        }
    }
}
