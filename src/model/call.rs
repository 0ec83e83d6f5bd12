//! AWS operations as resource types declare them: IAM actions, transient errors, published rate
//! quotas, and the service's codes for "not found".
//!
//! The figures and errors are those of sections 1 to 11 of the catalogue (docs/reliability.md).

use std::collections::BTreeMap;

/// Why a call is retried; determines the intervals and the time limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// A new role, principal or permission is not visible to the consuming service yet.
    Propagation,
    /// The resource is busy with another change.
    Busy,
    /// A 404 on a resource that this run has just created.
    ReadAfterCreate,
    /// Rejected because of the request rate.
    Throttle,
    /// A 5xx or a broken connection on a repeatable call.
    Transient,
}

/// A transient error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retry {
    pub code: &'static str,
    /// Part of AWS's message, compared case-insensitively; empty for every message.
    pub fragment: &'static str,
    pub class: Class,
    /// Time limit of the retries in seconds.
    pub ceiling: u64,
}

impl Retry {
    pub const fn busy(code: &'static str, fragment: &'static str, ceiling: u64) -> Self {
        Self { code, fragment, class: Class::Busy, ceiling }
    }

    pub const fn propagation(code: &'static str, fragment: &'static str, ceiling: u64) -> Self {
        Self { code, fragment, class: Class::Propagation, ceiling }
    }
}

/// A published rate quota; calls with the same label share it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quota {
    /// Shown to the user while waiting.
    pub label: &'static str,
    /// Calls per second as published.
    pub rate: f64,
    /// Calls that may be sent at once.
    pub burst: f64,
}

/// Settings for every operation of a service.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Service {
    pub retries: &'static [Retry],
    pub quotas: &'static [Quota],
    /// Error codes for a missing resource.
    pub not_found: &'static [&'static str],
    /// Seconds for which a new resource may return 404.
    pub read_after_create: u64,
}

impl Service {
    pub const DEFAULT: Service =
        Service { retries: &[], quotas: &[], not_found: &[], read_after_create: 120 };
}

/// One operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Call {
    /// `service:Operation`.
    pub operation: &'static str,
    pub service: &'static Service,
    /// Empty: the action with the operation's name.
    actions: &'static [&'static str],
    pub retries: &'static [Retry],
    pub quotas: &'static [Quota],
    /// The service's quotas do not count this operation.
    pub outside_service_quota: bool,
    /// Seconds to pause after a throttle, if exponential steps from one second are too fast.
    pub throttle_pause: Option<f64>,
    /// Seconds to pause until a new resource becomes visible.
    pub propagation_pause: Option<f64>,
}

impl Call {
    pub const fn new(service: &'static Service, operation: &'static str) -> Self {
        Self {
            operation,
            service,
            actions: &[],
            retries: &[],
            quotas: &[],
            outside_service_quota: false,
            throttle_pause: None,
            propagation_pause: None,
        }
    }

    /// The IAM actions, if there are several or their names differ from the operation's.
    pub const fn actions(self, actions: &'static [&'static str]) -> Self {
        Self { actions, ..self }
    }

    /// Transient errors in addition to the service's.
    pub const fn retries(self, retries: &'static [Retry]) -> Self {
        Self { retries, ..self }
    }

    /// Quotas in addition to the service's.
    pub const fn quotas(self, quotas: &'static [Quota]) -> Self {
        Self { quotas, ..self }
    }

    /// Quotas that replace the service's.
    pub const fn own_quotas(self, quotas: &'static [Quota]) -> Self {
        Self { quotas, outside_service_quota: true, ..self }
    }

    pub const fn throttle_pause(self, seconds: f64) -> Self {
        Self { throttle_pause: Some(seconds), ..self }
    }

    pub const fn propagation_pause(self, seconds: f64) -> Self {
        Self { propagation_pause: Some(seconds), ..self }
    }

    /// The IAM actions that the operation needs.
    pub fn iam_actions(&self) -> Vec<&'static str> {
        if self.actions.is_empty() { vec![self.operation] } else { self.actions.to_vec() }
    }

    /// Every transient error, the operation's own first.
    pub fn all_retries(&self) -> impl Iterator<Item = &'static Retry> {
        self.retries.iter().chain(self.service.retries)
    }

    /// Every quota that the operation spends.
    pub fn all_quotas(&self) -> impl Iterator<Item = &'static Quota> {
        let service = if self.outside_service_quota { &[] } else { self.service.quotas };
        self.quotas.iter().chain(service)
    }
}

/// Declared calls by operation.
#[derive(Clone, Debug, Default)]
pub struct CallTable(BTreeMap<&'static str, &'static Call>);

impl CallTable {
    /// Duplicate declarations of a call must be equal, which a test checks; the first one counts.
    pub fn new(calls: impl IntoIterator<Item = &'static Call>) -> Self {
        let mut table = BTreeMap::new();
        for call in calls {
            table.entry(call.operation).or_insert(call);
        }
        Self(table)
    }

    pub fn get(&self, operation: &str) -> Option<&'static Call> {
        self.0.get(operation).copied()
    }

    /// Every declared retry with one call that has it; a service's retries appear once.
    pub fn retries(&self) -> Vec<(&'static Call, &'static Retry)> {
        let mut found: Vec<(&'static Call, &'static Retry)> = Vec::new();
        // A service's retries come with a call that has no rate quota of its own.
        let slow = |call: &&Call| !call.quotas.is_empty();
        let calls = self.iter().filter(|call| !slow(call)).chain(self.iter().filter(slow));
        for call in calls {
            for retry in call.retries {
                found.push((call, retry));
            }
            for retry in call.service.retries {
                let service = |c: &Call| c.operation.split(':').next().map(str::to_string);
                let known = |(c, r): &(&Call, &Retry)| *r == retry && service(c) == service(call);
                if !found.iter().any(known) {
                    found.push((call, retry));
                }
            }
        }
        found
    }

    pub fn iter(&self) -> impl Iterator<Item = &'static Call> {
        self.0.values().copied()
    }
}
