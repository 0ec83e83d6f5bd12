//! The files of a site in a plan: a count of new, changed and gone ones, and the list behind -v.

use super::value::{self, clean};
use crate::model::{FieldChange, Step};
use crate::render::style::{Ink, Style};
use serde_json::Value;
use std::collections::BTreeMap;

/// Fields of one file, at the end of its path.
const PARTS: [&str; 3] = [".md5", ".content_type", ".cache_control"];

/// True for a step that changes a list of files, which is shown as counts.
pub fn lists_files(step: &Step) -> bool {
    step.fields.iter().any(|f| f.path == "objects" || f.path.starts_with("objects."))
}

/// The lines below a step that lists files.
pub fn lines(fields: &[FieldChange], fresh: bool, style: Style, verbose: bool) -> String {
    let files = files(fields);
    let counts: Vec<String> = [('+', "new"), ('~', "changed"), ('-', "gone")]
        .into_iter()
        .filter_map(|(sign, what)| {
            let count = files.values().filter(|s| **s == sign).count();
            (count > 0).then(|| format!("{count} {what}"))
        })
        .collect();
    let mut out = String::new();
    if !counts.is_empty() {
        let noun = if files.len() == 1 { "file" } else { "files" };
        out.push_str(&format!("      {noun}: {}\n", counts.join(", ")));
    }
    if verbose {
        for (file, sign) in &files {
            let ink = match sign {
                '+' => Ink::Create,
                '-' => Ink::Delete,
                _ => Ink::Change,
            };
            out.push_str(&format!(
                "{}\n",
                style.paint(ink, &style.cut(&format!("        {sign} {}", clean(file)), 0))
            ));
        }
    }
    if let Some(config) = fields.iter().find(|f| f.path == "config") {
        let shown = FieldChange { path: "config.json".into(), ..config.clone() };
        out.push_str(&value::lines(&shown, fresh, "", style));
    }
    out
}

/// Every file that a change touches, with its sign.
fn files(fields: &[FieldChange]) -> BTreeMap<String, char> {
    let mut files = BTreeMap::new();
    for field in fields {
        if field.path == "objects" {
            // The whole site is new, or gone.
            let (sign, all) =
                if field.live.is_null() { ('+', &field.wanted) } else { ('-', &field.live) };
            files.extend(
                all.as_object().into_iter().flatten().map(|(file, _)| (file.clone(), sign)),
            );
        }
        let Some(rest) = field.path.strip_prefix("objects.") else {
            continue;
        };
        let sign = match (&field.live, &field.wanted) {
            (Value::Null, Value::Object(_)) => '+',
            (Value::Object(_), Value::Null) => '-',
            _ => '~',
        };
        let part = PARTS.iter().find_map(|part| rest.strip_suffix(part)).filter(|_| sign == '~');
        files.insert(part.unwrap_or(rest).to_string(), sign);
    }
    files
}
