//! From a checked order to a stored one: priced by the catalogue, stored once, its stock taken with
//! it. A client's idea of a price is never used.

use crate::order::{Draft, Line};
use crate::store::{Order, Placement, PricedLine, Purchase, Store};
use lambda_http::http::StatusCode;
use shop_shared::deadline::{Backoff, Deadline};
use shop_shared::dynamo::StoreError;
use shop_shared::money::decimal;
use shop_shared::product::{Broken, Offer, Product, Viewer, judge};
use shop_shared::reply::Failure;
use std::collections::HashMap;

/// A request on its way through the checkout.
pub struct Checkout<'a, S> {
    pub store: &'a S,
    pub draft: &'a Draft,
    /// The order's id: derived from user and key, or random.
    pub id: String,
    /// The client sent a key, so the order may be stored already.
    pub has_key: bool,
    pub smoke_test: bool,
    pub currency: &'a str,
    /// Milliseconds since 1970.
    pub now: u64,
    pub deadline: Deadline,
    /// Products of the order that cannot be sold, for the log.
    pub broken: &'a mut Vec<Broken>,
}

/// An order that is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub id: String,
    pub total_cents: u64,
    pub currency: String,
    /// Stored by an earlier request, or by an earlier attempt whose answer was lost.
    pub repeated: bool,
}

/// Why an attempt did not end with a stored order.
enum Trouble {
    Refused(Failure),
    /// A repetition may succeed. `in_doubt`: the order may be stored.
    Passing {
        cause: String,
        in_doubt: bool,
    },
    Failed(String),
}

impl<S: Store> Checkout<'_, S> {
    /// Places the order, with as many attempts as there is time for.
    ///
    /// A failure carries the order's id.
    pub async fn place(self) -> Result<Receipt, Failure> {
        let id = self.id.clone();
        self.place_in_time().await.map_err(|failure| failure.of_order(id))
    }

    async fn place_in_time(mut self) -> Result<Receipt, Failure> {
        let mut backoff = Backoff::new(self.deadline);
        let mut in_doubt = false;
        loop {
            let cause = match self.attempt().await {
                Ok(receipt) => return Ok(receipt),
                Err(Trouble::Refused(failure)) => {
                    return self.refuse(failure, in_doubt, backoff).await;
                }
                Err(Trouble::Failed(cause)) if in_doubt => return Err(self.unknown(cause)),
                Err(Trouble::Failed(cause)) => return Err(Failure::internal(cause)),
                Err(Trouble::Passing { cause, in_doubt: doubt }) => {
                    in_doubt |= doubt;
                    cause
                }
            };
            if !backoff.wait().await {
                return Err(self.give_up(cause, in_doubt));
            }
        }
    }

    async fn attempt(&mut self) -> Result<Receipt, Trouble> {
        let order = self.price().await?;
        match self.deadline.bound(self.store.place(&order)).await {
            Ok(Placement::Stored) => Ok(Receipt {
                id: order.id,
                total_cents: order.total_cents,
                currency: order.currency,
                repeated: false,
            }),
            Ok(Placement::Exists(purchase)) => self.repeat(*purchase).map_err(Trouble::Refused),
            // The next attempt reads the stock again, and refuses with the figure or goes through.
            Ok(Placement::OutOfStock) => {
                Err(Trouble::Passing { cause: "stock changed".into(), in_doubt: false })
            }
            Err(StoreError::Busy { code, may_have_happened }) => {
                Err(Trouble::Passing { cause: code, in_doubt: may_have_happened })
            }
            Err(StoreError::Failed(cause)) => Err(Trouble::Failed(cause)),
        }
    }

    /// The order at the catalogue's prices, whose sum must be the client's total.
    async fn price(&mut self) -> Result<Order, Trouble> {
        let products = self.look_up().await?;
        let mut total_cents = 0_u64;
        let mut lines = Vec::with_capacity(self.draft.lines.len());
        for (at, line) in self.draft.lines.iter().enumerate() {
            let Some(product) = products.get(&line.product_id) else {
                return Err(Trouble::Refused(unknown_product(at, line)));
            };
            let part = product.cents.checked_mul(u64::from(line.quantity));
            let sum = part.and_then(|part| total_cents.checked_add(part));
            total_cents =
                sum.ok_or_else(|| Trouble::Failed("the total does not fit 64 bits".into()))?;
            lines.push(PricedLine {
                product_id: line.product_id.clone(),
                quantity: line.quantity,
                name: product.name.clone(),
                cents: product.cents,
                currency: product.currency.clone(),
                takes_stock: product.stock.is_some(),
            });
        }
        if self.draft.claimed != Some(total_cents) {
            return Err(Trouble::Refused(self.mismatch(total_cents)));
        }
        check_stock(self.draft, &products).map_err(Trouble::Refused)?;

        Ok(Order {
            id: self.id.clone(),
            user_id: self.draft.user_id.clone(),
            lines,
            total_cents,
            currency: self.currency.to_owned(),
            placed_at: self.now,
            delivery: self.draft.delivery.clone(),
            smoke_test: self.smoke_test,
        })
    }

    /// Asks until nothing is unprocessed: DynamoDB may answer a batch in part when it is throttled
    /// (API reference, BatchGetItem).
    async fn look_up(&mut self) -> Result<HashMap<String, Product>, Trouble> {
        let mut left: Vec<String> =
            self.draft.lines.iter().map(|line| line.product_id.clone()).collect();
        let mut products = HashMap::new();
        let mut backoff = Backoff::new(self.deadline);
        let viewer = Viewer { currency: self.currency, smoke_test: self.smoke_test };
        loop {
            let batch = match self.deadline.bound(self.store.products(left)).await {
                Ok(batch) => batch,
                Err(StoreError::Busy { code, .. }) => {
                    return Err(Trouble::Passing { cause: code, in_doubt: false });
                }
                Err(StoreError::Failed(cause)) => return Err(Trouble::Failed(cause)),
            };
            for item in batch.items {
                match judge(item, viewer) {
                    Offer::Sold(product) => {
                        products.insert(product.id.clone(), product);
                    }
                    Offer::Broken(broken) if !self.broken.contains(&broken) => {
                        self.broken.push(broken);
                    }
                    Offer::Broken(_) | Offer::Withdrawn => {}
                }
            }
            left = batch.unprocessed;
            if left.is_empty() {
                return Ok(products);
            }
            if !backoff.wait().await {
                let cause = "UnprocessedKeys".to_owned();
                return Err(Trouble::Passing { cause, in_doubt: false });
            }
        }
    }

    /// A refusal stands only where the order is not stored: prices and stock may have changed since
    /// an earlier request with this key, or since an attempt whose answer was lost.
    async fn refuse(
        &self,
        failure: Failure,
        in_doubt: bool,
        mut backoff: Backoff,
    ) -> Result<Receipt, Failure> {
        let may_be_stored = self.has_key || in_doubt;
        let is_about_the_order =
            failure.status == StatusCode::UNPROCESSABLE_ENTITY && failure.code == KEY_REUSED;
        if !may_be_stored || is_about_the_order {
            return Err(failure);
        }

        loop {
            let cause = match self.deadline.bound(self.store.order(&self.id)).await {
                Ok(Some(purchase)) => return self.repeat(purchase),
                Ok(None) => return Err(failure),
                Err(StoreError::Busy { code, .. }) => code,
                Err(StoreError::Failed(cause)) if in_doubt => return Err(self.unknown(cause)),
                Err(StoreError::Failed(cause)) => return Err(Failure::internal(cause)),
            };
            if !backoff.wait().await {
                return Err(self.give_up(cause, in_doubt));
            }
        }
    }

    /// The answer where an order with this id is stored.
    fn repeat(&self, purchase: Purchase) -> Result<Receipt, Failure> {
        if purchase.is_asked_for_by(self.draft) {
            return Ok(Receipt {
                id: self.id.clone(),
                total_cents: purchase.total_cents,
                currency: purchase.currency,
                repeated: true,
            });
        }
        if !self.has_key {
            return Err(Failure::internal("another order has this random id"));
        }
        let message = "This Idempotency-Key was used for another order.";
        let failure = Failure::new(StatusCode::UNPROCESSABLE_ENTITY, KEY_REUSED, message);
        Err(failure.at("Idempotency-Key"))
    }

    fn give_up(&self, cause: String, in_doubt: bool) -> Failure {
        if in_doubt { self.unknown(cause) } else { Failure::unavailable(cause) }
    }

    /// A 503 for an order that may be stored, which only a lasting outage leaves open.
    fn unknown(&self, cause: String) -> Failure {
        let message = if self.has_key {
            "We do not know yet whether the order was placed. Send it again with the same \
             Idempotency-Key: it is never placed twice."
        } else {
            "We do not know whether the order was placed."
        };
        Failure::new(StatusCode::SERVICE_UNAVAILABLE, "OutcomeUnknown", message).caused_by(cause)
    }

    fn mismatch(&self, total_cents: u64) -> Failure {
        let ours = decimal(total_cents);
        let currency = self.currency;
        let said = match self.draft.claimed {
            Some(claimed) => decimal(claimed),
            None => self.draft.total_sent.clone(),
        };
        let message = format!("These products cost {ours} {currency}, and the order says {said}.");
        Failure::new(StatusCode::CONFLICT, "TotalMismatch", message).at("total")
    }
}

const KEY_REUSED: &str = "IdempotencyKeyReused";

fn unknown_product(at: usize, line: &Line) -> Failure {
    let message = format!("The catalogue has no product {}.", line.product_id);
    Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "UnknownProduct", message)
        .at(format!("items[{at}].productId"))
}

/// The first line that asks for more than there is.
fn check_stock(draft: &Draft, products: &HashMap<String, Product>) -> Result<(), Failure> {
    for (at, line) in draft.lines.iter().enumerate() {
        let product = products.get(&line.product_id);
        let left = product.and_then(|product| product.stock).unwrap_or(u64::MAX);
        if left >= u64::from(line.quantity) {
            continue;
        }

        let name = product.and_then(|product| product.name.as_deref());
        let called = match name {
            Some(name) => format!("{name} ({})", line.product_id),
            None => line.product_id.clone(),
        };
        let message = match left {
            0 => format!("{called} is sold out: 0 left."),
            left => format!("Only {left} left of {called}."),
        };
        let failure = Failure::new(StatusCode::CONFLICT, "OutOfStock", message);
        return Err(failure.at(format!("items[{at}].quantity")));
    }
    Ok(())
}
