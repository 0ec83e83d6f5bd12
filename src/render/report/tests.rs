//! The report's texts against snapshots: a clean shop, and one tampered with in every way.

use super::*;
use crate::policy::canonical;
use crate::render::snapshot::assert_snapshot;
use crate::render::style::Style;
use crate::report::fixture::{Shop, proof, shop};
use serde_json::json;

fn tampered() -> Shop {
    let mut shop = shop();
    let wide = "arn:aws:dynamodb:us-east-1:111122223333:table/*";
    let grants = "/policies/grants/statements";
    shop.spec("role.listProducts").pointer_mut(grants).unwrap()["TableProducts"]["resources"] =
        json!([wide]);
    shop.spec("role.listProducts")["attached"] =
        json!(["arn:aws:iam::aws:policy/AmazonS3FullAccess"]);
    let extra =
        canonical(&json!({"Statement": {"Sid": "Extra", "Effect": "Allow", "Action": "dynamodb:*",
            "Resource": "*"}}));
    shop.spec("role.createOrder").pointer_mut(grants).unwrap()["Extra"] =
        extra["statements"]["Extra"].clone();
    let public =
        canonical(&json!({"Statement": {"Sid": "Public", "Effect": "Allow", "Principal": "*",
        "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::shop-dev-site-111122223333-us-east-1/*"}}));
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
fn a_proof_stands_in_every_form_with_its_evidence() {
    let mut shop = shop();
    shop.proof = Some(proof());
    let report = shop.report();
    let plain = text(&report, Style { width: 100, color: false });
    let from = plain.find("\nProof\n").unwrap();
    let to = from + plain[from..].find("= as wanted").unwrap();
    assert_snapshot("policy_report_proof.txt", &plain[from..to]);
    let (page, markdown) = (html(&report), markdown(&report));
    for (form, text) in [("html", &page), ("markdown", &markdown), ("json", &json(&report))] {
        for part in ["forbidden calls refused", "AccessDeniedException in the log", "MiniStack"] {
            assert!(
                text.contains(part) || form == "json" && part.contains("calls"),
                "{form}: {part}"
            );
        }
    }
    assert!(!page.contains("<b>through") && page.contains("&lt;b&gt;through"), "evidence is text");
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
    for code in ["1;33", "1", "2", "31", "32", "33", "0"] {
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
    assert_eq!(value["exit_code"], 2);
    let first = text.lines().nth(1).unwrap_or_default();
    assert!(first.contains("format_version"), "{first}");
    for key in ["coverage", "findings", "access", "needs", "reads", "surfaces", "digest"] {
        assert!(value.get(key).is_some(), "{key}");
    }
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

#[test]
fn the_schema_file_is_the_one_that_the_types_give() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("report.schema.json");
    let schema = serde_json::to_string_pretty(&json_schema()).unwrap() + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &schema).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(found == schema, "UPDATE_GOLDEN=1 rewrites report.schema.json");
}

/// Names as somebody with rights in the account may choose them.
fn hostile() -> Shop {
    let mut shop = tampered();
    let evil = "=cmd|'/c calc'!A1<img src=x onerror=alert(1)>\u{202e}\"";
    let statement = json!({"effect": "Allow", "actions": ["s3:GetObject"], "resources": [evil]});
    shop.spec("role.createOrder").pointer_mut("/policies/grants/statements").unwrap()[evil] =
        statement;
    shop
}

#[test]
fn html_is_one_page_in_which_foreign_text_is_only_text() {
    let page = html(&hostile().report());
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"));
    for part in ["<script", "<img", "\u{202e}", "http://", "https://", "<link"] {
        assert!(!page.contains(part), "{part}");
    }
    assert!(page.contains("&lt;img src=x onerror") && page.contains("<svg"));
    // Every element that is opened is closed.
    for tag in ["section", "table", "tr", "td", "th", "div", "ul", "li", "main", "svg", "dl"] {
        let (open, close) = (format!("<{tag}"), format!("</{tag}>"));
        let starts = |rest: &str| rest.starts_with([' ', '>']);
        let opened = page.match_indices(&open).filter(|(at, _)| starts(&page[at + open.len()..]));
        assert_eq!(opened.count(), page.matches(&close).count(), "{tag}");
    }
}

#[test]
fn no_cell_of_the_csv_is_a_formula() {
    let text = csv(&hostile().report());
    let width = text.lines().next().unwrap().split(',').count();
    let mut quoted = false;
    let mut fields = vec![String::new()];
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' | '\n' if !quoted => fields.push(String::new()),
            '\r' if !quoted => {}
            other => fields.last_mut().unwrap().push(other),
        }
    }
    assert_eq!((fields.len() - 1) % width, 0);
    for field in fields {
        assert!(!field.trim_start().starts_with(['=', '+', '-', '@']), "{field}");
    }
}

#[test]
fn sarif_has_a_result_for_each_finding_with_its_rule_and_fingerprint() {
    let mut shop = tampered();
    shop.accepted.push(crate::report::Accepted {
        rule: "managed-policy".into(),
        resource: None,
        reason: "until the migration".into(),
        approver: "kim".into(),
        expires: "2027-01-01".into(),
        location: None,
    });
    let report = shop.report();
    let log: Value = serde_json::from_str(&sarif(&report)).unwrap();
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), report.findings.len());
    for result in results {
        let index = result["ruleIndex"].as_u64().unwrap() as usize;
        assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
        assert!(result["partialFingerprints"]["findingId/v1"].is_string());
    }
    let suppressed = results.iter().filter(|r| r["suppressions"].is_array()).count();
    assert_eq!(suppressed, 1);
}
