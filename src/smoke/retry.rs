//! Trying again while AWS settles: exponential polling from 100 ms to 2 s until one deadline for
//! the whole test.

use crate::model::{CloudError, ErrorKind};
use std::time::Duration;
use tokio::time::Instant;

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(2);

/// Why a try did not succeed.
#[derive(Debug)]
pub(super) enum Trouble {
    /// May pass when AWS has settled.
    Again(String),
    /// Will not pass by waiting.
    Never(String),
}

pub(super) type Try<T> = Result<T, Trouble>;

impl From<CloudError> for Trouble {
    fn from(error: CloudError) -> Self {
        let text = cloud(&error);
        match error.kind {
            ErrorKind::AccessDenied
            | ErrorKind::Credentials
            | ErrorKind::NotEmulated
            | ErrorKind::Interrupted => Self::Never(text),
            _ => Self::Again(text),
        }
    }
}

/// A cloud error with its remedy.
pub(super) fn cloud(error: &CloudError) -> String {
    if error.hint.is_empty() { error.to_string() } else { format!("{error}; {}", error.hint) }
}

/// Waits between tries, a little longer each time.
pub(super) struct Backoff {
    deadline: Instant,
    next: Duration,
    tries: u32,
}

impl Backoff {
    pub(super) fn until(deadline: Instant) -> Self {
        Self { deadline, next: FIRST, tries: 1 }
    }

    /// Waits for the next try; false where the deadline has come, without waiting.
    pub(super) async fn pause(&mut self) -> bool {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        tokio::time::sleep(self.next.min(left)).await;
        self.next = (self.next * 2).min(LONGEST);
        self.tries += 1;
        true
    }

    /// The last try's message with the number of tries.
    pub(super) fn give_up(&self, message: &str) -> String {
        if self.tries == 1 {
            message.to_string()
        } else {
            format!("{message} (tried {} times)", self.tries)
        }
    }
}

/// Tries until it succeeds, cannot succeed, or the deadline has come; always at least once.
pub(super) async fn poll<T, F, A>(deadline: Instant, mut attempt: A) -> Result<T, String>
where
    F: Future<Output = Try<T>>,
    A: FnMut() -> F,
{
    let mut backoff = Backoff::until(deadline);
    loop {
        let message = match attempt().await {
            Ok(value) => return Ok(value),
            Err(Trouble::Never(message)) => return Err(message),
            Err(Trouble::Again(message)) => message,
        };
        if !backoff.pause().await {
            return Err(backoff.give_up(&message));
        }
    }
}
