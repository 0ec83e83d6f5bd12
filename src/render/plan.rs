//! A plan as people read it: what is made, changed, replaced, deleted, field by field; losses in a block at the end.

mod files;
#[cfg(test)]
mod tests;
mod value;

use super::mask;
use super::style::{Ink, Style};
use crate::model::{Cause, FieldChange, Op, Plan, Step};
use crate::plan::diff::same;

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
        wrapped(&mut out, &format!("Not emulated by this endpoint: {}", names.join(", ")), None, style);
    }
    for note in &plan.notes {
        wrapped(&mut out, &format!("Note: {note}"), Some(Ink::Dim), style);
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
        let (what, name) = (value::clean(what), value::clean(&step.name));
        out.push_str(&format!("  {} {} ({name}): {what}\n", step.op.as_str(), step.address));
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
    let name = value::clean(&step.name);
    out.push_str(&format!("{}  {}{}\n", style.paint(ink, &head), style.paint(Ink::Dim, &name), cause));
    let fields = mask::fields(step);
    match step.op {
        _ if step.address.group() == "objects" => {
            out.push_str(&files::lines(&fields, step.op == Op::Create, style, verbose))
        }
        Op::Create if !verbose => {}
        _ => fields.iter().for_each(|f| out.push_str(&value::lines(f, step.op == Op::Create, &remark(step, f), style))),
    }
}

/// What is to be said of one field besides its values.
fn remark(step: &Step, field: &FieldChange) -> String {
    let drifted = !same(&field.live, &field.applied);
    let changed = !same(&field.wanted, &field.applied);
    let mut said = String::new();
    if field.replaces {
        said.push_str("  (forces replacement)");
    }
    // Where a whole step is one or the other, its head says so.
    if step.cause == Cause::Both && step.op != Op::Create {
        said.push_str(match (changed, drifted) {
            (true, true) => "  (your change, and drift)",
            (false, true) => "  (drift)",
            _ => "  (your change)",
        });
    }
    said
}

/// A paragraph of its own, broken between words.
fn wrapped(out: &mut String, text: &str, ink: Option<Ink>, style: Style) {
    let paint = |line: &str| ink.map_or_else(|| line.to_string(), |ink| style.paint(ink, line));
    out.push('\n');
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > style.width {
            out.push_str(&paint(&line));
            out.push_str("\n  ");
            line = word.to_string();
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    out.push_str(&paint(&line));
    out.push('\n');
}
