//! Out-of-band changes of each field of AWS::WAFv2::WebACLAssociation.

use crate::support::deployed::DeployedShop;
use crate::support::drift::{DriftCases, OutOfBandChange, case, gap};
use aws_sdk_wafv2::types as sdk;
use serde_json::json;

fn theirs(shop: &DeployedShop) -> String {
    format!("{}-theirs", shop.scope.stack)
}

/// Another ACL of somebody else's, which `clean_up` takes away.
pub async fn cases(shop: &DeployedShop) -> DriftCases {
    let allow = sdk::DefaultAction::builder().allow(sdk::AllowAction::builder().build()).build();
    let visibility = sdk::VisibilityConfig::builder()
        .metric_name("theirs")
        .cloud_watch_metrics_enabled(false)
        .sampled_requests_enabled(false);
    let made = shop.clients.wafv2.create_web_acl().name(theirs(shop)).scope(sdk::Scope::Regional);
    let made = made
        .default_action(allow)
        .visibility_config(visibility.build().unwrap())
        .send()
        .await
        .unwrap();
    let arn = made.summary.and_then(|s| s.arn).unwrap();
    let cases = vec![
        case("web_acl_arn", json!(arn)),
        gap(
            "resource_arn",
            "it is what an association is found by: another stage's is another association",
        ),
    ];
    let type_name = "AWS::WAFv2::WebACLAssociation";
    DriftCases {
        type_name,
        at: "association.api",
        cases,
        change: |shop, change| Box::pin(associate(shop, change)),
    }
}

async fn associate(shop: &DeployedShop, change: &OutOfBandChange<'_>) {
    let stage = change.target["resource_arn"].as_str().unwrap();
    shop.clients
        .wafv2
        .associate_web_acl()
        .web_acl_arn(change.text())
        .resource_arn(stage)
        .send()
        .await
        .unwrap();
}

pub async fn clean_up(shop: &DeployedShop) {
    let waf = &shop.clients.wafv2;
    let listed = waf.list_web_acls().scope(sdk::Scope::Regional).send().await.unwrap();
    for one in listed.web_acls().iter().filter(|a| a.name() == Some(&theirs(shop))) {
        let gone = waf
            .delete_web_acl()
            .scope(sdk::Scope::Regional)
            .set_id(one.id.clone())
            .set_name(one.name.clone());
        gone.set_lock_token(one.lock_token.clone()).send().await.unwrap();
    }
}
