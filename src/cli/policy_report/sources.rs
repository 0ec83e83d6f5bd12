//! The AWS calls of each function, found in the sources of its crate and of the crates that it
//! takes from the project.

use crate::cli::session::Project;
use crate::policy::source::{self, SourceCall};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A crate of more files than this is no function of a shop.
const MOST_FILES: usize = 2000;
const MOST_BYTES: u64 = 4 * 1024 * 1024;

/// Calls by logical id of the function; a function whose crate cannot be read is left out.
pub(super) fn calls(project: &Project) -> BTreeMap<String, Vec<SourceCall>> {
    let functions = project.stack.functions.iter();
    functions
        .filter_map(|(id, function)| {
            Some((id.clone(), of_crate(&project.root, &function.crate_path)?))
        })
        .collect()
}

fn of_crate(root: &Path, folder: &str) -> Option<Vec<SourceCall>> {
    let (mut all, mut uses_sdk) = (BTreeSet::new(), false);
    let mut crates = vec![root.join(folder)];
    let mut seen = BTreeSet::new();
    while let Some(at) = crates.pop() {
        // Two crates that name each other would go on for ever.
        if !seen.insert(at.canonicalize().ok()?) {
            continue;
        }
        let manifest = std::fs::read_to_string(at.join("Cargo.toml")).ok()?;
        crates.extend(local_crates(&manifest).map(|path| at.join(path)));
        for file in rust_files(&at.join("src")) {
            let (calls, named) = of_file(root, &file);
            all.extend(calls);
            uses_sdk |= named;
        }
    }
    if !uses_sdk {
        let note = Some("the crate does not use the AWS SDK for Rust".to_string());
        all.insert(SourceCall { action: None, place: folder.to_string(), note });
    }
    Some(all.into_iter().collect())
}

/// Paths of `name = { path = ".." }`.
fn local_crates(manifest: &str) -> impl Iterator<Item = String> {
    let dependencies = manifest
        .lines()
        .scan(false, |inside, line| {
            if line.trim_start().starts_with('[') {
                *inside = line.contains("dependencies") && !line.contains("dev-dependencies");
            }
            Some((*inside, line))
        })
        .filter_map(|(inside, line)| inside.then_some(line));
    dependencies.filter_map(|line| {
        let (_, rest) = line.split_once("path")?;
        let rest = rest.trim_start().strip_prefix('=')?.trim_start().strip_prefix('"')?;
        rest.split_once('"').map(|(path, _)| path.to_string())
    })
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let kind = entry.file_type();
            if kind.as_ref().is_ok_and(std::fs::FileType::is_dir) {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") && files.len() < MOST_FILES {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// The calls of one file, and whether it names the AWS SDK.
fn of_file(root: &Path, path: &Path) -> (Vec<SourceCall>, bool) {
    let name = short(root, path);
    // By convention such a file is declared under `#[cfg(test)]`.
    let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    if stem == "tests" || stem.ends_with("_tests") {
        return (vec![], false);
    }
    let unread =
        |note: String| vec![SourceCall { action: None, place: name.clone(), note: Some(note) }];
    if path.metadata().is_ok_and(|m| m.len() > MOST_BYTES) {
        return (unread("the file is too large to be parsed".into()), true);
    }
    match std::fs::read_to_string(path) {
        Ok(text) => {
            let named = text.contains("aws_sdk");
            (source::calls(&name, &text).unwrap_or_else(unread), named)
        }
        Err(error) => (unread(format!("the file cannot be read: {error}")), true),
    }
}

/// The path below the project's folder, `../` resolved where the disk allows.
fn short(root: &Path, path: &Path) -> String {
    let (Ok(root), Ok(path)) = (root.canonicalize(), path.canonicalize()) else {
        return path.display().to_string();
    };
    path.strip_prefix(&root).unwrap_or(&path).display().to_string()
}
