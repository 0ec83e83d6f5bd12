//! Each failure has its own words and its own way on, in the catalogue and at the checkout.

use super::shop_page::{
    ERROR, PRODUCT, RETRY, add, browser, fill_form, go_to_checkout, inspect, open_shop,
    ready_to_order, seed,
};
use super::shop_server::{Fault, ShopServer, refusal};
use serde_json::json;
use std::collections::BTreeSet;

const PLACE: &str = "[data-testid=place-order]";
const CONFIRMED: &str = "[data-testid=confirmation] [data-testid=order-id]";

fn wait(status: u16, code: &'static str) -> Fault {
    Fault::Refusal { status, code, field: "", retry_after: 2 }
}

#[tokio::test]
async fn the_catalogue_says_what_is_wrong_and_comes_back() {
    let server = ShopServer::start(seed()).await;
    let browser = browser().await;
    browser.resize(360, 780).await;
    let faults = [
        ("blocked", refusal(403, "Forbidden"), "Our firewall turned this request away"),
        ("busy", wait(429, "TooManyRequests"), "Many people are in the shop"),
        ("unavailable", wait(503, "Unavailable"), "The shop is closed for a moment"),
        ("broken", refusal(500, "InternalError"), "Something broke at our end"),
        ("unreachable", Fault::Cut, "We cannot reach the shop"),
        ("damaged", Fault::Garbled, "The answer was damaged"),
    ];
    let mut seen = BTreeSet::new();
    for (name, fault, words) in faults {
        server.fail_catalogue([fault]);
        browser.open(&server.url).await;
        browser.wait_for_text(ERROR, words).await;
        inspect(&browser, &format!("catalogue-{name}")).await;
        assert!(seen.insert(browser.text(ERROR).await));
        server.fail_catalogue([]);
        browser
            .until(&format!("document.querySelector('{RETRY}').innerText === 'Try again'"))
            .await;
        browser.click(RETRY).await;
        browser.find_one(PRODUCT).await;
    }
    browser.quit().await;
}

#[tokio::test]
async fn a_slow_catalogue_says_so_and_one_that_never_comes_can_be_asked_again() {
    let server = ShopServer::start(seed()).await;
    let browser = browser().await;
    browser.resize(360, 780).await;
    server.fail_catalogue([Fault::Late(20)]);
    browser.open(&server.url).await;
    browser.wait_for_text("[data-testid=slow]", "The shop is slow right now").await;
    inspect(&browser, "catalogue-slow").await;
    browser.wait_for_text(ERROR, "The shop is slow to answer").await;
    inspect(&browser, "catalogue-timeout").await;
    browser.click(RETRY).await;
    browser.find_one(PRODUCT).await;
    browser.quit().await;
}

#[tokio::test]
async fn offline_the_shop_waits_for_the_connection() {
    let (server, browser) = open_shop().await;
    ready_to_order(&browser, "p-001").await;
    browser.set_offline(true).await;
    browser.until("!navigator.onLine").await;
    browser.click(PLACE).await;
    browser.wait_for_text(ERROR, "You are offline").await;
    browser.wait_for_text(ERROR, "Nothing was sent").await;
    inspect(&browser, "order-offline").await;
    browser.set_offline(false).await;
    browser.until("navigator.onLine").await;
    browser.click(RETRY).await;
    browser.find_one(CONFIRMED).await;
    let (orders, keys) = server.take_orders();
    assert_eq!((orders.len(), keys.len()), (1, 1));
    browser.quit().await;
}

#[tokio::test]
async fn a_refused_order_says_that_it_was_not_placed_and_leads_on() {
    let (server, browser) = open_shop().await;
    ready_to_order(&browser, "p-001").await;
    let faults = [
        ("blocked", refusal(403, "Forbidden"), "Our firewall turned the order away"),
        ("busy", wait(429, "TooManyRequests"), "Many orders are coming in"),
        ("unavailable", wait(503, "Unavailable"), "cannot take orders for a moment"),
        ("too-large", refusal(413, "PayloadTooLarge"), "too large for one parcel"),
        ("key-reused", refusal(422, "IdempotencyKeyReused"), "has already placed an order"),
        ("outdated", refusal(415, "UnsupportedMediaType"), "may be out of date"),
    ];
    let mut seen = BTreeSet::new();
    for (name, fault, words) in faults {
        server.fail_orders([fault]);
        browser.click(PLACE).await;
        browser.wait_for_text(ERROR, words).await;
        browser.wait_for_text(ERROR, "not placed").await;
        inspect(&browser, &format!("order-{name}")).await;
        assert!(seen.insert(browser.text(ERROR).await));
    }

    let city = Fault::Refusal {
        status: 400,
        code: "InvalidDelivery",
        field: "delivery.city",
        retry_after: 0,
    };
    server.fail_orders([city]);
    browser.click(PLACE).await;
    browser.wait_for_text(ERROR, "check the marked field").await;
    browser.click(RETRY).await;
    browser.until("document.activeElement.id === 'city'").await;
    browser.wait_for_text("#city-fault", "could not accept this").await;
    inspect(&browser, "order-field-refused").await;
    let (orders, keys) = server.take_orders();
    assert!(orders.is_empty());
    // What was refused for certain is another order the next time.
    assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), keys.len());

    server.fail_orders([wait(503, "Unavailable")]);
    browser.click(PLACE).await;
    browser.wait_for_text(RETRY, "Place the order in ").await;
    browser
        .until(&format!("document.querySelector('{RETRY}').innerText === 'Place the order'"))
        .await;
    browser.click(RETRY).await;
    browser.find_one(CONFIRMED).await;
    assert_eq!(server.take_orders().0.len(), 1);
    browser.quit().await;
}

#[tokio::test]
async fn a_changed_price_is_shown_before_it_is_paid() {
    let (server, browser) = open_shop().await;
    ready_to_order(&browser, "p-001").await;
    let mut products = seed();
    products[0]["price"] = json!(19.25);
    server.sell(products);
    browser.click(PLACE).await;
    browser.wait_for_text(ERROR, "The total was $18.50 and is now $19.25").await;
    inspect(&browser, "order-price-changed").await;
    browser.wait_for_text(RETRY, "Place the order for $19.25").await;
    browser.click(RETRY).await;
    browser.find_one(CONFIRMED).await;
    let (orders, _) = server.take_orders();
    assert_eq!(orders[0]["total"], json!(19.25));
    browser.quit().await;
}

#[tokio::test]
async fn what_is_out_of_stock_leaves_the_cart_and_the_rest_can_be_ordered() {
    let (server, browser) = open_shop().await;
    browser.click(&add("p-003")).await;
    browser.click(&add("p-001")).await;
    browser.click(&add("p-001")).await;
    go_to_checkout(&browser).await;
    fill_form(&browser).await;
    let mut products = seed();
    products[0]["stock"] = json!(1);
    server.sell(products.clone());
    browser.click(PLACE).await;
    browser.wait_for_text(ERROR, "There is not enough left").await;
    browser.wait_for_text(ERROR, "Fjord Stoneware Mug: 1 instead of 2").await;
    inspect(&browser, "order-out-of-stock").await;
    browser.click(RETRY).await;
    browser.find_one(CONFIRMED).await;
    let (orders, _) = server.take_orders();
    assert_eq!(orders[0]["total"], json!(33.40));

    // Nothing left at all.
    browser.open(&server.url).await;
    browser.click(&add("p-001")).await;
    go_to_checkout(&browser).await;
    products.remove(0);
    server.sell(products);
    server.fail_orders([Fault::Refusal {
        status: 422,
        code: "UnknownProduct",
        field: "items[0].productId",
        retry_after: 0,
    }]);
    browser.click(PLACE).await;
    browser.wait_for_text(ERROR, "Sorry, this has just sold out").await;
    inspect(&browser, "order-sold-out").await;
    browser.wait_for_text(RETRY, "Back to the shop").await;
    browser.click(RETRY).await;
    browser.find_one(PRODUCT).await;
    browser.quit().await;
}
