//! AWS::ApiGateway::Resource: resources, methods, integrations, CORS and gateway responses of an
//! API, as one thing.
//!
//! Single calls and not PutRestApi: an import resets settings of the API that it does not name
//! (catalogue 7.5).

mod desired;
mod gateway;
mod mock;
mod not_allowed;
mod origins;
mod preflight;
mod read;
pub mod spec;
mod steps;
mod terraform;
mod write;

use crate::aws::{CallOptions, Reader, Writer};
use crate::model::call::{Call, Quota};
use crate::model::spec::{from_value, to_value};
use crate::model::type_info::{Calls, GraphRole, Pricing};
use crate::model::{Address, CloudError, Live, Outputs, Query, Step, TypeInfo, cloud_error};
use crate::resources::ResourceType;
use crate::resources::apigateway as gw;
use crate::resources::apigateway::definition::definition;
use crate::resources::apigateway::{DELETE, GET, POST, PUT, SERVICE};
use crate::resources::common::FRESH;
use crate::resources::context::{Context, Wanted};
use crate::resources::place::{Place, in_section};
use crate::stack::Stack;
use async_trait::async_trait;
use serde_json::Value;
use spec::RoutesSpec;
use std::collections::{BTreeMap, BTreeSet};

pub struct Routes;

const REST_API: &str = "AWS::ApiGateway::RestApi";

const RESOURCES: &[Quota] =
    &[Quota { label: "API Gateway: 5 resource changes per second", rate: 5.0, burst: 5.0 }];
const CHANGES: &[Call] = &[
    Call::new(&SERVICE, "apigateway:CreateResource").actions(POST).quotas(RESOURCES),
    Call::new(&SERVICE, "apigateway:DeleteResource").actions(DELETE).quotas(RESOURCES),
    Call::new(&SERVICE, "apigateway:PutMethod").actions(PUT),
    Call::new(&SERVICE, "apigateway:DeleteMethod").actions(DELETE),
    Call::new(&SERVICE, "apigateway:PutIntegration").actions(PUT),
    Call::new(&SERVICE, "apigateway:PutMethodResponse").actions(PUT),
    Call::new(&SERVICE, "apigateway:PutIntegrationResponse").actions(PUT),
    Call::new(&SERVICE, "apigateway:PutGatewayResponse").actions(PUT),
    Call::new(&SERVICE, "apigateway:DeleteGatewayResponse").actions(DELETE),
];

pub const INFO: TypeInfo = TypeInfo {
    type_name: "AWS::ApiGateway::Resource",
    group: "routes",
    read_after: &[REST_API],
    contained_in: Some(REST_API),
    volatile_outputs: &["definition"],
    heading: "API",
    graph: GraphRole::PartOf(|_| "api"),
    pricing: Pricing::ByUse("requests"),
    terraform: terraform::blocks,
    calls: Calls {
        read: &[
            Call::new(&SERVICE, "apigateway:GetResources").actions(GET).quotas(&[Quota {
                label: "API Gateway: 5 GetResources per 2 s",
                rate: 2.5,
                burst: 5.0,
            }]),
            Call::new(&SERVICE, "apigateway:GetGatewayResponses").actions(GET),
            Call::new(&SERVICE, "apigateway:GetMethod").actions(GET),
            Call::new(&SERVICE, "apigateway:GetIntegration").actions(GET),
        ],
        create: CHANGES,
        update: CHANGES,
        delete: CHANGES,
    },
    ..TypeInfo::DEFAULT
};

#[async_trait]
impl ResourceType for Routes {
    fn info(&self) -> &'static TypeInfo {
        &INFO
    }

    fn schema(&self) -> schemars::Schema {
        schemars::schema_for!(RoutesSpec)
    }

    fn desired(&self, context: &Context<'_>, wanted: &mut Wanted) -> Result<(), CloudError> {
        desired::routes(context, wanted);
        Ok(())
    }

    fn places(&self, stack: &Stack) -> Vec<Place> {
        let keys = stack.api.iter().flat_map(|api| api.routes.iter().map(|route| route.key()));
        let of_route = |key: String| Place::of_part("main", &key, &["api", "routes", &key]);
        in_section("api", &["main"]).into_iter().chain(keys.map(of_route)).collect()
    }

    async fn discover(&self, reader: &Reader, query: &Query<'_>) -> Result<Vec<Live>, CloudError> {
        // A duplicate API (`api.main~2`) is deleted as a whole, with its routes.
        let apis =
            query.found.iter().filter(|l| l.type_name == REST_API && !l.address.id().contains('~'));
        let reads = apis.map(|api| describe(reader, query, api));
        Ok(futures_util::future::try_join_all(reads).await?.into_iter().flatten().collect())
    }

    async fn create(
        &self,
        writer: &Writer,
        step: &Step,
        wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        let wanted: RoutesSpec = from_value(wanted)?;
        let api = gw::rest_api_id(step)?;
        write::converge(writer, &api, FRESH, &wanted).await?;
        Ok(outputs(&api, &wanted))
    }

    async fn update(
        &self,
        writer: &Writer,
        _step: &Step,
        live: &Live,
        wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        let wanted: RoutesSpec = from_value(wanted)?;
        let api = live.output(gw::REST_API_ID)?;
        write::converge(writer, api, CallOptions::default(), &wanted).await?;
        Ok(outputs(api, &wanted))
    }

    async fn delete(&self, writer: &Writer, live: &Live) -> Result<(), CloudError> {
        let none = RoutesSpec {
            routes: BTreeMap::new(),
            cors: BTreeMap::new(),
            not_allowed: BTreeMap::new(),
            gateway_responses: BTreeMap::new(),
        };
        let api = live.output(gw::REST_API_ID)?;
        cloud_error::optional(write::converge(writer, api, CallOptions::default(), &none).await)
            .map(|_| ())
    }
}

/// The routes of one API; `None` while it has neither a method nor a gateway response of its own.
async fn describe(
    reader: &Reader,
    query: &Query<'_>,
    api: &Live,
) -> Result<Option<Live>, CloudError> {
    let id = api.output("id")?;
    let address = Address::new(INFO.group, api.address.id());
    let desired = query.wanted.iter().find(|d| d.address == address);
    let Some(tree) = cloud_error::optional(read::tree(reader, id, CallOptions::default()).await)?
    else {
        return Ok(None);
    };
    if tree.gateway_responses.is_empty() && tree.nodes.values().all(|node| node.methods.is_empty())
    {
        return Ok(None);
    }
    // References are left as they are: only the paths are looked at here.
    let wanted: Option<RoutesSpec> = desired.and_then(|d| from_value(&d.spec).ok());
    let paths = wanted.as_ref().map_or_else(BTreeSet::new, steps::paths);
    let routes = read::to_spec(&tree, &query.scope.region, &paths);
    let name = desired.map_or(api.name.as_str(), |d| d.name.as_str());
    let mut live = Live::new(address, INFO.type_name, name, to_value(&routes));
    live.outputs = outputs(id, &routes);
    Ok(Some(live))
}

fn outputs(api: &str, routes: &RoutesSpec) -> Outputs {
    BTreeMap::from([
        ("definition".to_string(), definition(routes)),
        (gw::REST_API_ID.to_string(), api.to_string()),
    ])
}
