//! Attachments that do not change a function's configuration: function URLs, versions and aliases
//! with policies of their own, and destinations of failed asynchronous calls. No stack has any:
//! each is an entry of `extras`, which is drift, and is removed.

use crate::aws::{Reader, Writer};
use crate::model::CloudError;
use crate::model::call::Call;
use crate::model::cloud_error::optional;
use crate::resources::common::{or_nothing, paged};
use crate::resources::lambda::{Lambda, SERVICE, observe};
use aws_sdk_lambda::types::FunctionEventInvokeConfig;
use futures_util::future::join3;
use serde_json::Value;
use std::collections::BTreeMap;

pub const READS: [Call; 4] = [
    Call::new(&SERVICE, "lambda:ListFunctionUrlConfigs"),
    Call::new(&SERVICE, "lambda:ListVersionsByFunction"),
    Call::new(&SERVICE, "lambda:ListAliases"),
    Call::new(&SERVICE, "lambda:ListFunctionEventInvokeConfigs"),
];
pub const WRITES: [Call; 4] = [
    Call::new(&SERVICE, "lambda:DeleteFunctionUrlConfig"),
    Call::new(&SERVICE, "lambda:DeleteFunctionEventInvokeConfig"),
    Call::new(&SERVICE, "lambda:DeleteAlias"),
    // A version goes by the same call as the function.
    Call::new(&SERVICE, "lambda:DeleteFunction"),
];

const URL: &str = "function url ";
const VERSION: &str = "version ";
const ALIAS: &str = "alias ";
const INVOKE: &str = "event invoke config ";

/// All of them, each with the qualifier that it is attached to.
pub async fn read(reader: &Reader, name: &str) -> Result<BTreeMap<String, String>, CloudError> {
    let (urls, qualifiers, configs) = join3(
        observe::function_urls(reader, name),
        observe::qualifiers(reader, name),
        invoke_configs(reader, name),
    )
    .await;
    let mut found = BTreeMap::new();
    for (qualifier, url) in or_nothing(urls)?.iter().filter_map(Value::as_object).flatten() {
        let auth = url.get("auth_type").and_then(Value::as_str).unwrap_or("unknown");
        found.insert(format!("{URL}{qualifier}"), format!("AuthType {auth}"));
    }
    for qualifier in or_nothing(qualifiers)?.unwrap_or_default() {
        let is_version = qualifier.bytes().all(|byte| byte.is_ascii_digit());
        let kind = if is_version { VERSION } else { ALIAS };
        found.insert(format!("{kind}{qualifier}"), "published".to_string());
    }
    for config in or_nothing(configs)?.unwrap_or_default() {
        found.insert(format!("{INVOKE}{}", qualifier_of(&config)), describe_config(&config));
    }
    Ok(found)
}

async fn invoke_configs(
    reader: &Reader,
    name: &str,
) -> Result<Vec<FunctionEventInvokeConfig>, CloudError> {
    paged(|marker| async move {
        let list = || {
            let lambda = reader.client::<Lambda>();
            let list = lambda.list_function_event_invoke_configs().function_name(name);
            list.set_marker(marker.clone()).send()
        };
        let page = reader.caller.call("lambda:ListFunctionEventInvokeConfigs", list).await;
        let Some(page) = optional(page)? else { return Ok((vec![], None)) };
        let marker = page.next_marker.filter(|marker| !marker.is_empty());
        Ok((page.function_event_invoke_configs.unwrap_or_default(), marker))
    })
    .await
}

/// The last part of an ARN with eight of them; the function itself is `$LATEST`.
fn qualifier_of(config: &FunctionEventInvokeConfig) -> &str {
    let arn = config.function_arn().unwrap_or_default();
    arn.split(':').nth(7).filter(|part| !part.is_empty()).unwrap_or("$LATEST")
}

fn describe_config(config: &FunctionEventInvokeConfig) -> String {
    let destinations = config.destination_config();
    let success = destinations.and_then(|d| d.on_success()).and_then(|to| to.destination());
    let failure = destinations.and_then(|d| d.on_failure()).and_then(|to| to.destination());
    let parts = [
        config.maximum_retry_attempts().map(|n| format!("{n} retries")),
        config.maximum_event_age_in_seconds().map(|n| format!("{n} s")),
        success.map(|arn| format!("success to {arn}")),
        failure.map(|arn| format!("failure to {arn}")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// True for an extra that UpdateFunctionConfiguration knows nothing of.
pub fn is_attached(extra: &str) -> bool {
    [URL, VERSION, ALIAS, INVOKE].iter().any(|kind| extra.starts_with(kind))
}

/// Takes away what is attached; what is gone already is done. Versions go last: one that an alias
/// names cannot be deleted.
pub async fn remove(
    writer: &Writer,
    name: &str,
    extras: &BTreeMap<String, String>,
) -> Result<(), CloudError> {
    let (client, caller) = (writer.client::<Lambda>(), &writer.caller);
    let of = |kind: &'static str| extras.keys().filter_map(move |extra| extra.strip_prefix(kind));
    let qualified = |qualifier: &str| Some(qualifier.to_string()).filter(|q| q != "$LATEST");
    for qualifier in of(URL) {
        let delete = || {
            let delete = client.delete_function_url_config().function_name(name);
            delete.set_qualifier(qualified(qualifier)).send()
        };
        optional(caller.call("lambda:DeleteFunctionUrlConfig", delete).await)?;
    }
    for qualifier in of(INVOKE) {
        let delete = || {
            let delete = client.delete_function_event_invoke_config().function_name(name);
            delete.set_qualifier(qualified(qualifier)).send()
        };
        optional(caller.call("lambda:DeleteFunctionEventInvokeConfig", delete).await)?;
    }
    for alias in of(ALIAS) {
        let delete = || client.delete_alias().function_name(name).name(alias).send();
        optional(caller.call("lambda:DeleteAlias", delete).await)?;
    }
    for version in of(VERSION) {
        let delete = || client.delete_function().function_name(name).qualifier(version).send();
        optional(caller.call("lambda:DeleteFunction", delete).await)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_lambda::types::{DestinationConfig, OnFailure, OnSuccess};

    #[test]
    fn where_calls_that_nobody_waits_for_go_is_shown() {
        let function = "arn:aws:lambda:us-east-1:1:function:f";
        let success = OnSuccess::builder().destination("arn:ok").build();
        let failure = OnFailure::builder().destination("arn:bad").build();
        let to = DestinationConfig::builder().on_success(success).on_failure(failure).build();
        let config = FunctionEventInvokeConfig::builder()
            .function_arn(format!("{function}:$LATEST"))
            .maximum_retry_attempts(0)
            .maximum_event_age_in_seconds(60)
            .destination_config(to)
            .build();
        assert_eq!(
            describe_config(&config),
            "0 retries, 60 s, success to arn:ok, failure to arn:bad"
        );
        assert_eq!(qualifier_of(&config), "$LATEST");
        let bare = FunctionEventInvokeConfig::builder().function_arn(function).build();
        assert_eq!(qualifier_of(&bare), "$LATEST");
        let alias = FunctionEventInvokeConfig::builder().function_arn(format!("{function}:live"));
        assert_eq!(qualifier_of(&alias.build()), "live");
    }
}
