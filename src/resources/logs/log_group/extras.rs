//! Settings of a live log group that no stack has: each is an entry of `extras`, which is drift,
//! and is taken away. A subscription filter sends every line to somebody else, data protection
//! hides parts of lines.

use crate::aws::{Reader, Writer};
use crate::model::CloudError;
use crate::model::call::Call;
use crate::model::cloud_error::optional;
use crate::resources::common::or_nothing;
use crate::resources::logs::{Logs, SERVICE, observe};
use aws_sdk_cloudwatchlogs::types::{DataProtectionStatus, LogGroup};
use serde_json::Value;
use std::collections::BTreeMap;

pub const READS: [Call; 1] = [Call::new(&SERVICE, "logs:DescribeSubscriptionFilters")];
pub const WRITES: [Call; 5] = [
    Call::new(&SERVICE, "logs:DeleteSubscriptionFilter"),
    Call::new(&SERVICE, "logs:DisassociateKmsKey"),
    Call::new(&SERVICE, "logs:DeleteDataProtectionPolicy"),
    Call::new(&SERVICE, "logs:PutLogGroupDeletionProtection"),
    Call::new(&SERVICE, "logs:PutBearerTokenAuthentication"),
];

const SUBSCRIPTION: &str = "subscription ";
const KEY: &str = "kms key";
const DATA_PROTECTION: &str = "data protection";
const DELETION_PROTECTION: &str = "deletion protection";
const BEARER_TOKENS: &str = "bearer tokens";

/// The extras that the listing tells.
pub(super) fn listed(group: &LogGroup) -> BTreeMap<String, String> {
    let on = |set: bool| set.then(|| "on".to_string());
    let protects = group.data_protection_status() == Some(&DataProtectionStatus::Activated);
    let key = group.kms_key_id().filter(|key| !key.is_empty()).map(str::to_string);
    let all = [
        (KEY, key),
        (DATA_PROTECTION, on(protects)),
        (DELETION_PROTECTION, on(group.deletion_protection_enabled() == Some(true))),
        (BEARER_TOKENS, on(group.bearer_token_authentication_enabled() == Some(true))),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name.to_string(), value?))).collect()
}

/// All extras of a group of that name; `listed` are those of the listing.
pub(super) async fn read_extras(
    reader: &Reader,
    region: &str,
    name: &str,
    listed: BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, CloudError> {
    let filters = or_nothing(observe::subscriptions(reader, region, name).await)?;
    let filters = filters.unwrap_or_default().as_object().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or("unknown").to_string();
    let mut found: BTreeMap<String, String> =
        filters.iter().map(|(name, to)| (format!("{SUBSCRIPTION}{name}"), text(to))).collect();
    found.extend(listed);
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
            continue;
        }
        match extra.as_str() {
            DATA_PROTECTION => {
                let delete =
                    || logs.delete_data_protection_policy().log_group_identifier(name).send();
                optional(caller.call("logs:DeleteDataProtectionPolicy", delete).await)?;
            }
            DELETION_PROTECTION => {
                let off = || {
                    let put = logs.put_log_group_deletion_protection().log_group_identifier(name);
                    put.deletion_protection_enabled(false).send()
                };
                caller.call("logs:PutLogGroupDeletionProtection", off).await?;
            }
            BEARER_TOKENS => {
                let off = || {
                    let put = logs.put_bearer_token_authentication().log_group_identifier(name);
                    put.bearer_token_authentication_enabled(false).send()
                };
                caller.call("logs:PutBearerTokenAuthentication", off).await?;
            }
            _ => {
                let take_off = || logs.disassociate_kms_key().log_group_name(name).send();
                optional(caller.call("logs:DisassociateKmsKey", take_off).await)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_that_the_listing_tells_is_shown() {
        assert_eq!(listed(&LogGroup::builder().kms_key_id("").build()), BTreeMap::new());
        let group = LogGroup::builder()
            .kms_key_id("arn:kms")
            .data_protection_status(DataProtectionStatus::Activated)
            .deletion_protection_enabled(true)
            .bearer_token_authentication_enabled(true)
            .build();
        let expected = [
            ("bearer tokens", "on"),
            ("data protection", "on"),
            ("deletion protection", "on"),
            ("kms key", "arn:kms"),
        ];
        assert_eq!(listed(&group), expected.map(|(k, v)| (k.to_string(), v.to_string())).into());
    }
}
