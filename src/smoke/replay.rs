//! Check `replay`: an order that is sent twice with one `Idempotency-Key` is one order, and the key
//! is good for no other.

use super::http::{Call, Context, join, unlike};
use super::order::{NO_SECRET, NOTHING_TO_BUY, Refusal, accepted, basket, refused};
use super::target::{OrderTarget, route};
use super::test_product::{self, TestProduct};
use super::till::Till;
use super::{Outcome, refusals};

const KEY: &str = "idempotency-key";
const TODO: &str = "the function must derive the order from the key";

pub(super) async fn check(context: &Context<'_>) -> Result<Outcome, String> {
    let (Some(api), Some(order)) = (&context.target.api_url, &context.target.order) else {
        return Ok(Outcome::Skipped("the stack has no API, or `smoke.order` is not set".into()));
    };
    if order.secret.is_none() {
        return Ok(Outcome::Skipped(NO_SECRET.into()));
    }
    let Some(products) = &context.target.products else {
        return Ok(Outcome::Skipped(
            "without `smoke.products` there is no price to order at".into(),
        ));
    };
    let _alone = context.till.lock().await;
    let Some(basket) = basket(context, products).await? else {
        return Ok(Outcome::Skipped(NOTHING_TO_BUY.into()));
    };
    let (method, path) = route(&order.route)?;
    let call = Call::new(method, join(api, path)).header(KEY, format!("{}-key", context.nonce));
    let twice = Call { body: Some(basket.body(order)), ..call.clone() };
    let other = Call { body: Some(basket.half().body(order)), ..call };

    let till = Till::open(context, order);
    let verdict = send(context, &till, order, &twice, &other).await;
    till.close(verdict).await?;
    if products.secret.is_some() {
        let product = TestProduct::new(context, products, "replay");
        let verdict = repeat_at_another_price(context, api, order, &product).await;
        product.remove(verdict).await?;
    }
    Ok(Outcome::Passed(
        "an order sent twice with one key is one order, and the key is refused for another".into(),
    ))
}

/// An order that was placed is answered as placed, whatever its product costs when it is repeated:
/// the function has to read what it stored.
async fn repeat_at_another_price(
    context: &Context<'_>,
    api: &str,
    order: &OrderTarget,
    product: &TestProduct<'_>,
) -> Result<(), String> {
    product.put_into_table("Smoke test", 1).await?;
    let call = refusals::call(api, order, &product.id, 1, test_product::PRICE)?;
    let call = call.header(KEY, format!("{}-price", context.nonce));
    let till = Till::open(context, order);
    let (first, _) = accepted(context, &till, &call).await?;

    let mut verdict = product.put_at_price("Smoke test", 0, "23.45").await;
    if verdict.is_ok() {
        verdict = match accepted(context, &till, &call).await {
            Ok((again, _)) if again == first => Ok(()),
            Ok((again, answer)) => {
                let expected =
                    format!("the order that the key stands for, {first}, and not {again}");
                Err(unlike(&answer.url, &expected, &answer.summary(), TODO))
            }
            Err(fault) => Err(fault),
        };
    }
    let removed = till.remove(&first).await;
    till.close(verdict.and(removed)).await
}

async fn send(
    context: &Context<'_>,
    till: &Till<'_>,
    order: &OrderTarget,
    twice: &Call,
    other: &Call,
) -> Result<(), String> {
    let (first, answer) = accepted(context, till, twice).await?;
    let mut placed = vec![first.clone()];
    let mut verdict = match accepted(context, till, twice).await {
        Ok((again, repeated)) if again == first && repeated.body == answer.body => Ok(()),
        Ok((again, repeated)) => {
            placed.push(again);
            let expected = format!("the same answer to the same key, {}", answer.body);
            Err(unlike(&repeated.url, &expected, &repeated.summary(), TODO))
        }
        Err(fault) => Err(fault),
    };
    if verdict.is_ok() {
        let what = "another order with a key that was used";
        let refusal = Refusal { status: 422, code: Some("IdempotencyKeyReused"), what };
        verdict = refused(context, till, other, &refusal).await;
    }

    placed.dedup();
    for id in &placed {
        verdict = match (verdict, till.remove(id).await) {
            (Err(fault), Err(left)) => Err(format!("{fault}\n{left}")),
            (verdict, removed) => verdict.and(removed),
        };
    }
    verdict.map_err(|fault| format!("{}: {fault}", order.route))
}
