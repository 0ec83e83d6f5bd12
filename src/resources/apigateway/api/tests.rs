//! Every field of a REST API has its patch, and a policy is read in either form.

use super::write::patches;
use super::*;
use serde_json::json;

fn spec() -> RestApiSpec {
    RestApiSpec {
        tags: Tags::new(),
        description: "d".into(),
        endpoint_type: "REGIONAL".into(),
        api_key_source: "HEADER".into(),
        disable_execute_api_endpoint: false,
        binary_media_types: BTreeSet::new(),
        minimum_compression_size: None,
    }
}

fn paths(before: Value, wanted: &RestApiSpec) -> Vec<String> {
    let (_, list) = patches(before, wanted, "shop-dev-api").unwrap();
    list.iter()
        .map(|p| {
            let value = p.value().map(|v| format!(" {v}")).unwrap_or_default();
            format!("{} {}{value}", p.op().unwrap().as_str(), p.path().unwrap())
        })
        .collect()
}

#[test]
fn every_field_has_its_patch_and_equal_specs_have_none() {
    let wanted = spec();
    assert!(paths(to_value(&wanted), &wanted).is_empty());
    let before = json!({
        "tags": {}, "description": "x", "endpoint_type": "EDGE", "api_key_source": "AUTHORIZER",
        "disable_execute_api_endpoint": true, "binary_media_types": ["image/png"],
        "minimum_compression_size": 100, "name": "renamed", "policy": {"Statement": []},
    });
    assert_eq!(
        paths(before, &wanted),
        [
            "replace /name shop-dev-api",
            "replace /policy ",
            "replace /description d",
            "replace /endpointConfiguration/types/0 REGIONAL",
            "replace /apiKeySource HEADER",
            "replace /disableExecuteApiEndpoint false",
            "remove /binaryMediaTypes/image~1png",
            "replace /minimumCompressionSize",
        ]
    );
}

#[test]
fn an_escaped_policy_is_read_as_a_document() {
    assert_eq!(parse_policy(r#"{\"Version\":\"2012-10-17\"}"#), json!({"Version": "2012-10-17"}));
    assert_eq!(parse_policy(r#"{"Version":"2012-10-17"}"#), json!({"Version": "2012-10-17"}));
}
