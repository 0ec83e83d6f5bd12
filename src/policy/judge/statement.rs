//! A typed statement of a canonical document, for the rules and the report.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Operator -> condition key -> values.
pub type Conditions = BTreeMap<String, BTreeMap<String, Vec<String>>>;

/// A statement; lists are sorted, what is absent is empty. Values not known yet are
/// `{{address.attribute}}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Statement {
    /// Allow or Deny.
    pub effect: String,
    pub actions: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_actions: Vec<String>,
    pub resources: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_resources: Vec<String>,
    /// Kind (AWS, Service, Federated) -> principals.
    pub principals: BTreeMap<String, Vec<String>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub not_principals: BTreeMap<String, Vec<String>>,
    pub conditions: Conditions,
}

impl Statement {
    /// Reads one statement of `policy::canonical`; an odd shape is kept as its JSON text, never
    /// dropped.
    pub fn read(canonical: &Value) -> Self {
        let list = |key: &str| canonical.get(key).map(texts).unwrap_or_default();
        let lists = |key: &str| canonical.get(key).map(by_kind).unwrap_or_default();
        let conditions = canonical.get("conditions").and_then(Value::as_object);
        let conditions = conditions
            .into_iter()
            .flatten()
            .map(|(operator, keys)| (operator.clone(), by_kind(keys)));
        Self {
            effect: canonical.get("effect").and_then(Value::as_str).unwrap_or_default().to_string(),
            actions: list("actions"),
            not_actions: list("not_actions"),
            resources: list("resources"),
            not_resources: list("not_resources"),
            principals: lists("principals"),
            not_principals: lists("not_principals"),
            conditions: conditions.collect(),
        }
    }

    /// Every statement of a canonical document with its key (the Sid, or its position as `#1`).
    pub fn parse_all(document: &Value) -> Vec<(String, Statement)> {
        let none = Map::new();
        let keyed = document.get("statements").and_then(Value::as_object).unwrap_or(&none);
        keyed.iter().map(|(sid, statement)| (sid.clone(), Statement::read(statement))).collect()
    }

    /// Values of one condition key (lower case) under whatever operator.
    pub fn condition_values(&self, key: &str) -> impl Iterator<Item = &String> {
        let keys = self.conditions.values().flatten();
        keys.filter(move |(name, _)| name.to_ascii_lowercase() == key)
            .flat_map(|(_, values)| values)
    }
}

fn texts(value: &Value) -> Vec<String> {
    let text = |item: &Value| item.as_str().map_or_else(|| item.to_string(), str::to_string);
    match value {
        Value::Array(items) => items.iter().map(text).collect(),
        one => vec![text(one)],
    }
}

fn by_kind(value: &Value) -> BTreeMap<String, Vec<String>> {
    match value {
        Value::Object(kinds) => {
            kinds.iter().map(|(kind, list)| (kind.clone(), texts(list))).collect()
        }
        other => BTreeMap::from([("other".to_string(), texts(other))]),
    }
}
