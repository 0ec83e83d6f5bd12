//! Redeploys that cannot be missed: whatever a console does to routes, stage and deployments is
//! drift, and is mended.

use crate::support::clients::Clients;
use crate::support::env::endpoint;
use crate::support::run::{changes, done_addresses};
use crate::support::shop::Shop;
use aws_sdk_apigateway::types::{Op, PatchOperation};
use serde_json::Value;

/// Sets the time that a route's function gets, in milliseconds. Put whole: a patched one MiniStack
/// keeps as text.
pub async fn route_timeout(clients: &Clients, api: &str, path: &str, verb: &str, ms: i32) {
    let gateway = &clients.apigateway;
    let resources = gateway.get_resources().rest_api_id(api).send().await.unwrap();
    let resource = resources
        .items()
        .iter()
        .find(|r| r.path() == Some(path))
        .unwrap()
        .id()
        .unwrap()
        .to_string();
    let get = gateway.get_integration().rest_api_id(api).resource_id(&resource).http_method(verb);
    let now = get.send().await.unwrap();
    let put = gateway.put_integration().rest_api_id(api).resource_id(&resource).http_method(verb);
    let put = put
        .set_type(now.r#type)
        .set_uri(now.uri)
        .integration_http_method("POST")
        .timeout_in_millis(ms);
    put.send().await.unwrap();
}

struct Api<'a> {
    clients: &'a Clients,
    id: String,
}

impl Api<'_> {
    /// Moves the stage to another deployment.
    async fn serve(&self, deployment: &str) {
        let patch = PatchOperation::builder()
            .op(Op::Replace)
            .path("/deploymentId")
            .value(deployment)
            .build();
        let update = self.clients.apigateway.update_stage().rest_api_id(&self.id).stage_name("v1");
        update.patch_operations(patch).send().await.unwrap();
    }

    /// As the console's "Deploy API".
    async fn deploy(&self, description: &str) -> String {
        let create = self
            .clients
            .apigateway
            .create_deployment()
            .rest_api_id(&self.id)
            .description(description);
        create.send().await.unwrap().id.unwrap()
    }

    async fn route_timeout(&self, path: &str, verb: &str, ms: i32) {
        route_timeout(self.clients, &self.id, path, verb, ms).await;
    }

    /// What the stage serves: the deployment's id, and the hash of the definition in its
    /// description.
    async fn served(&self) -> (String, String) {
        let gateway = &self.clients.apigateway;
        let stage =
            gateway.get_stage().rest_api_id(&self.id).stage_name("v1").send().await.unwrap();
        let id = stage.deployment_id.unwrap();
        let found =
            gateway.get_deployment().rest_api_id(&self.id).deployment_id(&id).send().await.unwrap();
        (id, found.description.unwrap_or_default())
    }
}

/// `diff` finds just this, as drift; `up` does just this, and `diff` is clean.
fn mended(shop: &Shop, drift: &[&str]) -> Vec<Value> {
    let (code, plan) = shop.diff();
    assert_eq!(
        (code, changes(&plan)),
        (3, drift.iter().map(ToString::to_string).collect::<Vec<_>>())
    );
    let lines = shop.events(&["up", "--yes", "--no-smoke"]);
    let addresses: Vec<_> = drift.iter().filter_map(|d| d.split(':').next()).collect();
    assert_eq!(done_addresses(&lines), addresses);
    let (code, plan) = shop.diff();
    assert_eq!((code, changes(&plan)), (0, vec![]));
    lines
}

#[tokio::test]
async fn what_a_console_does_to_an_api_is_drift_and_mended() {
    let shop = Shop::new("redeploy", &endpoint()).with_quick_crates();
    let (clients, _) = shop.clients().await;
    shop.events(&["up", "--yes", "--no-smoke"]);
    let id =
        shop.run(&["outputs", "--json"]).lines()[0]["rest_api_id"].as_str().unwrap().to_string();
    let api = Api { clients: &clients, id };
    let (_, definition) = api.served().await;
    assert!(definition.starts_with("shopstack:"), "{definition}");

    // A route edited and not deployed: who knows whether it was deployed in between? A new
    // deployment tells.
    api.route_timeout("/products", "GET", 5000).await;
    let stage = "stage.main: update drift [definition]";
    mended(&shop, &["routes.main: update drift [routes.GET /products.timeout_ms]", stage]);
    assert_eq!(api.served().await.1, definition);

    // A hand-made deployment: of the right routes, but nobody can tell.
    let by_hand = api.deploy("by hand").await;
    api.serve(&by_hand).await;
    mended(&shop, &["stage.main: update drift [definition]"]);
    let (second, now) = api.served().await;
    assert!(second != by_hand && now == definition, "{second} {now}");

    // A route edited and deployed: both are wrong.
    api.route_timeout("/orders", "POST", 3000).await;
    let by_hand = api.deploy("").await;
    api.serve(&by_hand).await;
    mended(
        &shop,
        &[
            "routes.main: update drift [routes.POST /orders.timeout_ms]",
            "stage.main: update drift [definition]",
        ],
    );
    assert_eq!(api.served().await.1, definition);

    // An older deployment of the stack's own, of other routes: the stage moved back to it.
    let older = api.deploy("shopstack:0123456789abcdef").await;
    api.serve(&older).await;
    mended(&shop, &["stage.main: update drift [definition]"]);
    assert_eq!(api.served().await.1, definition);

    // A change of the author's routes is a redeploy.
    shop.edit("throttling: { rate: 50", "throttling: { rate: 51");
    shop.edit(
        "    GET /products: listProducts\n",
        "    GET /products: listProducts\n    GET /stock: listProducts\n",
    );
    let (code, plan) = shop.diff();
    let planned: Vec<_> = changes(&plan);
    assert!(
        code == 2 && planned.iter().any(|c| c.starts_with("stage.main: update change [definition")),
        "{planned:?}"
    );
    shop.events(&["up", "--yes", "--no-smoke"]);
    assert_ne!(api.served().await.1, definition);
    shop.events(&["down", "--yes", "--destroy-data"]);
}
