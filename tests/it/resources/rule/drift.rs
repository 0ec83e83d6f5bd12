//! Out-of-band changes of each field of AWS::Events::Rule.

use crate::support::deployed::DeployedShop;
use crate::support::drift::{DriftCases, OutOfBandChange, case};
use aws_sdk_eventbridge::types::{RuleState, Tag, Target};
use serde_json::json;
use shopstack::resources::events::EventBridge;

pub fn cases() -> DriftCases {
    let cases = vec![
        case("tags.*", json!("x")).keys(&["stray"]),
        case("description", json!("Theirs")),
        case("schedule", json!("rate(2 days)")),
        case("event_pattern", json!("{\"source\":[\"theirs\"]}"))
            .no_change("no stack has one: a schedule is all that calls a function"),
        case("enabled", json!(false)),
        case("targets.*", json!("arn:aws:sqs:us-east-1:000000000000:theirs")).keys(&["stray"]),
    ];
    DriftCases {
        type_name: "AWS::Events::Rule",
        at: "rule.listProducts",
        cases,
        change: |shop, change| Box::pin(change_rule(shop, change)),
    }
}

async fn change_rule(shop: &DeployedShop, change: &OutOfBandChange<'_>) {
    let events = shop.clients.connections.client::<EventBridge>("us-east-1");
    let (name, target) = (&change.live.name, &change.target);
    let text = |field: &str| target[field].as_str().map(str::to_string);
    match change.case.field {
        "tags.*" => {
            let tag = Tag::builder().key(change.key()).value(change.text()).build().unwrap();
            let call = events.tag_resource().resource_arn(change.output("arn")).tags(tag);
            call.send().await.unwrap();
        }
        "targets.*" => {
            let target = Target::builder().id(change.key()).arn(change.text()).build().unwrap();
            events.put_targets().rule(name).targets(target).send().await.unwrap();
        }
        _ => {
            let on = target["enabled"] == json!(true);
            let state = if on { RuleState::Enabled } else { RuleState::Disabled };
            let put = events.put_rule().name(name).state(state);
            let put = put
                .set_description(text("description"))
                .set_schedule_expression(text("schedule"))
                .set_event_pattern(text("event_pattern"));
            put.send().await.unwrap();
        }
    }
}
