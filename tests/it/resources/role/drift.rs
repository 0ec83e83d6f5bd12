//! Out-of-band changes of each field of AWS::IAM::Role.

use crate::support::deployed::DeployedShop;
use crate::support::drift::{Case, DriftCases, OutOfBandChange, case};
use aws_sdk_iam::types::Tag;
use serde_json::{Value, json};
use shopstack::model::Op;
use shopstack::policy;

const MANAGED: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";

pub fn cases() -> DriftCases {
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
    DriftCases {
        type_name: "AWS::IAM::Role",
        at: "role.createOrder",
        cases,
        change: |shop, change| Box::pin(change_role(shop, change)),
    }
}

async fn change_role(shop: &DeployedShop, change: &OutOfBandChange<'_>) {
    let (iam, name) = (&shop.clients.iam, &change.live.name);
    let text = |document: &Value| policy::to_json(document);
    match change.case.field {
        "tags.*" => {
            let tag = Tag::builder().key(change.key()).value(change.text()).build().unwrap();
            iam.tag_role().role_name(name).tags(tag).send().await.unwrap();
        }
        "path" => move_to_another_path(shop, change).await,
        "description" => {
            drop(iam.update_role().role_name(name).description(change.text()).send().await.unwrap())
        }
        "max_session_seconds" => {
            let description = change.target["description"].as_str().unwrap();
            let update = iam.update_role().role_name(name).description(description);
            update.max_session_duration(change.number()).send().await.unwrap();
        }
        "trust" => {
            let update = iam.update_assume_role_policy().role_name(name);
            update.policy_document(text(&change.target["trust"])).send().await.unwrap();
        }
        "policies.*" => {
            let put = iam.put_role_policy().role_name(name).policy_name(change.key());
            put.policy_document(text(&change.target["policies"][change.key()]))
                .send()
                .await
                .unwrap();
        }
        "attached" => {
            drop(iam.attach_role_policy().role_name(name).policy_arn(MANAGED).send().await.unwrap())
        }
        _ => {
            let put = iam.put_role_permissions_boundary().role_name(name);
            put.permissions_boundary(change.text()).send().await.unwrap();
        }
    }
}

/// Makes the role again under another path.
async fn move_to_another_path(shop: &DeployedShop, change: &OutOfBandChange<'_>) {
    let (iam, name) = (&shop.clients.iam, &change.live.name);
    let policies = change.target["policies"].as_object().unwrap();
    for policy in policies.keys() {
        iam.delete_role_policy().role_name(name).policy_name(policy).send().await.unwrap();
    }
    iam.delete_role().role_name(name).send().await.unwrap();
    let tags = change.target["tags"].as_object().unwrap().iter();
    let tags = tags.map(|(k, v)| Tag::builder().key(k).value(v.as_str().unwrap()).build().unwrap());
    let made = iam.create_role().role_name(name).path(change.text()).set_tags(Some(tags.collect()));
    let made = made.description(change.target["description"].as_str().unwrap());
    made.assume_role_policy_document(policy::to_json(&change.target["trust"]))
        .send()
        .await
        .unwrap();
    for (name_of, document) in policies {
        let put = iam.put_role_policy().role_name(name).policy_name(name_of);
        put.policy_document(policy::to_json(document)).send().await.unwrap();
    }
}
