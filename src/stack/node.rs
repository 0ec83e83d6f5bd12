//! YAML as a tree in which every key and value knows its line and column.

use super::error::{Report, quote};
use super::span::Span;
use crate::model::character;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_yaml::{DuplicateKeyPolicy, Error, Location, Options, Spanned, UserMessageFormatter};
use std::collections::BTreeSet;

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub span: Span,
    pub kind: Kind,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

#[derive(Clone, Debug)]
pub(super) struct Key {
    pub text: String,
    pub span: Span,
}

impl Node {
    /// The entry of this mapping under `key`.
    pub fn get(&self, key: &str) -> Option<(&Key, &Node)> {
        match &self.kind {
            Kind::Map(entries) => entries.iter().find(|(k, _)| k.text == key).map(|(k, v)| (k, v)),
            _ => None,
        }
    }

    /// The values of keys `secret`: an alias may repeat what an anchor gives elsewhere.
    pub fn secrets(&self) -> BTreeSet<String> {
        match &self.kind {
            Kind::List(items) => items.iter().flat_map(Self::secrets).collect(),
            Kind::Map(entries) => entries
                .iter()
                .flat_map(|(key, node)| match &node.kind {
                    Kind::Text(text) if key.text == "secret" => BTreeSet::from([text.clone()]),
                    _ => node.secrets(),
                })
                .collect(),
            _ => BTreeSet::new(),
        }
    }

    /// Place of the key that `path` leads to; `None` where it leads nowhere.
    pub fn find(&self, path: &[&str]) -> Option<Span> {
        let (mut place, mut node) = (self.span, self);
        for step in path {
            (place, node) = match &node.kind {
                Kind::List(items) => {
                    let item = items.get(step.parse::<usize>().ok()?)?;
                    (item.span, item)
                }
                _ => node.get(step).map(|(k, v)| (k.span, v))?,
            };
        }
        Some(place)
    }

    /// Places of the key and of the value that `path` leads to, as far as it can be followed; a
    /// list's items go by number.
    pub fn locate(&self, path: &[&str]) -> (Span, Span) {
        let (mut key, mut node) = (self.span, self);
        for step in path {
            match &node.kind {
                Kind::List(items) => {
                    let Some(item) = step.parse().ok().and_then(|i: usize| items.get(i)) else {
                        break;
                    };
                    (key, node) = (item.span, item);
                }
                _ => {
                    let Some((k, v)) = node.get(step) else { break };
                    (key, node) = (k.span, v);
                }
            }
        }
        (key, node.span)
    }
}

/// Reads the text; errors go to `report`, and where one is a duplicate key the rest of the file is
/// still read.
pub(super) fn parse(source: &str, report: &mut Report) -> Option<Node> {
    if source.lines().all(|l| {
        l.trim_start_matches('\u{feff}').trim().is_empty() || l.trim_start().starts_with('#')
    }) {
        let help =
            "begin with `name: my-shop` and `region: us-east-1`; `shopstack schema` tells the rest";
        report.whole_file("the file is empty".to_string(), help.to_string());
        return None;
    }
    let first = serde_yaml::from_str_with_options::<Spanned<Raw>>(
        source,
        options(DuplicateKeyPolicy::Error),
    );
    let error = match first {
        Ok(tree) => return Some(build(tree)),
        Err(error) => error,
    };
    let duplicate = add_error(&error, report);
    // Only the first duplicate is told; without it the others would be a second run's surprise,
    // with it they still are.
    let again = || {
        serde_yaml::from_str_with_options(source, options(DuplicateKeyPolicy::FirstWins))
            .ok()
            .map(build)
    };
    if duplicate { again() } else { None }
}

fn options(duplicate_keys: DuplicateKeyPolicy) -> Options {
    serde_yaml::options! {
        duplicate_keys: duplicate_keys,
        strict_booleans: true,
        with_snippet: false,
        reject_unsupported_tags: true,
    }
}

/// Reports a parser's error; true if it was a duplicate key.
fn add_error(error: &Error, report: &mut Report) -> bool {
    let error = error.without_snippet();
    let location = error.location().unwrap_or(Location::UNKNOWN);
    let mut span = span(&location);
    if let Error::DuplicateMappingKey { key, .. } = error {
        let name = key.as_deref().map(quote).unwrap_or_default();
        span.width = key.as_deref().map_or(1, |k| k.chars().count());
        let help = "keep one of the two, or give one of them another name";
        report.add(span, format!("duplicate key {name}"), Some(help.to_string()));
        return true;
    }
    let tabbed = |line: &&str| {
        line.split(|c: char| c != ' ' && c != '\t').next().unwrap_or_default().contains('\t')
    };
    let around = report.source().lines().enumerate().take(location.line().max(1) as usize + 1);
    if let Some((number, line)) = around.filter(|(_, l)| tabbed(l)).last() {
        let column = line.chars().take_while(|c| *c != '\t').count() + 1;
        let span = Span { line: number + 1, column, width: 1 };
        report.add(
            span,
            "tab in the indentation".to_string(),
            Some("YAML is indented with spaces alone".to_string()),
        );
        return false;
    }
    if let Some((place, name)) = hidden_near(span, report) {
        let help = "write the plain character in its place".to_string();
        report.add(place, format!("not valid YAML: {name} stands here"), Some(help));
        return false;
    }
    let text = error.render_with_formatter(&UserMessageFormatter);
    let text = text.lines().next().unwrap_or_default().trim_end_matches('.');
    let text = text.split(" at line ").next().unwrap_or(text);
    report.add(span, format!("not valid YAML: {text}"), None);
    false
}

/// A character that hides in the line that the parser stopped at, or in the one before it: it
/// complains where it loses the thread, which may be behind the cause. Comments may hold anything.
fn hidden_near(stopped: Span, report: &Report) -> Option<(Span, String)> {
    let lines = [stopped.line, stopped.line.saturating_sub(1)];
    lines.into_iter().filter(|line| *line > 0).find_map(|line| {
        let whole = report.text_at(Span { line, column: 1, width: usize::MAX });
        let code = whole.split(" #").next().filter(|code| !code.trim_start().starts_with('#'))?;
        let (at, c) = character::first_hidden(code)?;
        Some((Span { line, column: at + 1, width: 1 }, character::describe(c)))
    })
}

fn span(location: &Location) -> Span {
    let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX).max(1);
    let width = usize::try_from(location.span().len()).unwrap_or(1).max(1);
    Span { line: number(location.line()), column: number(location.column()), width }
}

/// The deserializer's result: the same tree with the parser's own locations.
enum Raw {
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

fn build(raw: Spanned<Raw>) -> Node {
    // An alias or a merge is shown where its text stands: that is the line to mend.
    let place = if raw.defined == Location::UNKNOWN { &raw.referenced } else { &raw.defined };
    let mut place = span(place);
    let kind = match raw.value {
        Raw::Null => Kind::Null,
        Raw::Bool(b) => Kind::Bool(b),
        Raw::Int(n) => Kind::Int(n),
        Raw::Float(x) => Kind::Float(x),
        Raw::Text(text) => Kind::Text(text),
        Raw::List(items) => Kind::List(items.into_iter().map(build).collect()),
        Raw::Map(entries) => {
            Kind::Map(entries.into_iter().map(|(k, v)| (key(k), build(v))).collect())
        }
    };
    if matches!(kind, Kind::List(_) | Kind::Map(_)) {
        place.width = 1;
    }
    Node { span: place, kind }
}

fn key(raw: Spanned<String>) -> Key {
    let place = if raw.defined == Location::UNKNOWN { &raw.referenced } else { &raw.defined };
    Key { span: span(place), text: raw.value }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("any YAML value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        Raw::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Int(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Int(value.into()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Raw, E> {
        Ok(Raw::Int(value))
    }

    fn visit_u128<E: serde::de::Error>(self, value: u128) -> Result<Raw, E> {
        i128::try_from(value).map(Raw::Int).map_err(|_| E::custom("number too large"))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_string()))
    }

    fn visit_bytes<E: serde::de::Error>(self, _: &[u8]) -> Result<Raw, E> {
        Err(E::custom("binary data has no place in a stack.yaml"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry::<Spanned<String>, Spanned<Raw>>()? {
            entries.push(entry);
        }
        if entries.len() > 10_000 {
            return Err(A::Error::custom("a mapping of more than 10000 keys"));
        }
        Ok(Raw::Map(entries))
    }
}
