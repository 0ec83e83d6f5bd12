//! Durations as people type them, and instants as RFC 3339 says them.

pub use crate::aws::clock::{parse_rfc3339, rfc3339};
pub use crate::model::duration::{parse as duration, parse_life as life};

use std::time::{Duration, SystemTime};

/// True once the instant, RFC 3339, has passed. What cannot be read has not.
pub fn is_past(instant: &str) -> bool {
    parse_rfc3339(instant).is_some_and(|at| at <= SystemTime::now())
}

/// How long ago the instant was, or `None` where it cannot be read or is to come.
pub fn since(instant: &str) -> Option<Duration> {
    SystemTime::now().duration_since(parse_rfc3339(instant)?).ok()
}

/// In its largest unit: `3d`, `4h`, `12m`, `40s`.
pub fn rough(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..172_800 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    #[test]
    fn instants_are_utc() {
        assert_eq!(
            rfc3339(UNIX_EPOCH + Duration::from_secs(1_767_225_600)),
            "2026-01-01T00:00:00Z"
        );
    }
}
