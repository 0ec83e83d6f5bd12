//! AWS::Lambda::Permission: statements added, changed, lost and foreign ones, all brought back to
//! what is wanted.

mod drift;

use super::function;
use crate::support::env::TestEnv;
use crate::support::step::{desired, step};
use crate::support::suite::{Coverage, Suite};
use serde_json::{Value, json};
use shopstack::model::{Desired, Live, Op, Owner};
use shopstack::resources::{
    ResourceType, lambda::function::Function, lambda::permission::Permission,
};

pub const SUITE: Suite = Suite {
    type_name: "AWS::Lambda::Permission",
    prepare: None,
    on_ministack: &[|shop| Box::pin(async { drift::cases(shop) })],
    on_moto: &[],
    clean_up: None,
    inventory: Coverage::Elsewhere("AWS::Lambda::Function"),
};

fn statement(env: &TestEnv, path: &str) -> Value {
    json!({
        "action": "lambda:InvokeFunction", "principal": "apigateway.amazonaws.com",
        "source_arn": format!("arn:aws:execute-api:us-east-1:{}:abc/*/{path}", env.scope.account),
        "source_account": env.scope.account,
    })
}

/// Makes the function; returns it as found, and its wanted permission.
async fn create_permission(env: &TestEnv) -> (Live, Desired) {
    let folder = tempfile::tempdir().unwrap();
    let wanted = function::wanted(env, folder.path()).await;
    Function
        .create(&env.writer, &step(&wanted, Op::Create, None), &wanted.spec)
        .await
        .expect("function");
    let found = env.discover(&Function, &[&wanted], &[]).await.remove(0);
    let spec = json!({"statements": {"api-1": statement(env, "GET/products"), "api-2": statement(env, "POST/orders")}});
    let permission = desired(&Permission, "permission.f", &wanted.name, spec);
    (found, permission)
}

#[tokio::test]
async fn its_whole_life() {
    let env = TestEnv::new("permission").await;
    let (function, mut wanted) = create_permission(&env).await;
    let found = [function.clone()];
    assert!(
        env.discover(&Permission, &[&wanted], &found).await.is_empty(),
        "no policy is no permission"
    );
    Permission
        .create(&env.writer, &step(&wanted, Op::Create, None), &wanted.spec)
        .await
        .expect("create");
    Permission
        .create(&env.writer, &step(&wanted, Op::Create, None), &wanted.spec)
        .await
        .expect("create again");
    let live = env.discover(&Permission, &[&wanted], &found).await.remove(0);
    assert_eq!((&live.spec, &live.owner), (&wanted.spec, &Owner::Ours));

    for (field, value) in [
        ("source_arn", json!("arn:aws:execute-api:us-east-1:000000000000:abc/*/GET/other")),
        ("source_account", json!("123123123123")),
        ("source_account", json!(null)),
        ("principal", json!("events.amazonaws.com")),
        ("action", json!("lambda:GetFunction")),
    ] {
        wanted.spec["statements"]["api-1"][field] = value;
        update(&env, &wanted, &found).await;
    }
    wanted.spec = json!({"statements": {"api-3": statement(&env, "GET/products")}});
    update(&env, &wanted, &found).await;

    let by_ownership = env.discover(&Permission, &[], &found).await.remove(0);
    assert_eq!((&by_ownership.spec, &by_ownership.address), (&wanted.spec, &wanted.address));
    Permission.delete(&env.writer, &by_ownership).await.expect("delete");
    Permission.delete(&env.writer, &by_ownership).await.expect("deleting what is gone is done");
    assert!(env.discover(&Permission, &[&wanted], &found).await.is_empty());
    Function.delete(&env.writer, &function).await.expect("delete the function");
    Permission.delete(&env.writer, &by_ownership).await.expect("the function took it along");
}

async fn update(env: &TestEnv, wanted: &Desired, found: &[Live]) {
    let live = env.discover(&Permission, &[wanted], found).await.remove(0);
    let change = step(wanted, Op::Update, Some(live.clone()));
    Permission.update(&env.writer, &change, &live, &wanted.spec).await.expect("update");
    assert_eq!(env.discover(&Permission, &[wanted], found).await.remove(0).spec, wanted.spec);
}

#[tokio::test]
async fn a_strangers_statement_is_drift_and_goes() {
    let env = TestEnv::new("permissiondrift").await;
    let (function, wanted) = create_permission(&env).await;
    let found = [function.clone()];
    Permission
        .create(&env.writer, &step(&wanted, Op::Create, None), &wanted.spec)
        .await
        .expect("create");
    let lambda = &env.clients.lambda;
    let open =
        lambda.add_permission().function_name(&wanted.name).statement_id("open").principal("*");
    open.action("lambda:InvokeFunction").send().await.expect("stranger's statement");
    lambda
        .remove_permission()
        .function_name(&wanted.name)
        .statement_id("api-2")
        .send()
        .await
        .expect("lost");
    let spec = env.discover(&Permission, &[&wanted], &found).await.remove(0).spec;
    assert!(
        spec["statements"]["open"].is_object() && spec["statements"]["api-2"].is_null(),
        "{spec}"
    );
    update(&env, &wanted, &found).await;
    Function.delete(&env.writer, &function).await.expect("delete the function");
}
