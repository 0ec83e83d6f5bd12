//! Cases of web ACLs, their association and their logging.

use super::case::{Case, OutOfBandChange, Suite, case, gap};
use super::deployed::DeployedShop;
use aws_sdk_wafv2::types as sdk;
use serde_json::{Value, json};
use shopstack::model::Op;

const RATE: &str = "rate-per-ip";
const GROUP: &str = "SQLiRuleSet";
const LINUX: &str = "AWSManagedRulesLinuxRuleSet";

pub async fn suites(deployed: &DeployedShop) -> Vec<Suite> {
    vec![acls(), association(deployed).await]
}

fn acls() -> Suite {
    let rate = |field, to: Value| case(field, to).keys(&[RATE]);
    let new = json!({"priority": 90, "kind": "rate", "group": "", "limit": 500, "action": "count", "metrics": true,
        "sampled": true});
    let of_rate = |field: &str| format!("rules.{RATE}.{field}");
    let cases: Vec<Case> = vec![
        case("tags.*", json!("x")).keys(&["stray"]),
        gap(
            "scope",
            "an ACL of another scope is another ACL, and what it guards decides on its scope: no stack.yaml moves one",
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
    ];
    Suite {
        type_name: "AWS::WAFv2::WebACL",
        at: "web_acl.api",
        cases,
        meddle: |b, m| Box::pin(acl(b, m)),
    }
}

async fn acl(b: &DeployedShop, m: &OutOfBandChange<'_>) {
    let waf = &b.clients.wafv2;
    if m.case.field == "tags.*" {
        let tag = sdk::Tag::builder().key(m.key()).value(m.text()).build().unwrap();
        waf.tag_resource().resource_arn(m.output("arn")).tags(tag).send().await.unwrap();
        return;
    }
    let (name, id) = (&m.live.name, m.output("id"));
    let seen =
        waf.get_web_acl().name(name).id(id).scope(sdk::Scope::Regional).send().await.unwrap();
    let mut acl = seen.web_acl.unwrap();
    let visibility = acl.visibility_config.as_mut().unwrap();
    match m.case.field {
        "description" => acl.description = Some(m.text().into()),
        "default_action" => {
            let block = sdk::DefaultAction::builder().block(sdk::BlockAction::builder().build());
            acl.default_action = Some(block.build());
        }
        "metric_name" => visibility.metric_name = m.text().into(),
        _ => {
            let rules = acl.rules.get_or_insert_default();
            rules.retain(|rule| rule.name != m.key());
            rules.extend(m.target["rules"].get(m.key()).map(|spec| rule(m.key(), spec)));
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
    let none = count.is_none().then(|| sdk::NoneAction::builder().build());
    let statement =
        sdk::Statement::builder().managed_rule_group_statement(group.build().unwrap()).build();
    let action = sdk::OverrideAction::builder().set_count(count).set_none(none).build();
    rule.statement(statement).override_action(action).build().unwrap()
}

fn theirs(deployed: &DeployedShop) -> String {
    format!("{}-theirs", deployed.scope.stack)
}

/// Another ACL of somebody else's, which `tidy` takes away.
async fn association(deployed: &DeployedShop) -> Suite {
    let allow = sdk::DefaultAction::builder().allow(sdk::AllowAction::builder().build()).build();
    let visibility = sdk::VisibilityConfig::builder()
        .metric_name("theirs")
        .cloud_watch_metrics_enabled(false)
        .sampled_requests_enabled(false);
    let made =
        deployed.clients.wafv2.create_web_acl().name(theirs(deployed)).scope(sdk::Scope::Regional);
    let made = made
        .default_action(allow)
        .visibility_config(visibility.build().unwrap())
        .send()
        .await
        .unwrap();
    let arn = made.summary.and_then(|s| s.arn).unwrap();
    let cases = vec![
        case("web_acl_arn", json!(arn)),
        gap(
            "resource_arn",
            "it is what an association is found by: another stage's is another association",
        ),
    ];
    let type_name = "AWS::WAFv2::WebACLAssociation";
    Suite { type_name, at: "association.api", cases, meddle: |b, m| Box::pin(associate(b, m)) }
}

async fn associate(b: &DeployedShop, m: &OutOfBandChange<'_>) {
    let stage = m.target["resource_arn"].as_str().unwrap();
    b.clients
        .wafv2
        .associate_web_acl()
        .web_acl_arn(m.text())
        .resource_arn(stage)
        .send()
        .await
        .unwrap();
}

pub async fn tidy(deployed: &DeployedShop) {
    let waf = &deployed.clients.wafv2;
    let listed = waf.list_web_acls().scope(sdk::Scope::Regional).send().await.unwrap();
    for one in listed.web_acls().iter().filter(|a| a.name() == Some(&theirs(deployed))) {
        let gone = waf
            .delete_web_acl()
            .scope(sdk::Scope::Regional)
            .set_id(one.id.clone())
            .set_name(one.name.clone());
        gone.set_lock_token(one.lock_token.clone()).send().await.unwrap();
    }
}

/// For moto, since MiniStack keeps the first description.
pub fn described() -> Suite {
    Suite { cases: vec![case("description", json!("theirs"))], ..acls() }
}

/// For moto, since MiniStack has no logging.
pub fn logging(deployed: &DeployedShop) -> Suite {
    let at = "waf_logging.api";
    let destination = deployed.live(at).spec["destination"].as_str().unwrap();
    let cases = vec![
        gap(
            "web_acl_arn",
            "it is what a logging configuration is found by: another ACL's is another configuration",
        ),
        case("destination", json!(format!("{destination}-theirs"))),
        case("redacted_headers", json!(["authorization"])).op(Op::Update),
    ];
    let type_name = "AWS::WAFv2::LoggingConfiguration";
    Suite { type_name, at, cases, meddle: |b, m| Box::pin(log(b, m)) }
}

async fn log(b: &DeployedShop, m: &OutOfBandChange<'_>) {
    let names: Vec<String> = serde_json::from_value(m.target["redacted_headers"].clone()).unwrap();
    let fields = names.iter().map(|name| {
        let header = sdk::SingleHeader::builder().name(name).build().unwrap();
        sdk::FieldToMatch::builder().single_header(header).build()
    });
    let configuration = sdk::LoggingConfiguration::builder()
        .resource_arn(m.target["web_acl_arn"].as_str().unwrap())
        .log_destination_configs(m.target["destination"].as_str().unwrap())
        .set_redacted_fields(Some(fields.collect()));
    let put = b.clients.wafv2.put_logging_configuration();
    put.logging_configuration(configuration.build().unwrap()).send().await.unwrap();
}
