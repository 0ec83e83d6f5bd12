//! Every rule is seen to fail. `fixtures/clean` is a small project that keeps all rules; each other
//! folder replaces some of its files, and `expected.txt` says what the checker must find then.

use crate::rules::{Exception, Findings, Restricted, Row, Rules};
use crate::source::{Tree, read_texts};
use crate::{check, list};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const ROWS: &[Row] = &[
    Row { layer: 0, module: "model", imports: &[] },
    Row { layer: 1, module: "aws", imports: &["model"] },
    Row { layer: 1, module: "plan", imports: &["model"] },
    Row { layer: 2, module: "resources", imports: &["model", "aws"] },
    Row { layer: 3, module: "cli", imports: &["model", "aws", "plan", "resources"] },
];

/// Small limits, so that a fixture need not be long to be too long.
const RULES: Rules = Rules {
    package: "shop",
    rows: ROWS,
    document: "ARCHITECTURE.md",
    main_imports: &["cli"],
    types: "resources",
    shared: &["shared"],
    type_tests: "tests/it/resources",
    sdk: &["aws_sdk_", "aws_smithy_", "aws_config", "aws_credential_types", "aws_types"],
    sdk_modules: &["aws", "resources"],
    restricted: &[
        Restricted {
            path: "shop::aws::clients::Clients",
            from: &["src/aws/"],
            why: "clients that can write are handed out by a Writer alone",
        },
        Restricted {
            path: "shop::aws::writer::Writer::new",
            from: &["src/cli/up.rs"],
            why: "only what applies a plan may write to AWS",
        },
    ],
    restricted_methods: &[
        Restricted {
            path: "send()",
            from: &["src/aws/", "src/resources/"],
            why: "calls of AWS stand with the resource types",
        },
        Restricted {
            path: "connections(..)",
            from: &["src/aws/"],
            why: "clients that can write are handed out by a Writer alone",
        },
    ],
    printing: &["src/cli/output.rs"],
    vague: &["made", "of"],
    file_lines: 40,
    function_lines: 10,
    columns: 100,
    exceptions: &[],
};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/architecture/fixtures")
}

/// The clean project with the files of a breach in place of its own.
fn texts_with(breach: &str) -> BTreeMap<String, String> {
    let names = ["src", "lambdas", "tests", "ARCHITECTURE.md"];
    let existing = |root: &Path| -> BTreeMap<String, String> {
        let names: Vec<&str> =
            names.iter().copied().filter(|name| root.join(name).exists()).collect();
        read_texts(root, &names)
    };
    let mut texts = existing(&folder().join("clean"));
    for (name, text) in existing(&folder().join(breach)) {
        match name.strip_suffix(".deleted") {
            Some(deleted) => assert!(texts.remove(deleted).is_some(), "{breach}: {deleted}"),
            None => drop(texts.insert(name, text)),
        }
    }
    texts
}

fn breaches() -> Vec<String> {
    let entries = fs::read_dir(folder()).expect("the fixtures");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> =
        names.map(|name| name.into_string().expect("a plain name")).collect();
    names.retain(|name| name != "clean");
    names.sort();
    names
}

#[test]
fn the_clean_project_keeps_every_rule() {
    let violations = check(&Tree::parse(RULES.package, texts_with("clean")), &RULES);
    assert!(violations.is_empty(), "{}", list(&violations));
}

#[test]
fn every_breach_is_found_at_its_place_and_nothing_else_is() {
    let mut wrong = String::new();
    for breach in breaches() {
        let path = folder().join(&breach).join("expected.txt");
        let expected = fs::read_to_string(&path).expect("what is expected");
        let violations = check(&Tree::parse(RULES.package, texts_with(&breach)), &RULES);
        let found = list(&violations);
        if found != expected || found.is_empty() {
            wrong.push_str(&format!("{breach}: expected\n{expected}found\n{found}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn the_table_itself_points_down() {
    const UPSIDE_DOWN: &[Row] = &[
        Row { layer: 0, module: "model", imports: &[] },
        Row { layer: 3, module: "cli", imports: &["model", "aws", "plan", "resources"] },
        Row { layer: 1, module: "aws", imports: &["model"] },
        Row { layer: 1, module: "plan", imports: &["model", "aws"] },
        Row { layer: 2, module: "resources", imports: &["model", "aws"] },
    ];
    let rules = Rules { rows: UPSIDE_DOWN, ..RULES };
    let found = list(&check(&Tree::parse(RULES.package, texts_with("clean")), &rules));
    for message in [
        "[table] aws stands below a row of a higher layer",
        "[table] plan may import aws, which is no lower layer",
        "[unused-import] plan may import aws and never does",
    ] {
        assert!(found.contains(message), "{message} is not in\n{found}");
    }
}

#[test]
fn exceptions_cover_what_they_name_and_fail_once_nothing_needs_them() {
    let exceptions = [
        Exception { rule: "circle", file: "", detail: "a.rs b.rs c.rs" },
        Exception { rule: "panic", file: "src/old/", detail: "" },
        Exception { rule: "panic", file: "src/gone.rs", detail: "" },
    ];
    let mut findings = Findings::default();
    findings.add("circle", "a.rs", 1, "a.rs <-> b.rs".into());
    findings.add("circle", "a.rs", 1, "a.rs <-> d.rs".into());
    findings.add("panic", "src/old/x.rs", 2, "todo!".into());
    findings.add("panic", "src/older.rs", 3, "todo!".into());
    let left = list(&findings.without_exceptions(&exceptions));
    let lines: Vec<&str> = left.lines().collect();
    assert_eq!(
        lines,
        [
            "a.rs:1: [circle] a.rs <-> d.rs",
            "src/older.rs:3: [panic] todo!",
            "src/gone.rs:0: [stale-exception] nothing breaks `panic` here any more (): remove it",
        ]
    );
}

/// A rule without a fixture could stop to work, and no test would notice.
#[test]
fn every_rule_has_a_fixture() {
    let mut expected = String::new();
    for breach in breaches() {
        let path = folder().join(&breach).join("expected.txt");
        expected.push_str(&fs::read_to_string(path).expect("what is expected"));
    }
    for rule in crate::RULE_NAMES {
        assert!(expected.contains(&format!("[{rule}]")), "no fixture breaks `{rule}`");
    }
}
