//! Tests of replacements: what forces one, and what goes and comes with it.

use super::*;

#[test]
fn what_is_contained_is_made_again_with_a_replaced_container_and_for_its_reason() {
    let spec = |key: &str| json!({ "key": key });
    let mut content = desired("content.c", json!({"size": 1}));
    content.depends_on.insert(at("box.a"));
    let mut world = World {
        desired: vec![desired("box.a", spec("k")), content],
        live: vec![live("box.a", spec("theirs")), live("content.c", json!({"size": 1}))],
        record: Some(record(&[("box.a", spec("k")), ("content.c", json!({"size": 1}))])),
        ..World::default()
    };
    let steps =
        |world: &World| world.plan().steps.iter().map(|s| (s.op, s.cause)).collect::<Vec<_>>();
    assert_eq!(steps(&world), [(Op::Replace, Cause::Drift), (Op::Create, Cause::Drift)]);
    assert_eq!(world.plan().steps[1].live, None, "what it was goes with the old container");
    world.live[0].spec = spec("k");
    world.desired[0].spec = spec("new");
    assert_eq!(steps(&world), [(Op::Replace, Cause::Change), (Op::Create, Cause::Change)]);
    world.desired[0].spec = json!({"key": "k", "size": 2});
    assert_eq!(
        steps(&world),
        [(Op::Update, Cause::Change)],
        "a container that stays keeps its parts"
    );
}

#[test]
fn a_field_that_is_only_set_once_replaces_where_it_has_a_value() {
    let wanted = || json!({"maker": "b", "key": "k"});
    let mut world = world_of(wanted(), Some(json!({"maker": "a", "key": "k"})));
    assert_eq!(world.step().op, Op::Replace);
    world.live[0].spec = json!({"key": "k"});
    assert_eq!(world.step().op, Op::Update);
    world.live[0].owner = Owner::Foreign(String::new());
    world.adopt.insert(at("box.a"));
    assert_eq!(world.step().op, Op::Adopt, "what somebody else made is not refused for it");
    world.live[0].spec = wanted();
    world.live[0].owner = Owner::Ours;
    assert!(world.plan().is_empty());
}
