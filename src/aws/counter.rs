//! Counts requests as they leave the process, in an SDK interceptor, and rejects writes on
//! read-only clients.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The contract's `calls`: requests that left the process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calls {
    pub read: u64,
    pub write: u64,
    pub retried: u64,
    pub throttled: u64,
    pub bookkeeping: u64,
    pub smoke: u64,
}

/// The purpose of a client's requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Reading live state; writes are rejected before they leave the process.
    Read,
    /// Changing the stack's resources.
    Apply,
    /// The lock and the record.
    Bookkeeping,
    /// The smoke test.
    Smoke,
}

/// How many resources there are, by type and part of it.
pub type Numbers = BTreeMap<(&'static str, &'static str), usize>;

/// Shared by all clients of the process.
#[derive(Debug, Default)]
pub struct Counter {
    read: AtomicU64,
    write: AtomicU64,
    retried: AtomicU64,
    throttled: AtomicU64,
    bookkeeping: AtomicU64,
    smoke: AtomicU64,
    /// Requests by operation, for `-vv`.
    operations: Mutex<BTreeMap<String, u64>>,
    /// Resources that there are, where a listing has shown them all.
    numbers: Mutex<Numbers>,
}

impl Counter {
    /// Number of requests by operation, most frequent first.
    pub fn operations(&self) -> Vec<(String, u64)> {
        let map = self.operations.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut list: Vec<_> = map.into_iter().collect();
        list.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        list
    }

    pub fn note_number(&self, type_name: &'static str, part: &'static str, number: usize) {
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        numbers.insert((type_name, part), number);
    }

    pub fn numbers(&self) -> Numbers {
        self.numbers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn snapshot(&self) -> Calls {
        let get = |n: &AtomicU64| n.load(Ordering::Relaxed);
        Calls {
            read: get(&self.read),
            write: get(&self.write),
            retried: get(&self.retried),
            throttled: get(&self.throttled),
            bookkeeping: get(&self.bookkeeping),
            smoke: get(&self.smoke),
        }
    }

    pub fn count_retry(&self, throttled: bool) {
        self.retried.fetch_add(1, Ordering::Relaxed);
        if throttled {
            self.throttled.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts requests of the smoke test that do not use an SDK client.
    pub fn count_smoke(&self) {
        self.smoke.fetch_add(1, Ordering::Relaxed);
    }
}

/// True for operations that AWS's naming marks as reads; unknown verbs count as writes.
pub fn is_read(operation: &str) -> bool {
    const VERBS: [&str; 8] =
        ["Get", "List", "Describe", "Head", "Scan", "Query", "BatchGet", "Simulate"];
    VERBS.iter().any(|verb| operation.starts_with(verb))
}

/// The interceptor, one per client.
#[derive(Clone, Debug)]
pub struct CountingInterceptor {
    pub counter: Arc<Counter>,
    pub purpose: Purpose,
}

#[dyn_dispatch_hint]
impl Intercept for CountingInterceptor {
    fn name(&self) -> &'static str {
        "shopstack call counter"
    }

    fn read_before_transmit(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = config.load::<Metadata>().map(|m| m.name().to_string()).unwrap_or_default();
        let counter = match self.purpose {
            Purpose::Bookkeeping => &self.counter.bookkeeping,
            Purpose::Smoke => &self.counter.smoke,
            Purpose::Read if !is_read(&operation) => {
                return Err(
                    format!("{operation} is not a read, and this client may only read").into()
                );
            }
            Purpose::Read => &self.counter.read,
            Purpose::Apply if is_read(&operation) => &self.counter.read,
            Purpose::Apply => &self.counter.write,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        let mut operations = self.counter.operations.lock().unwrap_or_else(PoisonError::into_inner);
        *operations.entry(operation).or_default() += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::is_read;

    #[test]
    fn only_known_verbs_are_reads() {
        for read in
            ["GetRole", "ListTagsForResource", "DescribeTable", "HeadBucket", "BatchGetItem"]
        {
            assert!(is_read(read), "{read}");
        }
        for write in
            ["CreateTable", "PutItem", "TagResource", "BatchWriteItem", "AssumeRole", "Gather"]
        {
            assert!(!is_read(write), "{write}");
        }
    }
}
