//! The second of two functions of one crate: puts an item for each request or event.

use serde_json::{Value, json};
use shops::{answer, dynamodb, run};

fn store(id: &str) {
    let table = std::env::var("TABLE").unwrap_or_default();
    let item = json!({"id": {"S": id}});
    dynamodb("PutItem", &json!({"TableName": table, "Item": item}));
}

fn main() {
    run(|event| {
        // A table's changes come in batches; the clock and a request come alone.
        match event.get("Records").and_then(Value::as_array) {
            Some(records) => {
                let id = |record: &Value| {
                    record["dynamodb"]["Keys"]["id"]["S"].as_str().unwrap_or("none").to_string()
                };
                records.iter().for_each(|record| store(&id(record)));
            }
            None => store(event.get("id").and_then(Value::as_str).unwrap_or("one")),
        }
        answer(201, &json!({"stored": true}))
    });
}
