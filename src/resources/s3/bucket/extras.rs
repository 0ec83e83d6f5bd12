//! Settings of a live bucket that no stack has: each is an entry of `extras`, which is drift, and
//! is taken away. A lifecycle deletes the site's files, a website and a CORS rule open them.

use crate::aws::{Reader, Writer};
use crate::model::CloudError;
use crate::model::call::Call;
use crate::model::cloud_error::optional;
use crate::resources::common::or_nothing;
use crate::resources::s3::{S3, SERVICE};
use futures_util::future::join3;
use std::collections::BTreeMap;

pub const READS: [Call; 3] = [
    Call::new(&SERVICE, "s3:GetBucketLifecycleConfiguration")
        .actions(&["s3:GetLifecycleConfiguration"]),
    Call::new(&SERVICE, "s3:GetBucketWebsite"),
    Call::new(&SERVICE, "s3:GetBucketCors").actions(&["s3:GetBucketCORS"]),
];
pub const LIFECYCLE_WRITE: Call =
    Call::new(&SERVICE, "s3:DeleteBucketLifecycle").actions(&["s3:PutLifecycleConfiguration"]);
pub const WEBSITE_WRITE: Call = Call::new(&SERVICE, "s3:DeleteBucketWebsite");
pub const CORS_WRITE: Call =
    Call::new(&SERVICE, "s3:DeleteBucketCors").actions(&["s3:PutBucketCORS"]);

const LIFECYCLE: &str = "lifecycle";
const WEBSITE: &str = "website";
const CORS: &str = "cors";

/// The extras of a bucket of this account, where it is to be `compared`; three calls.
pub(super) async fn read_extras(
    reader: &Reader,
    account: &str,
    name: &str,
    compared: bool,
) -> Result<BTreeMap<String, String>, CloudError> {
    if !compared {
        return Ok(BTreeMap::new());
    }
    let (s3, caller) = (reader.client::<S3>(), &reader.caller);
    let (lifecycle, website, cors) = join3(
        caller.call("s3:GetBucketLifecycleConfiguration", || {
            let get = s3.get_bucket_lifecycle_configuration().bucket(name);
            get.expected_bucket_owner(account).send()
        }),
        caller.call("s3:GetBucketWebsite", || {
            s3.get_bucket_website().bucket(name).expected_bucket_owner(account).send()
        }),
        caller.call("s3:GetBucketCors", || {
            s3.get_bucket_cors().bucket(name).expected_bucket_owner(account).send()
        }),
    )
    .await;
    let mut found = BTreeMap::new();
    let rules = or_nothing(lifecycle)?.and_then(|answer| answer.rules).unwrap_or_default();
    if !rules.is_empty() {
        let names = rules.iter().map(|rule| rule.id().unwrap_or("a rule without an id"));
        found.insert(LIFECYCLE.to_string(), names.collect::<Vec<_>>().join(", "));
    }
    if let Some(website) = or_nothing(website)? {
        let page = website.index_document().map(|page| page.suffix().to_string());
        let host = website.redirect_all_requests_to().map(|to| format!("to {}", to.host_name()));
        if let Some(text) = page.or(host) {
            found.insert(WEBSITE.to_string(), text);
        }
    }
    let rules = or_nothing(cors)?.and_then(|answer| answer.cors_rules).unwrap_or_default();
    if !rules.is_empty() {
        let origins = rules.iter().flat_map(|rule| rule.allowed_origins());
        let origins: Vec<&str> = origins.map(String::as_str).collect();
        found.insert(CORS.to_string(), origins.join(", "));
    }
    Ok(found)
}

pub(super) async fn remove(
    writer: &Writer,
    name: &str,
    extras: &BTreeMap<String, String>,
) -> Result<(), CloudError> {
    let (s3, caller) = (writer.client::<S3>(), &writer.caller);
    for extra in extras.keys() {
        match extra.as_str() {
            LIFECYCLE => {
                let delete = || s3.delete_bucket_lifecycle().bucket(name).send();
                optional(caller.call("s3:DeleteBucketLifecycle", delete).await)?;
            }
            WEBSITE => {
                let delete = || s3.delete_bucket_website().bucket(name).send();
                optional(caller.call("s3:DeleteBucketWebsite", delete).await)?;
            }
            _ => {
                let delete = || s3.delete_bucket_cors().bucket(name).send();
                optional(caller.call("s3:DeleteBucketCors", delete).await)?;
            }
        }
    }
    Ok(())
}
