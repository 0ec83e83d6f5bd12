//! The catalogue's errors that pass by themselves, as AWS words them: what an `up` must get over,
//! fresh or with changes.

use super::rows_down::DOWN;
use super::rows_events::EVENTS;
use shopstack::aws::error::THROTTLE;
use std::fmt;

/// One error, injected `times` times and then no more.
#[derive(Clone, Copy)]
pub struct Row {
    /// Of the catalogue.
    pub section: &'static str,
    /// `service:Operation`, as `aws/retry.rs` writes it.
    pub operation: &'static str,
    pub status: u16,
    pub code: &'static str,
    pub message: &'static str,
    pub times: u32,
    /// Calls of the operation that pass before it.
    pub after: u32,
    /// The resource type itself gets over it, by looking again: that is no repeated call.
    pub looked_after: bool,
}

impl Row {
    pub const fn new(
        section: &'static str,
        operation: &'static str,
        (status, code): (u16, &'static str),
        message: &'static str,
        times: u32,
    ) -> Row {
        Row { section, operation, status, code, message, times, after: 0, looked_after: false }
    }

    const fn after(self, calls: u32) -> Row {
        Row { after: calls, ..self }
    }

    pub const fn looked_after(self) -> Row {
        Row { looked_after: true, ..self }
    }

    /// Refused for the rate of requests.
    pub fn throttles(&self) -> bool {
        let rate =
            self.message.contains("Rate exceeded") || self.message.contains("simultaneously");
        // A 503 to what must not be made twice is looked after instead.
        let refused = self.status == 429 || self.status == 503 && !self.looked_after;
        refused || rate || THROTTLE.contains(&self.code)
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} ({})", self.section, self.operation, self.code, self.message)
    }
}

/// The rows of all phases.
pub fn rows_of_all_phases() -> impl Iterator<Item = &'static Row> {
    [UP, CHANGE, DOWN, LOGGING, EVENTS].into_iter().flatten()
}

const INVALID: (u16, &str) = (400, "InvalidParameterValueException");
const BAD: (u16, &str) = (400, "BadRequestException");
const LIMIT: (u16, &str) = (400, "LimitExceededException");
const NO_BUCKET: (u16, &str) = (404, "NoSuchBucket");
const ABORTED: (u16, &str) = (409, "OperationAborted");
const CONFLICTING: &str = "A conflicting conditional operation is currently in progress against \
                           this resource. Please try again.";
const GONE: &str = "The specified bucket does not exist";
const RATE: &str = "Rate exceeded";

/// A fresh `up`.
pub const UP: &[Row] = &[
    Row::new("1.3", "sts:GetCallerIdentity", (400, "Throttling"), RATE, 1),
    Row::new("10.2", "tag:GetResources", (400, "ThrottledException"), "Too many requests", 3),
    Row::new(
        "10.2",
        "tag:GetResources",
        (500, "InternalServiceException"),
        "The request failed, try again",
        1,
    ),
    // DynamoDB
    Row::new(
        "1.3",
        "dynamodb:CreateTable",
        (400, "ThrottlingException"),
        "Rate of requests exceeds the allowed",
        1,
    ),
    Row::new(
        "1.3",
        "dynamodb:CreateTable",
        LIMIT,
        "Subscriber limit exceeded: Only 10 tables can be created, updated, or deleted \
         simultaneously",
        1,
    ),
    Row::new(
        "2.2",
        "dynamodb:CreateTable",
        LIMIT,
        "too many indexed tables that can be created simultaneously",
        1,
    ),
    Row::new(
        "2.2",
        "dynamodb:CreateTable",
        (400, "ResourceInUseException"),
        "Table is being deleted: Orders",
        1,
    ),
    Row::new(
        "2.2",
        "dynamodb:DescribeTable",
        (400, "ResourceNotFoundException"),
        "Requested resource not found",
        1,
    )
    .after(2),
    Row::new(
        "2.2",
        "dynamodb:UpdateContinuousBackups",
        (400, "ContinuousBackupsUnavailableException"),
        "Backups are being enabled for the table: Orders. Please retry later",
        1,
    ),
    Row::new(
        "2.2",
        "dynamodb:UpdateContinuousBackups",
        (400, "ResourceInUseException"),
        "Table is being created",
        1,
    ),
    Row::new(
        "1.3",
        "dynamodb:UpdateContinuousBackups",
        (400, "RequestLimitExceeded"),
        "Throughput exceeds",
        1,
    ),
    Row::new(
        "2.2",
        "dynamodb:TagResource",
        (400, "ResourceInUseException"),
        "Table is being updated: Products",
        1,
    ),
    Row::new(
        "1.3",
        "dynamodb:TagResource",
        (400, "TransactionInProgressException"),
        "A transaction is in progress",
        1,
    ),
    Row::new(
        "1.3",
        "dynamodb:PutItem",
        (400, "ProvisionedThroughputExceededException"),
        "The level of throughput",
        1,
    ),
    // S3
    Row::new("3.2", "s3:CreateBucket", ABORTED, CONFLICTING, 3),
    Row::new("1.3", "s3:CreateBucket", (503, "SlowDown"), "Please reduce your request rate.", 3),
    Row::new("3.2", "s3:PutBucketTagging", NO_BUCKET, GONE, 3),
    Row::new("3.2", "s3:PutPublicAccessBlock", NO_BUCKET, GONE, 1),
    Row::new("3.2", "s3:PutBucketOwnershipControls", ABORTED, CONFLICTING, 1),
    Row::new("3.2", "s3:PutBucketVersioning", NO_BUCKET, GONE, 1),
    Row::new("3.2", "s3:PutBucketEncryption", ABORTED, CONFLICTING, 1),
    Row::new("3.2", "s3:PutBucketEncryption", NO_BUCKET, GONE, 1),
    Row::new(
        "1.2",
        "s3:PutBucketPolicy",
        (400, "MalformedPolicy"),
        "Invalid principal in policy",
        2,
    ),
    Row::new("3.2", "s3:PutBucketPolicy", NO_BUCKET, GONE, 1),
    Row::new("3.2", "s3:PutObject", NO_BUCKET, GONE, 1),
    Row::new("1.3", "s3:PutObject", (503, "RequestThrottled"), "Please slow down", 1),
    Row::new("1.3", "s3:PutObject", (503, "BandwidthLimitExceeded"), "Please slow down", 1),
    Row::new(
        "1.4",
        "s3:PutObject",
        (400, "RequestTimeout"),
        "Your socket connection to the server was not read",
        1,
    ),
    Row::new(
        "1.4",
        "s3:PutObject",
        (400, "RequestTimeoutException"),
        "It was not read from in time",
        1,
    ),
    Row::new(
        "1.4",
        "s3:PutObject",
        (500, "InternalError"),
        "We encountered an internal error. Please try again.",
        1,
    ),
    // IAM
    Row::new(
        "1.2",
        "iam:CreateRole",
        (400, "MalformedPolicyDocument"),
        r#"Invalid principal in policy: "AWS""#,
        1,
    ),
    Row::new("1.3", "iam:CreateRole", (400, "Throttling"), RATE, 1),
    Row::new(
        "4.2",
        "iam:CreateRole",
        (500, "ServiceFailure"),
        "The request processing has failed",
        1,
    ),
    Row::new(
        "4.2",
        "iam:PutRolePolicy",
        (404, "NoSuchEntity"),
        "The role with name cannot be found.",
        1,
    ),
    Row::new(
        "4.2",
        "iam:PutRolePolicy",
        (409, "ConcurrentModification"),
        "Multiple requests to change this object",
        1,
    ),
    Row::new(
        "4.2",
        "iam:PutRolePolicy",
        (409, "EntityTemporarilyUnmodifiable"),
        "It cannot be changed now",
        1,
    ),
    Row::new(
        "1.3",
        "iam:PutRolePolicy",
        (400, "PriorRequestNotComplete"),
        "The request was rejected",
        1,
    ),
    // Lambda
    Row::new(
        "1.2",
        "lambda:CreateFunction",
        INVALID,
        "The role defined for the function cannot be assumed by Lambda.",
        2,
    ),
    Row::new(
        "1.2",
        "lambda:CreateFunction",
        INVALID,
        "The provided execution role does not have permissions to call CreateLogStream",
        1,
    ),
    Row::new(
        "1.2",
        "lambda:CreateFunction",
        INVALID,
        "Lambda was unable to configure your environment variables: the KMS key is invalid for \
         CreateGrant",
        1,
    ),
    Row::new("5.2", "lambda:CreateFunction", (429, "TooManyRequestsException"), RATE, 1),
    Row::new(
        "1.4",
        "lambda:CreateFunction",
        (500, "ServiceException"),
        "Service encountered an internal error",
        1,
    ),
    Row::new(
        "5.2",
        "lambda:GetFunction",
        (404, "ResourceNotFoundException"),
        "Function not found: arn:aws",
        1,
    )
    .after(2),
    Row::new(
        "1.3",
        "lambda:GetFunction",
        (400, "EC2ThrottledException"),
        "Lambda was throttled by EC2",
        1,
    ),
    Row::new(
        "5.2",
        "lambda:AddPermission",
        (409, "ResourceConflictException"),
        "The function could not be updated due to a concurrent update operation.",
        1,
    ),
    Row::new(
        "5.2",
        "lambda:AddPermission",
        (404, "ResourceNotFoundException"),
        "Function not found: arn:aws",
        1,
    ),
    // Logs
    Row::new(
        "6",
        "logs:CreateLogGroup",
        (400, "OperationAbortedException"),
        "Multiple concurrent requests",
        1,
    ),
    Row::new("6", "logs:CreateLogGroup", (400, "ThrottlingException"), RATE, 1),
    Row::new(
        "1.4",
        "logs:CreateLogGroup",
        (500, "ServiceUnavailableException"),
        "The service cannot complete it",
        1,
    ),
    Row::new(
        "1.2",
        "logs:PutRetentionPolicy",
        (400, "AccessDeniedException"),
        "User: arn:aws:sts::1:assumed-role/ci/x is not authorized to perform: \
         logs:PutRetentionPolicy because no identity-based policy allows the \
         logs:PutRetentionPolicy action",
        2,
    ),
    Row::new(
        "6",
        "logs:PutRetentionPolicy",
        (400, "ResourceNotFoundException"),
        "The log group does not exist.",
        1,
    ),
    // API Gateway. The first row is an account without a role, whatever other stacks have set.
    Row::new("7.4", "apigateway:GetAccount", (200, "None"), "no role is set", 2).looked_after(),
    Row::new(
        "1.2",
        "apigateway:UpdateAccount",
        BAD,
        "The role ARN does not have required permissions configured. Please grant trust \
         permission for API Gateway",
        1,
    ),
    Row::new(
        "1.2",
        "apigateway:UpdateAccount",
        BAD,
        "API Gateway could not successfully write to CloudWatch Logs using the ARN specified",
        1,
    ),
    Row::new(
        "1.2",
        "apigateway:UpdateAccount",
        BAD,
        "API Gateway is Not Authorized to assume the provided role",
        1,
    ),
    Row::new("1.2", "apigateway:UpdateAccount", BAD, "Too Many Requests", 1),
    Row::new(
        "7.3",
        "apigateway:CreateRestApi",
        (429, "TooManyRequestsException"),
        "Too Many Requests",
        1,
    ),
    Row::new(
        "7.3",
        "apigateway:CreateResource",
        (409, "ConflictException"),
        "Unable to complete operation due to concurrent modification. Please try again later.",
        1,
    ),
    Row::new("1.3", "apigateway:CreateResource", BAD, RATE, 1),
    Row::new(
        "7.3",
        "apigateway:PutMethod",
        (409, "ConflictException"),
        "It is busy. Please try again later.",
        1,
    ),
    Row::new(
        "7.3",
        "apigateway:PutMethod",
        (404, "NotFoundException"),
        "Invalid Resource identifier specified",
        1,
    ),
    Row::new(
        "7.3",
        "apigateway:PutIntegration",
        (429, "LimitExceededException"),
        "Too many requests",
        1,
    ),
    Row::new(
        "7.3",
        "apigateway:PutIntegration",
        (503, "ServiceUnavailableException"),
        "Try again",
        1,
    ),
    Row::new(
        "1.3",
        "apigateway:PutIntegration",
        (400, "RequestThrottledException"),
        "Slow down",
        1,
    ),
    Row::new(
        "7.3",
        "apigateway:CreateDeployment",
        (503, "ServiceUnavailableException"),
        "Try again",
        1,
    )
    .looked_after(),
    Row::new(
        "7.3",
        "apigateway:UpdateStage",
        BAD,
        "CloudWatch Logs role ARN must be set in account settings to enable logging",
        1,
    ),
    // CloudFront
    Row::new("8.3", "cloudfront:CreateOriginAccessControl", (400, "Throttling"), RATE, 1),
    Row::new(
        "8.3",
        "cloudfront:CreateDistributionWithTags",
        (400, "InvalidOriginAccessControl"),
        "The specified origin access control does not exist or is not valid",
        2,
    ),
    Row::new(
        "8.3",
        "cloudfront:CreateDistributionWithTags",
        (400, "InvalidWebACLId"),
        "Web ACL is not accessible",
        1,
    ),
    Row::new(
        "8.3",
        "cloudfront:CreateDistributionWithTags",
        (404, "NoSuchResponseHeadersPolicy"),
        "It is not there",
        1,
    ),
    Row::new(
        "1.4",
        "cloudfront:CreateDistributionWithTags",
        (503, "ServiceUnavailable"),
        "Try again",
        1,
    )
    .looked_after(),
    // WAF
    Row::new(
        "9.2",
        "wafv2:CreateWebACL",
        UNAVAILABLE,
        "AWS WAF couldn't retrieve the resource. Retry your request.",
        1,
    ),
    Row::new(
        "9.2",
        "wafv2:CreateWebACL",
        (500, "WAFInternalErrorException"),
        "Retry your request",
        1,
    ),
    Row::new(
        "9.2",
        "wafv2:CreateWebACL",
        (400, "WAFTagOperationException"),
        "A tag operation did not work",
        1,
    ),
    Row::new(
        "9.2",
        "wafv2:CreateWebACL",
        (500, "WAFTagOperationInternalErrorException"),
        "Retry your request",
        1,
    ),
    Row::new(
        "9.2",
        "wafv2:AssociateWebACL",
        UNAVAILABLE,
        "AWS WAF couldn't retrieve the resource. Retry it.",
        1,
    ),
    Row::new(
        "9.2",
        "wafv2:AssociateWebACL",
        (400, "WAFNonexistentItemException"),
        "It might not be there yet",
        1,
    ),
];

const UNAVAILABLE: (u16, &str) = (400, "WAFUnavailableEntityException");

/// An `up` of a stack that exists, with changes to its functions, ACLs, stage, log groups and
/// distribution.
pub const CHANGE: &[Row] = &[
    Row::new(
        "5.2",
        "lambda:UpdateFunctionConfiguration",
        (409, "ResourceConflictException"),
        "The operation cannot be performed at this time. The function is currently in the \
         following state: Pending",
        1,
    ),
    Row::new(
        "5.2",
        "lambda:UpdateFunctionConfiguration",
        (409, "ResourceConflictException"),
        "The operation cannot be performed at this time. An update is in progress for resource: \
         arn:aws:lambda",
        1,
    ),
    Row::new(
        "5.2",
        "lambda:UpdateFunctionConfiguration",
        INVALID,
        "The role cannot be assumed by Lambda.",
        1,
    ),
    Row::new(
        "6",
        "logs:PutRetentionPolicy",
        (400, "OperationAbortedException"),
        "Multiple concurrent requests",
        1,
    ),
    Row::new(
        "7.3",
        "apigateway:UpdateStage",
        (409, "ConflictException"),
        "Unable to complete operation due to concurrent modification. Please try again later.",
        1,
    ),
    Row::new(
        "1.7",
        "cloudfront:UpdateDistribution",
        (412, "PreconditionFailed"),
        "The request failed",
        1,
    )
    .looked_after(),
    Row::new(
        "8.3",
        "cloudfront:UpdateDistribution",
        (400, "InvalidWebACLId"),
        "Web ACL is not accessible",
        1,
    ),
    Row::new(
        "8.3",
        "cloudfront:UpdateDistribution",
        (400, "InvalidOriginAccessControl"),
        "The specified origin access control does not exist or is not valid",
        1,
    ),
    Row::new(
        "8.3",
        "cloudfront:UpdateDistribution",
        (404, "NoSuchResponseHeadersPolicy"),
        "It is not there",
        1,
    ),
    Row::new("8.3", "cloudfront:UpdateDistribution", (400, "Throttling"), RATE, 1),
    Row::new(
        "1.7",
        "wafv2:UpdateWebACL",
        (400, "WAFOptimisticLockException"),
        "Someone else has changed it",
        1,
    )
    .looked_after(),
    Row::new(
        "9.2",
        "wafv2:UpdateWebACL",
        UNAVAILABLE,
        "AWS WAF couldn't retrieve the resource. Retry it.",
        1,
    ),
];

/// WAF logging, on an endpoint that knows it.
pub const LOGGING: &[Row] = &[
    Row::new(
        "9.2",
        "wafv2:PutLoggingConfiguration",
        (400, "WAFServiceLinkedRoleErrorException"),
        "It is locked",
        1,
    ),
    Row::new(
        "9.2",
        "wafv2:PutLoggingConfiguration",
        (400, "WAFOptimisticLockException"),
        "Someone was faster",
        1,
    )
    .looked_after(),
    Row::new(
        "9.2",
        "wafv2:PutLoggingConfiguration",
        (400, "WAFNonexistentItemException"),
        "It is not there yet",
        1,
    ),
];
