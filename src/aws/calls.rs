//! The calls that belong to no resource type: identity, tag index, lock and record, regions of an
//! environment, and those of the smoke test.

use crate::model::call::{Call, Quota, Retry, Service};

const DYNAMODB: Service = Service {
    retries: &[
        Retry::busy("ResourceInUseException", "being updated", 600),
        Retry::busy("ResourceInUseException", "being deleted", 600),
        Retry::busy("ResourceInUseException", "being created", 600),
    ],
    not_found: &["ResourceNotFoundException", "TableNotFoundException", "PolicyNotFoundException"],
    ..Service::DEFAULT
};
const IAM: Service = Service {
    retries: &[
        Retry::propagation("MalformedPolicyDocument", "Invalid principal in policy", 120),
        Retry::busy("ConcurrentModification", "", 180),
        Retry::busy("EntityTemporarilyUnmodifiable", "", 180),
    ],
    not_found: &["NoSuchEntity"],
    ..Service::DEFAULT
};
const CLOUDFRONT: Service = Service {
    not_found: &[
        "NoSuchDistribution",
        "NoSuchOriginAccessControl",
        "NoSuchResponseHeadersPolicy",
        "NoSuchResource",
    ],
    ..Service::DEFAULT
};
const LOGS: Service = Service {
    retries: &[Retry::busy("OperationAbortedException", "", 60)],
    not_found: &["ResourceNotFoundException"],
    ..Service::DEFAULT
};
const PLAIN: Service = Service::DEFAULT;

/// Reads that every command makes: the environment's owner and its region.
pub const IDENTITY: &[Call] = &[
    Call::new(&PLAIN, "sts:GetCallerIdentity"),
    Call::new(&PLAIN, "tag:GetResources"),
    Call::new(&IAM, "iam:ListRoles"),
    Call::new(&IAM, "iam:GetRole"),
    Call::new(&CLOUDFRONT, "cloudfront:GetDistribution"),
    Call::new(&CLOUDFRONT, "cloudfront:ListOriginAccessControls"),
];

/// The lock and the record, in the `shopstack` table.
pub const LEDGER_READS: &[Call] = &[
    Call::new(&DYNAMODB, "dynamodb:GetItem"),
    Call::new(&DYNAMODB, "dynamodb:Query"),
    Call::new(&DYNAMODB, "dynamodb:DescribeTable"),
];

/// Calls that create the `shopstack` table and write to it.
pub const LEDGER_WRITES: &[Call] = &[
    Call::new(&DYNAMODB, "dynamodb:CreateTable")
        .actions(&["dynamodb:CreateTable", "dynamodb:TagResource"]),
    Call::new(&DYNAMODB, "dynamodb:UpdateContinuousBackups").retries(&[Retry::busy(
        "ContinuousBackupsUnavailableException",
        "",
        1200,
    )]),
    Call::new(&DYNAMODB, "dynamodb:PutItem"),
    Call::new(&DYNAMODB, "dynamodb:UpdateItem"),
    Call::new(&DYNAMODB, "dynamodb:DeleteItem"),
];

/// Calls that remove the `shopstack` table.
pub const LEDGER_REMOVAL: &[Call] = &[
    Call::new(&DYNAMODB, "dynamodb:Scan"),
    Call::new(&DYNAMODB, "dynamodb:UpdateTable"),
    Call::new(&DYNAMODB, "dynamodb:DeleteTable"),
];

/// The smoke test's.
pub const SMOKE: &[Call] = &[
    Call::new(&DYNAMODB, "dynamodb:Scan"),
    Call::new(&DYNAMODB, "dynamodb:GetItem"),
    // The test's own products.
    Call::new(&DYNAMODB, "dynamodb:PutItem"),
    Call::new(&DYNAMODB, "dynamodb:DeleteItem"),
    // Each of its writes is authorized as the call that does the same alone.
    Call::new(&DYNAMODB, "dynamodb:TransactWriteItems")
        .actions(&["dynamodb:DeleteItem", "dynamodb:UpdateItem"]),
    // Five per second for the whole account, without a burst: concurrent calls would count twice.
    Call::new(&LOGS, "logs:FilterLogEvents").quotas(&[Quota {
        label: "CloudWatch Logs: 5 FilterLogEvents per second",
        rate: 5.0,
        burst: 1.0,
    }]),
];

/// Calls of `doctor` besides the reads of the resource types.
pub const DOCTOR: &[Call] = &[
    Call::new(&IAM, "iam:GetAccountSummary"),
    Call::new(&IAM, "iam:SimulatePrincipalPolicy"),
    Call::new(&PLAIN, "lambda:GetAccountSettings"),
];

/// Optional calls: a run goes on without them if the right is missing, so no deployer needs them.
pub const OPTIONAL: &[Call] = &[Call::new(&IAM, "iam:ListAccountAliases")];

/// Calls of the proof of least privilege, on the local twin alone. The proof expects refusals, so
/// no call is repeated; no deployer needs the rights.
pub const PROOF: &[Call] = &[
    Call::new(&PLAIN, "sts:AssumeRole"),
    Call::new(&PLAIN, "dynamodb:GetItem"),
    Call::new(&PLAIN, "dynamodb:BatchGetItem"),
    Call::new(&PLAIN, "dynamodb:Query"),
    Call::new(&PLAIN, "dynamodb:Scan"),
    Call::new(&PLAIN, "dynamodb:ExecuteStatement"),
    Call::new(&PLAIN, "dynamodb:PutItem"),
    Call::new(&PLAIN, "dynamodb:UpdateItem"),
    Call::new(&PLAIN, "dynamodb:DeleteItem"),
    Call::new(&PLAIN, "dynamodb:BatchWriteItem"),
    Call::new(&PLAIN, "dynamodb:TransactWriteItems"),
    Call::new(&PLAIN, "dynamodb:DescribeTable"),
    Call::new(&PLAIN, "dynamodb:DeleteTable"),
    Call::new(&PLAIN, "s3:GetObject"),
    Call::new(&PLAIN, "s3:PutObject"),
    Call::new(&PLAIN, "s3:DeleteObject"),
    Call::new(&PLAIN, "s3:ListObjectsV2"),
    Call::new(&PLAIN, "lambda:Invoke"),
    Call::new(&PLAIN, "lambda:GetFunction"),
    Call::new(&PLAIN, "lambda:UpdateFunctionConfiguration"),
    Call::new(&PLAIN, "iam:PutRolePolicy"),
    Call::new(&PLAIN, "iam:AttachRolePolicy"),
    Call::new(&PLAIN, "iam:UpdateAssumeRolePolicy"),
    Call::new(&PLAIN, "logs:FilterLogEvents"),
    Call::new(&PLAIN, "logs:PutRetentionPolicy"),
    Call::new(&PLAIN, "logs:DeleteLogGroup"),
];

/// Every call of this module's own.
pub fn list_calls() -> impl Iterator<Item = &'static Call> {
    IDENTITY
        .iter()
        .chain(LEDGER_READS)
        .chain(LEDGER_WRITES)
        .chain(SMOKE)
        .chain(DOCTOR)
        .chain(OPTIONAL)
}
