//! AWS::ApiGateway::DomainName with its AWS::ApiGateway::BasePathMapping: the API under a name of
//! one's own. The name is the resource's own; tags say whose it is.

mod desired;
mod read;
pub mod spec;
mod terraform;
mod write;

use crate::aws::{Reader, Writer};
use crate::model::call::{Call, Quota};
use crate::model::spec::from_value;
use crate::model::type_info::{Calls, GraphRole, OutputForm, OutputKey, Pricing};
use crate::model::{CloudError, ErrorKind, Live, Outputs, Query, Step, TypeInfo};
use crate::resources::ResourceType;
use crate::resources::apigateway::{
    DELETE, GET, GET_TAGS, PATCH, POST, POST_TAGGED, SERVICE, TAG, UNTAG,
};
use crate::resources::common::lacks_listing;
use crate::resources::context::{Context, Wanted};
use crate::resources::place::{Place, in_section};
use crate::stack::Stack;
use async_trait::async_trait;
use serde_json::Value;

pub struct DomainName;

pub const TYPE_NAME: &str = "AWS::ApiGateway::DomainName";

const fn once_in_30_seconds(label: &'static str) -> Quota {
    Quota { label, rate: 1.0 / 30.0, burst: 1.0 }
}

const CREATE: &[Quota] = &[once_in_30_seconds("API Gateway: 1 CreateDomainName per 30 s")];
const UPDATE: &[Quota] = &[once_in_30_seconds("API Gateway: 1 UpdateDomainName per 30 s")];
const REMOVE: &[Quota] = &[once_in_30_seconds("API Gateway: 1 DeleteDomainName per 30 s")];

const MAP: Call = Call::new(&SERVICE, "apigateway:CreateBasePathMapping").actions(POST);
const UNMAP: Call = Call::new(&SERVICE, "apigateway:DeleteBasePathMapping").actions(DELETE);
const CHANGE: Call =
    Call::new(&SERVICE, "apigateway:UpdateDomainName").actions(PATCH).quotas(UPDATE);

pub const INFO: TypeInfo = TypeInfo {
    type_name: TYPE_NAME,
    group: "domain",
    name_limit: 253,
    heading: "API",
    authoritative_tags: true,
    // An edge-optimised domain has a distribution of AWS's in front, and another DNS target.
    replace_on: &["endpoint_type"],
    outputs: &[OutputKey {
        key: "dns_records",
        attribute: "dns_records",
        form: OutputForm::Lines,
        label: "DNS record",
    }],
    graph: GraphRole::PartOf(|_| "api"),
    pricing: Pricing::ByUse("nothing"),
    terraform: terraform::blocks,
    calls: Calls {
        read: &[
            Call::new(&SERVICE, "apigateway:GetDomainNames").actions(GET),
            Call::new(&SERVICE, "apigateway:GetDomainName").actions(GET),
            Call::new(&SERVICE, "apigateway:GetBasePathMappings").actions(GET),
            GET_TAGS,
        ],
        create: &[
            Call::new(&SERVICE, "apigateway:CreateDomainName").actions(POST_TAGGED).quotas(CREATE),
            CHANGE,
            MAP,
            UNMAP,
            TAG,
            UNTAG,
        ],
        update: &[CHANGE, MAP, UNMAP, TAG, UNTAG],
        delete: &[
            UNMAP,
            Call::new(&SERVICE, "apigateway:DeleteDomainName")
                .actions(DELETE)
                .throttle_pause(30.0)
                .quotas(REMOVE),
        ],
    },
    ..TypeInfo::DEFAULT
};

#[async_trait]
impl ResourceType for DomainName {
    fn info(&self) -> &'static TypeInfo {
        &INFO
    }

    fn schema(&self) -> schemars::Schema {
        schemars::schema_for!(spec::DomainSpec)
    }

    fn desired(&self, context: &Context<'_>, wanted: &mut Wanted) -> Result<(), CloudError> {
        desired::domain(context, wanted);
        Ok(())
    }

    fn places(&self, _stack: &Stack) -> Vec<Place> {
        in_section("api", &["api"])
    }

    async fn discover(&self, reader: &Reader, query: &Query<'_>) -> Result<Vec<Live>, CloudError> {
        match read::discover(reader, query).await {
            Err(error) if lacks_listing(reader, &error) => {
                Ok(query.wanted.iter().map(|desired| Live::not_emulated(desired)).collect())
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
        write::create(writer, &step.name, &from_value(wanted)?).await
    }

    async fn update(
        &self,
        writer: &Writer,
        step: &Step,
        live: &Live,
        wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        if writer.caller.is_emulated() && differs(live, wanted) {
            // The twin knows no UpdateDomainName.
            return Err(CloudError::ours(
                ErrorKind::Other,
                format!("{}: this endpoint cannot change a domain", step.name),
                "`shopstack down` and `shopstack up` make it anew; AWS changes it in place",
            ));
        }
        write::update(writer, &step.name, &from_value(&live.spec)?, &from_value(wanted)?).await
    }

    async fn delete(&self, writer: &Writer, live: &Live) -> Result<(), CloudError> {
        write::delete(writer, live).await
    }
}

/// True where the domain itself is to change, and not only its tags and mappings.
fn differs(live: &Live, wanted: &Value) -> bool {
    ["certificate", "security_policy"].iter().any(|key| live.spec.get(*key) != wanted.get(*key))
}
