//! Instants as AWS and RFC 3339 write them.

use std::time::{SystemTime, UNIX_EPOCH};

/// RFC 3339 in UTC, seconds resolution: `2026-01-01T00:00:00Z`.
pub fn rfc3339(at: SystemTime) -> String {
    let seconds = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let date = aws_smithy_types::DateTime::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    date.fmt(aws_smithy_types::date_time::Format::DateTime).unwrap_or_default()
}
