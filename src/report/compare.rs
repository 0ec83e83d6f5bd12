//! Compares one policy: statements paired by meaning, the rows of the report, and the differing
//! fields.

use super::sides::Pair;
use super::{Difference, Input, Kind, Row, Status, Surface, checked, reasons};
use crate::plan::diff;
use crate::policy::judge::Statement;
use serde_json::{Map, Value, json};

/// A policy compared, without its findings.
pub(super) fn surface(input: &Input<'_>, pair: &Pair) -> Surface {
    let live = aligned(&pair.wanted, &pair.live);
    let differences = if pair.not_emulated || pair.unread.is_some() {
        vec![]
    } else {
        differences(pair.kind, &live, &pair.wanted)
    };
    let status = match (pair.wanted.is_null(), pair.live.is_null()) {
        _ if pair.unread.is_some() => Status::Unread,
        _ if pair.not_emulated => Status::NotEmulated,
        _ if pair.foreign.is_some() => Status::Foreign,
        _ if differences.is_empty() => Status::Same,
        (false, true) => Status::Missing,
        (true, _) => Status::Foreign,
        (false, false) => Status::Differs,
    };
    Surface {
        surface: pair.kind,
        address: pair.address.clone(),
        name: pair.name.clone(),
        shared: pair.shared,
        policy: pair.policy.clone(),
        location: input.location(&pair.address, None),
        status,
        wanted: sorted(&pair.wanted),
        live: sorted(&pair.live),
        statements: rows(input, pair, &live),
        differences,
    }
}

fn differences(kind: Kind, live: &Value, wanted: &Value) -> Vec<Difference> {
    // Lists and ARNs get a name, so that no path is empty.
    let named = |value: &Value| match kind {
        Kind::ManagedPolicies => json!({"attached": value}),
        Kind::PermissionsBoundary => json!({"permissions_boundary": value}),
        Kind::ExecutionRole => json!({"role": value}),
        Kind::WebAcl => json!({"web_acl_arn": value}),
        _ => value.clone(),
    };
    let found = diff::differences(&named(live), &named(wanted));
    let told = |d: diff::Difference| Difference {
        path: if d.path.is_empty() { "policy".into() } else { d.dotted() },
        live: sorted(&d.live),
        wanted: sorted(&d.wanted),
    };
    found.into_iter().map(told).collect()
}

/// AWS does not keep the order of keys; sorted, two reports on the same policy are the same text.
fn sorted(value: &Value) -> Value {
    let mut value = value.clone();
    value.sort_all_objects();
    value
}

fn statements(document: &Value) -> Option<&Map<String, Value>> {
    document.get("statements").and_then(Value::as_object)
}

/// The live document with every statement that says what a wanted one says under the wanted one's
/// Sid.
///
/// A Sid grants nothing: a statement under another name is the same statement.
fn aligned(wanted: &Value, live: &Value) -> Value {
    let (Some(ours), Some(theirs)) = (statements(wanted), statements(live)) else {
        return live.clone();
    };
    let mut left: Map<String, Value> = theirs.clone();
    let mut renamed = Map::new();
    for (sid, statement) in ours {
        let same_sid = left.get(sid).filter(|found| *found == statement).map(|_| sid.clone());
        // A live statement that a wanted one has by its own name is not given to another.
        let taken = |key: &String, found: &Value| ours.get(key) == Some(found);
        let by_content =
            || left.iter().find(|(key, found)| *found == statement && !taken(key, found));
        if let Some(key) = same_sid.or_else(|| by_content().map(|(key, _)| key.clone())) {
            left.remove(&key);
            renamed.insert(sid.clone(), statement.clone());
        }
    }
    for (sid, statement) in left {
        let mut key = sid;
        while renamed.contains_key(&key) {
            key.push('+');
        }
        renamed.insert(key, statement);
    }
    json!({ "statements": renamed })
}

/// Wanted statements in their own order, then those only AWS has.
fn rows(input: &Input<'_>, pair: &Pair, live: &Value) -> Vec<Row> {
    let none = Map::new();
    let (ours, theirs) =
        (statements(&pair.wanted).unwrap_or(&none), statements(live).unwrap_or(&none));
    let mut extra: Vec<&String> = theirs.keys().filter(|sid| !ours.contains_key(*sid)).collect();
    extra.sort();
    let row = |sid: &String| {
        let (wanted, live) = (ours.get(sid), theirs.get(sid));
        let content = Statement::read(live.or(wanted).unwrap_or(&Value::Null));
        let status = match (wanted, live) {
            _ if pair.unread.is_some() => Status::Unread,
            _ if pair.not_emulated => Status::NotEmulated,
            (Some(wanted), Some(live)) if wanted == live => Status::Same,
            (Some(_), Some(_)) => Status::Differs,
            (Some(_), None) => Status::Missing,
            (None, _) => Status::Foreign,
        };
        let reason = wanted
            .and_then(|wanted| reasons::reason(pair, sid, &Statement::read(wanted), input.reasons));
        Row {
            sid: sid.clone(),
            location: wanted.and_then(|_| input.location(&pair.address, Some(sid))),
            checked_actions: checked::actions(&content),
            checked_conditions: checked::conditions(&content),
            content,
            reason,
            status,
            wanted: wanted.is_some(),
            live: live.is_some(),
            findings: vec![],
        }
    };
    ours.keys().chain(extra).map(row).collect()
}
