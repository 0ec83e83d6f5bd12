//! Tells what it was asked: for APIs that send all their paths to one function, and pages of other
//! origins that read them.

use serde_json::{Value, json};
use shops::{answer, request, run};

fn main() {
    run(|event| {
        let (method, path, _) = request(event);
        let mut reply = answer(200, &json!({"method": method, "path": path}));
        let allowed = std::env::var("CORS_ORIGINS").unwrap_or_default();
        let headers = event.get("headers").and_then(Value::as_object);
        let origin = headers
            .into_iter()
            .flatten()
            .find(|(name, _)| name.eq_ignore_ascii_case("origin"))
            .and_then(|(_, value)| value.as_str())
            .filter(|origin| allowed.split(',').any(|known| known == *origin));
        if let Some(origin) = origin {
            reply["headers"]["access-control-allow-origin"] = json!(origin);
        }
        reply
    });
}
