//! Settings of a live bucket that no stack has: each is an entry of `extras`, which is drift, and
//! is taken away. A website and a CORS rule open the site's files past the distribution. Foreign
//! lifecycle rules are extras too: `lifecycle` reads and replaces them.

use crate::aws::{Reader, Writer};
use crate::model::CloudError;
use crate::model::call::Call;
use crate::model::cloud_error::optional;
use crate::resources::common::or_nothing;
use crate::resources::s3::{S3, SERVICE};
use futures_util::future::join;
use std::collections::BTreeMap;

pub const READS: [Call; 2] = [
    Call::new(&SERVICE, "s3:GetBucketWebsite"),
    Call::new(&SERVICE, "s3:GetBucketCors").actions(&["s3:GetBucketCORS"]),
];
pub const WEBSITE_WRITE: Call = Call::new(&SERVICE, "s3:DeleteBucketWebsite");
pub const CORS_WRITE: Call =
    Call::new(&SERVICE, "s3:DeleteBucketCors").actions(&["s3:PutBucketCORS"]);

const WEBSITE: &str = "website";
const CORS: &str = "cors";

/// The extras of a bucket of this account, where it is to be `compared`; two calls.
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
    let (website, cors) = join(
        caller.call("s3:GetBucketWebsite", || {
            s3.get_bucket_website().bucket(name).expected_bucket_owner(account).send()
        }),
        caller.call("s3:GetBucketCors", || {
            s3.get_bucket_cors().bucket(name).expected_bucket_owner(account).send()
        }),
    )
    .await;
    let mut found = BTreeMap::new();
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
            WEBSITE => {
                let delete = || s3.delete_bucket_website().bucket(name).send();
                optional(caller.call("s3:DeleteBucketWebsite", delete).await)?;
            }
            CORS => {
                let delete = || s3.delete_bucket_cors().bucket(name).send();
                optional(caller.call("s3:DeleteBucketCors", delete).await)?;
            }
            _ => {}
        }
    }
    Ok(())
}
