//! The Products table behind a trait, in plain values.

use shop_shared::dynamo::StoreError;
use shop_shared::product::Fields;

/// The answer to a Scan. A page may be empty and still have a `next`.
#[derive(Debug, Default, Clone)]
pub struct Page {
    pub items: Vec<Fields>,
    /// The id after which the next page begins; none at the end of the table.
    pub next: Option<String>,
}

/// Where products come from; tests put a model in its place.
pub trait Catalogue: Sync {
    /// The items after `after` in the table's own order, which does not change while its items
    /// do not; at most `most` of them.
    fn page(
        &self,
        after: Option<String>,
        most: Option<usize>,
    ) -> impl Future<Output = Result<Page, StoreError>> + Send;
}
