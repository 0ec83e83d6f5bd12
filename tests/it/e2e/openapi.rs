//! The API from outside: schemathesis finds nothing that lambdas/openapi.yaml does not say, and what
//! API Gateway answers by itself has the shape of the shop's own errors.

use crate::support::env::tools;
use serde_json::Value;
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Where the API is: an address that needs no resolver, and the Host that leads to the API there.
fn place(api_url: &str) -> (String, String) {
    let rest = api_url.strip_prefix("http://").unwrap();
    let (host, stage) = rest.split_once('/').unwrap();
    let port = host.rsplit(':').next().unwrap();
    (format!("http://127.0.0.1:{port}/{stage}"), host.to_string())
}

/// Requests of every kind, sound and unsound, are answered as the description says.
pub fn is_as_described(api_url: &str) {
    let (url, host) = place(api_url);
    let folder = tempfile::tempdir().unwrap();
    let run = Command::new(tools().join("bin/st"))
        .current_dir(folder.path())
        .arg("--config-file")
        .arg(format!("{ROOT}/tests/tools/schemathesis.toml"))
        .args(["run", &format!("{ROOT}/lambdas/openapi.yaml"), "--url", &url])
        .args(["--header", &format!("Host: {host}"), "--no-color", "--seed", "1"])
        .args(["--phases", "examples,coverage,fuzzing", "--max-examples", "10"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(run.status.success(), "{said}{}", String::from_utf8_lossy(&run.stderr));
    assert!(said.contains("Tested: 3"), "{said}");
}

/// A path that is no route: 404 in the contract's form, readable for the site's pages.
pub async fn gateway_answers_in_the_shops_form(api_url: &str, origin: &str) {
    let (url, host) = place(api_url);
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::new();
    let request = client.get(format!("{url}/nothing-here")).header("host", &host);
    let answer = request.header("origin", origin).send().await.unwrap();
    assert_eq!(answer.status(), 404);
    let allowed = answer.headers()["access-control-allow-origin"].to_str().unwrap();
    assert_eq!(allowed, origin);
    let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(body["error"]["code"], "NotFound", "{body}");
    assert!(body["error"]["message"].is_string(), "{body}");
}
