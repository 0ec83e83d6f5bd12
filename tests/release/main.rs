//! What a release and a pipeline are made of: install.sh against a server of its own, workflows and
//! examples under their linters, the command lines in them, the packaging scripts, and the guards
//! that let the sources compile on Windows. Needs no endpoint; a linter that is missing is told.
#![cfg(unix)]
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

mod builds;
mod commands;
mod comments;
mod install;
mod packaging;
mod server;
mod sources;
mod workflows;

use std::io::Write as _;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Past the test harness, which swallows what a passing test prints.
fn print_past_harness(line: &str) {
    std::io::stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
}

/// A program of the search path.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file());
    if found.is_none() {
        print_past_harness(&format!("NOT RUN: {name} is not installed"));
    }
    found
}

/// A linter of the tests' Python environment, which must have it, or of the search path.
fn linter(name: &str) -> Option<PathBuf> {
    let Some(tools) = std::env::var_os("SHOPSTACK_TEST_TOOLS") else {
        return program(name);
    };
    let path = PathBuf::from(tools).join("bin").join(name);
    assert!(path.is_file(), "{} is missing", path.display());
    Some(path)
}

/// The workflows, the action and the examples, as paths from the root.
fn pipelines() -> Vec<String> {
    let mut found = vec!["action.yml".to_owned(), "examples/gitlab/.gitlab-ci.yml".to_owned()];
    for folder in [".github/workflows", "examples/github"] {
        for entry in std::fs::read_dir(root().join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            found.push(format!("{folder}/{name}"));
        }
    }
    found.sort();
    assert!(found.len() > 5, "{found:?}");
    found
}
