//! The AWS calls of each function, found in the sources of its crate and of the crates that it
//! takes from the project.

use crate::cli::session::Project;
use crate::model::text;
use crate::policy::source::{self, SourceCall};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use toml::{Table, Value};

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
    let (mut all, mut services, mut files) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    let mut crates = vec![root.join(folder)];
    let mut seen = BTreeSet::new();
    while let Some(at) = crates.pop() {
        // Two crates that name each other would go on for ever.
        if !seen.insert(at.canonicalize().ok()?) {
            continue;
        }
        crates.extend(local_crates(&at)?);
        services.extend(source::services(&manifest_text(&at)?));
        for file in rust_files(&at) {
            let name = short(root, &file);
            match read(&file) {
                Ok(text) => {
                    services.extend(source::services(&text));
                    files.push((name, text));
                }
                Err(note) => {
                    all.insert(SourceCall { action: None, place: name, note: Some(note) });
                }
            }
        }
    }
    for (name, text) in files {
        let unread =
            |note: String| vec![SourceCall { action: None, place: name.clone(), note: Some(note) }];
        all.extend(source::calls(&name, &text, &services).unwrap_or_else(unread));
    }
    if services.is_empty() && all.is_empty() {
        let note = Some("the crate does not use the AWS SDK for Rust".to_string());
        all.insert(SourceCall { action: None, place: folder.to_string(), note });
    }
    Some(all.into_iter().collect())
}

/// The folders of the crates that a manifest takes from the project: by path, or from the
/// workspace, whose manifest is the nearest above with such a table.
fn local_crates(at: &Path) -> Option<Vec<PathBuf>> {
    let manifest = manifest(at)?;
    let mut tables = vec![&manifest];
    let targets = manifest.get("target").and_then(Value::as_table);
    tables.extend(targets.iter().flat_map(|t| t.values()).filter_map(Value::as_table));
    let kinds = ["dependencies", "build-dependencies", "build_dependencies"];
    let dependencies = tables.into_iter().flat_map(|table| {
        kinds.iter().filter_map(|kind| table.get(*kind).and_then(Value::as_table))
    });
    let crates = dependencies.flatten().filter_map(|(name, dependency)| {
        if let Some(path) = dependency.get("path").and_then(Value::as_str) {
            return Some(at.join(path));
        }
        let shared = dependency.get("workspace").and_then(Value::as_bool) == Some(true);
        if shared { of_workspace(at, name) } else { None }
    });
    Some(crates.collect())
}

/// The folder of a crate that the workspace's dependencies name by path.
fn of_workspace(at: &Path, name: &str) -> Option<PathBuf> {
    let at = at.canonicalize().ok()?;
    let root = at.ancestors().find(|folder| {
        manifest(folder).is_some_and(|manifest| manifest.contains_key("workspace"))
    })?;
    let manifest = manifest(root)?;
    let dependency = manifest.get("workspace")?.get("dependencies")?.get(name)?;
    Some(root.join(dependency.get("path")?.as_str()?))
}

fn manifest(folder: &Path) -> Option<Table> {
    manifest_text(folder)?.parse().ok()
}

fn manifest_text(folder: &Path) -> Option<String> {
    text::decode(&std::fs::read(folder.join("Cargo.toml")).ok()?).ok()
}

/// The sources of a crate that end up in the function; a binary may stand beside the manifest.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let kind = entry.file_type();
            if kind.as_ref().is_ok_and(std::fs::FileType::is_dir) {
                if !is_apart(&path) {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|e| e == "rs")
                && !is_for_tests(&path)
                && files.len() < MOST_FILES
            {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// True for folders of a crate that are not part of it: its tests, what cargo builds, other crates.
fn is_apart(folder: &Path) -> bool {
    let name = folder.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    name.starts_with('.')
        || ["target", "tests", "benches", "examples"].contains(&name.as_str())
        || folder.join("Cargo.toml").exists()
}

/// True for a file that, by convention, is declared under `#[cfg(test)]`.
fn is_for_tests(path: &Path) -> bool {
    let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    stem == "tests" || stem.ends_with("_tests")
}

/// Errors: why the file cannot be read, for the report.
fn read(path: &Path) -> Result<String, String> {
    if path.metadata().is_ok_and(|m| m.len() > MOST_BYTES) {
        return Err("the file is too large to be parsed".into());
    }
    std::fs::read_to_string(path).map_err(|error| format!("the file cannot be read: {error}"))
}

/// The path below the project's folder, `../` resolved where the disk allows.
fn short(root: &Path, path: &Path) -> String {
    let (Ok(root), Ok(path)) = (root.canonicalize(), path.canonicalize()) else {
        return path.display().to_string();
    };
    path.strip_prefix(&root).unwrap_or(&path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_crates_are_found_however_the_manifest_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().canonicalize().unwrap();
        let function = at.join("lambdas/f");
        std::fs::create_dir_all(&function).unwrap();
        let workspace = "\u{feff}[workspace]\n[workspace.dependencies]\nw = { path = 'w' }\n";
        std::fs::write(at.join("Cargo.toml"), workspace).unwrap();
        let manifest = "[package]\nname = \"f\"\n\
            [dependencies]\na = { path = '../a' }\nserde = \"1\" # path = \"../no\"\n\
            w.workspace = true\nx = { version = \"1\", path = \"../x\" }\n\
            [dependencies.b]\nversion = \"1\"\npath = \"../b\"\n\
            [target.'cfg(unix)'.dependencies]\nc = { path = \"../c\" }\n\
            [build-dependencies]\nd.path = \"../d\"\n\
            [dev-dependencies]\ntests = { path = \"../tests\" }\n\
            [[bin]]\nname = \"f\"\npath = \"src/f.rs\"\n";
        std::fs::write(function.join("Cargo.toml"), manifest).unwrap();
        let mut found = local_crates(&function).unwrap();
        found.sort();
        let below = |name: &str| function.join("..").join(name);
        let mut expected: Vec<_> = ["a", "b", "c", "d", "x"].iter().map(|n| below(n)).collect();
        expected.push(at.join("w"));
        expected.sort();
        assert_eq!(found, expected);
    }
}
