//! Whether a failed call is tried again: the retry classes of the catalogue's section 1, each with
//! its own cadence. Which errors of which operation pass by themselves, the calls declare.

use crate::model::call::Call;
pub use crate::model::call::Class;
use crate::model::{CloudError, ErrorKind};
use std::time::Duration;

/// What may be repeated around one call.
#[derive(Clone, Copy, Debug, Default)]
pub struct Repeat {
    /// The thing was made in this run: a 404 is lag, not absence.
    pub fresh: bool,
    /// Repeating after a lost answer could make a second one: do not.
    pub not_idempotent: bool,
}

/// Leave to repeat a call. Each rule has a budget of its own, and each class that no rule stands
/// for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Leave {
    pub class: Class,
    /// How long the repetitions may take, waits for anything else left out.
    pub ceiling: Duration,
    /// Code and fragment of the rule.
    rule: Option<(&'static str, &'static str)>,
}

/// Whether and how an error is got over, or `None` when it is final. Words are compared in any
/// case: services are not consistent in it.
pub fn classify(call: &Call, error: &CloudError, repeat: Repeat) -> Option<Leave> {
    let leave =
        |class, seconds| Some(Leave { class, ceiling: Duration::from_secs(seconds), rule: None });
    if error.kind == ErrorKind::Throttled {
        return leave(Class::Throttle, 300);
    }

    let words = error.message.to_lowercase();
    let declared = call
        .all_retries()
        .find(|r| error.code == r.code && words.contains(&r.fragment.to_lowercase()));
    if let Some(retry) = declared {
        return Some(Leave {
            class: retry.class,
            ceiling: Duration::from_secs(retry.ceiling),
            rule: Some((retry.code, retry.fragment)),
        });
    }

    match error.kind {
        ErrorKind::NotFound if repeat.fresh => {
            leave(Class::ReadAfterCreate, call.service.read_after_create)
        }
        ErrorKind::Ambiguous if repeat.not_idempotent => None,
        ErrorKind::Ambiguous => leave(Class::Transient, 60),
        // Refused connections never reached the endpoint, so repeating is safe for creates as well.
        ErrorKind::Unreachable => leave(Class::Transient, 6),
        _ => None,
    }
}

/// What was spent on getting over one error.
#[derive(Debug, Default)]
pub struct Spent {
    /// Its own pauses and tries; a budget counts nothing that other errors or rate budgets cost.
    time: Duration,
    pub attempts: u32,
}

impl Spent {
    /// Counts a try that took so long and ended in the error, and says how long to pause before the
    /// next: no shorter than AWS `asked` for. `None` when the budget is used up, which it never is
    /// before one repetition.
    pub fn next(
        &mut self,
        leave: Leave,
        call: &Call,
        took: Duration,
        asked: Option<Duration>,
    ) -> Option<Duration> {
        self.attempts += 1;
        if self.attempts > 1 {
            self.time += took;
        }
        let jitter = f64::from(fastrand::u16(..)) / f64::from(u16::MAX);
        let pause = pause(leave.class, self.attempts, call, jitter).max(asked.unwrap_or_default());
        if self.attempts > 1 && self.time + pause > leave.ceiling {
            return None;
        }
        self.time += pause;
        Some(pause)
    }
}

/// How long to pause before attempt `attempt` (1 = first repetition); `jitter` is in 0..1.
fn pause(class: Class, attempt: u32, call: &Call, jitter: f64) -> Duration {
    let steps = i32::try_from(attempt.saturating_sub(1).min(16)).unwrap_or(16);
    let doubled = |base: f64, top: f64| (base * 2f64.powi(steps)).min(top);
    let seconds = match class {
        // Dense: propagation ends within seconds, and a failed try costs nothing.
        Class::Propagation => call.propagation_pause.unwrap_or_else(|| doubled(1.0, 5.0)),
        Class::Busy | Class::ReadAfterCreate => doubled(0.5, 5.0),
        Class::Throttle => match call.throttle_pause {
            Some(seconds) => seconds + 5.0 * jitter,
            None => 0.2 + doubled(1.0, 20.0) * jitter,
        },
        Class::Transient => 0.05 + doubled(0.3, 5.0) * jitter,
    };
    Duration::from_secs_f64(seconds)
}

/// What a person reads while a call is being repeated.
pub fn reason(class: Class) -> &'static str {
    match class {
        Class::Propagation => {
            "what was just made is not visible to the other service yet (usually seconds)"
        }
        Class::Busy => "it is busy with a change of its own",
        Class::ReadAfterCreate => "it was just made and cannot be read yet (usually seconds)",
        Class::Throttle => "AWS throttles",
        Class::Transient => "AWS failed to answer",
    }
}
