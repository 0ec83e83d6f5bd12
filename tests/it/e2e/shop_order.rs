//! Ordering in a real browser: each order once, whatever gets lost; and a confirmation that stays.

use super::shop_page::{
    COUNT, ERROR, RETRY, add, fill_form, go_to_checkout, inspect, open_shop, ready_to_order,
};
use super::shop_server::{Fault, ShopServer, refusal};
use super::webdriver::Browser;
use serde_json::json;
use std::collections::BTreeSet;

const PLACE: &str = "[data-testid=place-order]";
const CONFIRMED: &str = "[data-testid=confirmation] [data-testid=order-id]";

#[tokio::test]
async fn a_new_customer_orders_on_a_phone() {
    let (server, browser) = open_shop().await;
    browser.click(&add("p-001")).await;
    browser.click(&add("p-001")).await;
    browser.click(&add("p-002")).await;
    go_to_checkout(&browser).await;
    browser.wait_for_text(PLACE, "$166.99").await;

    // What is missing is said at its field, and the focus goes to the first.
    browser.click(PLACE).await;
    browser.wait_for_text("#user-id-fault", "Please enter your e-mail address.").await;
    browser.wait_for_text("#country-fault", "Please choose a country.").await;
    browser.until("document.activeElement.id === 'user-id'").await;
    inspect(&browser, "checkout-missing").await;

    fill_form(&browser).await;
    let note = "const note = document.querySelector('#note'); \
                note.value = 'Ring twice,\\nplease \u{2764}\u{fe0f}'; \
                note.dispatchEvent(new Event('input'))";
    browser.script(note).await;
    browser.script("location.reload()").await;
    browser.find_one("body[data-catalogue=ready]").await;
    browser.until("document.querySelector('#city').value === 'London'").await;
    browser.click(PLACE).await;
    browser.find_one(CONFIRMED).await;
    browser.shows(COUNT, "0").await;
    confirmed(&browser).await;
    browser.script("location.reload()").await;
    confirmed(&browser).await;
    inspect(&browser, "confirmation").await;

    let (orders, keys) = server.take_orders();
    assert_eq!(orders.len(), 1);
    let order = &orders[0];
    assert_eq!(order["userId"], "ada@example.org");
    assert_eq!(order["total"], json!(166.99));
    let delivery = json!({"name": "Ada Byron", "street": "12 St James's Square",
        "postalCode": "SW1Y 4LE", "city": "London", "country": "GB",
        "note": "Ring twice, please \u{2764}"});
    assert_eq!(order["delivery"], delivery);
    assert_eq!(keys.len(), 1);
    assert!(keys[0].len() == 32 && keys[0].bytes().all(|b| b.is_ascii_hexdigit()), "{keys:?}");
    browser.open(&format!("{}/order.html?id=other", server.url)).await;
    browser.wait_for_text("[data-testid=unknown-order]", "not kept here").await;
    inspect(&browser, "order-unknown").await;
    browser.quit().await;
}

/// Every line, the total and the number.
async fn confirmed(browser: &Browser) {
    assert!(browser.text(CONFIRMED).await.starts_with("order-"));
    browser.wait_for_text("[data-testid=order-line]", "Fjord Stoneware Mug").await;
    browser.wait_for_text("[data-testid=order-line]", "2 × $18.50").await;
    browser.wait_for_text("[data-testid=order-line]", "Halo Table Lamp").await;
    browser.wait_for_text("[data-testid=order-total]", "$166.99").await;
    browser.wait_for_text("#delivery", "SW1Y 4LE London").await;
}

/// One order was stored, and every request for it had one key.
fn assert_one_order(server: &ShopServer, requests: usize) {
    let (orders, keys) = server.take_orders();
    assert_eq!(orders.len(), 1);
    assert!(keys.len() >= requests, "{keys:?}");
    assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), 1, "{keys:?}");
}

#[tokio::test]
async fn a_lost_answer_ends_with_one_order() {
    let (server, browser) = open_shop().await;
    ready_to_order(&browser, "p-001").await;
    server.fail_orders([Fault::Cut]);
    browser.click(PLACE).await;
    browser.find_one(CONFIRMED).await;
    assert_one_order(&server, 2);
    browser.quit().await;
}

#[tokio::test]
async fn an_answer_after_thirteen_seconds_ends_with_one_order() {
    let (server, browser) = open_shop().await;
    ready_to_order(&browser, "p-001").await;
    server.fail_orders([Fault::Late(13)]);
    browser.click(PLACE).await;
    browser.wait_for_text("[data-testid=progress]", "longer than usual").await;
    inspect(&browser, "slow-order").await;
    browser.wait_for_text("[data-testid=progress]", "No answer yet").await;
    browser.find_one(CONFIRMED).await;
    assert_one_order(&server, 2);
    browser.quit().await;
}

#[tokio::test]
async fn a_reload_in_flight_ends_with_one_order() {
    let (server, browser) = open_shop().await;
    ready_to_order(&browser, "p-001").await;
    server.fail_orders([Fault::Late(20)]);
    browser.click(PLACE).await;
    browser.wait_for_text("[data-testid=progress]", "Placing your order").await;
    while server.asked() == 0 {
        tokio::task::yield_now().await;
    }
    browser.script("location.reload()").await;
    browser.find_one(CONFIRMED).await;
    browser.shows(COUNT, "0").await;
    assert_one_order(&server, 2);
    browser.quit().await;
}

#[tokio::test]
async fn an_outcome_that_stays_unknown_is_asked_for_until_it_is_known() {
    let (server, browser) = open_shop().await;
    ready_to_order(&browser, "p-001").await;
    let busy = Fault::Refusal { status: 503, code: "Unavailable", field: "", retry_after: 1 };
    server.fail_orders([
        Fault::Cut,
        refusal(500, "InternalError"),
        busy,
        Fault::Garbled,
        Fault::Cut,
    ]);
    browser.click(PLACE).await;
    browser.wait_for_text(ERROR, "We do not know yet whether your order arrived").await;
    browser.wait_for_text(ERROR, "Something broke at our end").await;
    inspect(&browser, "order-outcome-unknown").await;
    // Not stored, says the third answer; the first may have been, so the key is kept.
    browser.click(RETRY).await;
    browser.wait_for_text(ERROR, "The shop cannot tell us right now").await;
    browser.wait_for_text(RETRY, "Ask again").await;
    // In another tab nothing of it is lost either.
    browser.open_tab().await;
    browser.open(&format!("{}/checkout.html", server.url)).await;
    browser.wait_for_text(ERROR, "The connection broke off").await;
    browser.click(RETRY).await;
    browser.find_one(CONFIRMED).await;
    assert_one_order(&server, 6);
    browser.quit().await;
}
