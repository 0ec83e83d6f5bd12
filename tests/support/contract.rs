//! The contract's JSON, checked value by value: what a pipeline may rely on.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const OPS: [&str; 5] = ["create", "update", "replace", "delete", "adopt"];
const SUMMARY: [&str; 7] =
    ["create", "update", "replace", "delete", "unchanged", "drifted", "not_emulated"];

/// Every line of `up --json`, `down --json` or `smoke --json`.
pub fn events(lines: &[Value]) {
    let mut ended: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut started = BTreeSet::new();
    for (index, line) in lines.iter().enumerate() {
        let last = index + 1 == lines.len();
        match text(line, "event") {
            "plan" => plan(line),
            "resource" => {
                let (address, status) = resource(line);
                match status {
                    "started" => assert!(started.insert(address), "started twice: {line}"),
                    "waiting" => {}
                    _ => ended.entry(address).or_default().push(status),
                }
            }
            "smoke" => smoke(line),
            "summary" => {
                assert!(last, "the summary comes last: {line}");
                summary(line);
            }
            other => panic!("unknown event {other}: {line}"),
        }
        assert!(!last || line["event"] == "summary", "the last line is the summary: {line}");
    }
    for address in started {
        assert_eq!(ended.get(address).map(Vec::len), Some(1), "{address} ends once: {ended:?}");
    }
}

/// The document of `diff --json`, and the plan event.
pub fn plan(line: &Value) {
    assert_eq!(line["format_version"], "1.0", "{line}");
    assert!(
        !text(line, "stack").is_empty()
            && !text(line, "env").is_empty()
            && !text(line, "region").is_empty()
    );
    let account = text(line, "account");
    assert!(account.len() == 12 && account.chars().all(|c| c.is_ascii_digit()), "{account}");
    for key in SUMMARY {
        number(&line["summary"], key);
    }
    number(&line["calls"], "read");
    assert_eq!(number(&line["calls"], "write"), 0, "planning never writes");
    for change in line["changes"].as_array().expect("changes") {
        address(change);
        assert!(text(change, "type").starts_with("AWS::"), "{change}");
        assert!(!text(change, "name").is_empty(), "{change}");
        assert!(OPS.contains(&text(change, "op")), "{change}");
        assert!(["change", "drift", "both"].contains(&text(change, "cause")), "{change}");
        for field in change["fields"].as_array().expect("fields") {
            assert!(!text(field, "path").is_empty() || change["op"] == "create", "{field}");
            assert!(field["replaces"].is_boolean(), "{field}");
            let keys: BTreeSet<&str> =
                field.as_object().expect("an object").keys().map(String::as_str).collect();
            assert_eq!(keys, BTreeSet::from(["path", "live", "applied", "wanted", "replaces"]));
            assert!(!field.to_string().contains("{{"), "references are masked: {field}");
        }
    }
}

fn resource(line: &Value) -> (&str, &str) {
    assert!(OPS.contains(&text(line, "op")), "{line}");
    let status = text(line, "status");
    assert!(["started", "waiting", "done", "failed", "not_emulated"].contains(&status), "{line}");
    number(line, "elapsed_ms");
    text(line, "message");
    (address(line), status)
}

fn smoke(line: &Value) {
    assert!(!text(line, "check").is_empty(), "{line}");
    assert!(["passed", "failed", "skipped"].contains(&text(line, "status")), "{line}");
    number(line, "elapsed_ms");
    assert!(!text(line, "message").is_empty(), "{line}");
}

fn summary(line: &Value) {
    assert!(["ok", "failed", "interrupted"].contains(&text(line, "result")), "{line}");
    number(line, "changed");
    number(line, "elapsed_ms");
    for key in ["read", "write", "retried", "throttled", "bookkeeping", "smoke"] {
        number(&line["calls"], key);
    }
    assert!(line["outputs"].is_object(), "{line}");
    assert!(line["remaining"].as_array().is_some_and(|r| r.iter().all(Value::is_string)), "{line}");
}

fn address(line: &Value) -> &str {
    let address = text(line, "address");
    assert!(
        address.split_once('.').is_some_and(|(group, id)| !group.is_empty() && !id.is_empty()),
        "{line}"
    );
    address
}

fn text<'a>(line: &'a Value, key: &str) -> &'a str {
    line[key].as_str().unwrap_or_else(|| panic!("no text `{key}` in {line}"))
}

fn number(line: &Value, key: &str) -> u64 {
    line[key].as_u64().unwrap_or_else(|| panic!("no number `{key}` in {line}"))
}
