//! The private bucket of a stack's site.

use super::INFO;
use super::spec::{BucketSpec, Lifecycle};
use crate::model::tag;
use crate::resources::context::{Context, Wanted};
use std::collections::BTreeMap;

/// Long enough to go back from a bad deploy that was noticed weeks later.
const OLD_VERSIONS_DAYS: i32 = 30;
/// No upload of the site takes a day.
const BROKEN_UPLOADS_DAYS: i32 = 7;

pub(super) fn bucket(context: &Context<'_>, wanted: &mut Wanted) {
    let (Some(site), Some(_)) = (&context.stack.site, &context.stack.cdn) else { return };
    let mut tags = context.tags("site");
    if site.protect.unwrap_or(!context.is_ephemeral()) {
        // Buckets have no protection against deletion of their own: it lives in a tag, so that a
        // site that leaves stack.yaml cannot lift it.
        tags.insert(tag::PROTECT.into(), "true".into());
    }
    let spec = BucketSpec {
        tags,
        block_public_acls: true,
        ignore_public_acls: true,
        block_public_policy: true,
        restrict_public_buckets: true,
        object_ownership: "BucketOwnerEnforced".into(),
        encryption: "AES256".into(),
        versioning: "Enabled".into(),
        lifecycle: Some(Lifecycle {
            old_versions_days: site.old_versions_days.unwrap_or(OLD_VERSIONS_DAYS),
            broken_uploads_days: BROKEN_UPLOADS_DAYS,
        }),
        extras: BTreeMap::new(),
    };
    wanted.push(context.resource(&INFO, "site", context.scope.bucket_name(), &spec));
}
