//! Rate budgets: one token bucket per published quota and region, at 80 % of the published rate.
//!
//! The calls that spend them declare the rates.

use crate::model::call::Call;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The share of a published quota that one process uses.
const SHARE: f64 = 0.8;

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

/// The budgets of one caller; quotas are per region, so `region` is part of the key.
#[derive(Debug, Default)]
pub struct Limiter {
    buckets: Mutex<HashMap<(&'static str, String), Bucket>>,
}

impl Limiter {
    /// Takes a token from every quota of `call`; returns how long to wait first, and for which
    /// quota.
    pub fn reserve(&self, call: &Call, region: &str) -> (Duration, &'static str) {
        let mut wait = (Duration::ZERO, "");
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();

        for quota in call.all_quotas() {
            let rate = quota.rate * SHARE;
            let capacity = (quota.burst * SHARE).max(1.0);
            let key = (quota.label, region.to_string());
            let bucket = buckets.entry(key).or_insert(Bucket { tokens: capacity, at: now });
            let gained = now.saturating_duration_since(bucket.at).as_secs_f64() * rate;
            bucket.tokens = (bucket.tokens + gained).min(capacity) - 1.0;
            bucket.at = now;

            if bucket.tokens < 0.0 {
                let needed = Duration::from_secs_f64(-bucket.tokens / rate);
                if needed > wait.0 {
                    wait = (needed, quota.label);
                }
            }
        }
        wait
    }
}
