//! A plan as Markdown, for a comment on a pull request: one table, details folded, losses said
//! first.

use super::plan::{self as text, cost, value};
use super::{mask, style::Style};
use crate::model::{Cause, FieldChange, Op, Plan, Step};
use serde_json::Value;

/// GitHub refuses comments of more than 65,536 characters; what is beyond these many bytes is left
/// out, and that is said. Losses come first, then the list of resources, then details and the rest.
const ROOM: usize = 60_000;
const ROOM_OF_LOSSES: usize = 10_000;
const ROOM_OF_ROWS: usize = 30_000;

/// The whole plan.
pub fn plan(plan: &Plan) -> String {
    let mut out = format!(
        "### {} env {} in {}\n\n{}\n",
        plan.stack,
        plan.env,
        plan.region,
        text::summary(plan)
    );
    let losses = plan.steps.iter().filter(|s| s.loses.is_some()).map(loss);
    let left_out = fill(&mut out, ROOM_OF_LOSSES, losses);
    if left_out > 0 {
        out.push_str(&format!("\n> **{left_out} more lose data**; `shopstack diff` names them.\n"));
    }
    if !plan.steps.is_empty() {
        out.push_str("\n| | resource | name | why |\n|---|---|---|---|\n");
    }
    let left_out = fill(&mut out, ROOM_OF_ROWS, plan.steps.iter().map(row));
    if left_out > 0 {
        out.push_str(&format!(
            "\n{left_out} more resources are left out here; `shopstack diff` shows them.\n"
        ));
    }
    let left_out =
        fill(&mut out, ROOM, plan.steps.iter().filter(|s| s.op != Op::Create).map(details));
    if left_out > 0 {
        out.push_str(&format!(
            "\nThe details of {left_out} more are left out here; `shopstack diff` shows them.\n"
        ));
    }
    let absent = (!plan.not_emulated.is_empty()).then(|| {
        let names: Vec<_> = plan.not_emulated.iter().map(|a| format!("`{a}`")).collect();
        format!("\nNot emulated by this endpoint: {}\n", names.join(", "))
    });
    let notes = plan.notes.iter().map(|note| format!("\nNote: {}\n", prose(note)));
    let left_out = fill(&mut out, ROOM, std::iter::once(floors(plan)).chain(absent).chain(notes));
    if left_out > 0 {
        out.push_str("\nNotes and costs are left out here; `shopstack diff` shows them.\n");
    }
    out
}

/// Adds parts as long as there is room; how many there was none for.
fn fill(out: &mut String, room: usize, parts: impl Iterator<Item = String>) -> usize {
    let mut left_out = 0;
    for part in parts {
        if out.len() + part.len() > room {
            left_out += 1;
        } else {
            out.push_str(&part);
        }
    }
    left_out
}

fn loss(step: &Step) -> String {
    let (what, name) = (prose(step.loses.as_deref().unwrap_or_default()), cell(&step.name));
    format!("\n> **Loses data:** {} `{}` (`{name}`): {what}\n", step.op.as_str(), step.address)
}

fn row(step: &Step) -> String {
    let why = match (step.op, step.cause) {
        (Op::Adopt, _) => "adopted",
        (_, Cause::Change) => "your change",
        (_, Cause::Drift) => "drift",
        (_, Cause::Both) => "your change and drift",
    };
    let (sign, op, name) = (text::sign(step.op), step.op.as_str(), cell(&step.name));
    format!("| {sign} {op} | `{}` | `{name}` | {why} |\n", step.address)
}

/// A folded block: the fields of a step before and after; files as a list.
fn details(step: &Step) -> String {
    let fields = mask::readable_fields(step);
    if fields.is_empty() {
        return String::new();
    }
    let mut out = format!("\n<details><summary><code>{}</code></summary>\n\n", step.address);
    if super::plan::files::lists_files(step) {
        let style = Style { width: 120, color: false };
        let list = text::files::lines(&fields, false, style, true);
        out.push_str(&format!("```\n{}```\n", list.replace("```", "'''")));
    } else {
        // Where somebody else had a hand in it, what the last `up` left is told as well.
        let applied = step.cause != Cause::Change;
        out.push_str(if applied {
            "| field | live | applied | wanted |\n|---|---|---|---|\n"
        } else {
            "| field | live | wanted |\n|---|---|---|\n"
        });
        for field in &fields {
            let forced = if field.replaces { " (forces replacement)" } else { "" };
            let path = prose(&value::label(&field.path));
            let (live, wanted) = (shown(field, &field.live), shown(field, &field.wanted));
            let applied = if applied {
                format!("{} | ", shown(field, &field.applied))
            } else {
                String::new()
            };
            out.push_str(&format!("| {path}{forced} | {live} | {applied}{wanted} |\n"));
        }
    }
    out.push_str("\n</details>\n");
    out
}

/// The monthly floor, resource by resource in a folded block.
fn floors(plan: &Plan) -> String {
    if plan.floors.is_empty() {
        return String::new();
    }
    let (before, after) = cost::totals(plan);
    let change = if before == after {
        format!("{after}, as before")
    } else {
        format!("{before} → {after}")
    };
    let mut out = format!(
        "\n<details><summary>Monthly floor on AWS: {change}</summary>\n\n| resource | before | \
         after |\n"
    );
    out.push_str("|---|---|---|\n");
    for floor in &plan.floors {
        out.push_str(&format!(
            "| `{}` | {} | {} |\n",
            floor.address,
            floor.before(),
            floor.after()
        ));
    }
    out.push_str(&format!("\n{}\n\n</details>\n", cost::estimate()));
    out
}

fn shown(field: &FieldChange, value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Object(map) if map.get("unknown") == Some(&Value::Bool(true)) => {
            match map.get(mask::AROUND) {
                Some(Value::String(text)) => format!("`{}` *known after it is made*", cell(text)),
                _ => "*known after it is made*".into(),
            }
        }
        Value::String(text) if text == mask::SENSITIVE && field.live == field.wanted => {
            "*sensitive, changed*".into()
        }
        Value::String(text) if text == mask::SENSITIVE => "*sensitive*".into(),
        other => format!("`{}`", cell(&value::shown(other))),
    }
}

/// Text that cannot leave its table cell, its code span or its line.
fn cell(text: &str) -> String {
    let flat: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    flat.replace('|', "\\|").replace('`', "'").replace('<', "&lt;")
}

/// Text outside of code: besides, nothing in it is markup, a link, a picture or somebody's name.
pub(super) fn prose(text: &str) -> String {
    let mut out = cell(text).replace('@', "@\u{200b}").replace("://", ":\u{200b}//");
    for sign in ["[", "]", "!", "*", "~", "#"] {
        out = out.replace(sign, &format!("\\{sign}"));
    }
    // Inside of a word it is only itself.
    out = out
        .split(' ')
        .map(|word| if word.starts_with('_') { format!("\\{word}") } else { word.into() })
        .collect::<Vec<String>>()
        .join(" ");
    // A bare host name becomes a link as well.
    out.replace("www.", "www\u{200b}.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples;
    use serde_json::json;

    #[test]
    fn what_others_wrote_stays_in_its_cell() {
        let mut key =
            samples::changed("hash_key.name", json!("a|b`<x>\n|"), json!({"unknown": true}));
        key.replaces = true;
        let mut step =
            samples::step("table.T", "AWS::DynamoDB::Table", Op::Replace, Cause::Drift, vec![key]);
        step.loses = Some("12 items, [not](a link)".into());
        step.fields.push(samples::changed(
            "tags.@octo/x![y](https://evil.example)",
            json!("a"),
            Value::Null,
        ));
        let text = plan(&samples::plan(vec![step]));
        for part in [
            "> **Loses data:** replace `table.T` (`shop-dev-T`): 12 items, \\[not\\](a link)\n",
            "| tag @\u{200b}octo/x\\!\\[y\\](https:\u{200b}//evil.example) | `a` |",
            "| ± replace | `table.T` | `shop-dev-T` | drift |",
            "| hash_key.name (forces replacement) | `a\\|b'&lt;x>\\n\\|` | `a\\|b'&lt;x>\\n\\|` | \
             *known after it is made* |",
        ] {
            assert!(text.contains(part), "{part} not in:\n{text}");
        }
    }

    #[test]
    fn a_comment_is_never_longer_than_github_takes() {
        let long = |n: usize| {
            samples::changed(&format!("f{n}"), json!("x".repeat(300)), json!("y".repeat(300)))
        };
        let steps = (0..40).map(|n| {
            let fields = (0..20).map(long).collect();
            samples::step(
                &format!("table.T{n}"),
                "AWS::DynamoDB::Table",
                Op::Update,
                Cause::Change,
                fields,
            )
        });
        let text = plan(&samples::plan(steps.collect()));
        assert!(text.len() < 65_536 && text.contains("more are left out here"), "{}", text.len());

        let steps = (0..3000).map(|n| {
            let mut step = samples::step(
                &format!("table.T{n}"),
                "AWS::DynamoDB::Table",
                Op::Delete,
                Cause::Change,
                vec![],
            );
            step.loses = Some("12 items".into());
            step
        });
        let mut many = samples::plan(steps.collect());
        many.notes = (0..1000).map(|n| format!("note {n} of a long list of them")).collect();
        let text = plan(&many);
        assert!(text.len() < 65_536, "{}", text.len());
        for said in
            ["more lose data**", "more resources are left out here", "Notes and costs are left out"]
        {
            assert!(text.contains(said), "{said}");
        }
    }
}
