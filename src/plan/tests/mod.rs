//! The planner on hand-made input: every operation, every cause, every edge.

use super::{Inputs, Record, plan};
use crate::model::{
    Address, After, Cause, CloudError, Desired, ErrorKind, Live, Op, Owner, Plan, Scope, Step,
    TypeInfo,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

mod causes;
mod replace;

pub(super) const BASE: TypeInfo = TypeInfo {
    type_name: "Box",
    group: "box",
    read_after: &[],
    delete_after: &[After::all_of("Content"), After::all_of("User")],
    contained_in: None,
    replace_on: &["key", "frame.", "maker?"],
    volatile_outputs: &["revision"],
    holds_data: true,
    usually: Some("ten seconds"),
    ..TypeInfo::DEFAULT
};
const CONTENT: TypeInfo = TypeInfo {
    type_name: "Content",
    group: "content",
    delete_after: &[],
    contained_in: Some("Box"),
    replace_on: &[],
    volatile_outputs: &[],
    holds_data: false,
    usually: Some("deletion: a minute"),
    ..BASE
};
const USER: TypeInfo =
    TypeInfo { type_name: "User", group: "user", contained_in: None, usually: None, ..CONTENT };

/// The input of a test; `plan` fills in the rest.
#[derive(Default)]
struct World {
    desired: Vec<Desired>,
    live: Vec<Live>,
    record: Option<Record>,
    adopt: BTreeSet<Address>,
    known: BTreeMap<Address, BTreeMap<String, String>>,
}

fn at(address: &str) -> Address {
    Address::parse(address).unwrap()
}

fn type_of(address: &str) -> &'static str {
    match at(address).group() {
        "box" => "Box",
        "content" => "Content",
        _ => "User",
    }
}

fn desired(address: &str, spec: Value) -> Desired {
    Desired {
        address: at(address),
        type_name: type_of(address).into(),
        name: format!("name-{address}"),
        spec,
        context: Value::Null,
        depends_on: BTreeSet::new(),
        payload: None,
    }
}

fn live(address: &str, spec: Value) -> Live {
    let live = Live::new(at(address), type_of(address), &format!("name-{address}"), spec);
    live.with_output("id", format!("id-{address}")).with_output("revision", "r1")
}

fn record(specs: &[(&str, Value)]) -> Record {
    Record { specs: specs.iter().map(|(a, s)| (at(a), s.clone())).collect(), ..Record::default() }
}

impl World {
    fn try_plan(&self) -> Result<Plan, Vec<CloudError>> {
        let scope = Scope {
            stack: "s".into(),
            env: "e".into(),
            account: "000000000000".into(),
            region: "us-east-1".into(),
            endpoint: None,
        };
        plan(&Inputs {
            scope: &scope,
            desired: &self.desired,
            live: &self.live,
            known: &self.known,
            record: self.record.as_ref(),
            types: &[&BASE, &CONTENT, &USER],
            adopt: &self.adopt,
        })
    }

    fn plan(&self) -> Plan {
        self.try_plan().unwrap()
    }

    /// The only step of the plan.
    fn step(&self) -> Step {
        let mut plan = self.plan();
        assert_eq!(plan.steps.len(), 1, "{:#?}", plan.steps);
        plan.steps.remove(0)
    }
}

fn world_of(wanted: Value, live_spec: Option<Value>) -> World {
    World {
        desired: vec![desired("box.a", wanted)],
        live: live_spec.map(|s| live("box.a", s)).into_iter().collect(),
        ..World::default()
    }
}

fn paths(step: &Step) -> Vec<&str> {
    step.fields.iter().map(|f| f.path.as_str()).collect()
}

#[test]
fn operations_follow_from_what_is_wanted_and_what_is_there() {
    let spec = || json!({"size": 1, "key": "k", "frame": {"wood": "oak"}, "tags": {"a": "1"}});
    let with = |pointer: &str, value: Value| {
        let mut other = spec();
        *other.pointer_mut(pointer).unwrap() = value;
        other
    };
    let cases = [
        ("new", spec(), None, Some(Op::Create), vec!["size", "key", "frame", "tags"]),
        ("same", spec(), Some(spec()), None, vec![]),
        ("a number written otherwise", with("/size", json!(1.0)), Some(spec()), None, vec![]),
        ("changed", with("/size", json!(2)), Some(spec()), Some(Op::Update), vec!["size"]),
        (
            "a tag added",
            with("/tags", json!({"a": "1", "b": "2"})),
            Some(spec()),
            Some(Op::Update),
            vec!["tags.b"],
        ),
        ("a tag gone", with("/tags", json!({})), Some(spec()), Some(Op::Update), vec!["tags.a"]),
        ("key", with("/key", json!("other")), Some(spec()), Some(Op::Replace), vec!["key"]),
        (
            "below a prefix",
            with("/frame/wood", json!("elm")),
            Some(spec()),
            Some(Op::Replace),
            vec!["frame.wood"],
        ),
    ];
    for (what, wanted, found, op, fields) in cases {
        let plan = world_of(wanted, found).plan();
        assert_eq!(plan.steps.first().map(|s| s.op), op, "{what}");
        assert_eq!(plan.unchanged.len(), usize::from(op.is_none()), "{what}");
        assert_eq!(plan.steps.first().map(paths).unwrap_or_default(), fields, "{what}");
    }
}

#[test]
fn a_replacement_names_the_field_that_forces_it_and_what_is_lost() {
    let mut world =
        world_of(json!({"size": 2, "key": "new"}), Some(json!({"size": 1, "key": "old"})));
    world.live[0].data = Some("12 items".into());
    let step = world.step();
    let forced: Vec<_> = step.fields.iter().map(|f| (f.path.as_str(), f.replaces)).collect();
    assert_eq!(forced, [("size", false), ("key", true)]);
    assert_eq!((step.op, step.loses.as_deref()), (Op::Replace, Some("12 items")));
    world.desired[0].spec["key"] = json!("old");
    assert_eq!(
        (world.step().op, world.step().loses),
        (Op::Update, None),
        "an update loses nothing"
    );
    world.desired.clear();
    assert_eq!((world.step().op, world.step().loses.as_deref()), (Op::Delete, Some("12 items")));
}

#[test]
fn foreign_names_clash_all_at_once_unless_they_are_adopted() {
    let mut world = World {
        desired: vec![
            desired("box.a", json!({"key": "k", "size": 2})),
            desired("user.b", json!({})),
        ],
        live: vec![live("box.a", json!({"key": "k", "size": 1})), live("user.b", json!({}))],
        ..World::default()
    };
    world.live.iter_mut().for_each(|l| l.owner = Owner::Foreign("its tags are team=x".into()));
    let errors = world.try_plan().unwrap_err();
    assert_eq!(errors.len(), 2, "every clash is told: {errors:?}");
    assert!(
        errors
            .iter()
            .all(|e| e.kind == ErrorKind::Foreign && e.message.contains("its tags are team=x"))
    );
    assert!(errors[0].hint.contains("up --adopt box.a"), "{}", errors[0].hint);
    world.adopt = BTreeSet::from([at("box.a"), at("user.b")]);
    let ops: Vec<_> = world.plan().steps.iter().map(|s| (s.address.to_string(), s.op)).collect();
    assert_eq!(ops, [("box.a".to_string(), Op::Adopt), ("user.b".to_string(), Op::Adopt)]);
    // Adopting must never delete somebody else's thing in order to replace it.
    world.desired[0].spec["key"] = json!("other");
    let errors = world.try_plan().unwrap_err();
    assert!(errors[0].message.contains("cannot be adopted: its key"), "{}", errors[0].message);
    // A foreign resource that is not wanted is ignored.
    world.desired.clear();
    assert!(world.plan().is_empty());
}

#[test]
fn what_is_contained_goes_with_its_container_and_only_with_it() {
    let mut world = World {
        live: vec![
            live("box.a", json!({})),
            live("content.a", json!({})),
            live("user.u", json!({})),
        ],
        ..World::default()
    };
    let deleted = |world: &World| -> Vec<String> {
        world
            .plan()
            .steps
            .iter()
            .filter(|s| s.op == Op::Delete)
            .map(|s| s.address.to_string())
            .collect()
    };
    assert_eq!(deleted(&world), ["box.a", "user.u"]);
    world.desired = vec![desired("box.a", json!({}))];
    assert_eq!(
        deleted(&world),
        ["content.a", "user.u"],
        "the container stays, so the content has a delete of its own"
    );
    world.desired.clear();
    world.live.push(live("box.b", json!({})));
    world.desired = vec![desired("box.b", json!({}))];
    assert_eq!(
        deleted(&world),
        ["box.a", "user.u"],
        "of two containers the one with the same id goes"
    );
    // Shared and foreign resources are never deleted.
    world.desired.clear();
    world.live[2].owner = Owner::Shared;
    world.live[3].owner = Owner::Foreign(String::new());
    assert_eq!(deleted(&world), ["box.a"]);
}

#[test]
fn deletes_wait_for_all_that_is_made_and_for_the_types_that_go_first() {
    let world = World {
        desired: vec![desired("user.new", json!({}))],
        live: vec![live("box.a", json!({})), live("user.old", json!({}))],
        ..World::default()
    };
    let plan = world.plan();
    let after =
        |address: &str| plan.steps.iter().find(|s| s.address == at(address)).unwrap().after.clone();
    assert_eq!(after("user.new"), []);
    assert_eq!(after("user.old"), [at("user.new")]);
    assert_eq!(after("box.a"), [at("user.new"), at("user.old")]);
}

#[test]
fn an_edge_reaches_through_what_does_not_change() {
    let world = World {
        desired: vec![
            desired("user.top", json!({"of": "{{content.middle.id}}", "size": 2})),
            desired("content.middle", json!({"of": "{{box.bottom.id}}"})),
            desired("box.bottom", json!({"size": 2})),
        ],
        live: vec![
            live("user.top", json!({"of": "id-content.middle", "size": 1})),
            live("content.middle", json!({"of": "id-box.bottom"})),
            live("box.bottom", json!({"size": 1})),
        ],
        ..World::default()
    };
    let plan = world.plan();
    let steps: Vec<_> =
        plan.steps.iter().map(|s| (s.address.to_string(), s.after.clone())).collect();
    assert_eq!(
        steps,
        [("box.bottom".to_string(), vec![]), ("user.top".to_string(), vec![at("box.bottom")])]
    );
    assert_eq!(plan.unchanged.len(), 1);
}

#[test]
fn a_reference_is_known_when_its_resource_stays_and_unknown_when_it_is_made() {
    let reference = json!({"of": "{{box.a.id}}", "at": "{{box.a.revision}}"});
    let mut world = World {
        desired: vec![desired("box.a", json!({"size": 2})), desired("user.u", reference)],
        live: vec![live("user.u", json!({"of": "id-box.a", "at": "r1"}))],
        ..World::default()
    };
    let unknown = |world: &World| -> Vec<String> {
        let plan = world.plan();
        let step = plan.steps.iter().find(|s| s.address == at("user.u"));
        let unknown = |f: &&crate::model::FieldChange| f.wanted == json!({"unknown": true});
        step.into_iter()
            .flat_map(|s| s.fields.iter())
            .filter(unknown)
            .map(|f| f.path.clone())
            .collect()
    };
    assert_eq!(unknown(&world), ["of", "at"], "the box is new");
    world.live.push(live("box.a", json!({"size": 1})));
    assert_eq!(unknown(&world), ["at"], "an update keeps the id and changes the volatile output");
    world.live[1].spec = json!({"size": 2});
    assert!(world.plan().is_empty(), "nothing changes, so both are known");
    world.live[1].spec = json!({"size": 2, "key": "old"});
    assert_eq!(unknown(&world), ["of", "at"], "a replaced box has another id");
}

#[test]
fn a_build_that_is_finished_is_known_and_one_under_way_is_not() {
    let mut world = World {
        desired: vec![desired("user.u", json!({"code": "{{build.u.sha256}}"}))],
        live: vec![live("user.u", json!({"code": "abc"}))],
        ..World::default()
    };
    assert_eq!(world.step().fields[0].wanted, json!({"unknown": true}));
    world.known = BTreeMap::from([(
        at("build.u"),
        BTreeMap::from([("sha256".to_string(), "abc".to_string())]),
    )]);
    assert!(world.plan().is_empty());
}

#[test]
fn what_the_endpoint_lacks_is_listed_and_neither_made_nor_deleted() {
    let mut world = World { desired: vec![desired("user.u", json!({}))], ..World::default() };
    world.live = vec![Live::not_emulated(&world.desired[0])];
    let plan = world.plan();
    assert_eq!((plan.steps.len(), &plan.not_emulated[..]), (0, &[at("user.u")][..]));
    assert_eq!(plan.summary().not_emulated, 1);
    world.desired.clear();
    assert!(world.plan().is_empty());
}

#[test]
fn a_cycle_is_an_error_and_no_plan() {
    let world = World {
        desired: vec![
            desired("box.a", json!("{{user.u.id}}")),
            desired("user.u", json!("{{box.a.id}}")),
        ],
        ..World::default()
    };
    assert!(world.try_plan().unwrap_err()[0].message.contains("wait for each other"));
}

#[test]
fn slow_steps_are_told_once_per_duration() {
    let mut world = World {
        desired: vec![
            desired("box.a", json!({})),
            desired("box.b", json!({})),
            desired("content.c", json!({})),
        ],
        ..World::default()
    };
    assert_eq!(world.plan().notes, ["Usual times on AWS: box.a, box.b ten seconds."]);
    world.live =
        vec![live("content.c", json!({})), live("box.a", json!({})), live("box.b", json!({}))];
    assert!(world.plan().notes.is_empty());
    world.desired.pop();
    assert_eq!(world.plan().notes, ["Usual times on AWS: content.c a minute."]);
}

#[test]
fn the_same_input_gives_the_same_plan() {
    let world = world_of(json!({"size": 2}), Some(json!({"size": 1})));
    assert_eq!(
        serde_json::to_string(&world.plan()).unwrap(),
        serde_json::to_string(&world.plan()).unwrap()
    );
}
