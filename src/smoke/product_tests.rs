//! The products that the test makes for itself, and that none of them is left behind.

use super::shop_tests::{Fault, Shop};
use super::tests::{checks_with, message, silent, target};
use super::*;
use serde_json::json;

fn product(id: &str, put_at: i64) -> Value {
    json!({"productId": id, "price": 1, "smokeTest": true, "smokeTestAt": put_at})
}

#[tokio::test]
async fn products_that_an_earlier_run_left_are_removed_and_those_of_another_run_are_not() {
    let shop = Shop::open(Fault::None).await;
    let now = date::local_ms();
    let left = [product("old", now - 3_700_000), product("young", now - 60_000)];
    shop.products.lock().unwrap().extend(left);
    let report = run(&target(&shop, 5000), shop.as_ref(), &silent()).await;
    assert!(!report.failed(), "{report:#?}");
    let kept = shop.products.lock().unwrap().clone();
    let kept: Vec<&Value> = kept.iter().filter(|p| p["smokeTest"] == true).collect();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0]["productId"], "young");
}

#[tokio::test]
async fn without_a_secret_no_test_product_is_made() {
    let shop = Shop::open(Fault::TestProductForAll).await;
    let mut target = target(&shop, 5000);
    target.products.as_mut().unwrap().secret = None;
    let report = run(&target, shop.as_ref(), &silent()).await;
    assert_eq!(checks_with(&report, SmokeStatus::Skipped), ["oversold", "markup"], "{report:#?}");
    assert!(message(&report, "markup").contains("customers would see the test's product"));
    assert!(!report.failed(), "{report:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_product_that_stays_is_named() {
    let shop = Shop::open(Fault::TestProductStays).await;
    let target = target(&shop, 150);
    let context = http::Context::new(&target, shop.as_ref()).unwrap();
    let products = target.products.as_ref().unwrap();
    let product = test_product::TestProduct::new(&context, products, "markup");
    product.put_into_table("A name", 1).await.unwrap();
    let left = product.remove(Ok(())).await.unwrap_err();
    assert!(left.contains("is still there: the delete had no effect"), "{left}");
}
