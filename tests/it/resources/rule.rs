//! AWS::Events::Rule: made with its target, read back as wanted, changed, found by ownership,
//! deleted.

mod drift;
mod inventory;

use crate::support::env::TestEnv;
use crate::support::step::{desired, step};
use crate::support::suite::{Coverage, Suite, TypeInventory};
use serde_json::json;
use shopstack::model::{Desired, ErrorKind, Op, Owner};
use shopstack::resources::events::EventBridge;
use shopstack::resources::{ResourceType, events::rule::Rule};

pub const SUITE: Suite = Suite {
    type_name: "AWS::Events::Rule",
    prepare: Some(|shop| {
        shop.edit("    crate: lambdas/list", "    schedule: rate(1 day)\n    crate: lambdas/list");
    }),
    on_ministack: &[|_| Box::pin(async { drift::cases() })],
    on_moto: &[],
    clean_up: None,
    inventory: Coverage::Own(TypeInventory {
        kind: "rule",
        add: |all, clients| Box::pin(inventory::add(all, clients)),
        names: |clients| Box::pin(inventory::names(clients)),
    }),
};

fn wanted(env: &TestEnv) -> Desired {
    let name = env.scope.name("f");
    let arn = format!("arn:aws:lambda:us-east-1:{}:function:{name}", env.scope.account);
    let spec = json!({"tags": env.scope.tags("f"), "description": "Calls f",
        "schedule": "rate(1 day)", "event_pattern": null, "enabled": true,
        "targets": {"function": arn}});
    desired(&Rule, "rule.f", &name, spec)
}

#[tokio::test]
async fn its_whole_life() {
    let env = TestEnv::new("rule").await;
    let mut wanted = wanted(&env);
    let create = step(&wanted, Op::Create, None);
    let made = Rule.create(&env.writer, &create, &wanted.spec).await.expect("create");
    let again = Rule.create(&env.writer, &create, &wanted.spec).await.expect("create again");
    assert_eq!(made, again);
    let live = env.discover(&Rule, &[&wanted], &[]).await.remove(0);
    assert_eq!((&live.spec, &live.owner), (&wanted.spec, &Owner::Ours));

    let other = json!({"other": format!("arn:aws:sqs:us-east-1:{}:q", env.scope.account)});
    for (field, value) in [
        ("schedule", json!("cron(0 3 * * ? *)")),
        ("description", json!("Something else")),
        ("enabled", json!(false)),
        ("enabled", json!(true)),
        ("targets", other),
        ("targets", wanted.spec["targets"].clone()),
    ] {
        let before = env.discover(&Rule, &[&wanted], &[]).await.remove(0);
        wanted.spec[field] = value;
        let change = step(&wanted, Op::Update, Some(before.clone()));
        Rule.update(&env.writer, &change, &before, &wanted.spec).await.expect("update");
        let live = env.discover(&Rule, &[&wanted], &[]).await.remove(0);
        assert_eq!(live.spec, wanted.spec, "{field}");
    }

    let by_ownership = env.discover(&Rule, &[], &[]).await.remove(0);
    assert_eq!((&by_ownership.spec, &by_ownership.address), (&wanted.spec, &wanted.address));
    Rule.delete(&env.writer, &by_ownership).await.expect("delete");
    Rule.delete(&env.writer, &by_ownership).await.expect("deleting what is gone is done");
    assert!(env.discover(&Rule, &[&wanted], &[]).await.is_empty());
}

#[tokio::test]
async fn a_strangers_rule_is_not_overwritten() {
    let env = TestEnv::new("ruleforeign").await;
    let wanted = wanted(&env);
    let events = env.clients.connections.client::<EventBridge>("us-east-1");
    let rule = events.put_rule().name(&wanted.name).schedule_expression("rate(7 days)");
    rule.send().await.unwrap();
    let create = step(&wanted, Op::Create, None);
    let refused = Rule.create(&env.writer, &create, &wanted.spec).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Foreign, "{refused}");
    let live = env.discover(&Rule, &[&wanted], &[]).await.remove(0);
    assert!(matches!(live.owner, Owner::Foreign(_)));
    assert_eq!(live.spec["schedule"], "rate(7 days)");
    events.delete_rule().name(&wanted.name).send().await.unwrap();
}
