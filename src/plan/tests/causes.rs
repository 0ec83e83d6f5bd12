//! Tests of causes: who made a step necessary.

use super::*;

#[test]
fn causes_tell_who_made_a_step_necessary() {
    let v = |n: i32| json!({ "size": n });
    // (wanted, live, applied) -> cause; None in `live` is "gone", in `applied` "not in the record".
    let cases = [
        ("nobody knows", 2, Some(1), None, Cause::Change),
        ("the author", 2, Some(1), Some(1), Cause::Change),
        ("a stranger", 1, Some(2), Some(1), Cause::Drift),
        ("both", 3, Some(2), Some(1), Cause::Both),
        ("new", 1, None, None, Cause::Change),
        ("deleted by a stranger", 1, None, Some(1), Cause::Drift),
        ("deleted by a stranger, and changed by the author", 2, None, Some(1), Cause::Both),
    ];
    for (what, wanted, found, applied, cause) in cases {
        let mut world = world_of(v(wanted), found.map(v));
        world.record = Some(applied.map_or_else(Record::default, |n| record(&[("box.a", v(n))])));
        let step = world.step();
        assert_eq!(step.cause, cause, "{what}");
        assert_eq!(step.fields[0].applied, applied.map_or(Value::Null, |n| json!(n)), "{what}");
        world.record = None;
        assert_eq!(world.step().cause, Cause::Change, "{what}: without a record");
    }
}

#[test]
fn a_field_whose_time_is_up_is_no_drift() {
    let kept = json!({"files": {"old.js": "1"}, "size": 1});
    let mut world = world_of(json!({"files": {}, "size": 1}), Some(kept));
    world.record = Some(record(&[("box.a", json!({"files": {}, "size": 1}))]));
    assert_eq!(world.step().cause, Cause::Drift);
    world.live[0].due.insert("files.old.js".into());
    assert_eq!(world.step().cause, Cause::Change);
    world.live[0].spec["size"] = json!(2);
    assert_eq!(world.step().cause, Cause::Both);
}

#[test]
fn deletes_are_a_change_of_what_was_applied_and_drift_of_what_never_was() {
    let mut world = World { live: vec![live("box.a", json!({}))], ..World::default() };
    assert_eq!(world.step().cause, Cause::Change);
    world.record = Some(record(&[("box.a", json!({}))]));
    assert_eq!(world.step().cause, Cause::Change);
    world.record = Some(Record::default());
    assert_eq!(world.step().cause, Cause::Drift);
}

#[test]
fn an_unknown_value_inherits_the_cause_of_what_it_waits_for() {
    let mut world = World {
        desired: vec![
            desired("box.a", json!({"size": 1})),
            desired("user.u", json!({"of": "{{box.a.id}}"})),
        ],
        live: vec![live("user.u", json!({"of": "id-box.a"}))],
        record: Some(record(&[
            ("box.a", json!({"size": 1})),
            ("user.u", json!({"of": "id-box.a"})),
        ])),
        ..World::default()
    };
    let causes = |world: &World| world.plan().steps.iter().map(|s| s.cause).collect::<Vec<_>>();
    assert_eq!(causes(&world), [Cause::Drift, Cause::Drift], "a stranger deleted the box");
    // Something new that it must merely come after is no cause.
    world.desired.insert(0, desired("box.new", json!({})));
    world.desired[2].depends_on.insert(at("box.new"));
    assert_eq!(causes(&world), [Cause::Change, Cause::Drift, Cause::Drift]);
    world.desired[2].depends_on.clear();
    world.desired.remove(0);
    world.desired[0].spec["size"] = json!(2);
    assert_eq!(causes(&world), [Cause::Both, Cause::Both]);
    world.live.push(live("box.a", json!({"key": "k", "size": 1})));
    world.record.as_mut().unwrap().specs.insert(at("box.a"), json!({"key": "k", "size": 1}));
    assert_eq!(causes(&world), [Cause::Change, Cause::Change], "the author replaces the box");
}
