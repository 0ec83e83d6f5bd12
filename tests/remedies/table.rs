//! What each of AWS's answers asks for, from the wire: status and body as AWS sends them, through
//! the SDK's own parser.

use aws_sdk_s3::config::{Credentials, Region, retry::RetryConfig};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use shopstack::aws::error::from_sdk;
use shopstack::model::{CloudError, ErrorKind};

/// Answers every request with one status and body.
#[derive(Clone, Debug)]
struct Canned(u16, String);

impl HttpClient for Canned {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Canned {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let status = self.0.try_into().unwrap();
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(self.1.clone()))))
    }
}

/// The error of `service:Operation` whose answer has this code and sentence. The call itself is a
/// cheap one of the same service: errors of one service have one form.
async fn answered(operation: &str, status: u16, code: &str, words: &str) -> CloudError {
    let xml = |root: &str| {
        format!("<{root}><Error><Code>{code}</Code><Message>{words}</Message></Error></{root}>")
    };
    let json = format!("{{\"__type\":\"{code}\",\"code\":\"{code}\",\"message\":\"{words}\"}}");
    let service = operation.split(':').next().unwrap();
    let body = match service {
        "s3" => format!("<Error><Code>{code}</Code><Message>{words}</Message></Error>"),
        "cloudfront" | "iam" | "sts" => xml("ErrorResponse"),
        _ => json,
    };
    macro_rules! fails {
        ($sdk:ident, $call:ident $(, $set:ident, $value:expr)?) => {{
            let config = $sdk::Config::builder()
                .behavior_version($sdk::config::BehaviorVersion::latest())
                .region(Region::new("us-east-1"))
                .credentials_provider(Credentials::new("a", "b", None, None, "test"))
                .retry_config(RetryConfig::disabled())
                .http_client(Canned(status, body))
                .build();
            let client = $sdk::Client::from_conf(config);
            let failed = client.$call()$(.$set($value))?.send().await.unwrap_err();
            from_sdk(operation, &failed, false)
        }};
    }
    match service {
        "s3" => fails!(aws_sdk_s3, list_buckets),
        "cloudfront" => fails!(aws_sdk_cloudfront, list_distributions),
        "iam" => fails!(aws_sdk_iam, list_roles),
        "sts" => fails!(aws_sdk_sts, get_caller_identity),
        "dynamodb" => fails!(aws_sdk_dynamodb, list_tables),
        "lambda" => fails!(aws_sdk_lambda, list_functions),
        "logs" => fails!(aws_sdk_cloudwatchlogs, describe_log_groups),
        "apigateway" => fails!(aws_sdk_apigateway, get_rest_apis),
        _ => fails!(aws_sdk_wafv2, list_web_acls, scope, aws_sdk_wafv2::types::Scope::Regional),
    }
}

const WHO: &str = "User: arn:aws:iam::111111111111:user/me is not authorized to perform: \
                   iam:CreateRole on resource: arn:aws:iam::111111111111:role/x";

#[tokio::test]
async fn a_denial_says_who_can_change_it() {
    for (why, says) in [
        (
            "because no identity-based policy allows the iam:CreateRole action",
            "grant iam:CreateRole",
        ),
        (
            "with an explicit deny in a service control policy",
            "administrators of the AWS organisation",
        ),
        ("because no service control policy allows the iam:CreateRole action", "AWS organisation"),
        ("with an explicit deny in a resource control policy", "AWS organisation"),
        ("with an explicit deny in a permissions boundary", "boundary"),
        ("because no permissions boundary allows the iam:CreateRole action", "boundary"),
        ("with an explicit deny in a session policy", "session"),
        ("because no session policy allows the iam:CreateRole action", "session"),
        ("with an explicit deny in a VPC endpoint policy", "VPC"),
        ("because no VPC endpoint policy allows the iam:CreateRole action", "VPC"),
        ("with an explicit deny in an identity-based policy", "a policy of the caller denies it"),
        ("with an explicit deny in a resource-based policy", "the resource's own policy denies it"),
        (
            "because no resource-based policy allows the iam:CreateRole action",
            "whoever owns the resource",
        ),
        (
            "because public policies are prevented by the BlockPublicPolicy setting",
            "a public access block",
        ),
        ("with an explicit deny", "denies it explicitly"),
    ] {
        let words = format!("{WHO} {why}");
        let error = answered("iam:CreateRole", 403, "AccessDenied", &words).await;
        assert_eq!((error.kind, error.code.as_str()), (ErrorKind::AccessDenied, "AccessDenied"));
        assert!(error.hint.contains(says), "{why}: {}", error.hint);
        let grants = error.hint.contains("grant iam:");
        assert_eq!(grants, why.contains("no identity-based"), "{why}: {}", error.hint);
        assert!(error.message.contains(why), "AWS's words are kept: {error}");
    }
}

const VERIFIED: &str = "Your account must be verified before you can add new CloudFront resources. \
                        To verify your account, please contact AWS Support (https://x) and \
                        include this error message.";
const OPT_IN: &str = "The AWS Access Key Id needs a subscription for the service";
const LOG: &str = "The operation failed because you don't have the permissions that your logging \
                   configuration requires.";
const TOKEN: &str = "The security token included in the request is invalid";

/// Operation, status, code and sentence of an answer; words that its remedy has, and has not.
type Case = (&'static str, u16, &'static str, &'static str, &'static str, &'static str);

const SENTENCES: &[Case] = &[
    (
        "cloudfront:CreateDistributionWithTags",
        403,
        "AccessDenied",
        VERIFIED,
        "AWS Support",
        "grant",
    ),
    ("lambda:CreateFunction", 403, "AccessDeniedException", VERIFIED, "nothing is lost", "grant"),
    ("s3:CreateBucket", 403, "OptInRequired", OPT_IN, "not activated", "grant"),
    ("dynamodb:CreateTable", 400, "SubscriptionRequiredException", OPT_IN, "sign-up", "grant"),
    ("lambda:CreateFunction", 403, "SubscriptionRequired", OPT_IN, "sign-up", "grant"),
    ("s3:CreateBucket", 403, "NotSignedUp", OPT_IN, "sign-up", "grant"),
    (
        "s3:CreateBucket",
        409,
        "BucketAlreadyExists",
        "The requested bucket name is not available.",
        "choose another `name`",
        "--adopt",
    ),
    (
        "wafv2:PutLoggingConfiguration",
        400,
        "WAFLogDestinationPermissionIssueException",
        LOG,
        "logs:CreateLogDelivery",
        "quota",
    ),
    ("sts:GetCallerIdentity", 403, "InvalidClientTokenId", TOKEN, "region", "quota"),
    ("dynamodb:ListTables", 400, "UnrecognizedClientException", TOKEN, "region", "quota"),
    (
        "sts:GetCallerIdentity",
        403,
        "ExpiredToken",
        "The security token included in the request is \
      expired",
        "sign in again",
        "region",
    ),
    (
        "sts:GetCallerIdentity",
        403,
        "SignatureDoesNotMatch",
        "The request signature we calculated \
      does not match",
        "secret access key",
        "clock",
    ),
    (
        "s3:ListBuckets",
        403,
        "RequestTimeTooSkewed",
        "The difference between the request time and \
      the current time is too large.",
        "clock",
        "sign in",
    ),
    (
        "lambda:PutFunctionConcurrency",
        400,
        "InvalidParameterValueException",
        "Specified ReservedConcurrentExecutions for function decreases account's \
         UnreservedConcurrentExecution below its minimum value of [10].",
        "take `reserved_concurrency` out",
        "corrected",
    ),
    // Where the cause is not known, none is claimed.
    (
        "lambda:CreateFunction",
        403,
        "AccessDeniedException",
        "Your account has been suspended",
        "AWS's words above say why",
        "grant",
    ),
    (
        "s3:HeadBucket",
        403,
        "AccessDenied",
        "Access Denied",
        "or of the organisation denies it",
        "quota",
    ),
    (
        "apigateway:CreateStage",
        409,
        "ConflictException",
        "Stage already exists",
        "where its words above name no cause",
        "somebody else",
    ),
    (
        "lambda:CreateFunction",
        400,
        "InvalidParameterValueException",
        "The runtime parameter of x",
        "AWS's words above",
        "grant",
    ),
];

#[tokio::test]
async fn each_sentence_has_its_own_remedy() {
    for (operation, status, code, words, says, never) in SENTENCES.iter().copied() {
        let error = answered(operation, status, code, words).await;
        assert_eq!((error.code.as_str(), error.message.as_str()), (code, words), "words are kept");
        assert!(error.hint.contains(says), "{code}: {}", error.hint);
        assert!(!error.hint.contains(never), "{code}: {}", error.hint);
    }
}

#[tokio::test]
async fn a_quota_comes_with_its_figure_and_a_way_out() {
    for (operation, status, code, figure) in [
        ("cloudfront:CreateResponseHeadersPolicy", 400, "TooManyResponseHeadersPolicies", "20"),
        ("cloudfront:CreateOriginAccessControl", 400, "TooManyOriginAccessControls", "100"),
        ("cloudfront:CreateDistributionWithTags", 400, "TooManyDistributions", "distributions"),
        ("wafv2:CreateWebACL", 400, "WAFLimitsExceededException", "100 web ACLs"),
        ("iam:CreateRole", 409, "LimitExceeded", "1,000 roles"),
        ("iam:PutRolePolicy", 409, "LimitExceeded", "10,240"),
        ("dynamodb:CreateTable", 400, "LimitExceededException", "2,500 tables"),
        ("logs:PutResourcePolicy", 400, "LimitExceededException", "10 log resource policies"),
        ("lambda:CreateFunction", 400, "CodeStorageExceededException", "75 GB"),
        ("s3:CreateBucket", 400, "TooManyBuckets", "10,000"),
        ("apigateway:CreateRestApi", 400, "LimitExceededException", "600"),
        (
            "cloudfront:CreateDistributionWithTags",
            400,
            "TooManyDistributionsAssociatedToOriginAccessControl",
            "100 distributions per origin access control",
        ),
        ("cloudfront:CreateDistributionWithTags", 400, "EntityLimitExceeded", "quota"),
        ("iam:UpdateAssumeRolePolicy", 409, "LimitExceeded", "2,048"),
        // A code that is not in the table is known by its form.
        ("cloudfront:CreateInvalidation", 400, "TooManyInvalidationsInProgress", "quota"),
    ] {
        let error = answered(operation, status, code, "Limit reached.").await;
        assert_eq!(error.kind, ErrorKind::Quota, "{code}");
        assert!(error.hint.contains(figure), "{code}: {}", error.hint);
        for way in ["delete what is no longer needed", "Service Quotas", "run the same command"] {
            assert!(error.hint.contains(way), "{code}: {}", error.hint);
        }
    }
    let rate = answered(
        "dynamodb:CreateTable",
        400,
        "LimitExceededException",
        "Too many tables that can be created simultaneously",
    )
    .await;
    assert_eq!(rate.kind, ErrorKind::Throttled);
}
