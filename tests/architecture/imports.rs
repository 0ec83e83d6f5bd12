//! Who may import whom: the import table, circles between files, and names that only some files
//! may use.

use crate::rules::{Findings, Restricted, Rules, is_within};
use crate::source::{File, Target, Tree};
use std::collections::{BTreeMap, BTreeSet};

/// One path in one file, wherever it stands: in a `use`, a type, an expression, a macro.
struct Mention<'t> {
    file: &'t str,
    module: &'t [String],
    path: &'t [String],
    line: usize,
    test: bool,
}

fn mentions(tree: &Tree) -> impl Iterator<Item = Mention<'_>> {
    tree.files.iter().filter(|(_, file)| !file.module.is_empty()).flat_map(|(name, file)| {
        let uses = file.facts.uses.iter().map(|u| (&u.module, &u.path, u.line, u.test));
        // A single name is a local one, or came in by a `use` that is looked at itself.
        let paths = file.facts.paths.iter().filter(|p| p.path.len() > 1);
        let paths = paths.map(|p| (&p.module, &p.path, p.line, p.test));
        uses.chain(paths).map(|(module, path, line, test)| Mention {
            file: name.as_str(),
            module,
            path,
            line,
            test: test || file.test,
        })
    })
}

/// All modules of ours that a path touches on its way, the last one included.
fn touched(tree: &Tree, mention: &Mention) -> BTreeSet<Vec<String>> {
    let parts = (1..=mention.path.len()).filter_map(|end| mention.path.get(..end));
    parts
        .filter_map(|part| match tree.resolve(mention.module, part) {
            Target::Module(module) | Target::Item(module, _) => Some(module),
            Target::External(_) => None,
        })
        .collect()
}

/// The module of the table that a module belongs to; `main` for the binary.
fn row_of<'m>(tree: &Tree, module: &'m [String]) -> Option<&'m str> {
    match module {
        [root, name, ..] if *root == tree.package => Some(name),
        [root, ..] if root == "src/main.rs" => Some("main"),
        _ => None,
    }
}

pub fn check_table(tree: &Tree, rules: &Rules, findings: &mut Findings) {
    let position = |name: &str| rules.rows.iter().position(|row| row.module == name);
    let mut needed: BTreeSet<(String, String)> = BTreeSet::new();
    for mention in mentions(tree) {
        let Some(own) = row_of(tree, mention.module) else { continue };
        for module in touched(tree, &mention) {
            let Some(other) = row_of(tree, &module).filter(|other| *other != own) else { continue };
            if mention.test {
                // Unit tests may look around in their own layer and below, never up.
                let upward = position(other) > position(own) && own != "main";
                if upward {
                    let message = format!("a unit test of {own} imports {other}, a layer above");
                    findings.add("test-import", mention.file, mention.line, message);
                }
                continue;
            }
            let allowed = match position(own).and_then(|at| rules.rows.get(at)) {
                Some(row) => row.imports,
                None if own == "main" => rules.main_imports,
                None => &[],
            };
            if allowed.contains(&other) {
                needed.insert((own.to_string(), other.to_string()));
            } else {
                let message = format!("{own} imports {other}");
                findings.add("import", mention.file, mention.line, message);
            }
        }
    }
    check_rows(tree, rules, &needed, findings);
}

/// The table itself: a row for each module and a module for each row, imports that point down, and
/// no import that nobody needs.
fn check_rows(
    tree: &Tree,
    rules: &Rules,
    needed: &BTreeSet<(String, String)>,
    findings: &mut Findings,
) {
    let root = vec![tree.package.clone()];
    let children = tree.modules.get(&root).map(|module| module.children.clone());
    let children = children.unwrap_or_default();
    for child in &children {
        if !rules.rows.iter().any(|row| row.module == child) {
            let message = format!("{child} has no row in the import table");
            findings.add("table", "src/lib.rs", 0, message);
        }
    }
    for (at, row) in rules.rows.iter().enumerate() {
        if !children.contains(row.module) {
            let message = format!("the import table has a row for {}, which is gone", row.module);
            findings.add("table", "src/lib.rs", 0, message);
            continue;
        }
        let above = at.checked_sub(1).and_then(|at| rules.rows.get(at));
        if above.is_some_and(|above| above.layer > row.layer) {
            let message = format!("{} stands below a row of a higher layer", row.module);
            findings.add("table", "src/lib.rs", 0, message);
        }
        for import in row.imports {
            let lower = rules.rows.iter().any(|r| r.module == *import && r.layer < row.layer);
            if !lower {
                let message =
                    format!("{} may import {import}, which is no lower layer", row.module);
                findings.add("table", "src/lib.rs", 0, message);
            }
            if children.contains(*import)
                && !needed.contains(&(row.module.to_string(), (*import).to_string()))
            {
                let message = format!("{} may import {import} and never does", row.module);
                findings.add("unused-import", "src/lib.rs", 0, message);
            }
        }
    }
}

/// The crate under another name, and imports that do not say what they take, would hide from the
/// table and from readers.
pub fn check_forms(tree: &Tree, findings: &mut Findings) {
    for (name, file) in tree.files.iter().filter(|(_, file)| !file.module.is_empty()) {
        for used in &file.facts.uses {
            let ours =
                matches!(used.path.last().map(String::as_str), Some("crate" | "super" | "self"));
            if used.rename.is_some() && ours {
                let message = "gives the crate or a parent another name".to_string();
                findings.add("renamed-crate", name, used.line, message);
            }
            if used.glob && !used.test && !file.test {
                let message = format!("imports all of {}", used.path.join("::"));
                findings.add("glob", name, used.line, message);
            }
        }
        for call in production(file, &file.facts.macros) {
            if call.path.last().is_some_and(|last| last == "include") {
                let message = "code comes in by `mod`, not by `include!`".to_string();
                findings.add("glob", name, call.line, message);
            }
        }
    }
}

/// Files that no `mod` line reaches, files beside the folder of their own name, and what could not
/// be read.
pub fn check_declared(tree: &Tree, findings: &mut Findings) {
    for (file, line, message) in &tree.broken {
        findings.add("undeclared", file, *line, message.clone());
    }
    for (name, file) in &tree.files {
        let folder = format!("{}/", name.trim_end_matches(".rs"));
        if tree.files.keys().any(|other| other.starts_with(&folder)) && name.starts_with("src/") {
            let message = format!("stands beside {folder}: make it {folder}mod.rs");
            findings.add("module-file", name, 1, message);
        }
        if file.module.is_empty() && !name.starts_with("tests/") {
            let message = "no `mod` line reaches this file".to_string();
            findings.add("undeclared", name, 1, message);
        }
    }
}

/// Circles between files of one module; the table refuses those between modules. An edge goes to
/// the file that *defines* what is imported: re-exports in a `mod.rs` are followed. A child may use
/// what its own parent's `mod.rs` defines: the two are one thing, and such edges are left out. A
/// parent beside its folder (`x.rs`, `x/`) has no such leave.
pub fn check_circles(tree: &Tree, findings: &mut Findings) {
    let mut edges: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for mention in mentions(tree).filter(|mention| !mention.test) {
        let target = match tree.resolve(mention.module, mention.path) {
            Target::Module(module) | Target::Item(module, _)
                if row_of(tree, &module) == row_of(tree, mention.module) =>
            {
                tree.file_of(&module)
            }
            _ => None,
        };
        if let Some(file) = target.filter(|file| *file != mention.file) {
            let folder = file.strip_suffix("mod.rs").or(file.strip_suffix("lib.rs"));
            if folder.is_none_or(|folder| !mention.file.starts_with(folder)) {
                edges.entry(mention.file).or_default().insert(file);
            }
        }
    }
    let reach: BTreeMap<&str, BTreeSet<&str>> =
        edges.keys().map(|file| (*file, reachable(file, &edges))).collect();
    let mut told: BTreeSet<&str> = BTreeSet::new();
    for (file, reached) in &reach {
        let knot: Vec<&str> = reached
            .iter()
            .filter(|other| reach.get(**other).is_some_and(|back| back.contains(file)))
            .copied()
            .collect();
        if !knot.is_empty() && told.insert(file) {
            told.extend(&knot);
            findings.add("circle", file, 1, knot.join(" <-> "));
        }
    }
}

fn reachable<'e>(from: &'e str, edges: &BTreeMap<&'e str, BTreeSet<&'e str>>) -> BTreeSet<&'e str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(file) = open.pop() {
        let next = edges.get(file).into_iter().flatten().copied();
        open.extend(next.filter(|file| reached.insert(*file)));
    }
    reached
}

/// A resource type sees its own service's folder, what all types share, and no other folder.
pub fn check_types(tree: &Tree, rules: &Rules, findings: &mut Findings) {
    let part = |module: &[String]| match module {
        [root, types, part, ..] if *root == tree.package && types == rules.types => {
            Some(part.clone())
        }
        _ => None,
    };
    for mention in mentions(tree) {
        let Some(own) = part(mention.module) else { continue };
        for other in touched(tree, &mention).iter().filter_map(|module| part(module)) {
            if other != own && !rules.shared.contains(&other.as_str()) {
                let message = format!("{own} imports {other}, a folder of other types");
                findings.add("type-import", mention.file, mention.line, message);
            }
        }
    }
}

/// SDK names and restricted paths and methods in production code.
pub fn check_restricted(tree: &Tree, rules: &Rules, findings: &mut Findings) {
    for (name, file) in &tree.files {
        let module = file.module.get(1).map_or("", String::as_str);
        let ours = file.module.first() == Some(&tree.package);
        if !ours && name != "src/main.rs" {
            continue;
        }
        for ident in production(file, &file.facts.idents) {
            let word = ident.path.first().map_or("", String::as_str);
            let sdk = rules.sdk.iter().any(|sdk| word.starts_with(sdk));
            if sdk && !rules.sdk_modules.contains(&module) {
                findings.add(
                    "sdk-name",
                    name,
                    ident.line,
                    format!("{word} outside of the SDK's modules"),
                );
            }
        }
        for call in production(file, &file.facts.methods) {
            let method = call.path.last().map_or("", String::as_str);
            for Restricted { path, from, why } in rules.restricted_methods {
                if method == *path && !from.iter().any(|place| is_within(name, place)) {
                    findings.add("restricted", name, call.line, format!(".{method}: {why}"));
                }
            }
        }
    }
    for mention in mentions(tree).filter(|mention| !mention.test) {
        let full = match tree.resolve(mention.module, mention.path) {
            Target::Item(module, rest) => [module, rest].concat(),
            Target::Module(path) | Target::External(path) => path,
        };
        let full = full.join("::");
        for Restricted { path, from, why } in rules.restricted {
            let named =
                full == *path || full.strip_prefix(path).is_some_and(|r| r.starts_with("::"));
            if named && !from.iter().any(|place| is_within(mention.file, place)) {
                findings.add("restricted", mention.file, mention.line, format!("{path}: {why}"));
            }
        }
    }
}

/// The facts that are compiled into the product.
pub fn production<'f>(
    file: &'f File,
    facts: &'f [crate::facts::Named],
) -> impl Iterator<Item = &'f crate::facts::Named> {
    facts.iter().filter(|fact| !fact.test && !file.test)
}
