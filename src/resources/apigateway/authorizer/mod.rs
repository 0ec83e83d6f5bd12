//! AWS::ApiGateway::Authorizer: who may call the routes that name it. It has no tags; it belongs to
//! its API, and is known by its name there.

mod desired;
pub mod spec;
mod terraform;

use crate::aws::{CallOptions, Reader, Writer};
use crate::model::call::Call;
use crate::model::spec::{from_value, to_value};
use crate::model::type_info::{Calls, GraphRole, Pricing};
use crate::model::{
    Address, CloudError, ErrorKind, Live, Outputs, Query, Scope, Step, TypeInfo,
    cloud_error::optional,
};
use crate::resources::ResourceType;
use crate::resources::apigateway as gw;
use crate::resources::apigateway::{ApiGateway, DELETE, GET, PATCH, POST, SERVICE};
use crate::resources::common::{FRESH, ONCE, paged};
use crate::resources::context::{Context, Wanted};
use crate::resources::place::{Place, by_key};
use crate::stack::Stack;
use async_trait::async_trait;
use aws_sdk_apigateway::types::{Authorizer as Seen, AuthorizerType, Op, PatchOperation};
use serde_json::Value;
use spec::AuthorizerSpec;
use std::collections::BTreeMap;

pub(crate) use desired::{authorizer_id, deployed};

pub struct Authorizer;

const REST_API: &str = "AWS::ApiGateway::RestApi";

pub const INFO: TypeInfo = TypeInfo {
    type_name: "AWS::ApiGateway::Authorizer",
    group: "authorizer",
    read_after: &[REST_API],
    contained_in: Some(REST_API),
    heading: "API",
    graph: GraphRole::PartOf(|_| "api"),
    pricing: Pricing::ByUse("requests"),
    terraform: terraform::blocks,
    calls: Calls {
        read: &[Call::new(&SERVICE, "apigateway:GetAuthorizers").actions(GET)],
        create: &[
            Call::new(&SERVICE, "apigateway:CreateAuthorizer").actions(POST),
            Call::new(&SERVICE, "apigateway:UpdateAuthorizer").actions(PATCH),
        ],
        update: &[Call::new(&SERVICE, "apigateway:UpdateAuthorizer").actions(PATCH)],
        delete: &[Call::new(&SERVICE, "apigateway:DeleteAuthorizer").actions(DELETE)],
    },
    ..TypeInfo::DEFAULT
};

#[async_trait]
impl ResourceType for Authorizer {
    fn info(&self) -> &'static TypeInfo {
        &INFO
    }

    fn schema(&self) -> schemars::Schema {
        schemars::schema_for!(AuthorizerSpec)
    }

    fn desired(&self, context: &Context<'_>, wanted: &mut Wanted) -> Result<(), CloudError> {
        desired::authorizers(context, wanted);
        Ok(())
    }

    fn places(&self, stack: &Stack) -> Vec<Place> {
        let keys = stack.api.iter().flat_map(|api| api.authorizers.keys());
        by_key(&["api", "authorizers"], keys)
    }

    /// Every authorizer inside our API is ours: one that stack.yaml does not name is planned as a
    /// delete.
    async fn discover(&self, reader: &Reader, query: &Query<'_>) -> Result<Vec<Live>, CloudError> {
        let apis =
            query.found.iter().filter(|l| l.type_name == REST_API && !l.address.id().contains('~'));
        let reads = apis.map(|api| async move {
            let id = api.output("id")?;
            let listed = optional(list(reader, id, CallOptions::default()).await)?;
            Ok::<_, CloudError>(describe(query, id, listed.unwrap_or_default()))
        });
        Ok(futures_util::future::try_join_all(reads).await?.into_iter().flatten().collect())
    }

    async fn create(
        &self,
        writer: &Writer,
        step: &Step,
        wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        let wanted: AuthorizerSpec = from_value(wanted)?;
        let api = gw::rest_api_id(step)?;
        // There is no client token: what an earlier try made is found by its name.
        let there = list(&writer.reader, &api, FRESH).await?;
        if let Some(made) = there.iter().find(|seen| seen.name() == Some(step.name.as_str())) {
            let before = to_spec(made, &writer.scope.region);
            let id = made.id().unwrap_or_default();
            change(writer, &api, id, &before, &wanted).await?;
            return Ok(outputs(&api, id));
        }
        let client = &writer.client::<ApiGateway>();
        let text = |value: &str| Some(value.to_string()).filter(|text| !text.is_empty());
        let uri =
            text(&wanted.function_arn).map(|arn| gw::invocation_uri(&writer.scope.region, &arn));
        let pools: Vec<String> = wanted.user_pools.iter().cloned().collect();
        let made = writer
            .caller
            .call_with("apigateway:CreateAuthorizer", ONCE, || {
                client
                    .create_authorizer()
                    .rest_api_id(&api)
                    .name(&step.name)
                    .r#type(AuthorizerType::from(wanted.kind.as_str()))
                    .set_provider_arns(Some(pools.clone()).filter(|pools| !pools.is_empty()))
                    .set_authorizer_uri(uri.clone())
                    .set_identity_source(text(&wanted.identity_source))
                    .set_identity_validation_expression(text(&wanted.pattern))
                    .authorizer_result_ttl_in_seconds(wanted.cache_seconds)
                    .send()
            })
            .await?;
        let id = made.id().ok_or_else(|| CloudError::shape("apigateway CreateAuthorizer", "id"))?;
        Ok(outputs(&api, id))
    }

    async fn update(
        &self,
        writer: &Writer,
        _: &Step,
        live: &Live,
        wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        let (api, id) = (live.output(gw::REST_API_ID)?, live.output("id")?);
        change(writer, api, id, &from_value(&live.spec)?, &from_value(wanted)?).await?;
        Ok(live.outputs.clone())
    }

    async fn delete(&self, writer: &Writer, live: &Live) -> Result<(), CloudError> {
        let (client, api) = (&writer.client::<ApiGateway>(), live.output(gw::REST_API_ID)?);
        let id = live.output("id")?;
        let gone = writer
            .caller
            .call("apigateway:DeleteAuthorizer", || {
                client.delete_authorizer().rest_api_id(api).authorizer_id(id).send()
            })
            .await;
        optional(gone).map(|_| ())
    }
}

async fn list(reader: &Reader, api: &str, options: CallOptions) -> Result<Vec<Seen>, CloudError> {
    paged(|position| async move {
        let page = reader
            .caller
            .call_with("apigateway:GetAuthorizers", options, || {
                let request = reader.client::<ApiGateway>().get_authorizers().rest_api_id(api);
                request.limit(gw::PAGE).set_position(position.clone()).send()
            })
            .await?;
        Ok((page.items.unwrap_or_default(), page.position))
    })
    .await
}

/// The wanted ones by their names; another is known by the id that its name is made of, and, where
/// its name is none of ours or stands there twice, by the id that AWS gave it.
fn describe(query: &Query<'_>, api: &str, mut listed: Vec<Seen>) -> Vec<Live> {
    listed.sort_by(|a, b| a.id().cmp(&b.id()));
    let mut found: Vec<Live> = Vec::new();
    for seen in &listed {
        let (name, id) = (seen.name().unwrap_or_default(), seen.id().unwrap_or_default());
        let logical = logical_id(query.scope, name);
        let address = match query.wanted.iter().find(|desired| desired.name == name) {
            Some(desired) => desired.address.clone(),
            None => Address::new(INFO.group, logical.unwrap_or(&format!("~{id}"))),
        };
        let taken = found.iter().any(|live| live.address == address);
        let address = if taken { Address::new(INFO.group, &format!("~{id}")) } else { address };
        let spec = to_value(&to_spec(seen, &query.scope.region));
        let mut live = Live::new(address, INFO.type_name, name, spec);
        live.outputs = outputs(api, id);
        found.push(live);
    }
    found
}

/// The logical id that a name of this scope is made of.
fn logical_id<'a>(scope: &Scope, name: &'a str) -> Option<&'a str> {
    let id = name.strip_prefix(&scope.name(""))?;
    (!id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric())).then_some(id)
}

fn to_spec(seen: &Seen, region: &str) -> AuthorizerSpec {
    let text = |value: Option<&str>| value.unwrap_or_default().to_string();
    let uri = seen.authorizer_uri().unwrap_or_default();
    AuthorizerSpec {
        kind: seen.r#type().map_or_else(String::new, |kind| kind.as_str().to_string()),
        user_pools: seen.provider_arns().iter().cloned().collect(),
        function_arn: gw::invoked_function(uri, region).unwrap_or(uri).to_string(),
        identity_source: text(seen.identity_source()),
        pattern: text(seen.identity_validation_expression()),
        // API Gateway's own default.
        cache_seconds: seen.authorizer_result_ttl_in_seconds().unwrap_or(300),
        credentials: text(seen.authorizer_credentials()),
    }
}

async fn change(
    writer: &Writer,
    api: &str,
    id: &str,
    before: &AuthorizerSpec,
    wanted: &AuthorizerSpec,
) -> Result<(), CloudError> {
    let list = patches(before, wanted, &writer.scope.region);
    if list.is_empty() {
        return Ok(());
    }
    let patched =
        before.user_pools != wanted.user_pools || before.cache_seconds != wanted.cache_seconds;
    if patched && writer.caller.is_emulated() {
        // The emulators that we know keep these patches in a form that can no longer be read.
        return Err(CloudError::ours(
            ErrorKind::Other,
            "this endpoint cannot change the user pools of an authorizer, nor how long its answers \
             are remembered",
            "`shopstack down` and `shopstack up` make it anew; AWS changes them in place",
        ));
    }
    let client = &writer.client::<ApiGateway>();
    writer
        .caller
        .call("apigateway:UpdateAuthorizer", || {
            let request = client.update_authorizer().rest_api_id(api).authorizer_id(id);
            request.set_patch_operations(Some(list.clone())).send()
        })
        .await
        .map(|_| ())
}

/// The patches that lead from one spec to another, in one call: an authorizer of one kind with the
/// settings of another would be refused.
fn patches(before: &AuthorizerSpec, wanted: &AuthorizerSpec, region: &str) -> Vec<PatchOperation> {
    let uri = |arn: &str| match arn {
        "" => String::new(),
        arn => gw::invocation_uri(region, arn),
    };
    let (old, new) = (uri(&before.function_arn), uri(&wanted.function_arn));
    let (time, other) = (before.cache_seconds.to_string(), wanted.cache_seconds.to_string());
    let texts = [
        ("/type", &before.kind, &wanted.kind),
        ("/authorizerUri", &old, &new),
        ("/identitySource", &before.identity_source, &wanted.identity_source),
        ("/identityValidationExpression", &before.pattern, &wanted.pattern),
        ("/authorizerResultTtlInSeconds", &time, &other),
        ("/authorizerCredentials", &before.credentials, &wanted.credentials),
    ];
    let mut list: Vec<PatchOperation> = texts
        .into_iter()
        .filter(|(_, before, wanted)| before != wanted)
        .map(|(path, _, wanted)| gw::replace(path, wanted))
        .collect();
    let pool = |op: Op, arn: &String| {
        PatchOperation::builder().op(op).path("/providerARNs").value(arn).build()
    };
    list.extend(wanted.user_pools.difference(&before.user_pools).map(|arn| pool(Op::Add, arn)));
    list.extend(before.user_pools.difference(&wanted.user_pools).map(|arn| pool(Op::Remove, arn)));
    list
}

fn outputs(api: &str, id: &str) -> Outputs {
    BTreeMap::from([
        ("id".to_string(), id.to_string()),
        (gw::REST_API_ID.to_string(), api.to_string()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> AuthorizerSpec {
        AuthorizerSpec {
            kind: "TOKEN".into(),
            user_pools: ["arn:a", "arn:b"].map(String::from).into(),
            function_arn: "arn:f".into(),
            identity_source: "method.request.header.A".into(),
            pattern: "x".into(),
            cache_seconds: 1,
            credentials: "arn:role".into(),
        }
    }

    #[test]
    fn every_field_has_its_patch_and_equal_specs_have_none() {
        let wanted = AuthorizerSpec {
            kind: "COGNITO_USER_POOLS".into(),
            user_pools: ["arn:b", "arn:c"].map(String::from).into(),
            function_arn: String::new(),
            identity_source: "method.request.header.B".into(),
            pattern: String::new(),
            cache_seconds: 2,
            credentials: String::new(),
        };
        assert!(patches(&wanted, &wanted, "r").is_empty());
        let list = patches(&spec(), &wanted, "r");
        let shown: Vec<String> = list
            .iter()
            .map(|p| {
                let value = p.value().unwrap_or_default();
                format!("{} {} {value}", p.op().unwrap().as_str(), p.path().unwrap())
            })
            .collect();
        assert_eq!(
            shown,
            [
                "replace /type COGNITO_USER_POOLS",
                "replace /authorizerUri ",
                "replace /identitySource method.request.header.B",
                "replace /identityValidationExpression ",
                "replace /authorizerResultTtlInSeconds 2",
                "replace /authorizerCredentials ",
                "add /providerARNs arn:c",
                "remove /providerARNs arn:a",
            ]
        );
    }

    #[test]
    fn a_name_of_this_scope_tells_its_logical_id() {
        let scope = Scope {
            stack: "s".into(),
            env: "e".into(),
            account: "1".into(),
            region: "r".into(),
            endpoint: None,
        };
        assert_eq!(logical_id(&scope, "s-e-users"), Some("users"));
        for other in ["users", "s-e-", "s-x-users", "s-e-a.b"] {
            assert_eq!(logical_id(&scope, other), None, "{other}");
        }
    }
}
