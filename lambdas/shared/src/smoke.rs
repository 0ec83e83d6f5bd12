//! The mark of a smoke test's requests, honoured only with this deployment's secret.

use lambda_http::http::HeaderMap;

/// Carries the deployment's secret. It marks an order so that the smoke test can tell it apart and
/// remove it, and shows the smoke test its own products. It gives no other right.
pub const HEADER: &str = "x-shopstack-smoke";

/// True for a request of the smoke test; never where the deployment has no secret.
///
/// Compares without stopping at the first difference, so that time tells nothing of the secret.
pub fn is_smoke_test(headers: &HeaderMap, secret: &str) -> bool {
    let given = headers.get(HEADER).map(|value| value.as_bytes()).unwrap_or_default();
    let differences =
        given.iter().zip(secret.as_bytes()).fold(0, |differences, (a, b)| differences | (a ^ b));
    !secret.is_empty() && given.len() == secret.len() && differences == 0
}
