//! Out-of-band changes of each field of AWS::WAFv2::LoggingConfiguration.

use crate::support::deployed::DeployedShop;
use crate::support::drift::{DriftCases, OutOfBandChange, case, gap};
use aws_sdk_wafv2::types as sdk;
use serde_json::json;
use shopstack::model::Op;

/// For moto, since MiniStack has no logging.
pub fn cases(shop: &DeployedShop) -> DriftCases {
    let at = "waf_logging.api";
    let destination = shop.live(at).spec["destination"].as_str().unwrap();
    let cases = vec![
        gap(
            "web_acl_arn",
            "it is what a logging configuration is found by: another ACL's is another \
             configuration",
        ),
        case("destination", json!(format!("{destination}-theirs"))),
        case("redacted_headers", json!(["authorization"])).op(Op::Update),
    ];
    let type_name = "AWS::WAFv2::LoggingConfiguration";
    DriftCases {
        type_name,
        at,
        cases,
        change: |shop, change| Box::pin(change_logging(shop, change)),
    }
}

async fn change_logging(shop: &DeployedShop, change: &OutOfBandChange<'_>) {
    let names: Vec<String> =
        serde_json::from_value(change.target["redacted_headers"].clone()).unwrap();
    let fields = names.iter().map(|name| {
        let header = sdk::SingleHeader::builder().name(name).build().unwrap();
        sdk::FieldToMatch::builder().single_header(header).build()
    });
    let configuration = sdk::LoggingConfiguration::builder()
        .resource_arn(change.target["web_acl_arn"].as_str().unwrap())
        .log_destination_configs(change.target["destination"].as_str().unwrap())
        .set_redacted_fields(Some(fields.collect()));
    let put = shop.clients.wafv2.put_logging_configuration();
    put.logging_configuration(configuration.build().unwrap()).send().await.unwrap();
}
