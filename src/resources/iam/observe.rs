//! Reads of managed policies, which only `policy-report` makes.
//!
//! Each function reads to the last page and returns plain values; null means none.

use super::SERVICE;
use crate::aws::Reader;
use crate::model::CloudError;
use crate::model::call::Call;
use crate::model::cloud_error::optional;
use crate::resources::common::document_or_text;
use crate::resources::iam::Iam;
use serde_json::Value;

/// The calls of this module.
pub const CALLS: &[Call] =
    &[Call::new(&SERVICE, "iam:GetPolicy"), Call::new(&SERVICE, "iam:GetPolicyVersion")];

/// The document of a managed policy in force.
pub async fn managed_policy(reader: &Reader, arn: &str) -> Result<Value, CloudError> {
    let get = || reader.client::<Iam>().get_policy().policy_arn(arn).send();
    let Some(answer) = optional(reader.caller.call("iam:GetPolicy", get).await)? else {
        return Ok(Value::Null);
    };
    let version = answer.policy().and_then(|p| p.default_version_id()).unwrap_or("v1").to_string();
    let answer = reader
        .caller
        .call("iam:GetPolicyVersion", || {
            reader.client::<Iam>().get_policy_version().policy_arn(arn).version_id(&version).send()
        })
        .await;
    let answer = optional(answer)?;
    let document = answer.as_ref().and_then(|a| a.policy_version()).and_then(|v| v.document());
    Ok(document_or_text(document))
}
