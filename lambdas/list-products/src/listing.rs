//! Collects the products of one answer: all pages of the table, up to the limit, the size that
//! Lambda can send, and the time there is.

use crate::catalogue::{Catalogue, Page};
use crate::query::Query;
use serde::Serialize;
use shop_shared::deadline::{Backoff, Deadline};
use shop_shared::dynamo::StoreError;
use shop_shared::product::{Broken, Field, Fields, ID, Offer, Product, Viewer, judge};
use shop_shared::reply::Failure;
use std::time::Duration;

/// Bytes of the body as they stand in Lambda's answer, which may have 6 MB: a JSON text in which
/// the body is a string with its quotes escaped.
const LARGEST_BODY: usize = 5_500_000;
/// With less time than this no further page is begun.
const TIME_FOR_A_PAGE: Duration = Duration::from_millis(1_500);
/// Scanned at a time where few products are wanted: inactive ones among them cost no extra call.
const FEWEST_SCANNED: usize = 25;

/// The products of one answer, as JSON texts in the order of their ids.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Listing {
    pub products: Vec<String>,
    /// The id after which the next page begins, where more may follow.
    pub next: Option<String>,
}

/// The public fields of a product.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Public<'a> {
    product_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    price: f64,
    currency: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stock: Option<u64>,
}

/// Lists what the query asks for. Products that cannot be sold are left out, and named in `broken`.
pub async fn list(
    catalogue: &impl Catalogue,
    query: &Query,
    viewer: Viewer<'_>,
    deadline: Deadline,
    broken: &mut Vec<Broken>,
) -> Result<Listing, Failure> {
    let mut collection =
        Collection { limit: query.limit, after: query.after.clone(), ..Collection::default() };
    loop {
        let start = collection.after.clone();
        let most = query.limit.map(|limit| (limit + 1).max(FEWEST_SCANNED));
        let page = page(catalogue, start, most, deadline).await?;
        let next = page.next;
        for item in page.items {
            if !collection.take(item, viewer, broken) {
                return Ok(collection.finish(true));
            }
        }

        let Some(next) = next else {
            return Ok(collection.finish(false));
        };
        collection.after = Some(next);
        if deadline.remaining() < TIME_FOR_A_PAGE && !collection.products.is_empty() {
            return Ok(collection.finish(true));
        }
    }
}

/// Reads one page, again while the table is busy and there is time.
async fn page(
    catalogue: &impl Catalogue,
    after: Option<String>,
    most: Option<usize>,
    deadline: Deadline,
) -> Result<Page, StoreError> {
    let mut backoff = Backoff::new(deadline);
    loop {
        let busy = match deadline.bound(catalogue.page(after.clone(), most)).await {
            Err(busy @ StoreError::Busy { .. }) => busy,
            outcome => return outcome,
        };
        if !backoff.wait().await {
            return Err(busy);
        }
    }
}

/// Products taken so far, and the item after which the next page would begin.
#[derive(Default)]
struct Collection {
    limit: Option<usize>,
    /// Each with its id, for the order.
    products: Vec<(String, String)>,
    bytes: usize,
    after: Option<String>,
}

impl Collection {
    /// Takes one item; false where it belongs on the next page.
    fn take(&mut self, item: Fields, viewer: Viewer<'_>, broken: &mut Vec<Broken>) -> bool {
        let id = match item.get(ID) {
            Some(Field::Text(id)) => Some(id.clone()),
            _ => None,
        };
        match judge(item, viewer) {
            Offer::Sold(product) => {
                let json = public(&product);
                let size = escaped_size(&json) + 1;
                let is_full = self.limit.is_some_and(|limit| self.products.len() >= limit);
                if is_full || (self.bytes + size > LARGEST_BODY && !self.products.is_empty()) {
                    return false;
                }
                self.bytes += size;
                self.products.push((product.id, json));
            }
            Offer::Broken(found) => broken.push(found),
            Offer::Withdrawn => {}
        }
        self.after = id.or_else(|| self.after.take());
        true
    }

    /// The table's own order is by a hash of the key; a page is sorted for those who read it.
    fn finish(mut self, more_follow: bool) -> Listing {
        self.products.sort();
        Listing {
            products: self.products.into_iter().map(|(_, json)| json).collect(),
            next: self.after.filter(|_| more_follow),
        }
    }
}

fn public(product: &Product) -> String {
    let seen = Public {
        product_id: &product.id,
        name: product.name.as_deref(),
        description: product.description.as_deref(),
        // The nearest double to the amount, which is written with the amount's own digits.
        price: product.cents as f64 / 100.0,
        currency: &product.currency,
        image: product.image.as_deref(),
        category: product.category.as_deref(),
        stock: product.stock,
    };
    serde_json::to_string(&seen).unwrap_or_default()
}

/// Bytes of a JSON text as a part of a JSON string.
fn escaped_size(json: &str) -> usize {
    json.len() + json.bytes().filter(|byte| matches!(byte, b'"' | b'\\')).count()
}
