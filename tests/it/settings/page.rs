//! docs/settings.md as text, and all that does not fit between verdicts and models.

use super::model::{Members, Operations};
use super::verdicts::{Settings, Verdicts, fault, parts, split};
use shopstack::resources::TYPES;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// What the page says before its tables.
const HEAD: &str = "# Settings that AWS knows, type by type

Written by `tests/it/settings/`, whose `<service>.yaml` hold the verdicts; `INSTA_UPDATE=always tests/tools/run.sh --test it settings`
writes it. What can be set is read from AWS's API models in botocore: each operation that makes or changes a resource of ours, with
every member. A member or operation of the model without a verdict fails the test, and so does a verdict on what the model does not
have.

- **managed**: stack.yaml or shopstack decides; a difference is drift, and `up` puts it right. Named are the fields of
  [coverage.md](coverage.md).
- **drift**: no stack has it; it is shown, and `up` takes it away. Named is the case of [coverage.md](coverage.md) that proves it
  on an emulator, or the test that does.
- **harmless**: nothing that the stack promises changes by it.
- **not looked at**: a person can change it unseen; the reason why that was left.

What other services do to a resource shows where it takes effect: auto scaling as a table's units, Firewall Manager as another web
ACL, AWS Backup not at all, since it only reads.
";

/// One row: operations, member, all that is in it, verdict.
struct Row {
    operations: String,
    member: String,
    below: Vec<String>,
    verdict: String,
}

/// The page, and the faults.
pub fn page(all: &[(String, Settings)], models: &Operations) -> (String, Vec<String>) {
    let (mut sections, mut faults) = (BTreeMap::new(), Vec::new());
    let mut elsewhere = String::new();
    for (service, settings) in all {
        let model = &models[service];
        let mut judged: BTreeSet<&str> = BTreeSet::new();
        for (type_name, groups) in &settings.types {
            let mut rows = Vec::new();
            for (operations, verdicts) in groups {
                judged.extend(parts(operations));
                let (found, wrong) = rows_of(operations, verdicts, model, &settings.request);
                rows.extend(found);
                faults.extend(wrong.iter().map(|fault| format!("{type_name}: {fault}")));
            }
            for row in &rows {
                let wrong = fault(type_name, &row.verdict);
                let place = format!("{type_name}: {}: {}", row.operations, row.member);
                faults.extend(wrong.map(|wrong| format!("{place}: {wrong}")));
            }
            sections.insert(type_name.as_str(), rows);
        }
        judged.extend(settings.elsewhere.values().flatten().map(String::as_str));
        let bare = model.keys().filter(|operation| !judged.contains(operation.as_str()));
        faults.extend(bare.map(|operation| format!("{service}: {operation} has no verdict")));
        let gone = judged.iter().filter(|operation| !model.contains_key(**operation));
        let gone =
            gone.map(|operation| format!("{service}: AWS's model has no operation {operation}"));
        faults.extend(gone);
        faults.extend(unused(service, settings, model));
        elsewhere.push_str(&other_operations(service, settings));
    }
    (text(&sections, &elsewhere), faults)
}

/// The rows of operations that are judged together.
fn rows_of(
    operations: &str,
    verdicts: &Verdicts,
    model: &BTreeMap<String, Members>,
    request: &BTreeMap<String, String>,
) -> (Vec<Row>, Vec<String>) {
    let empty = Members::default();
    let inputs: Vec<(&str, &Members)> =
        parts(operations).map(|name| (name, model.get(name).unwrap_or(&empty))).collect();
    let plain = |input: &Members| {
        let names = input.names().into_iter();
        names.filter(|name| !request.contains_key(*name)).map(str::to_string).collect::<Vec<_>>()
    };
    let by_member = match verdicts {
        Verdicts::Whole(verdict) => {
            let below: BTreeSet<String> =
                inputs.iter().flat_map(|(_, input)| plain(input)).collect();
            let row = Row {
                operations: operations.into(),
                member: "all of it".into(),
                below: below.into_iter().collect(),
                verdict: verdict.clone(),
            };
            return (vec![row], vec![]);
        }
        Verdicts::Members(by_member) => by_member,
    };
    let known: BTreeMap<&str, &str> = by_member
        .iter()
        .flat_map(|(key, verdict)| parts(key).map(move |part| (part, verdict.as_str())))
        .collect();
    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    for (path, verdict) in &known {
        let having: Vec<_> =
            inputs.iter().filter_map(|(name, input)| Some((*name, input.at(path)?))).collect();
        if having.is_empty() {
            faults.push(format!("{operations}: AWS's model has no {path}"));
        }
        let mut below = BTreeSet::new();
        for (_, members) in &having {
            collect(members, path, &known, &mut below);
        }
        rows.push(Row {
            operations: having.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", "),
            member: path.to_string(),
            below: below.into_iter().collect(),
            verdict: verdict.to_string(),
        });
    }
    for (name, input) in &inputs {
        let bare = bare(input, "", &known, request);
        faults.extend(bare.iter().map(|path| format!("{name}: {path} has no verdict")));
    }
    (rows, faults)
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_string() } else { format!("{path}.{name}") }
}

/// Names of all below `path` that have no verdict of their own.
fn collect(
    members: &Members,
    path: &str,
    known: &BTreeMap<&str, &str>,
    found: &mut BTreeSet<String>,
) {
    for (name, below) in &members.0 {
        let path = joined(path, name);
        if !known.contains_key(path.as_str()) {
            found.insert(name.clone());
            collect(below, &path, known, found);
        }
    }
}

/// Paths that no verdict covers.
fn bare(
    members: &Members,
    path: &str,
    known: &BTreeMap<&str, &str>,
    request: &BTreeMap<String, String>,
) -> Vec<String> {
    let mut found = Vec::new();
    for (name, below) in &members.0 {
        let inner = joined(path, name);
        let covered = known.contains_key(inner.as_str());
        if covered || path.is_empty() && request.contains_key(name) {
            continue;
        }
        match below.0.is_empty() {
            true => found.push(inner),
            false => found.extend(bare(below, &inner, known, request)),
        }
    }
    found
}

/// Members of `request` that no operation of a type takes.
fn unused(service: &str, settings: &Settings, model: &BTreeMap<String, Members>) -> Vec<String> {
    let operations: Vec<&str> = settings
        .types
        .values()
        .flat_map(|groups| groups.keys())
        .flat_map(|key| parts(key))
        .collect();
    let taken = |name: &str| {
        operations.iter().any(|op| model.get(*op).is_some_and(|input| input.0.contains_key(name)))
    };
    let unused = settings.request.keys().filter(|name| !taken(name));
    unused.map(|name| format!("{service}: no operation takes the member {name}")).collect()
}

fn other_operations(service: &str, settings: &Settings) -> String {
    let mut text = String::new();
    for (reason, operations) in &settings.elsewhere {
        let names: Vec<String> = operations.iter().map(|name| format!("`{name}`")).collect();
        let reason = reason.trim_end_matches('.');
        writeln!(text, "| {service} | {reason} | {} |", names.join(", ")).unwrap();
    }
    text
}

fn text(sections: &BTreeMap<&str, Vec<Row>>, elsewhere: &str) -> String {
    let rows: Vec<&Row> = sections.values().flatten().collect();
    let count = |word: &str| rows.iter().filter(|row| split(&row.verdict).0 == word).count();
    let mut page = format!(
        "{HEAD}\n{} types, {} rows: {} managed, {} drift, {} harmless, {} not looked at, {} that \
         set nothing by themselves.\n",
        sections.len(),
        rows.len(),
        count("managed"),
        count("drift"),
        count("harmless"),
        count("unseen"),
        count("request"),
    );
    for name in TYPES.iter().map(|t| t.info().type_name) {
        let Some(rows) = sections.get(name) else { continue };
        let head = "| operation | member | in it | verdict | field, case or reason \
                    |\n|---|---|---|---|---|";
        write!(page, "\n## {name}\n\n{head}\n").unwrap();
        for row in rows {
            writeln!(page, "{}", line(row)).unwrap();
        }
    }
    let head = "| service | why | operations |\n|---|---|---|";
    let words = "Operations that write, and set nothing on a resource of a stack.";
    write!(page, "\n## Operations of other things\n\n{words}\n\n{head}\n{elsewhere}").unwrap();
    page
}

fn line(row: &Row) -> String {
    let (word, rest) = split(&row.verdict);
    let code = |text: &str| format!("`{text}`");
    let why = match (word, rest.strip_prefix("test ")) {
        ("managed", _) => parts(rest).map(code).collect::<Vec<_>>().join(", "),
        ("drift", Some(name)) => format!("test `{name}`"),
        ("drift", None) => code(rest),
        _ => rest.to_string(),
    };
    let word = match word {
        "unseen" => "not looked at",
        "request" => "–",
        other => other,
    };
    let member = if row.member == "all of it" { row.member.clone() } else { code(&row.member) };
    let operations = parts(&row.operations).map(code).collect::<Vec<_>>().join(", ");
    format!("| {operations} | {member} | {} | {word} | {why} |", row.below.join(", "))
}
