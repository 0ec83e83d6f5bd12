//! Rules that look at one file: what it prints, where it may panic, how long it is, how its
//! functions are named, whether it says what it is for.

use crate::imports::production;
use crate::rules::{Findings, Rules};
use crate::source::{File, Target, Tree};

const PRINTS: [&str; 5] = ["print", "println", "eprint", "eprintln", "dbg"];
const STREAMS: [&str; 4] = ["stdout", "stderr", "Stdout", "Stderr"];
const PANICS: [&str; 10] = [
    "panic",
    "unreachable",
    "todo",
    "unimplemented",
    "assert",
    "assert_eq",
    "assert_ne",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
];
const UNWRAPS: [&str; 4] = ["unwrap()", "expect(..)", "unwrap_err()", "expect_err(..)"];
/// Words in front of a list that the scan of a macro's tokens would take for an index.
const KEYWORDS: [&str; 8] = ["let", "in", "return", "mut", "ref", "else", "if", "match"];

/// Only the outermost layer prints or ends the process.
pub fn check_printing(tree: &Tree, rules: &Rules, findings: &mut Findings) {
    for (name, file) in &tree.files {
        // What a Lambda prints is its log.
        if rules.printing.contains(&name.as_str()) || !name.starts_with("src/") {
            continue;
        }
        for call in production(file, &file.facts.macros) {
            let last = call.path.last().map_or("", String::as_str);
            if PRINTS.contains(&last) {
                findings.add("print", name, call.line, format!("{last}!"));
            }
        }
        let uses = file.facts.uses.iter().filter(|u| !u.test && !file.test);
        let paths = production(file, &file.facts.paths).map(|p| (&p.module, &p.path, p.line));
        for (module, path, line) in paths.chain(uses.map(|u| (&u.module, &u.path, u.line))) {
            let Target::External(full) = tree.resolve(module, path) else { continue };
            let stream =
                full.len() > 1 && full.last().is_some_and(|l| STREAMS.contains(&l.as_str()));
            let exit = full.ends_with(&["process".into(), "exit".into()])
                || full.ends_with(&["process".into(), "abort".into()]);
            if stream || exit {
                findings.add("print", name, line, full.join("::"));
            }
        }
    }
}

/// Production code returns errors. Clippy refuses most of this as well, with types; what it lets
/// pass (`assert!`, an index into a map) is refused here.
pub fn check_panics(tree: &Tree, findings: &mut Findings) {
    for (name, file) in tree.files.iter().filter(|(name, _)| !name.starts_with("tests/")) {
        for call in production(file, &file.facts.macros) {
            let last = call.path.last().map_or("", String::as_str);
            if PANICS.contains(&last) {
                findings.add("panic", name, call.line, format!("{last}!"));
            }
        }
        for call in production(file, &file.facts.methods) {
            let last = call.path.last().map_or("", String::as_str);
            if UNWRAPS.contains(&last) {
                findings.add("panic", name, call.line, format!(".{last}"));
            }
        }
        for index in production(file, &file.facts.indexes) {
            let before = index.path.last().map_or("", String::as_str);
            if !KEYWORDS.contains(&before) {
                findings.add("panic", name, index.line, "an index that may not be there".into());
            }
        }
    }
}

pub fn check_size(tree: &Tree, rules: &Rules, findings: &mut Findings) {
    for (name, file) in &tree.files {
        let lines = file.text.lines().count();
        if lines > rules.file_lines {
            let message = format!("{lines} lines, {} is the limit", rules.file_lines);
            findings.add("file-length", name, 1, message);
        }
        for (at, line) in file.text.lines().enumerate() {
            let columns = line.chars().count();
            if columns > rules.columns {
                let message = format!("{columns} columns, {} is the limit", rules.columns);
                findings.add("line-width", name, at + 1, message);
            }
        }
        for function in &file.facts.functions {
            if function.lines > rules.function_lines {
                let kind = function.name.as_ref().map_or("a closure".into(), |n| format!("fn {n}"));
                let message = format!(
                    "{kind} of {} lines, {} is the limit",
                    function.lines, rules.function_lines
                );
                findings.add("function-length", name, function.line, message);
            }
        }
    }
}

/// The first lines say what the file is for: a sentence of at least four words with its full stop.
pub fn check_header(tree: &Tree, findings: &mut Findings) {
    for (name, file) in &tree.files {
        let header: Vec<&str> =
            file.text.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim).collect();
        let first = header.split(|line| line.is_empty()).next().unwrap_or_default().join(" ");
        let words = first.split_whitespace().count();
        if words < 4 || !first.contains(['.', ';', ':']) || !first.ends_with(['.', ':']) {
            let message = "does not begin with a `//!` sentence on what it is for".to_string();
            findings.add("header", name, 1, message);
        }
    }
}

/// A function's name says what it does: one vague word cannot be searched for.
pub fn check_names(tree: &Tree, rules: &Rules, findings: &mut Findings) {
    for (name, file) in &tree.files {
        for function in file.facts.functions.iter().filter(|function| !function.of_trait) {
            let word = function.name.as_deref().unwrap_or_default();
            if rules.vague.contains(&word) {
                findings.add(
                    "vague-name",
                    name,
                    function.line,
                    format!("fn {word} says too little"),
                );
            }
        }
    }
}

/// Each resource type has a test file of its name with at least one test.
pub fn check_type_tests(tree: &Tree, rules: &Rules, findings: &mut Findings) {
    for (name, file) in tree.files.iter().filter(|(_, file)| is_type(tree, rules, file)) {
        let kind = file.module.last().map_or("", String::as_str);
        let wanted = format!("{}/{kind}.rs", rules.type_tests);
        let nested = format!("{}/{kind}/", rules.type_tests);
        let tests: usize = tree
            .files
            .iter()
            .filter(|(test, _)| **test == wanted || test.starts_with(&nested))
            .map(|(_, file)| file.facts.tests)
            .sum();
        if tests == 0 {
            let message = format!("no test in {wanted}");
            findings.add("type-test", name, 1, message);
        }
    }
}

/// A resource type is a module of the types' folder that defines `INFO`.
fn is_type(tree: &Tree, rules: &Rules, file: &File) -> bool {
    let inside = file.module.first() == Some(&tree.package)
        && file.module.get(1).is_some_and(|module| module == rules.types);
    inside && file.facts.items.iter().any(|(owner, name)| *owner == file.module && name == "INFO")
}
