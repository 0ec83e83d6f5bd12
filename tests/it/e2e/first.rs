//! The README's first command, word for word: the local twin is started by it, and the shop is
//! there.

use crate::support::run::{Run, command, summary};
use crate::support::shop::Shop;
use serde_json::{Value, json};
use std::net::TcpListener;

/// A port for a twin of the test's own; held only while it is chosen, since the twin itself has to
/// bind it.
fn free_port() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string()
}

#[tokio::test]
async fn one_command_starts_the_twin_and_ends_with_a_shop() {
    // A twin is installed from the network: not in a run without endpoints.
    crate::support::env::endpoint();
    let port = free_port();
    let endpoint = format!("http://127.0.0.1:{port}");
    let shop = Shop::new("first", &endpoint);
    let run = |arguments: &[&str]| {
        let mut shopstack = command(&shop.path("home"));
        shopstack.current_dir(shop.path("")).args(arguments).env("SHOPSTACK_LOCAL_PORT", &port);
        Run::execute(shopstack)
    };
    let first = run(&["up", "--local", "--yes", "--json"]);
    assert_eq!(first.code, 0, "{}{}", first.stdout, first.stderr);
    let lines = first.lines();
    let end = summary(&lines);
    let site = end["outputs"]["site_url"].as_str().unwrap();
    assert!(site.ends_with(&format!(".cloudfront.localhost:{port}")), "{site}");
    let checks = |status: &str| -> Vec<&Value> {
        lines
            .iter()
            .filter(|l| l["event"] == "smoke" && l["status"] == status)
            .map(|l| &l["check"])
            .collect()
    };
    assert_eq!((checks("passed").len(), checks("failed").len()), (12, 0), "{}", first.stdout);

    // The twin is found again, and so is the shop.
    let again = run(&["up", "--local", "--yes", "--json", "--no-smoke"]).lines();
    assert_eq!(
        (&summary(&again)["changed"], &summary(&again)["calls"]["write"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(run(&["diff", "--local"]).code, 0);
    let status = run(&["local", "status", "--json"]).lines();
    assert_eq!(status[0]["port"].to_string(), port, "{}", status[0]);
    let down = run(&["down", "--local", "--yes", "--destroy-data", "--json"]);
    assert_eq!(
        (down.code, &summary(&down.lines())["remaining"]),
        (0, &json!([])),
        "{}",
        down.stderr
    );
    assert_eq!(run(&["local", "down", "--json"]).lines()[0], json!({"stopped": true}));
    assert_eq!(run(&["local", "down", "--json"]).lines()[0], json!({"stopped": false}));
}
