//! The overlays of `environments:` merged into the tree, so that every value keeps its line and
//! column.

use super::error::{Report, quote};
use super::glob;
use super::node::{Key, Kind, Node};
use super::partial::{self, SECTION, is_merged, resolved};
use serde_json::Value;

/// The stack of one environment.
pub(super) struct Merged {
    pub tree: Node,
    /// Sections that an overlay of the environment asks for.
    pub asked: Vec<String>,
}

/// Name or pattern of each overlay, in the order of the file.
pub(super) fn patterns(tree: &Node) -> Vec<&Key> {
    entries(tree).map(|(key, _)| key).collect()
}

fn entries(tree: &Node) -> impl Iterator<Item = (&Key, &Node)> {
    let section = tree.get(SECTION).map(|(_, node)| &node.kind);
    let entries = match section {
        Some(Kind::Map(entries)) => entries.as_slice(),
        _ => &[],
    };
    entries.iter().map(|(key, node)| (key, node))
}

/// Refuses names that no environment can have.
pub(super) fn check_names(tree: &Node, report: &mut Report) {
    for key in patterns(tree) {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '*';
        let text = key.text.as_str();
        if text.is_empty() || text.len() > 20 || !text.chars().all(fits) {
            let help = "names of environments have at most 20 lower-case letters, digits and `-`; \
                        `*` stands for any of them";
            let what = format!("{} matches no environment", quote(text));
            report.add(key.span, what, Some(help.to_string()));
        }
    }
}

/// The tree for the environment `env`; of overlays that match, patterns count first, in the order
/// of the file, and the name itself last. `schema` is that of a merged stack.
pub(super) fn merge(tree: &Node, schema: &Value, env: &str) -> Merged {
    let matching = entries(tree).filter(|(key, _)| glob::covers(&key.text, env));
    let (named, patterns): (Vec<_>, Vec<_>) = matching.partition(|(key, _)| key.text == env);
    merge_all(tree, schema, patterns.into_iter().chain(named).map(|(_, overlay)| overlay))
}

/// The tree with one overlay alone, as its name stands in the file.
pub(super) fn merge_one(tree: &Node, schema: &Value, pattern: &str) -> Merged {
    let one = entries(tree).filter(|(key, _)| key.text == pattern).map(|(_, overlay)| overlay);
    merge_all(tree, schema, one)
}

fn merge_all<'a>(tree: &Node, schema: &Value, overlays: impl Iterator<Item = &'a Node>) -> Merged {
    let mut merged = without_overlays(tree);
    let mut asked = Vec::new();
    for overlay in overlays {
        merge_into(&mut merged, overlay, schema, schema, true);
        let Kind::Map(sections) = &overlay.kind else { continue };
        for (key, section) in sections {
            asked.retain(|known| *known != key.text);
            if !matches!(section.kind, Kind::Bool(false)) {
                asked.push(key.text.clone());
            }
        }
    }
    Merged { tree: merged, asked }
}

fn without_overlays(tree: &Node) -> Node {
    let mut base = tree.clone();
    if let Kind::Map(entries) = &mut base.kind {
        entries.retain(|(key, _)| key.text != SECTION);
    }
    base
}

/// Puts `overlay` over `base`, both of them mappings of `schema`.
fn merge_into(base: &mut Node, overlay: &Node, root: &Value, schema: &Value, sections: bool) {
    let (Kind::Map(base), Kind::Map(overlay)) = (&mut base.kind, &overlay.kind) else { return };
    for (key, value) in overlay {
        let removed = sections
            && matches!(value.kind, Kind::Bool(false))
            && partial::is_removable(root, &key.text);
        if removed {
            base.retain(|(known, _)| known.text != key.text);
            continue;
        }
        let known = schema.get("properties").and_then(|all| all.get(&key.text));
        let inner = known.or_else(|| schema.get("additionalProperties"));
        let inner = inner.map(|inner| resolved(root, inner)).filter(|inner| is_merged(inner));
        let both_maps =
            |there: &Node| matches!((&there.kind, &value.kind), (Kind::Map(_), Kind::Map(_)));
        match (base.iter_mut().find(|(known, _)| known.text == key.text), inner) {
            (Some((_, there)), Some(inner)) if both_maps(there) => {
                merge_into(there, value, root, inner, false);
            }
            (Some((place, there)), _) => {
                (*place, *there) = (key.clone(), value.clone());
            }
            (None, _) => base.push((key.clone(), value.clone())),
        }
    }
}
