//! AWS::CloudFront::Distribution: the site's way out, the slowest resource of the stack (catalogue
//! section 8).
//!
//! AWS chooses its id, and it has no name: it is found by its tags, and by the marker its
//! comment begins with.

use crate::aws::{Caller, Reader, Writer};
use crate::model::call::{Call, Retry};
use crate::model::type_info::{Calls, GraphRole, Number, OutputForm, OutputKey, Pricing};
use crate::model::{CloudError, Live, Outputs, Query, Step, TypeInfo};
use crate::resources::ResourceType;
use crate::resources::cloudfront::SERVICE;
use crate::resources::cloudfront::{is_stale, names_pricing_plan};
use crate::resources::common::{FRESH, ONCE, contested, tag_changes};
use crate::resources::context::{Context, Wanted};
use crate::resources::place::{Place, in_section};
use crate::stack::Stack;
use async_trait::async_trait;
use serde_json::Value;
use spec::DistributionSpec;
use std::time::Duration;

mod convert;
mod delete;
mod desired;
mod read;
pub mod spec;
mod strangers;
mod terraform;
mod write;

pub struct Distribution;

const NO_ACCESS_CONTROL: Retry = Retry::propagation("InvalidOriginAccessControl", "", 60);
const NO_WEB_ACL: Retry = Retry::propagation("InvalidWebACLId", "", 120);
const UPDATE: Call = Call::new(&SERVICE, "cloudfront:UpdateDistribution").retries(&[
    NO_ACCESS_CONTROL,
    NO_WEB_ACL,
    Retry::propagation("NoSuchResponseHeadersPolicy", "", 60),
]);

pub const INFO: TypeInfo = TypeInfo {
    type_name: "AWS::CloudFront::Distribution",
    group: "distribution",
    volatile_outputs: &["status", "enabled", "modified", "dns_records"],
    usually: Some("3 to 6 minutes"),
    heading: "CDN",
    weight: 100,
    outputs: &[
        OutputKey { key: "site_url", attribute: "url", form: OutputForm::Single, label: "Site" },
        OutputKey {
            key: "distribution_id",
            attribute: "id",
            form: OutputForm::Single,
            label: "Distribution",
        },
        OutputKey {
            key: "dns_records",
            attribute: "dns_records",
            form: OutputForm::Lines,
            label: "DNS record",
        },
    ],
    graph: GraphRole::Node { title: "CloudFront", kind: "edge", column: 1 },
    pricing: Pricing::ByUse("requests and data sent"),
    number: Some(Number::single(500, "distributions per account")),
    terraform: terraform::blocks,
    calls: Calls {
        read: &[
            Call::new(&SERVICE, "cloudfront:ListDistributions"),
            Call::new(&SERVICE, "cloudfront:ListTagsForResource"),
            Call::new(&SERVICE, "cloudfront:GetDistribution"),
        ],
        create: &[Call::new(&SERVICE, "cloudfront:CreateDistributionWithTags")
            .actions(&["cloudfront:CreateDistribution", "cloudfront:TagResource"])
            .retries(&[NO_ACCESS_CONTROL, NO_WEB_ACL])],
        update: &[
            UPDATE,
            Call::new(&SERVICE, "cloudfront:TagResource"),
            Call::new(&SERVICE, "cloudfront:UntagResource"),
        ],
        delete: &[
            UPDATE,
            Call::new(&SERVICE, "cloudfront:DeleteDistribution").retries(&[Retry::busy(
                "DistributionNotDisabled",
                "",
                180,
            )]),
        ],
    },
    ..TypeInfo::DEFAULT
};

#[async_trait]
impl ResourceType for Distribution {
    fn info(&self) -> &'static TypeInfo {
        &INFO
    }

    fn schema(&self) -> schemars::Schema {
        schemars::schema_for!(DistributionSpec)
    }

    fn desired(&self, context: &Context<'_>, wanted: &mut Wanted) -> Result<(), CloudError> {
        desired::distribution(context, wanted);
        Ok(())
    }

    fn places(&self, _stack: &Stack) -> Vec<Place> {
        in_section("cdn", &["site"])
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

    async fn wait_served(
        &self,
        caller: &Caller,
        reader: &Reader,
        outputs: &Outputs,
    ) -> Result<(), CloudError> {
        wait_deployed(caller, reader, outputs).await.map(|_| ())
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
