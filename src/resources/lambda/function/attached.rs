//! Endpoints of a function's own, which others can attach without changing its configuration. No
//! stack has any: each is an entry of `extras`, which is drift, and is taken away.

use crate::aws::{Reader, Writer};
use crate::model::CloudError;
use crate::model::call::Call;
use crate::model::cloud_error::optional;
use crate::resources::common::or_nothing;
use crate::resources::lambda::{Lambda, SERVICE, observe};
use serde_json::Value;
use std::collections::BTreeMap;

pub const READ: Call = Call::new(&SERVICE, "lambda:ListFunctionUrlConfigs");
pub const WRITE: Call = Call::new(&SERVICE, "lambda:DeleteFunctionUrlConfig");

const URL: &str = "function url ";

/// The endpoints, by qualifier.
pub async fn read(reader: &Reader, name: &str) -> Result<BTreeMap<String, String>, CloudError> {
    let urls = or_nothing(observe::function_urls(reader, name).await)?.unwrap_or_default();
    let text = |url: &Value| url.get("auth_type").and_then(Value::as_str).map(str::to_string);
    let urls = urls.as_object().into_iter().flatten().map(|(qualifier, url)| {
        let auth = text(url).unwrap_or_else(|| "unknown".to_string());
        (format!("{URL}{qualifier}"), format!("AuthType {auth}"))
    });
    Ok(urls.collect())
}

/// True for an extra that UpdateFunctionConfiguration knows nothing of.
pub fn is_attached(extra: &str) -> bool {
    extra.starts_with(URL)
}

/// Takes away what is attached; what is gone already is done.
pub async fn remove(
    writer: &Writer,
    name: &str,
    extras: &BTreeMap<String, String>,
) -> Result<(), CloudError> {
    let client = writer.client::<Lambda>();
    for qualifier in extras.keys().filter_map(|extra| extra.strip_prefix(URL)) {
        let qualifier = Some(qualifier.to_string()).filter(|q| q != "$LATEST");
        let delete = || {
            let delete = client.delete_function_url_config().function_name(name);
            delete.set_qualifier(qualifier.clone()).send()
        };
        optional(writer.caller.call("lambda:DeleteFunctionUrlConfig", delete).await)?;
    }
    Ok(())
}
