//! Writes of REST APIs: create without a client token, patches, waits.

use super::spec::RestApiSpec;
use super::{list, oldest_in_use_first, outputs, to_spec};
use crate::aws::Writer;
use crate::model::spec::from_value;
use crate::model::{CloudError, ErrorKind, Outputs, Step, tag};
use crate::resources::apigateway as gw;
use crate::resources::apigateway::ApiGateway;
use crate::resources::common::{FRESH, ONCE};
use aws_sdk_apigateway::types::{
    ApiKeySourceType, ApiStatus, EndpointConfiguration, PatchOperation, RestApi as Seen,
};
use serde_json::Value;
use std::time::Duration;

/// Creates the API, or finds the one that an earlier try made and brings it to the wanted state.
///
/// There is no client token, so look before creating and, since the listing lags, for a while
/// after every lost answer (catalogue 1.4): looking too early would make a second API. An
/// emulator's listing is never behind.
pub(super) async fn create(
    writer: &Writer,
    step: &Step,
    wanted: &RestApiSpec,
) -> Result<Outputs, CloudError> {
    let id = wanted.tags.get(tag::ID).cloned().unwrap_or_default();
    let mut last = None;
    let looks: &[u64] = if writer.caller.is_emulated() { &[0] } else { &[0, 2, 4, 8] };
    for _ in 0..5 {
        let mut there = None;
        for pause in if last.is_none() { &[0] } else { looks } {
            writer.caller.pause(Duration::from_secs(*pause)).await?;
            let apis = list(&writer.reader, &writer.scope).await?;
            let of_this_id = |a: &Seen| a.tags().and_then(|t| t.get(tag::ID)) == Some(&id);
            let mine = apis
                .into_iter()
                .filter(|a| of_this_id(a) && a.name() == Some(&step.name))
                .collect();
            there = oldest_in_use_first(&writer.reader, mine).await?.into_iter().next();
            if there.is_some() {
                break;
            }
        }
        if let Some(api) = there {
            let before = to_spec(&api, gw::inline_tags(api.tags()), &step.name);
            let id = api.id().unwrap_or_default();
            update(writer, id, &step.name, before, wanted).await?;
            return Ok(outputs(&writer.scope, id));
        }
        match create_api(writer, step, wanted).await {
            Err(error) if error.kind == ErrorKind::Ambiguous => last = Some(error),
            Err(error) => return Err(error),
            Ok(id) => return Ok(outputs(&writer.scope, &id)),
        }
        writer
            .caller
            .report_wait("the answer to CreateRestApi was lost; looking whether the API exists");
    }
    Err(last.unwrap_or_else(|| CloudError::shape("apigateway CreateRestApi", "result")))
}

/// The patches that lead from one spec to another. `before` may hold the fields that only live
/// specs have.
pub(super) fn patches(
    mut before: Value,
    wanted: &RestApiSpec,
    name: &str,
) -> Result<(RestApiSpec, Vec<PatchOperation>), CloudError> {
    let extra = |fields: &mut Value, key: &str| {
        fields.as_object_mut().and_then(|o| o.shift_remove(key)).is_some()
    };
    let mut list = Vec::new();
    if extra(&mut before, "name") {
        list.push(gw::replace("/name", name));
    }
    if extra(&mut before, "policy") {
        list.push(gw::replace("/policy", ""));
    }
    let before: RestApiSpec = from_value(&before)?;
    if before.description != wanted.description {
        list.push(gw::replace("/description", &wanted.description));
    }
    if before.endpoint_type != wanted.endpoint_type {
        list.push(gw::replace("/endpointConfiguration/types/0", &wanted.endpoint_type));
    }
    if before.api_key_source != wanted.api_key_source {
        list.push(gw::replace("/apiKeySource", &wanted.api_key_source));
    }
    if before.disable_execute_api_endpoint != wanted.disable_execute_api_endpoint {
        list.push(gw::replace("/disableExecuteApiEndpoint", wanted.disable_execute_api_endpoint));
    }
    let binary = |kind: &String| format!("/binaryMediaTypes/{}", gw::segment(kind));
    list.extend(
        before
            .binary_media_types
            .difference(&wanted.binary_media_types)
            .map(|k| gw::remove(binary(k))),
    );
    list.extend(
        wanted
            .binary_media_types
            .difference(&before.binary_media_types)
            .map(|k| gw::add(binary(k))),
    );
    match wanted.minimum_compression_size {
        same if same == before.minimum_compression_size => {}
        Some(size) => list.push(gw::replace("/minimumCompressionSize", size)),
        // A missing value disables compression (catalogue 7.2).
        None => list.push(gw::clear("/minimumCompressionSize")),
    }
    Ok((before, list))
}

/// Changes what differs between `before`, the live spec, and `wanted`.
pub(super) async fn update(
    writer: &Writer,
    id: &str,
    name: &str,
    before: Value,
    wanted: &RestApiSpec,
) -> Result<(), CloudError> {
    let (before, list) = patches(before, wanted, name)?;
    if writer.caller.is_emulated() && before.binary_media_types != wanted.binary_media_types {
        // The emulators that we know keep the patch in a form that can no longer be read.
        return Err(CloudError::ours(
            ErrorKind::Other,
            format!("{name}: this endpoint cannot change the binary media types of an API"),
            "`shopstack down` and `shopstack up` make the API anew; AWS changes them in place",
        ));
    }
    let client = &writer.client::<ApiGateway>();
    if !list.is_empty() {
        let answer = writer
            .caller
            .call("apigateway:UpdateRestApi", || {
                client
                    .update_rest_api()
                    .rest_api_id(id)
                    .set_patch_operations(Some(list.clone()))
                    .send()
            })
            .await?;
        if is_busy(answer.api_status()) {
            wait_idle(writer, id).await?;
        }
    }
    gw::set_tags(writer, &gw::api_arn(&writer.scope.region, id), &before.tags, &wanted.tags).await
}

/// After a patch of the endpoint an API can be UPDATING, and refuses further changes until it is
/// not (catalogue 7.4).
fn is_busy(status: Option<&ApiStatus>) -> bool {
    matches!(status, Some(ApiStatus::Updating | ApiStatus::Pending))
}

async fn wait_idle(writer: &Writer, id: &str) -> Result<(), CloudError> {
    let reader = &writer.reader;
    let what = format!("REST API {id} to take the change (usually seconds)");
    let look = || async {
        let api = reader
            .caller
            .call_with("apigateway:GetRestApi", FRESH, || {
                reader.client::<ApiGateway>().get_rest_api().rest_api_id(id).send()
            })
            .await?;
        Ok((!is_busy(api.api_status())).then_some(()))
    };
    writer.caller.wait_until(&what, Duration::from_secs(2), Duration::from_secs(180), look).await
}

/// CreateRestApi with everything at once: the owner tags exist from the first moment (catalogue
/// 7.5).
async fn create_api(
    writer: &Writer,
    step: &Step,
    wanted: &RestApiSpec,
) -> Result<String, CloudError> {
    let client = &writer.client::<ApiGateway>();
    let text = |s: &str| Some(s.to_string()).filter(|s| !s.is_empty());
    let binary: Vec<String> = wanted.binary_media_types.iter().cloned().collect();
    // EDGE is CreateRestApi's own default, so the type is always stated (catalogue 7.6).
    let endpoint =
        EndpointConfiguration::builder().types(wanted.endpoint_type.as_str().into()).build();
    let made = writer
        .caller
        .call_with("apigateway:CreateRestApi", ONCE, || {
            client
                .create_rest_api()
                .name(&step.name)
                .set_description(text(&wanted.description))
                .endpoint_configuration(endpoint.clone())
                .api_key_source(ApiKeySourceType::from(wanted.api_key_source.as_str()))
                .disable_execute_api_endpoint(wanted.disable_execute_api_endpoint)
                .set_binary_media_types(Some(binary.clone()).filter(|b| !b.is_empty()))
                .set_minimum_compression_size(wanted.minimum_compression_size)
                .set_tags(Some(wanted.tags.clone().into_iter().collect()))
                .send()
        })
        .await
        .map_err(|error| gw::naming_tags(error, &wanted.tags))?;
    let id =
        made.id().ok_or_else(|| CloudError::shape("apigateway CreateRestApi", "id"))?.to_string();
    if is_busy(made.api_status()) {
        wait_idle(writer, &id).await?;
    }
    Ok(id)
}
