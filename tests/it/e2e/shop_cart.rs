//! The cart in a real browser: the drawer, two tabs, and lines that change by themselves.

use super::shop_page::{
    COUNT, add, browser, go_to_checkout, inspect, open_shop, ready_to_order, seed,
};
use super::shop_server::{Fault, ShopServer};
use serde_json::json;

#[tokio::test]
async fn the_drawer_opens_on_a_phone_from_every_page() {
    let (server, browser) = open_shop().await;
    browser.click(&add("p-001")).await;
    browser.wait_for_text("[data-testid=toast]", "Fjord Stoneware Mug is in your cart").await;
    inspect(&browser, "added").await;
    browser.click("#open-cart").await;
    browser.click("[data-testid=more]").await;
    browser.shows("[data-testid=quantity]", "Quantity\n2").await;
    browser.wait_for_text("[data-testid=total]", "$37.00").await;
    inspect(&browser, "drawer").await;
    browser.click("[data-testid=close-cart]").await;

    let product = ["/products/p-002.html", "/product.html?id=p-003"];
    let others = ["/", "/checkout.html", "/order.html", "/nothing-here"];
    for page in product.into_iter().chain(others) {
        browser.open(&format!("{}{page}", server.url)).await;
        browser.shows(COUNT, "2").await;
        browser.click("#open-cart").await;
        browser.wait_for_text("#drawer [data-testid=total]", "$37.00").await;
    }
    browser.click("#drawer [data-testid=remove]").await;
    browser.wait_for_text("#drawer [data-testid=cart-empty]", "Your cart is empty").await;
    inspect(&browser, "drawer-empty").await;
    browser.open(&format!("{}/checkout.html", server.url)).await;
    browser.wait_for_text("#empty", "Your cart is empty").await;
    inspect(&browser, "checkout-empty").await;
    browser.quit().await;
}

#[tokio::test]
async fn two_tabs_show_the_same_cart() {
    let (server, browser) = open_shop().await;
    let first = browser.tab().await;
    browser.click(&add("p-001")).await;
    let second = browser.open_tab().await;
    browser.open(&server.url).await;
    browser.shows(COUNT, "1").await;
    browser.click(&add("p-002")).await;
    browser.shows(COUNT, "2").await;
    browser.switch(&first).await;
    browser.shows(COUNT, "2").await;
    browser.click(&add("p-001")).await;
    browser.shows(COUNT, "3").await;
    browser.switch(&second).await;
    browser.shows(COUNT, "3").await;
    browser.quit().await;
}

#[tokio::test]
async fn what_is_added_during_an_order_stays() {
    let (server, browser) = open_shop().await;
    ready_to_order(&browser, "p-001").await;
    let first = browser.tab().await;
    server.fail_orders([Fault::Late(5)]);
    browser.click("[data-testid=place-order]").await;
    browser.wait_for_text("[data-testid=progress]", "Placing your order").await;
    inspect(&browser, "placing").await;
    browser.open_tab().await;
    browser.open(&server.url).await;
    browser.wait_for_text("[data-testid=pending]", "its answer did not arrive").await;
    browser.click(&add("p-001")).await;
    browser.click(&add("p-003")).await;
    browser.switch(&first).await;
    browser.find_one("[data-testid=confirmation] [data-testid=order-id]").await;
    browser.shows(COUNT, "2").await;
    let (orders, _) = server.take_orders();
    assert_eq!(orders.len(), 1);
    assert_eq!(orders[0]["items"], json!([{"productId": "p-001", "quantity": 1}]));
    browser.quit().await;
}

#[tokio::test]
async fn a_line_that_shrank_or_got_dearer_says_so() {
    let server = ShopServer::start(seed()).await;
    let browser = browser().await;
    browser.resize(360, 780).await;
    browser.open(&server.url).await;
    for _ in 0..3 {
        browser.click(&add("p-001")).await;
    }
    browser.click(&add("p-002")).await;
    browser.click(&add("p-003")).await;
    browser.shows(COUNT, "5").await;

    let mut products = seed();
    products[0]["stock"] = json!(1);
    products[1]["price"] = json!(139.99);
    products[2]["stock"] = json!(0);
    server.sell(products);
    browser.script("location.reload()").await;
    browser.shows(COUNT, "2").await;
    go_to_checkout(&browser).await;
    browser
        .wait_for_text("#summary [data-product-id=p-001]", "Only 1 left, so your 3 became 1.")
        .await;
    browser
        .wait_for_text("#summary [data-product-id=p-002]", "changed from $129.99 to $139.99")
        .await;
    browser.wait_for_text("#summary [data-testid=cart-note]", "Linen Notebook is sold out").await;
    browser.script("document.querySelector('#summary').scrollIntoView()").await;
    inspect(&browser, "cart-changed").await;
    browser.quit().await;
}
