//! Reads and sets the account's role for API Gateway's logs.

use crate::aws::{Reader, Writer};
use crate::model::CloudError;
use crate::resources::apigateway as gw;
use crate::resources::apigateway::ApiGateway;
use std::sync::atomic::{AtomicBool, Ordering};

/// The account's role; `None` where there is none. Once cleared, some answers hold an empty text.
pub(super) async fn current(reader: &Reader) -> Result<Option<String>, CloudError> {
    let account = reader
        .caller
        .call("apigateway:GetAccount", || reader.client::<ApiGateway>().get_account().send())
        .await?;
    Ok(account
        .cloudwatch_role_arn()
        .filter(|arn| arn.starts_with("arn:") && arn.contains(":role/"))
        .map(str::to_string))
}

/// Registers the role, unless another run does so while this one waits: the quota is one call per
/// 20 s, and the role's propagation is retried at that pace (catalogue 7.3).
pub(super) async fn register_first(writer: &Writer, arn: &str) -> Result<(), CloudError> {
    let client = &writer.client::<ApiGateway>();
    let repeated = AtomicBool::new(false);
    let update = || async {
        if repeated.swap(true, Ordering::Relaxed)
            && let Ok(Some(_)) = current(&writer.reader).await
        {
            return Ok(());
        }
        let update = client.update_account();
        update.patch_operations(gw::replace("/cloudwatchRoleArn", arn)).send().await.map(|_| ())
    };
    writer.caller.call("apigateway:UpdateAccount", update).await
}

/// Takes the role out of the account's settings.
pub(super) async fn clear(writer: &Writer) -> Result<(), CloudError> {
    let client = &writer.client::<ApiGateway>();
    let update =
        || client.update_account().patch_operations(gw::replace("/cloudwatchRoleArn", "")).send();
    writer.caller.call("apigateway:UpdateAccount", update).await.map(|_| ())
}
