//! The account's distributions as CloudFront lists them, and what each of them uses.

use super::CloudFront;
use crate::aws::Reader;
use crate::model::CloudError;
use crate::model::text::one_line;
use crate::resources::common::paged;
use aws_sdk_cloudfront::types::DistributionSummary;

pub(super) async fn distributions(reader: &Reader) -> Result<Vec<DistributionSummary>, CloudError> {
    paged(|marker| async move {
        let list =
            || reader.client::<CloudFront>().list_distributions().set_marker(marker.clone()).send();
        let page = reader.caller.call("cloudfront:ListDistributions", list).await?;
        let list = page.distribution_list;
        Ok(list.map(|list| (list.items.unwrap_or_default(), list.next_marker)).unwrap_or_default())
    })
    .await
}

/// The distributions that use the origin access control or response headers policy with this id, as
/// `id (comment)`.
pub(super) async fn users_of(reader: &Reader, id: &str) -> Result<Vec<String>, CloudError> {
    let all = distributions(reader).await?;
    Ok(all.iter().filter(|one| uses(one, id)).map(named).collect())
}

fn named(distribution: &DistributionSummary) -> String {
    let comment = one_line(&distribution.comment);
    if comment.is_empty() {
        return distribution.id.clone();
    }
    format!("{} ({comment})", distribution.id)
}

fn uses(distribution: &DistributionSummary, id: &str) -> bool {
    let origins = distribution.origins.iter().flat_map(|all| &all.items);
    let controls = origins.filter_map(|origin| origin.origin_access_control_id.as_deref());
    let default = distribution.default_cache_behavior.iter();
    let default = default.filter_map(|behavior| behavior.response_headers_policy_id.as_deref());
    let others = distribution.cache_behaviors.iter().flat_map(|all| all.items());
    let others = others.filter_map(|behavior| behavior.response_headers_policy_id.as_deref());
    controls.chain(default).chain(others).any(|used| used == id)
}
