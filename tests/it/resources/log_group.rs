//! AWS::Logs::LogGroup: made, read back as wanted, changed, adopted when it exists, deleted.

mod drift;
mod inventory;

use crate::support::env::TestEnv;
use crate::support::step::{desired, step};
use crate::support::suite::{Coverage, Suite, TypeInventory};
use serde_json::json;
use shopstack::model::{ErrorKind, Op, Owner};
use shopstack::resources::{ResourceType, logs::log_group::LogGroup};

pub const SUITE: Suite = Suite {
    type_name: "AWS::Logs::LogGroup",
    prepare: None,
    on_ministack: &[|_| Box::pin(async { drift::cases() })],
    on_moto: &[|_| Box::pin(async { drift::cases_on_moto() })],
    clean_up: None,
    inventory: Coverage::Own(TypeInventory {
        kind: "log group",
        add: |all, clients| Box::pin(inventory::add(all, clients)),
        names: |clients| Box::pin(inventory::names(clients)),
    }),
};

#[tokio::test]
async fn its_whole_life() {
    let env = TestEnv::new("loggroup").await;
    let name = format!("/aws/lambda/{}f", env.scope.prefix());
    let spec = json!({"tags": env.scope.tags("f"), "region": "us-east-1", "retention_days": 30, "extras": {}});
    let mut wanted = desired(&LogGroup, "log_group.f", &name, spec);

    LogGroup
        .create(&env.writer, &step(&wanted, Op::Create, None), &wanted.spec)
        .await
        .expect("create");
    // A crash after the create: running it again adopts what is there.
    LogGroup
        .create(&env.writer, &step(&wanted, Op::Create, None), &wanted.spec)
        .await
        .expect("create again");
    let live = env.discover(&LogGroup, &[&wanted], &[]).await.remove(0);
    assert_eq!(live.spec, wanted.spec);
    assert_eq!(live.owner, Owner::Ours);

    wanted.spec = json!({"tags": env.scope.tags("f"), "region": "us-east-1", "retention_days": 7, "extras": {}});
    let change = step(&wanted, Op::Update, Some(live.clone()));
    LogGroup.update(&env.writer, &change, &live, &wanted.spec).await.expect("update");
    let by_ownership = env.discover(&LogGroup, &[], &[]).await.remove(0);
    assert_eq!(by_ownership.spec, wanted.spec);
    assert_eq!(by_ownership.address, wanted.address);

    LogGroup.delete(&env.writer, &by_ownership).await.expect("delete");
    LogGroup.delete(&env.writer, &by_ownership).await.expect("deleting what is gone is done");
    assert!(env.discover(&LogGroup, &[&wanted], &[]).await.is_empty());
}

#[tokio::test]
async fn a_group_that_somebody_else_made_meanwhile_is_not_taken() {
    let env = TestEnv::new("loggroupforeign").await;
    let name = format!("/aws/lambda/{}f", env.scope.prefix());
    let spec = json!({"tags": env.scope.tags("f"), "region": "us-east-1", "retention_days": 30, "extras": {}});
    let wanted = desired(&LogGroup, "log_group.f", &name, spec);
    let logs = &env.clients.logs;
    let tags = std::collections::HashMap::from([("team".to_string(), "books".to_string())]);
    logs.create_log_group().log_group_name(&name).set_tags(Some(tags)).send().await.unwrap();
    let made = LogGroup
        .create(&env.writer, &step(&wanted, Op::Create, None), &wanted.spec)
        .await
        .unwrap_err();
    assert_eq!(made.kind, ErrorKind::Foreign);
    assert!(
        made.message.contains("team=books") && made.hint.contains("--adopt log_group.f"),
        "{made:?}"
    );
    logs.delete_log_group().log_group_name(&name).send().await.unwrap();
}
