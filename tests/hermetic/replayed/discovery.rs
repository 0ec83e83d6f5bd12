//! Looking for what is ours: pages that are empty, tokens that run out, groups that are gone by the
//! time they are read.

use super::cloudfront::index;
use crate::replay::{Replay, empty, json as answer, refused, refused_with, xml};
use crate::support::step::{desired, step};
use serde_json::{Value, json};
use shopstack::model::{Op, Query};
use shopstack::resources::cloudfront::headers::ResponseHeadersPolicy;
use shopstack::resources::{ResourceType, logs::log_group::LogGroup, s3::bucket::Bucket};

const GROUP: &str = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/replay-t-f";
const OLD: &str = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/replay-t-old";

#[tokio::test]
async fn the_index_is_read_past_empty_pages_and_again_when_its_token_ran_out() {
    let tags = json!({"shopstack:id": "x"});
    let replay = Replay::start(vec![
        ("GetResources \"PaginationToken\":\"one\"", index(&[], &tags, "two")),
        ("GetResources \"PaginationToken\":\"two\"", refused("PaginationTokenExpiredException")),
        ("GetResources \"PaginationToken\":\"three\"", index(&["arn:a", "arn:b"], &tags, "")),
        ("GetResources", index(&[], &tags, "one")),
        ("GetResources", index(&[], &tags, "three")),
    ])
    .await;
    let index = replay.env.reader.index(&replay.env.scope).await.expect("the index");
    assert_eq!(index.arns("arn:").collect::<Vec<_>>(), ["arn:a", "arn:b"]);
    assert_eq!(replay.count("GetResources"), 5);
}

fn groups(names: &[&str], token: Value) -> crate::replay::Answer {
    let one = |name: &&str| json!({"logGroupName": name, "arn": format!("arn:aws:logs:us-east-1:123456789012:log-group:{name}:*")});
    answer(json!({"logGroups": names.iter().map(one).collect::<Vec<_>>(), "nextToken": token}))
}

#[tokio::test]
async fn groups_are_listed_past_an_empty_page_and_one_that_is_gone_is_left_out() {
    let tags = json!({"shopstack:stack": "replay", "shopstack:env": "t", "shopstack:id": "f"});
    let replay = Replay::start(vec![
        ("GetResources", index(&[], &json!({}), "")),
        (
            "DescribeLogGroups \"more\"",
            groups(&["/aws/lambda/replay-t-f", "/aws/lambda/replay-t-old"], Value::Null),
        ),
        ("DescribeLogGroups /aws/lambda/", groups(&[], json!("more"))),
        ("DescribeLogGroups", groups(&[], Value::Null).always()),
        ("ListTagsForResource replay-t-f\"", answer(json!({"tags": tags}))),
        ("ListTagsForResource replay-t-old\"", refused("ResourceNotFoundException")),
    ])
    .await;
    let query = Query { scope: &replay.env.scope, wanted: vec![], found: &[], thorough: true };
    let found = replay.discover(&LogGroup, &query).await.expect("discover");
    let seen: Vec<_> =
        found.iter().map(|live| (live.address.as_str(), live.outputs["arn"].as_str())).collect();
    assert_eq!(seen, [("log_group.f", GROUP)], "without the `:*` of the listing");
    assert_eq!(replay.left(), [""; 0]);
}

#[tokio::test]
async fn an_unwanted_group_is_ours_by_its_own_tags_and_never_by_the_index_alone() {
    let tags =
        |id: &str| json!({"shopstack:stack": "replay", "shopstack:env": "t", "shopstack:id": id});
    let released = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/replay-t-released";
    let replay = Replay::start(vec![
        ("GetResources", index(&[GROUP], &tags("f"), "one")),
        ("GetResources", index(&[released], &tags("released"), "two")),
        ("GetResources", index(&[OLD], &tags("old"), "")),
        (
            "DescribeLogGroups /aws/lambda/",
            groups(
                &[
                    "/aws/lambda/replay-t-f",
                    "/aws/lambda/replay-t-released",
                    "/aws/lambda/replay-t-old",
                ],
                Value::Null,
            ),
        ),
        ("DescribeLogGroups", groups(&[], Value::Null).always()),
        // Somebody took the tags away to keep the group; the index has not heard of it.
        ("ListTagsForResource replay-t-released\"", answer(json!({"tags": {}}))),
        ("ListTagsForResource replay-t-old\"", answer(json!({"tags": tags("old")}))),
    ])
    .await;
    let spec =
        json!({"tags": tags("f"), "region": "us-east-1", "retention_days": 30, "extras": {}});
    let wanted = desired(&LogGroup, "log_group.f", "/aws/lambda/replay-t-f", spec);
    let query =
        Query { scope: &replay.env.scope, wanted: vec![&wanted], found: &[], thorough: false };
    let found = replay.discover(&LogGroup, &query).await.expect("discover");
    let seen: Vec<_> = found.iter().map(|live| live.address.as_str()).collect();
    assert_eq!(
        seen,
        ["log_group.f", "log_group.old"],
        "the group whose tags were taken away is nobody's"
    );
    assert_eq!(replay.count("ListTagsForResource"), 2, "a wanted group costs no read of its own");
    assert_eq!(replay.left(), [""; 0]);
}

#[tokio::test]
async fn a_group_that_lambda_made_first_is_adopted_and_a_busy_one_tried_again() {
    let replay = Replay::start(vec![
        ("CreateLogGroup", refused("ResourceAlreadyExistsException")),
        ("ListTagsForResource", answer(json!({"tags": {}}))),
        ("TagResource", answer(json!({}))),
        (
            "PutRetentionPolicy",
            refused_with(
                "OperationAbortedException",
                "A conflicting operation is currently in progress. Please try again.",
            )
            .times(3),
        ),
        ("PutRetentionPolicy", refused("ResourceNotFoundException")),
        ("PutRetentionPolicy", answer(json!({}))),
    ])
    .await;
    let spec = json!({"tags": replay.env.scope.tags("f"), "region": "us-east-1", "retention_days": 30, "extras": {}});
    let wanted = desired(&LogGroup, "log_group.f", "/aws/lambda/replay-t-f", spec);
    let create = step(&wanted, Op::Create, None);
    let outputs =
        LogGroup.create(&replay.env.writer, &create, &wanted.spec).await.expect("adopted");
    assert_eq!(outputs["arn"], GROUP);
    assert_eq!(replay.pauses("PutRetentionPolicy"), [0.5, 1.0, 2.0, 0.5]);
}

/// What `down` looks for by name: nothing is wanted, and the index knows nothing.
async fn everything(
    resource: &dyn ResourceType,
    mut script: Vec<(&str, crate::replay::Answer)>,
) -> Vec<String> {
    script.push(("GetResources", index(&[], &json!({}), "")));
    let replay = Replay::start(script).await;
    let query = Query { scope: &replay.env.scope, wanted: vec![], found: &[], thorough: true };
    let found = replay.discover(resource, &query).await.expect("discover");
    found.iter().map(|live| live.address.to_string()).collect()
}

#[tokio::test]
async fn buckets_are_listed_past_an_empty_page() {
    let name = "replay-t-site-123456789012-us-east-1";
    let page =
        |inside: &str| xml(format!("<ListAllMyBucketsResult>{inside}</ListAllMyBucketsResult>"));
    let tag = |key: &str, value: &str| {
        format!("<Tag><Key>shopstack:{key}</Key><Value>{value}</Value></Tag>")
    };
    let tags = [("stack", "replay"), ("env", "t"), ("id", "site")].map(|(k, v)| tag(k, v)).concat();
    let script = vec![
        (
            "ListBuckets continuation-token=more",
            page(&format!("<Buckets><Bucket><Name>{name}</Name></Bucket></Buckets>")),
        ),
        ("ListBuckets", page("<ContinuationToken>more</ContinuationToken>")),
        ("HeadBucket", empty().header("x-amz-bucket-region", "us-east-1")),
        ("GetBucketTagging", xml(format!("<Tagging><TagSet>{tags}</TagSet></Tagging>"))),
    ];
    assert_eq!(everything(&Bucket, script).await, ["bucket.site"]);
}

#[tokio::test]
async fn response_headers_policies_are_listed_past_an_empty_page() {
    let page = |inside: &str| {
        xml(format!(
            "<ResponseHeadersPolicyList>{inside}<MaxItems>100</MaxItems></ResponseHeadersPolicyList>"
        ))
    };
    let marker =
        "shopstack:stack=replay shopstack:env=t shopstack:id=site shopstack:region=us-east-1";
    let policy = format!(
        "<Quantity>1</Quantity><Items><ResponseHeadersPolicySummary><Type>custom</Type><ResponseHeadersPolicy><Id>R1</Id>\
         <LastModifiedTime>2026-01-01T00:00:00Z</LastModifiedTime><ResponseHeadersPolicyConfig><Comment>{marker}</Comment>\
         <Name>replay-t-site</Name></ResponseHeadersPolicyConfig></ResponseHeadersPolicy></ResponseHeadersPolicySummary></Items>"
    );
    let script = vec![
        ("ListResponseHeadersPolicies Marker=more", page(&policy)),
        (
            "ListResponseHeadersPolicies",
            page("<Quantity>0</Quantity><NextMarker>more</NextMarker>"),
        ),
    ];
    assert_eq!(everything(&ResponseHeadersPolicy, script).await, ["headers.site"]);
}

#[tokio::test]
async fn a_tables_policy_is_told_from_none_and_from_a_service_without_such_policies() {
    use shopstack::resources::dynamodb::table::resource_policy;
    let policy = r#"{"Version":"2012-10-17","Statement":[]}"#;
    let replay = Replay::start(vec![
        ("GetResourcePolicy", answer(json!({"Policy": policy, "RevisionId": "1"}))),
        ("GetResourcePolicy", refused("PolicyNotFoundException")),
        ("GetResourcePolicy", refused("AccessDeniedException")),
    ])
    .await;
    let reader = &replay.env.reader;
    let found = resource_policy(reader, "arn:t").await.expect("a policy");
    assert_eq!(found, Some(serde_json::from_str(policy).unwrap()));
    assert_eq!(resource_policy(reader, "arn:t").await.expect("none"), Some(Value::Null));
    resource_policy(reader, "arn:t").await.expect_err("a right that is missing is no clean table");
}
