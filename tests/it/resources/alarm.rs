//! AWS::CloudWatch::Alarm: made, read back as wanted, changed, kept from strangers, deleted.

use crate::support::clients::Clients;
use crate::support::deployed::DeployedShop;
use crate::support::drift::{DriftCases, OutOfBandChange, case};
use crate::support::env::TestEnv;
use crate::support::inventory::{Inventory, sorted};
use crate::support::proxied::ProxiedShop;
use crate::support::step::{desired, step};
use crate::support::suite::{Coverage, Suite, TypeInventory};
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::config::http::HttpResponse;
use aws_sdk_cloudwatch::types::{ComparisonOperator, Dimension, MetricAlarm, Tag};
use serde_json::{Value, json};
use shopstack::model::{ErrorKind, GLOBAL_REGION, Op, Owner};
use shopstack::resources::{ResourceType, cloudwatch::CloudWatch, cloudwatch::alarm::Alarm};

pub const SUITE: Suite = Suite {
    type_name: "AWS::CloudWatch::Alarm",
    prepare: Some(with_alarms),
    on_ministack: &[|_| Box::pin(async { cases() })],
    on_moto: &[],
    clean_up: None,
    inventory: Coverage::Own(TypeInventory {
        kind: "alarm",
        add: |all, clients| Box::pin(add(all, clients)),
        names: |clients| Box::pin(names(clients)),
    }),
};

const TOPIC: &str = "arn:aws:sns:us-east-1:000000000000:ops";

fn with_alarms(shop: &ProxiedShop) {
    shop.edit_all("logs: { retention_days", "alarms: {}\n\nlogs: { retention_days");
}

fn client(clients: &Clients) -> Client {
    clients.connections.client::<CloudWatch>(clients.connections.region())
}

fn spec(env: &TestEnv) -> Value {
    json!({
        "tags": env.scope.tags("f-errors"), "region": "us-east-1", "description": "Errors",
        "namespace": "AWS/Lambda", "metric": "Errors", "dimensions": {"FunctionName": "f"},
        "statistic": "Sum", "period": 300, "evaluation_periods": 1, "datapoints_to_alarm": null,
        "threshold": 1.0, "comparison": "GreaterThanOrEqualToThreshold",
        "missing_data": "notBreaching", "actions_enabled": true, "alarm_actions": [TOPIC],
        "ok_actions": [], "insufficient_data_actions": [], "extras": {}
    })
}

#[tokio::test]
async fn its_whole_life() {
    let env = TestEnv::new("alarm").await;
    let name = env.scope.name("f-errors");
    let mut wanted = desired(&Alarm, "alarm.f-errors", &name, spec(&env));

    // A crash after the create: running it again finds what is there.
    for _ in 0..2 {
        let change = step(&wanted, Op::Create, None);
        Alarm.create(&env.writer, &change, &wanted.spec).await.expect("create");
    }
    let live = env.discover(&Alarm, &[&wanted], &[]).await.remove(0);
    assert_eq!((&live.spec, &live.owner), (&wanted.spec, &Owner::Ours));

    wanted.spec["statistic"] = json!("p99");
    wanted.spec["threshold"] = json!(2.5);
    wanted.spec["dimensions"] = json!({"FunctionName": "g"});
    wanted.spec["alarm_actions"] = json!([]);
    wanted.spec["tags"]["team"] = json!("ops");
    let change = step(&wanted, Op::Update, Some(live.clone()));
    Alarm.update(&env.writer, &change, &live, &wanted.spec).await.expect("update");
    let by_ownership = env.discover(&Alarm, &[], &[]).await.remove(0);
    assert_eq!(by_ownership.spec, wanted.spec);
    assert_eq!(by_ownership.address, wanted.address);

    Alarm.delete(&env.writer, &by_ownership).await.expect("delete");
    Alarm.delete(&env.writer, &by_ownership).await.expect("deleting what is gone is done");
    assert!(env.discover(&Alarm, &[&wanted], &[]).await.is_empty());
}

#[tokio::test]
async fn an_alarm_of_somebody_else_is_not_overwritten() {
    let env = TestEnv::new("alarmforeign").await;
    let name = env.scope.name("f-errors");
    let wanted = desired(&Alarm, "alarm.f-errors", &name, spec(&env));
    let cloudwatch = client(&env.clients);
    let tag = Tag::builder().key("team").value("books").build();
    put_alarm(&cloudwatch, &name, 7.0).tags(tag).send().await.unwrap();

    let change = step(&wanted, Op::Create, None);
    let refused = Alarm.create(&env.writer, &change, &wanted.spec).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Foreign);
    assert!(refused.message.contains("team=books"), "{refused:?}");
    let live = env.discover(&Alarm, &[&wanted], &[]).await.remove(0);
    assert_eq!(live.spec["threshold"], json!(7.0));

    cloudwatch.delete_alarms().alarm_names(&name).send().await.unwrap();
}

type Put = aws_sdk_cloudwatch::operation::put_metric_alarm::builders::PutMetricAlarmFluentBuilder;

fn put_alarm(cloudwatch: &Client, name: &str, threshold: f64) -> Put {
    let put = cloudwatch.put_metric_alarm().alarm_name(name).namespace("AWS/Lambda");
    let put = put.metric_name("Errors").statistic("Sum".into()).period(60).evaluation_periods(1);
    put.comparison_operator(ComparisonOperator::GreaterThanThreshold).threshold(threshold)
}

fn cases() -> DriftCases {
    let topics = json!([TOPIC]);
    let cases = vec![
        case("tags.*", json!("x")).keys(&["stray"]),
        case("region", json!("eu-west-3"))
            .op(Op::Replace)
            .no_drift("an alarm of that name in another region is another alarm")
            .no_change("what an alarm watches decides its region: no stack.yaml moves one"),
        case("description", json!("x")),
        case("namespace", json!("AWS/SQS")),
        case("metric", json!("Invocations")),
        case("dimensions.*", json!("another")).keys(&["FunctionName"]),
        case("statistic", json!("Average")),
        case("period", json!(60)),
        case("evaluation_periods", json!(3)),
        case("datapoints_to_alarm", json!(1)),
        case("threshold", json!(99.5)),
        case("comparison", json!("LessThanThreshold")),
        case("missing_data", json!("ignore")),
        case("actions_enabled", json!(false)),
        case("alarm_actions", topics.clone()),
        case("ok_actions", topics.clone()),
        case("insufficient_data_actions", topics),
        case("extras.*", json!("Bits"))
            .keys(&["unit"])
            .no_change("settings that no stack has: they are only found, and taken away"),
    ];
    DriftCases {
        type_name: "AWS::CloudWatch::Alarm",
        at: "alarm.createOrder-errors",
        cases,
        change: |shop, change| Box::pin(change_alarm(shop, change)),
    }
}

/// Writes the alarm as it is with the case's value in its field, as the console does.
async fn change_alarm(shop: &DeployedShop, change: &OutOfBandChange<'_>) {
    let cloudwatch = client(&shop.clients);
    if change.case.field == "tags.*" {
        let tag = Tag::builder().key(change.key()).value(change.text()).build();
        let arn = change.output("arn");
        cloudwatch.tag_resource().resource_arn(arn).tags(tag).send().await.unwrap();
        return;
    }

    let spec = change.case.applied_to(&change.live.spec);
    let text = |field: &str| spec[field].as_str().unwrap_or_default().to_string();
    let number = |field: &str| spec[field].as_i64().map(|n| i32::try_from(n).unwrap());
    let list = |field: &str| {
        Some(spec[field].as_array().unwrap().iter().map(|v| v.as_str().unwrap().into()).collect())
    };
    let dimensions = spec["dimensions"].as_object().unwrap().iter();
    let dimensions = dimensions
        .map(|(k, v)| Dimension::builder().name(k).value(v.as_str().unwrap()).build())
        .collect();
    let put = cloudwatch.put_metric_alarm().alarm_name(&change.live.name);
    put.alarm_description(text("description"))
        .namespace(text("namespace"))
        .metric_name(text("metric"))
        .set_dimensions(Some(dimensions))
        .statistic(text("statistic").as_str().into())
        .set_period(number("period"))
        .set_evaluation_periods(number("evaluation_periods"))
        .set_datapoints_to_alarm(number("datapoints_to_alarm"))
        .threshold(spec["threshold"].as_f64().unwrap())
        .comparison_operator(text("comparison").as_str().into())
        .treat_missing_data(text("missing_data"))
        .actions_enabled(spec["actions_enabled"].as_bool().unwrap())
        .set_alarm_actions(list("alarm_actions"))
        .set_ok_actions(list("ok_actions"))
        .set_insufficient_data_actions(list("insufficient_data_actions"))
        .set_unit(spec["extras"]["unit"].as_str().map(Into::into))
        .send()
        .await
        .unwrap();
}

async fn alarms(cloudwatch: &Client) -> Vec<MetricAlarm> {
    let pages = cloudwatch.describe_alarms().into_paginator().send();
    let pages: Vec<_> = match pages.collect::<Result<_, _>>().await {
        // moto has no path for this protocol, so nothing can have made an alarm there.
        Err(error) if error.raw_response().is_some_and(is_page) => return Vec::new(),
        pages => pages.unwrap(),
    };
    pages.into_iter().flat_map(|page| page.metric_alarms.unwrap_or_default()).collect()
}

fn is_page(answer: &HttpResponse) -> bool {
    answer.status().as_u16() == 404
        && answer.headers().get("content-type").is_some_and(|kind| kind.starts_with("text/html"))
}

async fn add(all: &mut Inventory, clients: &Clients) {
    let (prefix, cloudwatch) = (all.prefix(), client(clients));
    for alarm in alarms(&cloudwatch).await {
        let (name, arn) = (alarm.alarm_name().unwrap(), alarm.alarm_arn().unwrap());
        if !name.starts_with(&prefix) {
            continue;
        }
        let tags = cloudwatch.list_tags_for_resource().resource_arn(arn).send().await.unwrap();
        let text = format!(
            "{:?} {:?} {:?} {:?} tags {}",
            alarm.metric_name,
            alarm.threshold,
            alarm.alarm_actions,
            sorted(alarm.dimensions()),
            sorted(tags.tags.unwrap_or_default())
        );
        all.add(format!("alarm {name}"), text);
    }
}

async fn names(clients: &Clients) -> Vec<String> {
    let global = clients.connections.client::<CloudWatch>(GLOBAL_REGION);
    let mut found = alarms(&client(clients)).await;
    found.extend(alarms(&global).await);
    found.into_iter().filter_map(|alarm| alarm.alarm_name).collect()
}
