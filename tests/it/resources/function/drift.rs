//! Out-of-band changes of each field of AWS::Lambda::Function.

use crate::support::deployed::DeployedShop;
use crate::support::drift::{DriftCases, OutOfBandChange, case};
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types as sdk;
use base64::Engine;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use shopstack::model::Op;
use std::io::Write;
use std::path::PathBuf;

const FOUND_ONLY: &str = "settings that no stack has: they are only found, and taken away";

/// A zip that is not the one that was built.
fn other_zip(shop: &DeployedShop) -> (PathBuf, String) {
    let path = shop.shop.path("other.zip");
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    let options = zip::write::SimpleFileOptions::default().unix_permissions(0o755);
    zip.start_file("bootstrap", options).unwrap();
    zip.write_all(b"#!/bin/sh\nexit 1\n").unwrap();
    zip.finish().unwrap();
    let hash = Sha256::digest(std::fs::read(&path).unwrap());
    (path, base64::engine::general_purpose::STANDARD.encode(hash))
}

pub fn cases(shop: &DeployedShop) -> DriftCases {
    let (zip, hash) = other_zip(shop);
    let key = format!("arn:aws:kms:us-east-1:{}:key/theirs", shop.scope.account);
    let cases = vec![
        case("tags.*", json!("x")).keys(&["stray"]),
        case("tags.*", json!("AROATHEIRS"))
            .keys(&[shopstack::model::tag::ROLE_ID])
            .op(Op::Replace)
            .with_op("permission.createOrder", Op::Create, "statements"),
        case("role_arn", json!(shop.live("role.listProducts").outputs["arn"])),
        case("runtime", json!("provided.al2")),
        case("handler", json!("main")),
        case("memory", json!(512)),
        case("timeout", json!(11)),
        case("architecture", json!("arm64")),
        case("reserved_concurrency", json!(3)),
        case("tracing", json!(true)),
        case("log_level", json!("ERROR")),
        case("dead_letter", json!(format!("arn:aws:sqs:us-east-1:{}:theirs", shop.scope.account)))
            .no_change("a stack has one with a schedule alone, which this function has not"),
        case("environment.*", json!("x")).keys(&["STRAY"]),
        case("environment.*", Value::Null).keys(&["ORDERS_TABLE"]),
        case("code_sha256", json!(hash)).payload(zip),
        case("extras.*", json!(key)).keys(&["kms key"]).no_change(FOUND_ONLY),
        case("extras.*", json!("theirs"))
            .keys(&["layers"])
            .no_change(FOUND_ONLY)
            .seen_as(Value::Null),
        case("extras.*", json!("AuthType NONE"))
            .keys(&["function url $LATEST"])
            .no_change(FOUND_ONLY),
        case("extras.*", json!("published")).keys(&["version 1"]).no_change(FOUND_ONLY),
        case("extras.*", json!("published")).keys(&["alias theirs"]).no_change(FOUND_ONLY),
        case("extras.*", json!("0 retries, 60 s"))
            .keys(&["event invoke config $LATEST"])
            .no_change(FOUND_ONLY),
    ];
    DriftCases {
        type_name: "AWS::Lambda::Function",
        at: "function.createOrder",
        cases,
        change: |shop, change| Box::pin(change_function(shop, change)),
    }
}

async fn change_function(shop: &DeployedShop, change: &OutOfBandChange<'_>) {
    let (lambda, name) = (&shop.clients.lambda, &change.live.name);
    let update = lambda.update_function_configuration().function_name(name);
    let code = lambda.update_function_code().function_name(name);
    let update = match change.case.field {
        "tags.*" => {
            let tag = lambda
                .tag_resource()
                .resource(change.output("arn"))
                .tags(change.key(), change.text());
            tag.send().await.unwrap();
            return;
        }
        "architecture" => {
            let zip = std::fs::read(shop.zip("createOrder")).unwrap();
            code.zip_file(Blob::new(zip)).architectures(change.text().into()).send().await.unwrap();
            return;
        }
        "code_sha256" => {
            let zip = std::fs::read(change.case.payload.as_ref().unwrap()).unwrap();
            code.zip_file(Blob::new(zip)).send().await.unwrap();
            return;
        }
        "reserved_concurrency" => {
            let put = lambda.put_function_concurrency().function_name(name);
            put.reserved_concurrent_executions(change.number()).send().await.unwrap();
            return;
        }
        "tracing" => {
            let mode =
                if change.target["tracing"] == json!(true) { "Active" } else { "PassThrough" };
            update.tracing_config(sdk::TracingConfig::builder().mode(mode.into()).build())
        }
        "dead_letter" => update
            .dead_letter_config(sdk::DeadLetterConfig::builder().target_arn(change.text()).build()),
        "log_level" => {
            let logging = sdk::LoggingConfig::builder()
                .log_format(sdk::LogFormat::Json)
                .application_log_level(change.text().into())
                .log_group(format!("/aws/lambda/{name}"));
            update.logging_config(logging.build())
        }
        "role_arn" => update.role(change.text()),
        "runtime" => update.runtime(change.text().into()),
        "handler" => update.handler(change.text()),
        "memory" => update.memory_size(change.number()),
        "timeout" => update.timeout(change.number()),
        "extras.*" => {
            add_extra(shop, change).await;
            return;
        }
        _ => {
            let all = serde_json::from_value(change.target["environment"].clone()).unwrap();
            update.environment(sdk::Environment::builder().set_variables(Some(all)).build())
        }
    };
    update.send().await.unwrap();
}

/// Sets or attaches what no stack has.
async fn add_extra(shop: &DeployedShop, change: &OutOfBandChange<'_>) {
    let (lambda, name) = (&shop.clients.lambda, &change.live.name);
    let update = lambda.update_function_configuration().function_name(name);
    match change.key() {
        "layers" => {
            let zip = Blob::new(std::fs::read(shop.zip("createOrder")).unwrap());
            let content = sdk::LayerVersionContentInput::builder().zip_file(zip).build();
            let publish = lambda.publish_layer_version().layer_name(change.text()).content(content);
            let layer = publish.send().await.unwrap().layer_version_arn.unwrap();
            update.layers(layer).send().await.unwrap();
        }
        "function url $LATEST" => {
            let create = lambda.create_function_url_config().function_name(name);
            create.auth_type(sdk::FunctionUrlAuthType::None).send().await.unwrap();
        }
        "version 1" => {
            lambda.publish_version().function_name(name).send().await.unwrap();
        }
        "alias theirs" => {
            let create = lambda.create_alias().function_name(name).name("theirs");
            create.function_version("$LATEST").send().await.unwrap();
        }
        "event invoke config $LATEST" => {
            let put = lambda.put_function_event_invoke_config().function_name(name);
            let put = put.maximum_retry_attempts(0).maximum_event_age_in_seconds(60);
            put.send().await.unwrap();
        }
        _ => {
            update.kms_key_arn(change.text()).send().await.unwrap();
        }
    }
}
