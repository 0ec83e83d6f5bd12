//! What an account holds of buckets, with their policies and objects.

use crate::support::clients::Clients;
use crate::support::inventory::{Inventory, sorted};

pub async fn add(all: &mut Inventory, clients: &Clients) {
    let prefix = all.prefix();
    let s3 = &clients.s3;
    let buckets = s3.list_buckets().send().await.unwrap();
    for bucket in
        buckets.buckets().iter().filter_map(|b| b.name()).filter(|n| n.starts_with(&prefix))
    {
        let versioning = s3.get_bucket_versioning().bucket(bucket).send().await.unwrap().status;
        let access = s3.get_public_access_block().bucket(bucket).send().await.ok();
        let encryption = s3.get_bucket_encryption().bucket(bucket).send().await.ok();
        let ownership = s3.get_bucket_ownership_controls().bucket(bucket).send().await.ok();
        let policy = s3.get_bucket_policy().bucket(bucket).send().await.ok().and_then(|p| p.policy);
        let tags = s3.get_bucket_tagging().bucket(bucket).send().await.ok();
        let text = format!(
            "{versioning:?} {:?} {:?} {:?} {policy:?} tags {}",
            access.and_then(|a| a.public_access_block_configuration),
            encryption.and_then(|e| e.server_side_encryption_configuration),
            ownership.and_then(|o| o.ownership_controls),
            sorted(tags.iter().flat_map(|t| t.tag_set())),
        );
        all.add(format!("bucket {bucket}"), text);
        let listed = s3.list_objects_v2().bucket(bucket).send().await.unwrap();
        for key in listed.contents().iter().filter_map(|o| o.key()) {
            let object = s3.get_object().bucket(bucket).key(key).send().await.unwrap();
            let (kind, cache) = (object.content_type.clone(), object.cache_control.clone());
            let body = object.body.collect().await.unwrap().into_bytes();
            let text = format!("{kind:?} {cache:?} {}", steady(&String::from_utf8_lossy(&body)));
            all.add(format!("object {bucket} {key}"), text);
        }
    }
}

/// The site's manifest without the hash of config.json, which names the API by its id.
fn steady(body: &str) -> String {
    let Some((before, rest)) = body.split_once(r#""config.json":{"md5":""#) else {
        return body.into();
    };
    let rest = rest.split_once('"').map_or("", |(_, rest)| rest);
    format!("{before}{rest}")
}

/// Names of all buckets.
pub async fn names(clients: &Clients) -> Vec<String> {
    let listed = clients.s3.list_buckets().send().await.unwrap();
    listed.buckets.unwrap_or_default().into_iter().filter_map(|bucket| bucket.name).collect()
}
