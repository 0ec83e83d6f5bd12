//! The deployer's policy holds no action that no call needs: AWS refuses a call whose action is
//! missing, so without any of these something fails.

use serde_json::Value;
use shopstack::aws::calls;
use shopstack::model::Scope;
use shopstack::planning::deployer::policies;
use shopstack::resources::declared_calls;
use std::collections::BTreeSet;
use std::path::Path;

/// Actions of calls that this life need not make, and the file whose tests make them: they mend
/// changes made outside shopstack, or belong to stacks with events and alarms. A
/// refused call fails those tests.
const ELSEWHERE: &[(&str, &[&str])] = &[
    ("../hermetic/replayed/attached.rs", ATTACHED),
    ("resources/alarm.rs", ALARMS),
    ("resources/bucket/drift.rs", BUCKET),
    (
        "resources/distribution/drift.rs",
        &["cloudfront:CreateInvalidation", "cloudfront:UntagResource"],
    ),
    ("resources/event_source.rs", EVENT_SOURCES),
    ("resources/function/drift.rs", FUNCTION),
    ("resources/headers.rs", &["cloudfront:UpdateResponseHeadersPolicy"]),
    ("resources/log_group/drift.rs", LOG_GROUP),
    ("resources/oac.rs", ACCESS_CONTROL),
    ("resources/objects.rs", &["s3:GetObject"]),
    ("resources/role/drift.rs", ROLE),
    ("resources/rule.rs", RULE),
    ("resources/table/drift.rs", TABLE),
    ("resources/web_acl.rs", &["wafv2:UntagResource"]),
];

/// `doctor` asks this about a user or a role, and here root calls.
const NOT_SHOWN: &[&str] = &["iam:SimulatePrincipalPolicy"];

/// Settings that emulators do not know, or that nobody adds here.
const ATTACHED: &[&str] = &[
    "logs:DeleteDataProtectionPolicy",
    "logs:PutBearerTokenAuthentication",
    "logs:PutLogGroupDeletionProtection",
];

const ALARMS: &[&str] = &[
    "cloudwatch:DeleteAlarms",
    "cloudwatch:ListTagsForResource",
    "cloudwatch:PutMetricAlarm",
    "cloudwatch:TagResource",
    "cloudwatch:UntagResource",
];
const BUCKET: &[&str] = &[
    "s3:DeleteBucketPolicy",
    "s3:DeleteBucketWebsite",
    "s3:PutBucketCORS",
    "s3:PutLifecycleConfiguration",
];
const EVENT_SOURCES: &[&str] = &[
    "lambda:CreateEventSourceMapping",
    "lambda:DeleteEventSourceMapping",
    "lambda:UpdateEventSourceMapping",
];
const FUNCTION: &[&str] = &[
    "lambda:DeleteAlias",
    "lambda:DeleteFunctionEventInvokeConfig",
    "lambda:DeleteFunctionConcurrency",
    "lambda:DeleteFunctionUrlConfig",
    "lambda:PutFunctionConcurrency",
    "lambda:UntagResource",
    "lambda:UpdateFunctionCode",
];
const LOG_GROUP: &[&str] = &[
    "logs:DeleteRetentionPolicy",
    "logs:DeleteSubscriptionFilter",
    "logs:DisassociateKmsKey",
    "logs:UntagResource",
];
const ACCESS_CONTROL: &[&str] = &[
    "cloudfront:CreateOriginAccessControl",
    "cloudfront:DeleteOriginAccessControl",
    "cloudfront:GetOriginAccessControl",
    "cloudfront:UpdateOriginAccessControl",
];
const ROLE: &[&str] = &[
    "iam:AttachRolePolicy",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DetachRolePolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:UntagRole",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole",
];
const RULE: &[&str] = &[
    "events:DeleteRule",
    "events:DescribeRule",
    "events:ListTagsForResource",
    "events:ListTargetsByRule",
    "events:PutRule",
    "events:PutTargets",
    "events:RemoveTargets",
    "events:TagResource",
    "events:UntagResource",
];
const TABLE: &[&str] = &[
    "dynamodb:DeleteResourcePolicy",
    "dynamodb:DisableKinesisStreamingDestination",
    "dynamodb:UntagResource",
    "dynamodb:UpdateTimeToLive",
];

/// Every action of a policy.
fn actions(policy: &Value) -> Vec<&str> {
    let statements = policy["Statement"].as_array().unwrap();
    let lists = statements.iter().flat_map(|statement| match &statement["Action"] {
        Value::Array(list) => list.iter().collect(),
        single => vec![single],
    });
    lists.map(|action| action.as_str().unwrap()).collect()
}

/// As the judge names it.
fn judged(operation: &str) -> String {
    operation.replacen("tag:", "resourcegroupstaggingapi:", 1).replacen(':', ".", 1)
}

/// `seen` are the operations that the judge saw, by name.
pub fn every_action_is_needed(seen: &Value, region: &str) {
    let scope = Scope {
        stack: "shop".into(),
        env: "dev".into(),
        account: "123456789012".into(),
        region: region.into(),
        endpoint: None,
    };
    let types = declared_calls();
    let made =
        types.iter().chain(calls::list_calls()).filter(|c| !seen[judged(c.operation)].is_null());
    let needed: BTreeSet<&str> = made.flat_map(|call| call.iam_actions()).collect();
    let policies = policies(&scope);
    let allowed: BTreeSet<&str> =
        ["diff", "up", "down"].iter().flat_map(|name| actions(&policies[name])).collect();
    let unused: BTreeSet<&str> = allowed.difference(&needed).copied().collect();
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    for (file, _) in ELSEWHERE {
        assert!(tests.join(file).is_file(), "{file}");
    }
    // Some of them may be made here as well: a shared piece, say, where there is none yet.
    let elsewhere: BTreeSet<&str> =
        ELSEWHERE.iter().flat_map(|(_, actions)| *actions).copied().collect();
    let mut unproven: Vec<&str> = unused.difference(&elsewhere).copied().collect();
    unproven.retain(|action| !NOT_SHOWN.contains(action));
    assert_eq!(unproven, [""; 0], "no test makes a call that needs these");
    println!("{} of the deployer's {} actions are needed here", needed.len(), allowed.len());
}
