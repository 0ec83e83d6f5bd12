//! Out-of-band changes of each field of AWS::CloudFront::ResponseHeadersPolicy.

use crate::support::deployed::DeployedShop;
use crate::support::drift::{DriftCases, OutOfBandChange, case};
use aws_sdk_cloudfront::types as cdn;
use serde_json::json;

pub fn cases(shop: &DeployedShop) -> DriftCases {
    let cases = vec![
        case("comment", json!(format!("{} x", shop.scope.marker("site")))),
        case("content_security_policy", json!("default-src *")),
        case("frame_options", json!("SAMEORIGIN")),
        case("referrer_policy", json!("origin")),
        case("content_type_options", json!(false)),
        case("hsts_max_age", json!(1)),
        case("hsts_include_subdomains", json!(false)),
        case("hsts_preload", json!(true)),
        case("custom.*", json!("1")).keys(&["x-theirs"]),
    ];
    let type_name = "AWS::CloudFront::ResponseHeadersPolicy";
    DriftCases {
        type_name,
        at: "headers.site",
        cases,
        change: |shop, change| Box::pin(change_headers(shop, change)),
    }
}

async fn change_headers(shop: &DeployedShop, change: &OutOfBandChange<'_>) {
    let (client, id) = (&shop.clients.cloudfront, change.output("id"));
    let seen = client.get_response_headers_policy().id(id).send().await.unwrap();
    let mut config = seen.response_headers_policy.unwrap().response_headers_policy_config.unwrap();
    let security = config.security_headers_config.as_mut().unwrap();
    let hsts = security.strict_transport_security.as_mut().unwrap();
    match change.case.field {
        "comment" => config.comment = Some(change.text().into()),
        "content_security_policy" => {
            security.content_security_policy.as_mut().unwrap().content_security_policy =
                change.text().into();
        }
        "frame_options" => {
            security.frame_options.as_mut().unwrap().frame_option = change.text().into()
        }
        "referrer_policy" => {
            security.referrer_policy.as_mut().unwrap().referrer_policy = change.text().into()
        }
        "content_type_options" => security.content_type_options = None,
        "hsts_max_age" => hsts.access_control_max_age_sec = change.number(),
        "hsts_include_subdomains" => hsts.include_subdomains = Some(change.flag()),
        "hsts_preload" => hsts.preload = Some(change.flag()),
        _ => {
            let header = cdn::ResponseHeadersPolicyCustomHeader::builder()
                .header(change.key())
                .value(change.text());
            let header = header.r#override(true).build().unwrap();
            let all =
                cdn::ResponseHeadersPolicyCustomHeadersConfig::builder().quantity(1).items(header);
            config.custom_headers_config = Some(all.build().unwrap());
        }
    }
    let update = client.update_response_headers_policy().id(id).set_if_match(seen.e_tag);
    update.response_headers_policy_config(config).send().await.unwrap();
}
