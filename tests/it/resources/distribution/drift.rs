//! Out-of-band changes of each field of AWS::CloudFront::Distribution.

use crate::support::deployed::DeployedShop;
use crate::support::drift::{DriftCases, OutOfBandChange, case};
use aws_sdk_cloudfront::types as sdk;
use serde_json::{Value, json};

pub fn cases() -> DriftCases {
    let page = json!({"page": "/404.html", "status": "404", "min_ttl": 60});
    let certificate = "arn:aws:acm:us-east-1:000000000000:certificate/theirs";
    let of_page = |field, to: Value| case(field, to).keys(&["404"]);
    let cases = vec![
        case("tags.*", json!("x")).keys(&["stray"]),
        case("comment", json!("")),
        case("enabled", json!(false)),
        case("default_root_object", json!("start.html")),
        case("price_class", json!("PriceClass_All")),
        case("http_version", json!("http2")),
        case("ipv6", json!(false)),
        case("web_acl_arn", json!("arn:aws:wafv2:us-east-1:000000000000:global/webacl/theirs/1")),
        case("origin_domain", json!("theirs.s3.us-east-1.amazonaws.com")),
        case("origin_access_control_id", json!("E2THEIRS")),
        case("viewer_protocol_policy", json!("https-only")),
        case("compress", json!(false)),
        case("allowed_methods", json!(["GET", "HEAD"])),
        case("cache_policy_id", json!("4135ea2d-6df8-44a3-9df3-4b5a84be39ad")),
        case("response_headers_policy_id", json!("67f7725c-6f97-4210-82d7-5512b31e9d03")),
        case("error_pages.*", page).keys(&["500"]),
        of_page("error_pages.*", Value::Null),
        of_page("error_pages.*.page", json!("/theirs.html")),
        of_page("error_pages.*.status", json!("200")),
        of_page("error_pages.*.min_ttl", json!(7)),
        case("aliases", json!(["theirs.example"])),
        case("certificate", json!(certificate)).also("viewer_tls", json!("TLSv1.2_2021")),
        case("viewer_tls", json!("TLSv1.1_2016")).also("certificate", json!(certificate)),
        case("allowed_countries", json!(["DE"])),
        case("blocked_countries", json!(["US"])),
        case("extras.*", json!("/theirs"))
            .keys(&["origin path"])
            .no_change("settings that no stack has: they are only found, and taken away"),
    ];
    let type_name = "AWS::CloudFront::Distribution";
    DriftCases {
        type_name,
        at: "distribution.site",
        cases,
        change: |shop, change| Box::pin(change_out_of_band(shop, change)),
    }
}

async fn change_out_of_band(shop: &DeployedShop, change: &OutOfBandChange<'_>) {
    let client = &shop.clients.cloudfront;
    if change.case.field == "tags.*" {
        let tag = sdk::Tag::builder().key(change.key()).value(change.text()).build().unwrap();
        let tags = sdk::Tags::builder().items(tag).build();
        client.tag_resource().resource(change.output("arn")).tags(tags).send().await.unwrap();
        return;
    }
    let seen = client.get_distribution_config().id(change.output("id")).send().await.unwrap();
    let mut config = seen.distribution_config.unwrap();
    change_config(&mut config, change);
    let update = client.update_distribution().id(change.output("id")).set_if_match(seen.e_tag);
    update.distribution_config(config).send().await.unwrap();
}

fn change_config(config: &mut sdk::DistributionConfig, change: &OutOfBandChange<'_>) {
    let origin = &mut config.origins.as_mut().unwrap().items[0];
    let behavior = config.default_cache_behavior.as_mut().unwrap();
    match change.case.field {
        "comment" => config.comment = change.text().into(),
        "enabled" => config.enabled = change.flag(),
        "default_root_object" => config.default_root_object = Some(change.text().into()),
        "price_class" => config.price_class = Some(change.text().into()),
        "http_version" => config.http_version = Some(change.text().into()),
        "ipv6" => config.is_ipv6_enabled = Some(change.flag()),
        "web_acl_arn" => config.web_acl_id = Some(change.text().into()),
        "origin_domain" => origin.domain_name = change.text().into(),
        "origin_access_control_id" => origin.origin_access_control_id = Some(change.text().into()),
        "viewer_protocol_policy" => behavior.viewer_protocol_policy = change.text().into(),
        "compress" => behavior.compress = Some(change.flag()),
        "allowed_methods" => behavior.allowed_methods = Some(methods(change.to())),
        "cache_policy_id" => behavior.cache_policy_id = Some(change.text().into()),
        "response_headers_policy_id" => {
            behavior.response_headers_policy_id = Some(change.text().into())
        }
        "aliases" => {
            let names: Vec<String> = serde_json::from_value(change.to().clone()).unwrap();
            let quantity = i32::try_from(names.len()).unwrap();
            let names = sdk::Aliases::builder().quantity(quantity).set_items(Some(names));
            config.aliases = Some(names.build().unwrap());
        }
        "allowed_countries" | "blocked_countries" => {
            let codes: Vec<String> = serde_json::from_value(change.to().clone()).unwrap();
            let kind = match (codes.is_empty(), change.case.field) {
                (true, _) => sdk::GeoRestrictionType::None,
                (false, "allowed_countries") => sdk::GeoRestrictionType::Whitelist,
                (false, _) => sdk::GeoRestrictionType::Blacklist,
            };
            let geo = sdk::GeoRestriction::builder().restriction_type(kind);
            let geo = geo.quantity(i32::try_from(codes.len()).unwrap()).set_items(Some(codes));
            let restrictions = sdk::Restrictions::builder().geo_restriction(geo.build().unwrap());
            config.restrictions = Some(restrictions.build());
        }
        "certificate" | "viewer_tls" => {
            let text = |key: &str| change.target[key].as_str().unwrap();
            let certificate = sdk::ViewerCertificate::builder()
                .acm_certificate_arn(text("certificate"))
                .ssl_support_method(sdk::SslSupportMethod::SniOnly)
                .minimum_protocol_version(text("viewer_tls").into());
            config.viewer_certificate = Some(certificate.build());
        }
        "extras.*" => origin.origin_path = Some(change.text().into()),
        _ => config.custom_error_responses = Some(pages(&change.target["error_pages"])),
    }
}

fn methods(names: &Value) -> sdk::AllowedMethods {
    let names: Vec<String> = serde_json::from_value(names.clone()).unwrap();
    let list: Vec<sdk::Method> = names.iter().map(|n| n.as_str().into()).collect();
    let quantity = i32::try_from(list.len()).unwrap();
    let cached =
        sdk::CachedMethods::builder().quantity(2).items(sdk::Method::Get).items(sdk::Method::Head);
    let methods = sdk::AllowedMethods::builder().quantity(quantity).set_items(Some(list));
    methods.cached_methods(cached.build().unwrap()).build().unwrap()
}

fn pages(spec: &Value) -> sdk::CustomErrorResponses {
    let one = |(status, page): (&String, &Value)| {
        sdk::CustomErrorResponse::builder()
            .error_code(status.parse().unwrap())
            .response_page_path(page["page"].as_str().unwrap())
            .response_code(page["status"].as_str().unwrap())
            .error_caching_min_ttl(page["min_ttl"].as_i64().unwrap())
            .build()
            .unwrap()
    };
    let list: Vec<_> = spec.as_object().unwrap().iter().map(one).collect();
    let quantity = i32::try_from(list.len()).unwrap();
    sdk::CustomErrorResponses::builder().quantity(quantity).set_items(Some(list)).build().unwrap()
}
