//! AWS::ApiGateway::Stage with the deployment it serves: a deployment's description holds the hash
//! of its routes.

mod desired;
mod settings;
pub mod spec;
mod terraform;
mod write;

use crate::aws::{CallOptions, Reader, Writer};
use crate::model::call::{Call, Quota, Retry};
use crate::model::spec::{Tags, field, from_value};
use crate::model::type_info::{Calls, GraphRole, OutputForm, OutputKey, Pricing};
use crate::model::{
    Address, After, CloudError, Live, Outputs, Query, Scope, Step, TypeInfo, cloud_error, tag,
};
use crate::resources::ResourceType;
use crate::resources::apigateway as gw;
use crate::resources::apigateway::ApiGateway;
use crate::resources::apigateway::domain;
use crate::resources::apigateway::{
    DELETE, GET_DEPLOYMENTS, GET_STAGES, GET_TAGS, PATCH, POST, POST_TAGGED, SERVICE, TAG, UNTAG,
};
use crate::resources::common::paged;
use crate::resources::context::{Context, Wanted};
use crate::resources::place::{Place, in_section};
use crate::stack::Stack;
use async_trait::async_trait;
use aws_sdk_apigateway::types::{Deployment, Stage as Seen};
use serde_json::Value;
use spec::StageSpec;
use std::collections::{BTreeMap, BTreeSet};

pub struct Stage;

const REST_API: &str = "AWS::ApiGateway::RestApi";

const DEPLOYMENTS: &[Quota] =
    &[Quota { label: "API Gateway: 1 CreateDeployment per 5 s", rate: 0.2, burst: 1.0 }];
const LOG_ROLE: &[Retry] =
    &[Retry::propagation("BadRequestException", "CloudWatch Logs role ARN must be set", 60)];

pub const INFO: TypeInfo = TypeInfo {
    type_name: "AWS::ApiGateway::Stage",
    group: "stage",
    read_after: &[REST_API],
    // A web ACL's association with a deleted stage dangles for a while (catalogue 7.7).
    delete_after: &[
        After::all_of("AWS::WAFv2::WebACLAssociation"),
        After::all_of(domain::TYPE_NAME),
    ],
    contained_in: Some(REST_API),
    heading: "API",
    outputs: &[OutputKey {
        key: "api_url",
        attribute: "url",
        form: OutputForm::Single,
        label: "API",
    }],
    graph: GraphRole::PartOf(|_| "api"),
    pricing: Pricing::ByUse("requests; it has no cache"),
    terraform: terraform::blocks,
    calls: Calls {
        read: &[GET_STAGES, GET_DEPLOYMENTS, GET_TAGS],
        create: &[
            Call::new(&SERVICE, "apigateway:CreateDeployment").actions(POST).quotas(DEPLOYMENTS),
            Call::new(&SERVICE, "apigateway:CreateStage").actions(POST_TAGGED),
            Call::new(&SERVICE, "apigateway:UpdateStage").actions(PATCH).retries(LOG_ROLE),
            Call::new(&SERVICE, "apigateway:DeleteDeployment").actions(DELETE),
            TAG,
            UNTAG,
        ],
        update: &[
            Call::new(&SERVICE, "apigateway:CreateDeployment").actions(POST).quotas(DEPLOYMENTS),
            Call::new(&SERVICE, "apigateway:UpdateStage").actions(PATCH).retries(LOG_ROLE),
            Call::new(&SERVICE, "apigateway:DeleteDeployment").actions(DELETE),
            TAG,
            UNTAG,
        ],
        delete: &[
            Call::new(&SERVICE, "apigateway:DeleteStage").actions(DELETE),
            Call::new(&SERVICE, "apigateway:DeleteDeployment").actions(DELETE),
        ],
    },
    ..TypeInfo::DEFAULT
};

/// Stages and deployments of one API.
struct State {
    stages: Vec<Seen>,
    deployments: Vec<Deployment>,
}

impl State {
    fn stage(&self, name: &str) -> Option<&Seen> {
        self.stages.iter().find(|s| s.stage_name() == Some(name))
    }
}

#[async_trait]
impl ResourceType for Stage {
    fn info(&self) -> &'static TypeInfo {
        &INFO
    }

    fn schema(&self) -> schemars::Schema {
        schemars::schema_for!(StageSpec)
    }

    fn desired(&self, context: &Context<'_>, wanted: &mut Wanted) -> Result<(), CloudError> {
        desired::stage(context, wanted);
        Ok(())
    }

    fn places(&self, _stack: &Stack) -> Vec<Place> {
        in_section("api", &["main"])
    }

    /// Every stage inside our API is ours: one that stack.yaml does not name is planned as a
    /// delete.
    async fn discover(&self, reader: &Reader, query: &Query<'_>) -> Result<Vec<Live>, CloudError> {
        let apis =
            query.found.iter().filter(|l| l.type_name == REST_API && !l.address.id().contains('~'));
        let reads = apis.map(|api| describe_all(reader, query, api));
        Ok(futures_util::future::try_join_all(reads).await?.into_iter().flatten().collect())
    }

    async fn create(
        &self,
        writer: &Writer,
        step: &Step,
        wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        let wanted: StageSpec = from_value(wanted)?;
        let api = gw::rest_api_id(step)?;
        write::converge(writer, &api, &step.name, &wanted, crate::resources::common::FRESH).await?;
        Ok(outputs(&writer.scope, &api, &step.name))
    }

    async fn update(
        &self,
        writer: &Writer,
        step: &Step,
        live: &Live,
        wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        let wanted: StageSpec = from_value(wanted)?;
        let api = live.output(gw::REST_API_ID)?;
        write::converge(writer, api, &step.name, &wanted, CallOptions::default()).await?;
        Ok(live.outputs.clone())
    }

    async fn delete(&self, writer: &Writer, live: &Live) -> Result<(), CloudError> {
        let (client, api) = (&writer.client::<ApiGateway>(), live.output(gw::REST_API_ID)?);
        let gone = writer
            .caller
            .call("apigateway:DeleteStage", || {
                client.delete_stage().rest_api_id(api).stage_name(&live.name).send()
            })
            .await;
        cloud_error::optional(gone)?;
        write::tidy(writer, api).await
    }
}

/// Two parallel reads.
async fn state(reader: &Reader, api: &str, options: CallOptions) -> Result<State, CloudError> {
    let stages = reader.caller.call_with("apigateway:GetStages", options, || {
        reader.client::<ApiGateway>().get_stages().rest_api_id(api).send()
    });
    let (stages, deployments) =
        futures_util::future::try_join(stages, deployments(reader, api, options)).await?;
    Ok(State { stages: stages.item.unwrap_or_default(), deployments })
}

async fn deployments(
    reader: &Reader,
    api: &str,
    options: CallOptions,
) -> Result<Vec<Deployment>, CloudError> {
    paged(|position| async move {
        let page = reader
            .caller
            .call_with("apigateway:GetDeployments", options, || {
                let request = reader
                    .client::<ApiGateway>()
                    .get_deployments()
                    .rest_api_id(api)
                    .limit(gw::PAGE);
                request.set_position(position.clone()).send()
            })
            .await?;
        Ok((page.items.unwrap_or_default(), page.position))
    })
    .await
}

async fn describe_all(
    reader: &Reader,
    query: &Query<'_>,
    api: &Live,
) -> Result<Vec<Live>, CloudError> {
    let id = api.output("id")?;
    let Some(state) = cloud_error::optional(state(reader, id, CallOptions::default()).await)?
    else {
        return Ok(vec![]);
    };
    let mut taken = BTreeSet::new();
    let mut found = Vec::new();
    for stage in &state.stages {
        let name = stage.stage_name().unwrap_or_default();
        let address = address_of(query, stage, name, &mut taken);
        let wanted = query.wanted.iter().find(|d| d.address == address && d.name == name);
        let wanted: Option<Tags> =
            wanted.and_then(|d| serde_json::from_value(field(&d.spec, "tags").clone()).ok());
        let arn = gw::stage_arn(&query.scope.region, id, name);
        let tags =
            gw::tags_of(reader, &arn, gw::inline_tags(stage.tags()), wanted.as_ref()).await?;
        let spec = settings::to_spec(stage, &state.deployments, tags);
        let mut live = Live::new(address, INFO.type_name, name, spec);
        live.outputs = outputs(query.scope, id, name);
        found.push(live);
    }
    Ok(found)
}

/// The wanted stage by its name. A stage that is not wanted is `stage.<name>`, also where it was
/// `stage.main` before somebody renamed that; without any wanted stage the one with our tag is
/// `stage.main`.
fn address_of(
    query: &Query<'_>,
    stage: &Seen,
    name: &str,
    taken: &mut BTreeSet<Address>,
) -> Address {
    let tagged = stage.tags().is_some_and(|tags| tags.contains_key(tag::ID));
    let mut address = match query.wanted.iter().find(|d| d.name == name) {
        Some(desired) => desired.address.clone(),
        None if query.wanted.is_empty() && tagged => Address::new(INFO.group, "main"),
        None => Address::new(INFO.group, name),
    };
    let wanted =
        |address: &Address| query.wanted.iter().any(|d| d.address == *address && d.name != name);
    while wanted(&address) || !taken.insert(address.clone()) {
        address = Address::new(INFO.group, &format!("{}~{name}", address.id()));
    }
    address
}

fn outputs(scope: &Scope, api: &str, name: &str) -> Outputs {
    BTreeMap::from([
        ("name".to_string(), name.to_string()),
        ("arn".to_string(), gw::stage_arn(&scope.region, api, name)),
        ("url".to_string(), format!("{}/{name}", gw::endpoint(scope, api))),
        (gw::REST_API_ID.to_string(), api.to_string()),
    ])
}
