//! The sources as a tree of modules: which file is which module, what is compiled for tests alone,
//! and where a path leads.

use crate::collect;
use crate::facts::{Declared, Facts};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Module path, the crate's name first.
pub type ModulePath = Vec<String>;

/// One source file and what was found in it.
pub struct File {
    pub text: String,
    pub facts: Facts,
    /// The module that this file is; empty for a file that no module declares.
    pub module: ModulePath,
    /// Compiled for tests alone.
    pub test: bool,
}

/// What can be named in one module.
#[derive(Default)]
pub struct Module {
    pub file: String,
    pub children: BTreeSet<String>,
    pub items: BTreeSet<String>,
    pub uses: BTreeMap<String, Vec<String>>,
    pub globs: Vec<Vec<String>>,
}

/// Where a path leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    Module(ModulePath),
    /// An item of a module of ours, where it is defined, and the names behind it.
    Item(ModulePath, Vec<String>),
    /// Another crate, a primitive, a local name.
    External(Vec<String>),
}

/// All sources of a project.
pub struct Tree {
    pub package: String,
    pub texts: BTreeMap<String, String>,
    pub files: BTreeMap<String, File>,
    pub modules: BTreeMap<ModulePath, Module>,
    /// `mod` lines whose file is missing, files that do not parse: path, line, message.
    pub broken: Vec<(String, usize, String)>,
}

/// The texts of `folders` and single files under `root` by their relative paths; the checker's own
/// fixtures are left out.
pub fn read_texts(root: &Path, names: &[&str]) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    let mut open: Vec<_> = names.iter().map(|name| root.join(name)).collect();
    while let Some(path) = open.pop() {
        let name = path.strip_prefix(root).expect("a path under the root");
        let name = name.to_string_lossy().replace('\\', "/");
        if path.is_dir() && name != "tests/architecture/fixtures" {
            let entries = fs::read_dir(&path).expect("a readable folder");
            open.extend(entries.map(|entry| entry.expect("a readable entry").path()));
        } else if [".rs", ".md", ".deleted"].iter().any(|end| name.ends_with(end)) {
            texts.insert(name, fs::read_to_string(&path).expect("a readable text"));
        }
    }
    texts
}

impl Tree {
    /// Parses all texts; `package` is the name of the library crate in `src/lib.rs`.
    pub fn parse(package: &str, texts: BTreeMap<String, String>) -> Self {
        let mut tree = Self {
            package: package.to_string(),
            texts,
            files: BTreeMap::new(),
            modules: BTreeMap::new(),
            broken: Vec::new(),
        };
        let names: Vec<String> =
            tree.texts.keys().filter(|name| name.ends_with(".rs")).cloned().collect();
        for name in &names {
            let root = match name.strip_suffix("src/lib.rs") {
                Some("") => Some(package.to_string()),
                Some(folder) => Some(folder.to_string()),
                None => name.ends_with("src/main.rs").then(|| name.clone()),
            };
            if let Some(root) = root {
                tree.add_file(name, vec![root], false);
            } else if is_test_root(name) {
                tree.add_file(name, vec![name.clone()], true);
            }
        }
        // The package's own integration tests are of interest for their style alone: their modules
        // are not followed.
        for name in &names {
            if !tree.files.contains_key(name) {
                tree.add_file(name, Vec::new(), name.starts_with("tests/"));
            }
        }
        tree
    }

    fn add_file(&mut self, name: &str, module: ModulePath, test: bool) {
        let Some(text) = self.texts.get(name).cloned() else { return };
        let facts = match collect::collect(&text, &module, test) {
            Ok(facts) => facts,
            Err((line, error)) => {
                self.broken.push((name.to_string(), line, format!("cannot be parsed: {error}")));
                return;
            }
        };
        if !module.is_empty() {
            self.add_names(name, &module, &facts);
        }
        let declared = facts.modules.clone();
        self.files.insert(name.to_string(), File { text, facts, module: module.clone(), test });
        if module.is_empty() {
            return;
        }
        for child in declared.iter().filter(|child| !child.inline) {
            let candidates = child_files(name, &module, child);
            let path: ModulePath = child.parent.iter().chain([&child.name]).cloned().collect();
            match candidates.iter().find(|file| self.texts.contains_key(*file)) {
                Some(file) => self.add_file(file, path, test || child.test),
                None => self.broken.push((
                    name.to_string(),
                    child.line,
                    format!("no file for `mod {}`", child.name),
                )),
            }
        }
    }

    fn add_names(&mut self, file: &str, module: &ModulePath, facts: &Facts) {
        self.modules.entry(module.clone()).or_default().file = file.to_string();
        for child in &facts.modules {
            let parent = self.modules.entry(child.parent.clone()).or_default();
            parent.children.insert(child.name.clone());
            parent.file = file.to_string();
            let path: ModulePath = child.parent.iter().chain([&child.name]).cloned().collect();
            self.modules.entry(path).or_default().file = file.to_string();
        }
        for (owner, name) in &facts.items {
            self.modules.entry(owner.clone()).or_default().items.insert(name.clone());
        }
        for used in &facts.uses {
            let owner = self.modules.entry(used.module.clone()).or_default();
            if used.glob {
                owner.globs.push(used.path.clone());
            } else if let Some(name) = used.rename.as_ref().or(used.path.last()) {
                owner.uses.insert(name.clone(), used.path.clone());
            }
        }
    }

    /// Where `path`, written in the module `from`, leads: renames, `super`, globs and re-exports
    /// are followed to the module that defines the item.
    pub fn resolve(&self, from: &[String], path: &[String]) -> Target {
        self.resolve_within(from, path, 0)
    }

    fn resolve_within(&self, from: &[String], path: &[String], depth: usize) -> Target {
        let external = || Target::External(path.to_vec());
        let Some(first) = path.first().filter(|_| depth < 24 && !from.is_empty()) else {
            return external();
        };
        match first.as_str() {
            "crate" => self.descend(&from[..1], &path[1..], depth),
            "self" => self.descend(from, &path[1..], depth),
            "super" => {
                let ups = path.iter().take_while(|part| *part == "super").count();
                let end = from.len().saturating_sub(ups).max(1);
                self.descend(&from[..end], &path[ups..], depth)
            }
            name if name == self.package => {
                self.descend(std::slice::from_ref(&self.package), &path[1..], depth)
            }
            _ => self.find_name(from, path, depth).unwrap_or_else(external),
        }
    }

    fn descend(&self, module: &[String], rest: &[String], depth: usize) -> Target {
        if rest.is_empty() {
            return Target::Module(module.to_vec());
        }
        self.find_name(module, rest, depth)
            .unwrap_or_else(|| Target::Item(module.to_vec(), rest.to_vec()))
    }

    /// What the first name of `rest` is inside `module`, and where the others lead from there.
    fn find_name(&self, module: &[String], rest: &[String], depth: usize) -> Option<Target> {
        let (name, others) = rest.split_first()?;
        let known = self.modules.get(module)?;
        if known.children.contains(name) {
            let child: ModulePath = module.iter().chain([name]).cloned().collect();
            return Some(self.descend(&child, others, depth));
        }
        if known.items.contains(name) {
            return Some(Target::Item(module.to_vec(), rest.to_vec()));
        }
        if depth >= 24 {
            return None;
        }
        if let Some(path) = known.uses.get(name) {
            return Some(match self.resolve_within(module, path, depth + 1) {
                Target::Module(found) => self.descend(&found, others, depth + 1),
                Target::External(path) => {
                    Target::External(path.into_iter().chain(others.iter().cloned()).collect())
                }
                Target::Item(owner, item) => {
                    Target::Item(owner, item.into_iter().chain(others.iter().cloned()).collect())
                }
            });
        }
        known.globs.iter().find_map(|glob| match self.resolve_within(module, glob, depth + 1) {
            Target::Module(found) if found != module => self.find_name(&found, rest, depth + 1),
            _ => None,
        })
    }

    /// The file that defines a module.
    pub fn file_of(&self, module: &[String]) -> Option<&str> {
        self.modules.get(module).map(|found| found.file.as_str())
    }
}

/// True for the root of a test crate in the `tests` folder of another package than the main one:
/// `tests/name.rs` or `tests/name/main.rs`.
fn is_test_root(name: &str) -> bool {
    let below = name.strip_prefix("lambdas/").and_then(|rest| rest.split_once("/tests/"));
    below.is_some_and(|(_, file)| match file.split_once('/') {
        Some((_, inner)) => inner == "main.rs",
        None => file.ends_with(".rs"),
    })
}

/// The files where `mod name;` may stand, as rustc looks for them.
fn child_files(file: &str, module: &ModulePath, child: &Declared) -> Vec<String> {
    let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
    if let Some(path) = &child.path {
        let mut parts: Vec<&str> = folder.split('/').collect();
        for part in path.split('/') {
            match part {
                ".." => drop(parts.pop()),
                "." => {}
                part => parts.push(part),
            }
        }
        return vec![parts.join("/")];
    }
    let own = match name {
        "mod.rs" | "lib.rs" | "main.rs" => folder.to_string(),
        _ if is_test_root(file) => folder.to_string(),
        _ => format!("{folder}/{}", name.trim_end_matches(".rs")),
    };
    // Inline modules around the declaration are folders.
    let inner = child.parent.get(module.len()..).unwrap_or_default();
    let base = inner.iter().fold(own, |base, part| format!("{base}/{part}"));
    vec![format!("{base}/{}.rs", child.name), format!("{base}/{}/mod.rs", child.name)]
}
