//! AWS::Lambda::Function: made, read back as wanted, every field changed both ways, foreign ones
//! left alone, deleted.

mod drift;
mod inventory;

use crate::support::env::TestEnv;
use crate::support::step::{desired, step};
use crate::support::suite::{Coverage, Suite, TypeInventory};
use base64::Engine as _;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use shopstack::model::{Desired, ErrorKind, Live, Op, Owner};
use shopstack::resources::{ResourceType, lambda::function::Function};
use std::io::Write as _;
use std::path::{Path, PathBuf};

pub const SUITE: Suite = Suite {
    type_name: "AWS::Lambda::Function",
    prepare: None,
    on_ministack: &[|shop| Box::pin(async { drift::cases(shop) })],
    on_moto: &[],
    clean_up: None,
    inventory: Coverage::Own(TypeInventory {
        kind: "function",
        add: |all, clients| Box::pin(inventory::add(all, clients)),
        names: |clients| Box::pin(inventory::names(clients)),
    }),
};

/// A zip with a `bootstrap` of that text, and its hash as Lambda tells it.
pub fn zip_of(folder: &Path, text: &str) -> (PathBuf, String) {
    let path = folder.join(format!("{}.zip", text.len()));
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    let options = zip::write::SimpleFileOptions::default().unix_permissions(0o755);
    zip.start_file("bootstrap", options).unwrap();
    zip.write_all(text.as_bytes()).unwrap();
    zip.finish().unwrap();
    let hash = Sha256::digest(std::fs::read(&path).unwrap());
    (path, base64::engine::general_purpose::STANDARD.encode(hash))
}

/// A role that Lambda may assume, made unless an earlier run left it; its ARN.
pub async fn role(env: &TestEnv, name: &str) -> String {
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
    let iam = &env.clients.iam;
    let name = env.scope.name(name);
    let made = iam
        .create_role()
        .role_name(&name)
        .assume_role_policy_document(trust.to_string())
        .send()
        .await;
    if let Err(error) = made {
        assert!(
            error.as_service_error().is_some_and(|e| e.is_entity_already_exists_exception()),
            "{error:?}"
        );
    }
    format!("arn:aws:iam::{}:role/{name}", env.scope.account)
}

/// A wanted function `f` with the zip in `folder`.
pub async fn wanted(env: &TestEnv, folder: &Path) -> Desired {
    let (path, hash) = zip_of(folder, "#!/bin/sh\n");
    let spec = json!({
        "tags": env.scope.tags("f"), "role_arn": role(env, "role-a").await, "runtime": "provided.al2023",
        "handler": "bootstrap", "memory": 256, "timeout": 10, "architecture": "arm64",
        "reserved_concurrency": null, "tracing": false, "log_level": null, "dead_letter": null,
        "environment": {"TABLE": "t"}, "code_sha256": hash, "extras": {},
    });
    let mut wanted = desired(&Function, "function.f", &env.scope.name("f"), spec);
    wanted.payload = Some(path);
    wanted
}

async fn live(env: &TestEnv, wanted: &Desired) -> Live {
    env.discover(&Function, &[wanted], &[]).await.remove(0)
}

/// Brings the function from what it is to `wanted.spec`, and asserts that it reads back so.
async fn update(env: &TestEnv, wanted: &Desired) {
    let before = live(env, wanted).await;
    let change = step(wanted, Op::Update, Some(before.clone()));
    Function.update(&env.writer, &change, &before, &wanted.spec).await.expect("update");
    assert_eq!(live(env, wanted).await.spec, wanted.spec);
}

#[tokio::test]
async fn its_whole_life() {
    let env = TestEnv::new("function").await;
    let folder = tempfile::tempdir().unwrap();
    let mut wanted = wanted(&env, folder.path()).await;
    let made = Function
        .create(&env.writer, &step(&wanted, Op::Create, None), &wanted.spec)
        .await
        .expect("create");
    assert_eq!(made["name"], wanted.name);
    let again = Function.create(&env.writer, &step(&wanted, Op::Create, None), &wanted.spec).await;
    assert_eq!(again.expect("create again"), made);
    let found = live(&env, &wanted).await;
    assert_eq!((&found.spec, &found.owner, &found.outputs), (&wanted.spec, &Owner::Ours, &made));

    for (field, value) in [
        ("role_arn", json!(role(&env, "role-b").await)),
        ("handler", json!("other")),
        ("memory", json!(512)),
        ("timeout", json!(29)),
        ("reserved_concurrency", json!(5)),
        ("reserved_concurrency", json!(0)),
        ("reserved_concurrency", Value::Null),
        ("tracing", json!(true)),
        ("tracing", json!(false)),
        ("log_level", json!("WARN")),
        ("log_level", json!("DEBUG")),
        ("log_level", Value::Null),
        ("dead_letter", json!(format!("arn:aws:sqs:us-east-1:{}:q", env.scope.account))),
        ("dead_letter", Value::Null),
        ("environment", json!({"TABLE": "u", "MORE": "x"})),
        ("environment", json!({})),
    ] {
        wanted.spec[field] = value;
        update(&env, &wanted).await;
    }
    wanted.spec["tags"]["shopstack:expires-at"] = json!("2030-01-01T00:00:00Z");
    update(&env, &wanted).await;
    wanted.spec["tags"] = json!(env.scope.tags("f"));
    update(&env, &wanted).await;
    let (path, hash) = zip_of(folder.path(), "#!/bin/sh\n# another\n");
    (wanted.payload, wanted.spec["code_sha256"]) = (Some(path), json!(hash));
    update(&env, &wanted).await;
    // moto keeps the architecture of the create, whatever UpdateFunctionCode says.
    if env.scope.account == "000000000000" {
        wanted.spec["architecture"] = json!("x86_64");
        update(&env, &wanted).await;
    }

    let by_ownership = env.discover(&Function, &[], &[]).await.remove(0);
    assert_eq!((&by_ownership.spec, &by_ownership.address), (&wanted.spec, &wanted.address));
    Function.delete(&env.writer, &by_ownership).await.expect("delete");
    Function.delete(&env.writer, &by_ownership).await.expect("deleting what is gone is done");
    assert!(env.discover(&Function, &[&wanted], &[]).await.is_empty());
}

#[tokio::test]
async fn what_a_stranger_changed_is_seen_and_mended() {
    let env = TestEnv::new("functiondrift").await;
    let folder = tempfile::tempdir().unwrap();
    let wanted = wanted(&env, folder.path()).await;
    Function
        .create(&env.writer, &step(&wanted, Op::Create, None), &wanted.spec)
        .await
        .expect("create");
    let lambda = &env.clients.lambda;
    let environment =
        aws_sdk_lambda::types::Environment::builder().variables("TABLE", "theirs").build();
    let change =
        lambda.update_function_configuration().function_name(&wanted.name).memory_size(1024);
    change.environment(environment).send().await.expect("stranger's update");
    let spec = live(&env, &wanted).await.spec;
    assert_eq!((&spec["memory"], &spec["environment"]["TABLE"]), (&json!(1024), &json!("theirs")));
    update(&env, &wanted).await;
    Function.delete(&env.writer, &live(&env, &wanted).await).await.expect("delete");
}

#[tokio::test]
async fn a_foreign_function_is_refused_and_can_be_adopted() {
    let env = TestEnv::new("functionforeign").await;
    let folder = tempfile::tempdir().unwrap();
    let wanted = wanted(&env, folder.path()).await;
    let mut theirs = wanted.clone();
    theirs.spec["tags"] = json!({"owner": "somebody"});
    Function
        .create(&env.writer, &step(&theirs, Op::Create, None), &theirs.spec)
        .await
        .expect("the stranger's");
    let refused = Function
        .create(&env.writer, &step(&wanted, Op::Create, None), &wanted.spec)
        .await
        .unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Foreign);
    assert!(matches!(live(&env, &wanted).await.owner, Owner::Foreign(_)));
    assert!(
        env.discover(&Function, &[], &[]).await.is_empty(),
        "what is not ours is not found by ownership"
    );
    update(&env, &wanted).await;
    assert_eq!(live(&env, &wanted).await.owner, Owner::Ours);
    Function.delete(&env.writer, &live(&env, &wanted).await).await.expect("delete");
}

#[tokio::test]
async fn a_zip_that_is_not_the_planned_one_is_not_sent() {
    let env = TestEnv::new("functionzip").await;
    let folder = tempfile::tempdir().unwrap();
    let mut wanted = wanted(&env, folder.path()).await;
    wanted.spec["code_sha256"] =
        Value::String("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=".into());
    let refused = Function
        .create(&env.writer, &step(&wanted, Op::Create, None), &wanted.spec)
        .await
        .unwrap_err();
    assert!(refused.message.contains("not the one that was planned"), "{refused}");
    assert!(env.discover(&Function, &[&wanted], &[]).await.is_empty());
}
