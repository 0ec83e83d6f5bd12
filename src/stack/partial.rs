//! The schema of an environment's overlay: the sections of a stack with every key optional.

use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Key of the section that holds the overlays.
pub(super) const SECTION: &str = "environments";
/// Keys of a stack that no overlay may set.
const FIXED: [&str; 1] = ["name"];
/// Keys of a merged stack that only an overlay may set.
const OVERLAY_ONLY: [&str; 1] = ["ttl"];

/// The schema of stack.yaml itself: that of a merged stack, and overlays beside it.
pub(super) fn with_environments(merged: &Value) -> Value {
    let mut made = Partials { root: merged, names: BTreeSet::new(), definitions: Map::new() };
    let overlay = made.overlay();
    let mut definitions = made.definitions;
    definitions.insert("Environment".into(), overlay);

    let mut schema = merged.clone();
    let Some(root) = schema.as_object_mut() else { return schema };
    if let Some(Value::Object(properties)) = root.get_mut("properties") {
        OVERLAY_ONLY.iter().for_each(|key| _ = properties.remove(*key));
        properties.insert(SECTION.into(), section());
    }
    match root.get_mut("definitions") {
        Some(Value::Object(all)) => all.extend(definitions),
        _ => _ = root.insert("definitions".into(), Value::Object(definitions)),
    }
    schema
}

fn section() -> Value {
    json!({
        "type": "object",
        "description": "What differs in some environments, by name or pattern (`prod`, `pr-*`). \
            Every section can be given in part; mappings are merged, all else is replaced. Of \
            several that match, patterns count first, in the order of the file, the name itself \
            last.",
        "additionalProperties": {"$ref": "#/definitions/Environment"},
        "propertyNames": {"pattern": "^[a-z0-9*-]{1,20}$"},
        "examples": [{"prod": {"cdn": {"price_class": "PriceClass_All"}}, "pr-*": {"ttl": "72h"}}],
    })
}

/// True where an overlay is merged into the mapping key by key; one of several forms, and anything
/// but a mapping, is replaced as a whole. `schema` has its references resolved.
pub(super) fn is_merged(schema: &Value) -> bool {
    let alternatives = schema.get("maxProperties") == Some(&json!(1));
    schema.get("type") == Some(&json!("object")) && !alternatives
}

/// True for a section that an overlay may take away with `false`: a mapping that need not be there.
pub(super) fn is_removable(root: &Value, key: &str) -> bool {
    let property = root.get("properties").and_then(|all| all.get(key));
    let Some(property) = property.filter(|p| p.get("default").is_none()) else { return false };
    is_merged(resolved(root, property))
}

/// Follows references and single-branch wrappers.
pub(super) fn resolved<'a>(root: &'a Value, mut schema: &'a Value) -> &'a Value {
    for _ in 0..8 {
        let wrapped = schema.get("allOf").and_then(|all| all.get(0));
        let target = schema.get("$ref").and_then(Value::as_str);
        let target = target.and_then(|name| root.pointer(name.strip_prefix('#')?));
        match target.or(wrapped) {
            Some(next) => schema = next,
            None => break,
        }
    }
    schema
}

/// Definitions with every key optional, made as they are referred to.
struct Partials<'a> {
    root: &'a Value,
    names: BTreeSet<String>,
    definitions: Map<String, Value>,
}

impl Partials<'_> {
    fn overlay(&mut self) -> Value {
        let root = self.root;
        let mut properties = Map::new();
        for (key, schema) in root.get("properties").and_then(Value::as_object).into_iter().flatten()
        {
            if FIXED.contains(&key.as_str()) {
                continue;
            }
            let mut part = self.part(schema);
            if is_removable(root, key) {
                let description = schema.get("description").cloned().unwrap_or_default();
                let none = json!({"type": "boolean", "enum": [false]});
                part = json!({"description": description, "anyOf": [part, none]});
            }
            properties.insert(key.clone(), part);
        }
        json!({
            "type": "object",
            "description": "What differs in an environment. `false` in place of a section leaves \
                it out.",
            "additionalProperties": false,
            "properties": properties,
        })
    }

    /// The schema without what asks for a whole: required keys and defaults.
    fn part(&mut self, schema: &Value) -> Value {
        let Some(object) = schema.as_object() else { return schema.clone() };
        if !is_merged(resolved(self.root, schema)) {
            let mut whole = object.clone();
            whole.remove("default");
            return Value::Object(whole);
        }
        if let Some(name) = object.get("$ref").and_then(Value::as_str) {
            return json!({"$ref": self.definition(name)});
        }
        let mut part = Map::new();
        for (key, value) in object {
            let optional = match (key.as_str(), value) {
                ("required" | "default", _) => continue,
                ("allOf", Value::Array(all)) => all.iter().map(|s| self.part(s)).collect(),
                ("properties", Value::Object(all)) => {
                    all.iter().map(|(key, schema)| (key.clone(), self.part(schema))).collect()
                }
                ("additionalProperties", Value::Object(_)) => self.part(value),
                _ => value.clone(),
            };
            part.insert(key.clone(), optional);
        }
        Value::Object(part)
    }

    /// The reference to the partial form of the definition that `reference` names.
    fn definition(&mut self, reference: &str) -> String {
        let name = reference.rsplit('/').next().unwrap_or(reference);
        let partial = format!("Partial{name}");
        if self.names.insert(partial.clone()) {
            let schema = self.root.pointer(reference.trim_start_matches('#'));
            let part = schema.map(|schema| self.part(schema)).unwrap_or_default();
            self.definitions.insert(partial.clone(), part);
        }
        format!("#/definitions/{partial}")
    }
}
