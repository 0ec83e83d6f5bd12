//! The files of verdicts, and whether what a verdict names is there.

use crate::drift::fields;
use serde::Deserialize;
use shopstack::resources::TYPES;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// One service's file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Members that set nothing, in whatever operation, with the reason.
    pub request: BTreeMap<String, String>,
    /// By type and by operations, separated by commas.
    pub types: BTreeMap<String, BTreeMap<String, Verdicts>>,
    /// Operations that set nothing on a resource of ours, by the reason.
    pub elsewhere: BTreeMap<String, Vec<String>>,
}

/// One verdict for whole operations, or one for each member.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Verdicts {
    Whole(String),
    Members(BTreeMap<String, String>),
}

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Every file beside this one, by service.
pub fn settings() -> Vec<(String, Settings)> {
    let files = files_below(&Path::new(ROOT).join("tests/it/settings"), "yaml");
    let one = |path: PathBuf| {
        let service = path.file_stem().unwrap().to_str().unwrap().to_string();
        (service, parse(&std::fs::read_to_string(&path).unwrap()))
    };
    let mut all: Vec<_> = files.into_iter().map(one).collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

pub fn parse(text: &str) -> Settings {
    serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{error}"))
}

/// The parts of a key that names several, `A, B`.
pub fn parts(key: &str) -> impl Iterator<Item = &str> {
    key.split(',').map(str::trim)
}

/// The verdict's word, and what it says.
pub fn split(verdict: &str) -> (&str, &str) {
    verdict.split_once(' ').unwrap_or((verdict, ""))
}

/// What is wrong with a verdict on a setting of this type.
pub fn fault(type_name: &str, verdict: &str) -> Option<String> {
    let (word, rest) = split(verdict);
    match word {
        "managed" => parts(rest)
            .find(|field| !is_field(type_name, field))
            .map(|field| format!("no field `{field}`")),
        "drift" => match rest.strip_prefix("test ") {
            Some(name) if !is_test(name) => Some(format!("no test `{name}`")),
            Some(_) => None,
            None if !CASES.iter().any(|(t, case)| t == type_name && case == rest) => {
                Some(format!("no case `{rest}` in docs/coverage.md"))
            }
            None => None,
        },
        "harmless" | "unseen" | "request" if rest.is_empty() => Some("a reason is missing".into()),
        "harmless" | "unseen" | "request" => None,
        _ => Some(format!("`{verdict}` is no verdict")),
    }
}

fn is_field(type_name: &str, field: &str) -> bool {
    let (type_name, field) = match field.split_once('/') {
        Some((group, field)) => {
            let info = TYPES.iter().map(|t| t.info()).find(|info| info.group == group);
            (info.map_or("", |info| info.type_name), field)
        }
        None => (type_name, field),
    };
    let known = TYPES.iter().any(|t| t.info().type_name == type_name);
    known && fields::list_fields(type_name).iter().any(|known| known == field)
}

/// Types with the cases that the tests of drift have tried on them, as their page tells.
static CASES: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let page = std::fs::read_to_string(Path::new(ROOT).join("docs/coverage.md")).unwrap();
    let mut cases = Vec::new();
    let mut current = "";
    for line in page.lines() {
        if let Some(type_name) = line.strip_prefix("## ") {
            current = type_name;
        }
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if let ["", name, drift, ..] = cells.as_slice()
            && drift.starts_with("yes")
        {
            cases.push((current.to_string(), name.trim_matches('`').to_string()));
        }
    }
    cases
});

/// The names of all test functions of the repository.
static TESTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let folders = ["src", "tests/hermetic", "tests/it"].map(|folder| Path::new(ROOT).join(folder));
    let files = folders.iter().flat_map(|folder| files_below(folder, "rs"));
    let mut names = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(file).unwrap();
        let mut marked = false;
        for line in text.lines().map(str::trim) {
            let name = line.trim_start_matches("async ").strip_prefix("fn ");
            match name.and_then(|name| name.split('(').next()) {
                Some(name) if marked => names.push(name.to_string()),
                _ => {}
            }
            marked = line.starts_with("#[") && (marked || line.contains("test"));
        }
    }
    names
});

fn is_test(name: &str) -> bool {
    TESTS.iter().any(|test| test == name)
}

fn files_below(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path, ending));
        } else if path.extension().is_some_and(|e| e == ending) {
            found.push(path);
        }
    }
    found
}
