//! Out-of-band changes of each field of AWS::S3::Object.

use crate::support::deployed::DeployedShop;
use crate::support::drift::{Case, DriftCases, OutOfBandChange, case};
use aws_sdk_s3::primitives::ByteStream;
use md5::{Digest, Md5};
use serde_json::{Value, json};
use std::time::Duration;

/// Stands behind an object's type where it has one.
const DISPOSITION: &str = " content-disposition=";
const PAGE: &str = "<!doctype html><title>another shop</title>";

pub fn cases(shop: &DeployedShop) -> DriftCases {
    // A folder beside the stack's own: what the author's change sends.
    let folder = shop.shop.path("site2");
    std::fs::create_dir_all(folder.join("images")).unwrap();
    for file in ["404.html", "images/dot.svg"] {
        std::fs::copy(shop.shop.path("site").join(file), folder.join(file)).unwrap();
    }
    let text = std::fs::read_to_string(shop.shop.path("site/index.html")).unwrap();
    std::fs::write(folder.join("index.html"), &text).unwrap();
    let new =
        json!({"md5": md5("theirs"), "content_type": "text/plain", "cache_control": "no-cache"});
    let one = |field, to: &str| case(field, json!(to)).keys(&["index.html"]);
    // What nobody wants is not asked for its headers.
    let mut seen = new.clone();
    (seen["content_type"], seen["cache_control"]) = (json!(""), json!(""));
    let other = shop.shop.path("site3");
    std::fs::create_dir_all(&other).unwrap();
    std::fs::write(other.join("index.html"), PAGE).unwrap();
    std::fs::write(folder.join("theirs.txt"), "theirs").unwrap();
    let cases: Vec<Case> = vec![
        case("objects.*", new).keys(&["theirs.txt"]).seen_as(seen).payload(folder),
        case("objects.*", Value::Null).keys(&["404.html"]),
        one("objects.*.md5", &md5(PAGE)).payload(other),
        one("objects.*.content_type", "text/plain"),
        one("objects.*.content_type", "text/html; charset=utf-8 content-disposition=attachment")
            .no_change("no file has one: it is only found, and taken away"),
        one("objects.*.cache_control", "max-age=1"),
        case("config", json!(r#"{"apiUrl":"https://evil.example"}"#)),
    ];
    DriftCases {
        type_name: "AWS::S3::Object",
        at: "objects.site",
        cases,
        change: |shop, change| Box::pin(change_objects(shop, change)),
    }
}

fn md5(text: &str) -> String {
    Md5::digest(text).iter().map(|b| format!("{b:02x}")).collect()
}

async fn change_objects(shop: &DeployedShop, change: &OutOfBandChange<'_>) {
    let (s3, bucket) = (&shop.clients.s3, &change.live.name);
    if change.case.field == "config" {
        let put = s3
            .put_object()
            .bucket(bucket)
            .key("config.json")
            .body(ByteStream::from(change.text().as_bytes().to_vec()));
        put.content_type("application/json")
            .cache_control("no-cache, no-store")
            .send()
            .await
            .unwrap();
        return;
    }
    let Some(entry) = change.target["objects"].get(change.key()) else {
        s3.delete_object().bucket(bucket).key(change.key()).send().await.unwrap();
        return;
    };
    let body = match change.key() {
        "theirs.txt" => "theirs".to_string(),
        _ if change.case.field == "objects.*.md5" => PAGE.to_string(),
        key => std::fs::read_to_string(shop.shop.path("site").join(key)).unwrap(),
    };
    let text = |field: &str| entry[field].as_str().unwrap();
    // S3 tells times to the second: only what is younger than the manifest is looked at again.
    loop {
        let put = s3
            .put_object()
            .bucket(bucket)
            .key(change.key())
            .body(ByteStream::from(body.clone().into_bytes()));
        let (content_type, disposition) = match text("content_type").split_once(DISPOSITION) {
            Some((content_type, disposition)) => (content_type, Some(disposition.to_string())),
            None => (text("content_type"), None),
        };
        put.content_type(content_type)
            .set_content_disposition(disposition)
            .cache_control(text("cache_control"))
            .send()
            .await
            .unwrap();
        let of = |key: &str| s3.head_object().bucket(bucket).key(key).send();
        let (object, manifest) = tokio::join!(of(change.key()), of(".shopstack/site.json"));
        if object.unwrap().last_modified() > manifest.unwrap().last_modified() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
