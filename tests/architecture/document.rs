//! The tables of ARCHITECTURE.md hold what the rule table holds.

use crate::rules::{Findings, Rules};
use crate::source::Tree;
use std::collections::{BTreeMap, BTreeSet};

/// Cells of the rows of the Markdown table that begins with `head`, each row with its line.
fn rows(text: &str, head: &[&str]) -> Vec<(usize, Vec<String>)> {
    let cells = |line: &str| -> Vec<String> {
        let inner = line.trim().trim_matches('|');
        inner.split('|').map(|cell| cell.trim().to_string()).collect()
    };
    let lines = text.lines().enumerate();
    lines
        .skip_while(|(_, line)| cells(line).iter().ne(head))
        .skip(2)
        .take_while(|(_, line)| line.trim_start().starts_with('|'))
        .map(|(at, line)| (at + 1, cells(line)))
        .collect()
}

/// The words between backquotes.
fn quoted(cell: &str) -> BTreeSet<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_string).collect()
}

pub fn check_document(tree: &Tree, rules: &Rules, findings: &mut Findings) {
    let name = rules.document;
    let text = tree.texts.get(name).map_or("", String::as_str);
    let mut layers: BTreeMap<String, String> = BTreeMap::new();
    for (_, cells) in rows(text, &["layer", "module", "what it is"]) {
        if let [layer, modules, ..] = cells.as_slice() {
            layers.extend(quoted(modules).into_iter().map(|module| (module, layer.clone())));
        }
    }
    let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (_, cells) in rows(text, &["module", "may import"]) {
        let [modules, allowed] = cells.as_slice() else { continue };
        let modules = quoted(modules);
        // Behind a semicolon stands what a word cannot say.
        let allowed = allowed.split(';').next().unwrap_or_default();
        let mut allowed_names = quoted(allowed);
        if let Some(but) = allowed.strip_prefix("all") {
            let but = quoted(but);
            allowed_names = rules.rows.iter().map(|row| row.module.to_string()).collect();
            allowed_names.retain(|module| !modules.contains(module) && !but.contains(module));
        }
        imports.extend(modules.into_iter().map(|module| (module, allowed_names.clone())));
    }
    for row in rules.rows {
        if layers.remove(row.module).is_none_or(|layer| layer != row.layer.to_string()) {
            let message = format!("does not say that {} is of layer {}", row.module, row.layer);
            findings.add("document", name, 0, message);
        }
        let wanted: BTreeSet<String> = row.imports.iter().map(|i| (*i).to_string()).collect();
        if imports.remove(row.module).unwrap_or_default() != wanted {
            let list = if wanted.is_empty() { "nothing".into() } else { row.imports.join(", ") };
            let message = format!("does not say that {} may import {list}", row.module);
            findings.add("document", name, 0, message);
        }
    }
    for module in layers.keys().chain(imports.keys()) {
        findings.add("document", name, 0, format!("has a row for {module}, which is no module"));
    }
}
