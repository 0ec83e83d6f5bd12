//! Cases of an API's routes, CORS and gateway responses. Whatever changes them is deployed, so the
//! stage follows.

use crate::support::deployed::DeployedShop;
use crate::support::drift::{DriftCases, OutOfBandChange, case};
use aws_sdk_apigateway::types::IntegrationType;
use serde_json::{Value, json};
use shopstack::resources::apigateway as gw;
use std::collections::HashMap;

const ROUTE: &str = "POST /orders";

pub fn cases(shop: &DeployedShop) -> DriftCases {
    let at = "routes.main";
    let other = shop.live("function.listProducts").outputs["arn"].clone();
    let staff = shop.live("authorizer.staff").outputs["id"].clone();
    let orders = shop.live(at).spec["routes"][ROUTE].clone();
    let route = |field, to: Value| case(field, to).keys(&[ROUTE]);
    let cors = |field, to: &str| case(field, json!(to)).keys(&["/orders"]);
    let refusal = |field, to: Value| case(field, to).keys(&["/orders"]);
    let cases = vec![
        case("routes.*", orders).keys(&["PUT /orders"]),
        route("routes.*", Value::Null),
        route("routes.*.integration", json!("AWS")),
        route("routes.*.function_arn", json!(other)),
        route("routes.*.authorization", json!("AWS_IAM")),
        route("routes.*.api_key_required", json!(true)),
        route("routes.*.authorizer_id", json!(staff)),
        route("routes.*.scopes", json!(["orders/write"])),
        route("routes.*.timeout_ms", json!(5000)),
        case("cors.*", Value::Null).keys(&["/orders"]),
        cors("cors.*.allow_origin", "https://evil.example"),
        cors("cors.*.allow_methods", "DELETE,OPTIONS"),
        cors("cors.*.allow_headers", "Authorization"),
        case("cors.*.allow_credentials", json!(true)).keys(&["/orders"]),
        cors("cors.*.max_age", "1"),
        refusal("not_allowed.*", Value::Null),
        refusal("not_allowed.*.allow", json!("DELETE")),
        refusal("not_allowed.*.allow_origin", json!("https://evil.example")),
        refusal("not_allowed.*.allow_credentials", json!(true)),
        case("gateway_responses.*.*", json!("x")).keys(&["DEFAULT_4XX", "X-Theirs"]),
        case("gateway_responses.*.*", json!("https://evil.example"))
            .keys(&["DEFAULT_5XX", "Access-Control-Allow-Origin"]),
        case("gateway_responses.*.*", json!("418")).keys(&["THROTTLED", "(status)"]),
        case("gateway_responses.*.*", json!("{}"))
            .keys(&["DEFAULT_4XX", "(body application/json)"]),
    ];
    let cases =
        cases.into_iter().map(|case| case.also_updates("stage.main", "definition")).collect();
    DriftCases {
        type_name: "AWS::ApiGateway::Resource",
        at,
        cases,
        change: |shop, change| Box::pin(change_out_of_band(shop, change)),
    }
}

async fn change_out_of_band(shop: &DeployedShop, change: &OutOfBandChange<'_>) {
    let (client, api) = (&shop.clients.apigateway, change.output("rest_api_id"));
    let (group, _) = change.case.field.split_once('.').unwrap();
    if group == "gateway_responses" {
        let headers = change.target[group][change.key()].as_object().unwrap();
        let text = |key: &str| headers.get(key).and_then(Value::as_str).map(String::from);
        let body = text("(body application/json)");
        let body = body.map(|body| HashMap::from([("application/json".to_string(), body)]));
        let headers = headers.iter().filter(|(name, _)| !name.starts_with('('));
        let headers = headers.map(|(k, v)| (format!("gatewayresponse.header.{k}"), quoted(v)));
        let put = client.put_gateway_response().rest_api_id(api).response_type(change.key().into());
        let put = put.set_status_code(text("(status)")).set_response_templates(body);
        put.set_response_parameters(Some(headers.collect())).send().await.unwrap();
        return;
    }
    let (verb, path) = match group {
        "cors" => ("OPTIONS", change.key()),
        "not_allowed" => ("ANY", change.key()),
        _ => change.key().split_once(' ').unwrap(),
    };
    let resources = client.get_resources().rest_api_id(api).send().await.unwrap();
    let resource =
        resources.items().iter().find(|r| r.path() == Some(path)).and_then(|r| r.id()).unwrap();
    let entry = &change.target[group][change.key()];
    if entry.is_null() {
        client
            .delete_method()
            .rest_api_id(api)
            .resource_id(resource)
            .http_method(verb)
            .send()
            .await
            .unwrap();
    } else if group == "cors" {
        cors(shop, api, resource, entry).await;
    } else if group == "not_allowed" {
        not_allowed(shop, api, resource, entry).await;
    } else {
        route(shop, change, api, resource, verb).await;
    }
}

fn quoted(value: &Value) -> String {
    format!("'{}'", value.as_str().unwrap())
}

/// Sets the headers of the answer to OPTIONS.
async fn cors(shop: &DeployedShop, api: &str, resource: &str, entry: &Value) {
    let fields = [
        ("Allow-Origin", "allow_origin"),
        ("Allow-Methods", "allow_methods"),
        ("Allow-Headers", "allow_headers"),
        ("Max-Age", "max_age"),
    ];
    let header = |(name, field)| (format!("Access-Control-{name}"), quoted(&entry[field]));
    answer(shop, [api, resource, "OPTIONS", "204"], entry, fields.map(header).into()).await;
}

/// Sets the headers of the answer to methods that the path does not have.
async fn not_allowed(shop: &DeployedShop, api: &str, resource: &str, entry: &Value) {
    let headers = HashMap::from([
        ("Allow".to_string(), quoted(&entry["allow"])),
        ("Access-Control-Allow-Origin".to_string(), quoted(&entry["allow_origin"])),
    ]);
    answer(shop, [api, resource, "ANY", "405"], entry, headers).await;
}

/// Sets the headers of an answer that API Gateway gives by itself; its body stays.
async fn answer(
    shop: &DeployedShop,
    [api, resource, verb, status]: [&str; 4],
    entry: &Value,
    mut headers: HashMap<String, String>,
) {
    if entry["allow_credentials"] == true {
        headers.insert("Access-Control-Allow-Credentials".into(), "'true'".into());
    }
    let headers: HashMap<_, _> =
        headers.into_iter().map(|(k, v)| (format!("method.response.header.{k}"), v)).collect();

    let client = &shop.clients.apigateway;
    // A header must be declared before an answer may have it.
    let gone = client.delete_method_response().rest_api_id(api).resource_id(resource);
    gone.http_method(verb).status_code(status).send().await.unwrap();
    let put = client.put_method_response().rest_api_id(api).resource_id(resource);
    let put = put.http_method(verb).status_code(status);
    let declared = headers.keys().map(|name| (name.clone(), false)).collect();
    put.set_response_parameters(Some(declared)).send().await.unwrap();

    let get = client.get_integration().rest_api_id(api).resource_id(resource).http_method(verb);
    let kept = get.send().await.unwrap().integration_responses.unwrap()[status].clone();
    let put = client.put_integration_response().rest_api_id(api).resource_id(resource);
    let put = put.http_method(verb).status_code(status);
    let put = put.set_response_templates(kept.response_templates);
    put.set_response_parameters(Some(headers)).send().await.unwrap();
}

async fn route(
    shop: &DeployedShop,
    change: &OutOfBandChange<'_>,
    api: &str,
    resource: &str,
    verb: &str,
) {
    let client = &shop.clients.apigateway;
    let entry = &change.target["routes"][change.key()];
    let text = |field: &str| entry[field].as_str().unwrap();
    let anew = ["routes.*.api_key_required", "routes.*.authorizer_id", "routes.*.scopes"];
    if anew.contains(&change.case.field) {
        // Patched, MiniStack would keep it as a text.
        client
            .delete_method()
            .rest_api_id(api)
            .resource_id(resource)
            .http_method(verb)
            .send()
            .await
            .unwrap();
    }
    match change.case.field {
        "routes.*.authorization" => {
            let update =
                client.update_method().rest_api_id(api).resource_id(resource).http_method(verb);
            let patch = gw::replace("/authorizationType", change.text());
            update.patch_operations(patch).send().await.unwrap();
            return;
        }
        field if field == "routes.*" || anew.contains(&field) => {
            let put = client.put_method().rest_api_id(api).resource_id(resource).http_method(verb);
            let put = put.authorization_type(text("authorization"));
            let put = put.set_authorizer_id(entry["authorizer_id"].as_str().map(String::from));
            let scopes = entry["scopes"].as_array().into_iter().flatten();
            let scopes = scopes.map(|scope| scope.as_str().unwrap().to_string()).collect();
            let put = put.set_authorization_scopes(Some(scopes));
            put.api_key_required(entry["api_key_required"] == true).send().await.unwrap();
        }
        _ => {}
    }
    let put = client.put_integration().rest_api_id(api).resource_id(resource).http_method(verb);
    let put =
        put.r#type(IntegrationType::from(text("integration"))).integration_http_method("POST");
    let timeout = i32::try_from(entry["timeout_ms"].as_i64().unwrap()).unwrap();
    let uri = gw::invocation_uri(&shop.scope.region, text("function_arn"));
    put.uri(uri).timeout_in_millis(timeout).send().await.unwrap();
}
