//! Large bodies on slow connections: how much is sent at once, and how long such a request may
//! take.
//!
//! The SDK's read timeout runs until the first byte of the response, including the upload, and a
//! body in memory counts as sent once the connection has it. The timeout for other calls would cut
//! large bodies short.

use aws_config::timeout::TimeoutConfig;
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Bytes per second of the slowest supported connection, shared by all uploads.
const SLOWEST: u64 = 50_000;
/// Seconds allowed for the response itself.
const ANSWER: u64 = 60;
/// Concurrent uploads of at most `UNIT` bytes each; a larger body counts as several.
const UNITS: u64 = 8;
const UNIT: u64 = 2_000_000;

/// The uploads of one process.
#[derive(Debug)]
pub struct Line(Semaphore);

/// Permission to send one body; others wait while it is held.
#[derive(Debug)]
pub struct Turn<'a> {
    _permit: Option<SemaphorePermit<'a>>,
    /// Timeouts for the request with the body, replacing the client's own.
    pub timeouts: TimeoutConfig,
}

impl Default for Line {
    fn default() -> Self {
        Self(Semaphore::new(UNITS as usize))
    }
}

impl Line {
    /// Waits until there is room for so many bytes.
    pub async fn turn(&self, bytes: usize) -> Turn<'_> {
        let bytes = bytes as u64;
        let timeouts = TimeoutConfig::builder()
            .read_timeout(allowance(bytes))
            .operation_attempt_timeout(allowance(bytes) + Duration::from_secs(30))
            .build();
        let permit = self.0.acquire_many(u32::try_from(units(bytes)).unwrap_or(1)).await;
        Turn { _permit: permit.ok(), timeouts }
    }
}

fn units(bytes: u64) -> u64 {
    (bytes / UNIT).clamp(1, UNITS)
}

/// The time for a body that shares the slowest connection with as many others as allowed. In whole
/// minutes, because the SDK keeps a separate connection pool for each timeout.
fn allowance(bytes: u64) -> Duration {
    let sharing = UNITS + 1 - units(bytes);
    let seconds = ANSWER + bytes.saturating_mul(sharing) / SLOWEST;
    Duration::from_secs(seconds.div_ceil(60) * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_has_the_time_that_the_slowest_line_takes_for_it_and_what_is_beside_it() {
        let minutes = |bytes: u64| allowance(bytes).as_secs() / 60;
        assert_eq!((minutes(0), minutes(6_000)), (1, 1));
        // A megabyte beside seven more: 160 s; the largest zip, and one object of a gigabyte,
        // alone.
        assert_eq!((minutes(1_000_000), minutes(66_000_000), minutes(1_000_000_000)), (4, 23, 335));
        for bytes in [1, 100_000, 3_000_000, 17_000_000, 5_000_000_000] {
            assert!(allowance(bytes).as_secs() >= ANSWER + bytes / SLOWEST, "{bytes}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn small_bodies_travel_together_and_large_ones_alone() {
        let line = Line::default();
        let small: Vec<_> = [line.turn(10).await, line.turn(UNIT as usize).await].into();
        let waits = |bytes| tokio::time::timeout(Duration::from_secs(1), line.turn(bytes));
        assert!(waits(50_000_000).await.is_err(), "there is not room for all of it");
        drop(small);
        let large = waits(50_000_000).await.expect("the line is free");
        assert!(waits(1).await.is_err());
        drop(large);
        assert!(waits(1).await.is_ok());
    }
}
