//! AWS::CloudFront::ResponseHeadersPolicy: the security headers of the site.
//!
//! It cannot be tagged: its comment carries the ownership marker, and its name is unique in the
//! account.

use crate::aws::{Reader, Writer};
use crate::model::call::{Call, Retry};
use crate::model::cloud_error::optional;
use crate::model::spec::{from_value, to_value};
use crate::model::type_info::{Calls, GraphRole, Pricing};
use crate::model::{After, CloudError, Live, Outputs, Owner, Query, Scope, Step, TypeInfo};
use crate::resources::ResourceType;
use crate::resources::cloudfront::CloudFront;
use crate::resources::cloudfront::SERVICE;
use crate::resources::common::paged;
use crate::resources::context::{Context, Wanted};
use async_trait::async_trait;
use aws_sdk_cloudfront::types::{ResponseHeadersPolicyConfig, ResponseHeadersPolicyType};
use serde_json::Value;
use spec::ResponseHeadersSpec;

mod convert;
mod desired;
pub mod spec;
mod terraform;

pub struct ResponseHeadersPolicy;

pub const INFO: TypeInfo = TypeInfo {
    type_name: "AWS::CloudFront::ResponseHeadersPolicy",
    group: "headers",
    delete_after: &[After::every("AWS::CloudFront::Distribution")],
    heading: "CDN",
    graph: GraphRole::PartOf(|_| "distribution"),
    pricing: Pricing::ByUse("nothing"),
    terraform: terraform::blocks,
    calls: Calls {
        read: &[
            Call::new(&SERVICE, "cloudfront:ListResponseHeadersPolicies"),
            Call::new(&SERVICE, "cloudfront:GetResponseHeadersPolicy"),
        ],
        create: &[
            Call::new(&SERVICE, "cloudfront:CreateResponseHeadersPolicy"),
            Call::new(&SERVICE, "cloudfront:UpdateResponseHeadersPolicy"),
        ],
        update: &[Call::new(&SERVICE, "cloudfront:UpdateResponseHeadersPolicy")],
        delete: &[Call::new(&SERVICE, "cloudfront:DeleteResponseHeadersPolicy")
            .retries(&[Retry::busy("ResponseHeadersPolicyInUse", "", 300)])],
    },
    ..TypeInfo::DEFAULT
};

/// A policy as the listing shows it.
struct Seen {
    id: String,
    config: ResponseHeadersPolicyConfig,
}

#[async_trait]
impl ResourceType for ResponseHeadersPolicy {
    fn info(&self) -> &'static TypeInfo {
        &INFO
    }

    fn schema(&self) -> schemars::Schema {
        schemars::schema_for!(ResponseHeadersSpec)
    }

    fn desired(&self, context: &Context<'_>, wanted: &mut Wanted) -> Result<(), CloudError> {
        desired::headers(context, wanted);
        Ok(())
    }

    async fn discover(&self, reader: &Reader, query: &Query<'_>) -> Result<Vec<Live>, CloudError> {
        let policies = match list(reader).await {
            Err(error) if crate::resources::common::lacks_listing(reader, &error) => {
                return Ok(query.wanted.iter().map(|d| Live::not_emulated(d)).collect());
            }
            other => other?,
        };
        Ok(policies.iter().filter_map(|seen| describe(query, seen)).collect())
    }

    async fn create(
        &self,
        writer: &Writer,
        step: &Step,
        wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        let wanted: ResponseHeadersSpec = from_value(wanted)?;
        let config = convert::to_config(&step.name, &wanted)?;
        let made = writer
            .caller
            .call("cloudfront:CreateResponseHeadersPolicy", || {
                let create = writer.client::<CloudFront>().create_response_headers_policy();
                create.response_headers_policy_config(config.clone()).send()
            })
            .await;
        match made {
            // An earlier try whose answer was lost, or somebody who was faster.
            Err(error) if error.code == "ResponseHeadersPolicyAlreadyExists" => {
                let look = || adopt(writer, step, &config);
                crate::resources::common::listed(writer, &step.name, look)
                    .await?
                    .map(|id| outputs(&id))
                    .ok_or(error)
            }
            Err(error) => Err(error),
            Ok(answer) => {
                answer.response_headers_policy.map(|policy| outputs(&policy.id)).ok_or_else(|| {
                    CloudError::shape(
                        "cloudfront CreateResponseHeadersPolicy",
                        "ResponseHeadersPolicy",
                    )
                })
            }
        }
    }

    async fn update(
        &self,
        writer: &Writer,
        step: &Step,
        live: &Live,
        wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        let wanted: ResponseHeadersSpec = from_value(wanted)?;
        change(writer, live.output("id")?, &convert::to_config(&step.name, &wanted)?).await?;
        Ok(live.outputs.clone())
    }

    async fn delete(&self, writer: &Writer, live: &Live) -> Result<(), CloudError> {
        let id = live.output("id")?;
        let deleted = crate::resources::cloudfront::with_fresh_etag(
            &format!("the response headers policy {id}"),
            || etag(writer, id),
            |etag| async move {
                writer
                    .caller
                    .call("cloudfront:DeleteResponseHeadersPolicy", || {
                        writer
                            .client::<CloudFront>()
                            .delete_response_headers_policy()
                            .id(id)
                            .if_match(&etag)
                            .send()
                    })
                    .await
            },
        )
        .await;
        optional(deleted).map(|_| ())
    }
}

/// All policies of the account's own; the listing carries their whole configuration.
async fn list(reader: &Reader) -> Result<Vec<Seen>, CloudError> {
    paged(|marker| async move {
        let page = reader
            .caller
            .call("cloudfront:ListResponseHeadersPolicies", || {
                let list = reader
                    .client::<CloudFront>()
                    .list_response_headers_policies()
                    .r#type(ResponseHeadersPolicyType::Custom);
                list.set_marker(marker.clone()).send()
            })
            .await?;
        let Some(list) = page.response_headers_policy_list else {
            return Ok((vec![], None));
        };
        let policies =
            list.items.unwrap_or_default().into_iter().filter_map(|s| s.response_headers_policy);
        let seen = policies
            .filter_map(|p| Some(Seen { id: p.id, config: p.response_headers_policy_config? }));
        Ok((seen.collect(), list.next_marker))
    })
    .await
}

/// Turns a listed policy into a live resource; `None` when it is neither wanted nor ours.
fn describe(query: &Query<'_>, seen: &Seen) -> Option<Live> {
    let (name, comment) = (&seen.config.name, seen.config.comment.as_deref().unwrap_or_default());
    let desired = query.wanted.iter().find(|d| &d.name == name);
    let (id, owner) = (Scope::id_of_marker(comment), query.scope.owner_of_marker(comment));
    let derived = |id: &str| &query.scope.name(id) == name;
    let (address, owner) =
        query.claim_as(INFO.group, name, desired.copied(), id, owner, derived)?;
    let mut live =
        Live::new(address, INFO.type_name, name, to_value(&convert::to_spec(&seen.config)));
    live.outputs = outputs(&seen.id);
    live.owner = owner;
    Some(live)
}

/// The id of a policy of that name that is ours, brought in line with `config`. Errors: `Foreign`.
async fn adopt(
    writer: &Writer,
    step: &Step,
    config: &ResponseHeadersPolicyConfig,
) -> Result<Option<String>, CloudError> {
    let all = list(&writer.reader).await?;
    let Some(found) = all.into_iter().find(|seen| seen.config.name == step.name) else {
        return Ok(None);
    };
    if let Owner::Foreign(says) =
        writer.scope.owner_of_marker(found.config.comment.as_deref().unwrap_or_default())
    {
        return Err(crate::resources::common::foreign("response headers policy", step, &says));
    }
    change(writer, &found.id, config).await?;
    Ok(Some(found.id))
}

async fn change(
    writer: &Writer,
    id: &str,
    config: &ResponseHeadersPolicyConfig,
) -> Result<(), CloudError> {
    crate::resources::cloudfront::with_fresh_etag(
        &format!("the response headers policy {id}"),
        || etag(writer, id),
        |etag| async move {
            writer
                .caller
                .call("cloudfront:UpdateResponseHeadersPolicy", || {
                    let update = writer
                        .client::<CloudFront>()
                        .update_response_headers_policy()
                        .id(id)
                        .if_match(&etag);
                    update.response_headers_policy_config(config.clone()).send()
                })
                .await
        },
    )
    .await
    .map(|_| ())
}

async fn etag(writer: &Writer, id: &str) -> Result<String, CloudError> {
    let answer = writer
        .caller
        .call("cloudfront:GetResponseHeadersPolicy", || {
            writer.reader.client::<CloudFront>().get_response_headers_policy().id(id).send()
        })
        .await?;
    answer.e_tag.ok_or_else(|| CloudError::shape("cloudfront GetResponseHeadersPolicy", "ETag"))
}

fn outputs(id: &str) -> Outputs {
    Outputs::from([("id".to_string(), id.to_string())])
}
