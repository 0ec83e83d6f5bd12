//! The API from outside: schemathesis finds nothing that lambdas/openapi.yaml does not say, and
//! what API Gateway answers by itself has the shape of the shop's own errors.

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

/// What API Gateway answers by itself has the contract's form, and the site's pages may read it: a
/// path that is no route is 404, and a method that its path does not have is 405 with `Allow`.
pub async fn gateway_answers_in_the_shops_form(api_url: &str, origin: &str) {
    let (url, host) = place(api_url);
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::new();
    for (method, path, status, allow) in [
        ("GET", "/nothing-here", 404, ""),
        ("POST", "/", 404, ""),
        ("PUT", "/products", 405, "GET, HEAD, OPTIONS"),
        ("POST", "/products", 405, "GET, HEAD, OPTIONS"),
        ("GET", "/orders", 405, "OPTIONS, POST"),
        ("DELETE", "/orders", 405, "OPTIONS, POST"),
        ("HEAD", "/orders", 405, "OPTIONS, POST"),
    ] {
        let what = format!("{method} {path}");
        let request = client.request(method.parse().unwrap(), format!("{url}{path}"));
        let answer = request.header("host", &host).header("origin", origin).send().await.unwrap();
        assert_eq!(answer.status(), status, "{what}");
        let header = |name: &str| {
            answer.headers().get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
        };
        assert_eq!(header("access-control-allow-origin"), origin, "{what}");
        assert_eq!(header("allow"), allow, "{what}");
        let text = answer.text().await.unwrap();
        if method != "HEAD" {
            let body: Value = serde_json::from_str(&text).unwrap();
            let code = if status == 404 { "NotFound" } else { "MethodNotAllowed" };
            assert_eq!(body["error"]["code"], code, "{what}: {body}");
            assert!(body["error"]["message"].is_string(), "{body}");
        }
    }

    let request = client.put(format!("{url}/orders")).header("host", &host);
    let answer = request.header("content-type", "image/png").body("x").send().await.unwrap();
    assert_eq!(answer.status(), 415);
    let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(body["error"]["code"], "UnsupportedMediaType", "{body}");
}
