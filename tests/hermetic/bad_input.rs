//! Bad input: each of it is one clear message with the way out, exit code 1, nothing on stdout, and
//! nothing half-done. A broken stack.yaml has its own tests in `stack.rs`, usage and regions in
//! `cli.rs`, and what needs an endpoint to show is in `tests/it/bad_input.rs`.

use crate::support::endpoint::Endpoint;
use crate::support::run::assert_refused;
use crate::support::shop::Shop;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::net::TcpSocket;

/// Every command that speaks to AWS.
const COMMANDS: [&[&str]; 9] = [
    &["diff", "--json"],
    &["up", "--yes", "--json"],
    &["down", "--yes", "--json"],
    &["smoke", "--json"],
    &["outputs", "--json"],
    &["policy-report", "--format", "json"],
    &["envs", "--json"],
    &["history", "--json"],
    &["unlock", "--yes", "--json"],
];

#[test]
fn an_unreadable_plan_says_how_to_make_one() {
    let shop = Shop::new("noplan", "http://127.0.0.1:9").with_quick_crates();
    let file = shop.path("plan.json");
    let up = || shop.run(&["up", "--plan", "plan.json", "--yes", "--json"]);
    assert_refused(&up(), &["plan.json: No such file", "diff --out plan.json"]);
    for text in ["", "{", "[]", "{\"format_version\":\"1.0\"}", "\u{0}\u{1}"] {
        std::fs::write(&file, text).unwrap();
        assert_refused(&up(), &["plan.json: not a plan", "diff --out plan.json"]);
    }
    std::fs::write(&file, [0xc3, 0x28]).unwrap();
    assert_refused(&up(), &["plan.json: ", "UTF-8"]);
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    assert_refused(&up(), &["plan.json: ", "directory"]);
}

#[test]
fn expired_credentials_are_told_by_their_name_and_asked_once() {
    let expired = "<ErrorResponse \
                   xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
        <Code>ExpiredToken</Code><Message>The security token included in the request is \
        expired</Message></Error>\
        <RequestId>b1c2</RequestId></ErrorResponse>";
    let endpoint = Endpoint::always(403, expired);
    let shop = Shop::new("expired", &endpoint.url).with_quick_crates();
    for command in COMMANDS {
        let before = endpoint.asked.load(Ordering::SeqCst);
        assert_refused(
            &shop.run(command),
            &["ExpiredToken", "token included in the request is expired", "aws sso login"],
        );
        let asked = endpoint.asked.load(Ordering::SeqCst) - before;
        assert!(asked <= 3, "{command:?} asked {asked} times");
    }
}

#[test]
fn an_endpoint_that_is_not_there_is_named_in_seconds() {
    // Bound and never listened on: nobody else gets the port while this test runs.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap());
    let shop = Shop::new("unreachable", &url).with_quick_crates();
    std::thread::scope(|threads| {
        for command in COMMANDS {
            let (shop, url) = (&shop, &url);
            threads.spawn(move || {
                let start = Instant::now();
                assert_refused(&shop.run(command), &[url, "--local"]);
                // Several times what it takes; what is to be caught here are minutes.
                assert!(
                    start.elapsed() < Duration::from_secs(45),
                    "{command:?} took {:?}",
                    start.elapsed()
                );
            });
        }
    });
}

#[test]
fn an_endpoint_that_is_no_aws_is_told_so() {
    let endpoint = Endpoint::always(200, "<html>Welcome to nginx</html>");
    let shop = Shop::new("nginx", &endpoint.url).with_quick_crates();
    let run = shop.run(&["diff", "--json"]);
    assert_refused(&run, &["sts", "AWS_ENDPOINT_URL"]);
}
