//! AWS::CloudFront::OriginAccessControl: lets the distribution, and nothing else, read the bucket
//! (catalogue 8.1).
//!
//! It cannot be tagged: its description carries the ownership marker, and its name is unique in the
//! account.

use crate::aws::{Reader, Writer};
use crate::model::call::{Call, Retry};
use crate::model::cloud_error::optional;
use crate::model::spec::{from_value, to_value};
use crate::model::terraform::{Block, Exported};
use crate::model::type_info::{Calls, GraphRole, Pricing};
use crate::model::{After, CloudError, Live, Outputs, Owner, Query, Scope, Step, TypeInfo};
use crate::resources::ResourceType;
use crate::resources::cloudfront::CloudFront;
use crate::resources::cloudfront::SERVICE;
use crate::resources::common::paged;
use crate::resources::context::{Context, Wanted};
use async_trait::async_trait;
use aws_sdk_cloudfront::types::{OriginAccessControlConfig, OriginAccessControlSummary};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub struct OriginAccessControl;

/// `AWS::CloudFront::OriginAccessControl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OacSpec {
    /// Carries the ownership marker: an OAC cannot be tagged.
    pub description: String,
    pub origin_type: String,
    pub signing_behavior: String,
    pub signing_protocol: String,
}

pub const INFO: TypeInfo = TypeInfo {
    type_name: "AWS::CloudFront::OriginAccessControl",
    group: "oac",
    name_limit: 64,
    delete_after: &[After::every("AWS::CloudFront::Distribution")],
    heading: "CDN",
    graph: GraphRole::PartOf(|_| "distribution"),
    pricing: Pricing::ByUse("nothing"),
    terraform: blocks,
    calls: Calls {
        read: &[
            Call::new(&SERVICE, "cloudfront:ListOriginAccessControls"),
            Call::new(&SERVICE, "cloudfront:GetOriginAccessControl"),
        ],
        create: &[
            Call::new(&SERVICE, "cloudfront:CreateOriginAccessControl"),
            Call::new(&SERVICE, "cloudfront:UpdateOriginAccessControl"),
        ],
        update: &[Call::new(&SERVICE, "cloudfront:UpdateOriginAccessControl")],
        delete: &[Call::new(&SERVICE, "cloudfront:DeleteOriginAccessControl")
            .retries(&[Retry::busy("OriginAccessControlInUse", "", 300)])],
    },
    ..TypeInfo::DEFAULT
};

/// The OAC as a block of Terraform's AWS provider.
fn blocks(oac: &Exported<'_>) -> Vec<Block> {
    let values = json!({
        "name": oac.name, "description": oac.get("description"),
        "origin_access_control_origin_type": oac.get("origin_type"),
        "signing_behavior": oac.get("signing_behavior"),
        "signing_protocol": oac.get("signing_protocol"),
    });
    vec![Block::new("aws_cloudfront_origin_access_control", oac.address.id(), values)]
}

#[async_trait]
impl ResourceType for OriginAccessControl {
    fn info(&self) -> &'static TypeInfo {
        &INFO
    }

    fn schema(&self) -> schemars::Schema {
        schemars::schema_for!(OacSpec)
    }

    fn desired(&self, context: &Context<'_>, wanted: &mut Wanted) -> Result<(), CloudError> {
        if context.stack.site.is_some() && context.stack.cdn.is_some() {
            let spec = OacSpec {
                description: context.scope.marker("site"),
                origin_type: "s3".into(),
                signing_behavior: "always".into(),
                signing_protocol: "sigv4".into(),
            };
            wanted.push(context.resource(&INFO, "site", context.scope.name("site"), &spec));
        }
        Ok(())
    }

    async fn discover(&self, reader: &Reader, query: &Query<'_>) -> Result<Vec<Live>, CloudError> {
        let summaries = match list(reader).await {
            Err(error) if crate::resources::common::lacks_listing(reader, &error) => {
                return Ok(query.wanted.iter().map(|d| Live::not_emulated(d)).collect());
            }
            other => other?,
        };
        Ok(summaries.iter().filter_map(|summary| describe(query, summary)).collect())
    }

    async fn create(
        &self,
        writer: &Writer,
        step: &Step,
        wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        let wanted: OacSpec = from_value(wanted)?;
        if let Some(id) = adopt(writer, step, &wanted).await? {
            return Ok(outputs(&id));
        }
        let config = config(&step.name, &wanted)?;
        let made = writer
            .caller
            .call("cloudfront:CreateOriginAccessControl", || {
                let create = writer.client::<CloudFront>().create_origin_access_control();
                create.origin_access_control_config(config.clone()).send()
            })
            .await;
        match made {
            // An earlier try whose answer was lost, or somebody who was faster.
            Err(error) if error.code == "OriginAccessControlAlreadyExists" => {
                let look = || adopt(writer, step, &wanted);
                crate::resources::common::listed(writer, &step.name, look)
                    .await?
                    .map(|id| outputs(&id))
                    .ok_or(error)
            }
            Err(error) => Err(error),
            Ok(answer) => {
                answer.origin_access_control.map(|oac| outputs(&oac.id)).ok_or_else(|| {
                    CloudError::shape("cloudfront CreateOriginAccessControl", "OriginAccessControl")
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
        let wanted: OacSpec = from_value(wanted)?;
        change(writer, live.output("id")?, &config(&step.name, &wanted)?).await?;
        Ok(live.outputs.clone())
    }

    async fn delete(&self, writer: &Writer, live: &Live) -> Result<(), CloudError> {
        let id = live.output("id")?;
        let deleted = crate::resources::cloudfront::with_fresh_etag(
            &format!("the origin access control {id}"),
            || etag(writer, id),
            |etag| async move {
                writer
                    .caller
                    .call("cloudfront:DeleteOriginAccessControl", || {
                        writer
                            .client::<CloudFront>()
                            .delete_origin_access_control()
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

async fn list(reader: &Reader) -> Result<Vec<OriginAccessControlSummary>, CloudError> {
    paged(|marker| async move {
        let page = reader
            .caller
            .call("cloudfront:ListOriginAccessControls", || {
                reader
                    .client::<CloudFront>()
                    .list_origin_access_controls()
                    .set_marker(marker.clone())
                    .send()
            })
            .await?;
        let list = page.origin_access_control_list;
        Ok(list.map(|list| (list.items.unwrap_or_default(), list.next_marker)).unwrap_or_default())
    })
    .await
}

/// Turns a listed control into a live resource; `None` when it is neither wanted nor ours.
fn describe(query: &Query<'_>, summary: &OriginAccessControlSummary) -> Option<Live> {
    let desired = query.wanted.iter().find(|d| d.name == summary.name);
    let marker = &summary.description;
    let (id, owner) = (Scope::id_of_marker(marker), query.scope.owner_of_marker(marker));
    let derived = |id: &str| query.scope.name(id) == summary.name;
    let (address, owner) =
        query.claim_as(INFO.group, &summary.name, desired.copied(), id, owner, derived)?;
    let spec = OacSpec {
        description: summary.description.clone(),
        origin_type: summary.origin_access_control_origin_type.as_str().to_string(),
        signing_behavior: summary.signing_behavior.as_str().to_string(),
        signing_protocol: summary.signing_protocol.as_str().to_string(),
    };
    let mut live = Live::new(address, INFO.type_name, &summary.name, to_value(&spec));
    live.outputs = outputs(&summary.id);
    live.owner = owner;
    Some(live)
}

/// The id of a control of that name that is ours, brought in line with `wanted`. Errors: `Foreign`.
async fn adopt(
    writer: &Writer,
    step: &Step,
    wanted: &OacSpec,
) -> Result<Option<String>, CloudError> {
    let all = list(&writer.reader).await?;
    let Some(found) = all.into_iter().find(|summary| summary.name == step.name) else {
        return Ok(None);
    };
    if let Owner::Foreign(says) = writer.scope.owner_of_marker(&found.description) {
        return Err(crate::resources::common::foreign("origin access control", step, &says));
    }
    change(writer, &found.id, &config(&step.name, wanted)?).await?;
    Ok(Some(found.id))
}

async fn change(
    writer: &Writer,
    id: &str,
    config: &OriginAccessControlConfig,
) -> Result<(), CloudError> {
    crate::resources::cloudfront::with_fresh_etag(
        &format!("the origin access control {id}"),
        || etag(writer, id),
        |etag| async move {
            writer
                .caller
                .call("cloudfront:UpdateOriginAccessControl", || {
                    let update = writer
                        .client::<CloudFront>()
                        .update_origin_access_control()
                        .id(id)
                        .if_match(&etag);
                    update.origin_access_control_config(config.clone()).send()
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
        .call("cloudfront:GetOriginAccessControl", || {
            writer.reader.client::<CloudFront>().get_origin_access_control().id(id).send()
        })
        .await?;
    answer.e_tag.ok_or_else(|| CloudError::shape("cloudfront GetOriginAccessControl", "ETag"))
}

fn config(name: &str, wanted: &OacSpec) -> Result<OriginAccessControlConfig, CloudError> {
    OriginAccessControlConfig::builder()
        .name(name)
        .description(&wanted.description)
        .origin_access_control_origin_type(wanted.origin_type.as_str().into())
        .signing_behavior(wanted.signing_behavior.as_str().into())
        .signing_protocol(wanted.signing_protocol.as_str().into())
        .build()
        .map_err(|error| CloudError::shape("building an origin access control", &error.to_string()))
}

fn outputs(id: &str) -> Outputs {
    Outputs::from([("id".to_string(), id.to_string())])
}
