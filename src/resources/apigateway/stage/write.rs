//! Deploys an API's routes to a stage: new deployment first, then the stage is moved, then old
//! deployments go.

use super::spec::StageSpec;
use super::{State, settings};
use crate::aws::{CallOptions, Writer};
use crate::model::{CloudError, ErrorKind, cloud_error::optional};
use crate::resources::apigateway as gw;
use crate::resources::apigateway::ApiGateway;
use aws_sdk_apigateway::types::PatchOperation;
use serde_json::Map;
use std::collections::BTreeSet;

/// Makes the stage `name` as wanted, whatever is there of it already.
pub async fn converge(
    writer: &Writer,
    api: &str,
    name: &str,
    wanted: &StageSpec,
    options: CallOptions,
) -> Result<(), CloudError> {
    let state = super::state(&writer.reader, api, options).await?;
    if state.stage(name).is_some() {
        return change(writer, api, name, wanted, state).await;
    }
    let deployment = deployment(writer, api, wanted, &state, options).await?;
    if create_stage(writer, api, name, &deployment, wanted, options).await? {
        // CreateStage takes neither throttling nor access logs: always one UpdateStage more
        // (catalogue 7.1).
        patch(writer, api, name, settings::patches(None, &Map::new(), wanted)).await?;
        return clean_up(writer, api, name, &state, &deployment).await;
    }
    // ConflictException: an earlier try whose answer was lost made it.
    let state = super::state(&writer.reader, api, options).await?;
    change(writer, api, name, wanted, state).await
}

/// False where the stage exists.
async fn create_stage(
    writer: &Writer,
    api: &str,
    name: &str,
    deployment: &str,
    wanted: &StageSpec,
    options: CallOptions,
) -> Result<bool, CloudError> {
    let client = &writer.client::<ApiGateway>();
    let made = writer
        .caller
        .call_with("apigateway:CreateStage", options, || {
            client
                .create_stage()
                .rest_api_id(api)
                .stage_name(name)
                .deployment_id(deployment)
                .tracing_enabled(wanted.tracing)
                .set_tags(Some(wanted.tags.clone().into_iter().collect()))
                .send()
        })
        .await;
    match made {
        Ok(_) => Ok(true),
        Err(error) if error.matches("ConflictException", "already exists") => Ok(false),
        Err(error) => Err(gw::naming_tags(error, &wanted.tags)),
    }
}

async fn change(
    writer: &Writer,
    api: &str,
    name: &str,
    wanted: &StageSpec,
    state: State,
) -> Result<(), CloudError> {
    let Some(stage) = state.stage(name) else {
        return Err(CloudError::shape("apigateway GetStages", name));
    };
    let arn = gw::stage_arn(&writer.scope.region, api, name);
    let tags = gw::tags_of(&writer.reader, &arn, gw::inline_tags(stage.tags()), Some(&wanted.tags))
        .await?;
    let (before, rest) = settings::split(&settings::to_spec(stage, &state.deployments, tags))?;
    let mut list = settings::patches(Some(&before), &rest, wanted);
    let mut current = stage.deployment_id().unwrap_or_default().to_string();
    if before.definition != wanted.definition {
        // Order on change: create, move the stage, delete the old one (catalogue 7.4).
        current = deployment(writer, api, wanted, &state, CallOptions::default()).await?;
        list.push(gw::replace("/deploymentId", &current));
    }
    patch(writer, api, name, list).await?;
    gw::set_tags(writer, &arn, &before.tags, &wanted.tags).await?;
    clean_up(writer, api, name, &state, &current).await
}

/// One UpdateStage with all operations, which apply in order and together (catalogue 7.2 and 12.4).
async fn patch(
    writer: &Writer,
    api: &str,
    name: &str,
    list: Vec<PatchOperation>,
) -> Result<(), CloudError> {
    if list.is_empty() {
        return Ok(());
    }
    let client = &writer.client::<ApiGateway>();
    writer
        .caller
        .call_with("apigateway:UpdateStage", crate::resources::common::FRESH, || {
            let request = client.update_stage().rest_api_id(api).stage_name(name);
            request.set_patch_operations(Some(list.clone())).send()
        })
        .await
        .map(|_| ())
}

/// The deployment of the wanted routes: the newest one if a crash left it unused, else a new one.
///
/// Never with a stage name: that would make the stage without tags and settings (catalogue 7.4).
async fn deployment(
    writer: &Writer,
    api: &str,
    wanted: &StageSpec,
    state: &State,
    options: CallOptions,
) -> Result<String, CloudError> {
    if let Some(id) = settings::reusable(&state.deployments, &wanted.definition) {
        return Ok(id.to_string());
    }
    let client = &writer.client::<ApiGateway>();
    let description = format!("{}{}", settings::MARK, wanted.definition);
    let mut tries = 0;
    loop {
        let made = writer
            .caller
            .call_with(
                "apigateway:CreateDeployment",
                CallOptions { not_idempotent: true, ..options },
                || client.create_deployment().rest_api_id(api).description(&description).send(),
            )
            .await;
        match made {
            Ok(made) => {
                let id = made
                    .id()
                    .ok_or_else(|| CloudError::shape("apigateway CreateDeployment", "id"))?;
                return Ok(id.to_string());
            }
            Err(error) if error.kind == ErrorKind::Ambiguous && tries < 3 => {
                tries += 1;
                let now = super::deployments(&writer.reader, api, options).await?;
                if let Some(id) = settings::reusable(&now, &wanted.definition) {
                    return Ok(id.to_string());
                }
            }
            Err(error) => return Err(error),
        }
    }
}

/// After a stage is gone: what it served goes too, unless the API went with it.
pub async fn tidy(writer: &Writer, api: &str) -> Result<(), CloudError> {
    match optional(super::state(&writer.reader, api, CallOptions::default()).await)? {
        Some(state) => clean_up(writer, api, "", &state, "").await,
        None => Ok(()),
    }
}

/// Deletes the deployment this stage has left, and ours that no stage serves: they pile up
/// (catalogue 7.4).
async fn clean_up(
    writer: &Writer,
    api: &str,
    name: &str,
    state: &State,
    current: &str,
) -> Result<(), CloudError> {
    let mut used = BTreeSet::from([current]);
    let mut left = None;
    for stage in &state.stages {
        if stage.stage_name() == Some(name) {
            left = stage.deployment_id();
        } else {
            used.extend(stage.deployment_id());
            used.extend(stage.canary_settings().and_then(|c| c.deployment_id()));
        }
    }
    for deployment in &state.deployments {
        let ours = deployment.description().is_some_and(|d| d.starts_with(settings::MARK));
        let Some(id) =
            deployment.id().filter(|id| !used.contains(id) && (ours || left == Some(*id)))
        else {
            continue;
        };
        let client = &writer.client::<ApiGateway>();
        let gone = writer
            .caller
            .call("apigateway:DeleteDeployment", || {
                client.delete_deployment().rest_api_id(api).deployment_id(id).send()
            })
            .await;
        match optional(gone) {
            // Somebody has pointed a stage to it meanwhile: it is in use, so it stays.
            Err(error) if error.matches("BadRequestException", "Active stages") => {}
            other => drop(other?),
        }
    }
    Ok(())
}
