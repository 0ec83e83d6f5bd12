//! Suggests what to do about an AWS error, based on its code and message. If neither names a cause,
//! the remedy claims none.

use super::rights;
use crate::model::ErrorKind;

const AGAIN: &str = "run the same command again: it goes on where it stopped";

/// A quota on a count, not a rate: operation, code, what is counted, and the default maximum.
/// Published figures as of 2026-11; an empty operation part matches all.
const COUNTS: &[(&str, &str, &str)] = &[
    ("cloudfront:", "TooManyResponseHeadersPolicies", "20 response headers policies per account"),
    ("cloudfront:", "TooManyOriginAccessControls", "100 origin access controls per account"),
    ("cloudfront:", "TooManyDistributions", "500 distributions per account"),
    (
        "cloudfront:",
        "TooManyDistributionsAssociatedToOriginAccessControl",
        "100 distributions per origin access control",
    ),
    (
        "cloudfront:",
        "TooManyDistributionsAssociatedToResponseHeadersPolicy",
        "100 distributions per response headers policy",
    ),
    (
        "cloudfront:",
        "TooManyCustomHeadersInResponseHeadersPolicy",
        "10 custom headers per response headers policy",
    ),
    ("cloudfront:", "TooManyFunctions", "100 functions of CloudFront per account"),
    ("cloudfront:", "TooManyCacheBehaviors", "75 cache behaviours per distribution"),
    (
        "cloudfront:",
        "TooManyInvalidationsInProgress",
        "3,000 paths and 15 wildcards in progress per distribution",
    ),
    ("cloudfront:", "BatchTooLarge", "3,000 paths per invalidation"),
    ("wafv2:CreateWebACL", "WAFLimitsExceededException", "100 web ACLs per region and scope"),
    ("wafv2:TagResource", "WAFLimitsExceededException", "50 tags per web ACL"),
    (
        "wafv2:PutLoggingConfiguration",
        "WAFLimitsExceededException",
        "100 destinations of logs per web ACL",
    ),
    ("wafv2:AssociateWebACL", "WAFLimitsExceededException", "1 web ACL per stage of an API"),
    ("wafv2:", "WAFLimitsExceededException", "1,500 capacity units per web ACL without surcharge"),
    ("s3:", "TooManyBuckets", "10,000 buckets per account"),
    ("iam:CreateRole", "LimitExceeded", "1,000 roles per account"),
    ("iam:AttachRolePolicy", "LimitExceeded", "10 managed policies per role"),
    ("iam:PutRolePolicy", "LimitExceeded", "10,240 characters of inline policies per role"),
    ("iam:UpdateAssumeRolePolicy", "LimitExceeded", "2,048 characters of trust policy per role"),
    ("iam:TagRole", "LimitExceeded", "50 tags per role"),
    ("dynamodb:UpdateTable", "LimitExceededException", "20 global secondary indexes per table"),
    ("dynamodb:TagResource", "LimitExceededException", "50 tags per table"),
    ("dynamodb:UpdateTimeToLive", "LimitExceededException", "500 changes of tables at once"),
    ("dynamodb:", "LimitExceededException", "2,500 tables per region"),
    ("logs:PutResourcePolicy", "LimitExceededException", "10 log resource policies per region"),
    ("logs:", "LimitExceededException", "1,000,000 log groups per region"),
    ("logs:", "TooManyTagsException", "50 tags per log group"),
    ("events:PutTargets", "LimitExceededException", "5 targets per rule"),
    ("events:", "LimitExceededException", "300 rules per event bus"),
    ("cloudwatch:", "LimitExceeded", "5,000 alarms per region"),
    ("apigateway:CreateRestApi", "LimitExceededException", "600 regional REST APIs per region"),
    ("apigateway:CreateResource", "LimitExceededException", "300 resources per REST API"),
    ("apigateway:CreateStage", "LimitExceededException", "10 stages per REST API"),
    ("apigateway:CreateAuthorizer", "LimitExceededException", "10 authorizers per REST API"),
    ("apigateway:CreateDomainName", "LimitExceededException", "120 domains per region"),
    ("apigateway:TagResource", "LimitExceededException", "50 tags per REST API or stage"),
    ("apigateway:", "LimitExceededException", "300 resources and 10 stages per REST API"),
    ("lambda:", "CodeStorageExceededException", "75 GB of function code per region"),
    ("lambda:AddPermission", "PolicyLengthExceededException", "20 KB of permissions per function"),
];

/// True for codes that say that a number of things is reached.
pub(super) fn is_count(operation: &str, code: &str) -> bool {
    figure(operation, code).is_some()
        || code == "EntityLimitExceeded"
        || code.starts_with("TooMany") && code != "TooManyRequestsException"
        || ["LimitExceeded", "LimitExceededException", "WAFLimitsExceededException"].contains(&code)
        || ["ServiceQuotaExceededException", "CodeStorageExceededException"].contains(&code)
}

fn figure(operation: &str, code: &str) -> Option<&'static str> {
    COUNTS
        .iter()
        .find(|(prefix, name, _)| operation.starts_with(prefix) && *name == code)
        .map(|(_, _, figure)| *figure)
}

/// The remedy for `operation` (`service:Operation`) that failed with AWS's `code` and `message`.
pub(super) fn hint(kind: ErrorKind, operation: &str, code: &str, message: &str) -> String {
    if let Some(known) = by_code(code, message) {
        return known;
    }
    let text = match kind {
        ErrorKind::AccessDenied => return denied(operation, message),
        ErrorKind::Credentials => return credentials(code, message),
        ErrorKind::Quota => return counted(operation, code),
        ErrorKind::Throttled => {
            "AWS limits the rate of requests of this account: wait a minute, then run the same \
             command again"
        }
        ErrorKind::Unreachable => {
            "check the network, the region and AWS_ENDPOINT_URL, then run again"
        }
        ErrorKind::Ambiguous => {
            "run the same command again: what took effect is found by its name or tags"
        }
        ErrorKind::Conflict => {
            "AWS reports a conflict with another change or with what exists: where its words above \
             name no cause, run the same command again"
        }
        ErrorKind::NotEmulated => "this endpoint does not know the operation; AWS does",
        _ if operation.is_empty() => "",
        _ => "AWS's words above name the cause; once it is corrected, run the same command again",
    };
    text.into()
}

/// Codes with a single cause, whatever kind of error they are.
fn by_code(code: &str, message: &str) -> Option<String> {
    let text = match code {
        "OptInRequired"
        | "OptInRequiredException"
        | "SubscriptionRequired"
        | "SubscriptionRequiredException"
        | "NotSignedUp" => {
            "the account is not activated for this service: finish its sign-up in the AWS console \
             (payment method, phone number, support plan), wait for AWS's e-mail, then run the \
             same command again"
        }
        "BucketAlreadyExists" => {
            "bucket names are unique across all AWS accounts, and this one is taken: choose \
             another `name` in stack.yaml, or another --env"
        }
        "CNAMEAlreadyExists" | "CNAMEAlreadyExistsException" => {
            "another distribution, perhaps of another account, answers for a name of \
             `site.domain`: take the name off that one first; an environment of its own needs a \
             name of its own"
        }
        "InvalidViewerCertificate" => {
            "see `site.domain.certificate`: CloudFront takes a certificate that is issued, is in \
             us-east-1, and covers every name of `site.domain`"
        }
        "WAFLogDestinationPermissionIssueException" => {
            return Some(format!(
                "the caller needs {} to send a web ACL's log to CloudWatch Logs; then {AGAIN}",
                rights::actions("wafv2:PutLoggingConfiguration").join(", ")
            ));
        }
        // Lambda's words for a reservation that leaves less than 10 runs to all other functions.
        _ if message.contains("UnreservedConcurrentExecution") => {
            "all functions that reserve nothing keep at least 10 runs at once, and a new account \
             has no more: take `reserved_concurrency` out of stack.yaml, or ask for more \
             `Concurrent executions` of Lambda under Service Quotas in the AWS console"
        }
        _ if message.contains("must be verified") => {
            return Some(format!(
                "AWS has not verified this account yet, and no right is missing: ask AWS Support \
                 to verify it for this service; nothing is lost, and afterwards {AGAIN}"
            ));
        }
        _ => return None,
    };
    Some(text.into())
}

/// The kinds of policies that AWS's message gives as the reason for a denial, and who can change
/// each. A grant to the caller helps only if an identity-based policy lacks the action.
const DENIERS: &[(&str, &str)] = &[
    (
        "service control policy",
        "a service control policy of the organisation forbids it, which no policy in this account \
         can lift: ask the administrators of the AWS organisation",
    ),
    (
        "resource control policy",
        "a resource control policy of the organisation forbids it, which no policy in this account \
         can lift: ask the administrators of the AWS organisation",
    ),
    (
        "permissions boundary",
        "the permissions boundary of the caller does not let it through: ask the administrators \
         who set that boundary",
    ),
    (
        "session policy",
        "the policy of this session does not let it through: sign in without a session policy, or \
         with one that includes the action",
    ),
    (
        "vpc endpoint policy",
        "the policy of the VPC endpoint on the way to AWS does not let it through: ask the \
         administrators of that VPC",
    ),
];

fn denied(operation: &str, message: &str) -> String {
    let words = message.to_lowercase();
    if let Some((_, who)) = DENIERS.iter().find(|(policy, _)| words.contains(policy)) {
        return format!("{who}; then {AGAIN}");
    }
    if words.contains("explicit deny") {
        let whose = if words.contains("resource-based policy") {
            "the resource's own policy"
        } else {
            "a policy of the caller"
        };
        return format!(
            "{whose} denies it explicitly, and no grant overrides that: the administrators of that \
             policy have to change the statement; then {AGAIN}"
        );
    }
    if words.contains("no resource-based policy allows") {
        return format!(
            "the resource's own policy does not let the caller in, and no grant to the caller \
             replaces that: whoever owns the resource has to add a statement; then {AGAIN}"
        );
    }
    if words.contains("public policies are prevented") {
        return format!(
            "a public access block, of the bucket or of the account, refuses this policy: no right \
             of the caller lifts it; then {AGAIN}"
        );
    }
    let plain = ["", "access denied", "forbidden", "accessdenied"];
    let speaks_of_rights = words.contains("not authorized") || words.contains("authorization");
    if !speaks_of_rights && !plain.contains(&words.trim_end_matches('.')) {
        return format!(
            "AWS's words above say why; where they do not, ask the account's administrators; then \
             {AGAIN}"
        );
    }
    rights::hint(operation, message)
}

/// The remedy for a role that cannot be assumed: its trust policy matters as much as the caller's
/// permissions.
pub(super) fn of_role(action: &str, message: &str) -> String {
    let words = message.to_lowercase();
    if words.contains("explicit deny") || DENIERS.iter().any(|(policy, _)| words.contains(policy)) {
        return denied(action, message);
    }
    format!(
        "the trust policy of the role has to let this caller in, and where the caller is of \
         another account or has a role of its own, it needs {action} on the role"
    )
}

fn credentials(code: &str, message: &str) -> String {
    let text = if is_skewed(code, message) {
        "this machine's clock differs from AWS's by minutes: set it (NTP), then run again"
    } else if code.starts_with("ExpiredToken") || message.contains("expired") {
        "the session has expired: sign in again (such as `aws sso login`), then run again"
    } else if is_unknown_token(code) {
        "AWS does not know these credentials: check the access key, or sign in again; in a region \
         that has to be enabled first, AWS answers so until the account has enabled it"
    } else if code.starts_with("SignatureDoesNotMatch") || code.starts_with("InvalidSignature") {
        "the secret access key does not fit the access key, or a proxy changes requests: check the \
         credentials"
    } else {
        "check the credentials: sign in again (`aws sso login`, `aws configure`), or name another \
         --profile"
    };
    text.into()
}

/// Codes for credentials that the region's endpoint does not know.
pub(super) fn is_unknown_token(code: &str) -> bool {
    ["InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId"].contains(&code)
}

fn counted(operation: &str, code: &str) -> String {
    let quota = figure(operation, code).map(|figure| format!(" (by default {figure})"));
    format!(
        "a quota on the number of things is used up{}: delete what is no longer needed (`shopstack \
         envs` lists environments), or ask for a higher quota under Service Quotas in the AWS \
         console; then {AGAIN}",
        quota.unwrap_or_default()
    )
}

/// True if the request was rejected for its time: a signature is valid for some minutes by AWS's
/// clock.
fn is_skewed(code: &str, message: &str) -> bool {
    matches!(code, "RequestTimeTooSkewed" | "RequestExpired" | "RequestInTheFuture")
        || ["Signature expired", "Signature not yet current"]
            .iter()
            .any(|said| message.contains(said))
}
