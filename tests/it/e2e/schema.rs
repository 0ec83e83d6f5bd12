//! The published schema of plans, judged by a validator that is not ours: it takes every plan there
//! is, and no other.

use crate::support::env::{endpoint, tools};
use crate::support::shop::Shop;
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Keys that need not be there.
const OPTIONAL: [&str; 4] = ["not_emulated", "notes", "cost", "secrets"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// For each document: nothing where it is valid, else what is wrong with it.
fn verdicts(documents: &[Value]) -> Vec<Option<String>> {
    let mut child = Command::new(tools().join("bin/python"))
        .arg(root().join("tests/tools/validate.py"))
        .arg(root().join("plan.schema.json"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(json!(documents).to_string().as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let verdicts: Vec<Option<String>> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(verdicts.len(), documents.len());
    verdicts
}

/// Every plan among the snapshots, by file name.
fn snapshots() -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(root().join("src/render/snapshots")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().to_string();
        if name.starts_with("plan_") && name.ends_with(".json.snap") {
            let snapshot = std::fs::read_to_string(path).unwrap();
            // Below insta's header, which ends with its second line of dashes.
            let document = snapshot.splitn(3, "---\n").nth(2).unwrap();
            all.push((name, serde_json::from_str(document).unwrap()));
        }
    }
    assert!(all.len() >= 15, "where are the plans? {all:?}");
    all
}

#[tokio::test]
async fn every_plan_of_the_snapshots_and_a_real_one_are_valid() {
    let shop = Shop::new("schema", &endpoint());
    let run = shop.run(&["diff", "--json", "--out", "plan.json"]);
    assert_eq!(run.code, 2, "{}", run.stderr);
    let (printed, saved) = (run.lines().remove(0), shop.read("plan.json"));
    assert_eq!(
        printed,
        serde_json::from_str::<Value>(&saved).unwrap(),
        "printed and saved are one document"
    );
    let mut all = snapshots();
    all.push(("diff --json".into(), printed));
    let documents: Vec<Value> = all.iter().map(|(_, document)| document.clone()).collect();
    let wrong: Vec<_> =
        all.iter().zip(verdicts(&documents)).filter_map(|((n, _), v)| Some((n, v?))).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn no_key_may_be_invented_left_out_or_of_another_kind() {
    let mut spoilt: Vec<(String, Value)> = Vec::new();
    for (name, document) in snapshots() {
        for place in places(&document) {
            let keys: Vec<String> =
                document.pointer(&place).unwrap().as_object().unwrap().keys().cloned().collect();
            let with = |what: &str, change: &dyn Fn(&mut serde_json::Map<String, Value>)| {
                let mut document = document.clone();
                change(document.pointer_mut(&place).unwrap().as_object_mut().unwrap());
                (format!("{name}{place}: {what}"), document)
            };
            spoilt.push(with("invented", &|map| _ = map.insert("invented".into(), json!(1))));
            for key in keys.iter().filter(|k| !optional(&place, k)) {
                spoilt.push(with(&format!("no {key}"), &|map| _ = map.shift_remove(key)));
            }
            for key in keys.iter().filter(|k| !["live", "applied", "wanted"].contains(&k.as_str()))
            {
                spoilt.push(with(&format!("odd {key}"), &|map| {
                    _ = map.insert(key.clone(), json!([[1]]))
                }));
            }
        }
    }
    let documents: Vec<Value> = spoilt.iter().map(|(_, document)| document.clone()).collect();
    let taken: Vec<&String> = spoilt
        .iter()
        .zip(verdicts(&documents))
        .filter(|(_, v)| v.is_none())
        .map(|((what, _), _)| what)
        .collect();
    assert!(
        spoilt.len() > 300 && taken.is_empty(),
        "of {} spoilt plans these are taken: {taken:#?}",
        spoilt.len()
    );
}

fn optional(place: &str, key: &str) -> bool {
    (place.is_empty() && OPTIONAL.contains(&key))
        || (place.contains("/digests/") && ["live", "wanted"].contains(&key))
}

/// Where the document has objects of a fixed shape: all but the values of fields.
fn places(document: &Value) -> Vec<String> {
    let mut all = vec![String::new(), "/summary".into(), "/calls".into()];
    let count = |place: &str| document.pointer(place).and_then(Value::as_array).map_or(0, Vec::len);
    for change in 0..count("/changes") {
        let place = format!("/changes/{change}");
        let fields = format!("{place}/fields");
        all.extend((0..count(&fields)).map(|field| format!("{fields}/{field}")));
        all.push(place);
    }
    for (part, list) in [("/cost", "/cost/resources"), ("/secrets", "/secrets/digests")] {
        if document.pointer(part).is_some() {
            all.push(part.into());
            all.extend((0..count(list)).map(|index| format!("{list}/{index}")));
        }
    }
    all
}
