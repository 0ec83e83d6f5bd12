//! Checks `unknown_product` and `oversold`: an order for what the catalogue does not have, or not
//! enough of, is refused, and takes nothing.

use super::Outcome;
use super::http::{Call, Context, join, unlike};
use super::order::{NO_SECRET, Refusal, one_line, refused};
use super::retry::{Trouble, poll};
use super::target::{OrderTarget, route};
use super::test_product::{self, TestProduct};
use super::till::Till;
use serde_json::Value;

/// Of the product that is ordered once too often.
const STOCK: u64 = 1;

pub(super) async fn unknown_product(context: &Context<'_>) -> Result<Outcome, String> {
    let (Some(api), Some(order)) = (&context.target.api_url, &context.target.order) else {
        return Ok(Outcome::Skipped("the stack has no API, or `smoke.order` is not set".into()));
    };
    if order.secret.is_none() {
        return Ok(Outcome::Skipped(NO_SECRET.into()));
    }
    let _alone = context.till.lock().await;
    let unknown = format!("{}-unknown", context.nonce);
    let call = call(api, order, &unknown, 1, test_product::PRICE)?;
    let till = Till::open(context, order);
    let what = "a product that does not exist";
    let refusal = Refusal { status: 422, code: Some("UnknownProduct"), what };
    let verdict = refused(context, &till, &call, &refusal).await;
    till.close(verdict).await?;
    Ok(Outcome::Passed("an order for an unknown product is refused with 422".into()))
}

pub(super) async fn oversold(context: &Context<'_>) -> Result<Outcome, String> {
    let target = context.target;
    let (Some(api), Some(order), Some(products)) =
        (&target.api_url, &target.order, &target.products)
    else {
        let why = "the stack has no API, or `smoke.order` or `smoke.products` is not set";
        return Ok(Outcome::Skipped(why.into()));
    };
    if order.secret.is_none() {
        return Ok(Outcome::Skipped(NO_SECRET.into()));
    }
    if products.secret.is_none() {
        return Ok(Outcome::Skipped(test_product::NO_SECRET.into()));
    }
    let _alone = context.till.lock().await;
    let product = TestProduct::new(context, products, "oversold");
    let verdict = match product.put_into_table("Smoke test", STOCK).await {
        Ok(()) => one_too_many(context, api, order, &product, &products.table).await,
        failed => failed,
    };
    product.remove(verdict).await?;
    Ok(Outcome::Passed("an order for more than there is is refused with 409".into()))
}

async fn one_too_many(
    context: &Context<'_>,
    api: &str,
    order: &OrderTarget,
    product: &TestProduct<'_>,
    table: &str,
) -> Result<(), String> {
    // Twice 12.34.
    let call = call(api, order, &product.id, STOCK + 1, "24.68")?;
    let till = Till::open(context, order);
    let what = "two of a product of which there is one";
    let refusal = Refusal { status: 409, code: Some("OutOfStock"), what };
    let verdict = refused(context, &till, &call, &refusal).await;
    till.close(verdict).await?;

    let item = poll(context.deadline, || async move {
        let item = context.backend.item(table, &product.key()).await?;
        item.ok_or_else(|| Trouble::Never(format!("table {table}: {} is gone", product.id)))
    })
    .await?;
    let left = item.get("stock").cloned().unwrap_or_default();
    if left.as_u64() == Some(STOCK) {
        return Ok(());
    }
    let subject = format!("table {table}, stock of {}", product.id);
    let todo = "a refused order must take nothing";
    Err(unlike(&subject, &STOCK.to_string(), &Value::to_string(&left), todo))
}

pub(super) fn call(
    api: &str,
    order: &OrderTarget,
    product_id: &str,
    quantity: u64,
    total: &str,
) -> Result<Call, String> {
    let (method, path) = route(&order.route)?;
    let body = Some(one_line(order, product_id, quantity, total));
    Ok(Call { body, ..Call::new(method, join(api, path)) })
}
