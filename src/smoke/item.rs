//! The facts that the checks read from a table's item.

use serde_json::Value;

/// True for a product or an order that a smoke test put into its table.
pub(super) fn is_test(item: &Value) -> bool {
    item.get("smokeTest") == Some(&Value::Bool(true))
}

/// True for a product that is neither withdrawn (`active` not true) nor a smoke test's.
pub(super) fn is_on_sale(item: &Value) -> bool {
    item.get("active").is_none_or(|active| *active == Value::Bool(true)) && !is_test(item)
}

/// Whole cents of a JSON number that stands for an amount.
pub(super) fn cents(value: &Value) -> Option<u64> {
    let exact = value.as_f64()? * 100.0;
    let whole = exact.round();
    ((0.0..=1e15).contains(&whole) && (exact - whole).abs() < 1e-4).then_some(whole as u64)
}
