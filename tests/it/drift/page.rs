//! docs/coverage.md, written from what was tried; a field without a case, and a page out of date,
//! fail the test.

use super::coverage::{Row, all_fields};
use crate::support::generated::assert_generated;
use shopstack::model::Op;
use std::collections::BTreeSet;
use std::fmt::Write;

/// Compares the page on disk with the one that these rows make, or writes it.
pub fn check(rows: &[Row]) {
    let fields = all_fields();
    let of = |type_name: &str, field: &str| {
        rows.iter().any(|r| r.type_name == type_name && r.case.field == field)
    };
    let bare: Vec<String> = fields
        .iter()
        .flat_map(|(t, list)| list.iter().filter(|f| !of(t, f)).map(move |f| format!("{t} {f}")))
        .collect();
    assert!(bare.is_empty(), "fields without a case in tests/it/drift: {bare:#?}");
    let known = |r: &&Row| {
        fields.iter().any(|(t, list)| *t == r.type_name && list.contains(&r.case.field.to_string()))
    };
    let unknown: Vec<String> = rows
        .iter()
        .filter(|r| !known(r))
        .map(|r| format!("{} {}", r.type_name, r.case.field))
        .collect();
    assert!(unknown.is_empty(), "cases of fields that no spec has: {unknown:#?}");

    assert_generated("docs/coverage.md", &text(&fields, rows));
}

/// What is known of one field from all its cases.
struct Line {
    drift: Option<&'static str>,
    change: Option<&'static str>,
    how: &'static str,
    reasons: Vec<&'static str>,
}

fn line(rows: &[&Row]) -> Line {
    let tried = |gap: fn(&Row) -> Option<&'static str>| {
        rows.iter().find(|r| gap(r).is_none()).map(|r| r.endpoint)
    };
    let (drift, change) = (tried(|r| r.case.no_drift), tried(|r| r.case.no_change));
    let mut reasons: Vec<&str> = Vec::new();
    for row in rows {
        reasons.extend(row.case.no_drift.filter(|_| drift.is_none()));
        reasons.extend(row.case.no_change.filter(|_| change.is_none()));
    }
    reasons.dedup();
    let op = rows
        .iter()
        .find(|r| r.case.no_drift.is_none() || r.case.no_change.is_none())
        .map(|r| r.case.op);
    let how = match op {
        None => "",
        Some(Op::Replace) => "replaced",
        Some(Op::Create) => "made again",
        Some(_) => "in place",
    };
    Line { drift, change, how, reasons }
}

fn shown(name: &str, line: &Line) -> String {
    let word = |endpoint: Option<&str>| match endpoint {
        None => "–".to_string(),
        Some("MiniStack") => "yes".to_string(),
        Some(other) => format!("yes ({other})"),
    };
    let (drift, change, how) = (word(line.drift), word(line.change), line.how);
    format!("| `{name}` | {drift} | {change} | {how} | {} |", line.reasons.join("; "))
}

/// What a case changes: for an entry of `extras` by the entry's own name, without what is in it.
fn named(row: &Row) -> String {
    let Some(map) = row.case.field.strip_suffix("extras.*") else {
        return row.case.field.to_string();
    };
    let path = row.case.path();
    let entry = path.last().map(String::as_str).unwrap_or_default();
    let plain = |word: &&str| *word != "theirs" && word.chars().all(|c| c.is_ascii_lowercase());
    let words: Vec<&str> = entry.split(' ').take_while(plain).collect();
    format!("{map}extras.{}", words.join(" "))
}

fn text(fields: &[(&str, Vec<String>)], rows: &[Row]) -> String {
    let mut body = String::new();
    let (mut count, mut whole, mut drifts, mut changes) = (0, 0, 0, 0);
    for (type_name, list) in fields {
        write!(
            body,
            "\n## {type_name}\n\n| field | drift | change | how | gap |\n|---|---|---|---|---|\n"
        )
        .unwrap();
        for field in list {
            let of: Vec<&Row> = rows
                .iter()
                .filter(|r| r.type_name == *type_name && r.case.field == field)
                .collect();
            let of_field = line(&of);
            count += 1;
            drifts += usize::from(of_field.drift.is_some());
            changes += usize::from(of_field.change.is_some());
            whole += usize::from(of_field.drift.is_some() && of_field.change.is_some());
            // Entries of `extras` are settings of their own.
            let names: BTreeSet<String> = of.iter().map(|row| named(row)).collect();
            for name in names {
                let rows: Vec<&Row> = of.iter().copied().filter(|row| named(row) == name).collect();
                writeln!(body, "{}", shown(&name, &line(&rows))).unwrap();
            }
        }
    }
    format!(
        "# Drift and change, field by field

Written by `tests/it/drift/`; `INSTA_UPDATE=always tests/tools/run.sh --test it drift` writes it, and a page that differs
from what the tests find fails them. The fields come from the specs in `src/resources/`: one that is added there without a
case fails them too.

- **drift**: the field was changed outside shopstack, through the SDK; the plan named exactly this field as drift
  (exit code 3), running it put the field right with writes to this resource alone, and the next plan was clean (0).
- **change**: another value was wanted; the plan named exactly this field as a change (exit code 2), running it made it so,
  the next plan was clean (0); then the same on the way back.
- **how**: the resource is changed in place, or replaced by a new one.

A field inside a map stands for every entry (`*`); `indexes.*` is an entry as a whole, added or taken away. `extras` holds what no
stack has, by name; [settings.md](settings.md) has every setting that AWS knows. Tried on
MiniStack, unless another emulator is named: no test reaches real AWS. The plans are made and run by the code behind `diff`
and `up`; `tests/it/drift/binary.rs` does the same with the binary for a dozen fields at once.

{} types, {count} fields: {whole} tried both ways, {drifts} as drift, {changes} as a change, {} with a gap.
{body}",
        fields.len(),
        count - whole,
    )
}
