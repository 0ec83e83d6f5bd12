//! The first of two functions of one crate: how many items its table has.

use serde_json::json;
use shops::{answer, dynamodb, run};

fn main() {
    run(|_| {
        let table = std::env::var("TABLE").unwrap_or_default();
        let scan = json!({"TableName": table, "Select": "COUNT"});
        let count = dynamodb("Scan", &scan)["Count"].clone();
        let status = if count == 0 { 404 } else { 200 };
        answer(status, &json!({"count": count}))
    });
}
