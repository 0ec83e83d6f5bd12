//! Environments: their names, their overlays in stack.yaml, and what `validate` says of both.

use crate::support::shop::Shop;
use serde_json::json;
use shopstack::stack::{self, Billing, Stack};
use std::path::{Path, PathBuf};

fn everything() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stack_good/everything.yaml")
}

fn stack_of(env: &str) -> Stack {
    let read = stack::load_for(&everything(), Some(env));
    read.unwrap_or_else(|errors| panic!("{env}: {}", errors[0])).0
}

#[test]
fn an_overlay_changes_what_it_names_and_nothing_else() {
    let (base, _) = stack::load(&everything()).unwrap();
    assert_eq!(stack_of("dev"), base, "no overlay matches");
    let prod = stack_of("prod");
    assert_eq!(prod.account.as_deref(), Some("123456789012"));
    assert_eq!((prod.region.as_str(), prod.logs.retention_days), ("eu-west-1", 30));
    assert_eq!(prod.cdn.as_ref().unwrap().price_class.aws(), "PriceClass_All");
    assert_eq!(prod.tables["Orders"].protect, Some(true));
    // One of several forms is replaced, and not mixed with the other.
    assert_eq!(
        prod.tables["Orders"].billing,
        Billing::OnDemand { max_read: None, max_write: None }
    );
    assert_eq!(prod.tables["Orders"].indexes, base.tables["Orders"].indexes);
    assert_eq!(prod.tables["Logs"], base.tables["Logs"]);
    assert_eq!(prod.tags.len(), base.tags.len() + 1);
    assert_eq!(prod.waf.as_ref().unwrap().managed_groups.len(), 2, "a list is replaced");
    assert_eq!(prod.functions, base.functions);
    let (mut api, base_api) = (prod.api.unwrap(), base.api.unwrap());
    let (domain, base_domain) = (api.domain.take().unwrap(), base_api.domain.clone().unwrap());
    assert_eq!(domain.name, base_domain.name);
    assert!(domain.certificate.contains(":eu-west-1:"), "{}", domain.certificate);
    api.domain = Some(base_domain);
    assert_eq!(api, base_api);
}

#[test]
fn false_leaves_a_section_out() {
    let lab = stack_of("lab");
    assert!(lab.site.is_none() && lab.cdn.is_none() && lab.api.is_some());
}

#[test]
fn patterns_count_before_the_name_itself() {
    let text = "name: a\nregion: us-east-1\nlogs: { retention_days: 1 }\nenvironments:\n  \
                pr-1: { logs: { retention_days: 3 } }\n  pr-*: { logs: { retention_days: 5 } }\n  \
                '*': { tags: { x: y } }\n";
    let days = |env: &str| {
        let stack = stack::parse_for(text, "stack.yaml", Some(env)).unwrap();
        (stack.logs.retention_days, stack.tags.len())
    };
    assert_eq!((days("pr-1"), days("pr-2"), days("dev")), ((3, 1), (5, 1), (1, 1)));
}

#[test]
fn what_expires_has_no_firewall_unless_it_asks_for_one() {
    let (preview, asked) = (stack_of("pr-7"), stack_of("pr-waf"));
    assert_eq!(preview.life().unwrap().as_secs(), 72 * 3600);
    assert!(preview.waf.is_none());
    assert_eq!(preview.functions["worker"].memory, 1024);
    assert_eq!(asked.waf.as_ref().unwrap().rate_limit, 500, "both overlays count");
    assert!(asked.life().is_some());
    // By `--ttl` alone it is the same.
    let dev = stack_of("dev");
    assert!(dev.waf.is_some() && dev.with_low_floor().waf.is_none());
    let asking = "name: a\nregion: us-east-1\nalarms: {}\nenvironments:\n  pr-*: { ttl: 4h, \
                  alarms: { api_5xx: 1 } }\n  tmp: { ttl: 4h }\n";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("stack.yaml");
    std::fs::write(&file, asking).unwrap();
    let alarms = |env: &str| {
        let (stack, _) = stack::load_for(&file, Some(env)).unwrap();
        stack.with_low_floor().alarms.is_some()
    };
    assert!(alarms("pr-1") && !alarms("tmp"));
    assert_eq!(stack_of("prod").with_low_floor().waf, stack_of("prod").waf);
}

#[test]
fn branches_become_names_that_every_command_shows() {
    let shop = Shop::offline();
    let named = |env: &str| {
        let run = shop.run(&["validate", "--json", "--env", env]);
        assert_eq!(run.code, 0, "{env}: {}", run.stderr);
        let name = run.last()["env"].as_str().unwrap().to_string();
        assert_eq!(run.stderr.contains(&format!("named `{name}`")), name != env, "{}", run.stderr);
        name
    };
    assert_eq!((named("PR-42").as_str(), named("dev").as_str()), ("pr-42", "dev"));
    let (slash, dash) = (named("feature/x"), named("feature-x"));
    assert!(slash.starts_with("feature-x-") && slash != dash, "{slash} {dash}");
    assert_eq!(named("feature/x"), slash, "each time the same");
    let nothing = shop.run(&["diff", "--env", ""]);
    assert!(nothing.code == 1 && nothing.stderr.contains("is empty"), "{}", nothing.stderr);
}

#[test]
fn validate_judges_names_as_diff_does() {
    let shop = Shop::offline();
    shop.edit("name: shop\n", "name: a-shop-of-twenty-let\n");
    shop.edit("  createOrder:\n", "  createOrderWithAVeryLongName123:\n");
    shop.edit_all(": createOrder\n", ": createOrderWithAVeryLongName123\n");
    assert_eq!(shop.run(&["validate", "--env", "dev"]).code, 0);
    let long = shop.run(&["validate", "--json", "--env", "feature/with-a-long-name"]);
    assert_eq!(long.code, 1);
    assert!(long.stderr.contains("characters, AWS takes 64"), "{}", long.stderr);
    assert_eq!(long.last()["valid"], false);
}

#[test]
fn resolved_shows_each_value_with_its_place() {
    let shop = Shop::offline();
    let lines = shop.read("stack.yaml").lines().count();
    let overlay = "environments:\n  pr-*:\n    ttl: 4h\n    functions:\n      listProducts: { \
                   memory: 512 }\n";
    shop.write("stack.yaml", &format!("{}{overlay}", shop.read("stack.yaml")));
    let run = shop.run(&["validate", "--env", "pr-42", "--resolved"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let place = |text: &str| {
        let line = run.stdout.lines().find(|line| line.trim_start().starts_with(text));
        let line = line.unwrap_or_else(|| panic!("no {text} in {}", run.stdout));
        line.split_once("  # ").map_or("", |(_, place)| place).to_string()
    };
    assert_eq!(place("memory: 512"), format!("stack.yaml:{}:31", lines + 5));
    assert_eq!(place("ttl: \"4h\""), format!("stack.yaml:{}:10", lines + 3));
    assert_eq!(place("point_in_time_recovery: true"), "default");
    assert!(run.stdout.contains("# waf: left out"), "{}", run.stdout);
    assert!(!run.stdout.contains("rate_limit"), "{}", run.stdout);
    // What is printed is a stack.yaml.
    let printed: String = run.stdout.replace("ttl: ", "# ttl: ");
    stack::parse(&printed, "printed").unwrap_or_else(|errors| panic!("{}", errors[0]));

    let run = shop.run(&["validate", "--env", "pr-42", "--resolved", "--json"]);
    let document = run.last();
    assert_eq!(document["resolved"]["functions"]["listProducts"]["memory"], json!(512));
    assert_eq!(
        document["places"]["functions.listProducts.memory"],
        json!(format!("stack.yaml:{}:31", lines + 5))
    );
}

/// Neither where it is marked, nor where an alias or an anchor repeats it, nor another
/// environment's that stands beside it.
#[test]
fn resolved_hides_secrets_wherever_they_stand() {
    let shop = Shop::offline();
    let anchors = "x-secrets: { dev: &dev hush-dev, prod: hush-prod }\n";
    shop.edit(
        "      CURRENCY: USD\n",
        "      CURRENCY: USD\n      LOGO: { secret: *dev }\n      \
                                        PIN: \"4711\"\n      COPY: *dev\n      API_TOKEN: \
                                        unmarked-hush\n",
    );
    shop.write("stack.yaml", &(anchors.to_string() + &shop.read("stack.yaml")));
    for more in [&["--resolved"][..], &["--resolved", "--json"]] {
        let run = shop.run(&[&["validate"], more].concat());
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(run.stdout.contains("(sensitive)"), "{}", run.stdout);
        for secret in ["hush", "4711"] {
            assert!(!run.stdout.contains(secret), "{secret} in {}", run.stdout);
        }
    }

    let run = shop.run(&["validate"]);
    let warned = "API_TOKEN, PIN may be secret and is not marked";
    assert!(run.stdout.contains(warned), "{}", run.stdout);
    let notes = shop.run(&["validate", "--json"]).last()["notes"].to_string();
    assert!(notes.contains(warned), "{notes}");
}

#[test]
fn exceptions_that_accept_nothing_are_told() {
    let shop = Shop::offline();
    shop.edit(
        "rule: CKV_AWS_18, resource: bucket.site",
        "rule: no-tls-denial, resource: bucket.site",
    );
    let run = shop.run(&["validate"]);
    assert_eq!(run.code, 1, "{}", run.stdout);
    assert!(run.stderr.contains("there is no rule `no-tls-denial`"), "{}", run.stderr);
    assert!(run.stderr.contains("no-tls-deny"), "{}", run.stderr);
    shop.edit(
        "rule: no-tls-denial, resource: bucket.site",
        "rule: no-tls-deny, resource: bucket.shop",
    );
    let run = shop.run(&["validate"]);
    let note = "the exception from no-tls-deny names `bucket.shop`, which no resource matches";
    assert!(run.code == 0 && run.stdout.contains(note), "{}{}", run.stdout, run.stderr);
    assert_eq!(run.stdout.matches("which no resource matches").count(), 1, "{}", run.stdout);
}

#[test]
fn a_time_to_live_is_more_than_nothing() {
    let shop = Shop::offline();
    for wrong in ["0", "0s", "0h", "-4h", "4", "forever", "99999999999999d"] {
        let run = shop.run(&["up", "--yes", "--ttl", wrong]);
        assert_eq!(run.code, 1, "{wrong}: {}", run.stderr);
        assert!(run.stderr.contains("--ttl"), "{wrong}: {}", run.stderr);
    }
}
