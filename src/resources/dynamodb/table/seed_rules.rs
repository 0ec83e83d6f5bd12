//! DynamoDB's rules for seed items, checked before any resource is created: keys of the table and
//! its indexes, numbers, sizes, duplicate names.

use super::seed_text::{Element, Json};
use super::spec::{AttributeSpec, TableSpec};
use crate::model::{character, decimal};
use base64::Engine as _;
use std::collections::{BTreeMap, BTreeSet};

/// Bytes of an item, its attributes' names included.
const ITEM_BYTES: usize = 400 * 1024;
/// Bytes of a partition key's value and of a sort key's.
const HASH_BYTES: usize = 2048;
const RANGE_BYTES: usize = 1024;
/// Bytes of an attribute's name.
const NAME_BYTES: usize = 65_535;
/// Lists and maps inside of each other.
const LEVELS: usize = 32;

/// The keys that a table's items have.
pub struct Keys<'t> {
    /// The table's own, which no item may lack.
    own: Vec<&'t AttributeSpec>,
    /// By index: those of its keys that an item has must fit, and the index passes over an item
    /// that lacks one.
    of_indexes: BTreeMap<&'t str, Vec<&'t AttributeSpec>>,
}

impl<'t> Keys<'t> {
    pub fn from_spec(table: &'t TableSpec) -> Self {
        let keys = |hash: &'t AttributeSpec, range: &'t Option<AttributeSpec>| {
            std::iter::once(hash).chain(range).collect()
        };
        let indexes = table.indexes.iter();
        Self {
            own: keys(&table.hash_key, &table.range_key),
            of_indexes: indexes
                .map(|(name, index)| (name.as_str(), keys(&index.hash_key, &index.range_key)))
                .collect(),
        }
    }

    /// True for a key attribute of type binary, which a seed has as base64.
    pub fn is_binary(&self, name: &str) -> bool {
        let all = self.own.iter().chain(self.of_indexes.values().flatten());
        all.into_iter().any(|key| key.name == name && key.kind == "B")
    }

    /// All that is wrong, each with its place: the end of the sentence "the seed file ...".
    pub fn faults(&self, elements: &[Element]) -> Vec<((usize, usize), String)> {
        let mut seen = BTreeMap::new();
        let mut faults = Vec::new();
        for (number, element) in (1..).zip(elements) {
            let mut add = |why: String| faults.push((element.place, why));
            let Json::Object(members) = &element.json else {
                add(format!("has something else than an object at position {number}"));
                continue;
            };
            match self.key(members) {
                Err(why) => add(format!("has an item, number {number}, {why}")),
                Ok(key) => {
                    let (key, shown): (Vec<_>, Vec<_>) = key.into_iter().unzip();
                    if let Some(first) = seen.insert(key, number) {
                        add(format!(
                            "has two items of the key {}, the second is number {number}, the \
                             first number {first}",
                            shown.join(", ")
                        ));
                    }
                }
            }
            for why in self.of_item(members) {
                add(format!("has an item, number {number}, {why}"));
            }
        }
        faults
    }

    /// The item's key in the form that tells two apart, each part with its text.
    fn key(&self, members: &[(String, Json)]) -> Result<Vec<(String, String)>, String> {
        let limits = [HASH_BYTES, RANGE_BYTES];
        let part = |(key, limit): (&&AttributeSpec, usize)| {
            let name = &key.name;
            let Some((_, value)) = members.iter().find(|(n, _)| n == name) else {
                return Err(format!("without the key `{name}`{}", looks_like(name, members)));
            };
            let canonical = key_value(value, &key.kind, limit)
                .map_err(|why| format!("whose key `{name}` {why}"))?;
            Ok((canonical, shown(value)))
        };
        self.own.iter().zip(limits).map(part).collect()
    }

    /// Faults beyond the table's own key.
    fn of_item(&self, members: &[(String, Json)]) -> Vec<String> {
        let mut faults = BTreeSet::new();
        for (index, keys) in &self.of_indexes {
            for (key, limit) in keys.iter().zip([HASH_BYTES, RANGE_BYTES]) {
                let is_own = self.own.iter().any(|own| own.name == key.name);
                let found = members.iter().find(|(name, _)| *name == key.name && !is_own);
                let verdict = found.map(|(_, value)| key_value(value, &key.kind, limit));
                if let Some(Err(why)) = verdict {
                    let name = &key.name;
                    faults.insert(format!("whose `{name}`, a key of the index `{index}`, {why}"));
                }
            }
        }
        inner_faults(&Json::Object(members.to_vec()), 0, &mut faults);
        let size: usize = members.iter().map(|(name, value)| name.len() + bytes(value)).sum();
        if size > ITEM_BYTES {
            faults.insert(format!("of about {size} bytes; DynamoDB takes {ITEM_BYTES}"));
        }
        faults.into_iter().collect()
    }
}

/// A key's value in the form that tells two apart; the error ends the sentence "the key ...".
fn key_value(value: &Json, kind: &str, limit: usize) -> Result<String, String> {
    let wanted = match kind {
        "N" => "a number",
        "B" => "bytes in base64",
        _ => "text",
    };
    let (canonical, size) = match (kind, value) {
        ("N", Json::Number(number)) => {
            // A number's own faults are told with all others of its kind.
            return Ok(decimal::canonical(number).unwrap_or_else(|_| number.clone()));
        }
        ("S", Json::Text(text)) => (text.clone(), text.len()),
        ("B", Json::Text(text)) => match from_base64(text) {
            Some(bytes) => (format!("{bytes:?}"), bytes.len()),
            None => return Err(format!("is {} and not {wanted}", shown(value))),
        },
        _ => {
            let own = if is_typed(value) { ", but DynamoDB's own JSON" } else { "" };
            return Err(format!("is {} and not {wanted}{own}", shown(value)));
        }
    };
    if size == 0 {
        return Err(format!("is {} and not {wanted} that is not empty", shown(value)));
    }
    if size > limit {
        return Err(format!("has {size} bytes; DynamoDB takes {limit}"));
    }
    Ok(canonical)
}

/// The bytes that a binary key's text means.
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

/// `{"S": "…"}` and its like, as DynamoDB exports items.
fn is_typed(value: &Json) -> bool {
    let types = ["S", "N", "B", "SS", "NS", "BS", "M", "L", "NULL", "BOOL"];
    matches!(value, Json::Object(members)
        if matches!(members.as_slice(), [(name, _)] if types.contains(&name.as_str())))
}

/// An attribute that reads like the key and is written otherwise.
fn looks_like(name: &str, members: &[(String, Json)]) -> String {
    let plain = character::as_it_looks(name);
    let alike = |member: &&(String, Json)| character::as_it_looks(member.0.trim()) == plain;
    let Some((found, _)) = members.iter().find(alike) else {
        return String::new();
    };
    match character::first_hidden(found) {
        Some((at, c)) => {
            format!("; its `{plain}` holds {} as character {}", character::describe(c), at + 1)
        }
        None => format!("; it has `{}`", found.escape_debug()),
    }
}

/// Numbers, names and depth, wherever they stand in an item.
fn inner_faults(value: &Json, depth: usize, faults: &mut BTreeSet<String>) {
    if depth > LEVELS {
        faults.insert(format!(
            "with more than {LEVELS} lists and maps inside of each other, which DynamoDB refuses"
        ));
        return;
    }
    match value {
        Json::Number(number) => {
            if let Err(why) = decimal::canonical(number) {
                faults.insert(format!("whose number {} {why}", shorten(number)));
            }
        }
        Json::List(items) => items.iter().for_each(|item| inner_faults(item, depth + 1, faults)),
        Json::Object(members) => {
            let mut names = BTreeSet::new();
            for (name, value) in members {
                if !names.insert(name) {
                    faults.insert(format!("that has `{}` twice", shorten(name)));
                }
                if name.is_empty() || name.len() > NAME_BYTES {
                    faults.insert(format!(
                        "with a name of {} bytes; names have 1 to {NAME_BYTES}",
                        name.len()
                    ));
                }
                inner_faults(value, depth + 1, faults);
            }
        }
        Json::Null | Json::Bool(_) | Json::Text(_) => {}
    }
}

/// Bytes of a value as DynamoDB counts them, numbers roughly: two digits a byte.
fn bytes(value: &Json) -> usize {
    match value {
        Json::Null | Json::Bool(_) => 1,
        Json::Number(number) => {
            let digits = number.bytes().filter(u8::is_ascii_digit).count();
            (digits / 2 + 2).min(21)
        }
        Json::Text(text) => text.len(),
        Json::List(items) => 3 + items.iter().map(|item| bytes(item) + 1).sum::<usize>(),
        Json::Object(members) => {
            3 + members.iter().map(|(name, v)| name.len() + bytes(v) + 1).sum::<usize>()
        }
    }
}

/// A value in a message.
fn shown(value: &Json) -> String {
    match value {
        Json::Null => "null".into(),
        Json::Bool(flag) => flag.to_string(),
        Json::Number(number) => shorten(number),
        Json::Text(text) => format!("\"{}\"", shorten(&text.escape_debug().to_string())),
        Json::List(_) => "a list".into(),
        Json::Object(members) => match members.first() {
            Some((name, _)) if is_typed(value) => format!("{{\"{name}\": …}}"),
            _ => "a map".into(),
        },
    }
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_string(),
    }
}

#[cfg(test)]
#[path = "seed_rules_tests.rs"]
mod tests;
