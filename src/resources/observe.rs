//! Reads that only `policy-report` makes: what of a stack's resources opens them to others and no
//! stack.yaml has.
//!
//! Every function reads to the last page and returns plain values; null means none.

use super::{dynamodb, iam, lambda, logs};
use crate::aws::Reader;
use crate::model::call::Call;
use crate::model::cloud_error::optional;
use crate::model::{CloudError, ErrorKind};
use crate::policy;
use crate::resources::common::paged;
use serde_json::{Map, Value, json};

/// The calls of this module.
pub const CALLS: &[Call] = &[
    Call::new(&lambda::SERVICE, "lambda:ListFunctionUrlConfigs"),
    Call::new(&lambda::SERVICE, "lambda:ListEventSourceMappings"),
    Call::new(&lambda::SERVICE, "lambda:ListVersionsByFunction"),
    Call::new(&lambda::SERVICE, "lambda:ListAliases"),
    Call::new(&lambda::SERVICE, "lambda:GetPolicy"),
    Call::new(&dynamodb::SERVICE, "dynamodb:DescribeTable"),
    Call::new(&logs::SERVICE, "logs:DescribeSubscriptionFilters"),
    Call::new(&logs::SERVICE, "logs:DescribeResourcePolicies"),
    Call::new(&iam::SERVICE, "iam:GetPolicy"),
    Call::new(&iam::SERVICE, "iam:GetPolicyVersion"),
];

/// The HTTPS endpoints of a function: `{qualifier: {"auth_type", "url"}}`.
pub async fn function_urls(reader: &Reader, function: &str) -> Result<Value, CloudError> {
    let configs = paged(|marker| async move {
        let page = reader
            .caller
            .call("lambda:ListFunctionUrlConfigs", || {
                let request = reader.lambda.list_function_url_configs().function_name(function);
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
    Ok(filled(entries.collect()))
}

/// What calls a function by itself: `{uuid: {"source", "state"}}`.
pub async fn event_sources(reader: &Reader, function: &str) -> Result<Value, CloudError> {
    let mappings = paged(|marker| async move {
        let page = reader
            .caller
            .call("lambda:ListEventSourceMappings", || {
                let request = reader.lambda.list_event_source_mappings().function_name(function);
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
    Ok(filled(entries.collect()))
}

/// Names of the versions and aliases of a function, `$LATEST` apart.
pub async fn qualifiers(reader: &Reader, function: &str) -> Result<Vec<String>, CloudError> {
    let versions = paged(|marker| async move {
        let page = reader
            .caller
            .call("lambda:ListVersionsByFunction", || {
                let request = reader.lambda.list_versions_by_function().function_name(function);
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
                let request = reader.lambda.list_aliases().function_name(function);
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
            reader.lambda.get_policy().function_name(function).qualifier(qualifier).send()
        })
        .await;
    Ok(optional(answer)?.map_or(Value::Null, |answer| parsed(answer.policy())))
}

/// The ARN of a table's latest stream; `None` for a table without one.
pub async fn stream(reader: &Reader, table: &str) -> Result<Option<String>, CloudError> {
    let answer = reader
        .caller
        .call("dynamodb:DescribeTable", || {
            reader.dynamodb.describe_table().table_name(table).send()
        })
        .await;
    Ok(optional(answer)?.and_then(|answer| answer.table).and_then(|t| t.latest_stream_arn))
}

/// Who else receives a log group's events: `{filter: destination ARN}`.
pub async fn subscriptions(
    reader: &Reader,
    region: &str,
    group: &str,
) -> Result<Value, CloudError> {
    let logs = reader.logs_in(region);
    let filters = paged(|token| async move {
        let page = reader
            .caller
            .call("logs:DescribeSubscriptionFilters", || {
                let request = logs.describe_subscription_filters().log_group_name(group);
                request.set_next_token(token.clone()).send()
            })
            .await;
        let Some(page) = optional(page)? else { return Ok((vec![], None)) };
        Ok((page.subscription_filters.unwrap_or_default(), page.next_token))
    })
    .await?;
    let entries = filters.into_iter().map(|filter| {
        let name = filter.filter_name().unwrap_or("unknown").to_string();
        (name, json!(filter.destination_arn().unwrap_or("unknown")))
    });
    Ok(filled(entries.collect()))
}

/// The account's policies on its log groups, by name.
pub async fn log_resource_policies(
    reader: &Reader,
    region: &str,
) -> Result<Vec<(String, Value)>, CloudError> {
    let logs = reader.logs_in(region);
    let policies = paged(|token| async move {
        let page = reader
            .caller
            .call("logs:DescribeResourcePolicies", || {
                logs.describe_resource_policies().set_next_token(token.clone()).send()
            })
            .await?;
        Ok((page.resource_policies.unwrap_or_default(), page.next_token))
    })
    .await?;
    let named = policies.into_iter().map(|policy| {
        let name = policy.policy_name().unwrap_or("unknown").to_string();
        (name, parsed(policy.policy_document()))
    });
    let mut all: Vec<_> = named.collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(all)
}

/// The document of a managed policy in force.
pub async fn managed_policy(reader: &Reader, arn: &str) -> Result<Value, CloudError> {
    let get = || reader.iam.get_policy().policy_arn(arn).send();
    let Some(answer) = optional(reader.caller.call("iam:GetPolicy", get).await)? else {
        return Ok(Value::Null);
    };
    let version = answer.policy().and_then(|p| p.default_version_id()).unwrap_or("v1").to_string();
    let answer = reader
        .caller
        .call("iam:GetPolicyVersion", || {
            reader.iam.get_policy_version().policy_arn(arn).version_id(&version).send()
        })
        .await;
    let answer = optional(answer)?;
    let document = answer.as_ref().and_then(|a| a.policy_version()).and_then(|v| v.document());
    Ok(parsed(document))
}

/// A document, or its text where it is none; null for an absent or empty one.
fn parsed(text: Option<&str>) -> Value {
    match text.filter(|text| !text.is_empty()) {
        Some(text) => policy::parse(text).unwrap_or_else(|_| text.into()),
        None => Value::Null,
    }
}

fn filled(entries: Map<String, Value>) -> Value {
    if entries.is_empty() { Value::Null } else { Value::Object(entries) }
}

/// True where the endpoint, never AWS, does not know the operation.
pub fn is_not_emulated(error: &CloudError) -> bool {
    error.kind == ErrorKind::NotEmulated
}
