//! AWS::ApiGateway::Resource: the whole tree made, read back as wanted, every field changed and
//! mended, taken away.

mod drift;

use crate::support::env::TestEnv;
use crate::support::step::{desired, step};
use crate::support::suite::{Coverage, Suite};
use serde_json::{Value, json};
use shopstack::model::{Desired, Live, Op};
use shopstack::resources::{ResourceType, apigateway::api::RestApi, apigateway::routes::Routes};

pub const SUITE: Suite = Suite {
    type_name: "AWS::ApiGateway::Resource",
    prepare: None,
    on_ministack: &[|shop| Box::pin(async { drift::cases(shop) })],
    on_moto: &[],
    clean_up: None,
    inventory: Coverage::Elsewhere("AWS::ApiGateway::RestApi"),
};

/// An API to hang routes on, as the planner would see it.
async fn api(env: &TestEnv) -> Live {
    let spec = json!({
        "tags": env.scope.tags("api"), "description": "", "endpoint_type": "REGIONAL", "api_key_source": "HEADER",
        "disable_execute_api_endpoint": false, "binary_media_types": [], "minimum_compression_size": null,
    });
    let want = desired(&RestApi, "api.main", &env.scope.name("api"), spec);
    RestApi.create(&env.writer, &step(&want, Op::Create, None), &want.spec).await.expect("an API");
    env.discover(&RestApi, &[&want], &[]).await.remove(0)
}

fn route(function: &str) -> Value {
    json!({
        "integration": "AWS_PROXY", "function_arn": format!("arn:aws:lambda:us-east-1:000000000000:function:{function}"),
        "authorization": "NONE", "api_key_required": false, "timeout_ms": 29000,
    })
}

fn cors(origin: &str) -> Value {
    json!({
        "allow_origin": origin, "allow_methods": "GET,OPTIONS", "allow_headers": "Content-Type",
        "allow_credentials": false, "max_age": "600",
    })
}

fn not_allowed(origins: &str) -> Value {
    json!({"allow": "GET, OPTIONS", "allow_origin": origins, "allow_credentials": false})
}

fn wanted(env: &TestEnv, api: &Live) -> Desired {
    let headers = json!({"Access-Control-Allow-Origin": "https://a.example"});
    let spec = json!({
        "routes": {"GET /orders/{id}": route("one"), "GET /products": route("list"), "POST /orders": route("order")},
        "cors": {"/orders": cors("https://a.example"), "/products": cors("https://a.example \
                                                                          http://b.localhost:4566")},
        "not_allowed": {"/orders": not_allowed(""), "/products": not_allowed("https://a.example \
                                                                              http://b.localhost:4566")},
        "gateway_responses": {"DEFAULT_4XX": headers, "DEFAULT_5XX": headers},
    });
    let mut want = desired(&Routes, "routes.main", &env.scope.name("api"), spec);
    want.context = json!({"rest_api_id": api.outputs["id"]});
    want
}

async fn look(env: &TestEnv, want: &Desired, api: &Live) -> Live {
    env.discover(&Routes, &[want], std::slice::from_ref(api)).await.remove(0)
}

async fn update(env: &TestEnv, want: &Desired, api: &Live) -> Live {
    let live = look(env, want, api).await;
    let change = step(want, Op::Update, Some(live.clone()));
    let outputs = Routes.update(&env.writer, &change, &live, &want.spec).await.expect("update");
    let after = look(env, want, api).await;
    assert_eq!(after.spec, want.spec);
    assert_eq!(outputs["definition"], after.outputs["definition"]);
    after
}

#[tokio::test]
async fn its_whole_life() {
    let env = TestEnv::new("routes").await;
    let api = api(&env).await;
    let mut want = wanted(&env, &api);
    assert!(env.discover(&Routes, &[&want], std::slice::from_ref(&api)).await.is_empty());
    let made = Routes
        .create(&env.writer, &step(&want, Op::Create, None), &want.spec)
        .await
        .expect("create");
    let live = look(&env, &want, &api).await;
    assert_eq!(live.spec, want.spec);
    assert_eq!(live.outputs, made);
    // A crash after the create: running it again changes nothing.
    Routes
        .create(&env.writer, &step(&want, Op::Create, None), &want.spec)
        .await
        .expect("create again");
    assert_eq!(
        env.discover(&Routes, &[], std::slice::from_ref(&api)).await.remove(0).spec,
        want.spec
    );

    for (path, value) in [
        ("/routes/GET ~1products/function_arn", route("other")["function_arn"].clone()),
        ("/routes/GET ~1products/timeout_ms", json!(5000)),
        ("/routes/GET ~1products/api_key_required", json!(true)),
        ("/routes/GET ~1products/authorization", json!("AWS_IAM")),
        ("/cors/~1orders/allow_origin", json!("https://c.example https://d.example")),
        ("/cors/~1orders/allow_methods", json!("POST")),
        ("/cors/~1orders/allow_headers", json!("X-A")),
        ("/cors/~1orders/allow_credentials", json!(true)),
        ("/cors/~1orders/allow_credentials", json!(false)),
        ("/cors/~1products/max_age", json!("5")),
        ("/not_allowed/~1products/allow", json!("GET, HEAD")),
        ("/not_allowed/~1products/allow_origin", json!("https://c.example")),
        ("/not_allowed/~1products/allow_credentials", json!(true)),
        ("/gateway_responses/DEFAULT_4XX/Access-Control-Allow-Origin", json!("https://c.example")),
        (
            "/gateway_responses/DEFAULT_5XX/Access-Control-Allow-Origin",
            json!("(method.request.header.Origin)"),
        ),
    ] {
        *want.spec.pointer_mut(path).unwrap_or_else(|| panic!("{path}")) = value;
        assert_ne!(look(&env, &want, &api).await.spec, want.spec, "{path}");
        update(&env, &want, &api).await;
    }
    // Removed and added parts: a route of another shape takes the place of a path variable.
    let routes = want.spec["routes"].as_object_mut().unwrap();
    routes.remove("GET /orders/{id}");
    routes.insert("GET /orders/{number}/lines".into(), route("lines"));
    want.spec["cors"].as_object_mut().unwrap().remove("/products");
    want.spec["not_allowed"].as_object_mut().unwrap().remove("/orders");
    want.spec["gateway_responses"].as_object_mut().unwrap().remove("DEFAULT_5XX");
    let live = update(&env, &want, &api).await;

    Routes.delete(&env.writer, &live).await.expect("delete");
    assert!(env.discover(&Routes, &[], std::slice::from_ref(&api)).await.is_empty());
    RestApi.delete(&env.writer, &api).await.expect("delete the API");
    if env.scope.account == "000000000000" {
        Routes.delete(&env.writer, &live).await.expect("gone with its API is gone");
    }
}

#[tokio::test]
async fn what_a_stranger_does_shows_and_goes() {
    let env = TestEnv::new("routesdrift").await;
    let api = api(&env).await;
    let want = wanted(&env, &api);
    Routes.create(&env.writer, &step(&want, Op::Create, None), &want.spec).await.expect("create");
    let client = &env.clients.apigateway;
    let id = &api.outputs["id"];
    let tree = client.get_resources().rest_api_id(id).send().await.unwrap();
    let resource = |path: &str| {
        tree.items().iter().find(|r| r.path() == Some(path)).unwrap().id().unwrap().to_string()
    };

    // A resource that leads nowhere, a method of their own, a method without integration, a meddled
    // preflight.
    client
        .create_resource()
        .rest_api_id(id)
        .parent_id(resource("/"))
        .path_part("stray")
        .send()
        .await
        .unwrap();
    let put = client.put_method().rest_api_id(id).resource_id(resource("/products"));
    put.http_method("DELETE").authorization_type("NONE").send().await.unwrap();
    let put = client
        .put_integration()
        .rest_api_id(id)
        .resource_id(resource("/products"))
        .http_method("GET");
    let put =
        put.r#type("HTTP_PROXY".into()).integration_http_method("GET").uri("https://evil.example/");
    put.send().await.unwrap();
    let put = client.put_integration_response().rest_api_id(id).resource_id(resource("/orders"));
    let put = put.http_method("OPTIONS").status_code("204");
    put.response_parameters("method.response.header.Access-Control-Allow-Origin", "'*'")
        .send()
        .await
        .unwrap();
    client
        .put_gateway_response()
        .rest_api_id(id)
        .response_type("THROTTLED".into())
        .status_code("418")
        .send()
        .await
        .unwrap();

    let live = look(&env, &want, &api).await;
    let routes = live.spec["routes"].as_object().unwrap();
    assert!(routes.contains_key("(no method) /stray"), "{routes:?}");
    assert_eq!(routes["DELETE /products"]["integration"], "(no integration)");
    assert_eq!(routes["GET /products"]["integration"], "HTTP_PROXY with httpMethod=GET");
    assert_eq!(routes["GET /products"]["function_arn"], "https://evil.example/");
    assert_eq!(routes["OPTIONS /orders"]["integration"], "MOCK");
    assert_eq!(live.spec["cors"].get("/orders"), None);
    assert_eq!(live.spec["gateway_responses"]["THROTTLED"]["(status)"], "418");
    assert_ne!(live.outputs["definition"], "");
    update(&env, &want, &api).await;
    RestApi.delete(&env.writer, &api).await.expect("delete the API");
}

/// A crash half way leaves a part of the tree; the next create completes it.
#[tokio::test]
async fn half_a_tree_is_completed() {
    let env = TestEnv::new("routeshalf").await;
    let api = api(&env).await;
    let want = wanted(&env, &api);
    let mut half = want.clone();
    half.spec["routes"].as_object_mut().unwrap().remove("GET /products");
    half.spec["cors"] = json!({});
    half.spec["not_allowed"] = json!({});
    Routes.create(&env.writer, &step(&half, Op::Create, None), &half.spec).await.expect("half");
    Routes.create(&env.writer, &step(&want, Op::Create, None), &want.spec).await.expect("whole");
    assert_eq!(look(&env, &want, &api).await.spec, want.spec);
    RestApi.delete(&env.writer, &api).await.expect("delete the API");
}
