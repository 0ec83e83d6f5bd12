//! The smoke test: what a customer, a browser and an attacker would do to the deployed shop, tried
//! end to end.

mod check;
mod cors;
mod date;
mod firewall;
mod http;
mod item;
mod junit;
mod logs;
mod markup;
mod order;
mod products;
mod refusals;
mod replay;
mod requests;
mod retry;
mod site;
mod target;
mod test_product;
mod till;
mod waf;

pub use check::Check;
pub use target::{
    CorsTarget, Firewall, FirewallProbes, LogKind, LogTarget, OrderTarget, ProductsTarget,
    RequestTarget, Target,
};

use crate::model::event::Sink;
use crate::model::{CloudError, Event, SmokeStatus};
use async_trait::async_trait;
use futures_util::future::join_all;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Instant;

/// The AWS calls of the test beside plain HTTP; they count under `calls.smoke`.
#[async_trait]
pub trait Backend: Send + Sync {
    /// The whole table, every page, strongly consistent where it can be. Items are JSON in the
    /// API's own way: numbers as numbers, binary as base64, sets as arrays.
    async fn items(&self, table: &str) -> Result<Vec<Value>, CloudError>;
    /// One item by its key (`{"orderId": "…"}`), strongly consistent.
    async fn item(&self, table: &str, key: &Value) -> Result<Option<Value>, CloudError>;
    /// Removes one order and gives back the pieces that it took of products in the table
    /// `stock_of`, both or neither. Called only for orders that were just read with `smokeTest`
    /// true; an implementation should make the same a condition of the change.
    async fn remove_order(
        &self,
        table: &str,
        key: &Value,
        stock_of: &str,
        pieces: &BTreeMap<String, u64>,
    ) -> Result<(), CloudError>;
    /// Stores a product that carries `smokeTest` true. An item with its key that does not is left
    /// as it is, which is an error.
    async fn put_test_product(&self, table: &str, item: &Value) -> Result<(), CloudError>;
    /// Removes a product by its key; one that is gone is no error, and one that does not carry
    /// `smokeTest` true is left as it is, which is one.
    async fn remove_test_product(&self, table: &str, key: &Value) -> Result<(), CloudError>;
    /// One page of a log group's lines from `since_ms` (epoch) on, in one request; AWS takes five a
    /// second for a whole account. `token` is that of the page before; none begins anew. `region`
    /// is the stack's where none is named.
    async fn log_page(
        &self,
        region: Option<&str>,
        group: &str,
        since_ms: i64,
        token: Option<&str>,
    ) -> Result<LogPage, CloudError>;
    /// The last lines of a log group since `since_ms` (epoch), oldest first; a failure prints them.
    async fn log_text(&self, group: &str, since_ms: i64) -> Result<Vec<String>, CloudError>;
    /// Counts one HTTP request that the test is about to send.
    fn count_request(&self);
}

/// Some lines of a log group.
#[derive(Clone, Debug, Default)]
pub struct LogPage {
    pub lines: Vec<String>,
    /// There are more pages.
    pub next: Option<String>,
}

/// How one check ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckResult {
    pub check: String,
    pub status: SmokeStatus,
    pub elapsed_ms: u64,
    /// The observation; for a failure: the URL, expected and actual values, and the remedy.
    pub message: String,
}

/// All checks, in the order of `Check::ALL`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    pub results: Vec<CheckResult>,
}

impl Report {
    /// True where at least one check failed: exit code 4.
    pub fn failed(&self) -> bool {
        self.failed_count() > 0
    }

    /// How many checks failed.
    pub fn failed_count(&self) -> usize {
        self.results.iter().filter(|result| result.status == SmokeStatus::Failed).count()
    }

    /// How many checks found what they looked for; the rest failed or was skipped.
    pub fn passed(&self) -> usize {
        self.results.iter().filter(|result| result.status == SmokeStatus::Passed).count()
    }

    /// JUnit XML: one suite named after the stack, one case for each check.
    pub fn to_junit(&self, stack_name: &str) -> String {
        junit::document(stack_name, &self.results)
    }
}

/// How a check that did not fail ended.
#[derive(Debug)]
enum Outcome {
    Passed(String),
    Skipped(String),
}

/// Runs the target's checks side by side and emits one `Event::Smoke` for each as it ends. Never
/// fails as a whole. Let it run to its end: dropped half-way, it may leave an order behind that is
/// marked `smokeTest`.
pub async fn run(target: &Target, backend: &dyn Backend, sink: &Sink) -> Report {
    let context = http::Context::new(target, backend);
    let tasks = target.checks.iter().map(|check| run_check(*check, target, &context, sink));
    Report { results: join_all(tasks).await }
}

async fn run_check(
    check: Check,
    target: &Target,
    context: &Result<http::Context<'_>, String>,
    sink: &Sink,
) -> CheckResult {
    let started = Instant::now();
    let outcome = match context {
        _ if !target.serves_requests => {
            Ok(Outcome::Skipped("this endpoint keeps settings only and serves no requests".into()))
        }
        Ok(context) => match dispatch(check, context).await {
            Err(message) => Err(firewall::explained(context, message).await),
            ended => ended,
        },
        Err(message) => Err(message.clone()),
    };
    let (status, message) = match outcome {
        Ok(Outcome::Passed(message)) => (SmokeStatus::Passed, message),
        Ok(Outcome::Skipped(message)) => (SmokeStatus::Skipped, message),
        Err(message) => (SmokeStatus::Failed, message),
    };
    let elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let result = CheckResult { check: check.as_str().to_string(), status, elapsed_ms, message };
    sink(Event::Smoke {
        check: result.check.clone(),
        status: result.status,
        elapsed_ms: result.elapsed_ms,
        message: result.message.clone(),
    });
    result
}

async fn dispatch(check: Check, context: &http::Context<'_>) -> Result<Outcome, String> {
    match check {
        Check::Site => site::site(context).await,
        Check::Bucket => site::bucket(context).await,
        Check::Requests => requests::check(context).await,
        Check::Products => products::check(context).await,
        Check::Cors => cors::check(context).await,
        Check::Order => order::order(context).await,
        Check::Tampering => order::tampering(context).await,
        Check::Replay => replay::check(context).await,
        Check::UnknownProduct => refusals::unknown_product(context).await,
        Check::Oversold => refusals::oversold(context).await,
        Check::Markup => markup::check(context).await,
        Check::Waf => waf::check(context).await,
        Check::Logs => logs::check(context).await,
    }
}

#[cfg(test)]
mod answers_tests;
#[cfg(test)]
mod product_tests;
#[cfg(test)]
mod routes_tests;
#[cfg(test)]
mod shop_tests;
#[cfg(test)]
mod tests;
