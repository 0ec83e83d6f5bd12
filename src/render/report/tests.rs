//! The report's texts against snapshots: a clean shop, and one tampered with in every way.

use super::*;
use crate::policy::canonical;
use crate::render::snapshot::assert_snapshot;
use crate::render::style::Style;
use crate::report::fixture::{Shop, shop};
use serde_json::json;

fn tampered() -> Shop {
    let mut shop = shop();
    let wide = "arn:aws:dynamodb:us-east-1:111122223333:table/*";
    let grants = "/policies/grants/statements";
    shop.spec("role.listProducts").pointer_mut(grants).unwrap()["TableProducts"]["resources"] =
        json!([wide]);
    shop.spec("role.listProducts")["attached"] =
        json!(["arn:aws:iam::aws:policy/AmazonS3FullAccess"]);
    let extra = canonical(
        &json!({"Statement": {"Sid": "Extra", "Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}}),
    );
    shop.spec("role.createOrder").pointer_mut(grants).unwrap()["Extra"] =
        extra["statements"]["Extra"].clone();
    let public = canonical(
        &json!({"Statement": {"Sid": "Public", "Effect": "Allow", "Principal": "*",
        "Action": "s3:GetObject", "Resource": "arn:aws:s3:::shop-dev-site-111122223333-us-east-1/*"}}),
    );
    let statements = "/policy/statements";
    shop.spec("bucket_policy.site").pointer_mut(statements).unwrap()["Public"] =
        public["statements"]["Public"].clone();
    shop.lose("permission.createOrder");
    shop
}

#[test]
fn a_clean_shop_as_text() {
    assert_snapshot(
        "policy_report_clean.txt",
        &text(&shop().report(), Style { width: 100, color: false }),
    );
}

#[test]
fn a_tampered_shop_as_text() {
    assert_snapshot(
        "policy_report.txt",
        &text(&tampered().report(), Style { width: 100, color: false }),
    );
}

#[test]
fn a_tampered_shop_as_markdown() {
    assert_snapshot("policy_report.md", &markdown(&tampered().report()));
}

#[test]
fn colour_changes_no_word() {
    let report = tampered().report();
    let (plain, coloured) = (
        text(&report, Style { width: 80, color: false }),
        text(&report, Style { width: 80, color: true }),
    );
    assert!(!plain.contains('\x1b') && coloured.contains('\x1b'));
    let mut stripped = coloured;
    for code in ["1", "2", "31", "32", "33", "0"] {
        stripped = stripped.replace(&format!("\x1b[{code}m"), "");
    }
    assert_eq!(stripped, plain);
}

#[test]
fn only_words_that_cannot_be_broken_go_beyond_the_width() {
    for width in [60, 80, 120] {
        for line in text(&tampered().report(), Style { width, color: false }).lines() {
            let longest = line.split_whitespace().map(|w| w.chars().count()).max().unwrap_or(0);
            // A label and its indent stand before a long ARN.
            assert!(line.chars().count() <= width || longest + 40 > width, "{width}: {line}");
        }
    }
}

#[test]
fn json_has_the_promised_keys_and_the_same_order_each_time() {
    let report = tampered().report();
    let text = json(&report);
    let value: Value = serde_json::from_str(&text).unwrap();
    let keys: Vec<&String> = value.as_object().unwrap().keys().collect();
    let promised = [
        "format_version",
        "stack",
        "env",
        "account",
        "region",
        "caller",
        "generator",
        "started",
        "finished",
        "exit_code",
        "population",
        "findings",
        "surfaces",
        "not_evaluated",
    ];
    assert_eq!(keys, promised);
    assert_eq!(value["exit_code"], 2);
    let statement = &value["surfaces"][1]["statements"][0];
    let keys: Vec<&String> = statement.as_object().unwrap().keys().collect();
    let promised = [
        "sid",
        "effect",
        "actions",
        "resources",
        "principals",
        "conditions",
        "reason",
        "status",
        "wanted",
        "live",
        "findings",
    ];
    assert_eq!(keys, promised);
    assert_eq!(text, json(&tampered().report()));
}

#[test]
fn foreign_text_neither_steers_the_terminal_nor_makes_markup() {
    let mut shop = shop();
    let evil = canonical(
        &json!({"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:x",
        "Condition": {"StringEquals": {"aws:userid": "\u{1b}[2J|<script>\n# big"}}}}),
    );
    let path = "/policies/grants/statements";
    shop.spec("role.createOrder").pointer_mut(path).unwrap()["Evil"] =
        evil["statements"]["#1"].clone();
    let report = shop.report();
    assert!(!text(&report, Style { width: 80, color: false }).contains('\x1b'));
    let page = markdown(&report);
    assert!(
        page.contains("aws:userid")
            && !page.contains("<script>")
            && !page.contains("\n# big")
            && !page.contains("[2J|")
    );
}
