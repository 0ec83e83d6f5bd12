//! Prices from the catalogue, and the total that they make. A client's idea of a price is never
//! used.

use crate::money::{MoneyError, cents, cents_despite_noise};
use crate::order::{Draft, Line};
use crate::store::Store;
use shop_shared::dynamo::StoreError;
use shop_shared::reply::Failure;
use std::collections::HashMap;
use std::time::Duration;

/// How often DynamoDB is asked again for the keys that it left unprocessed; the last wait is 400
/// ms.
const ATTEMPTS: u32 = 5;
const FIRST_WAIT: Duration = Duration::from_millis(50);

/// One line at the price at which it is sold.
#[derive(Debug)]
pub struct PricedLine<'a> {
    pub line: &'a Line,
    /// Per piece.
    pub cents: u64,
}

/// The lines with the catalogue's prices, and their sum in cents, which must be the client's total.
pub async fn priced<'a>(
    store: &impl Store,
    draft: &'a Draft,
) -> Result<(Vec<PricedLine<'a>>, u64), Failure> {
    let claimed = claimed_total(draft.total.get())?;
    let ids = draft.items.iter().map(|line| line.product_id.clone()).collect();
    let catalogue = look_up(store, ids).await?;
    let mut lines = Vec::with_capacity(draft.items.len());
    let mut total = 0_u64;
    for line in &draft.items {
        let Some(price) = catalogue.get(&line.product_id) else {
            let message = "A product of this order is not in the catalogue.";
            return Err(Failure::bad("UnknownProduct", message));
        };
        let cents = cents(price)
            .map_err(|_| Failure::internal("a price in the table is not an amount in cents"))?;
        let sum =
            cents.checked_mul(u64::from(line.quantity)).and_then(|part| total.checked_add(part));
        total = sum.ok_or_else(|| Failure::internal("the total does not fit 64 bits"))?;
        lines.push(PricedLine { line, cents });
    }
    if claimed == Some(total) { Ok((lines, total)) } else { Err(mismatch()) }
}

/// The client's total in cents; none where it is a number that no total of cents can equal.
fn claimed_total(text: &str) -> Result<Option<u64>, Failure> {
    match cents_despite_noise(text) {
        Ok(cents) => Ok(Some(cents)),
        Err(MoneyError::NotAnAmount) => {
            Err(Failure::bad("InvalidTotal", "total must be a number that is not negative."))
        }
        Err(MoneyError::TooPrecise | MoneyError::TooLarge) => Ok(None),
    }
}

fn mismatch() -> Failure {
    let message = "The total is not what these products cost. Please load the catalogue again.";
    Failure::bad("TotalMismatch", message)
}

/// Asks until nothing is unprocessed: DynamoDB may answer a batch in part when it is throttled, and
/// says to come back with exponential backoff (API reference, BatchGetItem).
async fn look_up(
    store: &impl Store,
    ids: Vec<String>,
) -> Result<HashMap<String, String>, StoreError> {
    let mut prices = HashMap::new();
    let mut left = ids;
    let mut wait = FIRST_WAIT;
    for attempt in 1..=ATTEMPTS {
        let batch = store.prices(left).await?;
        prices.extend(batch.prices);
        left = batch.unprocessed;
        if left.is_empty() {
            return Ok(prices);
        }
        if attempt < ATTEMPTS {
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
    }
    Err(StoreError::Busy("UnprocessedKeys".into()))
}
