//! Decides whether to retry a failed call: the retry classes of catalogue section 1, each with its
//! own intervals. The calls declare which errors are transient.

use crate::model::call::Call;
pub use crate::model::call::Class;
use crate::model::{CloudError, ErrorKind};
use std::time::Duration;

/// Repetitions that are safe for one call.
#[derive(Clone, Copy, Debug, Default)]
pub struct Repeat {
    /// The resource was created in this run: a 404 means lag, not absence.
    pub fresh: bool,
    /// Do not repeat after a lost response: that could create a second resource.
    pub not_idempotent: bool,
}

/// Permission to retry a call. Each rule has its own budget, and so has each class without a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Leave {
    pub class: Class,
    /// How long the retries may take, not counting other waits.
    pub ceiling: Duration,
    /// Code and fragment of the rule.
    rule: Option<(&'static str, &'static str)>,
}

/// Decides whether and how to retry an error; `None` if it is final. Messages are compared
/// case-insensitively, because services are not consistent.
pub fn classify(call: &Call, error: &CloudError, repeat: Repeat) -> Option<Leave> {
    let leave =
        |class, seconds| Some(Leave { class, ceiling: Duration::from_secs(seconds), rule: None });
    if error.kind == ErrorKind::Throttled {
        return Some(Leave { class: Class::Throttle, ceiling: queue(call), rule: None });
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
        // Refused connections never reached the endpoint, so repeating is safe for creates too.
        ErrorKind::Unreachable => leave(Class::Transient, 6),
        _ => None,
    }
}

/// How long throttled repetitions may take: five minutes, or as long as the slowest quota needs to
/// let 100 others pass first. Pipelines that run at once share the account's quota, and
/// DeleteRestApi passes two a minute.
fn queue(call: &Call) -> Duration {
    const OTHERS: f64 = 100.0;
    let slowest = call.all_quotas().map(|quota| quota.rate).fold(f64::INFINITY, f64::min);
    Duration::from_secs(300).max(Duration::from_secs_f64(OTHERS / slowest))
}

/// The retries spent on one error so far.
#[derive(Debug, Default)]
pub struct Spent {
    /// Only its own pauses and attempts, not the cost of other errors or rate budgets.
    time: Duration,
    pub attempts: u32,
}

impl Spent {
    /// Counts an attempt that took so long and failed with the error, and returns how long to pause
    /// before the next, at least as long as AWS `asked` for. `None` if the budget is used up; the
    /// first retry is always allowed.
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

/// How long to pause before attempt `attempt` (1 = first retry); `jitter` is in 0..1.
fn pause(class: Class, attempt: u32, call: &Call, jitter: f64) -> Duration {
    let steps = i32::try_from(attempt.saturating_sub(1).min(16)).unwrap_or(16);
    let doubled = |base: f64, top: f64| (base * 2f64.powi(steps)).min(top);
    let seconds = match class {
        // Short intervals: propagation ends within seconds, and a failed attempt costs nothing.
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

/// Describes a retry to the user.
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
