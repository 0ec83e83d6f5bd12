//! Out-of-band changes of each field of AWS::CloudFront::OriginAccessControl.

use crate::support::deployed::DeployedShop;
use crate::support::drift::{DriftCases, OutOfBandChange, case, gap};
use serde_json::json;

pub fn cases(shop: &DeployedShop) -> DriftCases {
    let cases = vec![
        case("description", json!(format!("{} x", shop.scope.marker("site")))),
        case("origin_type", json!("mediastore")),
        case("signing_behavior", json!("never")),
        gap("signing_protocol", "AWS knows sigv4 alone"),
    ];
    let type_name = "AWS::CloudFront::OriginAccessControl";
    DriftCases {
        type_name,
        at: "oac.site",
        cases,
        change: |shop, change| Box::pin(change_oac(shop, change)),
    }
}

async fn change_oac(shop: &DeployedShop, change: &OutOfBandChange<'_>) {
    let (client, id) = (&shop.clients.cloudfront, change.output("id"));
    let seen = client.get_origin_access_control().id(id).send().await.unwrap();
    let mut config = seen.origin_access_control.unwrap().origin_access_control_config.unwrap();
    match change.case.field {
        "description" => config.description = Some(change.text().into()),
        "origin_type" => config.origin_access_control_origin_type = change.text().into(),
        _ => config.signing_behavior = change.text().into(),
    }
    let update = client.update_origin_access_control().id(id).set_if_match(seen.e_tag);
    update.origin_access_control_config(config).send().await.unwrap();
}
