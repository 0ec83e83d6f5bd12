//! Tests of what `up --plan` takes for the plan that was reviewed, and what it refuses.

use super::compare::differences;
use super::*;
use crate::model::{Cause, FieldChange, Floor, Live, Money, Op, Part, Step};
use crate::render::document::Change;

fn document(changes: Value) -> PlanDocument {
    let mut changes = changes;
    for change in changes.as_array_mut().unwrap() {
        for (key, value) in [("type", "AWS::T"), ("name", "n"), ("cause", "change")] {
            change[key] = json!(value);
        }
    }
    let summary = json!({"create": 0, "update": 0, "replace": 0, "delete": 0, "unchanged": 0,
        "drifted": 0,
        "not_emulated": 0});
    serde_json::from_value(
        json!({"format_version": "1.0", "stack": "s", "env": "e", "account": "1", "region": "r",
        "summary": summary, "changes": changes, "calls": {"read": 1, "write": 0}}),
    )
    .unwrap()
}

#[test]
fn every_difference_is_named() {
    let field = |path: &str, live: u32| {
        json!({"path": path, "live": live, "applied": 1,
        "wanted": 9, "replaces": false})
    };
    let saved = document(json!([
        {"address": "a.x", "op": "update", "fields": [field("memory", 1), field("timeout", 2)]},
        {"address": "b.x", "op": "create", "fields": []},
        {"address": "c.x", "op": "update", "fields": []}]));
    let now = document(json!([
        {"address": "a.x", "op": "update",
            "fields": [field("memory", 1), field("timeout", 3), field("env", 1)]},
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
        let saved = PlanDocument::new(&reviewed, json!({"read": 1, "write": 0}), &Seal::fresh());
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
        let mut made = plan(Op::Create, "environment", Value::Null, json!({variable: unknown()}));
        made.steps[0].wanted = json!({"environment": {variable: text}});
        made
    };
    for (variable, now) in [
        ("CORS", "{{api.main.url}},https://evil.example"),
        ("CORS", "{{api.main.id}}"),
        ("API_KEY", "{{api.main.url}}hush2"),
    ] {
        let reviewed = with(variable, "{{api.main.url}}hush1");
        let saved = PlanDocument::new(&reviewed, json!({"read": 1, "write": 0}), &Seal::fresh());
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
    let mut whole = json!(document(json!([])));
    whole["digest"] = json!(document::digest(&whole));
    let with = |key: &str, value: Value| {
        let mut changed = whole.clone();
        changed[key] = value;
        changed["digest"] = json!(document::digest(&changed));
        changed.to_string()
    };
    let cut = |key: &str, value: Value| {
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
        (cut("digest", Value::Null), "has no digest"),
        (cut("digest", json!("0")), "was changed after shopstack wrote it"),
        (cut("notes", json!(["All is well."])), "was changed after shopstack wrote it"),
        (cut("calls", json!({"read": 2, "write": 0})), "was changed after shopstack wrote it"),
        (with("secrets", json!({"salt": "s".repeat(999), "digests": []})), "its salt is none"),
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
    std::fs::write(&file, serde_json::to_string_pretty(&whole).unwrap()).unwrap();
    load(&file).unwrap();
    assert!(load(&folder.path().join("missing.json")).is_err());
}

/// An editor of a plan can recompute its digest, so every word that a reviewer reads must equal the
/// plan made now.
#[test]
fn a_word_that_was_forged_is_refused_with_a_digest_that_fits() {
    let mut reviewed = plan(Op::Update, "memory", json!(1), json!(2));
    reviewed.notes = vec!["Look here.".into()];
    let saved = PlanDocument::new(&reviewed, json!({"read": 1, "write": 0}), &Seal::fresh());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plan.json");
    let forged = |pointer: &str, value: Value| {
        let mut forged = json!(saved);
        *forged.pointer_mut(pointer).unwrap() = value;
        forged["digest"] = json!(document::digest(&forged));
        std::fs::write(&file, forged.to_string()).unwrap();
        check(&load(&file).unwrap(), &reviewed)
    };
    forged("/notes/0", json!("Look here.")).unwrap();
    for (pointer, value, says) in [
        ("/changes/0/cause", json!("drift"), "calls it drift, now it is a change"),
        ("/changes/0/fields/0/applied", json!(2), "memory is not what it was"),
        ("/changes/0/fields/0/replaces", json!(true), "memory is not what it was"),
        ("/changes/0/fields/0/live", json!(3), "memory is not what it was"),
        ("/changes/0/fields/0/wanted", json!(3), "memory is not what it was"),
        ("/changes/0/fields/0/path", json!("timeout"), "timeout is not what it was"),
        ("/changes/0/name", json!("m"), "the plan means `m`"),
        ("/changes/0/type", json!("AWS::S3::Bucket"), "the plan means"),
        ("/changes/0/op", json!("create"), "the plan says create"),
        ("/summary/update", json!(0), "summary is not what it was"),
        ("/summary/drifted", json!(7), "summary is not what it was"),
        ("/notes/0", json!("All is well."), "notes is not what it was"),
        ("/notes", json!([]), "notes is not what it was"),
        ("/not_emulated", json!(["table.T"]), "not_emulated is not what it was"),
    ] {
        let refused = forged(pointer, value).expect_err(pointer).message;
        assert!(refused.contains(says), "{pointer}: {refused}");
    }
}

/// The cost is part of what is reviewed, and its figures survive the way through a file.
#[test]
fn a_forged_cost_is_refused() {
    let mut reviewed = plan(Op::Update, "memory", json!(1), json!(2));
    let part = Part { what: "rule".into(), monthly: Money(1_100_000) };
    let address = reviewed.steps[0].address.clone();
    reviewed.floors = vec![Floor { address, before: vec![], after: vec![part] }];
    let saved = PlanDocument::new(&reviewed, json!({"read": 1, "write": 0}), &Seal::fresh());
    let read: PlanDocument = serde_json::from_str(&json!(saved).to_string()).unwrap();
    check(&read, &reviewed).unwrap();
    for pointer in ["/cost/before", "/cost/after", "/cost/resources/0/after"] {
        let mut forged = json!(saved);
        *forged.pointer_mut(pointer).unwrap() = json!(0.5);
        let forged: PlanDocument = serde_json::from_value(forged).unwrap();
        let refused = check(&forged, &reviewed).expect_err(pointer).message;
        assert!(refused.contains("cost is not what it was"), "{pointer}: {refused}");
    }
}

#[cfg(unix)]
#[test]
fn only_its_owner_can_read_a_plan() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let (new, old) = (folder.path().join("new.json"), folder.path().join("old.json"));
    std::fs::write(&old, "x").unwrap();
    std::fs::set_permissions(&old, std::fs::Permissions::from_mode(0o644)).unwrap();
    for path in [&new, &old] {
        write(path, &json!({"a": 1})).unwrap();
        assert_eq!(mode(path), 0o600, "{}", path.display());
    }
    write(Path::new("/dev/null"), &json!({})).unwrap();
    assert_ne!(mode(Path::new("/dev/null")), 0o600, "a device keeps its mode");
}
