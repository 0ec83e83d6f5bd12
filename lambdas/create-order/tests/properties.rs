//! Properties: any bytes in, a well-formed answer out; a total is never off by a cent; no order of
//! events sells what is not there.

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

use common::{Fate, body, order_id, send, settings, shop, status};
use create_order::handler::handle;
use lambda_http::Body;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use shop_shared::reply::Answer;
use std::collections::BTreeMap;
use std::task::Poll;

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time().start_paused(true).build().unwrap()
}

/// The promises that every answer keeps, whatever the request.
fn assert_well_formed(answer: &Answer) -> Result<(), TestCaseError> {
    let status = status(answer);
    prop_assert!([201, 400, 404, 405, 409, 413, 415, 422, 503].contains(&status), "{status}");
    prop_assert_eq!(&answer.response.headers()["content-type"], "application/json");
    let body = body(answer);
    if status == 201 {
        prop_assert_eq!(body["orderId"].as_str().map(str::len), Some(32));
    } else {
        let error = body["error"].as_object().expect("an error");
        prop_assert!(error["code"].is_string() && error["message"].is_string());
        prop_assert!(error.keys().all(|key| ["code", "message", "field"].contains(&&**key)));
    }
    for line in &answer.log {
        prop_assert!(serde_json::from_str::<Value>(line).is_ok() && !line.contains('\n'));
    }
    Ok(())
}

/// JSON that resembles an order: right keys with any values, and some wrong keys.
fn like_an_order() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z]{0,3}|p-1|\\PC{0,20}".prop_map(Value::from),
        Just(json!(9.99)),
        Just(json!(1)),
    ];
    let key = prop_oneof![
        Just("userId"),
        Just("items"),
        Just("total"),
        Just("delivery"),
        Just("productId"),
        Just("quantity"),
        Just("name"),
        Just("country"),
        Just("odd"),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        let object = proptest::collection::btree_map(key.clone(), inner.clone(), 0..6);
        prop_oneof![
            vec(inner, 0..4).prop_map(Value::from),
            object.prop_map(|map| {
                map.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_in_a_well_formed_answer_out(
        bytes in prop_oneof![
            vec(any::<u8>(), 0..200),
            like_an_order().prop_map(|order| order.to_string().into_bytes()),
        ],
        headers in vec(("content-type|content-encoding|idempotency-key|origin|x-[a-z]{1,5}",
                        "[ -~]{0,40}|application/json|text/plain"), 0..3),
    ) {
        runtime().block_on(async {
            let shop = shop(&[("p-1", "9.99", Some(5))]);
            let headers: Vec<(&str, &str)> =
                headers.iter().map(|(name, value)| (&**name, &**value)).collect();
            let answer = send(&shop, Body::Binary(bytes), &headers).await;
            assert_well_formed(&answer)?;
            prop_assert_eq!(shop.orders().len(), usize::from(status(&answer) == 201));
            Ok(())
        })?;
    }

    #[test]
    fn a_total_is_right_to_the_cent_or_refused(
        lines in vec((0..1_000_000_u64, 1..=99_u64), 1..=50),
        off_by in prop_oneof![Just(0_i128), -200..200_i128],
    ) {
        let names: Vec<(String, String)> = lines
            .iter()
            .enumerate()
            .map(|(at, (cents, _))| {
                (format!("p-{at}"), format!("{}.{:02}", cents / 100, cents % 100))
            })
            .collect();
        let products: Vec<(&str, &str, Option<u64>)> =
            names.iter().map(|(id, price)| (&**id, &**price, None)).collect();
        let items: Vec<Value> = lines
            .iter()
            .enumerate()
            .map(|(at, (_, quantity))| {
                json!({ "productId": format!("p-{at}"), "quantity": quantity })
            })
            .collect();
        let total: i128 =
            lines.iter().map(|(cents, quantity)| i128::from(cents * quantity)).sum();
        let claimed = (total + off_by).max(0);
        let order = format!(
            r#"{{"userId":"a","items":{},"total":{}.{:02}}}"#,
            Value::from(items), claimed / 100, claimed % 100
        );

        runtime().block_on(async {
            let shop = shop(&products);
            let answer = send(&shop, order, &[]).await;
            prop_assert_eq!(status(&answer), if claimed == total { 201 } else { 409 });
            if let Some(order) = shop.orders().first() {
                prop_assert_eq!(i128::from(order.total_cents), total);
            }
            Ok(())
        })?;
    }

    #[test]
    fn no_order_of_events_sells_what_is_not_there(
        seed in any::<u64>(),
        stocks in [0..8_u64, 0..8, 0..8],
        orders in vec((vec((0..3_usize, 1..4_u64), 1..4), 0..6_u8, any::<bool>()), 1..25),
        fates in vec(prop_oneof![
            4 => Just(Fate::Passes),
            2 => Just(Fate::Busy),
            2 => Just(Fate::AnswerLost),
            1 => Just(Fate::RequestLost),
        ], 0..60),
    ) {
        fastrand::seed(seed);
        let ids = ["p-0", "p-1", "p-2"];
        let products: Vec<(&str, &str, Option<u64>)> =
            ids.iter().zip(stocks).map(|(id, stock)| (*id, "1", Some(stock))).collect();
        let shop = common::Shop { pauses: true, ..shop(&products) }.fated(&fates);

        // Requests with the same key are for the same order: the key decides what is in it.
        let contents: BTreeMap<u8, &Vec<(usize, u64)>> =
            orders.iter().rev().map(|(lines, key, _)| (*key, lines)).collect();
        let settings = settings();
        let requests: Vec<_> = orders
            .iter()
            .map(|(lines, key, has_key)| {
                let lines = if *has_key { contents[key] } else { lines };
                let merged: BTreeMap<usize, u64> = lines.iter().copied().collect();
                let items: Vec<Value> = merged
                    .iter()
                    .map(|(at, quantity)| json!({ "productId": ids[*at], "quantity": quantity }))
                    .collect();
                let total: u64 = merged.values().sum();
                let order = json!({ "userId": "a", "items": items, "total": total }).to_string();
                let key = format!("key-number-{key}");
                let headers = [("idempotency-key", key.as_str())];
                common::request(order, if *has_key { &headers } else { &[] })
            })
            .collect();

        let answers = runtime().block_on(async {
            let mut calls: Vec<_> = requests
                .iter()
                .map(|request| (None, Box::pin(handle(&shop, &settings, request))))
                .collect();
            std::future::poll_fn(|context| {
                for (answer, call) in calls.iter_mut().filter(|(answer, _)| answer.is_none()) {
                    if let Poll::Ready(ready) = call.as_mut().poll(context) {
                        *answer = Some(ready);
                    }
                }
                let done = calls.iter().all(|(answer, _)| answer.is_some());
                if done { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
            calls.into_iter().filter_map(|(answer, _)| answer).collect::<Vec<_>>()
        });

        let stored = shop.orders();
        for (id, before) in ids.iter().zip(stocks) {
            let lines = stored.iter().flat_map(|order| &order.lines);
            let sold: u64 =
                lines.filter(|l| l.product_id == *id).map(|l| u64::from(l.quantity)).sum();
            prop_assert_eq!(before - sold, shop.stock(id).unwrap());
        }
        let acknowledged: Vec<String> =
            answers.iter().filter(|answer| status(answer) == 201).map(order_id).collect();
        for id in &acknowledged {
            prop_assert!(stored.iter().any(|order| order.id == *id));
        }
        // A refusal means that nothing is stored: without open outcomes the two sets are the same.
        if answers.iter().all(|answer| status(answer) != 503) {
            prop_assert!(stored.iter().all(|order| acknowledged.contains(&order.id)));
        }
    }
}
