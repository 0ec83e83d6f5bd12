//! The house rules, checked on a syntax tree: who may import whom, circles between files, where
//! AWS is called, what prints or panics, how long files and functions are. `table.rs` holds the
//! rules; each folder of `fixtures/` breaks one of them.

// Tests may stop at what they did not expect, and print what they measured.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::too_many_lines,
    clippy::unreachable,
    clippy::unwrap_used
)]

mod collect;
mod compiled;
mod document;
mod facts;
mod fixtures;
mod imports;
mod rules;
mod source;
mod style;
mod table;

use rules::{Findings, Rules, Violation};
use source::Tree;
use std::path::Path;

/// The names of all rules, as messages show them.
const RULE_NAMES: [&str; 21] = [
    "circle",
    "document",
    "file-length",
    "function-length",
    "glob",
    "header",
    "import",
    "line-width",
    "module-file",
    "panic",
    "print",
    "renamed-crate",
    "restricted",
    "sdk-name",
    "table",
    "test-import",
    "type-import",
    "type-test",
    "undeclared",
    "unused-import",
    "vague-name",
];

/// Checks the sources against every rule.
fn check(tree: &Tree, rules: &Rules) -> Vec<Violation> {
    let mut findings = Findings::default();
    imports::check_table(tree, rules, &mut findings);
    imports::check_forms(tree, &mut findings);
    imports::check_declared(tree, &mut findings);
    imports::check_circles(tree, &mut findings);
    imports::check_types(tree, rules, &mut findings);
    imports::check_restricted(tree, rules, &mut findings);
    style::check_printing(tree, rules, &mut findings);
    style::check_panics(tree, &mut findings);
    style::check_size(tree, rules, &mut findings);
    style::check_header(tree, &mut findings);
    style::check_names(tree, rules, &mut findings);
    style::check_type_tests(tree, rules, &mut findings);
    document::check_document(tree, rules, &mut findings);
    findings.without_exceptions(rules.exceptions)
}

fn list(violations: &[Violation]) -> String {
    violations.iter().map(|violation| format!("{violation}\n")).collect()
}

#[test]
fn the_sources_keep_the_house_rules() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let texts = source::read_texts(root, &["src", "lambdas", "tests", "ARCHITECTURE.md"]);
    assert!(texts.len() > 100, "only {} sources found", texts.len());
    let violations = check(&Tree::parse(table::RULES.package, texts), &table::RULES);
    assert!(violations.is_empty(), "{} breaches:\n{}", violations.len(), list(&violations));
}
