//! What no terminal, log or plan document may show: values of environment variables whose names look secret.

use crate::model::{FieldChange, Step};
use serde_json::Value;

/// Stands in for a secret value.
pub const SENSITIVE: &str = "(sensitive)";

const FUNCTION: &str = "AWS::Lambda::Function";
const WORDS: [&str; 4] = ["SECRET", "TOKEN", "PASSWORD", "KEY"];

/// The fields of a step as they may be shown.
pub fn fields(step: &Step) -> Vec<FieldChange> {
    step.fields.iter().map(|field| masked(step, field)).collect()
}

fn masked(step: &Step, field: &FieldChange) -> FieldChange {
    let mut shown = field.clone();
    let Some(rest) = field.path.strip_prefix("environment").filter(|_| step.type_name == FUNCTION) else {
        return shown;
    };
    let whole = looks_secret(rest.trim_start_matches('.'));
    for value in [&mut shown.live, &mut shown.applied, &mut shown.wanted] {
        hide(value, whole);
    }
    shown
}

fn looks_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    WORDS.iter().any(|word| name.contains(word))
}

/// Hides a value, or those entries of a map of variables that look secret. What is absent or unknown tells nothing.
fn hide(value: &mut Value, whole: bool) {
    match value {
        Value::Object(map) => {
            let secret = |key: &str| key != "unknown" && (whole || looks_secret(key));
            map.iter_mut().filter(|(key, _)| secret(key)).for_each(|(_, value)| hide(value, true));
        }
        Value::Null => {}
        other if whole => *other = SENSITIVE.into(),
        _ => {}
    }
}
