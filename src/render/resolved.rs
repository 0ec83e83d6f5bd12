//! The stack of one environment as YAML, behind each value the place that it comes from; and those
//! places as JSON.

use crate::stack::Resolved;
use serde_json::{Map, Value};

/// YAML; `file` names the file in the places.
pub fn yaml(resolved: &Resolved, file: &str) -> String {
    let mut lines = Vec::new();
    write(resolved, file, "", "", &mut lines);
    let width = lines.iter().map(|(text, _)| text.chars().count()).max().unwrap_or(0).min(60);
    let line = |(text, place): &(String, String)| match place.is_empty() {
        true => text.clone(),
        false => format!("{text:<width$}  # {place}"),
    };
    lines.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Places by path, such as `{"cdn.price_class": "stack.yaml:12:5"}`; `default` where none is given.
pub fn places(resolved: &Resolved, file: &str) -> Value {
    let mut places = Map::new();
    collect(resolved, file, "", &mut places);
    Value::Object(places)
}

fn place_of(place: Option<(usize, usize)>, file: &str) -> String {
    place.map_or("default".into(), |(line, column)| format!("{file}:{line}:{column}"))
}

fn collect(resolved: &Resolved, file: &str, path: &str, places: &mut Map<String, Value>) {
    let inner = |key: &str| if path.is_empty() { key.to_string() } else { format!("{path}.{key}") };
    match resolved {
        Resolved::Scalar { place, .. } => {
            places.insert(path.to_string(), place_of(*place, file).into());
        }
        Resolved::List(items) => items.iter().enumerate().for_each(|(number, item)| {
            collect(item, file, &inner(&number.to_string()), places);
        }),
        Resolved::Map(all) => {
            all.iter().for_each(|(key, value)| collect(value, file, &inner(key), places));
        }
    }
}

/// Adds lines; `first` stands before the first of them, `indent` before the others.
fn write(
    resolved: &Resolved,
    file: &str,
    first: &str,
    indent: &str,
    lines: &mut Vec<(String, String)>,
) {
    let deeper = format!("{indent}  ");
    let mut lead = first;
    match resolved {
        Resolved::Scalar { value, place } => {
            lines.push((format!("{first}{}", scalar(value)), place_of(*place, file)));
        }
        Resolved::List(items) => {
            for item in items {
                write(item, file, &format!("{lead}- "), &deeper, lines);
                lead = indent;
            }
        }
        Resolved::Map(all) => {
            for (key, value) in all {
                let head = format!("{lead}{}:", scalar(&Value::String(key.clone())));
                lead = indent;
                match value {
                    Resolved::Scalar { .. } => {
                        write(value, file, &format!("{head} "), indent, lines);
                    }
                    Resolved::List(items) if items.is_empty() => {
                        lines.push((format!("{head} []"), String::new()));
                    }
                    Resolved::Map(inner) if inner.is_empty() => {
                        lines.push((format!("{head} {{}}"), String::new()));
                    }
                    _ => {
                        lines.push((head, String::new()));
                        write(value, file, &deeper, &deeper, lines);
                    }
                }
            }
        }
    }
}

/// A scalar as YAML writes it: plain if it is unambiguous, otherwise quoted.
fn scalar(value: &Value) -> String {
    let Value::String(text) = value else { return value.to_string() };
    let first = text.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '/');
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./ ".contains(c);
    let words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let odd = words.contains(&text.to_ascii_lowercase().as_str()) || text.ends_with(' ');
    if first && !odd && text.chars().all(plain) { text.clone() } else { value.to_string() }
}
