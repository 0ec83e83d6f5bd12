//! A customer in a real browser: sees the catalogue, fills the cart, places an order, and finds an
//! honest error when the API is away.

use super::story;
use super::webdriver::Browser;
use crate::support::clients::Clients;
use crate::support::env::endpoint;
use crate::support::run::summary;
use crate::support::shop::Shop;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;

use super::shop_page::inspect as accessible;
use super::shop_page::{COUNT, ERROR, PRODUCT, add, fill_form, go_to_checkout, seed};

#[tokio::test]
async fn an_order_is_placed_by_clicking() {
    let shop = Shop::new("clicks", &endpoint());
    let (clients, _) = shop.clients().await;
    let lines = shop.events(&["up", "--yes"]);
    let outputs = &summary(&lines)["outputs"];
    let driver = std::env::var("SHOPSTACK_TEST_WEBDRIVER")
        .expect("SHOPSTACK_TEST_WEBDRIVER names a chromedriver");
    let browser = Browser::start(&driver).await;
    browser.open(&format!("{}/", outputs["site_url"].as_str().unwrap())).await;

    catalogue(&browser).await;
    accessible(&browser, "the catalogue").await;
    let order = buy(&browser).await;
    accessible(&browser, "the confirmation").await;
    stored(&clients, &shop.name("Orders"), &order).await;
    without_api(&browser, &clients, outputs).await;

    browser.quit().await;
    let lines = story::gone(&shop, &clients).await;
    assert!(story::requests(&lines) <= story::DOWN, "{}", summary(&lines)["calls"]);
}

async fn catalogue(browser: &Browser) {
    browser.find_one(PRODUCT).await;
    let products = seed().len();
    assert_eq!(browser.find_all("[data-testid=product]").await.len(), products);
    // Pictures below the fold are lazy; `decode` fails for one that is missing or broken.
    let widths = browser
        .promise(
            "const all = [...document.querySelectorAll('[data-testid=product] img')]; \
             for (const one of all) { one.loading = 'eager'; await one.decode(); } \
             return all.map((one) => one.naturalWidth);",
        )
        .await;
    let widths: Vec<u64> = widths.as_array().unwrap().iter().map(|w| w.as_u64().unwrap()).collect();
    assert_eq!(widths.len(), products);
    assert!(widths.iter().all(|w| *w > 0), "{widths:?}");
}

/// Two pieces of the first product and one of the second; the order's number.
async fn buy(browser: &Browser) -> String {
    browser.click(&add("p-001")).await;
    browser.click(&add("p-001")).await;
    browser.click(&add("p-002")).await;
    browser.shows(COUNT, "3").await;
    go_to_checkout(browser).await;
    fill_form(browser).await;
    accessible(browser, "the checkout").await;
    browser.click("[data-testid=place-order]").await;
    let order = browser.text("[data-testid=order-id]").await;
    assert!(!order.is_empty());
    browser.shows(COUNT, "0").await;
    order
}

async fn stored(clients: &Clients, table: &str, order: &str) {
    let key = AttributeValue::S(order.into());
    let answer =
        clients.dynamodb.get_item().table_name(table).key("orderId", key).consistent_read(true);
    let item =
        answer.send().await.unwrap().item.unwrap_or_else(|| panic!("no order {order} in {table}"));
    assert_eq!(item["userId"], AttributeValue::S("ada@example.org".into()));
    assert_eq!(item["status"], AttributeValue::S("PLACED".into()));
    let items = item["items"].as_l().unwrap();
    let mut quantities: Vec<&str> =
        items.iter().map(|i| i.as_m().unwrap()["quantity"].as_n().unwrap().as_str()).collect();
    quantities.sort_unstable();
    assert_eq!(quantities, ["1", "2"]);
}

/// With the API away the shop says so in words, and goes on once it is back.
async fn without_api(browser: &Browser, clients: &Clients, outputs: &Value) {
    let bucket = outputs["bucket"].as_str().unwrap();
    let config = |text: &str| {
        let body = aws_sdk_s3::primitives::ByteStream::from(text.as_bytes().to_vec());
        clients
            .s3
            .put_object()
            .bucket(bucket)
            .key("config.json")
            .content_type("application/json")
            .body(body)
            .send()
    };
    let api = outputs["api_url"].as_str().unwrap();
    config(&format!(r#"{{"apiUrl":"{api}-away"}}"#)).await.unwrap();
    browser.open(&format!("{}/", outputs["site_url"].as_str().unwrap())).await;
    let words = browser.text(ERROR).await;
    assert!(words.len() > 20 && !words.contains("undefined"), "{words}");
    accessible(browser, "the error").await;
    config(&format!(r#"{{"apiUrl":"{api}"}}"#)).await.unwrap();
    browser.find_one("[data-testid=retry]").await;
    browser.script("location.reload()").await;
    browser.find_one(PRODUCT).await;
}
