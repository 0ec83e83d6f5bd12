//! A plan as people read it: what is made, changed, replaced, deleted, field by field; losses in a
//! block at the end.

pub(super) mod cost;
pub(super) mod files;
#[cfg(test)]
mod tests;
pub(super) mod value;

use super::mask;
use super::style::{Ink, Style};
use crate::model::{Cause, FieldChange, Op, Plan, Step};
use crate::plan::diff::is_same;

/// The whole plan; `verbose` shows every field of new resources and every file.
pub fn text(plan: &Plan, style: Style, verbose: bool) -> String {
    let mut out = String::new();
    let place = format!("{} env {} in {} ({})", plan.stack, plan.env, plan.region, plan.account);
    out.push_str(&style.paint(Ink::Bold, &place));
    out.push('\n');
    let known: Vec<&str> = plan.headings.iter().flat_map(|(_, groups)| groups.clone()).collect();
    let headings = plan.headings.iter().map(|(heading, groups)| (*heading, Some(groups)));
    // Nothing that would be done is ever left unsaid.
    for (heading, groups) in headings.chain([("Other", None)]) {
        let here = |s: &&Step| {
            groups.map_or(!known.contains(&s.address.group()), |g| g.contains(&s.address.group()))
        };
        let steps: Vec<&Step> = plan.steps.iter().filter(here).collect();
        if steps.is_empty() {
            continue;
        }
        out.push_str(&format!("\n{}\n", style.paint(Ink::Bold, heading)));
        steps.iter().for_each(|s| step(&mut out, s, style, verbose));
    }
    if !plan.not_emulated.is_empty() {
        let names: Vec<_> = plan.not_emulated.iter().map(ToString::to_string).collect();
        let text = format!("Not emulated by this endpoint: {}", names.join(", "));
        out.push_str(&format!("\n{}", paragraph(&text, None, style)));
    }
    for note in &plan.notes {
        out.push_str(&format!(
            "\n{}",
            paragraph(&format!("Note: {}", value::clean(note)), Some(Ink::Dim), style)
        ));
    }
    out.push_str(&cost::lines(plan, style, verbose));
    losses(&mut out, plan, style);
    out.push_str(&format!("\n{}", paragraph(&summary(plan), None, style)));
    out
}

fn losses(out: &mut String, plan: &Plan, style: Style) {
    let lost: Vec<&Step> = plan.steps.iter().filter(|s| s.loses.is_some()).collect();
    if lost.is_empty() {
        return;
    }
    out.push_str(&format!(
        "\n{}\n",
        style.paint(Ink::Warning, "This loses data that no `up` brings back:")
    ));
    for step in lost {
        let what = step.loses.as_deref().unwrap_or_default();
        let (what, name) = (value::clean(what), value::clean(&step.name));
        let text = format!("  {} {} ({name}): {what}", step.op.as_str(), step.address);
        out.push_str(&paragraph(&text, None, style));
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
    let drift = if s.drifted > 0 {
        format!(" {} changed outside shopstack.", s.drifted)
    } else {
        String::new()
    };
    format!("Plan: {}.{drift}", parts.join(", "))
}

/// The sign before a resource.
pub(super) fn sign(op: Op) -> char {
    match op {
        Op::Create => '+',
        Op::Update | Op::Adopt => '~',
        Op::Replace => '±',
        Op::Delete => '-',
    }
}

fn step(out: &mut String, step: &Step, style: Style, verbose: bool) {
    let ink = match step.op {
        Op::Create => Ink::Create,
        Op::Update | Op::Adopt => Ink::Change,
        Op::Replace | Op::Delete => Ink::Delete,
    };
    let sign = sign(step.op);
    let cause = match (step.op, step.cause) {
        (Op::Adopt, _) => "adopted: it exists and was not this stack's",
        (Op::Create, Cause::Drift) => "drift: deleted outside shopstack",
        (_, Cause::Drift) => "drift: changed outside shopstack",
        (_, Cause::Both) => "your change and drift",
        (_, Cause::Change) => "",
    };
    let head = format!("  {sign} {}", step.address);
    let used = head.chars().count() + 2;
    let name = style.cut(&value::clean(&step.name), used);
    // A cause that does not fit behind the name goes on the next line.
    let fits = used + name.chars().count() + 2 + cause.chars().count() <= style.width;
    let before = if fits { "  " } else { "\n      " };
    let cause = if cause.is_empty() { String::new() } else { format!("{before}{cause}") };
    out.push_str(&format!(
        "{}  {}{cause}\n",
        style.paint(ink, &head),
        style.paint(Ink::Dim, &name)
    ));
    let fields = mask::readable_fields(step);
    match step.op {
        _ if files::lists_files(step) => {
            out.push_str(&files::lines(&fields, step.op == Op::Create, style, verbose))
        }
        Op::Create if !verbose => {}
        _ => fields.iter().for_each(|f| {
            out.push_str(&value::lines(f, step.op == Op::Create, &remark(step, f), style))
        }),
    }
}

/// The remark beside a field's values.
fn remark(step: &Step, field: &FieldChange) -> String {
    let drifted = !is_same(&field.live, &field.applied);
    let changed = !is_same(&field.wanted, &field.applied);
    let mut said = String::new();
    if field.replaces {
        said.push_str("  (forces replacement)");
    }
    // Where a whole step is one or the other, its head says so.
    if step.cause == Cause::Both && step.op != Op::Create {
        said.push_str(match (changed, drifted) {
            (true, true) => "  (your change and drift",
            (false, true) => "  (drift",
            _ => "  (your change",
        });
        // Where all three values differ, the two that are shown do not tell what somebody changed.
        if changed && drifted && !field.applied.is_object() && field.applied != mask::SENSITIVE {
            said.push_str(&format!("; it was {}", value::shown(&field.applied)));
        }
        said.push(')');
    }
    said
}

/// Text broken between words, with line ends; lines after the first are indented two deeper than
/// the first.
fn paragraph(text: &str, ink: Option<Ink>, style: Style) -> String {
    let first = text.len() - text.trim_start().len();
    let paint = |line: &str| ink.map_or_else(|| line.to_string(), |ink| style.paint(ink, line));
    let (mut out, mut line) = (String::new(), " ".repeat(first));
    let mut empty = true;
    for word in text.split_whitespace() {
        if !empty && line.chars().count() + 1 + word.chars().count() > style.width {
            out.push_str(&paint(&line));
            out.push('\n');
            line = " ".repeat(first + 2);
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    out.push_str(&paint(&line));
    out.push('\n');
    out
}
