//! Every refusal: its status, its code, and the field it names; nothing is stored with any of them.

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

use common::{body, order_id, request, send, settings, shop, status, verdict};
use create_order::handler::handle;
use create_order::order::LARGEST_BODY;
use lambda_http::{Body, Request, RequestExt};
use serde_json::{Value, json};
use shop_shared::product::Field;

fn catalogue() -> common::Shop {
    shop(&[
        ("p-1", "9.99", Some(5)),
        ("p-2", "129.9", None),
        ("p-3", "1.005", None),
        ("p-4", "184467440737095516.15", None),
        ("p-5", "3", None),
        ("p-6", "0", None),
    ])
}

/// The verdict on a body; only a 201 stores something.
async fn refusal_of(raw: &str) -> (u16, String, String) {
    refusal_with(raw, &[]).await
}

async fn refusal_with(raw: &str, headers: &[(&str, &str)]) -> (u16, String, String) {
    let shop = catalogue();
    let answer = send(&shop, raw, headers).await;
    let verdict = verdict(&answer);
    assert_eq!(shop.orders().len(), usize::from(verdict.0 == 201), "{raw}");
    if verdict.0 != 201 {
        assert!(answer.log[0].contains(&format!("\"Code\":\"{}\"", verdict.1)));
        assert!(!body(&answer)["error"]["message"].as_str().unwrap().is_empty());
    }
    verdict
}

fn refusal(status: u16, code: &str, field: &str) -> (u16, String, String) {
    (status, code.to_owned(), field.to_owned())
}

fn order(items: &str, total: &str) -> String {
    format!(r#"{{"userId":"ada","items":{items},"total":{total}}}"#)
}

const TWO: &str = r#"[{"productId":"p-1","quantity":2}]"#;

#[tokio::test]
async fn a_total_must_be_the_catalogues_to_the_cent() {
    for total in ["19.98", "19.980", "1998e-2", "1.998E+1", "19.980000000000000004"] {
        assert_eq!(refusal_of(&order(TWO, total)).await.0, 201, "{total}");
    }
    let nines = "9".repeat(300);
    for total in ["0", "0.01", "19.97", "19.99", "19.981", "1e308", "1e-400", nines.as_str()] {
        let mismatch = refusal(409, "TotalMismatch", "total");
        assert_eq!(refusal_of(&order(TWO, total)).await, mismatch, "{total}");
    }
    for total in ["-19.98", "-0", "\"19.98\"", "null", "true", "[19.98]", "{}"] {
        let invalid = refusal(400, "InvalidTotal", "total");
        assert_eq!(refusal_of(&order(TWO, total)).await, invalid, "{total}");
    }

    let shortened = format!("says {}….", "9".repeat(24));
    for (total, said) in
        [("19.97", "says 19.97."), ("19.981", "says 19.981."), (&nines, &shortened)]
    {
        let answer = send(&catalogue(), order(TWO, total), &[]).await;
        let message = body(&answer)["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains("19.98 ") && message.ends_with(said), "{message}");
    }
}

#[tokio::test]
async fn what_does_not_belong_in_an_order_is_named() {
    let items = r#"[{"productId":"p-1","quantity":2,"price":0.01}]"#;
    let unknown = refusal(400, "UnknownField", "items[0].price");
    assert_eq!(refusal_of(&order(items, "0.02")).await, unknown);

    let head = r#"{"userId":"a","items":[{"productId":"p-1","quantity":2}],"total":19.98"#;
    let paid = format!(r#"{head},"status":"PAID"}}"#);
    assert_eq!(refusal_of(&paid).await, refusal(400, "UnknownField", "status"));
    let twice = format!(r#"{head},"total":1}}"#);
    assert_eq!(refusal_of(&twice).await, refusal(400, "DuplicateField", "total"));
    let odd = format!(r#"{head},"\u0000\u202e":1}}"#);
    assert_eq!(refusal_of(&odd).await, refusal(400, "UnknownField", "??"));
}

#[tokio::test]
async fn what_is_missing_is_named() {
    for (raw, field) in [
        ("{}", "userId"),
        (r#"{"userId":"a"}"#, "items"),
        (r#"{"userId":"a","items":[]}"#, "total"),
        (r#"{"userId":"a","items":[{"quantity":1}],"total":1}"#, "items[0].productId"),
        (r#"{"userId":"a","items":[{"productId":"p-1"}],"total":1}"#, "items[0].quantity"),
    ] {
        assert_eq!(refusal_of(raw).await, refusal(400, "MissingField", field), "{raw}");
    }
}

#[tokio::test]
async fn malformed_json_is_told_from_a_wrong_shape() {
    let not_a_number = order(TWO, "NaN");
    for raw in
        ["", "{", "null garbage", "{\"userId\":\"a\",}", "\u{0}", "{'userId':1}", &not_a_number]
    {
        assert_eq!(refusal_of(raw).await, refusal(400, "MalformedJson", ""), "{raw}");
    }
    for raw in ["null", "1", "\"order\""] {
        assert_eq!(refusal_of(raw).await, refusal(400, "InvalidOrder", ""), "{raw}");
    }
    assert_eq!(refusal_of(&format!("{} {{}}", order(TWO, "19.98"))).await.1, "MalformedJson");
    assert_eq!(refusal_of(&"[".repeat(5_000)).await.0, 400);

    let bytes = send(&catalogue(), vec![b'"', 0xff, 0xfe, b'"'], &[]).await;
    assert_eq!(status(&bytes), 400);
}

#[tokio::test]
async fn a_wrong_type_names_its_field() {
    for quantity in ["-1", "1.5", "\"2\"", "1e1", "4294967296", "1e308", "null", "0", "100"] {
        let items = format!(r#"[{{"productId":"p-1","quantity":{quantity}}}]"#);
        let invalid = refusal(400, "InvalidQuantity", "items[0].quantity");
        assert_eq!(refusal_of(&order(&items, "1")).await, invalid, "{quantity}");
    }
    let second = r#"[{"productId":"p-1","quantity":1},{"productId":7,"quantity":1}]"#;
    let invalid = refusal(400, "InvalidProductId", "items[1].productId");
    assert_eq!(refusal_of(&order(second, "1")).await, invalid);
    for items in ["{}", "null", "[1]", "\"p-1\""] {
        assert_eq!(refusal_of(&order(items, "1")).await.1, "InvalidItems", "{items}");
    }
    let user = r#"{"userId":1,"items":[],"total":1}"#;
    assert_eq!(refusal_of(user).await, refusal(400, "InvalidUserId", "userId"));
}

#[tokio::test]
async fn lines_have_limits() {
    for id in ["", "p 1", "p/1", "é", "' OR 1=1", "x".repeat(65).as_str()] {
        let items = json!([{ "productId": id, "quantity": 1 }]).to_string();
        let invalid = refusal(400, "InvalidProductId", "items[0].productId");
        assert_eq!(refusal_of(&order(&items, "1")).await, invalid, "{id}");
    }
    let twice = r#"[{"productId":"p-1","quantity":1},{"productId":"p-1","quantity":1}]"#;
    let duplicate = refusal(400, "DuplicateProduct", "items[1].productId");
    assert_eq!(refusal_of(&order(twice, "19.98")).await, duplicate);

    let lines = |count: usize| {
        let line = |n: usize| json!({ "productId": format!("q-{n}"), "quantity": 1 });
        Value::from((0..count).map(line).collect::<Vec<_>>()).to_string()
    };
    assert_eq!(refusal_of(&order(&lines(0), "0")).await, refusal(400, "InvalidItems", "items"));
    assert_eq!(refusal_of(&order(&lines(51), "0")).await, refusal(400, "InvalidItems", "items"));
    assert_eq!(refusal_of(&order(&lines(50), "0")).await.1, "UnknownProduct");
}

#[tokio::test]
async fn names_are_trimmed_and_can_be_seen() {
    let named = |user: &str| json!({ "userId": user, "items": [], "total": 1 }).to_string();
    let long = "x".repeat(129);
    for user in ["", "  ", "a\nb", "\u{7f}", "a\u{200b}b", "\u{202e}ada", "a\u{0}", &long] {
        assert_eq!(
            refusal_of(&named(user)).await,
            refusal(400, "InvalidUserId", "userId"),
            "{user:?}"
        );
    }

    let longest = "é".repeat(128);
    let padded = format!("\u{3000} {longest}\t");
    let raw = json!({ "userId": padded, "items": [{ "productId": "p-1", "quantity": 2 }],
                      "total": 19.98 });
    let shop = catalogue();
    order_id(&send(&shop, raw.to_string(), &[]).await);
    assert_eq!(shop.orders()[0].user_id, longest);
}

#[tokio::test]
async fn a_delivery_has_five_fields_and_a_note() {
    let whole = json!({ "name": " Ada ", "street": "Main St 1", "postalCode": "12345",
                        "city": "Berlin", "country": "DE", "note": "ring twice" });
    let ordered = |delivery: &Value| {
        json!({ "userId": "ada", "items": [{ "productId": "p-1", "quantity": 2 }],
                "total": 19.98, "delivery": delivery })
        .to_string()
    };
    let shop = catalogue();
    order_id(&send(&shop, ordered(&whole), &[]).await);
    let stored = shop.orders()[0].delivery.clone().unwrap();
    assert_eq!((stored.name.as_str(), stored.note.as_deref()), ("Ada", Some("ring twice")));
    assert_eq!(refusal_of(&ordered(&Value::Null)).await.0, 201);

    for (name, value) in [
        ("name", ""),
        ("street", "a\u{200b}b"),
        ("postalCode", "123456789012345678901"),
        ("city", "\u{202e}"),
        ("country", "Germany"),
        ("country", "de"),
        ("note", "a\nb"),
    ] {
        let mut wrong = whole.clone();
        wrong[name] = value.into();
        let refused = refusal_of(&ordered(&wrong)).await;
        assert_eq!(refused, refusal(400, "InvalidDelivery", &format!("delivery.{name}")));
    }
    let mut more = whole.clone();
    more["phone"] = "1".into();
    assert_eq!(refusal_of(&ordered(&more)).await, refusal(400, "UnknownField", "delivery.phone"));
    let mut less = whole.clone();
    less.as_object_mut().unwrap().remove("city");
    assert_eq!(refusal_of(&ordered(&less)).await, refusal(400, "MissingField", "delivery.city"));
    assert_eq!(refusal_of(&ordered(&json!("home"))).await.1, "InvalidDelivery");
}

#[tokio::test]
async fn a_product_that_cannot_be_sold_is_unknown_and_in_the_log() {
    let one = |id: &str| json!([{ "productId": id, "quantity": 1 }]).to_string();
    for id in ["p-9", "p-3", "p-4"] {
        let unknown = refusal(422, "UnknownProduct", "items[0].productId");
        assert_eq!(refusal_of(&order(&one(id), "1")).await, unknown, "{id}");
        let answer = send(&catalogue(), order(&one(id), "1"), &[]).await;
        assert!(body(&answer)["error"]["message"].as_str().unwrap().contains(id));
        assert_eq!(answer.log.len(), if id == "p-9" { 1 } else { 2 });
    }

    let shop = catalogue();
    shop.set("p-5", "currency", Field::Text("USD".into()));
    let answer = send(&shop, order(&one("p-5"), "3"), &[]).await;
    assert_eq!(verdict(&answer).1, "UnknownProduct");
    let line: Value = serde_json::from_str(&answer.log[1]).unwrap();
    assert_eq!(
        (&line["level"], &line["products"][0]["productId"]),
        (&json!("error"), &json!("p-5"))
    );

    shop.set("p-6", "active", Field::Flag(false));
    assert_eq!(verdict(&send(&shop, order(&one("p-6"), "0"), &[]).await).1, "UnknownProduct");
}

#[tokio::test]
async fn what_is_not_there_cannot_be_sold() {
    let six = r#"[{"productId":"p-2","quantity":1},{"productId":"p-1","quantity":6}]"#;
    let refused = refusal_of(&order(six, "189.84")).await;
    assert_eq!(refused, refusal(409, "OutOfStock", "items[1].quantity"));
    let answer = send(&catalogue(), order(six, "189.84"), &[]).await;
    let message = body(&answer)["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("p-1") && message.contains('5'), "{message}");
}

#[tokio::test]
async fn only_json_of_eight_kilobytes_is_read() {
    let padding = " ".repeat(LARGEST_BODY - order(TWO, "19.98").len());
    let fits = format!("{}{padding}", order(TWO, "19.98"));
    assert_eq!(refusal_of(&fits).await.0, 201);
    assert_eq!(refusal_of(&format!("{fits} ")).await, refusal(413, "PayloadTooLarge", ""));
    let declared = refusal_with(&order(TWO, "19.98"), &[("content-length", "20000")]).await;
    assert_eq!(declared.0, 413);

    let raw = order(TWO, "19.98");
    for kind in ["application/json; charset=UTF-8", "APPLICATION/JSON", "application/json;x=1"] {
        assert_eq!(refusal_with(&raw, &[("content-type", kind)]).await.0, 201, "{kind}");
    }
    for kind in ["text/plain", "application/xml", "", "application/json; charset=utf-16"] {
        let refused = refusal(415, "UnsupportedMediaType", "Content-Type");
        assert_eq!(refusal_with(&raw, &[("content-type", kind)]).await, refused, "{kind}");
    }
    let gzip = refusal_with(&raw, &[("content-encoding", "gzip")]).await;
    assert_eq!(gzip, refusal(415, "UnsupportedEncoding", "Content-Encoding"));
    assert_eq!(refusal_with(&raw, &[("content-encoding", "identity")]).await.0, 201);

    let mut without = request(raw, &[]);
    without.headers_mut().remove("content-type");
    assert_eq!(handle(&catalogue(), &settings(), &without).await.response.status(), 415);
}

#[tokio::test]
async fn keys_have_a_form() {
    let raw = order(TWO, "19.98");
    let longest = "k".repeat(128);
    for key in ["12345678", "~!@#$%^&*()_+", longest.as_str()] {
        assert_eq!(refusal_with(&raw, &[("idempotency-key", key)]).await.0, 201, "{key}");
    }
    let too_long = "k".repeat(129);
    for key in ["", "1234567", "1234 5678", "1234567\t", too_long.as_str()] {
        let refused = refusal(400, "InvalidIdempotencyKey", "Idempotency-Key");
        assert_eq!(refusal_with(&raw, &[("idempotency-key", key)]).await, refused, "{key}");
    }
}

#[tokio::test]
async fn cors_headers_are_on_errors_too() {
    let origin = |origin: &'static str| [("origin", origin)];
    let answer = send(&catalogue(), "{", &origin("https://shop.example")).await;
    let headers = answer.response.headers();
    assert_eq!(headers["access-control-allow-origin"], "https://shop.example");
    assert!(headers["access-control-expose-headers"].to_str().unwrap().contains("Retry-After"));
    let answer = send(&catalogue(), "{", &origin("https://evil.example")).await;
    assert!(answer.response.headers().get("access-control-allow-origin").is_none());

    let wrong = Request::new(Body::Empty).with_raw_http_path("/orders");
    let answer = handle(&catalogue(), &settings(), &wrong).await;
    assert_eq!(answer.response.headers()["allow"], "POST");
}
