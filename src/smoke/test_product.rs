//! A product that the test puts into the catalogue's table for itself, and takes out again. Only
//! requests with the deployment's secret see it.

use super::http::{Context, clip};
use super::item::is_test;
use super::retry::{Trouble, poll};
use super::target::ProductsTarget;
use super::till::GRACE;
use serde_json::{Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

pub(super) const NO_SECRET: &str = "the function behind `smoke.products` has no variable with \
                                    `${smoke.secret}`, or it cannot be read: customers would see \
                                    the test's product";
/// The price of one piece, as the table and orders write it.
pub(super) const PRICE: &str = "12.34";
/// Test products of this age were left by a run that ended half-way.
const LEFTOVER: Duration = Duration::from_secs(3600);

/// One product of one check.
pub(super) struct TestProduct<'a> {
    context: &'a Context<'a>,
    table: &'a str,
    pub(super) id: String,
}

impl<'a> TestProduct<'a> {
    pub(super) fn new(
        context: &'a Context<'a>,
        products: &'a ProductsTarget,
        check: &str,
    ) -> TestProduct<'a> {
        let id = format!("{}-{check}", context.nonce);
        TestProduct { context, table: &products.table, id }
    }

    pub(super) fn key(&self) -> Value {
        json!({"productId": self.id})
    }

    /// Puts the product into the table, after those that earlier runs left there are gone.
    pub(super) async fn put_into_table(&self, name: &str, stock: u64) -> Result<(), String> {
        self.put_at_price(name, stock, PRICE).await
    }

    /// The same at another price.
    pub(super) async fn put_at_price(
        &self,
        name: &str,
        stock: u64,
        price: &str,
    ) -> Result<(), String> {
        let (context, now) = (self.context, now_ms());
        let kept = poll(context.deadline, || context.catalogue(self.table, false)).await?;
        for left in kept.iter().filter(|item| is_leftover(item, now)) {
            let key = &json!({"productId": left.get("productId")});
            poll(context.deadline, || async move {
                Ok(context.backend.remove_test_product(self.table, key).await?)
            })
            .await?;
        }

        let price: Value = serde_json::from_str(price).unwrap_or_default();
        let item = &json!({
            "productId": self.id, "name": name, "description": name, "price": price,
            "stock": stock, "smokeTest": true, "smokeTestAt": now,
        });
        poll(context.deadline, || async move {
            Ok(context.backend.put_test_product(self.table, item).await?)
        })
        .await
    }

    /// Takes the product out of the table, whatever the verdict, and hands the verdict on.
    pub(super) async fn remove(&self, verdict: Result<(), String>) -> Result<(), String> {
        let deadline = self.context.deadline.max(Instant::now() + GRACE);
        let (backend, key) = (self.context.backend, &self.key());
        let removed = poll(deadline, || async move {
            backend.remove_test_product(self.table, key).await?;
            match backend.item(self.table, key).await? {
                None => Ok(()),
                Some(_) => Err(Trouble::Again("the delete had no effect".into())),
            }
        })
        .await
        .map_err(|why| {
            let (table, id) = (self.table, clip(&self.id));
            format!(
                "table {table}: the test's product {id} is still there: {why}; remove it by hand"
            )
        });
        match (verdict, removed) {
            (Err(fault), Err(left)) => Err(format!("{fault}\n{left}")),
            (verdict, removed) => verdict.and(removed),
        }
    }
}

fn is_leftover(item: &Value, now: u64) -> bool {
    let put_at = item.get("smokeTestAt").and_then(Value::as_u64).unwrap_or_default();
    is_test(item) && u128::from(now.saturating_sub(put_at)) > LEFTOVER.as_millis()
}

fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    u64::try_from(now).unwrap_or_default()
}
