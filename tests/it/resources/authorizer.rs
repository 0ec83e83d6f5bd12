//! AWS::ApiGateway::Authorizer: made in an API, read back as wanted, changed, found by its name,
//! deleted.

mod drift;

use crate::support::env::TestEnv;
use crate::support::step::{desired, step};
use crate::support::suite::{Coverage, Suite};
use serde_json::{Value, json};
use shopstack::model::{Desired, Live, Op};
use shopstack::resources::ResourceType;
use shopstack::resources::apigateway::{api::RestApi, authorizer::Authorizer};

pub const SUITE: Suite = Suite {
    type_name: "AWS::ApiGateway::Authorizer",
    prepare: Some(|shop| {
        shop.edit(
            "  openapi: lambdas/openapi.yaml",
            "  authorizers: { staff: { function: listProducts } }\n  openapi: lambdas/openapi.yaml",
        );
    }),
    on_ministack: &[|shop| Box::pin(async { drift::cases(shop) })],
    on_moto: &[],
    clean_up: None,
    inventory: Coverage::Elsewhere("AWS::ApiGateway::RestApi"),
};

async fn api(env: &TestEnv) -> Live {
    let spec = json!({
        "tags": env.scope.tags("api"), "description": "", "endpoint_type": "REGIONAL",
        "api_key_source": "HEADER", "disable_execute_api_endpoint": false,
        "binary_media_types": [], "minimum_compression_size": null,
    });
    let want = desired(&RestApi, "api.main", &env.scope.name("api"), spec);
    RestApi.create(&env.writer, &step(&want, Op::Create, None), &want.spec).await.expect("an API");
    env.discover(&RestApi, &[&want], &[]).await.remove(0)
}

fn function(name: &str) -> String {
    format!("arn:aws:lambda:us-east-1:000000000000:function:{name}")
}

fn token() -> Value {
    json!({"kind": "TOKEN", "user_pools": [], "function_arn": function("check"),
        "identity_source": "method.request.header.Authorization", "pattern": "", "cache_seconds": 60,
        "credentials": ""})
}

fn wanted(env: &TestEnv, api: &Live, id: &str, spec: Value) -> Desired {
    let address = format!("authorizer.{id}");
    let mut want = desired(&Authorizer, &address, &env.scope.name(id), spec);
    want.context = json!({"rest_api_id": api.outputs["id"]});
    want
}

async fn look(env: &TestEnv, want: &Desired, api: &Live) -> Live {
    env.discover(&Authorizer, &[want], std::slice::from_ref(api)).await.remove(0)
}

#[tokio::test]
async fn its_whole_life() {
    let env = TestEnv::new("authorizer").await;
    let api = api(&env).await;
    let mut want = wanted(&env, &api, "staff", token());
    assert!(env.discover(&Authorizer, &[&want], std::slice::from_ref(&api)).await.is_empty());
    let create = step(&want, Op::Create, None);
    let made = Authorizer.create(&env.writer, &create, &want.spec).await.expect("create");
    let again = Authorizer.create(&env.writer, &create, &want.spec).await.expect("create again");
    assert_eq!(made, again, "one authorizer, not two");
    let live = look(&env, &want, &api).await;
    assert_eq!((&live.spec, &live.address, &live.outputs), (&want.spec, &want.address, &made));

    for (field, value) in [
        ("kind", json!("REQUEST")),
        ("identity_source", json!("method.request.header.A,method.request.querystring.b")),
        ("identity_source", json!("method.request.header.Authorization")),
        ("kind", json!("TOKEN")),
        ("pattern", json!("Bearer .+")),
        ("pattern", json!("")),
        ("function_arn", json!(function("other"))),
    ] {
        let before = look(&env, &want, &api).await;
        want.spec[field] = value;
        assert_ne!(before.spec, want.spec, "{field}");
        let change = step(&want, Op::Update, Some(before.clone()));
        Authorizer.update(&env.writer, &change, &before, &want.spec).await.expect("update");
        assert_eq!(look(&env, &want, &api).await.spec, want.spec, "{field}");
    }

    let by_name = env.discover(&Authorizer, &[], std::slice::from_ref(&api)).await.remove(0);
    assert_eq!(by_name.address, want.address, "known by the name that its id makes");
    Authorizer.delete(&env.writer, &by_name).await.expect("delete");
    Authorizer.delete(&env.writer, &by_name).await.expect("deleting what is gone is done");
    assert!(env.discover(&Authorizer, &[&want], std::slice::from_ref(&api)).await.is_empty());
    RestApi.delete(&env.writer, &api).await.expect("the API");
}

#[tokio::test]
async fn user_pools_are_kept_and_a_strangers_authorizer_is_planned_away() {
    let env = TestEnv::new("authorizerpools").await;
    let api = api(&env).await;
    let mut spec = token();
    spec["kind"] = json!("COGNITO_USER_POOLS");
    spec["function_arn"] = json!("");
    spec["user_pools"] = json!([
        "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_A",
        "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_B",
    ]);
    let want = wanted(&env, &api, "users", spec);
    let create = step(&want, Op::Create, None);
    Authorizer.create(&env.writer, &create, &want.spec).await.expect("create");
    assert_eq!(look(&env, &want, &api).await.spec, want.spec);

    // Somebody else's: under a name that no logical id makes, and with a role of theirs.
    let theirs = env.clients.apigateway.create_authorizer().rest_api_id(&api.outputs["id"]);
    let theirs = theirs.name("let me in").r#type("TOKEN".into()).authorizer_credentials("arn:r");
    let id = theirs.authorizer_uri("https://evil.example").send().await.unwrap().id.unwrap();
    let found = env.discover(&Authorizer, &[&want], std::slice::from_ref(&api)).await;
    let stray = found.iter().find(|live| live.address != want.address).expect("found");
    assert_eq!(stray.address.as_str(), format!("authorizer.~{id}"));
    assert_eq!(stray.spec["function_arn"], "https://evil.example");
    assert_eq!(stray.spec["credentials"], "arn:r");
    Authorizer.delete(&env.writer, stray).await.expect("delete");
    RestApi.delete(&env.writer, &api).await.expect("the API");
}
