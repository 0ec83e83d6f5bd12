//! Writes that must not do harm: none by a client that reads, none twice, none without the owner's
//! tags.

use crate::replay::{Answer, Replay, cut, empty, refused, refused_with, xml};
use crate::support::clients::Clients;
use crate::support::step::{desired as wanted_resource, step};
use serde_json::json;
use shopstack::aws::counter::Purpose;
use shopstack::model::{Desired, Live, Op};
use shopstack::resources::{
    self, Context, ResourceType, TYPES, iam::role::Role, s3::bucket::Bucket,
};
use shopstack::stack;
use std::path::Path;

/// Reading clients refuse writes at run time, of every service, before anything leaves the process.
#[tokio::test]
async fn a_client_that_reads_refuses_to_write() {
    let replay = Replay::start(vec![]).await;
    let clients = Clients::new(&replay.sdk, Purpose::Read);
    let refusals = [
        format!("{:?}", clients.iam.delete_role().role_name("r").send().await.unwrap_err()),
        format!("{:?}", clients.dynamodb.delete_table().table_name("t").send().await.unwrap_err()),
        format!("{:?}", clients.s3.delete_bucket().bucket("b").send().await.unwrap_err()),
        format!(
            "{:?}",
            clients.lambda.delete_function().function_name("f").send().await.unwrap_err()
        ),
        format!(
            "{:?}",
            clients.logs.delete_log_group().log_group_name("g").send().await.unwrap_err()
        ),
        format!(
            "{:?}",
            clients.apigateway.delete_rest_api().rest_api_id("a").send().await.unwrap_err()
        ),
        format!(
            "{:?}",
            clients
                .cloudfront
                .delete_distribution()
                .id("E")
                .if_match("e")
                .send()
                .await
                .unwrap_err()
        ),
        format!(
            "{:?}",
            clients
                .wafv2
                .delete_logging_configuration()
                .resource_arn("a")
                .send()
                .await
                .unwrap_err()
        ),
    ];
    for refusal in &refusals {
        assert!(refusal.contains("may only read"), "{refusal}");
    }
    assert_eq!(replay.operations(), [""; 0], "no request left the process");
    assert_eq!(replay.env.counter.snapshot(), Default::default());
}

const BUCKET: &str = "replay-t-site-123456789012-us-east-1";

/// us-east-1 answers 200 to a second CreateBucket and resets the ACLs: after an answer that was
/// lost, the bucket is looked for first.
#[tokio::test]
async fn a_bucket_whose_create_was_cut_is_looked_for_before_it_is_made_again() {
    for lost in [cut(), refused("InternalError").status(500)] {
        let absent = || empty().status(404);
        let replay = Replay::start(vec![
            ("HeadBucket", absent()),
            ("CreateBucket", lost),
            ("HeadBucket", absent()),
            ("CreateBucket", empty()),
            ("PutBucketTagging", refused_with("AccessDenied", "so far").status(403)),
        ])
        .await;
        let spec = json!({"tags": replay.env.scope.tags("site"), "block_public_acls": true,
            "ignore_public_acls": true, "block_public_policy": true,
            "restrict_public_buckets": true, "object_ownership": "BucketOwnerEnforced", "extras": {},
            "encryption": "AES256", "versioning": "Enabled",
        "lifecycle": {"old_versions_days": 30, "broken_uploads_days": 7}});
        let bucket = wanted_resource(&Bucket, "bucket.site", BUCKET, spec);
        let _ended_at_the_tags = replay.create(&Bucket, &step(&bucket, Op::Create, None)).await;
        let asked = replay.operations();
        let heads: Vec<&str> = asked.iter().map(String::as_str).take(4).collect();
        assert_eq!(
            heads,
            ["HeadBucket", "CreateBucket", "HeadBucket", "CreateBucket"],
            "{asked:?}"
        );
        tokio::time::resume();
    }
}

/// A create that lost its answer is followed by a look, never by a second create at once.
#[tokio::test]
async fn a_create_without_an_answer_is_not_repeated_blindly() {
    for (kind, create) in [
        ("AWS::CloudFront::Distribution", "CreateDistributionWithTags"),
        ("AWS::ApiGateway::RestApi", "CreateRestApi"),
    ] {
        let (resource, wanted) = shop(kind);
        let mut script = absences();
        script.push((create, refused("InternalFailure").status(500).always()));
        let replay = Replay::start(script).await;
        let _error = replay.create(resource, &step(&wanted, Op::Create, None)).await;
        let asked = replay.operations();
        assert!(asked.iter().any(|operation| operation == create), "{kind}: {asked:?}");
        let twice = asked.windows(2).any(|pair| pair[0] == create && pair[1] == create);
        assert!(!twice, "{kind}: {asked:?}");
        tokio::time::resume();
    }
}

/// The first request that makes a thing says whose it is: a run that dies right behind it leaves
/// nothing that the next run cannot tell from a stranger's.
#[tokio::test]
async fn what_is_made_carries_its_owner_from_the_first_request_on() {
    for (kind, create) in [
        ("AWS::DynamoDB::Table", "CreateTable"),
        ("AWS::IAM::Role", "CreateRole"),
        ("AWS::Logs::LogGroup", "CreateLogGroup"),
        ("AWS::ApiGateway::RestApi", "CreateRestApi"),
        ("AWS::WAFv2::WebACL", "CreateWebACL"),
        ("AWS::CloudFront::Distribution", "CreateDistributionWithTags"),
        ("AWS::CloudFront::OriginAccessControl", "CreateOriginAccessControl"),
        ("AWS::CloudFront::ResponseHeadersPolicy", "CreateResponseHeadersPolicy"),
    ] {
        let (resource, wanted) = shop(kind);
        let replay = Replay::start(absences()).await;
        let _unscripted = replay.create(resource, &step(&wanted, Op::Create, None)).await;
        let bodies = replay.texts(create);
        let body = bodies.first().unwrap_or_else(|| panic!("{kind}: {:?}", replay.operations()));
        // Tags by key, or the marker in a name or comment where a type takes no tags.
        let marked = body.contains("shopstack:stack") || body.contains("shopstack%3Astack");
        // Or that it serves all environments.
        let shared = body.contains("shopstack:shared=true");
        assert!(marked || shared || body.contains("shopstack replay"), "{kind}: {body}");
        tokio::time::resume();
    }
}

/// Answers to the looks that come before a create: nothing is there.
fn absences() -> Vec<(&'static str, Answer)> {
    let none = |text: &str| xml(text.to_string()).always();
    vec![
        ("GetResources", crate::replay::json(json!({"ResourceTagMappingList": []})).always()),
        ("GetRestApis", crate::replay::json(json!({"item": []})).always()),
        ("ListWebACLs", crate::replay::json(json!({"WebACLs": []})).always()),
        ("DescribeTable", refused("ResourceNotFoundException").always()),
        ("ListDistributions", none("<DistributionList><Items/></DistributionList>")),
        ("ListOriginAccessControls", none("<OriginAccessControlList/>")),
        ("ListResponseHeadersPolicies", none("<ResponseHeadersPolicyList/>")),
    ]
}

/// The first resource of this type that the shop wants, its references filled in.
fn shop(kind: &str) -> (&'static dyn ResourceType, Desired) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (stack, _) = stack::load(&root.join("stack.yaml")).unwrap();
    let scope = shopstack::model::Scope {
        stack: "replay".into(),
        env: "t".into(),
        account: "123456789012".into(),
        region: "us-east-1".into(),
        endpoint: None,
    };
    let context =
        Context { stack: &stack, scope: &scope, root, expires_at: None, judges_conditions: true };
    let all = resources::desired(&context).unwrap().resources;
    let mut wanted = all.into_iter().find(|d| d.type_name == kind).expect(kind);
    let filled = |_: &shopstack::model::Address, _: &str| Some("arn:aws:x:::y".to_string());
    wanted.spec = shopstack::model::template::resolve(&wanted.spec, &filled);
    wanted.context = shopstack::model::template::resolve(&wanted.context, &filled);
    let resource = TYPES.iter().copied().find(|t| t.info().type_name == kind).expect(kind);
    (resource, wanted)
}

fn conflict(words: &str) -> Answer {
    refused_with("DeleteConflict", words).status(409)
}

/// A live role as a plan saw it, without policies.
fn bare_role(replay: &Replay) -> Live {
    let trust = shopstack::policy::canonical(&json!({"Statement": [{"Sid": "LambdaOnly",
        "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole"}]}));
    let spec = json!({"tags": replay.env.scope.tags("f"), "path": "/shopstack/replay/t/",
        "description": "d", "max_session_seconds": 3600, "trust": trust,
        "policies": {}, "attached": [], "permissions_boundary": null});
    let wanted = wanted_resource(&Role, "role.f", "replay-t-f", spec);
    Live::new(wanted.address, &wanted.type_name, &wanted.name, wanted.spec)
}

fn role_answer(operation: &str, inside: &str) -> Answer {
    xml(format!(
        "<{operation}Response><{operation}Result>{inside}</{operation}Result></{operation}Response>"
    ))
}

/// Waiting would not remove what somebody attached after the plan: it is looked for at once.
#[tokio::test]
async fn a_role_that_got_an_attachment_after_the_plan_is_taken_apart_before_a_wait() {
    let attached = "<AttachedPolicies><member><PolicyName>A</PolicyName>\
        <PolicyArn>arn:aws:iam::aws:policy/A</PolicyArn></member></AttachedPolicies>\
        <IsTruncated>false</IsTruncated>";
    let inline = "<PolicyNames><member>p</member></PolicyNames><IsTruncated>false</IsTruncated>";
    let replay = Replay::start(vec![
        ("DeleteRole", conflict("Cannot delete entity, must detach all policies first.")),
        ("ListAttachedRolePolicies", role_answer("ListAttachedRolePolicies", attached)),
        ("ListRolePolicies", role_answer("ListRolePolicies", inline)),
        ("DetachRolePolicy", role_answer("DetachRolePolicy", "")),
        ("DeleteRolePolicy", role_answer("DeleteRolePolicy", "")),
        ("DeleteRole", role_answer("DeleteRole", "")),
    ])
    .await;
    Role.delete(&replay.env.writer, &bare_role(&replay)).await.expect("delete");
    assert_eq!(replay.asked().last().unwrap().at.as_secs(), 0, "nothing was waited for");
    assert_eq!(replay.left(), [""; 0]);
}

#[tokio::test]
async fn a_role_in_an_instance_profile_is_reported_without_a_wait() {
    let words = "Cannot delete entity, must remove roles from instance profile first.";
    let replay = Replay::start(vec![("DeleteRole", conflict(words).always())]).await;
    let error = Role.delete(&replay.env.writer, &bare_role(&replay)).await.unwrap_err();
    assert!(error.message.contains("instance profile"), "{error}");
    assert_eq!(replay.operations(), ["DeleteRole"]);
}
