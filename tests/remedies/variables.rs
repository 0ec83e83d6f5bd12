//! `docs/environment-variables.md` names every variable that the code reads.

use std::path::{Path, PathBuf};

/// What is set for others, or is known to cargo while it builds us.
const NOT_READ: &[&str] = &[
    "BIND_HOST",
    "GATEWAY_PORT",
    "IOT_MTLS_ENABLED",
    "SFTP_ENABLED",
    "TMPDIR",
    "PYTHONUNBUFFERED",
    "AUTH",
    "CARGO_MANIFEST_DIR",
    "CARGO_PKG_VERSION",
    "UPDATE_GOLDEN",
    "CARGO_TARGET_DIR",
    "GLIBC_ABI_DT_RELR",
    "GLIBC_PRIVATE",
    // The tests' own switch.
    "SHOPSTACK_RATE_BUDGETS",
];

/// Variables of one word; other words in capitals are placeholders and the like.
const ONE_WORD: &[&str] = &["HOME", "PATH", "TERM", "CARGO", "RUSTC", "COLUMNS", "HOSTNAME"];

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(path);
        }
    }
}

/// The text literals of a file that look like names of variables.
fn names(text: &str) -> Vec<String> {
    let literals = text.split('"').skip(1).step_by(2);
    let upper = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    literals
        .filter(|word| word.chars().all(upper) && !word.starts_with('_'))
        .filter(|word| word.contains('_') || ONE_WORD.contains(word))
        .map(str::to_string)
        .collect()
}

#[test]
fn every_variable_that_is_read_is_on_the_page() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/environment-variables.md")).unwrap();
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    let (mut seen, mut missing) = (0, Vec::new());
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        // Tests at the end of a file set variables of their own.
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let reads = ["env::var", "variable(\"", "env = \"", "from_vars"];
        if !reads.iter().any(|read| code.contains(read)) {
            continue;
        }
        seen += 1;
        for name in names(code) {
            let known = NOT_READ.contains(&name.as_str()) || page.contains(&format!("`{name}"));
            if !known && !missing.contains(&name) {
                missing.push(name);
            }
        }
    }
    assert!(seen >= 8, "only {seen} files read the environment: does the search still find them?");
    assert_eq!(missing, [""; 0], "add them to docs/environment-variables.md");
}

#[test]
fn a_variable_that_is_not_on_the_page_would_be_found() {
    let code = "let x = std::env::var(\"SHOPSTACK_SECRET_SWITCH\");";
    assert_eq!(names(code), ["SHOPSTACK_SECRET_SWITCH"]);
}
