//! Windows compiles: every name that only Unix has stands under a cfg. Where Rust has the Windows
//! target, CI compiles for it; this test needs none.

use super::{read, root};
use std::path::{Path, PathBuf};

/// Names of the standard library, tokio and rustix that do not exist on Windows.
const UNIX_ONLY: [&str; 6] =
    ["os::unix", "os::fd::", "signal::unix", "rustix::", ".process_group(", "libc::"];
const GUARDS: [&str; 3] = ["#[cfg(unix)]", "#[cfg(all(test, unix))]", "#![cfg(unix)]"];

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Whether one of the attributes right above a line is a guard.
fn has_guard_above(lines: &[&str], at: usize) -> bool {
    lines[..at]
        .iter()
        .rev()
        .map(|line| line.trim())
        .take_while(|line| line.starts_with('#') || line.starts_with("//"))
        .any(|line| GUARDS.contains(&line))
}

/// Whether a line or something around it is compiled for Unix alone. Goes by the indentation that
/// rustfmt gives: what encloses a line begins further left.
fn is_guarded(lines: &[&str], at: usize) -> bool {
    let mut left = indent(lines[at]) + 1;
    for number in (0..=at).rev() {
        let line = lines[number];
        if line.trim().is_empty() || indent(line) >= left {
            continue;
        }
        if has_guard_above(lines, number) {
            return true;
        }
        // `) -> T {` ends a head that begins above, at the same indentation.
        let ends_a_head = line.trim_start().starts_with([')', '}', ']']);
        left = indent(line) + usize::from(ends_a_head);
    }
    lines.contains(&"#![cfg(unix)]")
}

fn unguarded(text: &str) -> Vec<String> {
    let lines: Vec<_> = text.lines().collect();
    let names = |line: &str| {
        let code = line.split("//").next().unwrap_or_default();
        UNIX_ONLY.iter().any(|name| code.contains(name))
    };
    let found =
        lines.iter().enumerate().filter(|(at, line)| names(line) && !is_guarded(&lines, *at));
    found.map(|(at, line)| format!("{}: {}", at + 1, line.trim())).collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn what_only_unix_has_stands_under_a_cfg() {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    assert!(files.len() > 100, "{} files", files.len());
    let mut wrong = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let name = file.strip_prefix(root()).unwrap().display().to_string();
        wrong.extend(unguarded(&text).into_iter().map(|line| format!("{name}:{line}")));
    }
    assert!(wrong.is_empty(), "Windows cannot compile:\n{}", wrong.join("\n"));
}

#[test]
fn crates_for_unix_are_no_dependency_elsewhere() {
    let manifest = read("Cargo.toml");
    let unix = manifest.split("[target.'cfg(unix)'.dependencies]").nth(1).unwrap();
    assert!(unix.split("\n[").next().unwrap().contains("rustix ="), "{unix}");
    assert_eq!(manifest.matches("\nrustix =").count(), 1);
}

#[test]
fn guards_are_seen_where_they_are_and_missed_where_they_are_not() {
    let bare = "fn f() {\n    use std::os::unix::fs::PermissionsExt;\n}\n";
    assert_eq!(unguarded(bare).len(), 1);
    assert_eq!(unguarded(&format!("#[cfg(unix)]\n{bare}")), Vec::<String>::new());
    let line = "fn f() {\n    #[cfg(unix)]\n    command.process_group(0);\n}\n";
    assert_eq!(unguarded(line), Vec::<String>::new());
    let module =
        "#[cfg(all(test, unix))]\nmod tests {\n    use super::*;\n    use std::os::unix::x;\n}\n";
    assert_eq!(unguarded(module), Vec::<String>::new());
    let neighbour =
        "#[cfg(unix)]\nfn f() {}\n\nfn g(\n    a: u8,\n) -> u8 {\n    rustix::process()\n}\n";
    assert_eq!(unguarded(neighbour).len(), 1);
    let head = "#[cfg(unix)]\nfn g(\n    a: u8,\n) -> u8 {\n    rustix::process()\n}\n";
    assert_eq!(unguarded(head), Vec::<String>::new());
}
