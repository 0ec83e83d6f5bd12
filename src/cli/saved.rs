//! Saved plans: what `diff --out` wrote and a reviewer approved is what `up --plan` does, or it
//! refuses.

use super::error::CliError;
use crate::model::{Address, FieldChange, Op, Owner, Plan, text};
use crate::plan::secret::Seal;
use crate::render::document::{Change, PlanDocument, SecretDigest};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// Reads a saved plan. Errors: unreadable, no JSON, not a plan, a plan of another version.
pub fn load(path: &Path) -> Result<PlanDocument, CliError> {
    let fail = |what: String| {
        CliError::new(
            format!("{}: {what}", path.display()),
            "make it again with `shopstack diff --out plan.json`",
        )
    };
    let bytes = std::fs::read(path).map_err(|e| fail(e.to_string()))?;
    let text = text::decode(&bytes).map_err(|at| fail(format!("byte {at} is not UTF-8")))?;
    let value: Value = serde_json::from_str(&text).map_err(|e| fail(format!("not a plan: {e}")))?;
    match value.get("format_version").and_then(Value::as_str) {
        Some(Plan::FORMAT_VERSION) => {}
        Some(other) => {
            let ours = Plan::FORMAT_VERSION;
            return Err(fail(format!(
                "the plan has format {other}, this shopstack writes and reads {ours}"
            )));
        }
        None => {
            return Err(fail("not a plan of shopstack: it has no format_version".into()));
        }
    }
    serde_json::from_value(value).map_err(|e| fail(format!("not a plan of shopstack: {e}")))
}

/// Compares the reviewed plan with the one that live AWS and stack.yaml give now.
///
/// One difference is accepted: a resource that all stacks of the account share, which the plan
/// creates, and which another stack created meanwhile. Less is done then than was reviewed.
///
/// Error: they differ; every difference is named, nothing was changed.
pub fn check(saved: &PlanDocument, now: &Plan) -> Result<(), CliError> {
    let place = [
        ("stack", &saved.stack, &now.stack),
        ("env", &saved.env, &now.env),
        ("account", &saved.account, &now.account),
        ("region", &saved.region, &now.region),
    ];
    for (key, theirs, ours) in place {
        if theirs != ours {
            return Err(CliError::new(
                format!("the saved plan is for {key} `{theirs}`, this run is for `{ours}`"),
                "use the plan where it was made for, or make a new one with `shopstack diff --out plan.json`",
            ));
        }
    }
    // Under the salt of the saved plan, secrets that are the same have the same digests.
    let seal = saved.secrets.as_ref().map_or_else(Seal::fresh, |s| Seal { salt: s.salt.clone() });
    let shared = now.unchanged.iter().filter(|live| live.owner == Owner::Shared);
    let shared: BTreeSet<&Address> = shared.map(|live| &live.address).collect();
    let current = PlanDocument::new(now, json!({}), &seal);
    let differences = differences(saved, &current, &shared);
    if differences.is_empty() {
        return Ok(());
    }
    Err(CliError::new(
        format!("AWS or stack.yaml changed since the plan was saved:\n{}", differences.join("\n")),
        "review a new plan: `shopstack diff --out plan.json`; nothing was changed",
    ))
}

fn differences(
    saved: &PlanDocument,
    current: &PlanDocument,
    shared: &BTreeSet<&Address>,
) -> Vec<String> {
    let (before, after) = (&saved.changes, &current.changes);
    let mut found = Vec::new();
    for old in before {
        let name = &old.address;
        match after.iter().find(|new| new.address == *name) {
            None if old.op == Op::Create && shared.contains(name) => {}
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
    found
}

fn fields(old: &Change, new: &Change, found: &mut Vec<String>) {
    let name = &old.address;
    if old.name != new.name || old.type_name != new.type_name {
        found.push(format!("  {name}: the plan means `{}`, now it is `{}`", old.name, new.name));
    }
    let same = |a: &FieldChange, b: &FieldChange| a.live == b.live && a.wanted == b.wanted;
    for field in &old.fields {
        match new.fields.iter().find(|f| f.path == field.path) {
            Some(other) if same(field, other) => {}
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Cause, Live, Step};

    fn document(changes: Value) -> PlanDocument {
        let mut changes = changes;
        for change in changes.as_array_mut().unwrap() {
            for (key, value) in [("type", "AWS::T"), ("name", "n"), ("cause", "change")] {
                change[key] = json!(value);
            }
        }
        let summary = json!({"create": 0, "update": 0, "replace": 0, "delete": 0, "unchanged": 0, "drifted": 0,
            "not_emulated": 0});
        serde_json::from_value(
            json!({"format_version": "1.0", "stack": "s", "env": "e", "account": "1", "region": "r",
            "summary": summary, "changes": changes, "calls": {"read": 1, "write": 0}}),
        )
        .unwrap()
    }

    #[test]
    fn every_difference_is_named() {
        let field = |path: &str, live: u32| json!({"path": path, "live": live, "applied": 1, "wanted": 9, "replaces": false});
        let saved = document(json!([
            {"address": "a.x", "op": "update", "fields": [field("memory", 1), field("timeout", 2)]},
            {"address": "b.x", "op": "create", "fields": []},
            {"address": "c.x", "op": "update", "fields": []}]));
        let now = document(json!([
            {"address": "a.x", "op": "update", "fields": [field("memory", 1), field("timeout", 3), field("env", 1)]},
            {"address": "c.x", "op": "replace", "fields": []},
            {"address": "d.x", "op": "delete", "fields": []}]));
        let none = BTreeSet::new();
        let text = differences(&saved, &now, &none).join("\n");
        for part in [
            "a.x: timeout",
            "a.x: env",
            "b.x: the plan changes it",
            "c.x: the plan says update",
            "d.x: needs",
        ] {
            assert!(text.contains(part), "{part} not in:\n{text}");
        }
        assert!(!text.contains("memory"));
        assert!(differences(&saved, &saved, &none).is_empty());
    }

    /// A function whose `field` has this live and this wanted value.
    fn plan(op: Op, field: &str, live: Value, wanted: Value) -> Plan {
        let field =
            FieldChange { path: field.into(), live, applied: Value::Null, wanted, replaces: false };
        let step = Step {
            address: Address::new("function", "f"),
            type_name: "AWS::Lambda::Function".into(),
            name: "n".into(),
            op,
            cause: Cause::Change,
            fields: vec![field],
            wanted: Value::Null,
            context: Value::Null,
            payload: None,
            live: None,
            after: vec![],
            loses: None,
        };
        Plan {
            format_version: Plan::FORMAT_VERSION.into(),
            stack: "s".into(),
            env: "e".into(),
            account: "000000000000".into(),
            region: "r".into(),
            steps: vec![step],
            unchanged: vec![],
            not_emulated: vec![],
            notes: vec![],
            floors: vec![],
            headings: vec![],
        }
    }

    /// Another stack made the account's role between review and run: there is less to do, and
    /// nothing that was not reviewed.
    #[test]
    fn a_shared_resource_that_exists_meanwhile_is_accepted_and_no_other() {
        let reviewed = plan(Op::Create, "has_log_role", Value::Null, json!(true));
        let step = &reviewed.steps[0];
        let saved = PlanDocument::new(&reviewed, json!({"read": 1, "write": 0}), &Seal::fresh());
        let now = |owner: Owner, address: &Address| {
            let mut live = Live::new(address.clone(), &step.type_name, "n", json!({}));
            live.owner = owner;
            Plan { steps: vec![], unchanged: vec![live], ..reviewed.clone() }
        };
        check(&saved, &now(Owner::Shared, &step.address)).unwrap();
        for other in [
            now(Owner::Ours, &step.address),
            now(Owner::Shared, &Address::new("function", "g")),
            Plan { steps: vec![], ..reviewed.clone() },
        ] {
            let refused = check(&saved, &other).unwrap_err().message;
            assert!(refused.contains("function.f: the plan changes it"), "{refused}");
        }

        // More than was reviewed is never accepted: the shared resource needs a change now.
        let nothing = now(Owner::Shared, &step.address);
        let saved = PlanDocument::new(&nothing, json!({"read": 1, "write": 0}), &Seal::fresh());
        let refused = check(&saved, &reviewed).unwrap_err().message;
        assert!(refused.contains("function.f: needs a change now"), "{refused}");
    }

    #[test]
    fn a_changed_secret_is_refused_by_name_and_never_told() {
        let key = |live: &str, wanted: &str| {
            plan(Op::Update, "environment.API_KEY", json!(live), json!(wanted))
        };
        let all = |wanted: &str| {
            plan(Op::Create, "environment", Value::Null, json!({"API_KEY": wanted, "TABLE": "t"}))
        };
        for (reviewed, now) in [
            (key("hush1", "hush2"), key("hush1", "hush3")),
            (key("hush1", "hush2"), key("hush0", "hush2")),
            (all("hush1"), all("hush2")),
        ] {
            let saved =
                PlanDocument::new(&reviewed, json!({"read": 1, "write": 0}), &Seal::fresh());
            assert!(!serde_json::to_string(&saved).unwrap().contains("hush"));
            check(&saved, &reviewed).unwrap();
            let message = check(&saved, &now).unwrap_err().message;
            assert!(
                message.contains("function.f: environment.API_KEY is not what it was"),
                "{message}"
            );
            assert!(!message.contains("hush"), "{message}");
            let stripped = PlanDocument { secrets: None, ..saved };
            assert!(
                check(&stripped, &reviewed).is_err(),
                "a plan without digests vouches for no secret"
            );
        }
    }

    #[test]
    fn what_stands_around_a_value_not_known_yet_is_part_of_the_plan() {
        let unknown = || json!({"unknown": true});
        let with = |variable: &str, text: &str| {
            let mut made =
                plan(Op::Create, "environment", Value::Null, json!({variable: unknown()}));
            made.steps[0].wanted = json!({"environment": {variable: text}});
            made
        };
        for (variable, now) in [
            ("CORS", "{{api.main.url}},https://evil.example"),
            ("CORS", "{{api.main.id}}"),
            ("API_KEY", "{{api.main.url}}hush2"),
        ] {
            let reviewed = with(variable, "{{api.main.url}}hush1");
            let saved =
                PlanDocument::new(&reviewed, json!({"read": 1, "write": 0}), &Seal::fresh());
            check(&saved, &reviewed).unwrap();
            let message = check(&saved, &with(variable, now)).unwrap_err().message;
            assert!(
                message.contains(&format!("function.f: environment.{variable} is not what it was")),
                "{message}"
            );
            let text = serde_json::to_string(&saved).unwrap();
            assert_eq!(text.contains("hush"), variable != "API_KEY", "{text}");
            let stripped = PlanDocument { secrets: None, ..saved.clone() };
            let bare = stripped
                .changes
                .iter()
                .map(|c| Change { unknown: Default::default(), ..c.clone() })
                .collect();
            assert!(
                check(&PlanDocument { changes: bare, ..stripped }, &reviewed).is_err(),
                "a plan that leaves it out"
            );
        }
    }

    #[test]
    fn what_is_no_plan_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("plan.json");
        let whole = json!(document(json!([])));
        let with = |key: &str, value: Value| {
            let mut changed = whole.clone();
            changed[key] = value;
            changed.to_string()
        };
        for (text, says) in [
            (String::new(), "not a plan"),
            ("{}".into(), "no format_version"),
            ("[1]".into(), "no format_version"),
            ("{\"format_version\":\"1.0\"}".into(), "missing field"),
            (with("extra", json!(1)), "unknown field `extra`"),
            (
                with("format_version", json!("2.0")),
                "has format 2.0, this shopstack writes and reads 1.0",
            ),
        ] {
            std::fs::write(&file, &text).unwrap();
            let message = load(&file).unwrap_err().message;
            assert!(message.contains(says), "{text}: {message}");
        }
        std::fs::write(&file, whole.to_string()).unwrap();
        load(&file).unwrap();
        assert!(load(&folder.path().join("missing.json")).is_err());
    }
}
