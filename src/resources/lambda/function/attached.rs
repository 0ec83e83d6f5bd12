//! What others can attach to a function without changing its configuration: endpoints of its own,
//! event sources, a reserved concurrency. No stack has any: each is an entry of `extras`, which is
//! drift, and is taken away.

use crate::aws::{Reader, Writer};
use crate::model::CloudError;
use crate::model::call::Call;
use crate::model::cloud_error::optional;
use crate::resources::common::or_nothing;
use crate::resources::lambda::{Lambda, SERVICE, observe};
use aws_sdk_lambda::operation::get_function::GetFunctionOutput;
use futures_util::future::join;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

pub const READS: [Call; 2] = [
    Call::new(&SERVICE, "lambda:ListFunctionUrlConfigs"),
    Call::new(&SERVICE, "lambda:ListEventSourceMappings"),
];
pub const WRITES: [Call; 3] = [
    Call::new(&SERVICE, "lambda:DeleteFunctionConcurrency"),
    Call::new(&SERVICE, "lambda:DeleteFunctionUrlConfig"),
    Call::new(&SERVICE, "lambda:DeleteEventSourceMapping"),
];

const CONCURRENCY: &str = "reserved concurrency";
const URL: &str = "function url ";
const SOURCE: &str = "event source ";
/// The state of an event source whose deletion has begun.
const GOING: &str = "Deleting";

/// The reserved concurrency, which GetFunction tells.
pub fn concurrency(answer: &GetFunctionOutput) -> Option<(String, String)> {
    let reserved = answer.concurrency().and_then(|c| c.reserved_concurrent_executions());
    reserved.map(|number| (CONCURRENCY.to_string(), number.to_string()))
}

/// Endpoints and event sources; two calls.
pub async fn read(reader: &Reader, name: &str) -> Result<BTreeMap<String, String>, CloudError> {
    let (urls, sources) =
        join(observe::function_urls(reader, name), observe::event_sources(reader, name)).await;
    let (urls, sources) = (or_nothing(urls)?, or_nothing(sources)?);
    let text = |value: &Value, key: &str| {
        value.get(key).and_then(Value::as_str).unwrap_or("unknown").to_string()
    };
    let entries = |all: Option<Value>| match all {
        Some(Value::Object(entries)) => entries,
        _ => Map::new(),
    };
    let urls = entries(urls).into_iter().map(|(qualifier, url)| {
        (format!("{URL}{qualifier}"), format!("AuthType {}", text(&url, "auth_type")))
    });
    let sources = entries(sources).into_iter().filter(|(_, source)| text(source, "state") != GOING);
    let sources =
        sources.map(|(uuid, source)| (format!("{SOURCE}{uuid}"), text(&source, "source")));
    Ok(urls.chain(sources).collect())
}

/// True for an extra that UpdateFunctionConfiguration knows nothing of.
pub fn is_attached(extra: &str) -> bool {
    extra == CONCURRENCY || extra.starts_with(URL) || extra.starts_with(SOURCE)
}

/// Takes away what is attached; what is gone already is done.
pub async fn remove(
    writer: &Writer,
    name: &str,
    extras: &BTreeMap<String, String>,
) -> Result<(), CloudError> {
    let (client, caller) = (writer.client::<Lambda>(), &writer.caller);
    for extra in extras.keys() {
        if extra == CONCURRENCY {
            let delete = || client.delete_function_concurrency().function_name(name).send();
            optional(caller.call("lambda:DeleteFunctionConcurrency", delete).await)?;
        } else if let Some(qualifier) = extra.strip_prefix(URL) {
            let qualifier = Some(qualifier.to_string()).filter(|q| q != "$LATEST");
            let delete = || {
                let delete = client.delete_function_url_config().function_name(name);
                delete.set_qualifier(qualifier.clone()).send()
            };
            optional(caller.call("lambda:DeleteFunctionUrlConfig", delete).await)?;
        } else if let Some(uuid) = extra.strip_prefix(SOURCE) {
            let delete = || client.delete_event_source_mapping().uuid(uuid).send();
            optional(caller.call("lambda:DeleteEventSourceMapping", delete).await)?;
        }
    }
    Ok(())
}
