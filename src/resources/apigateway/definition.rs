//! The hash that ties a deployment to the routes it was made from.

use crate::resources::apigateway::routes::spec::RoutesSpec;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// SHA-256 (hex) of the routes' JSON. Maps are sorted and fields keep their order, so equal routes
/// hash alike.
pub fn definition(routes: &RoutesSpec) -> String {
    let json = serde_json::to_vec(routes).unwrap_or_default();
    Sha256::digest(json).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{from_value, json};

    #[test]
    fn the_order_of_writing_is_nothing_but_every_value_counts() {
        let routes = |value| definition(&from_value(value).unwrap());
        let cors = |origin: &str| {
            json!({"allow_origin": origin, "allow_methods": "GET",
            "allow_headers": "", "allow_credentials": false, "max_age": "1"})
        };
        let one = routes(
            json!({"routes": {}, "cors": {"/a": cors("x"), "/b": cors("x")}, "not_allowed": {},
                "gateway_responses": {}}),
        );
        let two =
            routes(json!({"gateway_responses": {}, "cors": {"/b": cors("x"), "/a": cors("x")},
                "not_allowed": {},
                "routes": {}}));
        let other = routes(
            json!({"routes": {}, "cors": {"/a": cors("x"), "/b": cors("y")}, "not_allowed": {},
                "gateway_responses": {}}),
        );
        assert_eq!(one, two);
        assert_eq!(one.len(), 64);
        assert_ne!(one, other);
    }
}
