//! A plan as people read it: what is made, changed, replaced, deleted, field by field; losses in a block at the end.

use super::style::{Ink, Style};
use crate::model::{Cause, FieldChange, Op, Plan, Step};
use serde_json::Value;

/// Groups in the order of stack.yaml, with their headings.
const GROUPS: [(&str, &[&str]); 7] = [
    ("Tables", &["table"]),
    ("Functions", &["function", "role", "permission"]),
    ("API", &["api", "routes", "stage", "account"]),
    ("Site", &["bucket", "bucket_policy", "objects"]),
    ("CDN", &["oac", "headers", "distribution"]),
    ("WAF", &["web_acl", "association", "waf_logging"]),
    ("Logs", &["log_group"]),
];

/// The whole plan; `verbose` shows every field of new resources and every file.
pub fn text(plan: &Plan, style: Style, verbose: bool) -> String {
    let mut out = String::new();
    let place = format!("{} env {} in {} ({})", plan.stack, plan.env, plan.region, plan.account);
    out.push_str(&style.paint(Ink::Bold, &place));
    out.push('\n');
    for (heading, groups) in GROUPS {
        let steps: Vec<&Step> = plan.steps.iter().filter(|s| groups.contains(&s.address.group())).collect();
        if steps.is_empty() {
            continue;
        }
        out.push_str(&format!("\n{}\n", style.paint(Ink::Bold, heading)));
        steps.iter().for_each(|s| step(&mut out, s, style, verbose));
    }
    if !plan.not_emulated.is_empty() {
        let names: Vec<_> = plan.not_emulated.iter().map(ToString::to_string).collect();
        out.push_str(&format!("\nNot emulated by this endpoint: {}\n", names.join(", ")));
    }
    for note in &plan.notes {
        out.push_str(&format!("\n{}\n", style.paint(Ink::Dim, &format!("Note: {note}"))));
    }
    losses(&mut out, plan, style);
    out.push_str(&format!("\n{}\n", summary(plan)));
    out
}

fn losses(out: &mut String, plan: &Plan, style: Style) {
    let lost: Vec<&Step> = plan.steps.iter().filter(|s| s.loses.is_some()).collect();
    if lost.is_empty() {
        return;
    }
    out.push_str(&format!("\n{}\n", style.paint(Ink::Warning, "This loses data that no `up` brings back:")));
    for step in lost {
        let what = step.loses.as_deref().unwrap_or_default();
        out.push_str(&format!("  {} {} ({}): {what}\n", step.op.as_str(), step.address, step.name));
    }
}

/// `Plan: 3 to create, 1 to change, 28 unchanged.`
pub fn summary(plan: &Plan) -> String {
    let s = plan.summary();
    let mut parts = Vec::new();
    for (count, what) in [
        (s.create, "to create"),
        (s.update, "to change"),
        (s.replace, "to replace"),
        (s.delete, "to delete"),
        (s.unchanged, "unchanged"),
        (s.not_emulated, "not emulated"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    if parts.is_empty() {
        parts.push("nothing to do".into());
    }
    let drift = if s.drifted > 0 { format!(" {} changed behind the stack's back.", s.drifted) } else { String::new() };
    format!("Plan: {}.{drift}", parts.join(", "))
}

fn step(out: &mut String, step: &Step, style: Style, verbose: bool) {
    let (sign, ink) = match step.op {
        Op::Create => ("+", Ink::Create),
        Op::Update | Op::Adopt => ("~", Ink::Change),
        Op::Replace => ("±", Ink::Delete),
        Op::Delete => ("-", Ink::Delete),
    };
    let cause = match (step.op, step.cause) {
        (Op::Adopt, _) => "  adopted: it exists and was not this stack's",
        (_, Cause::Drift) => "  drift: changed behind the stack's back",
        (_, Cause::Both) => "  your change, and drift",
        (_, Cause::Change) => "",
    };
    let head = format!("  {sign} {}", step.address);
    out.push_str(&format!("{}  {}{}\n", style.paint(ink, &head), style.paint(Ink::Dim, &step.name), cause));
    match step.op {
        Op::Create if !verbose => {}
        _ if step.address.group() == "objects" && !verbose => {
            let files = step.fields.iter().filter(|f| f.path.starts_with("objects.")).count();
            out.push_str(&format!("      {files} files\n"));
        }
        _ => step.fields.iter().for_each(|f| field(out, f, style)),
    }
}

fn field(out: &mut String, field: &FieldChange, style: Style) {
    let forced = if field.replaces { "  (forces replacement)" } else { "" };
    let before = shown(&field.live);
    let after = shown(&field.wanted);
    let line = match (field.live.is_null(), field.wanted.is_null()) {
        (true, _) => format!("      {}: {after}", field.path),
        (_, true) => format!("      {}: {before} → (removed)", field.path),
        _ => format!("      {}: {before} → {after}", field.path),
    };
    out.push_str(&style.cut(&line, forced.len()));
    out.push_str(forced);
    out.push('\n');
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "(none)".into(),
        Value::String(text) => text.clone(),
        Value::Object(map) if map.get("unknown") == Some(&Value::Bool(true)) => "(known after it is made)".into(),
        other => other.to_string(),
    }
}
