//! AWS::IAM::Role: made, read back as wanted, every field changed both ways, foreign ones left
//! alone, deleted.

use crate::support::{World, desired, step};
use serde_json::{Value, json};
use shopstack::model::{Desired, ErrorKind, Op, Owner};
use shopstack::resources::{ResourceType, iam::role::Role};
use shopstack::{aws::Writer, policy};

fn trust(service: &str) -> Value {
    policy::canonical(
        &json!({"Version": "2012-10-17", "Statement": [{"Sid": "Assume", "Effect": "Allow",
        "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]}),
    )
}

fn rights(action: &str) -> Value {
    policy::canonical(
        &json!({"Version": "2012-10-17", "Statement": [{"Sid": "Data", "Effect": "Allow",
        "Action": [action], "Resource": ["arn:aws:dynamodb:us-east-1:000000000000:table/t"]}]}),
    )
}

fn wanted(world: &World, id: &str) -> Desired {
    let spec = json!({
        "tags": world.scope.tags(id), "path": world.scope.role_path(), "description": "for tests",
        "max_session_seconds": 3600, "trust": trust("lambda.amazonaws.com"),
        "policies": {"data": rights("dynamodb:Scan"), "logs": rights("dynamodb:Query")},
        "attached": [], "permissions_boundary": null,
    });
    desired(&Role, &format!("role.{id}"), &world.scope.name(id), spec)
}

async fn live_spec(world: &World, wanted: &Desired) -> Value {
    world.discover(&Role, &[wanted], &[]).await.remove(0).spec
}

/// Brings the role from what it is to `wanted.spec`, and asserts that it reads back so.
async fn update(world: &World, wanted: &Desired) {
    let live = world.discover(&Role, &[wanted], &[]).await.remove(0);
    let change = step(wanted, Op::Update, Some(live.clone()));
    Role.update(&world.writer, &change, &live, &wanted.spec).await.expect("update");
    assert_eq!(live_spec(world, wanted).await, wanted.spec);
}

#[tokio::test]
async fn its_whole_life() {
    let world = World::new("role").await;
    let mut wanted = wanted(&world, "f");
    let made = Role
        .create(&world.writer, &step(&wanted, Op::Create, None), &wanted.spec)
        .await
        .expect("create");
    assert!(made["arn"].starts_with("arn:aws:iam::"), "{made:?}");
    Role.create(&world.writer, &step(&wanted, Op::Create, None), &wanted.spec)
        .await
        .expect("create again");
    let live = world.discover(&Role, &[&wanted], &[]).await.remove(0);
    assert_eq!(live.spec, wanted.spec);
    assert_eq!(live.owner, Owner::Ours);
    assert_eq!(live.outputs, made);

    for (field, value) in [
        ("description", json!("other words")),
        ("max_session_seconds", json!(7200)),
        ("trust", trust("edgelambda.amazonaws.com")),
        (
            "policies",
            json!({"data": rights("dynamodb:PutItem"), "more": rights("dynamodb:GetItem")}),
        ),
        ("permissions_boundary", json!("arn:aws:iam::aws:policy/ReadOnlyAccess")),
        ("permissions_boundary", json!(null)),
    ] {
        wanted.spec[field] = value;
        update(&world, &wanted).await;
    }
    wanted.spec["tags"]["shopstack:expires-at"] = json!("2030-01-01T00:00:00Z");
    update(&world, &wanted).await;

    let by_ownership = world.discover(&Role, &[], &[]).await.remove(0);
    assert_eq!(by_ownership.spec, wanted.spec);
    assert_eq!(by_ownership.address, wanted.address);
    Role.delete(&world.writer, &by_ownership).await.expect("delete");
    Role.delete(&world.writer, &by_ownership).await.expect("deleting what is gone is done");
    assert!(world.discover(&Role, &[&wanted], &[]).await.is_empty());
}

/// What a stranger did to the role shows, and is undone.
#[tokio::test]
async fn drift_is_seen_and_mended() {
    let world = World::new("roledrift").await;
    let wanted = wanted(&world, "f");
    Role.create(&world.writer, &step(&wanted, Op::Create, None), &wanted.spec)
        .await
        .expect("create");
    let Writer { clients, .. } = &world.writer;
    let document = policy::to_json(&rights("dynamodb:*"));
    let put = clients
        .iam
        .put_role_policy()
        .role_name(&wanted.name)
        .policy_name("stranger")
        .policy_document(&document);
    put.send().await.expect("put");
    let arn = "arn:aws:iam::aws:policy/AdministratorAccess";
    clients
        .iam
        .attach_role_policy()
        .role_name(&wanted.name)
        .policy_arn(arn)
        .send()
        .await
        .expect("attach");
    clients
        .iam
        .delete_role_policy()
        .role_name(&wanted.name)
        .policy_name("logs")
        .send()
        .await
        .expect("delete");

    let spec = live_spec(&world, &wanted).await;
    assert_eq!(spec["attached"], json!([arn]));
    assert!(
        spec["policies"]["stranger"].is_object() && spec["policies"]["logs"].is_null(),
        "{spec}"
    );
    update(&world, &wanted).await;

    // Attachments that came after the plan do not stop a delete.
    let live = world.discover(&Role, &[&wanted], &[]).await.remove(0);
    clients
        .iam
        .attach_role_policy()
        .role_name(&wanted.name)
        .policy_arn(arn)
        .send()
        .await
        .expect("attach");
    Role.delete(&world.writer, &live).await.expect("delete");
}

#[tokio::test]
async fn a_foreign_role_is_refused_and_can_be_adopted() {
    let world = World::new("roleforeign").await;
    let wanted = wanted(&world, "f");
    let make = world
        .writer
        .clients
        .iam
        .create_role()
        .role_name(&wanted.name)
        .path(world.scope.role_path());
    let make = make.assume_role_policy_document(policy::to_json(&trust("ec2.amazonaws.com")));
    make.send().await.expect("the stranger's role");
    let error = Role
        .create(&world.writer, &step(&wanted, Op::Create, None), &wanted.spec)
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Foreign);
    assert!(error.hint.contains("--adopt role.f"), "{}", error.hint);
    let live = world.discover(&Role, &[&wanted], &[]).await.remove(0);
    assert!(matches!(live.owner, Owner::Foreign(_)));
    assert!(
        world.discover(&Role, &[], &[]).await.is_empty(),
        "what is not ours is not found by ownership"
    );
    update(&world, &wanted).await;
    let adopted = world.discover(&Role, &[&wanted], &[]).await.remove(0);
    assert_eq!(adopted.owner, Owner::Ours);
    Role.delete(&world.writer, &adopted).await.expect("delete");
}
