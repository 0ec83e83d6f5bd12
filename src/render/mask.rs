//! Masks a step for display: everything is shown except secret variables of functions.

use crate::model::{FieldChange, Step, template};
use crate::plan::secret::{self, Marks};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub use secret::SENSITIVE;

/// Key beside `unknown` under which people are told what stands around the unknown part.
pub const AROUND: &str = "around";

/// The fields of a step as they may be shown.
pub fn fields(step: &Step) -> Vec<FieldChange> {
    let marks = Marks::of_step(step);
    step.fields.iter().map(|field| secret::masked(field, &marks)).collect()
}

/// The same for people: a value that is not known yet says what is written around the unknown part.
pub fn readable_fields(step: &Step) -> Vec<FieldChange> {
    let texts = unknown(step);
    let mut fields = fields(step);
    fields.iter_mut().for_each(|field| fill(&field.path, &mut field.wanted, &texts));
    fields
}

fn fill(path: &str, value: &mut Value, texts: &BTreeMap<String, String>) {
    match value {
        Value::Object(map) if map.get("unknown") == Some(&Value::Bool(true)) => {
            // A reference and nothing else tells nothing more.
            let around = texts.get(path).filter(|text| {
                !(text.starts_with("{{") && text.find("}}") == Some(text.len() - 2))
            });
            if let Some(text) = around {
                map.insert(AROUND.into(), json!(text.replace("{{", "${").replace("}}", "}")));
            }
        }
        Value::Object(map) => {
            map.iter_mut().for_each(|(key, inner)| fill(&format!("{path}.{key}"), inner, texts))
        }
        Value::Array(items) => {
            items
                .iter_mut()
                .enumerate()
                .for_each(|(n, inner)| fill(&format!("{path}.{n}"), inner, texts));
        }
        _ => {}
    }
}

/// Wanted texts of a step that hold a value not known yet, by dotted path; without those of secret
/// variables.
pub fn unknown(step: &Step) -> BTreeMap<String, String> {
    let mut texts = template::open(&step.wanted);
    let marks = Marks::of_step(step);
    texts.retain(|path, text| !marks.is_secret_at(path, &json!(text)));
    texts
}
