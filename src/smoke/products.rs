//! Check `products`: the API lists exactly what the table holds, item by item.

use super::Outcome;
use super::http::{Call, Context, clip, join, unlike};
use super::retry::{Trouble, Try, poll};
use super::target::{ProductsTarget, route};
use serde_json::Value;
use std::collections::BTreeMap;

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
        "{} lists exactly the {count} items of {}",
        products.route, products.table
    )))
}

async fn attempt(
    context: &Context<'_>,
    call: &Call,
    products: &ProductsTarget,
    again: bool,
) -> Try<usize> {
    let answer = context.send(call).await?;
    let listed: Option<Vec<Value>> = serde_json::from_str(&answer.body).ok();
    let Some(listed) = listed.filter(|_| answer.status == 200) else {
        let todo = "see the function's log group; a fresh role may take some seconds to count";
        return Err(Trouble::Again(answer.unlike("200 with a JSON array", todo)));
    };
    let held = context.catalogue(&products.table, again).await?;
    match difference(&listed, &held) {
        None => Ok(held.len()),
        Some(got) => {
            let expected = format!("exactly the {} items of table {}", held.len(), products.table);
            let todo = "see that the function reads this table, and all of its pages";
            Err(Trouble::Again(unlike(&answer.url, &expected, &got, todo)))
        }
    }
}

/// The first differences in words; `None` where both hold equal items, in whatever order.
fn difference(listed: &[Value], held: &[Value]) -> Option<String> {
    let (api, table) = (by_id(listed), by_id(held));
    let ids = |ids: Vec<&String>| {
        clip(&ids.into_iter().map(String::as_str).collect::<Vec<_>>().join(", "))
    };
    let missing: Vec<&String> = table.keys().filter(|id| !api.contains_key(*id)).collect();
    let foreign: Vec<&String> = api.keys().filter(|id| !table.contains_key(*id)).collect();
    let changed: Vec<&String> = table
        .iter()
        .filter(|(id, item)| api.get(*id).is_some_and(|other| !is_equal(item, other)))
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
