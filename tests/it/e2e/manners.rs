//! The binary's manners at an endpoint: what it asks without a terminal, and when it uses colour.

use crate::support::env::endpoint;
use crate::support::run::Run;
use crate::support::shop::Shop;
#[tokio::test]
async fn without_a_terminal_nothing_is_asked() {
    let shop = Shop::offline();
    shop.edit("name: shop\n", &format!("name: manners{}\n", std::process::id()));
    let endpoint = endpoint();
    let run = shop.run_at(&endpoint, &["up"]);
    assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{}", run.stderr);
    assert!(
        run.stderr.contains("pass --yes") && run.stderr.contains("+ table.Orders"),
        "{}",
        run.stderr
    );
    let run = shop.run_at(&endpoint, &["up", "--json"]);
    assert_eq!(run.code, 1);
    let events: Vec<_> = run.lines().iter().map(|l| l["event"].clone()).collect();
    assert_eq!(events, ["plan", "summary"], "{}", run.stdout);
    let run = shop.run_at(&endpoint, &["diff", "--json"]);
    assert_eq!(run.code, 2, "nothing was made: {}", run.stderr);
    assert_eq!(
        // What all stacks of the account share may be there: log role, origin access control.
        run.lines()[0]["summary"]["unchanged"].as_u64().map(|n| n <= 2),
        Some(true),
        "{}",
        run.stdout
    );
}

#[tokio::test]
async fn colour_only_when_asked_for() {
    let shop = Shop::offline();
    shop.edit("name: shop\n", &format!("name: colours{}\n", std::process::id()));
    let endpoint = endpoint();
    let escape = |run: &Run| run.stdout.contains('\u{1b}');
    assert!(!escape(&shop.run_at(&endpoint, &["diff"])));
    assert!(escape(&shop.run_at(&endpoint, &["--color", "always", "diff"])));
    assert!(!escape(&shop.run_at(&endpoint, &["--color", "never", "diff"])));
    let mut command = shop.command(&["--color", "auto", "diff"]);
    command.env("AWS_ENDPOINT_URL", &endpoint).env("NO_COLOR", "1");
    command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
    assert!(!escape(&Run::execute(command)));
    let json = shop.run_at(&endpoint, &["--color", "always", "diff", "--json"]);
    assert!(!escape(&json) && json.lines().len() == 1);
}
