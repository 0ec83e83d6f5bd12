//! Out-of-band changes of each field of AWS::Logs::LogGroup.

use crate::support::deployed::DeployedShop;
use crate::support::drift::{DriftCases, OutOfBandChange, case};
use serde_json::json;
use shopstack::model::Op;

pub fn cases() -> DriftCases {
    let found_only = "settings that no stack has: they are only found, and taken away";
    let cases = vec![
        case("tags.*", json!("x")).keys(&["stray"]),
        case("retention_days", json!(7)),
        case("extras.*", json!("arn:aws:lambda:us-east-1:111122223333:function:theirs"))
            .keys(&["subscription theirs"])
            .no_change(found_only),
    ];
    DriftCases {
        type_name: "AWS::Logs::LogGroup",
        at: "log_group.api",
        cases,
        change: |shop, change| Box::pin(change_log_group(shop, change)),
    }
}

/// A stack outside us-east-1 has one log group there, and the others at home.
pub fn cases_on_moto() -> DriftCases {
    let cases = vec![
        case("region", json!("eu-west-3"))
            .op(Op::Replace)
            .also_updates("waf_logging.cdn", "destination")
            .no_drift(
                "a group of that name in another region is another group: the wanted one \
                       is missing",
            ),
    ];
    DriftCases {
        type_name: "AWS::Logs::LogGroup",
        at: "log_group.waf-cdn",
        cases,
        change: |shop, change| Box::pin(change_log_group(shop, change)),
    }
}

async fn change_log_group(shop: &DeployedShop, change: &OutOfBandChange<'_>) {
    let logs = &shop.clients.logs;
    match change.case.field {
        "tags.*" => {
            let tag = logs
                .tag_resource()
                .resource_arn(change.output("arn"))
                .tags(change.key(), change.text());
            tag.send().await.unwrap();
        }
        "extras.*" => {
            let put = logs.put_subscription_filter().log_group_name(&change.live.name);
            let put = put.filter_name("theirs").filter_pattern("");
            put.destination_arn(change.text()).send().await.unwrap();
        }
        _ => {
            let put = logs.put_retention_policy().log_group_name(&change.live.name);
            put.retention_in_days(change.number()).send().await.unwrap();
        }
    }
}
