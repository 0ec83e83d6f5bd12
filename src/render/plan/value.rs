//! A field of a plan as lines: one line if it fits, otherwise before and after below each other.

use crate::model::FieldChange;
use crate::render::mask::{AROUND, SENSITIVE};
use crate::render::style::{Ink, Style};
use serde_json::{Map, Value};

const INDENT: &str = "      ";
const DEEPER: &str = "        ";

/// The lines of one field, with line ends. `remark` stands behind the field's name; `fresh` means
/// that the whole resource is new, so that each field need not say so.
pub fn lines(field: &FieldChange, fresh: bool, remark: &str, style: Style) -> String {
    let path = clean(&label(&field.path));
    let change = Change::from_field(field);
    let sign = if matches!(change, Change::Set(_)) && !fresh { "+ " } else { "" };
    let one = format!("{INDENT}{path}: {sign}{}{remark}", change.in_one_line());
    if one.chars().count() <= style.width && !change.has_parts() {
        return one + "\n";
    }
    let mut out = style.cut(&format!("{INDENT}{path}:"), remark.chars().count()) + remark + "\n";
    for (sign, text) in change.parts(style.width.saturating_sub(DEEPER.len() + 2)) {
        let ink = if sign == '+' { Ink::Create } else { Ink::Delete };
        out.push_str(
            &style.paint(ink, &cut_inside(&format!("{DEEPER}{sign} {text}"), style.width)),
        );
        out.push('\n');
    }
    out
}

/// Before and after, in the form in which they are told best.
enum Change {
    Set(Value),
    Unset(Value),
    /// Items that left and that joined an unordered list.
    List {
        gone: Vec<String>,
        new: Vec<String>,
    },
    Value {
        before: String,
        after: String,
    },
    Secret,
}

impl Change {
    fn from_field(field: &FieldChange) -> Change {
        match (&field.live, &field.wanted) {
            (Value::Null, wanted) => Change::Set(wanted.clone()),
            (live, Value::Null) => Change::Unset(live.clone()),
            (Value::String(a), Value::String(b)) if a == SENSITIVE && b == SENSITIVE => {
                Change::Secret
            }
            (Value::Array(before), Value::Array(after)) => {
                let rest = |of: &[Value], without: &[Value]| -> Vec<String> {
                    of.iter().filter(|v| !without.contains(v)).map(shown).collect()
                };
                let (gone, new) = (rest(before, after), rest(after, before));
                if gone.is_empty() && new.is_empty() {
                    return Change::Value {
                        before: shown(&field.live),
                        after: shown(&field.wanted),
                    };
                }
                Change::List { gone, new }
            }
            (live, wanted) => Change::Value { before: shown(live), after: shown(wanted) },
        }
    }

    fn in_one_line(&self) -> String {
        match self {
            Change::Set(value) => shown(value),
            Change::Unset(value) => format!("{} → (removed)", shown(value)),
            Change::List { gone, new } => {
                let gone = gone.iter().map(|text| format!("- {text}"));
                gone.chain(new.iter().map(|text| format!("+ {text}")))
                    .collect::<Vec<_>>()
                    .join("  ")
            }
            Change::Value { before, after } => format!("{before} → {after}"),
            Change::Secret => format!("{SENSITIVE}, changed"),
        }
    }

    /// A thing with fields of its own is told field by field.
    fn has_parts(&self) -> bool {
        match self {
            Change::Set(value @ Value::Object(_)) | Change::Unset(value @ Value::Object(_)) => {
                leaves(value).len() > 1
            }
            _ => false,
        }
    }

    fn parts(&self, room: usize) -> Vec<(char, String)> {
        let all = |sign: char, texts: Vec<String>| texts.into_iter().map(move |text| (sign, text));
        match self {
            Change::Set(value) => all('+', leaves(value)).collect(),
            Change::Unset(value) => all('-', leaves(value)).collect(),
            Change::List { gone, new } => {
                all('-', gone.clone()).chain(all('+', new.clone())).collect()
            }
            Change::Value { before, after } => {
                let (before, after) = focused(before, after, room);
                vec![('-', before), ('+', after)]
            }
            Change::Secret => vec![('+', self.in_one_line())],
        }
    }
}

/// Two values too long for a line, without most of what they have in common at the start.
fn focused(before: &str, after: &str, room: usize) -> (String, String) {
    const KEPT: usize = 12;
    let common = before.chars().zip(after.chars()).take_while(|(a, b)| a == b).count();
    let long = before.chars().count().max(after.chars().count()) > room;
    if !long || common <= 3 * KEPT {
        return (before.to_string(), after.to_string());
    }
    let short = |text: &str| -> String {
        text.chars().take(KEPT).chain(['…']).chain(text.chars().skip(common - KEPT)).collect()
    };
    (short(before), short(after))
}

/// The name of a field as people say it: policies by statement, tags as tags.
pub fn label(path: &str) -> String {
    if let Some((document, rest)) = format!(".{path}").split_once(".statements.") {
        let document = match document.trim_start_matches('.').split_once('.') {
            Some(("policies", name)) => format!("policy {name}, "),
            _ if document == ".trust" => "trust policy, ".into(),
            _ => String::new(),
        };
        return match rest.split_once('.') {
            Some((statement, part)) => format!("{document}statement {statement}: {part}"),
            None => format!("{document}statement {rest}"),
        };
    }
    match path.split_once('.') {
        Some(("tags", key)) => format!("tag {key}"),
        Some(("environment", key)) => format!("variable {key}"),
        Some(("routes", key)) => format!("route {}", part_of(key, &ROUTE_PARTS)),
        Some(("cors", key)) => format!("CORS of {}", part_of(key, &CORS_PARTS)),
        Some(("not_allowed", key)) => {
            format!("other methods of {}", part_of(key, &NOT_ALLOWED_PARTS))
        }
        Some(("rules", key)) => format!("rule {}", key.replacen('.', ": ", 1)),
        Some(("policies", key)) => format!("policy {key}"),
        Some(("indexes", key)) => format!("index {key}"),
        _ => path.to_string(),
    }
}

/// Fields of a route and of a path's CORS; routes and paths may hold dots themselves.
const ROUTE_PARTS: [&str; 7] = [
    "integration",
    "function_arn",
    "authorization",
    "authorizer_id",
    "scopes",
    "api_key_required",
    "timeout_ms",
];
const CORS_PARTS: [&str; 5] =
    ["allow_origin", "allow_methods", "allow_headers", "allow_credentials", "max_age"];

const NOT_ALLOWED_PARTS: [&str; 3] = ["allow", "allow_origin", "allow_credentials"];

/// `GET /products.function_arn` as `GET /products: function_arn`; what names no part stays whole.
fn part_of(key: &str, parts: &[&str]) -> String {
    match key.rsplit_once('.') {
        Some((whole, part)) if parts.contains(&part) => format!("{whole}: {part}"),
        _ => key.to_string(),
    }
}

fn is_unknown(map: &Map<String, Value>) -> bool {
    map.get("unknown") == Some(&Value::Bool(true))
}

/// A value on one line: text bare, lists with commas, objects as `name value` pairs.
pub fn shown(value: &Value) -> String {
    match value {
        Value::Null => "(none)".into(),
        Value::String(text) if text.is_empty() => "(empty)".into(),
        Value::String(text) => clean(text),
        Value::Array(items) if items.is_empty() => "(none)".into(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        Value::Object(map) if is_unknown(map) => match map.get(AROUND).and_then(Value::as_str) {
            Some(text) => format!("{} (known after it is made)", clean(text)),
            None => "(known after it is made)".into(),
        },
        Value::Object(map) if map.is_empty() => "(none)".into(),
        Value::Object(_) => leaves(value).join("; "),
        other => other.to_string(),
    }
}

/// Every field of a value as `path: value`; absent ones are left out.
fn leaves(value: &Value) -> Vec<String> {
    let Value::Object(map) = value else {
        return vec![shown(value)];
    };
    if is_unknown(map) || map.is_empty() {
        return vec![shown(value)];
    }
    let mut all = Vec::new();
    for (key, value) in map.iter().filter(|(_, v)| !v.is_null()) {
        match value {
            Value::Object(inner) if !is_unknown(inner) && !inner.is_empty() => {
                all.extend(leaves(value).into_iter().map(|text| format!("{}.{text}", clean(key))));
            }
            _ => all.push(format!("{}: {}", clean(key), shown(value))),
        }
    }
    all
}

/// Text from AWS is untrusted: it must not control the terminal.
pub fn clean(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() })
        .collect()
}

/// Cuts the middle out of a long line: ARNs and URLs tell most at both ends.
fn cut_inside(text: &str, width: usize) -> String {
    let all: Vec<char> = text.chars().collect();
    let room = width.max(24);
    if all.len() <= room {
        return text.to_string();
    }
    let head = room * 3 / 5;
    let tail = room - head - 1;
    let kept = all.iter().take(head).chain(&['…']).chain(all.iter().skip(all.len() - tail));
    kept.collect()
}
