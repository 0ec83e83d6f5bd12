//! AWS::ApiGateway::RestApi: the API itself without its routes. Its names are not unique, so tags
//! are its identity.

mod desired;
pub mod spec;
mod terraform;
mod write;

use crate::aws::{Reader, Writer};
use crate::model::call::{Call, Quota};
use crate::model::spec::{Tags, field, from_value, to_value};
use crate::model::type_info::{Calls, GraphRole, Number, OutputForm, OutputKey, Pricing};
use crate::model::{
    Address, After, CloudError, Desired, Live, Outputs, Owner, Query, Scope, Step, TypeInfo,
    cloud_error, tag,
};
use crate::resources::ResourceType;
use crate::resources::apigateway as gw;
use crate::resources::apigateway::ApiGateway;
use crate::resources::apigateway::domain;
use crate::resources::apigateway::{
    DELETE, GET, GET_DEPLOYMENTS, GET_STAGES, GET_TAGS, PATCH, POST_TAGGED, SERVICE, TAG, UNTAG,
};
use crate::resources::common::paged;
use crate::resources::context::{Context, Wanted};
use crate::resources::place::{Place, in_section};
use crate::stack::Stack;
use async_trait::async_trait;
use aws_sdk_apigateway::types::RestApi as Seen;
use serde_json::Value;
use spec::RestApiSpec;
use std::collections::{BTreeMap, BTreeSet};

pub struct RestApi;

pub const INFO: TypeInfo = TypeInfo {
    type_name: "AWS::ApiGateway::RestApi",
    group: "api",
    // DeleteRestApi with a web ACL still bound leaves a dangling association for a while (catalogue
    // 7.7).
    // Nor does it while a domain leads to the API.
    delete_after: &[
        After::all_of("AWS::WAFv2::WebACLAssociation"),
        After::all_of(domain::TYPE_NAME),
    ],
    usually: Some("deletion: up to 30 s, for AWS allows one per 30 s and account"),
    heading: "API",
    authoritative_tags: true,
    outputs: &[OutputKey {
        key: "rest_api_id",
        attribute: "id",
        form: OutputForm::Single,
        label: "REST API",
    }],
    graph: GraphRole::Node { title: "API Gateway", kind: "edge", column: 1 },
    pricing: Pricing::ByUse("requests"),
    number: Some(Number::single(600, "regional REST APIs per region")),
    terraform: terraform::blocks,
    calls: Calls {
        read: &[
            Call::new(&SERVICE, "apigateway:GetRestApis").actions(GET),
            Call::new(&SERVICE, "apigateway:GetRestApi").actions(GET),
            GET_DEPLOYMENTS,
            GET_STAGES,
            GET_TAGS,
        ],
        create: &[
            Call::new(&SERVICE, "apigateway:CreateRestApi").actions(POST_TAGGED).quotas(&[Quota {
                label: "API Gateway: 1 CreateRestApi per 3 s",
                rate: 1.0 / 3.0,
                burst: 1.0,
            }]),
            Call::new(&SERVICE, "apigateway:UpdateRestApi").actions(PATCH),
            TAG,
        ],
        update: &[Call::new(&SERVICE, "apigateway:UpdateRestApi").actions(PATCH), TAG, UNTAG],
        delete: &[Call::new(&SERVICE, "apigateway:DeleteRestApi")
            .actions(DELETE)
            .throttle_pause(30.0)
            .quotas(&[Quota {
                label: "API Gateway: 1 DeleteRestApi per 30 s",
                rate: 1.0 / 30.0,
                burst: 1.0,
            }])],
    },
    ..TypeInfo::DEFAULT
};

#[async_trait]
impl ResourceType for RestApi {
    fn info(&self) -> &'static TypeInfo {
        &INFO
    }

    fn schema(&self) -> schemars::Schema {
        schemars::schema_for!(RestApiSpec)
    }

    fn desired(&self, context: &Context<'_>, wanted: &mut Wanted) -> Result<(), CloudError> {
        desired::api(context, wanted);
        Ok(())
    }

    fn places(&self, _stack: &Stack) -> Vec<Place> {
        in_section("api", &["main"])
    }

    /// A foreign API of the same name is no clash and is not mentioned. A second API of ours with
    /// the same id tag, left by an ambiguous create (catalogue 1.4), is returned as `api.<id>~2`,
    /// so that it is planned as a delete; what merely carries our tags is no such thing but
    /// somebody else's, and stays.
    async fn discover(&self, reader: &Reader, query: &Query<'_>) -> Result<Vec<Live>, CloudError> {
        let mut tagged: BTreeMap<Address, Vec<Seen>> = BTreeMap::new();
        for api in list(reader, query.scope).await? {
            tagged.entry(address_of(query, &api)).or_default().push(api);
        }
        let mut found = Vec::new();
        for (address, apis) in tagged {
            let (mut ours, strays) = told_apart(query, apis);
            for api in strays {
                if is_deployed_here(reader, &api).await? {
                    ours.push(api);
                    continue;
                }
                let (name, id) = (api.name().unwrap_or_default(), api.id().unwrap_or_default());
                let mut stray =
                    describe(reader, query, Address::new(INFO.group, &format!("~{id}")), &api)
                        .await?;
                stray.name = format!("{name} ({id})");
                stray.owner = Owner::Stray;
                found.push(stray);
            }
            for (position, api) in oldest_in_use_first(reader, ours).await?.into_iter().enumerate()
            {
                let address = match position {
                    0 => address.clone(),
                    n => Address::new(INFO.group, &format!("{}~{}", address.id(), n + 1)),
                };
                found.push(describe(reader, query, address, &api).await?);
            }
        }
        Ok(found)
    }

    async fn create(
        &self,
        writer: &Writer,
        step: &Step,
        wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        write::create(writer, step, &from_value(wanted)?).await
    }

    async fn update(
        &self,
        writer: &Writer,
        step: &Step,
        live: &Live,
        wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        let wanted: RestApiSpec = from_value(wanted)?;
        write::update(writer, live.output("id")?, &step.name, live.spec.clone(), &wanted).await?;
        Ok(live.outputs.clone())
    }

    /// Takes routes, deployments and stages with it.
    async fn delete(&self, writer: &Writer, live: &Live) -> Result<(), CloudError> {
        let id = live.output("id")?;
        let client = &writer.client::<ApiGateway>();
        let gone = writer
            .caller
            .call("apigateway:DeleteRestApi", || client.delete_rest_api().rest_api_id(id).send())
            .await;
        cloud_error::optional(gone).map(|_| ())
    }
}

/// All APIs that carry this stack's and environment's tags; tags come inline (catalogue 10.1).
async fn list(reader: &Reader, scope: &Scope) -> Result<Vec<Seen>, CloudError> {
    let mut apis: Vec<Seen> = paged(|position| async move {
        let page = reader
            .caller
            .call("apigateway:GetRestApis", || {
                reader
                    .client::<ApiGateway>()
                    .get_rest_apis()
                    .limit(gw::PAGE)
                    .set_position(position.clone())
                    .send()
            })
            .await?;
        Ok((page.items.unwrap_or_default(), page.position))
    })
    .await?;
    reader.caller.note_number(INFO.type_name, "", apis.len());
    apis.retain(|api| scope.owner(&gw::inline_tags(api.tags())) == Owner::Ours);
    Ok(apis)
}

/// Of the APIs of one address those that are ours, and those that merely carry our tags, which
/// whoever may tag can set.
///
/// Ours are those whose name is the one that this scope makes of their id tag. One whose name or id
/// tag somebody changed is still known by the other where it is wanted and nothing else comes into
/// question.
fn told_apart(query: &Query<'_>, apis: Vec<Seen>) -> (Vec<Seen>, Vec<Seen>) {
    let (ours, others): (Vec<_>, Vec<_>) =
        apis.into_iter().partition(|api| is_named(query.scope, api));
    match others.as_slice() {
        [only] if ours.is_empty() && query.wanted.iter().any(|wanted| stands_for(wanted, only)) => {
            (others, ours)
        }
        _ => (ours, others),
    }
}

/// True where the API's name is the one that this scope makes of its id tag.
fn is_named(scope: &Scope, api: &Seen) -> bool {
    let id = api.tags().and_then(|tags| tags.get(tag::ID));
    id.is_some_and(|id| api.name() == Some(scope.name(id).as_str()))
}

/// True for an API of our tags that somebody renamed: its deployments are ours, and making one
/// takes more than the right to tag. One read, and only for APIs whose name is another.
async fn is_deployed_here(reader: &Reader, api: &Seen) -> Result<bool, CloudError> {
    if api.tags().is_none_or(|tags| !tags.contains_key(tag::ID)) {
        return Ok(false);
    }
    let id = api.id().unwrap_or_default();
    let asked = reader.caller.call("apigateway:GetDeployments", || {
        reader.client::<ApiGateway>().get_deployments().rest_api_id(id).limit(gw::PAGE).send()
    });
    let deployments =
        cloud_error::optional(asked.await)?.and_then(|answer| answer.items).unwrap_or_default();
    Ok(deployments.iter().any(|d| d.description().is_some_and(|text| text.starts_with(gw::MARK))))
}

/// By the id tag; by name where somebody took that tag away.
fn stands_for(wanted: &Desired, api: &Seen) -> bool {
    match api.tags().and_then(|tags| tags.get(tag::ID)) {
        Some(id) => field(field(&wanted.spec, "tags"), tag::ID) == id.as_str(),
        None => api.name() == Some(wanted.name.as_str()),
    }
}

fn address_of(query: &Query<'_>, api: &Seen) -> Address {
    let id = api.tags().and_then(|t| t.get(tag::ID));
    match (query.wanted.iter().find(|wanted| stands_for(wanted, api)), id) {
        (Some(desired), _) => desired.address.clone(),
        // The stack's only API is tagged as `api` and addressed as `api.main`.
        (None, Some(id)) if id == INFO.group => Address::new(INFO.group, "main"),
        (None, Some(id)) => Address::new(INFO.group, id),
        (None, None) => Address::new(INFO.group, api.id().unwrap_or_default()),
    }
}

/// Of several APIs the one that has a stage is in use; else the older one is.
async fn oldest_in_use_first(reader: &Reader, apis: Vec<Seen>) -> Result<Vec<Seen>, CloudError> {
    if apis.len() < 2 {
        return Ok(apis);
    }
    let stages = apis.iter().map(|api| async move {
        let id = api.id().unwrap_or_default();
        let asked = reader
            .caller
            .call("apigateway:GetStages", || {
                reader.client::<ApiGateway>().get_stages().rest_api_id(id).send()
            })
            .await;
        cloud_error::optional(asked).map(|answer| answer.is_some_and(|a| !a.item().is_empty()))
    });
    let used = futures_util::future::try_join_all(stages).await?;
    let mut ranked: Vec<_> = used.into_iter().zip(apis).collect();
    ranked.sort_by_key(|(used, api)| {
        (
            !used,
            api.created_date().map_or(0, |d| d.as_nanos()),
            api.id().unwrap_or_default().to_string(),
        )
    });
    Ok(ranked.into_iter().map(|(_, api)| api).collect())
}

async fn describe(
    reader: &Reader,
    query: &Query<'_>,
    address: Address,
    api: &Seen,
) -> Result<Live, CloudError> {
    let desired = query.wanted.iter().find(|d| d.address == address);
    let id = api.id().unwrap_or_default();
    let wanted: Option<Tags> =
        desired.and_then(|d| serde_json::from_value(field(&d.spec, "tags").clone()).ok());
    let arn = gw::api_arn(&query.scope.region, id);
    let tags = gw::tags_of(reader, &arn, gw::inline_tags(api.tags()), wanted.as_ref()).await?;
    let name = api.name().unwrap_or_default();
    let mut live = Live::new(
        address,
        INFO.type_name,
        name,
        to_spec(api, tags, desired.map_or(name, |d| d.name.as_str())),
    );
    live.outputs = outputs(query.scope, id);
    Ok(live)
}

/// The API as a spec. A foreign name or a resource policy, which we never set, show as fields of
/// their own: drift.
fn to_spec(api: &Seen, tags: Tags, name: &str) -> Value {
    let types = api.endpoint_configuration().map(|c| c.types()).unwrap_or_default();
    let spec = RestApiSpec {
        tags,
        description: api.description().unwrap_or_default().to_string(),
        endpoint_type: types.iter().map(|t| t.as_str()).collect::<Vec<_>>().join(","),
        api_key_source: api.api_key_source().map_or("HEADER", |s| s.as_str()).to_string(),
        disable_execute_api_endpoint: api.disable_execute_api_endpoint(),
        binary_media_types: api.binary_media_types().iter().cloned().collect::<BTreeSet<_>>(),
        minimum_compression_size: api.minimum_compression_size(),
    };
    let mut value = to_value(&spec);
    if let Some(fields) = value.as_object_mut() {
        if api.name() != Some(name) {
            fields.insert("name".into(), api.name().into());
        }
        if let Some(policy) = api.policy().filter(|p| !p.is_empty()) {
            fields.insert("policy".into(), parse_policy(policy));
        }
    }
    value
}

/// The policy comes as an escaped string inside the JSON answer (catalogue 7.6).
fn parse_policy(text: &str) -> Value {
    let unescaped = text.replace("\\\"", "\"").replace("\\/", "/");
    let parsed = crate::policy::parse(text).ok().filter(Value::is_object);
    parsed.or_else(|| crate::policy::parse(&unescaped).ok()).unwrap_or_else(|| text.into())
}

fn outputs(scope: &Scope, id: &str) -> Outputs {
    BTreeMap::from([
        ("id".to_string(), id.to_string()),
        ("execution_arn".to_string(), gw::execution_arn(scope, id)),
        ("endpoint".to_string(), gw::endpoint(scope, id)),
    ])
}

#[cfg(test)]
mod tests;
