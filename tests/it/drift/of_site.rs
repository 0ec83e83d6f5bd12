//! Cases of the bucket, its policy and its objects, and of what CloudFront keeps beside the
//! distribution.

use super::case::{Case, OutOfBandChange, Suite, case, gap};
use super::deployed::DeployedShop;
use aws_sdk_cloudfront::types as cdn;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types as sdk;
use md5::{Digest, Md5};
use serde_json::{Value, json};
use shopstack::policy;
use std::time::Duration;

const PAGE: &str = "<!doctype html><title>another shop</title>";

pub fn suites(deployed: &DeployedShop) -> Vec<Suite> {
    vec![bucket(), bucket_policy(), objects(deployed), oac(deployed), headers(deployed)]
}

fn bucket() -> Suite {
    let cases = vec![
        case("tags.*", json!("x")).keys(&["stray"]),
        case("block_public_acls", json!(false)),
        case("ignore_public_acls", json!(false)),
        case("block_public_policy", json!(false)),
        case("restrict_public_buckets", json!(false)),
        case("object_ownership", json!("BucketOwnerPreferred")),
        case("encryption", json!("aws:kms")),
        case("versioning", json!("Suspended")),
    ];
    Suite {
        type_name: "AWS::S3::Bucket",
        at: "bucket.site",
        cases,
        meddle: |b, m| Box::pin(of_bucket(b, m)),
    }
}

async fn of_bucket(b: &DeployedShop, m: &OutOfBandChange<'_>) {
    let (s3, name, target) = (&b.clients.s3, &m.live.name, &m.target);
    match m.case.field {
        "tags.*" => {
            let tags = target["tags"].as_object().unwrap().iter();
            let tags = tags.map(|(k, v)| {
                sdk::Tag::builder().key(k).value(v.as_str().unwrap()).build().unwrap()
            });
            let tagging =
                sdk::Tagging::builder().set_tag_set(Some(tags.collect())).build().unwrap();
            s3.put_bucket_tagging().bucket(name).tagging(tagging).send().await.unwrap();
        }
        "object_ownership" => {
            let rule = sdk::OwnershipControlsRule::builder()
                .object_ownership(m.text().into())
                .build()
                .unwrap();
            let controls = sdk::OwnershipControls::builder().rules(rule).build().unwrap();
            s3.put_bucket_ownership_controls()
                .bucket(name)
                .ownership_controls(controls)
                .send()
                .await
                .unwrap();
        }
        "encryption" => {
            let by_default =
                sdk::ServerSideEncryptionByDefault::builder().sse_algorithm(m.text().into());
            let rule = sdk::ServerSideEncryptionRule::builder()
                .apply_server_side_encryption_by_default(by_default.build().unwrap());
            let rules = sdk::ServerSideEncryptionConfiguration::builder()
                .rules(rule.build())
                .build()
                .unwrap();
            let put =
                s3.put_bucket_encryption().bucket(name).server_side_encryption_configuration(rules);
            put.send().await.unwrap();
        }
        "versioning" => {
            let status = sdk::VersioningConfiguration::builder().status(m.text().into()).build();
            s3.put_bucket_versioning()
                .bucket(name)
                .versioning_configuration(status)
                .send()
                .await
                .unwrap();
        }
        _ => {
            let flag = |field: &str| target[field].as_bool().unwrap();
            let block = sdk::PublicAccessBlockConfiguration::builder()
                .block_public_acls(flag("block_public_acls"))
                .ignore_public_acls(flag("ignore_public_acls"))
                .block_public_policy(flag("block_public_policy"))
                .restrict_public_buckets(flag("restrict_public_buckets"));
            let put = s3.put_public_access_block().bucket(name);
            put.public_access_block_configuration(block.build()).send().await.unwrap();
        }
    }
}

fn bucket_policy() -> Suite {
    let theirs = policy::canonical(
        &json!({"Statement": [{"Sid": "Theirs", "Effect": "Deny", "Principal": "*",
        "Action": "s3:DeleteBucket", "Resource": "arn:aws:s3:::x"}]}),
    );
    let cases = vec![
        case("policy", theirs["statements"]["Theirs"].clone()).inner(&["statements", "Theirs"]),
    ];
    Suite {
        type_name: "AWS::S3::BucketPolicy",
        at: "bucket_policy.site",
        cases,
        meddle: |b, m| Box::pin(of_policy(b, m)),
    }
}

async fn of_policy(b: &DeployedShop, m: &OutOfBandChange<'_>) {
    let text = policy::to_json(&m.target["policy"]);
    b.clients.s3.put_bucket_policy().bucket(&m.live.name).policy(text).send().await.unwrap();
}

fn objects(deployed: &DeployedShop) -> Suite {
    // A folder beside the stack's own: what the author's change sends.
    let folder = deployed.shop.path("site2");
    std::fs::create_dir_all(folder.join("images")).unwrap();
    for file in ["404.html", "images/dot.svg"] {
        std::fs::copy(deployed.shop.path("site").join(file), folder.join(file)).unwrap();
    }
    let text = std::fs::read_to_string(deployed.shop.path("site/index.html")).unwrap();
    std::fs::write(folder.join("index.html"), &text).unwrap();
    let new =
        json!({"md5": md5("theirs"), "content_type": "text/plain", "cache_control": "no-cache"});
    let one = |field, to: &str| case(field, json!(to)).keys(&["index.html"]);
    // What nobody wants is not asked for its headers.
    let mut seen = new.clone();
    (seen["content_type"], seen["cache_control"]) = (json!(""), json!(""));
    let other = deployed.shop.path("site3");
    std::fs::create_dir_all(&other).unwrap();
    std::fs::write(other.join("index.html"), PAGE).unwrap();
    std::fs::write(folder.join("theirs.txt"), "theirs").unwrap();
    let cases: Vec<Case> = vec![
        case("objects.*", new).keys(&["theirs.txt"]).seen_as(seen).payload(folder),
        case("objects.*", Value::Null).keys(&["404.html"]),
        one("objects.*.md5", &md5(PAGE)).payload(other),
        one("objects.*.content_type", "text/plain"),
        one("objects.*.cache_control", "max-age=1"),
        case("config", json!(r#"{"apiUrl":"https://evil.example"}"#)),
    ];
    Suite {
        type_name: "AWS::S3::Object",
        at: "objects.site",
        cases,
        meddle: |b, m| Box::pin(of_objects(b, m)),
    }
}

fn md5(text: &str) -> String {
    Md5::digest(text).iter().map(|b| format!("{b:02x}")).collect()
}

async fn of_objects(b: &DeployedShop, m: &OutOfBandChange<'_>) {
    let (s3, bucket) = (&b.clients.s3, &m.live.name);
    if m.case.field == "config" {
        let put = s3
            .put_object()
            .bucket(bucket)
            .key("config.json")
            .body(ByteStream::from(m.text().as_bytes().to_vec()));
        put.content_type("application/json")
            .cache_control("no-cache, no-store")
            .send()
            .await
            .unwrap();
        return;
    }
    let Some(entry) = m.target["objects"].get(m.key()) else {
        s3.delete_object().bucket(bucket).key(m.key()).send().await.unwrap();
        return;
    };
    let body = match m.key() {
        "theirs.txt" => "theirs".to_string(),
        _ if m.case.field == "objects.*.md5" => PAGE.to_string(),
        key => std::fs::read_to_string(b.shop.path("site").join(key)).unwrap(),
    };
    let text = |field: &str| entry[field].as_str().unwrap();
    // S3 tells times to the second: only what is younger than the manifest is looked at again.
    loop {
        let put = s3
            .put_object()
            .bucket(bucket)
            .key(m.key())
            .body(ByteStream::from(body.clone().into_bytes()));
        put.content_type(text("content_type"))
            .cache_control(text("cache_control"))
            .send()
            .await
            .unwrap();
        let of = |key: &str| s3.head_object().bucket(bucket).key(key).send();
        let (object, manifest) = tokio::join!(of(m.key()), of(".shopstack/site.json"));
        if object.unwrap().last_modified() > manifest.unwrap().last_modified() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn oac(deployed: &DeployedShop) -> Suite {
    let cases = vec![
        case("description", json!(format!("{} x", deployed.scope.marker("site")))),
        case("origin_type", json!("mediastore")),
        case("signing_behavior", json!("never")),
        gap("signing_protocol", "AWS knows sigv4 alone"),
    ];
    let type_name = "AWS::CloudFront::OriginAccessControl";
    Suite { type_name, at: "oac.site", cases, meddle: |b, m| Box::pin(of_oac(b, m)) }
}

async fn of_oac(b: &DeployedShop, m: &OutOfBandChange<'_>) {
    let (client, id) = (&b.clients.cloudfront, m.output("id"));
    let seen = client.get_origin_access_control().id(id).send().await.unwrap();
    let mut config = seen.origin_access_control.unwrap().origin_access_control_config.unwrap();
    match m.case.field {
        "description" => config.description = Some(m.text().into()),
        "origin_type" => config.origin_access_control_origin_type = m.text().into(),
        _ => config.signing_behavior = m.text().into(),
    }
    let update = client.update_origin_access_control().id(id).set_if_match(seen.e_tag);
    update.origin_access_control_config(config).send().await.unwrap();
}

fn headers(deployed: &DeployedShop) -> Suite {
    let cases = vec![
        case("comment", json!(format!("{} x", deployed.scope.marker("site")))),
        case("content_security_policy", json!("default-src *")),
        case("frame_options", json!("SAMEORIGIN")),
        case("referrer_policy", json!("origin")),
        case("content_type_options", json!(false)),
        case("hsts_max_age", json!(1)),
        case("hsts_include_subdomains", json!(false)),
        case("hsts_preload", json!(true)),
        case("custom.*", json!("1")).keys(&["x-theirs"]),
    ];
    let type_name = "AWS::CloudFront::ResponseHeadersPolicy";
    Suite { type_name, at: "headers.site", cases, meddle: |b, m| Box::pin(of_headers(b, m)) }
}

async fn of_headers(b: &DeployedShop, m: &OutOfBandChange<'_>) {
    let (client, id) = (&b.clients.cloudfront, m.output("id"));
    let seen = client.get_response_headers_policy().id(id).send().await.unwrap();
    let mut config = seen.response_headers_policy.unwrap().response_headers_policy_config.unwrap();
    let security = config.security_headers_config.as_mut().unwrap();
    let hsts = security.strict_transport_security.as_mut().unwrap();
    match m.case.field {
        "comment" => config.comment = Some(m.text().into()),
        "content_security_policy" => {
            security.content_security_policy.as_mut().unwrap().content_security_policy =
                m.text().into();
        }
        "frame_options" => security.frame_options.as_mut().unwrap().frame_option = m.text().into(),
        "referrer_policy" => {
            security.referrer_policy.as_mut().unwrap().referrer_policy = m.text().into()
        }
        "content_type_options" => security.content_type_options = None,
        "hsts_max_age" => hsts.access_control_max_age_sec = m.number(),
        "hsts_include_subdomains" => hsts.include_subdomains = Some(m.flag()),
        "hsts_preload" => hsts.preload = Some(m.flag()),
        _ => {
            let header =
                cdn::ResponseHeadersPolicyCustomHeader::builder().header(m.key()).value(m.text());
            let header = header.r#override(true).build().unwrap();
            let all =
                cdn::ResponseHeadersPolicyCustomHeadersConfig::builder().quantity(1).items(header);
            config.custom_headers_config = Some(all.build().unwrap());
        }
    }
    let update = client.update_response_headers_policy().id(id).set_if_match(seen.e_tag);
    update.response_headers_policy_config(config).send().await.unwrap();
}
