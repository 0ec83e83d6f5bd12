//! A stack away from us-east-1: its CloudFront parts stay there, and one run makes and removes
//! both.

use super::story;
use crate::support::env::endpoint;
use crate::support::inventory::leftovers;
use crate::support::run::summary;
use crate::support::shop::Shop;
#[tokio::test]
async fn a_stack_in_another_region_goes_up_and_down() {
    let shop = Shop::new("ireland", &endpoint()).in_region("eu-west-1");
    let (clients, identity) = shop.clients().await;
    let lines = shop.events(&["up", "--yes"]);
    assert_eq!(lines[0]["region"], "eu-west-1");
    let bucket = format!("{}-{}-eu-west-1", shop.name("site"), identity.account);
    assert_eq!(summary(&lines)["outputs"]["bucket"], bucket.as_str());
    let table =
        clients.dynamodb.describe_table().table_name(shop.name("Products")).send().await.unwrap();
    let arn = table.table.unwrap().table_arn.unwrap();
    assert!(arn.contains(":eu-west-1:"), "{arn}");
    let scope = aws_sdk_wafv2::types::Scope::Cloudfront;
    let acls =
        clients.wafv2_global.list_web_acls().scope(scope).send().await.unwrap().web_acls.unwrap();
    let acl = acls
        .into_iter()
        .find(|a| a.name() == Some(&shop.name("cdn")))
        .expect("an ACL for CloudFront");
    assert!(acl.arn().unwrap().starts_with("arn:aws:wafv2:us-east-1:"), "{acl:?}");
    let again = shop.events(&["up", "--yes", "--no-smoke"]);
    assert_eq!(
        (&summary(&again)["changed"], &summary(&again)["calls"]["write"]),
        (&0.into(), &0.into())
    );
    assert!(!leftovers(&clients, &shop.stack).await.is_empty(), "the search finds what is there");
    story::gone(&shop, &clients).await;
}
