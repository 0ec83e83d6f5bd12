//! A tree held against schema and rules: as it stands, with each overlay, and as the environment
//! asked for has it.

use super::error::Report;
use super::node::Node;
use super::overlay::{self, Merged};
use super::{Stack, partial, rules, schema, shape};
use serde_json::Value;

/// The stack of the environment, or of none; what is wrong, in any environment, goes to `report`.
pub(super) fn check(tree: &Node, env: Option<&str>, report: &mut Report) -> Option<Stack> {
    let shaped = shape::check(tree, schema::published(), report);
    overlay::check_names(tree, report);
    if !shaped.complete {
        return check_rest(tree, shaped.value, report);
    }

    let schema = schema::merged_schema();
    let base = overlay::merge(tree, schema, "");
    let stack = check_merged(&base, schema, report);
    for pattern in overlay::patterns(tree) {
        let known = report.count();
        let merged = overlay::merge_one(tree, schema, &pattern.text);
        check_merged(&merged, schema, report);
        report.name_environment(known, &pattern.text);
    }
    match env {
        Some(env) if report.is_clean() => {
            check_merged(&overlay::merge(tree, schema, env), schema, report)
        }
        _ => stack,
    }
}

/// The rules on what is left of a tree of which parts were refused.
fn check_rest(tree: &Node, mut value: Value, report: &mut Report) -> Option<Stack> {
    value.as_object_mut().map(|sections| sections.remove(partial::SECTION));
    let stack: Stack = serde_json::from_value(value).ok()?;
    rules::check(&stack, tree, report, false);
    Some(stack)
}

fn check_merged(merged: &Merged, schema: &Value, report: &mut Report) -> Option<Stack> {
    let tree = &merged.tree;
    let shaped = shape::check(tree, schema, report);
    let stack: Stack = match serde_json::from_value(shaped.value) {
        Ok(stack) => stack,
        // The schema comes from the same types, so this is its echo, or a gap between the two.
        Err(e) if report.is_clean() => {
            report
                .whole_file(e.to_string(), "compare the file with `shopstack schema`".to_string());
            return None;
        }
        Err(_) => return None,
    };
    rules::check(&stack, tree, report, shaped.complete);
    let stack = Stack { asked: merged.asked.clone(), ..stack }.with_implied_parts();
    Some(if stack.life().is_some() { stack.with_low_floor() } else { stack })
}
