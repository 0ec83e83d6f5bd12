//! AWS::Lambda::EventSourceMapping: made on a table's stream, read back as wanted, changed, found
//! by its function, deleted.

mod drift;

use super::function;
use crate::support::env::TestEnv;
use crate::support::step::{desired, step};
use crate::support::suite::{Coverage, Suite};
use aws_sdk_dynamodb::types as sdk;
use serde_json::json;
use shopstack::model::{Address, Live, Op};
use shopstack::resources::ResourceType;
use shopstack::resources::lambda::{event_source::EventSource, function::Function};

pub const SUITE: Suite = Suite {
    type_name: "AWS::Lambda::EventSourceMapping",
    prepare: Some(|shop| {
        shop.edit(
            "    crate: lambdas/order",
            "    on: { table: Products }\n    crate: lambdas/order",
        );
    }),
    on_ministack: &[|shop| Box::pin(async { drift::cases(shop) })],
    on_moto: &[],
    clean_up: None,
    inventory: Coverage::Elsewhere("deleting a function's event source is part of its own test"),
};

/// A table with a stream; its ARN and the stream's.
async fn table(env: &TestEnv, name: &str) -> (String, String) {
    let stream = sdk::StreamSpecification::builder()
        .stream_enabled(true)
        .stream_view_type(sdk::StreamViewType::NewAndOldImages);
    let key = sdk::KeySchemaElement::builder().attribute_name("id").key_type(sdk::KeyType::Hash);
    let kind = sdk::AttributeDefinition::builder()
        .attribute_name("id")
        .attribute_type(sdk::ScalarAttributeType::S);
    let create = env.clients.dynamodb.create_table().table_name(name);
    let made = create
        .key_schema(key.build().unwrap())
        .attribute_definitions(kind.build().unwrap())
        .billing_mode(sdk::BillingMode::PayPerRequest)
        .stream_specification(stream.build().unwrap())
        .send()
        .await
        .unwrap();
    let table = made.table_description.unwrap();
    (table.table_arn.unwrap(), table.latest_stream_arn.unwrap())
}

#[tokio::test]
async fn its_whole_life() {
    let env = TestEnv::new("eventsource").await;
    let folder = tempfile::tempdir().unwrap();
    let function = function::wanted(&env, folder.path()).await;
    let create = step(&function, Op::Create, None);
    Function.create(&env.writer, &create, &function.spec).await.expect("function");
    let name = env.scope.name("Orders");
    let (arn, stream) = table(&env, &name).await;

    let spec = json!({"table": arn, "enabled": true, "batch_size": 10, "retries": 3,
        "bisect": true, "dead_letter": null, "extras": {}});
    let mut wanted = desired(&EventSource, "event_source.f", &function.name, spec);
    wanted.context = json!({"stream_arn": stream});
    let made = EventSource
        .create(&env.writer, &step(&wanted, Op::Create, None), &wanted.spec)
        .await
        .expect("create");
    let again = EventSource
        .create(&env.writer, &step(&wanted, Op::Create, None), &wanted.spec)
        .await
        .expect("create again");
    assert_eq!(made, again, "one mapping, not two");

    let found = env.discover(&Function, &[&function], &[]).await;
    let live_table =
        Live::new(Address::new("table", "Orders"), "AWS::DynamoDB::Table", &name, json!({}))
            .with_output("arn", arn.clone())
            .with_output("stream_arn", stream);
    let found = [found, vec![live_table]].concat();
    let live = env.discover(&EventSource, &[&wanted], &found).await;
    assert_eq!(live.len(), 1);
    assert_eq!((&live[0].spec, &live[0].address), (&wanted.spec, &wanted.address));

    let queue = format!("arn:aws:sqs:us-east-1:{}:failed", env.scope.account);
    for (field, value) in [
        ("batch_size", json!(20)),
        ("retries", json!(0)),
        ("enabled", json!(false)),
        ("enabled", json!(true)),
        ("dead_letter", json!(queue)),
        ("dead_letter", json!(null)),
    ] {
        let before = env.discover(&EventSource, &[&wanted], &found).await.remove(0);
        wanted.spec[field] = value;
        let change = step(&wanted, Op::Update, Some(before.clone()));
        EventSource.update(&env.writer, &change, &before, &wanted.spec).await.expect("update");
        let live = env.discover(&EventSource, &[&wanted], &found).await.remove(0);
        assert_eq!(live.spec, wanted.spec, "{field}");
    }

    let by_function = env.discover(&EventSource, &[], &found).await.remove(0);
    assert_eq!(by_function.address, wanted.address);
    EventSource.delete(&env.writer, &by_function).await.expect("delete");
    EventSource.delete(&env.writer, &by_function).await.expect("deleting what is gone is done");
    assert!(env.discover(&EventSource, &[&wanted], &found).await.is_empty());
    Function.delete(&env.writer, &found[0]).await.expect("function");
    env.clients.dynamodb.delete_table().table_name(&name).send().await.unwrap();
}
