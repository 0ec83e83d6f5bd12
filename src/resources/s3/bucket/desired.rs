//! The private bucket of a stack's site.

use super::INFO;
use super::spec::BucketSpec;
use crate::model::tag;
use crate::resources::context::{Context, Wanted};
use std::collections::BTreeMap;

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
        extras: BTreeMap::new(),
    };
    wanted.push(context.resource(&INFO, "site", context.scope.bucket_name(), &spec));
}
