//! The catalogue's errors that pass by themselves, as AWS words them: what a `down` must get over.

use super::rows::Row;

const IN_USE: (u16, &str) = (400, "ResourceInUseException");

pub const DOWN: &[Row] = &[
    Row::new(
        "2.2",
        "dynamodb:DeleteTable",
        IN_USE,
        "Cannot delete table while indexes are being created, updated, or deleted",
        1,
    ),
    Row::new("2.2", "dynamodb:DeleteTable", IN_USE, "Table is being updated: Orders", 1),
    Row::new(
        "3.2",
        "s3:DeleteBucket",
        (409, "OperationAborted"),
        "A conflicting operation is in progress",
        1,
    ),
    Row::new(
        "3.5",
        "s3:DeleteBucket",
        (409, "BucketNotEmpty"),
        "The bucket you tried to delete is not empty",
        1,
    )
    .looked_after(),
    Row::new("1.3", "s3:DeleteObjects", (503, "SlowDown"), "Please reduce your request rate.", 1),
    Row::new(
        "4.2",
        "iam:DeleteRole",
        (409, "DeleteConflict"),
        "Cannot delete entity, must delete policies first.",
        1,
    )
    .looked_after(),
    Row::new(
        "4.2",
        "iam:DeleteRolePolicy",
        (409, "ConcurrentModification"),
        "Multiple requests to change it",
        1,
    ),
    Row::new(
        "5.2",
        "lambda:DeleteFunction",
        (409, "ResourceConflictException"),
        "The operation cannot be performed at this time. The function is currently in the \
         following state: Pending",
        1,
    ),
    Row::new("5.2", "lambda:DeleteFunction", (429, "TooManyRequestsException"), "Rate exceeded", 1),
    Row::new("6", "logs:DeleteLogGroup", (400, "OperationAbortedException"), "Please try again", 1),
    Row::new(
        "7.7",
        "apigateway:DeleteRestApi",
        (429, "TooManyRequestsException"),
        "Too Many Requests",
        1,
    ),
    Row::new(
        "8.3",
        "cloudfront:UpdateDistribution",
        (412, "PreconditionFailed"),
        "The request failed",
        1,
    )
    .looked_after(),
    Row::new(
        "8.3",
        "cloudfront:DeleteDistribution",
        (409, "DistributionNotDisabled"),
        "It is not disabled.",
        1,
    ),
    Row::new(
        "1.7",
        "cloudfront:DeleteDistribution",
        (412, "PreconditionFailed"),
        "The request failed",
        1,
    )
    .looked_after(),
    Row::new(
        "8.3",
        "cloudfront:DeleteOriginAccessControl",
        (409, "OriginAccessControlInUse"),
        "It is in use.",
        1,
    ),
    Row::new(
        "1.7",
        "cloudfront:DeleteOriginAccessControl",
        (400, "InvalidIfMatchVersion"),
        "The version is wrong",
        1,
    )
    .looked_after(),
    Row::new(
        "8.3",
        "cloudfront:DeleteResponseHeadersPolicy",
        (409, "ResponseHeadersPolicyInUse"),
        "It is attached to one or more cache behaviors.",
        1,
    ),
    Row::new(
        "1.7",
        "cloudfront:DeleteResponseHeadersPolicy",
        (412, "PreconditionFailed"),
        "The request failed",
        1,
    )
    .looked_after(),
    Row::new(
        "9.3",
        "wafv2:DeleteWebACL",
        (400, "WAFAssociatedItemException"),
        "It is in use by another resource.",
        2,
    ),
    Row::new(
        "9.2",
        "wafv2:DeleteWebACL",
        (400, "WAFOptimisticLockException"),
        "Someone else has changed it",
        1,
    )
    .looked_after(),
    Row::new(
        "9.2",
        "wafv2:DisassociateWebACL",
        (400, "WAFUnavailableEntityException"),
        "Retry your request.",
        1,
    ),
];
