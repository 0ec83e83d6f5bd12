//! AWS::CloudFront::Distribution: the site's way out, the slowest resource of the stack (catalogue
//! section 8).
//!
//! AWS makes its id and its name is nobody's: it is found by its tags, and by the marker its
//! comment begins with.

use crate::aws::{Caller, Reader, Writer};
use crate::model::{CloudError, Live, Outputs, Query, Step, TypeInfo};
use crate::resources::ResourceType;
use crate::resources::cloudfront::{is_stale, names_pricing_plan};
use crate::resources::common::{FRESH, ONCE, contested, tag_changes};
use async_trait::async_trait;
use serde_json::Value;
use spec::DistributionSpec;
use std::time::Duration;

mod convert;
mod delete;
mod read;
pub mod spec;
mod strangers;
mod write;

pub struct Distribution;

pub const INFO: TypeInfo = TypeInfo {
    type_name: "AWS::CloudFront::Distribution",
    group: "distribution",
    read_after: &[],
    delete_after: &[],
    contained_in: None,
    replace_on: &[],
    volatile_outputs: &["status", "enabled", "modified"],
    holds_data: false,
    usually: Some("3 to 6 minutes"),
    permissions: &[
        (
            "read",
            &[
                "cloudfront:GetDistribution",
                "cloudfront:ListDistributions",
                "cloudfront:ListTagsForResource",
                "tag:GetResources",
            ],
        ),
        (
            "create",
            &[
                "cloudfront:CreateDistribution",
                "cloudfront:TagResource",
                "cloudfront:GetDistribution",
                "cloudfront:ListDistributions",
                "cloudfront:ListTagsForResource",
                "cloudfront:UpdateDistribution",
            ],
        ),
        (
            "update",
            &[
                "cloudfront:GetDistribution",
                "cloudfront:UpdateDistribution",
                "cloudfront:TagResource",
                "cloudfront:UntagResource",
            ],
        ),
        (
            "delete",
            &[
                "cloudfront:GetDistribution",
                "cloudfront:UpdateDistribution",
                "cloudfront:DeleteDistribution",
            ],
        ),
    ],
};

#[async_trait]
impl ResourceType for Distribution {
    fn info(&self) -> &'static TypeInfo {
        &INFO
    }

    fn schema(&self) -> schemars::Schema {
        schemars::schema_for!(DistributionSpec)
    }

    async fn discover(&self, reader: &Reader, query: &Query<'_>) -> Result<Vec<Live>, CloudError> {
        match read::discover(reader, query).await {
            Err(error) if crate::resources::common::lacks_listing(reader, &error) => {
                Ok(query.wanted.iter().map(|d| Live::not_emulated(d)).collect())
            }
            other => other,
        }
    }

    async fn create(
        &self,
        writer: &Writer,
        step: &Step,
        wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        write::create(writer, step, wanted).await
    }

    async fn update(
        &self,
        writer: &Writer,
        _: &Step,
        live: &Live,
        wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        write::update(writer, live, wanted).await
    }

    async fn delete(&self, writer: &Writer, live: &Live) -> Result<(), CloudError> {
        delete::delete(writer, live.output("id")?).await
    }
}

/// Waits until the distribution of these outputs serves what was sent last from every edge. For
/// `--wait deployed`.
///
/// A read may lag behind the write before it, and then shows no distribution at all or the old one,
/// which is Deployed (catalogue 8.3, 8.4): what counts is a read that is not older than `modified`,
/// the moment of that write.
///
/// Errors: the distribution is gone, or it takes longer than 40 minutes.
pub async fn wait_deployed(
    caller: &Caller,
    reader: &Reader,
    made: &Outputs,
) -> Result<(), CloudError> {
    let missing = || CloudError::shape("the distribution's outputs", "id");
    let id = made.get("id").ok_or_else(missing)?;
    let since: i64 = made.get("modified").and_then(|at| at.parse().ok()).unwrap_or(i64::MIN);
    caller
        .wait_until(
            "distribution to be Deployed (usually 3 to 6 minutes)",
            Duration::from_secs(5),
            Duration::from_secs(2400),
            || async {
                let seen = read::get(caller, reader, id, FRESH).await?;
                Ok((seen.status == "Deployed" && seen.modified >= since).then_some(()))
            },
        )
        .await
}
