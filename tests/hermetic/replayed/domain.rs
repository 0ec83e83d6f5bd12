//! Domains of the API: what is sent, one that takes its time, the patches that no emulator knows,
//! and mappings that go before what they lead to.

use crate::replay::{Answer, Replay, empty, json as answer, refused, refused_with};
use crate::support::step::{desired, step};
use serde_json::{Value, json};
use shopstack::model::{Desired, Live, Op, Query};
use shopstack::resources::{ResourceType, apigateway::domain::DomainName};

const CERTIFICATE: &str = "arn:aws:acm:us-east-1:123456789012:certificate/1";
const NAME: &str = "api.shop.example";

fn wanted(replay: &Replay) -> Desired {
    let spec = json!({"tags": replay.env.scope.tags("domain"), "endpoint_type": "REGIONAL",
        "certificate": CERTIFICATE, "security_policy": "TLS_1_2",
        "mappings": {"(none)": "a1/v1"}, "extras": {}});
    desired(&DomainName, "domain.api", NAME, spec)
}

fn as_listed(wanted: &Desired, status: &str) -> Value {
    json!({"domainName": NAME, "regionalDomainName": "d-1.execute-api.us-east-1.amazonaws.com",
        "regionalHostedZoneId": "Z1", "regionalCertificateArn": wanted.spec["certificate"],
        "endpointConfiguration": {"types": ["REGIONAL"]}, "domainNameStatus": status,
        "securityPolicy": wanted.spec["security_policy"], "tags": wanted.spec["tags"],
        "routingMode": "BASE_PATH_MAPPING_ONLY"})
}

fn mapping() -> Answer {
    answer(json!({"basePath": "(none)", "restApiId": "a1", "stage": "v1"})).status(201)
}

fn mapped() -> Answer {
    answer(json!({"item": [{"basePath": "(none)", "restApiId": "a1", "stage": "v1"}]}))
}

fn none() -> Answer {
    refused("NotFoundException").status(404)
}

#[tokio::test]
async fn a_domain_is_made_waited_for_and_then_mapped() {
    let replay = Replay::start(vec![("GetDomainName", none())]).await;
    let wanted = wanted(&replay);
    replay.script(vec![
        ("CreateDomainName", answer(as_listed(&wanted, "UPDATING")).status(201)),
        ("GetDomainName", answer(as_listed(&wanted, "UPDATING")).times(3)),
        ("GetDomainName", answer(as_listed(&wanted, "AVAILABLE"))),
        ("CreateBasePathMapping", mapping()),
    ]);
    let create = step(&wanted, Op::Create, None);
    let made = DomainName.create(&replay.env.writer, &create, &wanted.spec).await.expect("made");
    assert_eq!(
        made["dns_records"],
        "api.shop.example CNAME d-1.execute-api.us-east-1.amazonaws.com"
    );
    assert_eq!(
        replay.bodies("CreateDomainName"),
        [json!({"domainName": NAME, "regionalCertificateArn": CERTIFICATE,
            "endpointConfiguration": {"types": ["REGIONAL"]}, "securityPolicy": "TLS_1_2",
            "tags": wanted.spec["tags"]})]
    );
    assert_eq!(
        replay.bodies("CreateBasePathMapping"),
        [json!({"basePath": "(none)", "restApiId": "a1", "stage": "v1"})]
    );
    assert_eq!(
        replay.progress_texts(),
        ["waiting for the domain api.shop.example to be available (usually a minute)"]
    );
    assert_eq!(replay.left(), [""; 0]);
}

#[tokio::test]
async fn a_refused_certificate_keeps_awss_words() {
    let words = "The certificate arn provided is not issued";
    let replay = Replay::start(vec![
        ("GetDomainName", none()),
        ("CreateDomainName", refused_with("BadRequestException", words)),
    ])
    .await;
    let wanted = wanted(&replay);
    let refused = replay.create(&DomainName, &step(&wanted, Op::Create, None)).await.unwrap_err();
    assert!(refused.message.contains(words), "{refused:?}");
    assert_eq!(replay.count("CreateDomainName"), 1, "final");
}

#[tokio::test]
async fn what_differs_is_patched_and_a_strangers_settings_go() {
    let replay = Replay::start(vec![]).await;
    let wanted = wanted(&replay);
    let mut theirs = as_listed(&wanted, "AVAILABLE");
    theirs["regionalCertificateArn"] = json!("arn:aws:acm:us-east-1:123456789012:certificate/2");
    theirs["securityPolicy"] = json!("TLS_1_0");
    theirs["mutualTlsAuthentication"] = json!({"truststoreUri": "s3://theirs/trust.pem"});
    theirs["policy"] = json!("{}");
    theirs["routingMode"] = json!("ROUTING_RULE_ONLY");
    replay.script(vec![
        ("GetDomainNames", answer(json!({"item": [theirs]}))),
        (
            "GetBasePathMappings",
            answer(json!({"item": [
            {"basePath": "(none)", "restApiId": "b2", "stage": "v1"},
            {"basePath": "x", "restApiId": "a1", "stage": "v1"}]})),
        ),
        ("UpdateDomainName", answer(as_listed(&wanted, "UPDATING"))),
        ("GetDomainName", answer(as_listed(&wanted, "AVAILABLE"))),
        ("DeleteBasePathMapping", empty().status(202).times(2)),
        ("CreateBasePathMapping", mapping()),
    ]);
    let query =
        Query { scope: &replay.env.scope, wanted: vec![&wanted], found: &[], thorough: false };
    let live = replay.discover(&DomainName, &query).await.unwrap().remove(0);
    let extras: Vec<&String> = live.spec["extras"].as_object().unwrap().keys().collect();
    assert_eq!(extras, ["mutual tls", "policy", "routing mode"]);
    let change = step(&wanted, Op::Update, Some(live.clone()));
    let update = DomainName.update(&replay.env.writer, &change, &live, &wanted.spec).await;
    update.expect("mended");
    let patch = |path: &str, value: &str| json!({"op": "replace", "path": path, "value": value});
    assert_eq!(
        replay.bodies("UpdateDomainName"),
        [json!({"patchOperations": [
            patch("/regionalCertificateArn", CERTIFICATE),
            patch("/securityPolicy", "TLS_1_2"),
            patch("/mutualTlsAuthentication/truststoreUri", ""),
            patch("/policy", ""),
            patch("/routingMode", "BASE_PATH_MAPPING_ONLY"),
        ]})]
    );
    assert_eq!(replay.left(), [""; 0]);
}

#[tokio::test]
async fn mappings_go_before_the_domain() {
    let replay = Replay::start(vec![
        ("GetBasePathMappings", mapped()),
        ("DeleteBasePathMapping", empty().status(202)),
        ("DeleteDomainName", refused("TooManyRequestsException").status(429)),
        ("DeleteDomainName", empty().status(202)),
    ])
    .await;
    let wanted = wanted(&replay);
    let live = Live::new(wanted.address, &wanted.type_name, NAME, wanted.spec);
    DomainName.delete(&replay.env.writer, &live).await.expect("deleted");
    let order = replay.operations();
    let at = |name: &str| order.iter().position(|operation| operation == name).unwrap();
    assert!(at("DeleteBasePathMapping") < at("DeleteDomainName"), "{order:?}");
    assert_eq!(replay.left(), [""; 0]);
}
