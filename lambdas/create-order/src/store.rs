//! The two tables behind a trait, in plain values.

use crate::delivery::Delivery;
use crate::order::{Draft, Line};
use shop_shared::dynamo::StoreError;
use shop_shared::product::Fields;

/// The answer to a batch of keys: the items found, and the IDs to ask for again.
#[derive(Debug, Default, Clone)]
pub struct Batch {
    pub items: Vec<Fields>,
    pub unprocessed: Vec<String>,
}

/// An order as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub id: String,
    pub user_id: String,
    pub lines: Vec<PricedLine>,
    pub total_cents: u64,
    pub currency: String,
    /// Milliseconds since 1970.
    pub placed_at: u64,
    pub delivery: Option<Delivery>,
    /// Placed by the smoke test of this deployment, which removes it again.
    pub smoke_test: bool,
}

/// A line of an order at its selling price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricedLine {
    pub product_id: String,
    pub quantity: u32,
    pub name: Option<String>,
    /// Per piece.
    pub cents: u64,
    pub currency: String,
    /// The product's stock is counted: the order takes `quantity` of it.
    pub takes_stock: bool,
}

/// The customer's part of a stored order; enough to recognise a repeated request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchase {
    pub user_id: String,
    pub lines: Vec<Line>,
    pub total_cents: u64,
    pub currency: String,
    pub delivery: Option<Delivery>,
}

impl Purchase {
    /// True where the request asks for just this order.
    pub fn is_asked_for_by(&self, draft: &Draft) -> bool {
        self.user_id == draft.user_id
            && self.lines == draft.lines
            && Some(self.total_cents) == draft.claimed
            && self.delivery == draft.delivery
    }
}

/// How an attempt to store an order ended, where the tables decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placement {
    /// The order is stored, and the stock it takes is taken.
    Stored,
    /// An order with this id was there already; nothing was changed.
    Exists(Box<Purchase>),
    /// A product has less stock than the order takes, or is gone; nothing was changed.
    OutOfStock,
}

/// The tables as the checkout uses them; tests put a model in their place.
pub trait Store: Sync {
    /// Up to 100 products. One that does not exist is in neither part of the answer.
    fn products(&self, ids: Vec<String>) -> impl Future<Output = Result<Batch, StoreError>> + Send;

    /// Stores a new order and takes its stock, both or neither.
    fn place(&self, order: &Order) -> impl Future<Output = Result<Placement, StoreError>> + Send;

    /// The order with this id, as of now and not as of some time ago.
    fn order(&self, id: &str) -> impl Future<Output = Result<Option<Purchase>, StoreError>> + Send;
}
