//! A customer in a real browser: sees the catalogue, fills the cart, places an order, and finds an
//! honest error when the API is away.

use super::story;
use super::webdriver::Browser;
use crate::support::env::endpoint;
use crate::support::run::summary;
use crate::support::shop::Shop;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;
use shopstack::aws::Clients;

const PRODUCTS: usize = 12;

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
    browser.one("[data-testid=product] [data-testid=add-to-cart]").await;
    assert_eq!(browser.all("[data-testid=product]").await.len(), PRODUCTS);
    // Pictures below the fold are lazy; `decode` fails for one that is missing or broken.
    let widths = browser
        .promise(
            "const all = [...document.querySelectorAll('[data-testid=product] img')]; \
             for (const one of all) { one.loading = 'eager'; await one.decode(); } \
             return all.map((one) => one.naturalWidth);",
        )
        .await;
    let widths: Vec<u64> = widths.as_array().unwrap().iter().map(|w| w.as_u64().unwrap()).collect();
    assert_eq!(widths.len(), PRODUCTS);
    assert!(widths.iter().all(|w| *w > 0), "{widths:?}");
}

/// Two pieces of the first product and one of the second; the order's number.
async fn buy(browser: &Browser) -> String {
    let add = |n: u32| format!("[data-testid=product]:nth-child({n}) [data-testid=add-to-cart]");
    browser.click(&add(1)).await;
    browser.click(&add(1)).await;
    browser.click(&add(2)).await;
    browser.shows("[data-testid=cart-count]", "3").await;
    browser.click("[data-testid=checkout]").await;
    browser.type_text("#user-id", "ada@example.org").await;
    accessible(browser, "the checkout").await;
    browser.click("[data-testid=place-order]").await;
    let order = browser.text("[data-testid=order-id]").await;
    assert!(!order.is_empty());
    browser.shows("[data-testid=cart-count]", "0").await;
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

/// axe-core finds nothing serious on what is shown now.
async fn accessible(browser: &Browser, what: &str) {
    let tools = std::env::var("SHOPSTACK_TEST_TOOLS")
        .expect("SHOPSTACK_TEST_TOOLS names the tests' Python tools");
    let lib = std::fs::read_dir(format!("{tools}/lib")).unwrap();
    let axe = lib
        .map(|entry| entry.unwrap().path().join("site-packages/axe_core_python/axe.min.js"))
        .find(|path| path.exists())
        .expect("axe-core among the tests' tools");
    browser.script(&std::fs::read_to_string(axe).unwrap()).await;
    let report =
        browser.promise("return await axe.run(document, { resultTypes: ['violations'] });").await;
    assert!(report["testEngine"]["name"] == "axe-core", "{report}");
    let grave = |v: &&Value| matches!(v["impact"].as_str(), Some("serious" | "critical"));
    let found: Vec<String> = report["violations"]
        .as_array()
        .unwrap()
        .iter()
        .filter(grave)
        .map(|v| format!("{}: {} {}", v["id"], v["help"], v["nodes"][0]["html"]))
        .collect();
    assert!(found.is_empty(), "{what}: {found:#?}");
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
    browser.script("location.reload()").await;
    let words = browser.text("[data-testid=error]").await;
    assert!(words.len() > 20 && !words.contains("undefined"), "{words}");
    accessible(browser, "the error").await;
    config(&format!(r#"{{"apiUrl":"{api}"}}"#)).await.unwrap();
    browser.one("[data-testid=retry]").await;
    browser.script("location.reload()").await;
    browser.one("[data-testid=product] [data-testid=add-to-cart]").await;
}
