//! Out-of-band changes of each field of AWS::ApiGateway::DomainName.

use crate::support::deployed::DeployedShop;
use crate::support::drift::{DriftCases, OutOfBandChange, case, gap};
use serde_json::{Value, json};

/// MiniStack has no UpdateDomainName.
const UNKNOWN: &str =
    "MiniStack has no UpdateDomainName; replayed/domain.rs holds the requests against AWS's API";

pub fn cases(shop: &DeployedShop) -> DriftCases {
    let target = format!("{}/v1", shop.live("api.main").outputs["id"]);
    let cases = vec![
        gap("tags.*", "MiniStack lists a domain with the tags it was made with").keys(&["stray"]),
        gap("endpoint_type", UNKNOWN),
        gap("certificate", UNKNOWN),
        gap("security_policy", UNKNOWN),
        case("mappings.*", json!(target)).keys(&["theirs"]),
        case("mappings.*", Value::Null).keys(&["(none)"]),
        gap("extras.*", UNKNOWN).keys(&["mutual tls"]),
        gap("extras.*", UNKNOWN).keys(&["policy"]),
        gap("extras.*", UNKNOWN).keys(&["routing mode"]),
    ];
    DriftCases {
        type_name: "AWS::ApiGateway::DomainName",
        at: "domain.api",
        cases,
        change: |shop, change| Box::pin(change_mappings(shop, change)),
    }
}

async fn change_mappings(shop: &DeployedShop, change: &OutOfBandChange<'_>) {
    let name = shop.live("domain.api").name.clone();
    let client = &shop.clients.apigateway;
    match change.target["mappings"][change.key()].as_str() {
        Some(target) => {
            let (api, stage) = target.split_once('/').unwrap();
            let map = client.create_base_path_mapping().domain_name(name).base_path(change.key());
            map.rest_api_id(api).stage(stage).send().await.unwrap();
        }
        None => {
            let unmap = client.delete_base_path_mapping().domain_name(name);
            unmap.base_path(change.key()).send().await.unwrap();
        }
    }
}
