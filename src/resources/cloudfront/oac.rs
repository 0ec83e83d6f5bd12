//! AWS::CloudFront::OriginAccessControl: lets distributions sign their requests to a bucket, whose
//! policy then names the one that may read (catalogue 8.1).
//!
//! It says nothing of a stack, and an account may have 100: one serves all environments.

use super::named::{self, Named, Seen};
use super::{CloudFront, SERVICE};
use crate::aws::{Reader, Writer};
use crate::model::call::{Call, Retry};
use crate::model::scope::shared_marker;
use crate::model::terraform::{Block, Exported};
use crate::model::type_info::{Calls, GraphRole, Number, Pricing};
use crate::model::{After, CloudError, Live, Outputs, Query, SharedPiece, Step, TypeInfo};
use crate::resources::ResourceType;
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
    /// Begins with the marker: an OAC cannot be tagged.
    pub description: String,
    pub origin_type: String,
    pub signing_behavior: String,
    pub signing_protocol: String,
}

/// Logical id of the one that all environments share.
pub(crate) const SHARED: &str = "shared";
/// Its name.
const NAME: &str = "shopstack";

pub const INFO: TypeInfo = TypeInfo {
    type_name: "AWS::CloudFront::OriginAccessControl",
    group: "oac",
    name_limit: 64,
    delete_after: &[After::all_of("AWS::CloudFront::Distribution")],
    heading: "CDN",
    graph: GraphRole::PartOf(|_| "distribution"),
    pricing: Pricing::ByUse("nothing"),
    number: Some(Number::single(100, "origin access controls per account")),
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
                description: shared_marker("the distributions of all stacks of this account"),
                origin_type: "s3".into(),
                signing_behavior: "always".into(),
                signing_protocol: "sigv4".into(),
            };
            wanted.push(context.resource(&INFO, SHARED, NAME.into(), &spec));
        }
        Ok(())
    }

    async fn discover(&self, reader: &Reader, query: &Query<'_>) -> Result<Vec<Live>, CloudError> {
        named::discover::<Self>(reader, query).await
    }

    async fn create(
        &self,
        writer: &Writer,
        step: &Step,
        wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        named::create::<Self>(writer, step, wanted).await
    }

    async fn update(
        &self,
        writer: &Writer,
        step: &Step,
        live: &Live,
        wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        named::update::<Self>(writer, step, live, wanted).await
    }

    async fn delete(&self, writer: &Writer, live: &Live) -> Result<(), CloudError> {
        named::delete::<Self>(writer, live).await
    }

    async fn shared(&self, reader: &Reader) -> Result<Vec<SharedPiece>, CloudError> {
        named::shared::<Self>(reader).await
    }

    async fn remove_shared(
        &self,
        writer: &Writer,
        piece: &SharedPiece,
        _elsewhere: &[Reader],
    ) -> Result<Option<String>, CloudError> {
        named::remove_shared::<Self>(writer, piece).await
    }
}

fn config_of(summary: OriginAccessControlSummary) -> Option<Seen<OriginAccessControlConfig>> {
    let config = OriginAccessControlConfig::builder()
        .name(&summary.name)
        .description(&summary.description)
        .origin_access_control_origin_type(summary.origin_access_control_origin_type)
        .signing_behavior(summary.signing_behavior)
        .signing_protocol(summary.signing_protocol)
        .build()
        .ok()?;
    Some(Seen { id: summary.id, name: summary.name, marker: summary.description, config })
}

#[async_trait]
impl Named for OriginAccessControl {
    const INFO: &'static TypeInfo = &INFO;
    const NOUN: &'static str = "origin access control";
    const TAKEN: &'static str = "OriginAccessControlAlreadyExists";
    type Config = OriginAccessControlConfig;
    type Spec = OacSpec;

    fn to_spec(config: &OriginAccessControlConfig) -> OacSpec {
        OacSpec {
            description: config.description.clone().unwrap_or_default(),
            origin_type: config.origin_access_control_origin_type.as_str().to_string(),
            signing_behavior: config.signing_behavior.as_str().to_string(),
            signing_protocol: config.signing_protocol.as_str().to_string(),
        }
    }

    fn to_config(name: &str, spec: &OacSpec) -> Result<OriginAccessControlConfig, CloudError> {
        OriginAccessControlConfig::builder()
            .name(name)
            .description(&spec.description)
            .origin_access_control_origin_type(spec.origin_type.as_str().into())
            .signing_behavior(spec.signing_behavior.as_str().into())
            .signing_protocol(spec.signing_protocol.as_str().into())
            .build()
            .map_err(|e| CloudError::shape("building an origin access control", &e.to_string()))
    }

    async fn list(reader: &Reader) -> Result<Vec<Seen<OriginAccessControlConfig>>, CloudError> {
        let summaries = paged(|marker| async move {
            let list = || {
                reader
                    .client::<CloudFront>()
                    .list_origin_access_controls()
                    .set_marker(marker.clone())
                    .send()
            };
            let page = reader.caller.call("cloudfront:ListOriginAccessControls", list).await?;
            let list = page.origin_access_control_list;
            Ok(list
                .map(|list| (list.items.unwrap_or_default(), list.next_marker))
                .unwrap_or_default())
        });
        Ok(summaries.await?.into_iter().filter_map(config_of).collect())
    }

    async fn etag(writer: &Writer, id: &str) -> Result<String, CloudError> {
        let get = || writer.reader.client::<CloudFront>().get_origin_access_control().id(id).send();
        let answer = writer.caller.call("cloudfront:GetOriginAccessControl", get).await?;
        answer.e_tag.ok_or_else(|| CloudError::shape("cloudfront GetOriginAccessControl", "ETag"))
    }

    async fn create(
        writer: &Writer,
        config: OriginAccessControlConfig,
    ) -> Result<String, CloudError> {
        let client = writer.client::<CloudFront>();
        let create = || {
            client
                .create_origin_access_control()
                .origin_access_control_config(config.clone())
                .send()
        };
        let answer = writer.caller.call("cloudfront:CreateOriginAccessControl", create).await?;
        let missing = || CloudError::shape("cloudfront CreateOriginAccessControl", "Id");
        answer.origin_access_control.map(|made| made.id).ok_or_else(missing)
    }

    async fn update(
        writer: &Writer,
        id: &str,
        etag: &str,
        config: OriginAccessControlConfig,
    ) -> Result<(), CloudError> {
        let client = writer.client::<CloudFront>();
        let update = || {
            let update = client.update_origin_access_control().id(id).if_match(etag);
            update.origin_access_control_config(config.clone()).send()
        };
        writer.caller.call("cloudfront:UpdateOriginAccessControl", update).await.map(|_| ())
    }

    async fn delete(writer: &Writer, id: &str, etag: &str) -> Result<(), CloudError> {
        let client = writer.client::<CloudFront>();
        let delete = || client.delete_origin_access_control().id(id).if_match(etag).send();
        writer.caller.call("cloudfront:DeleteOriginAccessControl", delete).await.map(|_| ())
    }
}
