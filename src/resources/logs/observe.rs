//! Reads of log groups that only `policy-report` makes: subscriptions and the account's policies.
//!
//! Each function reads to the last page and returns plain values; null means none.

use super::SERVICE;
use crate::aws::Reader;
use crate::model::CloudError;
use crate::model::call::Call;
use crate::model::cloud_error::optional;
use crate::resources::common::{document_or_text, null_if_empty, paged};
use crate::resources::logs::Logs;
use serde_json::{Value, json};

/// The calls of this module.
pub const CALLS: &[Call] = &[
    Call::new(&SERVICE, "logs:DescribeSubscriptionFilters"),
    Call::new(&SERVICE, "logs:DescribeResourcePolicies"),
];

/// Subscriptions that receive a log group's events: `{filter: destination ARN}`.
pub async fn subscriptions(
    reader: &Reader,
    region: &str,
    group: &str,
) -> Result<Value, CloudError> {
    let logs = &reader.client_in::<Logs>(region);
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
    Ok(null_if_empty(entries.collect()))
}

/// The account's policies on its log groups, by name.
pub async fn log_resource_policies(
    reader: &Reader,
    region: &str,
) -> Result<Vec<(String, Value)>, CloudError> {
    let logs = &reader.client_in::<Logs>(region);
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
        (name, document_or_text(policy.policy_document()))
    });
    let mut all: Vec<_> = named.collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(all)
}
