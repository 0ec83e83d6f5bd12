//! AWS::ApiGateway::RestApi: made once, found by tags, patched, a duplicate of ours told apart,
//! deleted.

mod drift;
mod inventory;

use crate::support::env::TestEnv;
use crate::support::step::{desired, step};
use crate::support::suite::{Coverage, Suite, TypeInventory};
use serde_json::{Value, json};
use shopstack::model::{Desired, Live, Op, Owner, tag};
use shopstack::resources::{ResourceType, apigateway::api::RestApi};

pub const SUITE: Suite = Suite {
    type_name: "AWS::ApiGateway::RestApi",
    prepare: None,
    on_ministack: &[|_| Box::pin(async { drift::cases() })],
    on_moto: &[|_| Box::pin(async { drift::cases_on_moto() })],
    clean_up: None,
    inventory: Coverage::Own(TypeInventory {
        kind: "api",
        add: |all, clients| Box::pin(inventory::add(all, clients)),
        names: |clients| Box::pin(inventory::names(clients)),
    }),
};

fn wanted(env: &TestEnv, description: &str) -> Desired {
    let spec = json!({
        "tags": env.scope.tags("api"), "description": description, "endpoint_type": "REGIONAL",
        "api_key_source": "HEADER", "disable_execute_api_endpoint": false, "binary_media_types": [],
        "minimum_compression_size": null,
    });
    desired(&RestApi, "api.main", &env.scope.name("api"), spec)
}

async fn update(env: &TestEnv, live: &Live, wanted: &Desired) {
    let change = step(wanted, Op::Update, Some(live.clone()));
    RestApi.update(&env.writer, &change, live, &wanted.spec).await.expect("update");
}

/// Patches the live API behind the tool's back.
async fn patch(env: &TestEnv, live: &Live, path: &str, value: &str) {
    let operation = shopstack::resources::apigateway::replace(path, value);
    let client = &env.clients.apigateway;
    client
        .update_rest_api()
        .rest_api_id(&live.outputs["id"])
        .patch_operations(operation)
        .send()
        .await
        .unwrap();
}

#[tokio::test]
async fn its_whole_life() {
    let env = TestEnv::new("restapi").await;
    let mut want = wanted(&env, "the shop");
    let made = RestApi
        .create(&env.writer, &step(&want, Op::Create, None), &want.spec)
        .await
        .expect("create");
    // A crash after the create: running it again finds the API by its tags and makes no second one.
    let again = RestApi
        .create(&env.writer, &step(&want, Op::Create, None), &want.spec)
        .await
        .expect("again");
    assert_eq!(made, again);
    let mut found = env.discover(&RestApi, &[&want], &[]).await;
    assert_eq!(found.len(), 1, "{found:?}");
    let live = found.remove(0);
    assert_eq!(live.spec, want.spec);
    assert_eq!((&live.owner, &live.outputs), (&Owner::Ours, &made));
    assert_eq!(
        made["execution_arn"],
        format!("arn:aws:execute-api:us-east-1:{}:{}", env.scope.account, made["id"])
    );

    want.spec["description"] = json!("another");
    update(&env, &live, &want).await;
    patch(&env, &live, "/description", "meddled").await;
    patch(&env, &live, "/name", "renamed").await;
    let drifted = env.discover(&RestApi, &[&want], &[]).await.remove(0);
    assert_eq!(
        (&drifted.spec["description"], &drifted.spec["name"]),
        (&json!("meddled"), &json!("renamed"))
    );
    update(&env, &drifted, &want).await;
    let by_ownership = env.discover(&RestApi, &[], &[]).await.remove(0);
    assert_eq!((&by_ownership.spec, &by_ownership.address), (&want.spec, &want.address));

    // moto cannot tag an API after its creation, and answers 500 to the deletion of a missing one.
    let moto = env.scope.account == "123456789012";
    if !moto {
        want.spec["tags"]["shopstack:expires-at"] = json!("2030-01-01T00:00:00Z");
        let live = env.discover(&RestApi, &[&want], &[]).await.remove(0);
        update(&env, &live, &want).await;
        assert_eq!(env.discover(&RestApi, &[&want], &[]).await.remove(0).spec, want.spec);
    }
    RestApi.delete(&env.writer, &by_ownership).await.expect("delete");
    assert!(env.discover(&RestApi, &[&want], &[]).await.is_empty());
    if !moto {
        let client = &env.clients.apigateway;
        let gone = client.delete_rest_api().rest_api_id(&made["id"]).send().await;
        assert!(gone.is_err(), "the API should be gone already");
    }
}

#[tokio::test]
async fn a_stranger_of_the_same_name_is_ignored_and_our_own_duplicate_is_extra() {
    let env = TestEnv::new("restapitwins").await;
    let want = wanted(&env, "");
    let client = &env.clients.apigateway;
    client.create_rest_api().name(&want.name).send().await.unwrap();
    assert!(env.discover(&RestApi, &[&want], &[]).await.is_empty());

    RestApi.create(&env.writer, &step(&want, Op::Create, None), &want.spec).await.expect("create");
    let twin = client
        .create_rest_api()
        .name(&want.name)
        .set_tags(Some(env.scope.tags("api").into_iter().collect()));
    let twin = twin.send().await.unwrap().id().unwrap().to_string();
    let deployment = client.create_deployment().rest_api_id(&twin).send().await;
    let staged = match deployment {
        Ok(made) => {
            let stage = client
                .create_stage()
                .rest_api_id(&twin)
                .stage_name("v1")
                .deployment_id(made.id().unwrap());
            stage.send().await.is_ok()
        }
        // Real rules: no deployment without methods.
        Err(_) => false,
    };
    let found = env.discover(&RestApi, &[&want], &[]).await;
    let names: Vec<_> = found.iter().map(|l| l.address.to_string()).collect();
    assert_eq!(names, ["api.main", "api.main~2"]);
    assert_eq!(found[0].outputs["id"] == twin, staged, "the one with a stage is the one in use");
    assert!(found.iter().all(|l| l.owner == Owner::Ours && l.spec["tags"][tag::ID] != Value::Null));
    // A copy under another name is no second one of ours.
    let copy = client
        .create_rest_api()
        .name("a-copy")
        .set_tags(Some(env.scope.tags("api").into_iter().collect()));
    let copy = copy.send().await.unwrap().id().unwrap().to_string();
    let found = env.discover(&RestApi, &[&want], &[]).await;
    let strays: Vec<_> =
        found.iter().filter(|l| l.owner == Owner::Stray).map(|l| l.outputs["id"].clone()).collect();
    assert_eq!((found.len(), strays), (3, vec![copy]));
}
