//! Large bodies on slow lines: how much travels at once, and how long a request with such a body
//! may take.
//!
//! The SDK's read timeout runs until the first byte of the answer, the upload included, and a body
//! in memory counts as sent when it is handed to the connection: what is right for all other calls
//! would cut large bodies short.

use aws_config::timeout::TimeoutConfig;
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Bytes a second that a line carries, all its uploads together. A slower one is not waited for.
const SLOWEST: u64 = 50_000;
/// What the answer itself may take.
const ANSWER: u64 = 60;
/// Uploads at once, where each has no more than `UNIT` bytes; a larger body counts for several.
const UNITS: u64 = 8;
const UNIT: u64 = 2_000_000;

/// The line of one process.
#[derive(Debug)]
pub struct Line(Semaphore);

/// Leave to send one body; others wait while it is held.
#[derive(Debug)]
pub struct Turn<'a> {
    _permit: Option<SemaphorePermit<'a>>,
    /// For the request that carries the body, over the client's own.
    pub timeouts: TimeoutConfig,
}

impl Default for Line {
    fn default() -> Self {
        Self(Semaphore::new(UNITS as usize))
    }
}

impl Line {
    /// Waits until the line has room for so many bytes.
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

/// The time of a body that shares the slowest line with as many others as may be beside it. In
/// whole minutes: the SDK keeps connections apart by timeout.
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
