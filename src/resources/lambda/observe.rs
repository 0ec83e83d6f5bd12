//! Reads of functions that only `policy-report` makes: endpoints, event sources, versions and their
//! policies.
//!
//! Each function reads to the last page and returns plain values; null means none.

use super::SERVICE;
use crate::aws::Reader;
use crate::model::CloudError;
use crate::model::call::Call;
use crate::model::cloud_error::optional;
use crate::resources::common::{document_or_text, null_if_empty, paged};
use crate::resources::lambda::Lambda;
use serde_json::{Value, json};

/// The calls of this module.
pub const CALLS: &[Call] = &[
    Call::new(&SERVICE, "lambda:ListFunctionUrlConfigs"),
    Call::new(&SERVICE, "lambda:ListEventSourceMappings"),
    Call::new(&SERVICE, "lambda:ListVersionsByFunction"),
    Call::new(&SERVICE, "lambda:ListAliases"),
    Call::new(&SERVICE, "lambda:GetPolicy"),
];

/// The HTTPS endpoints of a function: `{qualifier: {"auth_type", "url"}}`.
pub async fn function_urls(reader: &Reader, function: &str) -> Result<Value, CloudError> {
    let configs = paged(|marker| async move {
        let page = reader
            .caller
            .call("lambda:ListFunctionUrlConfigs", || {
                let request =
                    reader.client::<Lambda>().list_function_url_configs().function_name(function);
                request.set_marker(marker.clone()).send()
            })
            .await;
        let Some(page) = optional(page)? else { return Ok((vec![], None)) };
        Ok((page.function_url_configs, page.next_marker.filter(|m| !m.is_empty())))
    })
    .await?;
    let entries = configs.into_iter().map(|config| {
        // An ARN with an eighth part names a qualifier.
        let qualifier = config.function_arn.split(':').nth(7).unwrap_or("$LATEST").to_string();
        let url = json!({"auth_type": config.auth_type.as_str(), "url": config.function_url});
        (qualifier, url)
    });
    Ok(null_if_empty(entries.collect()))
}

/// Event sources that call a function: `{uuid: {"source", "state"}}`.
pub async fn event_sources(reader: &Reader, function: &str) -> Result<Value, CloudError> {
    let mappings = paged(|marker| async move {
        let page = reader
            .caller
            .call("lambda:ListEventSourceMappings", || {
                let request =
                    reader.client::<Lambda>().list_event_source_mappings().function_name(function);
                request.set_marker(marker.clone()).send()
            })
            .await;
        let Some(page) = optional(page)? else { return Ok((vec![], None)) };
        let marker = page.next_marker.filter(|m| !m.is_empty());
        Ok((page.event_source_mappings.unwrap_or_default(), marker))
    })
    .await?;
    let entries = mappings.into_iter().map(|mapping| {
        let uuid = mapping.uuid().unwrap_or("unknown").to_string();
        let source = mapping.event_source_arn().unwrap_or("a self-managed source");
        (uuid, json!({"source": source, "state": mapping.state().unwrap_or("unknown")}))
    });
    Ok(null_if_empty(entries.collect()))
}

/// Names of the versions and aliases of a function, `$LATEST` apart.
pub async fn qualifiers(reader: &Reader, function: &str) -> Result<Vec<String>, CloudError> {
    let versions = paged(|marker| async move {
        let page = reader
            .caller
            .call("lambda:ListVersionsByFunction", || {
                let request =
                    reader.client::<Lambda>().list_versions_by_function().function_name(function);
                request.set_marker(marker.clone()).send()
            })
            .await;
        let Some(page) = optional(page)? else { return Ok((vec![], None)) };
        let marker = page.next_marker.filter(|m| !m.is_empty());
        Ok((page.versions.unwrap_or_default(), marker))
    });
    let aliases = paged(|marker| async move {
        let page = reader
            .caller
            .call("lambda:ListAliases", || {
                let request = reader.client::<Lambda>().list_aliases().function_name(function);
                request.set_marker(marker.clone()).send()
            })
            .await;
        let Some(page) = optional(page)? else { return Ok((vec![], None)) };
        let marker = page.next_marker.filter(|m| !m.is_empty());
        Ok((page.aliases.unwrap_or_default(), marker))
    });
    let (versions, aliases) = futures_util::future::try_join(versions, aliases).await?;
    let mut names: Vec<String> = versions
        .into_iter()
        .filter_map(|v| v.version)
        .filter(|version| version != "$LATEST")
        .chain(aliases.into_iter().filter_map(|alias| alias.name))
        .collect();
    names.sort();
    Ok(names)
}

/// The policy of one version or alias of a function.
pub async fn version_policy(
    reader: &Reader,
    function: &str,
    qualifier: &str,
) -> Result<Value, CloudError> {
    let answer = reader
        .caller
        .call("lambda:GetPolicy", || {
            reader
                .client::<Lambda>()
                .get_policy()
                .function_name(function)
                .qualifier(qualifier)
                .send()
        })
        .await;
    Ok(optional(answer)?.map_or(Value::Null, |answer| document_or_text(answer.policy())))
}
