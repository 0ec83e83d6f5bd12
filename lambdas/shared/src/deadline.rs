//! The time that a request has, and waits between repeated calls that stay inside it.

use crate::dynamo::StoreError;
use lambda_http::{Request, RequestExt};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// Kept back for writing the answer and its log line before Lambda ends the call.
const RESERVE: Duration = Duration::from_millis(500);
/// API Gateway answers 504 by itself after 29 s.
const LONGEST: Duration = Duration::from_secs(28);
/// Where no invocation says how much time there is.
const WITHOUT_CONTEXT: Duration = Duration::from_secs(5);
/// A call with less time than this is not worth its request.
const SHORTEST_CALL: Duration = Duration::from_millis(100);

const FIRST_WAIT: Duration = Duration::from_millis(25);
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// The moment by which the answer must be on its way.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Instant);

impl Deadline {
    /// From the invocation's own deadline, which Lambda gives in milliseconds since 1970.
    pub fn of_request(request: &Request) -> Self {
        let Some(context) = request.lambda_context_ref() else {
            return Self::after(WITHOUT_CONTEXT);
        };

        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let left = Duration::from_millis(context.deadline).saturating_sub(now);
        Self::after(left.saturating_sub(RESERVE).min(LONGEST))
    }

    pub fn after(time: Duration) -> Self {
        Self(Instant::now() + time)
    }

    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Runs one call, which is cut off at the deadline. A call that was cut off may have taken
    /// effect.
    pub async fn bound<T>(
        self,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let cut_off = |_| StoreError::Busy { code: "out of time".into(), may_have_happened: true };
        tokio::time::timeout_at(self.0, call).await.map_err(cut_off)?
    }
}

/// Waits between the attempts of one request: each up to twice as long as the one before, with
/// jitter, so that clients that met once do not meet again (API reference, "Error retries and
/// exponential backoff").
#[derive(Debug)]
pub struct Backoff {
    deadline: Deadline,
    next: Duration,
}

impl Backoff {
    pub fn new(deadline: Deadline) -> Self {
        Self { deadline, next: FIRST_WAIT }
    }

    /// Waits, and says whether there is still time for another attempt.
    pub async fn wait(&mut self) -> bool {
        let jittered = self.next.mul_f64(0.5 + fastrand::f64() / 2.0);
        self.next = (self.next * 2).min(LONGEST_WAIT);
        if self.deadline.remaining() < jittered + SHORTEST_CALL {
            return false;
        }

        tokio::time::sleep(jittered).await;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn waits_grow_and_end_before_the_deadline() {
        let start = Instant::now();
        let mut backoff = Backoff::new(Deadline::after(Duration::from_secs(5)));
        let mut waits = 0;
        while backoff.wait().await {
            waits += 1;
        }

        assert!(start.elapsed() < Duration::from_secs(5));
        assert!((6..=14).contains(&waits), "{waits}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_is_cut_off_at_the_deadline() {
        let deadline = Deadline::after(Duration::from_secs(2));
        let slow = async {
            tokio::time::sleep(Duration::from_secs(13)).await;
            Ok(())
        };

        let cut = deadline.bound(slow).await.unwrap_err();
        assert!(matches!(cut, StoreError::Busy { may_have_happened: true, .. }));
        assert_eq!(deadline.remaining(), Duration::ZERO);
    }
}
