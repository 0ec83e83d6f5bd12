//! An order is stored exactly once and with its stock, whatever gets lost on the way.

// Tests may stop at what they did not expect, and print what they measured.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::too_many_lines,
    clippy::unreachable,
    clippy::unwrap_used
)]

mod common;

use common::{Fate, SECRET, body, order_id, send, shop, status, verdict};
use serde_json::{Value, json};
use shop_shared::product::Field;
use std::time::Duration;

const KEY: (&str, &str) = ("idempotency-key", "0123456789abcdef");

fn order_of_two(total: &str) -> String {
    format!(r#"{{"userId":"ada","items":[{{"productId":"p-1","quantity":2}}],"total":{total}}}"#)
}

fn one_product() -> common::Shop {
    shop(&[("p-1", "9.99", Some(10))])
}

#[tokio::test]
async fn an_order_keeps_prices_names_and_its_currency() {
    let shop = one_product();
    let answer = send(&shop, order_of_two("19.98"), &[]).await;
    let id = order_id(&answer);
    assert_eq!(id.len(), 32);
    let order = shop.orders().remove(0);
    assert_eq!((order.total_cents, order.currency.as_str()), (1_998, "EUR"));
    assert_eq!(order.lines[0].name.as_deref(), Some("Name of p-1"));
    assert_eq!((order.lines[0].cents, order.lines[0].takes_stock), (999, true));
    assert!(order.placed_at > 1_700_000_000_000 && !order.smoke_test);
    assert_eq!(shop.stock("p-1"), Some(8));

    let line: Value = serde_json::from_str(&answer.log[0]).unwrap();
    assert_eq!((&line["orderId"], &line["OrdersPlaced"]), (&json!(id), &json!(1)));
    assert!(!answer.log.concat().contains("ada") && !answer.log.concat().contains("Name of"));
}

#[tokio::test]
async fn without_a_key_each_call_is_an_order() {
    let shop = one_product();
    let first = order_id(&send(&shop, order_of_two("19.98"), &[]).await);
    let second = order_id(&send(&shop, order_of_two("19.98"), &[]).await);
    assert_ne!(first, second);
    assert_eq!((shop.orders().len(), shop.stock("p-1")), (2, Some(6)));
}

#[tokio::test]
async fn the_same_key_and_order_is_one_order() {
    let shop = one_product();
    let first = send(&shop, order_of_two("19.98"), &[KEY]).await;
    let again = send(&shop, order_of_two("19.980"), &[KEY]).await;
    assert_eq!(order_id(&first), order_id(&again));
    assert_eq!((shop.orders().len(), shop.stock("p-1")), (1, Some(8)));
    assert!(first.log[0].contains("OrdersPlaced") && !again.log[0].contains("OrdersPlaced"));

    let other_user = order_of_two("19.98").replace("ada", "bob");
    let other_key = [("idempotency-key", "another-key")];
    assert_ne!(order_id(&send(&shop, other_user, &[KEY]).await), order_id(&first));
    assert_ne!(order_id(&send(&shop, order_of_two("19.98"), &other_key).await), order_id(&first));
}

#[tokio::test]
async fn the_same_key_with_another_order_is_a_422() {
    let shop = one_product();
    order_id(&send(&shop, order_of_two("19.98"), &[KEY]).await);
    let reused = (422, "IdempotencyKeyReused".to_owned(), "Idempotency-Key".to_owned());
    let one = r#"{"userId":"ada","items":[{"productId":"p-1","quantity":1}],"total":9.99}"#;
    assert_eq!(verdict(&send(&shop, one, &[KEY]).await), reused);
    // Also where the other order would be refused for itself.
    assert_eq!(verdict(&send(&shop, order_of_two("1"), &[KEY]).await), reused);
    let many = r#"{"userId":"ada","items":[{"productId":"p-1","quantity":99}],"total":989.01}"#;
    assert_eq!(verdict(&send(&shop, many, &[KEY]).await), reused);
    let mut sent = serde_json::from_str::<Value>(&order_of_two("19.98")).unwrap();
    sent["delivery"] = json!({ "name": "A", "street": "B", "postalCode": "1", "city": "C",
                               "country": "DE" });
    assert_eq!(verdict(&send(&shop, sent.to_string(), &[KEY]).await), reused);
    assert_eq!(shop.orders().len(), 1);
}

#[tokio::test]
async fn a_stored_order_is_a_201_though_price_and_stock_changed_since() {
    let shop = shop(&[("p-1", "9.99", Some(2))]);
    let first = order_id(&send(&shop, order_of_two("19.98"), &[KEY]).await);
    assert_eq!(shop.stock("p-1"), Some(0));
    assert_eq!(order_id(&send(&shop, order_of_two("19.98"), &[KEY]).await), first);
    shop.set("p-1", "price", Field::Number("12.00".into()));
    assert_eq!(order_id(&send(&shop, order_of_two("19.98"), &[KEY]).await), first);
    shop.set("p-1", "active", Field::Flag(false));
    assert_eq!(order_id(&send(&shop, order_of_two("19.98"), &[KEY]).await), first);
    assert_eq!(shop.orders().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_a_201_and_one_order() {
    for fates in [
        &[Fate::AnswerLost][..],
        &[Fate::RequestLost],
        &[Fate::Busy, Fate::AnswerLost, Fate::Busy],
        &[Fate::AnswerLost, Fate::RequestLost, Fate::AnswerLost],
    ] {
        for headers in [&[][..], &[KEY]] {
            let shop = one_product().fated(fates);
            let id = order_id(&send(&shop, order_of_two("19.98"), headers).await);
            assert_eq!(shop.orders()[0].id, id);
            assert_eq!((shop.orders().len(), shop.stock("p-1")), (1, Some(8)), "{fates:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_pieces_go_to_the_order_whose_answer_was_lost() {
    let shop = shop(&[("p-1", "9.99", Some(2))]).fated(&[Fate::AnswerLost]);
    order_id(&send(&shop, order_of_two("19.98"), &[]).await);
    assert_eq!((shop.orders().len(), shop.stock("p-1")), (1, Some(0)));
}

#[tokio::test]
async fn what_is_sold_between_reading_and_writing_is_out_of_stock() {
    let shop = one_product().fated(&[Fate::SoldMeanwhile]);
    let refused = send(&shop, order_of_two("19.98"), &[]).await;
    assert_eq!(verdict(&refused).1, "OutOfStock");
    assert!(body(&refused)["error"]["message"].as_str().unwrap().contains("0 left"));
    assert!(shop.orders().is_empty());
}

#[tokio::test(start_paused = true)]
async fn conflicts_are_tried_again_inside_the_time_and_then_a_503() {
    let start = tokio::time::Instant::now();
    let shop = one_product().fated(&vec![Fate::Busy; 1_000]);
    let refused = send(&shop, order_of_two("19.98"), &[KEY]).await;
    assert_eq!(verdict(&refused), (503, "Unavailable".into(), String::new()));
    assert_eq!(refused.response.headers()["retry-after"], "1");
    assert!(start.elapsed() < Duration::from_secs(6));
    assert!(shop.state.lock().unwrap().fates.len() < 996);
    assert!(shop.orders().is_empty() && shop.stock("p-1") == Some(10));
    assert!(refused.log[0].contains("TransactionConflict"));
}

#[tokio::test(start_paused = true)]
async fn an_outcome_that_stays_open_is_told_as_such() {
    for headers in [&[][..], &[KEY]] {
        let shop = one_product().fated(&[Fate::Late]);
        let open = send(&shop, order_of_two("19.98"), headers).await;
        assert_eq!((status(&open), verdict(&open).1.as_str()), (503, "OutcomeUnknown"));
        let line: Value = serde_json::from_str(&open.log[0]).unwrap();
        let id = line["orderId"].as_str().expect("the id to look for");
        assert!(shop.orders().iter().any(|order| order.id == id), "{id} may be stored");
    }
    let shop = one_product().fated(&[Fate::Late]);
    send(&shop, order_of_two("19.98"), &[KEY]).await;
    order_id(&send(&shop, order_of_two("19.98"), &[KEY]).await);
    assert_eq!((shop.orders().len(), shop.stock("p-1")), (1, Some(8)));
}

#[tokio::test]
async fn a_refusal_by_aws_keeps_its_words_inside() {
    let shop = one_product().fated(&[Fate::Denied]);
    let answer = send(&shop, order_of_two("19.98"), &[]).await;
    assert_eq!(status(&answer), 500);
    assert!(!body(&answer).to_string().contains("Denied"));
    assert!(answer.log[0].contains("AccessDenied"));
}

#[tokio::test(start_paused = true)]
async fn unprocessed_keys_are_asked_for_again_and_not_for_ever() {
    let raw = r#"{"userId":"a","total":4,"items":[{"productId":"p-1","quantity":1},
                  {"productId":"p-2","quantity":1}]}"#;
    let products = [("p-1", "1", None), ("p-2", "3", None)];
    let some = common::Shop { per_call: 1, ..shop(&products) };
    order_id(&send(&some, raw, &[]).await);
    assert_eq!(some.state.lock().unwrap().asked, [vec!["p-1", "p-2"], vec!["p-2"]]);

    let never = common::Shop { per_call: 0, ..shop(&products) };
    assert_eq!(verdict(&send(&never, raw, &[]).await).1, "Unavailable");
}

#[tokio::test]
async fn only_the_deployments_secret_marks_a_smoke_order() {
    for (value, marked) in
        [(SECRET, true), ("1", false), ("", false), ("a-secret-of-this-deploymenu", false)]
    {
        let shop = one_product();
        let answer = send(&shop, order_of_two("19.98"), &[("x-shopstack-smoke", value)]).await;
        order_id(&answer);
        assert_eq!(shop.orders()[0].smoke_test, marked, "{value}");
        assert_eq!(answer.log[0].contains("OrdersPlaced"), !marked);
    }

    let without =
        create_order::handler::Settings { smoke_secret: String::new(), ..common::settings() };
    let shop = one_product();
    let asked = common::request(order_of_two("19.98"), &[("x-shopstack-smoke", "")]);
    create_order::handler::handle(&shop, &without, &asked).await;
    assert!(!shop.orders()[0].smoke_test);
}

#[tokio::test]
async fn a_smoke_tests_product_is_unknown_to_customers() {
    let shop = one_product();
    shop.set("p-1", "smokeTest", Field::Flag(true));
    let refused = (422, "UnknownProduct".to_owned(), "items[0].productId".to_owned());
    assert_eq!(verdict(&send(&shop, order_of_two("19.98"), &[]).await), refused);
    order_id(&send(&shop, order_of_two("19.98"), &[("x-shopstack-smoke", SECRET)]).await);
}

#[tokio::test]
async fn fifty_posts_at_once_with_one_key_are_one_order() {
    let shop = common::Shop { pauses: true, ..one_product() };
    let posts = (0..50).map(|_| send(&shop, order_of_two("19.98"), &[KEY]));
    let mut ids = std::collections::BTreeSet::new();
    let mut posts: Vec<_> = posts.map(Box::pin).collect();
    // Polled in turns by hand: they share one task and overtake each other at every pause.
    let mut left = posts.len();
    std::future::poll_fn(|context| {
        posts.retain_mut(|post| match post.as_mut().poll(context) {
            std::task::Poll::Ready(answer) => {
                ids.insert(order_id(&answer));
                left -= 1;
                false
            }
            std::task::Poll::Pending => true,
        });
        if left == 0 { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    assert_eq!((ids.len(), shop.orders().len(), shop.stock("p-1")), (1, 1, Some(8)));
}
