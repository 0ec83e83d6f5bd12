//! Out-of-band changes of each field of AWS::S3::Bucket.

use crate::support::deployed::DeployedShop;
use crate::support::drift::{Case, DriftCases, OutOfBandChange, case};
use aws_sdk_s3::types as sdk;
use aws_sdk_s3::types::builders::LifecycleRuleBuilder;
use serde_json::{Value, json};

pub fn cases() -> DriftCases {
    let cases = vec![
        case("tags.*", json!("x")).keys(&["stray"]),
        case("block_public_acls", json!(false)),
        case("ignore_public_acls", json!(false)),
        case("block_public_policy", json!(false)),
        case("restrict_public_buckets", json!(false)),
        case("object_ownership", json!("BucketOwnerPreferred")),
        case("encryption", json!("aws:kms")),
        case("versioning", json!("Suspended")),
        case("lifecycle", json!(null)),
        case("lifecycle.old_versions_days", json!(1)),
        case("lifecycle.broken_uploads_days", json!(1)),
        extra("lifecycle", "theirs"),
        extra("website", "index.html"),
        extra("cors", "https://evil.example"),
    ];
    DriftCases {
        type_name: "AWS::S3::Bucket",
        at: "bucket.site",
        cases,
        change: |shop, change| Box::pin(change_bucket(shop, change)),
    }
}

fn extra(name: &str, value: &str) -> Case {
    let found_only = "settings that no stack has: they are only found, and taken away";
    case("extras.*", json!(value)).keys(&[name]).no_change(found_only)
}

async fn add_extra(shop: &DeployedShop, change: &OutOfBandChange<'_>) {
    let (s3, name, text) = (&shop.clients.s3, &change.live.name, change.text());
    match change.key() {
        "lifecycle" => {
            let theirs =
                whole_bucket(text).expiration(sdk::LifecycleExpiration::builder().days(1).build());
            put_lifecycle(shop, change, vec![lifecycle_rule(&change.live.spec), theirs]).await;
        }
        "website" => {
            let page = sdk::IndexDocument::builder().suffix(text).build().unwrap();
            let website = sdk::WebsiteConfiguration::builder().index_document(page).build();
            let put = s3.put_bucket_website().bucket(name);
            put.website_configuration(website).send().await.unwrap();
        }
        _ => {
            let rule = sdk::CorsRule::builder().allowed_methods("GET").allowed_origins(text);
            let rules = sdk::CorsConfiguration::builder().cors_rules(rule.build().unwrap());
            let put = s3.put_bucket_cors().bucket(name);
            put.cors_configuration(rules.build().unwrap()).send().await.unwrap();
        }
    }
}

/// The rule of a live spec, in days.
fn lifecycle_rule(spec: &Value) -> LifecycleRuleBuilder {
    let days = |field: &str| spec["lifecycle"][field].as_i64().unwrap() as i32;
    let old = sdk::NoncurrentVersionExpiration::builder();
    let broken = sdk::AbortIncompleteMultipartUpload::builder();
    let broken = broken.days_after_initiation(days("broken_uploads_days"));
    whole_bucket("by hand")
        .noncurrent_version_expiration(old.noncurrent_days(days("old_versions_days")).build())
        .abort_incomplete_multipart_upload(broken.build())
}

fn whole_bucket(id: &str) -> LifecycleRuleBuilder {
    sdk::LifecycleRule::builder()
        .id(id)
        .filter(sdk::LifecycleRuleFilter::builder().prefix("").build())
        .status(sdk::ExpirationStatus::Enabled)
}

async fn put_lifecycle(
    shop: &DeployedShop,
    change: &OutOfBandChange<'_>,
    rules: Vec<LifecycleRuleBuilder>,
) {
    let rules = rules.into_iter().map(|rule| rule.build().unwrap()).collect();
    let rules = sdk::BucketLifecycleConfiguration::builder().set_rules(Some(rules));
    let put = shop.clients.s3.put_bucket_lifecycle_configuration().bucket(&change.live.name);
    put.lifecycle_configuration(rules.build().unwrap()).send().await.unwrap();
}

async fn change_bucket(shop: &DeployedShop, change: &OutOfBandChange<'_>) {
    let (s3, name, target) = (&shop.clients.s3, &change.live.name, &change.target);
    match change.case.field {
        "extras.*" => add_extra(shop, change).await,
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
                .object_ownership(change.text().into())
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
                sdk::ServerSideEncryptionByDefault::builder().sse_algorithm(change.text().into());
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
        "lifecycle" => {
            s3.delete_bucket_lifecycle().bucket(name).send().await.unwrap();
        }
        "lifecycle.old_versions_days" | "lifecycle.broken_uploads_days" => {
            put_lifecycle(shop, change, vec![lifecycle_rule(target)]).await;
        }
        "versioning" => {
            let status =
                sdk::VersioningConfiguration::builder().status(change.text().into()).build();
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
