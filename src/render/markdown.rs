//! A plan as Markdown, for a comment on a pull request: one table, details folded, losses said first.

use super::{json, plan as text};
use crate::model::{Cause, Plan};
use serde_json::{Value, json};

/// The whole plan. Values come out of the JSON document, so what is masked there is masked here.
pub fn plan(plan: &Plan) -> String {
    let mut out = format!("### {} env {} in {}\n\n{}\n", plan.stack, plan.env, plan.region, text::summary(plan));
    for step in plan.steps.iter().filter(|s| s.loses.is_some()) {
        let what = step.loses.as_deref().unwrap_or_default();
        out.push_str(&format!("\n> **Loses data:** {} `{}` ({}): {what}\n", step.op.as_str(), step.address, step.name));
    }
    if plan.steps.is_empty() {
        return out;
    }
    out.push_str("\n| | resource | name | why |\n|---|---|---|---|\n");
    for step in &plan.steps {
        let why = match step.cause {
            Cause::Change => "your change",
            Cause::Drift => "drift",
            Cause::Both => "your change, and drift",
        };
        out.push_str(&format!("| {} | `{}` | {} | {why} |\n", step.op.as_str(), step.address, cell(&step.name)));
    }
    let document = json::plan(plan, json!({}));
    let changes = document.get("changes").and_then(Value::as_array).cloned().unwrap_or_default();
    for change in changes.iter().filter(|c| c.get("op") != Some(&json!("create"))) {
        let fields = change.get("fields").and_then(Value::as_array).cloned().unwrap_or_default();
        if fields.is_empty() {
            continue;
        }
        let address = change.get("address").and_then(Value::as_str).unwrap_or_default();
        out.push_str(&format!(
            "\n<details><summary><code>{address}</code></summary>\n\n| field | live | wanted |\n|---|---|---|\n"
        ));
        for field in &fields {
            let path = field.get("path").and_then(Value::as_str).unwrap_or_default();
            let forced = if field.get("replaces") == Some(&json!(true)) { " (forces replacement)" } else { "" };
            out.push_str(&format!(
                "| {}{forced} | {} | {} |\n",
                cell(path),
                value(field, "live"),
                value(field, "wanted")
            ));
        }
        out.push_str("\n</details>\n");
    }
    out
}

fn value(field: &Value, side: &str) -> String {
    match field.get(side) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => format!("`{}`", cell(text)),
        Some(value) if value == &json!({"unknown": true}) => "*known after it is made*".into(),
        Some(other) => format!("`{}`", cell(&other.to_string())),
    }
}

/// Text that cannot leave its table cell, its code span or its line.
fn cell(text: &str) -> String {
    let flat: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    flat.replace('|', "\\|").replace('`', "'").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, FieldChange, Op, Step};

    #[test]
    fn a_plan_is_a_table_with_folded_details_and_losses_first() {
        let step = Step {
            address: Address::new("table", "T"),
            type_name: "AWS::DynamoDB::Table".into(),
            name: "shop-dev-T".into(),
            op: Op::Replace,
            cause: Cause::Drift,
            fields: vec![FieldChange {
                path: "hash_key.name".into(),
                live: json!("a|b`<x>"),
                applied: Value::Null,
                wanted: json!({"unknown": true}),
                replaces: true,
            }],
            wanted: Value::Null,
            context: Value::Null,
            payload: None,
            live: None,
            after: vec![],
            loses: Some("12 items".into()),
        };
        let plan_value = Plan {
            format_version: "1.0".into(),
            stack: "shop".into(),
            env: "dev".into(),
            account: "1".into(),
            region: "r".into(),
            steps: vec![step],
            unchanged: vec![],
            not_emulated: vec![],
            notes: vec![],
        };
        let text = plan(&plan_value);
        assert!(text.contains("> **Loses data:** replace `table.T` (shop-dev-T): 12 items"), "{text}");
        assert!(text.contains("| replace | `table.T` | shop-dev-T | drift |"), "{text}");
        assert!(
            text.contains("| hash_key.name (forces replacement) | `a\\|b'&lt;x>` | *known after it is made* |"),
            "{text}"
        );
    }
}
