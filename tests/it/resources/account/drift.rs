//! Out-of-band changes of each field of AWS::ApiGateway::Account.

use crate::support::deployed::DeployedShop;
use crate::support::drift::{DriftCases, case};
use serde_json::json;
use shopstack::model::Op;
use shopstack::resources::apigateway as gw;

/// One for the whole account and region; tried where no other test is.
pub fn cases() -> DriftCases {
    let cases = vec![
        case("has_log_role", json!(false))
            .op(Op::Create)
            .no_change("every API wants one; a role of somebody else's is left alone"),
    ];
    DriftCases {
        type_name: "AWS::ApiGateway::Account",
        at: "account.logging",
        cases,
        change: |shop, _| Box::pin(clear_account(shop)),
    }
}

async fn clear_account(shop: &DeployedShop) {
    let patch = gw::replace("/cloudwatchRoleArn", "");
    shop.clients.apigateway.update_account().patch_operations(patch).send().await.unwrap();
}
