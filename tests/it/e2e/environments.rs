//! Many environments of one stack: side by side, with a time to live, found wherever they live; and
//! nothing of others touched.

use super::story;
use crate::support::clients::Clients;
use crate::support::env::endpoint;
use crate::support::inventory::leftovers;
use crate::support::proxied::ProxiedShop;
use crate::support::run::Run;
use crate::support::shop::Shop;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Instant;

pub fn is_soak() -> bool {
    std::env::var_os("SHOPSTACK_SOAK").is_some_and(|on| on == "1")
}

/// As many as fit; `make soak` has more.
fn how_many() -> usize {
    if is_soak() { 20 } else { 4 }
}

pub fn small(name: &str) -> Shop {
    Shop::new(name, &endpoint()).with_quick_crates().with_small_site()
}

/// Two tables and nothing else.
pub fn tables_alone(name: &str, region: &str) -> Shop {
    let shop = small(name).in_region(region);
    let head = format!("name: {}\nregion: {region}\n", shop.stack);
    shop.write(
        "stack.yaml",
        &(head + "tables:\n  Products: { key: productId }\n  Orders: { key: orderId }\n"),
    );
    shop
}

/// Runs one command for every environment at once; each must end well.
pub fn all_at_once(shop: &Shop, envs: &[String], arguments: &[&str]) -> Vec<Run> {
    std::thread::scope(|scope| {
        let runs: Vec<_> = envs
            .iter()
            .map(|env| {
                let arguments = [&["--env", env.as_str()], arguments].concat();
                scope.spawn(move || shop.run(&arguments))
            })
            .collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    })
}

/// Kind and name of all that is there of one environment, its name left out: ids differ anyway.
/// `others` have names that begin alike.
async fn names_of(
    clients: &Clients,
    shop: &Shop,
    env: &str,
    others: &[String],
) -> BTreeSet<String> {
    let prefix = |env: &str| format!("{}-{env}-", shop.stack);
    let longer = |name: &str| {
        others.iter().any(|o| o.starts_with(&format!("{env}-")) && name.contains(&prefix(o)))
    };
    let short = |name: String| {
        let (kind, _) = name.split_once(' ')?;
        let start = name.find(&prefix(env))? + prefix(env).len();
        let end = |c: char| !c.is_ascii_alphanumeric() && !"-_".contains(c);
        let rest = name[start..].split(end).next()?;
        (!longer(&name)).then(|| format!("{kind} {rest}"))
    };
    leftovers(clients, &shop.stack).await.into_iter().filter_map(short).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn environments_live_side_by_side_and_none_touches_another() {
    let shop = small("side");
    let (clients, _) = shop.clients().await;
    let envs: Vec<String> = (1..=how_many()).map(|n| format!("pr-{n}")).collect();
    // Names that begin like those that come and go.
    let alike: Vec<String> = ["pr", "pr-1x", "pr-1-extra"].map(String::from).into();

    let up = ["up", "--yes", "--no-smoke", "--json"];
    let start = Instant::now();
    let everybody = [&envs[..], &alike[..]].concat();
    for run in all_at_once(&shop, &everybody, &up) {
        assert_eq!(run.code, 0, "{}", run.stderr);
    }
    let made = start.elapsed();
    let first = names_of(&clients, &shop, &envs[0], &everybody).await;
    assert!(first.len() > 12, "{first:?}");
    for env in &everybody {
        assert_eq!(names_of(&clients, &shop, env, &everybody).await, first, "{env}");
    }
    shop.edit("memory: 256", "memory: 512");
    for run in all_at_once(&shop, &envs, &up) {
        assert_eq!((run.code, &run.last()["changed"]), (0, &json!(1)), "{}", run.stderr);
    }
    let start = Instant::now();
    for run in all_at_once(&shop, &envs, &["down", "--yes", "--destroy-data", "--json"]) {
        assert_eq!((run.code, &run.last()["remaining"]), (0, &json!([])), "{}", run.stderr);
    }
    println!("{} environments: up in {made:?}, down in {:?}", everybody.len(), start.elapsed());
    for env in &alike {
        let left = names_of(&clients, &shop, env, &everybody).await;
        assert_eq!(left, first, "{env} looks like others, and was touched");
        let diff = shop.run(&["--env", env, "diff", "--json"]);
        assert_eq!(changed(&diff), 1, "{env}: {}", diff.stdout);
    }
    for run in all_at_once(&shop, &alike, &["down", "--yes", "--destroy-data", "--json"]) {
        assert_eq!(run.code, 0, "{}", run.stderr);
    }
    assert_eq!(leftovers(&clients, &shop.stack).await, Vec::<String>::new());
}

fn changed(diff: &Run) -> usize {
    diff.last()["changes"].as_array().map_or(usize::MAX, Vec::len)
}

pub fn listed(shop: &Shop) -> Vec<Value> {
    let run = shop.run(&["envs", "--json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let all = run.last()["environments"].as_array().unwrap().clone();
    all.into_iter().filter(|one| one["stack"] == shop.stack.as_str()).collect()
}

#[tokio::test]
async fn each_up_renews_the_expiry_and_diff_does_not() {
    let shop = tables_alone("renew", "us-east-1");
    let overlay = "environments:\n  dev: { ttl: 4h }\n";
    shop.write("stack.yaml", &(shop.read("stack.yaml") + overlay));
    let (clients, _) = shop.clients().await;
    let expires = || listed(&shop)[0]["expires_at"].as_str().unwrap().to_string();
    shop.events(&["up", "--yes", "--no-smoke"]);
    let first = expires();
    assert_eq!(shop.diff().0, 0, "an expiry that is there is no difference");
    shop.events(&["up", "--yes", "--no-smoke", "--ttl", "9h"]);
    let longer = expires();
    assert!(longer > first, "{first} {longer}");
    shop.events(&["up", "--yes", "--no-smoke"]);
    let renewed = expires();
    assert!(renewed >= first && renewed < longer, "{first} {renewed} {longer}");

    // A saved plan of a new environment can be carried out, whatever the clock says by then.
    shop.events(&["down", "--yes"]);
    let plan = shop.path("plan.json").display().to_string();
    assert_eq!(shop.run(&["diff", "--out", &plan]).code, 2);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    shop.events(&["up", "--yes", "--no-smoke", "--plan", &plan]);
    story::gone(&shop, &clients).await;
}

#[tokio::test]
async fn tables_alone_are_found_in_another_region() {
    let shop = tables_alone("alone", "eu-north-1");
    let (clients, _) = shop.clients().await;
    shop.events(&["up", "--yes", "--no-smoke"]);
    let name = shop.stack.clone();
    let down = ["-f", "none.yaml", "down", "--stack", &name, "--yes", "--destroy-data", "--json"];
    let found = shop.run(&down);
    assert_eq!(found.code, 0, "{}", found.stderr);
    assert!(found.stderr.contains("lives in eu-north-1"), "{}", found.stderr);
    assert_eq!(leftovers(&clients, &shop.stack).await, Vec::<String>::new());
}

#[tokio::test]
async fn the_wrong_account_is_asked_nothing_but_its_name() {
    let shop = ProxiedShop::new("account").await;
    let overlay = "\nenvironments:\n  prod: { account: \"111122223333\" }\n";
    shop.write("stack.yaml", &(shop.read("stack.yaml") + overlay));
    for command in [
        &["diff"][..],
        &["up", "--yes"],
        &["down", "--yes", "--destroy-data"],
        &["outputs"],
        &["smoke"],
        &["envs"],
        &["sweep", "--yes"],
        &["history"],
        &["unlock", "--yes"],
        &["policy-report"],
        &["policy-report", "--deployer"],
        &["graph", "--plan"],
    ] {
        let before = shop.proxy.passed();
        let run = shop.run(&[&["--env", "prod"], command].concat()).await;
        assert_eq!(run.code, 1, "{command:?}: {}", run.stderr);
        for part in ["belongs in account 111122223333", "of account 000000000000"] {
            assert!(run.stderr.contains(part), "{command:?}: {}", run.stderr);
        }
        assert_eq!(shop.proxy.passed() - before, 1, "{command:?} asked more than who it is");
    }
}
