//! The monthly cost of a table without reads and writes.

use crate::model::price::{PRICES, Part};
use serde_json::Value;

/// Provisioned units are paid by the hour, for the table and again for each index; on demand costs
/// nothing unused.
pub(super) fn capacity(spec: &Value) -> Vec<Part> {
    let billing = spec.get("billing");
    if billing.and_then(|b| b.get("mode")).and_then(Value::as_str) != Some("PROVISIONED") {
        return vec![];
    }
    let indexes = spec.get("indexes").and_then(Value::as_object).map_or(0, serde_json::Map::len);
    let copies = i64::try_from(indexes).unwrap_or(i64::MAX).saturating_add(1);
    [("read", "table_read"), ("write", "table_write")]
        .into_iter()
        .filter_map(|(key, price)| {
            let units = billing?.get(key)?.as_i64()?.saturating_mul(copies);
            Some(Part {
                what: format!("{units} {key} units"),
                monthly: PRICES.monthly(price).times(units),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Money;
    use serde_json::json;

    #[test]
    fn a_table_costs_its_provisioned_units_once_more_for_each_index() {
        let monthly = |spec: &Value| capacity(spec).iter().map(|p| p.monthly).sum::<Money>();
        let mut spec =
            json!({"billing": {"mode": "PROVISIONED", "read": 10, "write": 5}, "indexes": {}});
        assert_eq!(monthly(&spec).to_string(), "$3.32");
        spec["indexes"] = json!({"byUser": {}, "byDay": {}});
        assert_eq!(monthly(&spec), Money(3 * (949_000 + 2_372_500)));
        spec["billing"] =
            json!({"mode": "PAY_PER_REQUEST", "read": null, "write": null, "max_read": 10});
        assert_eq!(monthly(&spec), Money(0));
    }
}
