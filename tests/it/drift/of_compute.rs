//! Cases of functions, their roles, permissions and log groups.

use super::case::{Case, OutOfBandChange, Suite, case};
use super::deployed::DeployedShop;
use aws_sdk_iam::types::Tag;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types as sdk;
use base64::Engine;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use shopstack::model::Op;
use shopstack::policy;
use std::io::Write;
use std::path::PathBuf;

const MANAGED: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";

pub fn suites(deployed: &DeployedShop) -> Vec<Suite> {
    vec![log_groups(), roles(), functions(deployed), permissions(deployed)]
}

/// A zip that is not the one that was built.
fn other_zip(deployed: &DeployedShop) -> (PathBuf, String) {
    let path = deployed.shop.path("other.zip");
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    let options = zip::write::SimpleFileOptions::default().unix_permissions(0o755);
    zip.start_file("bootstrap", options).unwrap();
    zip.write_all(b"#!/bin/sh\nexit 1\n").unwrap();
    zip.finish().unwrap();
    let hash = Sha256::digest(std::fs::read(&path).unwrap());
    (path, base64::engine::general_purpose::STANDARD.encode(hash))
}

const FOUND_ONLY: &str = "settings that no stack has: they are only found, and taken away";

fn functions(deployed: &DeployedShop) -> Suite {
    let (zip, hash) = other_zip(deployed);
    let key = format!("arn:aws:kms:us-east-1:{}:key/theirs", deployed.scope.account);
    let cases = vec![
        case("tags.*", json!("x")).keys(&["stray"]),
        case("tags.*", json!("AROATHEIRS"))
            .keys(&[shopstack::model::tag::ROLE_ID])
            .op(Op::Replace)
            .with_op("permission.createOrder", Op::Create, "statements"),
        case("role_arn", json!(deployed.live("role.listProducts").outputs["arn"])),
        case("runtime", json!("provided.al2")),
        case("handler", json!("main")),
        case("memory", json!(512)),
        case("timeout", json!(11)),
        case("architecture", json!("arm64")),
        case("environment.*", json!("x")).keys(&["STRAY"]),
        case("environment.*", Value::Null).keys(&["ORDERS_TABLE"]),
        case("code_sha256", json!(hash)).payload(zip),
        case("extras.*", json!(key)).keys(&["kms key"]).no_change(FOUND_ONLY),
        case("extras.*", json!("theirs"))
            .keys(&["layers"])
            .no_change(FOUND_ONLY)
            .seen_as(Value::Null),
    ];
    Suite {
        type_name: "AWS::Lambda::Function",
        at: "function.createOrder",
        cases,
        meddle: |b, m| Box::pin(function(b, m)),
    }
}

async fn function(b: &DeployedShop, m: &OutOfBandChange<'_>) {
    let (lambda, name) = (&b.clients.lambda, &m.live.name);
    let update = lambda.update_function_configuration().function_name(name);
    let code = lambda.update_function_code().function_name(name);
    let update = match m.case.field {
        "tags.*" => {
            let tag = lambda.tag_resource().resource(m.output("arn")).tags(m.key(), m.text());
            tag.send().await.unwrap();
            return;
        }
        "architecture" => {
            let zip = std::fs::read(b.zip("createOrder")).unwrap();
            code.zip_file(Blob::new(zip)).architectures(m.text().into()).send().await.unwrap();
            return;
        }
        "code_sha256" => {
            let zip = std::fs::read(m.case.payload.as_ref().unwrap()).unwrap();
            code.zip_file(Blob::new(zip)).send().await.unwrap();
            return;
        }
        "role_arn" => update.role(m.text()),
        "runtime" => update.runtime(m.text().into()),
        "handler" => update.handler(m.text()),
        "memory" => update.memory_size(m.number()),
        "timeout" => update.timeout(m.number()),
        "extras.*" if m.key() == "layers" => {
            let zip = Blob::new(std::fs::read(b.zip("createOrder")).unwrap());
            let content = sdk::LayerVersionContentInput::builder().zip_file(zip).build();
            let publish = lambda.publish_layer_version().layer_name(m.text()).content(content);
            update.layers(publish.send().await.unwrap().layer_version_arn.unwrap())
        }
        "extras.*" => update.kms_key_arn(m.text()),
        _ => {
            let all = serde_json::from_value(m.target["environment"].clone()).unwrap();
            update.environment(sdk::Environment::builder().set_variables(Some(all)).build())
        }
    };
    update.send().await.unwrap();
}

fn roles() -> Suite {
    let statement = |document: Value| policy::canonical(&document)["statements"]["Theirs"].clone();
    let trust = json!({"Statement": [{"Sid": "Theirs", "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": "ec2.amazonaws.com"}}]});
    let allowed = json!({"Statement": [{"Sid": "Theirs", "Effect": "Allow", "Action": "s3:ListAllMyBuckets",
        "Resource": "*"}]});
    let cases: Vec<Case> = vec![
        case("tags.*", json!("x")).keys(&["stray"]),
        // A role made again is another: its function's grants name the one that is gone.
        case("path", json!("/elsewhere/"))
            .op(Op::Replace)
            .with_op("function.createOrder", Op::Replace, "tags.shopstack:role-id")
            .with_op("permission.createOrder", Op::Create, "statements"),
        case("description", json!("theirs")),
        case("max_session_seconds", json!(7200)),
        case("trust", statement(trust)).inner(&["statements", "Theirs"]),
        case("policies.*", policy::canonical(&allowed)).keys(&["theirs"]),
        case("policies.*", statement(allowed)).keys(&["grants"]).inner(&["statements", "Theirs"]),
        case("attached", json!([MANAGED])),
        case("permissions_boundary", json!(MANAGED)),
    ];
    Suite {
        type_name: "AWS::IAM::Role",
        at: "role.createOrder",
        cases,
        meddle: |b, m| Box::pin(role(b, m)),
    }
}

async fn role(b: &DeployedShop, m: &OutOfBandChange<'_>) {
    let (iam, name) = (&b.clients.iam, &m.live.name);
    let text = |document: &Value| policy::to_json(document);
    match m.case.field {
        "tags.*" => {
            let tag = Tag::builder().key(m.key()).value(m.text()).build().unwrap();
            iam.tag_role().role_name(name).tags(tag).send().await.unwrap();
        }
        "path" => elsewhere(b, m).await,
        "description" => {
            drop(iam.update_role().role_name(name).description(m.text()).send().await.unwrap())
        }
        "max_session_seconds" => {
            let description = m.target["description"].as_str().unwrap();
            let update = iam.update_role().role_name(name).description(description);
            update.max_session_duration(m.number()).send().await.unwrap();
        }
        "trust" => {
            let update = iam.update_assume_role_policy().role_name(name);
            update.policy_document(text(&m.target["trust"])).send().await.unwrap();
        }
        "policies.*" => {
            let put = iam.put_role_policy().role_name(name).policy_name(m.key());
            put.policy_document(text(&m.target["policies"][m.key()])).send().await.unwrap();
        }
        "attached" => {
            drop(iam.attach_role_policy().role_name(name).policy_arn(MANAGED).send().await.unwrap())
        }
        _ => {
            let put = iam.put_role_permissions_boundary().role_name(name);
            put.permissions_boundary(m.text()).send().await.unwrap();
        }
    }
}

/// Makes the role again under another path.
async fn elsewhere(b: &DeployedShop, m: &OutOfBandChange<'_>) {
    let (iam, name) = (&b.clients.iam, &m.live.name);
    let policies = m.target["policies"].as_object().unwrap();
    for policy in policies.keys() {
        iam.delete_role_policy().role_name(name).policy_name(policy).send().await.unwrap();
    }
    iam.delete_role().role_name(name).send().await.unwrap();
    let tags = m.target["tags"].as_object().unwrap().iter();
    let tags = tags.map(|(k, v)| Tag::builder().key(k).value(v.as_str().unwrap()).build().unwrap());
    let made = iam.create_role().role_name(name).path(m.text()).set_tags(Some(tags.collect()));
    let made = made.description(m.target["description"].as_str().unwrap());
    made.assume_role_policy_document(policy::to_json(&m.target["trust"])).send().await.unwrap();
    for (name_of, document) in policies {
        let put = iam.put_role_policy().role_name(name).policy_name(name_of);
        put.policy_document(policy::to_json(document)).send().await.unwrap();
    }
}

fn permissions(deployed: &DeployedShop) -> Suite {
    let at = "permission.createOrder";
    let statements = deployed.live(at).spec["statements"].as_object().unwrap().clone();
    let (sid, statement) = statements.iter().next().unwrap();
    let of = |field, to| case(field, to).keys(&[sid.as_str()]);
    let cases = vec![
        case("statements.*", statement.clone()).keys(&["theirs"]),
        of("statements.*.action", json!("lambda:GetFunction")),
        of("statements.*.principal", json!("events.amazonaws.com")),
        of(
            "statements.*.source_arn",
            json!("arn:aws:execute-api:us-east-1:000000000000:other/*/GET/x"),
        ),
        of("statements.*.source_account", json!(deployed.scope.account)),
    ];
    Suite {
        type_name: "AWS::Lambda::Permission",
        at,
        cases,
        meddle: |b, m| Box::pin(permission(b, m)),
    }
}

async fn permission(b: &DeployedShop, m: &OutOfBandChange<'_>) {
    let (lambda, name) = (&b.clients.lambda, &m.live.name);
    if m.live.spec["statements"].get(m.key()).is_some() {
        lambda.remove_permission().function_name(name).statement_id(m.key()).send().await.unwrap();
    }
    let Some(wanted) = m.target["statements"].get(m.key()) else {
        return;
    };
    let text = |field: &str| wanted[field].as_str().map(str::to_string);
    let add = lambda.add_permission().function_name(name).statement_id(m.key());
    let add = add.set_action(text("action")).set_principal(text("principal"));
    add.set_source_arn(text("source_arn"))
        .set_source_account(text("source_account"))
        .send()
        .await
        .unwrap();
}

fn log_groups() -> Suite {
    let cases = vec![case("tags.*", json!("x")).keys(&["stray"]), case("retention_days", json!(7))];
    Suite {
        type_name: "AWS::Logs::LogGroup",
        at: "log_group.api",
        cases,
        meddle: |b, m| Box::pin(log_group(b, m)),
    }
}

/// A stack outside us-east-1 has one log group there, and the others at home.
pub fn regions() -> Suite {
    let cases = vec![
        case("region", json!("eu-west-3"))
            .op(Op::Replace)
            .with("waf_logging.cdn", "destination")
            .no_drift("a group of that name in another region is another group: the wanted one is missing"),
    ];
    Suite {
        type_name: "AWS::Logs::LogGroup",
        at: "log_group.waf-cdn",
        cases,
        meddle: |b, m| Box::pin(log_group(b, m)),
    }
}

async fn log_group(b: &DeployedShop, m: &OutOfBandChange<'_>) {
    let logs = &b.clients.logs;
    match m.case.field {
        "tags.*" => {
            let tag = logs.tag_resource().resource_arn(m.output("arn")).tags(m.key(), m.text());
            tag.send().await.unwrap();
        }
        _ => {
            let put = logs.put_retention_policy().log_group_name(&m.live.name);
            put.retention_in_days(m.number()).send().await.unwrap();
        }
    }
}
