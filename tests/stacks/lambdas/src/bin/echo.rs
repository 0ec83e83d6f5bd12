//! Tells what it was asked: for APIs that send all their paths to one function.

use serde_json::json;
use shops::{answer, request, run};

fn main() {
    run(|event| {
        let (method, path, _) = request(event);
        answer(200, &json!({"method": method, "path": path}))
    });
}
