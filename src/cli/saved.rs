//! Saved plans: what `diff --out` wrote and a reviewer approved is what `up --plan` does, or it refuses.

use super::error::CliError;
use crate::model::Plan;
use crate::render;
use serde_json::{Value, json};
use std::path::Path;

/// What a saved plan must agree on with the run that uses it, before its changes are compared.
const PLACE: [&str; 5] = ["format_version", "stack", "env", "account", "region"];

/// Reads a saved plan. Errors: unreadable, no JSON, not a plan.
pub fn load(path: &Path) -> Result<Value, CliError> {
    let fail = |what: String| {
        CliError::new(format!("{}: {what}", path.display()), "make it again with `shopstack diff --out plan.json`")
    };
    let text = std::fs::read_to_string(path).map_err(|e| fail(e.to_string()))?;
    let document: Value = serde_json::from_str(&text).map_err(|e| fail(format!("not a plan: {e}")))?;
    let complete = PLACE.iter().all(|key| document.get(key).is_some_and(Value::is_string))
        && document.get("changes").is_some_and(Value::is_array);
    if complete { Ok(document) } else { Err(fail("not a plan of shopstack".into())) }
}

/// Compares the reviewed plan with the one that live AWS and stack.yaml give now.
///
/// Error: they differ; every difference is named, nothing was changed.
pub fn check(saved: &Value, now: &Plan) -> Result<(), CliError> {
    let current = render::json::plan(now, json!({}));
    for key in PLACE {
        if saved.get(key) != current.get(key) {
            let text = |v: &Value| v.get(key).and_then(Value::as_str).unwrap_or("(none)").to_string();
            return Err(CliError::new(
                format!("the saved plan is for {key} `{}`, this run is for `{}`", text(saved), text(&current)),
                "use the plan where it was made for, or make a new one with `shopstack diff --out plan.json`",
            ));
        }
    }
    let differences = differences(saved, &current);
    if differences.is_empty() {
        return Ok(());
    }
    Err(CliError::new(
        format!("AWS or stack.yaml changed since the plan was saved:\n{}", differences.join("\n")),
        "review a new plan: `shopstack diff --out plan.json`; nothing was changed",
    ))
}

fn differences(saved: &Value, current: &Value) -> Vec<String> {
    let changes = |v: &Value| v.get("changes").and_then(Value::as_array).cloned().unwrap_or_default();
    let address = |v: &Value| v.get("address").and_then(Value::as_str).unwrap_or("(no address)").to_string();
    let (before, after) = (changes(saved), changes(current));
    let mut found = Vec::new();
    for old in &before {
        let name = address(old);
        match after.iter().find(|new| address(new) == name) {
            None => found.push(format!("  {name}: the plan changes it, now there is nothing to do")),
            Some(new) => fields(&name, old, new, &mut found),
        }
    }
    for new in after.iter().filter(|new| !before.iter().any(|old| address(old) == address(new))) {
        found.push(format!("  {}: needs a change now, the plan has none", address(new)));
    }
    found
}

fn fields(name: &str, old: &Value, new: &Value, found: &mut Vec<String>) {
    if old.get("op") != new.get("op") {
        let op = |v: &Value| v.get("op").and_then(Value::as_str).unwrap_or_default().to_string();
        found.push(format!("  {name}: the plan says {}, now it is {}", op(old), op(new)));
        return;
    }
    let list = |v: &Value| v.get("fields").and_then(Value::as_array).cloned().unwrap_or_default();
    let path = |v: &Value| v.get("path").and_then(Value::as_str).unwrap_or_default().to_string();
    let same = |a: &Value, b: &Value| a.get("live") == b.get("live") && a.get("wanted") == b.get("wanted");
    let (before, after) = (list(old), list(new));
    for field in &before {
        match after.iter().find(|f| path(f) == path(field)) {
            Some(other) if same(field, other) => {}
            _ => found.push(format!("  {name}: {} is not what it was", path(field))),
        }
    }
    for field in after.iter().filter(|f| !before.iter().any(|b| path(b) == path(f))) {
        found.push(format!("  {name}: {} differs as well now", path(field)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(changes: Value) -> Value {
        json!({"format_version": "1.0", "stack": "s", "env": "e", "account": "1", "region": "r", "changes": changes})
    }

    #[test]
    fn every_difference_is_named() {
        let field = |path: &str, live: u32| json!({"path": path, "live": live, "wanted": 9});
        let saved = document(json!([
            {"address": "a.x", "op": "update", "fields": [field("memory", 1), field("timeout", 2)]},
            {"address": "b.x", "op": "create", "fields": []},
            {"address": "c.x", "op": "update", "fields": []}]));
        let now = document(json!([
            {"address": "a.x", "op": "update", "fields": [field("memory", 1), field("timeout", 3), field("env", 1)]},
            {"address": "c.x", "op": "replace", "fields": []},
            {"address": "d.x", "op": "delete", "fields": []}]));
        let text = differences(&saved, &now).join("\n");
        for part in ["a.x: timeout", "a.x: env", "b.x: the plan changes it", "c.x: the plan says update", "d.x: needs"]
        {
            assert!(text.contains(part), "{part} not in:\n{text}");
        }
        assert!(!text.contains("memory"));
        assert!(differences(&saved, &saved).is_empty());
    }

    #[test]
    fn what_is_no_plan_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("plan.json");
        for text in ["", "{}", "[1]", "{\"format_version\":\"1.0\"}"] {
            std::fs::write(&file, text).unwrap();
            assert!(load(&file).unwrap_err().message.contains("not a plan"), "{text}");
        }
        assert!(load(&folder.path().join("missing.json")).is_err());
    }
}
