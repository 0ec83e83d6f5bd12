//! AWS::IAM::Role: made, read back as wanted, every field changed both ways, foreign ones left
//! alone, deleted.

mod drift;
mod inventory;

use crate::support::env::TestEnv;
use crate::support::step::{desired, step};
use crate::support::suite::{Coverage, Suite, TypeInventory};
use serde_json::{Value, json};
use shopstack::model::{Desired, ErrorKind, Op, Owner};
use shopstack::policy;
use shopstack::resources::{ResourceType, iam::role::Role};

pub const SUITE: Suite = Suite {
    type_name: "AWS::IAM::Role",
    prepare: None,
    on_ministack: &[|_| Box::pin(async { drift::cases() })],
    on_moto: &[],
    clean_up: None,
    inventory: Coverage::Own(TypeInventory {
        kind: "role",
        add: |all, clients| Box::pin(inventory::add(all, clients)),
        names: |clients| Box::pin(inventory::names(clients)),
    }),
};

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

fn wanted(env: &TestEnv, id: &str) -> Desired {
    let spec = json!({
        "tags": env.scope.tags(id), "path": env.scope.role_path(), "description": "for tests",
        "max_session_seconds": 3600, "trust": trust("lambda.amazonaws.com"),
        "policies": {"data": rights("dynamodb:Scan"), "logs": rights("dynamodb:Query")},
        "attached": [], "permissions_boundary": null,
    });
    desired(&Role, &format!("role.{id}"), &env.scope.name(id), spec)
}

async fn live_spec(env: &TestEnv, wanted: &Desired) -> Value {
    env.discover(&Role, &[wanted], &[]).await.remove(0).spec
}

/// Brings the role from what it is to `wanted.spec`, and asserts that it reads back so.
async fn update(env: &TestEnv, wanted: &Desired) {
    let live = env.discover(&Role, &[wanted], &[]).await.remove(0);
    let change = step(wanted, Op::Update, Some(live.clone()));
    Role.update(&env.writer, &change, &live, &wanted.spec).await.expect("update");
    assert_eq!(live_spec(env, wanted).await, wanted.spec);
}

#[tokio::test]
async fn its_whole_life() {
    let env = TestEnv::new("role").await;
    let mut wanted = wanted(&env, "f");
    let made = Role
        .create(&env.writer, &step(&wanted, Op::Create, None), &wanted.spec)
        .await
        .expect("create");
    assert!(made["arn"].starts_with("arn:aws:iam::"), "{made:?}");
    Role.create(&env.writer, &step(&wanted, Op::Create, None), &wanted.spec)
        .await
        .expect("create again");
    let live = env.discover(&Role, &[&wanted], &[]).await.remove(0);
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
        update(&env, &wanted).await;
    }
    wanted.spec["tags"]["shopstack:expires-at"] = json!("2030-01-01T00:00:00Z");
    update(&env, &wanted).await;

    let by_ownership = env.discover(&Role, &[], &[]).await.remove(0);
    let mut unread = wanted.spec.clone();
    // Nobody compares what nobody wants: the documents of its policies are not read.
    unread["policies"] = json!({"data": null, "more": null});
    assert_eq!(by_ownership.spec, unread);
    assert_eq!(by_ownership.address, wanted.address);
    Role.delete(&env.writer, &by_ownership).await.expect("delete");
    Role.delete(&env.writer, &by_ownership).await.expect("deleting what is gone is done");
    assert!(env.discover(&Role, &[&wanted], &[]).await.is_empty());
}

/// What a stranger did to the role shows, and is undone.
#[tokio::test]
async fn drift_is_seen_and_mended() {
    let env = TestEnv::new("roledrift").await;
    let wanted = wanted(&env, "f");
    Role.create(&env.writer, &step(&wanted, Op::Create, None), &wanted.spec).await.expect("create");
    let clients = &env.clients;
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

    let spec = live_spec(&env, &wanted).await;
    assert_eq!(spec["attached"], json!([arn]));
    assert!(
        spec["policies"]["stranger"].is_object() && spec["policies"]["logs"].is_null(),
        "{spec}"
    );
    update(&env, &wanted).await;

    // Attachments that came after the plan do not stop a delete.
    let live = env.discover(&Role, &[&wanted], &[]).await.remove(0);
    clients
        .iam
        .attach_role_policy()
        .role_name(&wanted.name)
        .policy_arn(arn)
        .send()
        .await
        .expect("attach");
    Role.delete(&env.writer, &live).await.expect("delete");
}

#[tokio::test]
async fn a_foreign_role_is_refused_and_can_be_adopted() {
    let env = TestEnv::new("roleforeign").await;
    let wanted = wanted(&env, "f");
    let make = env.clients.iam.create_role().role_name(&wanted.name).path(env.scope.role_path());
    let make = make.assume_role_policy_document(policy::to_json(&trust("ec2.amazonaws.com")));
    make.send().await.expect("the stranger's role");
    let error =
        Role.create(&env.writer, &step(&wanted, Op::Create, None), &wanted.spec).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Foreign);
    assert!(error.hint.contains("--adopt role.f"), "{}", error.hint);
    let live = env.discover(&Role, &[&wanted], &[]).await.remove(0);
    assert!(matches!(live.owner, Owner::Foreign(_)));
    assert!(
        env.discover(&Role, &[], &[]).await.is_empty(),
        "what is not ours is not found by ownership"
    );
    update(&env, &wanted).await;
    let adopted = env.discover(&Role, &[&wanted], &[]).await.remove(0);
    assert_eq!(adopted.owner, Owner::Ours);
    Role.delete(&env.writer, &adopted).await.expect("delete");
}
