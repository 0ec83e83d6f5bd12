//! Check `products`: the API lists exactly the products that the table has on sale, item by item.

use super::Outcome;
use super::http::{Answer, Call, Context, clip, join, unlike};
use super::item::{cents, is_on_sale};
use super::retry::{Trouble, Try, poll};
use super::target::{ProductsTarget, route};
use serde_json::Value;
use std::collections::BTreeMap;

/// A catalogue has no more pages than this.
const MOST_PAGES: usize = 1_000;

pub(super) async fn check(context: &Context<'_>) -> Result<Outcome, String> {
    let (Some(api), Some(products)) = (&context.target.api_url, &context.target.products) else {
        return Ok(Outcome::Skipped("the stack has no API, or `smoke.products` is not set".into()));
    };
    let (method, path) = route(&products.route)?;
    let call = Call::new(method, join(api, path));
    let mut tries = 0_u32;
    let count = poll(context.deadline, || {
        tries += 1;
        attempt(context, &call, products, tries > 1)
    })
    .await?;
    Ok(Outcome::Passed(format!(
        "{} lists exactly the {count} products on sale in {}",
        products.route, products.table
    )))
}

async fn attempt(
    context: &Context<'_>,
    call: &Call,
    products: &ProductsTarget,
    again: bool,
) -> Try<usize> {
    let pages = pages(context, call).await?;
    let listed: Vec<Value> = pages.into_iter().flat_map(|page| page.products).collect();
    let held = context.catalogue(&products.table, again).await?;
    let for_sale = for_sale(&held, &listed);
    match difference(&listed, &for_sale) {
        None => Ok(for_sale.len()),
        Some(got) => {
            let expected =
                format!("exactly the {} products on sale in {}", for_sale.len(), products.table);
            let todo = "see that the function reads this table, and all of its pages";
            Err(Trouble::Again(unlike(&call.url, &expected, &got, todo)))
        }
    }
}

/// One answer of the list.
pub(super) struct Page {
    pub(super) answer: Answer,
    pub(super) products: Vec<Value>,
}

/// All products that the API lists: its first answer, and those that it links to.
pub(super) async fn pages(context: &Context<'_>, call: &Call) -> Try<Vec<Page>> {
    let mut all = Vec::new();
    let mut call = call.clone();
    for _ in 0..MOST_PAGES {
        let answer = context.send(&call).await?;
        let products: Option<Vec<Value>> = serde_json::from_str(&answer.body).ok();
        let Some(products) = products.filter(|_| answer.status == 200) else {
            let todo = "see the function's log group; a fresh role may take some seconds to count";
            return Err(Trouble::Again(answer.unlike("200 with a JSON array", todo)));
        };
        let next = next_page(&call.url, &answer.header("link"));
        all.push(Page { answer, products });
        let Some(next) = next else {
            return Ok(all);
        };
        call.url = next;
    }
    Err(Trouble::Never(format!("{}: more than {MOST_PAGES} pages follow each other", call.url)))
}

/// The address that a `Link: <?…>; rel="next"` names; other forms of it are not followed.
fn next_page(url: &str, link: &str) -> Option<String> {
    let (target, rest) = link.strip_prefix('<')?.split_once('>')?;
    let query = target.strip_prefix('?').filter(|_| rest.contains("rel=\"next\""))?;
    let base = url.split('?').next()?;
    Some(format!("{base}?{query}"))
}

/// The table's items that the shop sells: active, priced in whole cents, and in the same currency
/// as the rest.
fn for_sale(held: &[Value], listed: &[Value]) -> Vec<Value> {
    let currency = listed.first().and_then(|product| product.get("currency"));
    let is_sold = |item: &&Value| {
        let priced = item.get("price").and_then(cents).is_some();
        let named = item.get("currency").filter(|_| currency.is_some());
        is_on_sale(item) && priced && named.is_none_or(|named| Some(named) == currency)
    };
    held.iter().filter(is_sold).cloned().collect()
}

/// The first differences in words; `None` where the API lists each of the table's products, in
/// whatever order, and says nothing else of it than the table does. It may say less.
fn difference(listed: &[Value], held: &[Value]) -> Option<String> {
    let (api, table) = (by_id(listed), by_id(held));
    let ids = |ids: Vec<&String>| {
        clip(&ids.into_iter().map(String::as_str).collect::<Vec<_>>().join(", "))
    };
    let missing: Vec<&String> = table.keys().filter(|id| !api.contains_key(*id)).collect();
    let foreign: Vec<&String> = api.keys().filter(|id| !table.contains_key(*id)).collect();
    let changed: Vec<&String> = table
        .iter()
        .filter(|(id, item)| api.get(*id).is_some_and(|other| !is_part_of(other, item)))
        .map(|(id, _)| id)
        .collect();
    let mut parts = Vec::new();
    if listed.len() != held.len() {
        parts.push(format!("{} items", listed.len()));
    }
    for (what, found) in
        [("without", missing), ("with the unknown", foreign), ("with other values in", changed)]
    {
        if !found.is_empty() {
            parts.push(format!("{what} {}", ids(found)));
        }
    }
    if parts.is_empty() { None } else { Some(format!("a list {}", parts.join(", "))) }
}

/// True where every field of the API's product is in the table's item, with an equal value. A price
/// must be among them.
fn is_part_of(listed: &Value, held: &Value) -> bool {
    let fields = listed.as_object().filter(|fields| fields.contains_key("price"));
    let equal = |(name, value): (&String, &Value)| {
        held.get(name).map_or_else(|| name == "currency", |held| is_equal(value, held))
    };
    fields.is_some_and(|fields| fields.iter().all(equal))
}

/// Items by `productId`, or by their own text where they have none.
fn by_id(items: &[Value]) -> BTreeMap<String, &Value> {
    let id = |item: &Value| {
        item.get("productId")
            .and_then(Value::as_str)
            .map_or_else(|| item.to_string(), str::to_string)
    };
    items.iter().map(|item| (id(item), item)).collect()
}

/// Deep equality in which 20 and 20.0 are one number: JSON writers differ, amounts do not.
pub(super) fn is_equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            a == b || a.as_f64().is_some_and(|a| Some(a) == b.as_f64())
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_equal(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| is_equal(a, b)))
        }
        _ => a == b,
    }
}
