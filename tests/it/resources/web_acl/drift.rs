//! Out-of-band changes of each field of AWS::WAFv2::WebACL.

use crate::support::deployed::DeployedShop;
use crate::support::drift::{Case, DriftCases, OutOfBandChange, case, gap};
use aws_sdk_wafv2::types as sdk;
use serde_json::{Value, json};

const RATE: &str = "rate-per-ip";

const GROUP: &str = "SQLiRuleSet";

const LINUX: &str = "AWSManagedRulesLinuxRuleSet";

/// For moto, since MiniStack keeps the first description.
pub fn cases_on_moto() -> DriftCases {
    DriftCases { cases: vec![case("description", json!("theirs"))], ..cases() }
}

pub fn cases() -> DriftCases {
    let rate = |field, to: Value| case(field, to).keys(&[RATE]);
    let new = json!({"priority": 90, "kind": "rate", "group": "", "limit": 500, "action": "count", "metrics": true,
        "sampled": true, "count": []});
    let of_rate = |field: &str| format!("rules.{RATE}.{field}");
    let cases: Vec<Case> = vec![
        case("tags.*", json!("x")).keys(&["stray"]),
        gap(
            "scope",
            "an ACL of another scope is another ACL, and what it guards decides on its scope: no \
             stack.yaml moves one",
        ),
        case("default_action", json!("BLOCK")),
        case("metric_name", json!("theirs")),
        case("rules.*", new).keys(&["theirs"]),
        case("rules.*", Value::Null).keys(&[GROUP]),
        rate("rules.*.priority", json!(50)),
        rate("rules.*.kind", json!("managed"))
            .also(&of_rate("group"), json!(LINUX))
            .also(&of_rate("limit"), json!(0))
            .also(&of_rate("action"), json!("none")),
        case("rules.*.group", json!(LINUX)).keys(&[GROUP]),
        rate("rules.*.limit", json!(3000)),
        rate("rules.*.action", json!("count")),
        case("rules.*.action", json!("count")).keys(&[GROUP]),
        rate("rules.*.metrics", json!(false)),
        rate("rules.*.sampled", json!(false)),
        case("rules.*.count", json!(["SQLi_BODY"])).keys(&[GROUP]),
    ];
    DriftCases {
        type_name: "AWS::WAFv2::WebACL",
        at: "web_acl.api",
        cases,
        change: |shop, change| Box::pin(change_acl(shop, change)),
    }
}

async fn change_acl(shop: &DeployedShop, change: &OutOfBandChange<'_>) {
    let waf = &shop.clients.wafv2;
    if change.case.field == "tags.*" {
        let tag = sdk::Tag::builder().key(change.key()).value(change.text()).build().unwrap();
        waf.tag_resource().resource_arn(change.output("arn")).tags(tag).send().await.unwrap();
        return;
    }
    let (name, id) = (&change.live.name, change.output("id"));
    let seen =
        waf.get_web_acl().name(name).id(id).scope(sdk::Scope::Regional).send().await.unwrap();
    let mut acl = seen.web_acl.unwrap();
    let visibility = acl.visibility_config.as_mut().unwrap();
    match change.case.field {
        "description" => acl.description = Some(change.text().into()),
        "default_action" => {
            let block = sdk::DefaultAction::builder().block(sdk::BlockAction::builder().build());
            acl.default_action = Some(block.build());
        }
        "metric_name" => visibility.metric_name = change.text().into(),
        _ => {
            let rules = acl.rules.get_or_insert_default();
            rules.retain(|rule| rule.name != change.key());
            rules.extend(
                change.target["rules"].get(change.key()).map(|spec| rule(change.key(), spec)),
            );
        }
    }
    let update = waf
        .update_web_acl()
        .name(name)
        .id(id)
        .scope(sdk::Scope::Regional)
        .set_lock_token(seen.lock_token);
    let update = update.set_description(acl.description).set_default_action(acl.default_action);
    update.set_visibility_config(acl.visibility_config).set_rules(acl.rules).send().await.unwrap();
}

/// A rule as its spec has it.
fn rule(name: &str, spec: &Value) -> sdk::Rule {
    let flag = |field: &str| spec[field].as_bool().unwrap();
    let visibility = sdk::VisibilityConfig::builder()
        .metric_name(name)
        .cloud_watch_metrics_enabled(flag("metrics"))
        .sampled_requests_enabled(flag("sampled"));
    let rule = sdk::Rule::builder().name(name).visibility_config(visibility.build().unwrap());
    let rule = rule.priority(i32::try_from(spec["priority"].as_i64().unwrap()).unwrap());
    let count = (spec["action"] == "count").then(|| sdk::CountAction::builder().build());
    if spec["kind"] == "rate" {
        let rate = sdk::RateBasedStatement::builder()
            .limit(spec["limit"].as_i64().unwrap())
            .evaluation_window_sec(300)
            .aggregate_key_type(sdk::RateBasedStatementAggregateKeyType::Ip);
        let block = count.is_none().then(|| sdk::BlockAction::builder().build());
        let statement =
            sdk::Statement::builder().rate_based_statement(rate.build().unwrap()).build();
        let action = sdk::RuleAction::builder().set_count(count).set_block(block).build();
        return rule.statement(statement).action(action).build().unwrap();
    }
    let group = sdk::ManagedRuleGroupStatement::builder()
        .vendor_name("AWS")
        .name(spec["group"].as_str().unwrap());
    let counted = sdk::RuleAction::builder().count(sdk::CountAction::builder().build()).build();
    let counted = spec["count"].as_array().unwrap().iter().map(|rule| {
        let one = sdk::RuleActionOverride::builder().name(rule.as_str().unwrap());
        one.action_to_use(counted.clone()).build().unwrap()
    });
    let counted: Vec<_> = counted.collect();
    let group = group.set_rule_action_overrides((!counted.is_empty()).then_some(counted));
    let none = count.is_none().then(|| sdk::NoneAction::builder().build());
    let statement =
        sdk::Statement::builder().managed_rule_group_statement(group.build().unwrap()).build();
    let action = sdk::OverrideAction::builder().set_count(count).set_none(none).build();
    rule.statement(statement).override_action(action).build().unwrap()
}
