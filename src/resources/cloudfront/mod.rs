//! CloudFront: what its types share, which is how ETags are handled.

pub mod distribution;
pub mod headers;
mod listing;
mod named;
pub mod oac;

use crate::aws::connections::reads_only;
use crate::model::CloudError;
use crate::model::call::Service;
use crate::resources::common::contested;

reads_only! {
    /// CloudFront, reads only.
    reads::CloudFront(aws_sdk_cloudfront, global) {
        get_distribution: GetDistributionFluentBuilder,
        get_origin_access_control: GetOriginAccessControlFluentBuilder,
        get_response_headers_policy: GetResponseHeadersPolicyFluentBuilder,
        list_distributions: ListDistributionsFluentBuilder,
        list_origin_access_controls: ListOriginAccessControlsFluentBuilder,
        list_response_headers_policies: ListResponseHeadersPoliciesFluentBuilder,
        list_tags_for_resource: ListTagsForResourceFluentBuilder,
    }
}

/// Rules for every CloudFront operation.
pub const SERVICE: Service = Service {
    not_found: &[
        "NoSuchDistribution",
        "NoSuchOriginAccessControl",
        "NoSuchResponseHeadersPolicy",
        "NoSuchResource",
    ],
    ..Service::DEFAULT
};

/// True where CloudFront's `If-Match` was stale: somebody else, or a propagation that ended,
/// changed the ETag.
///
/// The same code refuses to delete a distribution in a pricing plan, which no newer ETag changes.
pub(crate) fn is_stale(error: &CloudError) -> bool {
    matches!(error.code.as_str(), "PreconditionFailed" | "InvalidIfMatchVersion")
        && !names_pricing_plan(error)
}

/// True where a flat-rate pricing plan, which is subscribed to in CloudFront's console, forbids
/// what was asked for.
pub(crate) fn names_pricing_plan(error: &CloudError) -> bool {
    error.message.to_lowercase().contains("pricing plan")
}

/// Runs a write that needs an ETag; one that went stale in between is read again, once (catalogue
/// 1.7).
pub(crate) async fn with_fresh_etag<T, G, W>(
    what: &str,
    read: impl Fn() -> G,
    write: impl Fn(String) -> W,
) -> Result<T, CloudError>
where
    G: Future<Output = Result<String, CloudError>>,
    W: Future<Output = Result<T, CloudError>>,
{
    match write(read().await?).await {
        Err(error) if is_stale(&error) => match write(read().await?).await {
            Err(error) if is_stale(&error) => Err(contested(what, error)),
            other => other,
        },
        other => other,
    }
}
