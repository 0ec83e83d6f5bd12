//! AWS::ApiGateway::Stage: deployed, read back as wanted, every setting changed and mended, old
//! deployments gone.

mod drift;

use crate::support::env::TestEnv;
use crate::support::step::{desired, step};
use crate::support::suite::{Coverage, Suite};
use serde_json::json;
use shopstack::model::{Desired, Live, Op, Owner};
use shopstack::resources::apigateway as gw;
use shopstack::resources::{
    ResourceType, apigateway::api::RestApi, apigateway::routes::Routes, apigateway::stage::Stage,
};

pub const SUITE: Suite = Suite {
    type_name: "AWS::ApiGateway::Stage",
    prepare: None,
    on_ministack: &[|shop| Box::pin(async { drift::cases(shop) })],
    on_moto: &[],
    clean_up: None,
    inventory: Coverage::Elsewhere("AWS::ApiGateway::RestApi"),
};

/// An API with one route, as the planner would see it.
async fn api(env: &TestEnv) -> Live {
    let spec = json!({
        "tags": env.scope.tags("api"), "description": "", "endpoint_type": "REGIONAL", "api_key_source": "HEADER",
        "disable_execute_api_endpoint": false, "binary_media_types": [], "minimum_compression_size": null,
    });
    let want = desired(&RestApi, "api.main", &env.scope.name("api"), spec);
    RestApi.create(&env.writer, &step(&want, Op::Create, None), &want.spec).await.expect("an API");
    let api = env.discover(&RestApi, &[&want], &[]).await.remove(0);
    let spec = json!({
        "routes": {"GET /a": {
            "integration": "AWS_PROXY", "function_arn": "arn:aws:lambda:us-east-1:000000000000:function:f",
            "authorization": "NONE", "api_key_required": false, "timeout_ms": 29000,
        }},
        "cors": {}, "not_allowed": {}, "gateway_responses": {},
    });
    let mut want = desired(&Routes, "routes.main", &api.name, spec);
    want.context = json!({"rest_api_id": api.outputs["id"]});
    Routes.create(&env.writer, &step(&want, Op::Create, None), &want.spec).await.expect("a route");
    api
}

fn wanted(env: &TestEnv, api: &Live) -> Desired {
    let spec = json!({
        "tags": env.scope.tags("stage"), "definition": "aaa", "throttling_rate": 50.0, "throttling_burst": 100,
        "metrics": true, "access_log_arn": "arn:aws:logs:us-east-1:000000000000:log-group:/aws/apigateway/x",
        "access_log_format": "{\"id\":\"$context.requestId\"}", "tracing": false,
    });
    let mut want = desired(&Stage, "stage.main", "v1", spec);
    want.context = json!({"rest_api_id": api.outputs["id"]});
    want
}

async fn look(env: &TestEnv, want: &Desired, api: &Live) -> Live {
    let mut found = env.discover(&Stage, &[want], std::slice::from_ref(api)).await;
    found.retain(|l| l.address == want.address);
    found.remove(0)
}

async fn update(env: &TestEnv, want: &Desired, api: &Live, live: &Live) {
    let change = step(want, Op::Update, Some(live.clone()));
    Stage.update(&env.writer, &change, live, &want.spec).await.expect("update");
    assert_eq!(look(env, want, api).await.spec, want.spec);
}

async fn deployments(env: &TestEnv, api: &Live) -> usize {
    let list = env
        .clients
        .apigateway
        .get_deployments()
        .rest_api_id(&api.outputs["id"])
        .send()
        .await
        .unwrap();
    list.items().len()
}

#[tokio::test]
async fn its_whole_life() {
    let env = TestEnv::new("stage").await;
    let api = api(&env).await;
    let mut want = wanted(&env, &api);
    let made = Stage
        .create(&env.writer, &step(&want, Op::Create, None), &want.spec)
        .await
        .expect("create");
    let live = look(&env, &want, &api).await;
    assert_eq!((&live.spec, &live.outputs, &live.owner), (&want.spec, &made, &Owner::Ours));
    assert_eq!(
        made["arn"],
        format!("arn:aws:apigateway:us-east-1::/restapis/{}/stages/v1", api.outputs["id"])
    );
    Stage
        .create(&env.writer, &step(&want, Op::Create, None), &want.spec)
        .await
        .expect("create again");
    assert_eq!(deployments(&env, &api).await, 1, "a second create reuses the deployment");
    let by_ownership = env.discover(&Stage, &[], std::slice::from_ref(&api)).await.remove(0);
    assert_eq!((&by_ownership.spec, &by_ownership.address), (&want.spec, &want.address));

    for (field, value) in [
        ("definition", json!("bbb")),
        ("throttling_rate", json!(7.5)),
        ("throttling_burst", json!(9)),
        ("metrics", json!(false)),
        (
            "access_log_arn",
            json!("arn:aws:logs:us-east-1:000000000000:log-group:/aws/apigateway/y"),
        ),
        ("access_log_format", json!("$context.status")),
        ("tracing", json!(true)),
    ] {
        want.spec[field] = value;
        let live = look(&env, &want, &api).await;
        assert_ne!(live.spec[field], want.spec[field], "{field}");
        update(&env, &want, &api, &live).await;
        assert_eq!(deployments(&env, &api).await, 1, "the old deployment goes");
    }
    want.spec["tags"]["shopstack:expires-at"] = json!("2030-01-01T00:00:00Z");
    want.spec["access_log_arn"] = json!(null);
    want.spec["access_log_format"] = json!(null);
    let live = look(&env, &want, &api).await;
    update(&env, &want, &api, &live).await;

    Stage.delete(&env.writer, &live).await.expect("delete");
    Stage.delete(&env.writer, &live).await.expect("deleting what is gone is done");
    assert!(env.discover(&Stage, &[&want], std::slice::from_ref(&api)).await.is_empty());
    RestApi.delete(&env.writer, &api).await.expect("delete the API");
}

#[tokio::test]
async fn what_a_stranger_does_shows_and_goes() {
    let env = TestEnv::new("stagedrift").await;
    let api = api(&env).await;
    let want = wanted(&env, &api);
    Stage.create(&env.writer, &step(&want, Op::Create, None), &want.spec).await.expect("create");
    let (client, id) = (&env.clients.apigateway, &api.outputs["id"]);
    let by_hand =
        client.create_deployment().rest_api_id(id).description("by hand").send().await.unwrap();
    let by_hand = by_hand.id().unwrap().to_string();
    let patches = vec![
        gw::replace("/deploymentId", &by_hand),
        gw::replace("/*/*/throttling/rateLimit", 1),
        gw::replace("/*/*/logging/loglevel", "INFO"),
        gw::replace("/*/*/logging/dataTrace", true),
        gw::replace("/a/GET/throttling/rateLimit", 3),
        gw::replace("/variables/x", "y"),
    ];
    client
        .update_stage()
        .rest_api_id(id)
        .stage_name("v1")
        .set_patch_operations(Some(patches))
        .send()
        .await
        .unwrap();
    client
        .create_stage()
        .rest_api_id(id)
        .stage_name("other")
        .deployment_id(&by_hand)
        .send()
        .await
        .unwrap();

    let found = env.discover(&Stage, &[&want], std::slice::from_ref(&api)).await;
    let other = found.iter().find(|l| l.name == "other").unwrap();
    assert_eq!((other.address.as_str(), &other.owner), ("stage.other", &Owner::Ours));
    let live = look(&env, &want, &api).await;
    let told = live.spec["definition"].as_str().unwrap();
    assert_eq!(told, format!("deployment {by_hand} not made by shopstack: by hand"));
    assert_eq!(live.spec["throttling_rate"], 1.0);
    let unexpected = live.spec["unexpected"].as_object().unwrap();
    for name in
        ["variables/x", "*/*/logging/loglevel", "*/*/logging/dataTrace", "methodSettings/a/GET"]
    {
        assert!(unexpected.contains_key(name), "{name}: {unexpected:?}");
    }
    // moto ignores the removal of a method's own settings.
    if env.scope.account == "000000000000" {
        update(&env, &want, &api, &live).await;
        assert_eq!(deployments(&env, &api).await, 2, "the other stage's deployment stays");
    }
    // A stage that was renamed in stack.yaml: the old one is not `stage.main` any more.
    let mut renamed = want.clone();
    renamed.name = "v2".into();
    let found = env.discover(&Stage, &[&renamed], std::slice::from_ref(&api)).await;
    let addresses: Vec<_> = found.iter().map(|l| l.address.as_str()).collect();
    assert!(addresses.contains(&"stage.v1") && !addresses.contains(&"stage.main"), "{addresses:?}");
    RestApi.delete(&env.writer, &api).await.expect("delete the API");
}
