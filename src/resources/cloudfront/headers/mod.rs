//! AWS::CloudFront::ResponseHeadersPolicy: the security headers of the site.
//!
//! An account may have 20: environments with a time to live share one in each region, which admits
//! every API of the region; a lasting environment has its own, which admits its own API alone.

use super::named::{self, Named, Seen};
use super::{CloudFront, SERVICE};
use crate::aws::{Reader, Writer};
use crate::model::call::{Call, Retry};
use crate::model::type_info::{Calls, GraphRole, Number, Pricing};
use crate::model::{After, CloudError, Live, Outputs, Query, SharedPiece, Step, TypeInfo};
use crate::resources::ResourceType;
use crate::resources::common::paged;
use crate::resources::context::{Context, Wanted};
use async_trait::async_trait;
use aws_sdk_cloudfront::types::{
    ResponseHeadersPolicy as SdkPolicy, ResponseHeadersPolicyConfig, ResponseHeadersPolicyType,
};
use serde_json::Value;
use spec::ResponseHeadersSpec;

mod convert;
mod desired;
pub mod spec;
mod terraform;

pub(crate) use desired::policy_id;

pub struct ResponseHeadersPolicy;

pub const INFO: TypeInfo = TypeInfo {
    type_name: "AWS::CloudFront::ResponseHeadersPolicy",
    group: "headers",
    delete_after: &[After::all_of("AWS::CloudFront::Distribution")],
    heading: "CDN",
    graph: GraphRole::PartOf(|_| "distribution"),
    pricing: Pricing::ByUse("nothing"),
    number: Some(Number::single(20, "response headers policies per account")),
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

#[async_trait]
impl Named for ResponseHeadersPolicy {
    const INFO: &'static TypeInfo = &INFO;
    const NOUN: &'static str = "response headers policy";
    const TAKEN: &'static str = "ResponseHeadersPolicyAlreadyExists";
    type Config = ResponseHeadersPolicyConfig;
    type Spec = ResponseHeadersSpec;

    fn to_spec(config: &ResponseHeadersPolicyConfig) -> ResponseHeadersSpec {
        convert::to_spec(config)
    }

    fn to_config(
        name: &str,
        spec: &ResponseHeadersSpec,
    ) -> Result<ResponseHeadersPolicyConfig, CloudError> {
        convert::to_config(name, spec)
    }

    async fn list(reader: &Reader) -> Result<Vec<Seen<ResponseHeadersPolicyConfig>>, CloudError> {
        let seen = |policy: SdkPolicy| {
            let config = policy.response_headers_policy_config?;
            let (name, marker) = (config.name.clone(), config.comment.clone().unwrap_or_default());
            Some(Seen { id: policy.id, name, marker, config })
        };
        paged(|marker| async move {
            let list = || {
                let list = reader.client::<CloudFront>().list_response_headers_policies();
                list.r#type(ResponseHeadersPolicyType::Custom).set_marker(marker.clone()).send()
            };
            let page = reader.caller.call("cloudfront:ListResponseHeadersPolicies", list).await?;
            let Some(list) = page.response_headers_policy_list else {
                return Ok((vec![], None));
            };
            let items = list.items.unwrap_or_default().into_iter();
            let policies = items.filter_map(|item| item.response_headers_policy);
            Ok((policies.filter_map(seen).collect(), list.next_marker))
        })
        .await
    }

    async fn etag(writer: &Writer, id: &str) -> Result<String, CloudError> {
        let get =
            || writer.reader.client::<CloudFront>().get_response_headers_policy().id(id).send();
        let answer = writer.caller.call("cloudfront:GetResponseHeadersPolicy", get).await?;
        answer.e_tag.ok_or_else(|| CloudError::shape("cloudfront GetResponseHeadersPolicy", "ETag"))
    }

    async fn create(
        writer: &Writer,
        config: ResponseHeadersPolicyConfig,
    ) -> Result<String, CloudError> {
        let client = writer.client::<CloudFront>();
        let create = || {
            let create = client.create_response_headers_policy();
            create.response_headers_policy_config(config.clone()).send()
        };
        let answer = writer.caller.call("cloudfront:CreateResponseHeadersPolicy", create).await?;
        let missing = || CloudError::shape("cloudfront CreateResponseHeadersPolicy", "Id");
        answer.response_headers_policy.map(|made| made.id).ok_or_else(missing)
    }

    async fn update(
        writer: &Writer,
        id: &str,
        etag: &str,
        config: ResponseHeadersPolicyConfig,
    ) -> Result<(), CloudError> {
        let client = writer.client::<CloudFront>();
        let update = || {
            let update = client.update_response_headers_policy().id(id).if_match(etag);
            update.response_headers_policy_config(config.clone()).send()
        };
        writer.caller.call("cloudfront:UpdateResponseHeadersPolicy", update).await.map(|_| ())
    }

    async fn delete(writer: &Writer, id: &str, etag: &str) -> Result<(), CloudError> {
        let client = writer.client::<CloudFront>();
        let delete = || client.delete_response_headers_policy().id(id).if_match(etag).send();
        writer.caller.call("cloudfront:DeleteResponseHeadersPolicy", delete).await.map(|_| ())
    }
}
