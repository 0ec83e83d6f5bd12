//! The tree held against the JSON Schema: unknown keys, missing keys, types, words, ranges; all
//! errors, each with its place.
//!
//! Understands just the part of JSON Schema that `schema` produces from our types. Patterns are
//! left to `rules`, which can say in words what is wrong with a name.

use super::anything;
use super::error::{Report, quote, suggest};
use super::node::{Kind, Node};
use super::span::Span;
use serde_json::{Map, Number, Value};

/// The name of the whole tree in messages; quoted keys never read so.
const WHOLE: &str = "the file";

/// The result of the check.
pub(super) struct Shaped {
    /// The tree as JSON, without what was refused.
    pub value: Value,
    /// Nothing was left out, so a reference that leads nowhere is not just the echo of another
    /// error.
    pub complete: bool,
}

pub(super) fn check(tree: &Node, schema: &Value, report: &mut Report) -> Shaped {
    let mut checker = Checker { root: schema, report, complete: true };
    let subject = Subject { name: WHOLE.to_string(), span: tree.span };
    let value = checker.value(tree, schema, &subject).unwrap_or_default();
    Shaped { value, complete: checker.complete }
}

/// The key whose value no message repeats.
const SECRET: &str = "`secret`";

/// The name of a value in messages, and the place of errors about the whole value.
struct Subject {
    name: String,
    span: Span,
}

struct Checker<'a, 'r, 's> {
    root: &'a Value,
    report: &'r mut Report<'s>,
    complete: bool,
}

impl<'a> Checker<'a, '_, '_> {
    /// Follows references; what our types produce beside one is description alone.
    fn resolve(&self, mut schema: &'a Value) -> &'a Value {
        for _ in 0..8 {
            let wrapped = schema.get("allOf").and_then(|all| all.get(0));
            let target = schema
                .get("$ref")
                .and_then(Value::as_str)
                .and_then(|r| self.root.pointer(r.strip_prefix('#')?));
            match target.or(wrapped) {
                Some(next) => schema = next,
                None => break,
            }
        }
        schema
    }

    fn refuse(&mut self, span: Span, message: String, help: Option<String>) {
        self.complete = false;
        self.report.add(span, message, help);
    }

    /// The value as JSON, or `None` if it was refused (and reported).
    fn value(&mut self, node: &Node, schema: &'a Value, subject: &Subject) -> Option<Value> {
        let schema = self.resolve(schema);
        if anything::is_allowed(schema) {
            return anything::json(node);
        }
        if let Some(branches) = schema.get("anyOf").and_then(Value::as_array) {
            let branches: Vec<_> = branches.iter().map(|b| self.resolve(b)).collect();
            if let Some(branch) = branches.iter().find(|b| fits(node, b)) {
                return self.value(node, branch, subject);
            }
            let wanted: Vec<_> = branches.iter().map(|b| describe(b)).collect();
            return self.wrong_type(node, &wanted.join(" or "), subject);
        }
        let words = words(schema);
        if !fits(node, schema) {
            let wanted =
                if words.is_empty() { describe(schema).to_string() } else { one_of(&words) };
            return self.wrong_type(node, &wanted, subject);
        }
        let value = match &node.kind {
            Kind::Map(entries) => return self.map(node, entries.len(), schema, subject),
            Kind::List(items) => return self.list(items, schema, subject),
            Kind::Null => return None,
            Kind::Bool(b) => Value::Bool(*b),
            Kind::Text(text) => Value::String(text.clone()),
            Kind::Float(_) if whole_number(node).is_some() => {
                whole_number(node).and_then(Number::from_i128).map(Value::Number)?
            }
            Kind::Float(x) => Number::from_f64(*x).map(Value::Number)?,
            Kind::Int(n) => Number::from_i128(*n).map(Value::Number)?,
        };
        self.word(node, &value, &words, subject)?;
        self.range(node, schema, subject)?;
        Some(value)
    }

    fn wrong_type(&mut self, node: &Node, wanted: &str, subject: &Subject) -> Option<Value> {
        let help = match &node.kind {
            Kind::Null if wanted.contains("mapping") && !wanted.starts_with("text") => {
                Some("write `{}` for nothing but defaults, or remove the key".to_string())
            }
            Kind::Null => Some("give it a value, or remove the key".to_string()),
            Kind::Int(_) | Kind::Float(_) | Kind::Bool(_) if subject.name == SECRET => {
                Some("put it in quotes".to_string())
            }
            Kind::Int(_) | Kind::Float(_) | Kind::Bool(_) if wanted.starts_with("text") => {
                let raw = self
                    .report
                    .source()
                    .lines()
                    .nth(node.span.line.saturating_sub(1))
                    .unwrap_or_default();
                let raw: String = raw
                    .chars()
                    .skip(node.span.column.saturating_sub(1))
                    .take(node.span.width)
                    .collect();
                Some(format!("put it in quotes: \"{}\"", raw.trim()))
            }
            _ => None,
        };
        if subject.name == SECRET && !matches!(node.kind, Kind::Null) {
            self.refuse(node.span, format!("{SECRET} must be {wanted}"), help);
        } else if matches!(node.kind, Kind::Null) {
            self.refuse(
                subject.span,
                format!("{} must be {wanted}, but has no value", subject.name),
                help,
            );
        } else {
            self.refuse(
                node.span,
                format!("{} must be {wanted}, not {}", subject.name, describe_kind(node)),
                help,
            );
        }
        None
    }

    fn word(
        &mut self,
        node: &Node,
        value: &Value,
        words: &[&Value],
        subject: &Subject,
    ) -> Option<()> {
        if words.is_empty() || words.contains(&value) {
            return Some(());
        }
        let help = match value {
            Value::Number(n) => {
                let distance = |w: &&&Value| {
                    (w.as_f64().unwrap_or_default() - n.as_f64().unwrap_or_default()).abs() as u64
                };
                let list = words.iter().map(|w| w.to_string()).collect::<Vec<_>>().join(", ");
                words
                    .iter()
                    .min_by_key(distance)
                    .map(|w| format!("the nearest is {w}; allowed: {list}"))
            }
            _ => {
                let known: Vec<_> = words.iter().filter_map(|w| w.as_str()).collect();
                suggest(value.as_str().unwrap_or_default(), &known, "allowed")
            }
        };
        let shown = value.as_str().map_or_else(|| value.to_string(), quote);
        self.refuse(node.span, format!("{} cannot be {shown}", subject.name), help);
        None
    }

    fn range(&mut self, node: &Node, schema: &Value, subject: &Subject) -> Option<()> {
        let Some(number) = whole_number(node) else {
            return Some(());
        };
        let bound = |key: &str| schema.get(key).and_then(Value::as_f64).map(|x| x as i128);
        let (min, max) = (bound("minimum"), bound("maximum"));
        if min.is_none_or(|m| number >= m) && max.is_none_or(|m| number <= m) {
            return Some(());
        }
        let wanted = match (min, max) {
            (Some(min), Some(max)) => format!("between {min} and {max}"),
            (Some(min), None) => format!("at least {min}"),
            (_, max) => format!("at most {}", max.unwrap_or_default()),
        };
        self.refuse(node.span, format!("{} is {number}, but must be {wanted}", subject.name), None);
        None
    }

    fn list(&mut self, items: &[Node], schema: &'a Value, subject: &Subject) -> Option<Value> {
        let limit = |key: &str| {
            schema
                .get(key)
                .and_then(Value::as_u64)
                .map(|n| usize::try_from(n).unwrap_or(usize::MAX))
        };
        if limit("minItems").is_some_and(|min| items.len() < min) {
            self.refuse(subject.span, format!("{} must not be empty", subject.name), None);
        }
        if let Some(max) = limit("maxItems").filter(|max| items.len() > *max) {
            self.refuse(
                subject.span,
                format!("{} holds {} items, but may hold {max}", subject.name, items.len()),
                None,
            );
        }
        let mut values = Vec::new();
        for item in items {
            let inner = Subject { name: format!("an item of {}", subject.name), span: item.span };
            let value = schema.get("items").and_then(|s| self.value(item, s, &inner));
            let Some(value) = value else { continue };
            if schema.get("uniqueItems") == Some(&Value::Bool(true)) && values.contains(&value) {
                let shown = value.as_str().map_or_else(|| value.to_string(), quote);
                let help = Some("remove one of the two".to_string());
                self.report.add(item.span, format!("{} holds {shown} twice", subject.name), help);
                continue;
            }
            values.push(value);
        }
        Some(Value::Array(values))
    }

    fn map(
        &mut self,
        node: &Node,
        count: usize,
        schema: &'a Value,
        subject: &Subject,
    ) -> Option<Value> {
        self.count(count, schema, subject);
        let empty = Map::new();
        let known = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
        let free = schema.get("additionalProperties").filter(|s| s.is_object());
        let names = schema.get("propertyNames").map(|s| words(s)).unwrap_or_default();
        let mut map = Map::new();
        let Kind::Map(entries) = &node.kind else {
            return None;
        };
        for (key, node) in entries {
            let name = quote(&key.text);
            // A place for anchors, as docker-compose knows it.
            if subject.name == WHOLE && key.text.starts_with("x-") {
                continue;
            }
            let Some(schema) = self.property(schema, &key.text).or(free) else {
                let known: Vec<_> = known.keys().map(String::as_str).collect();
                self.refuse(
                    key.span,
                    format!("unknown key {name}"),
                    suggest(&key.text, &known, "keys known here"),
                );
                continue;
            };
            if !names.is_empty() && !names.iter().any(|n| n.as_str() == Some(&key.text)) {
                let known: Vec<_> = names.iter().filter_map(|n| n.as_str()).collect();
                let help = suggest("", &known, "allowed");
                self.refuse(key.span, format!("{} cannot hold {name}", subject.name), help);
                continue;
            }
            if let Some(value) = self.value(node, schema, &Subject { name, span: key.span }) {
                map.insert(key.text.clone(), value);
            }
        }
        self.missing(node, schema, subject);
        Some(Value::Object(map))
    }

    fn property(&self, schema: &'a Value, key: &str) -> Option<&'a Value> {
        schema.get("properties").and_then(|p| p.get(key))
    }

    fn count(&mut self, count: usize, schema: &Value, subject: &Subject) {
        let limit = |key: &str| {
            schema
                .get(key)
                .and_then(Value::as_u64)
                .map(|n| usize::try_from(n).unwrap_or(usize::MAX))
        };
        let (min, max) =
            (limit("minProperties").unwrap_or(0), limit("maxProperties").unwrap_or(usize::MAX));
        if (min..=max).contains(&count) {
            return;
        }
        let keys = schema.get("properties").and_then(Value::as_object);
        let keys: Vec<_> = keys.iter().flat_map(|p| p.keys()).map(|k| format!("`{k}`")).collect();
        let message = match (min, max) {
            (1, 1) => format!("{} must hold exactly one of {}", subject.name, keys.join(", ")),
            _ if count < min => format!("{} must not be empty", subject.name),
            _ => format!("{} holds {count} entries, but may hold {max}", subject.name),
        };
        self.refuse(subject.span, message, None);
    }

    fn missing(&mut self, node: &Node, schema: &Value, subject: &Subject) {
        for key in schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
        {
            if node.get(key).is_none() {
                let example = self.property(self.root, key).filter(|_| subject.name == WHOLE);
                let example = example
                    .and_then(|s| s.get("examples"))
                    .and_then(|e| e.get(0))
                    .and_then(Value::as_str);
                let help = example
                    .map_or_else(|| format!("add `{key}:`"), |e| format!("add `{key}: {e}`"));
                self.refuse(
                    subject.span,
                    format!("{} lacks the key `{key}`", subject.name),
                    Some(help),
                );
            }
        }
    }
}

/// The words or numbers that a schema enumerates, as `enum` or as documented constants.
fn words(schema: &Value) -> Vec<&Value> {
    if let Some(list) = schema.get("enum").and_then(Value::as_array) {
        return list.iter().collect();
    }
    let branches = schema.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    branches.flat_map(words).chain(schema.get("const")).collect()
}

fn one_of(words: &[&Value]) -> String {
    let list: Vec<_> =
        words.iter().map(|w| w.as_str().map_or_else(|| w.to_string(), quote)).collect();
    format!("one of {}", list.join(", "))
}

/// The schema's JSON type; enumerations without one have the type of their first word.
fn kind(schema: &Value) -> &str {
    let worded = || {
        if words(schema).first().is_some_and(|w| w.is_number()) { "integer" } else { "string" }
    };
    schema.get("type").and_then(Value::as_str).unwrap_or_else(worded)
}

fn fits(node: &Node, schema: &Value) -> bool {
    let wanted = kind(schema);
    match node.kind {
        Kind::Null => false,
        Kind::Bool(_) => wanted == "boolean",
        Kind::Int(_) => wanted == "integer" || wanted == "number",
        Kind::Float(_) => wanted == "number" || wanted == "integer" && whole_number(node).is_some(),
        Kind::Text(_) => wanted == "string",
        Kind::List(_) => wanted == "array",
        Kind::Map(_) => wanted == "object",
    }
}

/// A number without a fraction, however it is written: `30`, `30.0` and `3e1` are one number.
fn whole_number(node: &Node) -> Option<i128> {
    match node.kind {
        Kind::Int(number) => Some(number),
        // A float counts whole numbers one by one up to here.
        Kind::Float(x) if x.fract() == 0.0 && x.abs() < 9e15 => Some(x as i128),
        _ => None,
    }
}

fn describe(schema: &Value) -> &'static str {
    match kind(schema) {
        "boolean" => "`true` or `false`",
        "integer" => "a whole number",
        "number" => "a number",
        "array" => "a list",
        "object" => "a mapping",
        _ => "text",
    }
}

fn describe_kind(node: &Node) -> String {
    match &node.kind {
        Kind::Null => "nothing".to_string(),
        Kind::Bool(b) => format!("the truth value `{b}`"),
        Kind::Int(n) => format!("the number {n}"),
        Kind::Float(x) => format!("the number {x}"),
        Kind::Text(text) => format!("the text {}", quote(text)),
        Kind::List(_) => "a list".to_string(),
        Kind::Map(_) => "a mapping".to_string(),
    }
}
