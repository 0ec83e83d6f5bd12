//! AWS::WAFv2::WebACLAssociation: the web ACL in front of an API stage (catalogue section 9.1).
//!
//! A stage has one ACL at most, so a stranger's ACL on our stage is our association with another
//! ARN in it: drift.

use crate::aws::{Reader, Writer};
use crate::model::call::Call;
use crate::model::cloud_error::optional;
use crate::model::spec::{field, from_value, to_value};
use crate::model::terraform::{Block, Exported};
use crate::model::type_info::{Calls, GraphRole, Pricing};
use crate::model::{Address, CloudError, ErrorKind, Live, Outputs, Owner, Query, Step, TypeInfo};
use crate::resources::ResourceType;
use crate::resources::context::{Context, Wanted, reference};
use crate::resources::place::{Place, in_section};
use crate::resources::waf::REGIONAL;
use crate::resources::waf::Waf;
use crate::resources::waf::waf_reads;
use crate::resources::waf::{READS, SERVICE, per_second, per_two_seconds};
use crate::stack::Stack;
use async_trait::async_trait;
use futures_util::future::try_join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub struct WafAssociation;

/// `AWS::WAFv2::WebACLAssociation` with an API stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AssociationSpec {
    pub web_acl_arn: String,
    pub resource_arn: String,
}

const STAGE: &str = "AWS::ApiGateway::Stage";

pub const INFO: TypeInfo = TypeInfo {
    type_name: "AWS::WAFv2::WebACLAssociation",
    group: "association",
    read_after: &[STAGE, "AWS::WAFv2::WebACL"],
    replace_on: &["resource_arn"],
    heading: "WAF",
    graph: GraphRole::PartOf(|_| "api"),
    pricing: Pricing::ByUse("nothing"),
    terraform: blocks,
    calls: Calls {
        read: &[Call::new(&SERVICE, "wafv2:GetWebACLForResource")
            .quotas(&[READS, per_second("WAF: 1 GetWebACLForResource per second")])],
        create: &[Call::new(&SERVICE, "wafv2:AssociateWebACL")
            .actions(&["wafv2:AssociateWebACL", "apigateway:SetWebACL"])
            .quotas(&[per_two_seconds("WAF: 1 AssociateWebACL per 2 s")])],
        update: &[Call::new(&SERVICE, "wafv2:AssociateWebACL")
            .actions(&["wafv2:AssociateWebACL", "apigateway:SetWebACL"])
            .quotas(&[per_two_seconds("WAF: 1 AssociateWebACL per 2 s")])],
        delete: &[Call::new(&SERVICE, "wafv2:DisassociateWebACL")
            .actions(&["wafv2:DisassociateWebACL", "apigateway:SetWebACL"])
            .quotas(&[per_two_seconds("WAF: 1 DisassociateWebACL per 2 s")])],
    },
    ..TypeInfo::DEFAULT
};

/// Logical id of the association of the stack's one API.
const ID: &str = "api";

/// The association as a block of Terraform's AWS provider.
fn blocks(association: &Exported<'_>) -> Vec<Block> {
    let values = association.spec.clone();
    let block = Block::new("aws_wafv2_web_acl_association", association.address.id(), values)
        .refer("web_acl_arn", "aws_wafv2_web_acl", ID, "arn")
        .refer("resource_arn", "aws_api_gateway_stage", "main", "arn");
    vec![block]
}

#[async_trait]
impl ResourceType for WafAssociation {
    fn info(&self) -> &'static TypeInfo {
        &INFO
    }

    fn schema(&self) -> schemars::Schema {
        schemars::schema_for!(AssociationSpec)
    }

    fn desired(&self, context: &Context<'_>, wanted: &mut Wanted) -> Result<(), CloudError> {
        if context.stack.waf.is_some() && context.stack.api.is_some() {
            let spec = AssociationSpec {
                web_acl_arn: reference("web_acl", "api", "arn"),
                resource_arn: reference("stage", "main", "arn"),
            };
            wanted.push(context.resource(&INFO, "api", context.scope.name("api"), &spec));
        }
        Ok(())
    }

    fn places(&self, _stack: &Stack) -> Vec<Place> {
        in_section("waf", &["api"])
    }

    async fn discover(&self, reader: &Reader, query: &Query<'_>) -> Result<Vec<Live>, CloudError> {
        let stages =
            query.found.iter().filter(|live| live.type_name == STAGE && !live.not_emulated);
        // A foreign stage that holds our stage's name is none of our business until it is adopted.
        let stages = stages.filter(|live| live.owner == Owner::Ours);
        match try_join_all(stages.map(|stage| describe(reader, query, stage))).await {
            Ok(found) => Ok(found.into_iter().flatten().collect()),
            Err(error) if error.kind == ErrorKind::NotEmulated => {
                Ok(query.wanted.iter().map(|desired| Live::not_emulated(desired)).collect())
            }
            Err(error) => Err(error),
        }
    }

    async fn create(
        &self,
        writer: &Writer,
        _step: &Step,
        wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        associate(writer, &from_value(wanted)?).await
    }

    async fn update(
        &self,
        writer: &Writer,
        _step: &Step,
        _: &Live,
        wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        associate(writer, &from_value(wanted)?).await
    }

    async fn delete(&self, writer: &Writer, live: &Live) -> Result<(), CloudError> {
        let before: AssociationSpec = from_value(&live.spec)?;
        let waf = &writer.client::<Waf>();
        let gone = writer
            .caller
            .call("wafv2:DisassociateWebACL", || {
                waf.disassociate_web_acl().resource_arn(&before.resource_arn).send()
            })
            .await;
        // Not found: the stage itself is gone, and the association with it.
        optional(gone).map(|_| ())
    }
}

/// The ACL in front of one stage; `None` when there is none.
async fn describe(
    reader: &Reader,
    query: &Query<'_>,
    stage: &Live,
) -> Result<Option<Live>, CloudError> {
    let stage_arn = stage.output("arn")?;
    let waf = waf_reads(reader, REGIONAL);
    let answer = reader
        .caller
        .call("wafv2:GetWebACLForResource", || {
            waf.get_web_acl_for_resource().resource_arn(stage_arn).send()
        })
        .await;
    let Some(acl) = optional(answer)?.and_then(|answer| answer.web_acl) else {
        return Ok(None);
    };
    let desired =
        query.wanted.iter().find(|d| *field(&query.resolved(d), "resource_arn") == stage_arn);
    let (address, name) = match desired {
        Some(desired) => (desired.address.clone(), desired.name.as_str()),
        None => (Address::new(INFO.group, ID), stage_arn),
    };
    let spec = AssociationSpec { web_acl_arn: acl.arn, resource_arn: stage_arn.to_string() };
    Ok(Some(Live::new(address, INFO.type_name, name, to_value(&spec))))
}

/// Puts the ACL in front of the stage, whatever was there before. ACL and stage may be minutes old,
/// so both "unavailable" and "nonexistent" are waited out (catalogue 9.2).
async fn associate(writer: &Writer, wanted: &AssociationSpec) -> Result<Outputs, CloudError> {
    let waf = &writer.client::<Waf>();
    writer
        .caller
        .call_with("wafv2:AssociateWebACL", crate::resources::common::FRESH, || {
            waf.associate_web_acl()
                .web_acl_arn(&wanted.web_acl_arn)
                .resource_arn(&wanted.resource_arn)
                .send()
        })
        .await?;
    Ok(Outputs::new())
}
