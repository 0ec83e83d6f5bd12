//! Keeps account of the orders that the test places, so that none of them is left behind.

use super::http::{Answer, Call, Context, NoAnswer, clip};
use super::item::is_test;
use super::retry::{Trouble, Try, cloud, poll};
use super::target::OrderTarget;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// Removing is worth some time beyond the budget.
pub(super) const GRACE: Duration = Duration::from_secs(10);
/// Carries the deployment's secret, which marks a request as a test's.
pub(super) const MARK: &str = "x-shopstack-smoke";
/// How far this machine's clock may be from the function's.
const SKEW_MS: u64 = 60_000;

/// One check's orders.
pub(super) struct Till<'a> {
    context: &'a Context<'a>,
    order: &'a OrderTarget,
    opened_ms: u64,
    /// A request got no clear answer: an order may be stored under an id that was never told.
    uncertain: AtomicBool,
}

impl<'a> Till<'a> {
    pub(super) fn open(context: &'a Context<'a>, order: &'a OrderTarget) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        Self {
            context,
            order,
            opened_ms: u64::try_from(now).unwrap_or_default(),
            uncertain: AtomicBool::new(false),
        }
    }

    /// Posts an order, marked as a test.
    pub(super) async fn post(&self, call: &Call) -> Result<Answer, NoAnswer> {
        let secret = self.order.secret.clone().unwrap_or_default();
        let outcome = self.context.send(&call.clone().header(MARK, secret)).await;
        let uncertain = match &outcome {
            Ok(answer) => answer.status >= 500,
            Err(error) => error.may_have_arrived,
        };
        self.uncertain.fetch_or(uncertain, Ordering::Relaxed);
        outcome
    }

    /// Removes one order, but only if it is marked as a test; returns when it is gone.
    pub(super) async fn remove(&self, id: &str) -> Result<(), String> {
        let deadline = self.context.deadline.max(Instant::now() + GRACE);
        let key = &json!({"orderId": id});
        let (backend, table) = (self.context.backend, &self.order.table);
        let products = self.context.target.products.as_ref().map_or("", |p| p.table.as_str());
        let left = |why: &str| {
            format!(
                "table {table}: the test's order {} is still there: {why}; remove it by hand",
                clip(id)
            )
        };
        let removed = poll(deadline, || async move {
            let Some(item) = backend.item(table, key).await? else {
                return Ok(());
            };
            if !is_test(&item) {
                return Err(Trouble::Never(
                    "it does not carry smokeTest true, and only such items are removed".into(),
                ));
            }
            backend.remove_order(table, key, products, &stock_taken(&item)).await?;
            match backend.item(table, key).await? {
                None => Try::Ok(()),
                Some(_) => Err(Trouble::Again("the delete had no effect".into())),
            }
        });
        removed.await.map_err(|why| left(&why))
    }

    /// Looks for orders that were stored without an answer, and hands the check's verdict on.
    pub(super) async fn close(&self, verdict: Result<(), String>) -> Result<(), String> {
        if !self.uncertain.load(Ordering::Relaxed) {
            return verdict;
        }
        match (verdict, self.sweep().await) {
            (Err(fault), Err(left)) => Err(format!("{fault}\n{left}")),
            (verdict, swept) => verdict.and(swept),
        }
    }

    async fn sweep(&self) -> Result<(), String> {
        let items = self.context.backend.items(&self.order.table).await.map_err(|error| {
            let table = &self.order.table;
            format!(
                "table {table}: cannot be searched for a test order that may be left: {}",
                cloud(&error)
            )
        })?;
        let ours = |item: &&Value| {
            let date = item.get("orderDate").and_then(Value::as_u64).unwrap_or_default();
            let user = item.get("userId").and_then(Value::as_str);
            is_test(item)
                && user == Some(self.order.user.as_str())
                && date >= self.opened_ms.saturating_sub(SKEW_MS)
        };
        for item in items.iter().filter(ours) {
            if let Some(id) = item.get("orderId").and_then(Value::as_str) {
                self.remove(id).await?;
            }
        }
        Ok(())
    }
}

/// The stock that a test order took: pieces by product. An order without such a note took none.
fn stock_taken(item: &Value) -> BTreeMap<String, u64> {
    let Some(taken) = item.get("stockTaken").and_then(Value::as_object) else {
        return BTreeMap::new();
    };
    let pieces = |(product, pieces): (&String, &Value)| Some((product.clone(), pieces.as_u64()?));
    taken.iter().filter_map(pieces).collect()
}
