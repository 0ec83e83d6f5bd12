//! The stack of one environment as a tree of values, each with the place that it comes from.

use super::error::Report;
use super::node::{Kind, Node};
use super::partial::{is_merged, resolved};
use super::{EnvKind, Stack, overlay, read_tree, schema};
use crate::model::secrecy::{name_is_secret, says_nothing, value_is_secret};
use serde_json::{Number, Value};
use std::collections::BTreeSet;

/// Placeholder for a secret.
const HIDDEN: &str = "(sensitive)";

/// A value or a collection of them.
#[derive(Clone, Debug, PartialEq)]
pub enum Resolved {
    Scalar {
        value: Value,
        /// Line and column, from 1; `None` for a default.
        place: Option<(usize, usize)>,
    },
    List(Vec<Resolved>),
    Map(Vec<(String, Resolved)>),
}

/// Resolves `env`: overlays merged in, defaults filled in; with the sections that are left out
/// because the environment has a time to live. `stack` is the parsed stack of that environment.
///
/// Without secrets, wherever else their values stand, and without the `x-…` keys: their anchors may
/// hold the values of another environment.
///
/// `None` for a text that is no YAML.
pub fn resolve(source: &str, env: &str, stack: &Stack) -> Option<(Resolved, Vec<&'static str>)> {
    let tree = read_tree(source, &mut Report::new(source, ""))?;
    let schema = schema::merged_schema();
    let merged = overlay::merge(&tree, schema, env).tree;
    let mut whole = fill(&merged, schema, schema);
    whole.hide(&secrets(stack));
    if let Resolved::Map(sections) = &mut whole {
        sections.retain(|(key, _)| !key.starts_with("x-"));
    }

    let mut left_out = Vec::new();
    for (name, is_there) in [("waf", stack.waf.is_some()), ("alarms", stack.alarms.is_some())] {
        let Resolved::Map(sections) = &mut whole else { continue };
        let all = sections.len();
        sections.retain(|(key, _)| key != name || is_there);
        if sections.len() < all {
            left_out.push(name);
        }
    }
    Some((whole, left_out))
}

/// The values of variables that are marked as secrets, or look like one and are not marked.
fn secrets(stack: &Stack) -> BTreeSet<&str> {
    let variables = stack.functions.values().flat_map(|function| &function.env);
    let is_secret = |name: &str, kind: EnvKind, text: &str| match kind {
        EnvKind::Secret => true,
        EnvKind::Unmarked => value_is_secret(text) || name_is_secret(name) && !says_nothing(text),
        EnvKind::Plain | EnvKind::Ssm | EnvKind::SecretsManager => false,
    };
    variables
        .filter(|(name, value)| is_secret(name, value.kind, &value.text))
        .map(|(_, value)| value.text.as_str())
        .collect()
}

/// The node's values, and the defaults of what `schema` knows and the node does not have.
fn fill(node: &Node, root: &Value, schema: &Value) -> Resolved {
    let schema = resolved(root, schema);
    let scalar =
        |value| Resolved::Scalar { value, place: Some((node.span.line, node.span.column)) };
    match &node.kind {
        Kind::Null => scalar(Value::Null),
        Kind::Bool(b) => scalar(Value::Bool(*b)),
        Kind::Int(n) => scalar(Number::from_i128(*n).map_or(Value::Null, Value::Number)),
        Kind::Float(x) => scalar(Number::from_f64(*x).map_or(Value::Null, Value::Number)),
        Kind::Text(text) => scalar(Value::String(text.clone())),
        Kind::List(items) => {
            let inner = schema.get("items").unwrap_or(&Value::Null);
            Resolved::List(items.iter().map(|item| fill(item, root, inner)).collect())
        }
        Kind::Map(entries) => {
            let known = schema.get("properties").and_then(Value::as_object);
            let free = schema.get("additionalProperties").unwrap_or(&Value::Null);
            let inner = |key: &str| known.and_then(|all| all.get(key)).unwrap_or(free);
            let mut all: Vec<_> = entries
                .iter()
                .map(|(key, value)| (key.text.clone(), fill(value, root, inner(&key.text))))
                .collect();
            // The chosen form has no defaults of the other forms.
            for (key, schema) in known.into_iter().flatten().filter(|_| is_merged(schema)) {
                let default = schema.get("default").filter(|default| fits(root, schema, default));
                if let (None, Some(default)) = (node.get(key), default) {
                    all.push((key.clone(), of_default(default)));
                }
            }
            Resolved::Map(all)
        }
    }
}

/// False for a default that is not written as the schema has it, such as a list for a mapping.
fn fits(root: &Value, schema: &Value, default: &Value) -> bool {
    !is_merged(resolved(root, schema)) || default.is_object()
}

fn of_default(value: &Value) -> Resolved {
    match value {
        Value::Array(items) => Resolved::List(items.iter().map(of_default).collect()),
        Value::Object(map) => {
            Resolved::Map(map.iter().map(|(key, value)| (key.clone(), of_default(value))).collect())
        }
        scalar => Resolved::Scalar { value: scalar.clone(), place: None },
    }
}

impl Resolved {
    /// Puts a placeholder in the place of each value that is one of `secrets`.
    fn hide(&mut self, secrets: &BTreeSet<&str>) {
        match self {
            Self::Scalar { value, .. } => {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_string);
                if secrets.contains(text.as_str()) {
                    *value = HIDDEN.into();
                }
            }
            Self::List(items) => items.iter_mut().for_each(|item| item.hide(secrets)),
            Self::Map(all) => all.iter_mut().for_each(|(_, value)| value.hide(secrets)),
        }
    }

    /// The values alone.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Scalar { value, .. } => value.clone(),
            Self::List(items) => items.iter().map(Self::to_json).collect(),
            Self::Map(all) => {
                all.iter().map(|(key, value)| (key.clone(), value.to_json())).collect()
            }
        }
    }
}
