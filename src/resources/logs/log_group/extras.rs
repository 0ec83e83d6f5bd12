//! Settings of a live log group that no stack has: each is an entry of `extras`, which is drift,
//! and is taken away. A subscription filter sends every line to somebody else.

use crate::aws::{Reader, Writer};
use crate::model::CloudError;
use crate::model::call::Call;
use crate::model::cloud_error::optional;
use crate::resources::common::or_nothing;
use crate::resources::logs::{Logs, SERVICE, observe};
use serde_json::Value;
use std::collections::BTreeMap;

pub const READS: [Call; 1] = [Call::new(&SERVICE, "logs:DescribeSubscriptionFilters")];
pub const WRITES: [Call; 2] = [
    Call::new(&SERVICE, "logs:DeleteSubscriptionFilter"),
    Call::new(&SERVICE, "logs:DisassociateKmsKey"),
];

const SUBSCRIPTION: &str = "subscription ";
const KEY: &str = "kms key";

/// The extras of a group of that name; `key` is the one that its lines are encrypted with, which
/// the listing tells.
pub(super) async fn read_extras(
    reader: &Reader,
    region: &str,
    name: &str,
    key: Option<String>,
) -> Result<BTreeMap<String, String>, CloudError> {
    let filters = or_nothing(observe::subscriptions(reader, region, name).await)?;
    let filters = filters.unwrap_or_default().as_object().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or("unknown").to_string();
    let mut found: BTreeMap<String, String> =
        filters.iter().map(|(name, to)| (format!("{SUBSCRIPTION}{name}"), text(to))).collect();
    found.extend(key.filter(|key| !key.is_empty()).map(|key| (KEY.to_string(), key)));
    Ok(found)
}

pub(super) async fn remove(
    writer: &Writer,
    region: &str,
    name: &str,
    extras: &BTreeMap<String, String>,
) -> Result<(), CloudError> {
    let (logs, caller) = (writer.client_in::<Logs>(region), &writer.caller);
    for extra in extras.keys() {
        if let Some(filter) = extra.strip_prefix(SUBSCRIPTION) {
            let delete = || {
                logs.delete_subscription_filter().log_group_name(name).filter_name(filter).send()
            };
            optional(caller.call("logs:DeleteSubscriptionFilter", delete).await)?;
        } else {
            let take_off = || logs.disassociate_kms_key().log_group_name(name).send();
            optional(caller.call("logs:DisassociateKmsKey", take_off).await)?;
        }
    }
    Ok(())
}
