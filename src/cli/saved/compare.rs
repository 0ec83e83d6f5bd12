//! The reviewed plan against the plan made now, word by word.

use crate::model::{Address, Cause, Op};
use crate::plan::USUAL_TIMES;
use crate::render::document::{Change, Cost, PlanDocument, SecretDigest};
use std::collections::BTreeSet;

/// Every difference between the reviewed plan and the one made now, a line each.
pub(super) fn differences(
    saved: &PlanDocument,
    current: &PlanDocument,
    shared: &BTreeSet<Address>,
) -> Vec<String> {
    let (before, after) = (&saved.changes, &current.changes);
    let (mut found, mut made_meanwhile) = (Vec::new(), Vec::new());
    for old in before {
        let name = &old.address;
        match after.iter().find(|new| new.address == *name) {
            None if old.op == Op::Create && shared.contains(name) => {
                made_meanwhile.push(old);
            }
            None => {
                found.push(format!("  {name}: the plan changes it, now there is nothing to do"))
            }
            Some(new) if old.op != new.op => {
                found.push(format!(
                    "  {name}: the plan says {}, now it is {}",
                    old.op.as_str(),
                    new.op.as_str()
                ));
            }
            Some(new) => {
                fields(old, new, &mut found);
                secrets(name, saved, current, &mut found);
            }
        }
    }
    for new in after.iter().filter(|new| !before.iter().any(|old| old.address == new.address)) {
        found.push(format!("  {}: needs a change now, the plan has none", new.address));
    }
    if found.is_empty() {
        words(saved, current, &made_meanwhile, &mut found);
    }
    found
}

/// The words around the changes: counts, notes, costs. If changes differ, these differ too and are
/// not reported again.
fn words(
    saved: &PlanDocument,
    current: &PlanDocument,
    made_meanwhile: &[&Change],
    found: &mut Vec<String>,
) {
    let mut summary = saved.summary;
    for change in made_meanwhile {
        summary.create = summary.create.saturating_sub(1);
        summary.unchanged += 1;
        if change.cause != Cause::Change {
            summary.drifted = summary.drifted.saturating_sub(1);
        }
    }
    // A resource that exists by now takes no more time.
    let told = |note: &&String| made_meanwhile.is_empty() || !note.starts_with(USUAL_TIMES);
    let notes = |document: &PlanDocument| -> Vec<String> {
        document.notes.iter().filter(told).cloned().collect()
    };
    let parts = [
        ("summary", summary == current.summary),
        ("not_emulated", saved.not_emulated == current.not_emulated),
        ("notes", notes(saved) == notes(current)),
        ("cost", same_cost(saved.cost.as_ref(), current.cost.as_ref())),
    ];
    let wrong = parts.iter().filter(|(_, same)| !same);
    found.extend(wrong.map(|(key, _)| format!("  {key} is not what it was")));
}

/// Amounts may lose their last digit on the way through a file.
fn same_cost(saved: Option<&Cost>, current: Option<&Cost>) -> bool {
    let same = |a: f64, b: f64| (a - b).abs() < 0.000_001;
    match (saved, current) {
        (None, None) => true,
        (Some(a), Some(b)) => {
            let words = |c: &Cost| {
                [&c.currency, &c.per, &c.prices_of, &c.prices_in, &c.not_included].map(Clone::clone)
            };
            let resources = a.resources.iter().zip(&b.resources);
            words(a) == words(b)
                && same(a.before, b.before)
                && same(a.after, b.after)
                && a.resources.len() == b.resources.len()
                && resources.clone().all(|(a, b)| a.address == b.address)
                && resources.clone().all(|(a, b)| same(a.before, b.before))
                && resources.clone().all(|(a, b)| same(a.after, b.after))
        }
        _ => false,
    }
}

fn fields(old: &Change, new: &Change, found: &mut Vec<String>) {
    let name = &old.address;
    if old.name != new.name || old.type_name != new.type_name {
        found.push(format!("  {name}: the plan means `{}`, now it is `{}`", old.name, new.name));
    }
    if old.cause != new.cause {
        found.push(format!(
            "  {name}: the plan calls it {}, now it is {}",
            cause_word(old.cause),
            cause_word(new.cause)
        ));
    }
    for field in &old.fields {
        match new.fields.iter().find(|f| f.path == field.path) {
            Some(other) if field == other => {}
            _ => found.push(format!("  {name}: {} is not what it was", field.path)),
        }
    }
    let unknown: BTreeSet<&String> = old.unknown.keys().chain(new.unknown.keys()).collect();
    for path in unknown.into_iter().filter(|path| old.unknown.get(*path) != new.unknown.get(*path))
    {
        found.push(format!("  {name}: {path} is not what it was"));
    }
    for field in new.fields.iter().filter(|f| !old.fields.iter().any(|b| b.path == f.path)) {
        found.push(format!("  {name}: {} differs as well now", field.path));
    }
}

fn cause_word(cause: Cause) -> &'static str {
    match cause {
        Cause::Change => "a change",
        Cause::Drift => "drift",
        Cause::Both => "a change and drift",
    }
}

/// Secrets read the same in both plans; their digests tell them apart. One without a digest cannot
/// be vouched for.
fn secrets(name: &Address, saved: &PlanDocument, current: &PlanDocument, found: &mut Vec<String>) {
    let of = |document: &PlanDocument| -> Vec<SecretDigest> {
        let all = document.secrets.iter().flat_map(|s| &s.digests);
        all.filter(|d| d.address == *name).cloned().collect()
    };
    let (before, after) = (of(saved), of(current));
    let paths: BTreeSet<&String> = before.iter().chain(&after).map(|d| &d.path).collect();
    for path in paths {
        let line = format!("  {name}: {path} ");
        let told = found.iter().any(|known| known.starts_with(&line));
        let digest = |all: &[SecretDigest]| all.iter().find(|d| d.path == *path).cloned();
        if !told && digest(&before) != digest(&after) {
            found.push(format!("{line}is not what it was (a secret)"));
        }
    }
}
