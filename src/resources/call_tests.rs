//! Tests of one call: which errors are repeated, for how long, and with what words it ends; time is
//! paused.

use super::declared_calls;
use crate::aws::call::Caller;
use crate::aws::clients::{Connect, Sdk};
use crate::aws::counter::{Counter, Purpose};
use crate::aws::error::from_sdk;
use crate::aws::retry::{self, Repeat};
use crate::model::call::CallTable;
use crate::model::{CloudError, ErrorKind};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::error::ErrorMetadata;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::time::Instant;

type Refusal = SdkError<ErrorMetadata, HttpResponse>;

const ONCE: Repeat = Repeat { fresh: false, not_idempotent: true };

/// A caller for every declared call, without an endpoint.
fn caller() -> Caller {
    let own = crate::aws::calls::list_calls();
    let calls = CallTable::new(own.chain(declared_calls().iter()));
    Caller::new(Arc::default(), Arc::new(calls), false)
}

fn refusal(status: u16, code: &str, message: &str) -> Refusal {
    let meta = ErrorMetadata::builder().code(code).message(message).build();
    SdkError::service_error(meta, HttpResponse::new(status.try_into().unwrap(), SdkBody::empty()))
}

/// A virtual sleep ends at the next millisecond: a wait of many pauses may take so much longer than
/// their sum.
const ROUNDING: Duration = Duration::from_secs(1);

/// Makes a call that never works: the error it ends with, how often it was made, and how long that
/// took.
async fn never(
    operation: &str,
    options: Repeat,
    refuse: impl Fn() -> Refusal,
) -> (CloudError, u32, Duration) {
    let (caller, made, start) = (caller(), AtomicU32::new(0), Instant::now());
    let answer: Result<(), CloudError> = caller
        .call_with(operation, options, || async {
            made.fetch_add(1, Ordering::Relaxed);
            Err(refuse())
        })
        .await;
    (answer.unwrap_err(), made.into_inner(), start.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_right_that_never_comes_ends_with_awss_own_sentence() {
    let words = "User: arn:aws:iam::1:user/ci is not authorized to perform: \
                 logs:PutRetentionPolicy because no identity-based policy allows the \
                 logs:PutRetentionPolicy action";
    let (error, made, took) = never("logs:PutRetentionPolicy", Repeat::default(), || {
        refusal(400, "AccessDeniedException", words)
    })
    .await;
    assert_eq!((error.kind, error.message.as_str()), (ErrorKind::AccessDenied, words));
    assert!(
        error.to_string().starts_with("logs PutRetentionPolicy: AccessDeniedException: User: "),
        "{error}"
    );
    assert!(error.hint.contains("grant logs:PutRetentionPolicy"), "{}", error.hint);
    let most = Duration::from_secs(60) + ROUNDING;
    assert!(made > 10 && took <= most, "{made} calls in {took:?}");
    let (_, made, _) = never("dynamodb:CreateTable", Repeat::default(), || {
        refusal(
            400,
            "AccessDeniedException",
            "User: x is not authorized to perform: dynamodb:CreateTable",
        )
    })
    .await;
    assert_eq!(made, 1, "any other right is missing for good");
}

#[tokio::test(start_paused = true)]
async fn every_rule_repeats_its_error_until_its_ceiling_and_no_longer() {
    for (call, rule) in declared_calls().retries() {
        let (operation, code, fragment) = (call.operation, rule.code, rule.fragment);
        let longest = if call.propagation_pause.is_some() { 25 } else { 5 };
        let words = format!("AWS says: {fragment}.");
        let expected =
            CloudError { code: code.into(), message: words.clone(), ..CloudError::shape("", "") };
        let ceiling = retry::classify(call, &expected, Repeat::default()).expect(code).ceiling;
        let (error, made, took) = never(operation, ONCE, || refusal(400, code, &words)).await;
        assert_eq!((error.code.as_str(), error.message.as_str()), (code, words.as_str()));
        // The next pause would have gone past it; a second is for rate budgets.
        let least = ceiling - Duration::from_secs(longest);
        let inside = took > least && took <= ceiling + Duration::from_secs(1) + ROUNDING;
        assert!(
            made > 2 && inside,
            "{operation} {code}: {made} calls in {took:?}, {ceiling:?} allowed"
        );
    }
}

/// Makes a call that is refused with these answers, in order, and then works; says how often it was
/// made.
async fn through(operation: &str, answers: Vec<Refusal>) -> (Result<(), CloudError>, usize) {
    let (caller, made) = (caller(), AtomicU32::new(0));
    let all = answers.len();
    let left = std::sync::Mutex::new(answers.into_iter());
    let answer = caller
        .call(operation, || async {
            made.fetch_add(1, Ordering::Relaxed);
            left.lock().unwrap().next().map_or(Ok(()), Err)
        })
        .await;
    assert!(made.load(Ordering::Relaxed) as usize <= all + 1);
    (answer, made.into_inner() as usize)
}

fn asking(status: u16, code: &str, seconds: &'static str) -> Refusal {
    let meta = ErrorMetadata::builder().code(code).build();
    let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::empty());
    response.headers_mut().insert("Retry-After", seconds);
    SdkError::service_error(meta, response)
}

#[tokio::test(start_paused = true)]
async fn what_one_error_takes_is_not_taken_from_the_budget_of_another() {
    // Four minutes of throttles inside the three that a role has to become assumable.
    let role =
        || refusal(400, "InvalidParameterValueException", "The role cannot be assumed by Lambda.");
    let throttles = || (0..4).map(|_| asking(429, "TooManyRequestsException", "60"));
    let mixed: Vec<Refusal> =
        [role()].into_iter().chain(throttles()).chain([role(), role()]).collect();
    let (answer, made) = through("lambda:CreateFunction", mixed).await;
    assert!(answer.is_ok() && made == 8, "{answer:?} after {made}");

    // Two rules of one class: the longer one has used up what the shorter one may take.
    for (operation, long, short) in
        [("cloudfront:CreateDistributionWithTags", "InvalidWebACLId", "InvalidOriginAccessControl")]
    {
        let answers = (0..20)
            .map(|_| refusal(400, long, "so"))
            .chain((0..5).map(|_| refusal(400, short, "so")));
        let (answer, made) = through(operation, answers.collect()).await;
        assert!(answer.is_ok() && made == 26, "{operation}: {answer:?} after {made}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_as_long_as_the_budget_leaves_one_repetition() {
    let crashes = |times| (0..times).map(|_| asking(500, "InternalFailure", "60")).collect();
    assert!(through("lambda:GetFunction", crashes(1)).await.0.is_ok());
    let (answer, made) = through("lambda:GetFunction", crashes(5)).await;
    assert!(answer.is_err_and(|error| error.kind == ErrorKind::Ambiguous) && made == 2);
}

#[tokio::test(start_paused = true)]
async fn a_count_that_is_used_up_is_never_tried_again() {
    for (operation, code, words) in [
        ("iam:CreateRole", "LimitExceeded", "Cannot exceed quota for RolesPerAccount: 1000"),
        ("logs:CreateLogGroup", "LimitExceededException", "Resource limit exceeded."),
        (
            "dynamodb:CreateTable",
            "LimitExceededException",
            "Subscriber limit exceeded: a limit of 2500 tables",
        ),
        (
            "wafv2:CreateWebACL",
            "WAFLimitsExceededException",
            "It exceeds the maximum number of ACLs",
        ),
        (
            "s3:CreateBucket",
            "TooManyBuckets",
            "You have attempted to create more buckets than allowed",
        ),
        ("cloudfront:CreateDistributionWithTags", "TooManyDistributions", "Too many"),
    ] {
        let (error, made, _) =
            never(operation, Repeat::default(), || refusal(400, code, words)).await;
        assert_eq!((error.kind, made), (ErrorKind::Quota, 1), "{operation} {error}");
    }
    // API Gateway says a count with the status of a rate.
    for words in [
        "Maximum number of Rest APIs for this account",
        "The limit for stages has been reached",
        "Limit exceeded. Please contact AWS if you need more",
    ] {
        let refuse = || refusal(429, "LimitExceededException", words);
        let (error, made, _) = never("apigateway:CreateRestApi", Repeat::default(), refuse).await;
        assert_eq!((error.kind, made), (ErrorKind::Quota, 1), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn throttles_are_told_by_code_status_or_words_and_end_after_five_minutes() {
    for (operation, status, code, words) in [
        ("s3:PutObject", 503, "SlowDown", "Please reduce your request rate."),
        ("cloudfront:GetDistribution", 400, "InvalidArgument", "Rate exceeded"),
        ("apigateway:PutMethod", 429, "LimitExceededException", "Too many requests"),
        (
            "dynamodb:CreateTable",
            400,
            "LimitExceededException",
            "... that can be created simultaneously",
        ),
    ] {
        let (error, made, took) = never(operation, ONCE, || refusal(status, code, words)).await;
        assert_eq!(error.kind, ErrorKind::Throttled, "{error}");
        assert!(
            made > 10 && took <= Duration::from_secs(300) + ROUNDING,
            "{operation}: {made} calls in {took:?}"
        );
    }
}

/// Twenty pipelines that end their environments at once take ten minutes for their REST APIs.
#[tokio::test(start_paused = true)]
async fn a_throttle_is_waited_out_until_a_hundred_others_have_passed() {
    for (operation, seconds) in [
        ("apigateway:DeleteRestApi", 3_000),
        ("apigateway:UpdateAccount", 2_000),
        ("apigateway:CreateDeployment", 500),
    ] {
        let refuse = || refusal(429, "TooManyRequestsException", "Too Many Requests");
        let (error, _, took) = never(operation, Repeat::default(), refuse).await;
        assert_eq!(error.kind, ErrorKind::Throttled, "{error}");
        // The process's own budget, at 80 % of the rate, comes to it.
        let least = Duration::from_secs(seconds);
        assert!(took > least.mul_f64(0.9) && took < least.mul_f64(1.3), "{operation}: {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_aws_asks_for_is_kept() {
    let (caller, made, start) = (caller(), AtomicU32::new(0), Instant::now());
    let answer: Result<(), CloudError> = caller
        .call("lambda:UpdateFunctionCode", || async {
            if made.fetch_add(1, Ordering::Relaxed) > 0 {
                return Ok(());
            }
            let meta = ErrorMetadata::builder().code("TooManyRequestsException").build();
            let mut response = HttpResponse::new(429.try_into().unwrap(), SdkBody::empty());
            response.headers_mut().insert("Retry-After", "17");
            Err(SdkError::service_error(meta, response))
        })
        .await;
    assert!(answer.is_ok() && start.elapsed() >= Duration::from_secs(17), "{:?}", start.elapsed());
    let calls = caller.counter().snapshot();
    assert_eq!((calls.retried, calls.throttled), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn what_may_have_taken_effect_is_repeated_only_where_that_does_no_harm() {
    let broken =
        || SdkError::dispatch_failure(ConnectorError::io("connection reset by peer".into()));
    let crashed = || refusal(500, "InternalError", "We encountered an internal error");
    let late = || {
        refusal(
            400,
            "RequestTimeout",
            "Your socket connection to the server was not read from in time.",
        )
    };
    for refuse in [&broken as &dyn Fn() -> Refusal, &crashed, &late] {
        let (error, made, _) = never("apigateway:CreateRestApi", ONCE, refuse).await;
        assert_eq!((error.kind, made), (ErrorKind::Ambiguous, 1), "{error}");
        let (error, made, took) = never("dynamodb:PutItem", Repeat::default(), refuse).await;
        assert_eq!(error.kind, ErrorKind::Ambiguous, "{error}");
        let most = Duration::from_secs(60) + ROUNDING;
        assert!(made > 5 && took <= most, "{made} calls in {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_503_of_aws_is_a_throttle_where_the_call_may_be_repeated() {
    let unavailable = || asking(503, "ServiceUnavailableException", "10");
    let (error, made, took) = never("apigateway:PutMethod", Repeat::default(), unavailable).await;
    assert_eq!(error.kind, ErrorKind::Throttled, "{error}");
    assert!(
        made > 10 && took > Duration::from_secs(270) && took <= Duration::from_secs(300) + ROUNDING,
        "{made} in {took:?}"
    );
    let (error, made, _) = never("apigateway:CreateDeployment", ONCE, unavailable).await;
    assert_eq!((error.kind, made), (ErrorKind::Ambiguous, 1), "{error}");
    // No body and no request id: not AWS, but something on the way to it.
    let stranger = || {
        let meta = ErrorMetadata::builder().build();
        SdkError::service_error(meta, HttpResponse::new(503.try_into().unwrap(), SdkBody::empty()))
    };
    let (error, _, took) = never("sts:GetCallerIdentity", Repeat::default(), stranger).await;
    assert!(
        error.kind == ErrorKind::Ambiguous && took <= Duration::from_secs(60) + ROUNDING,
        "{error} in {took:?}"
    );
}

#[test]
fn an_error_tells_its_request_and_a_clock_that_is_off() {
    for header in ["x-amzn-requestid", "x-amz-request-id"] {
        let meta = ErrorMetadata::builder().code("InternalError").message("so").build();
        let mut response = HttpResponse::new(500.try_into().unwrap(), SdkBody::empty());
        response.headers_mut().insert(header, "R-1");
        let failure: Refusal = SdkError::service_error(meta, response);
        let told = from_sdk("s3:PutObject", &failure, false).to_string();
        assert_eq!(told, "s3 PutObject: InternalError: so (request R-1)", "{header}");
    }
    for (code, words) in [
        (
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
        ),
        (
            "InvalidSignatureException",
            "Signature expired: 20260101T000000Z is now earlier than 20260101T001500Z",
        ),
        (
            "SignatureDoesNotMatch",
            "Signature not yet current: 20260101T003000Z is still later than 20260101T002000Z",
        ),
        ("RequestExpired", "Request has expired."),
    ] {
        let error = from_sdk("sts:GetCallerIdentity", &refusal(403, code, words), false);
        assert!(
            error.hint.contains("clock") && error.kind == ErrorKind::Credentials,
            "{error} {}",
            error.hint
        );
    }
    let error = from_sdk(
        "sts:GetCallerIdentity",
        &refusal(403, "ExpiredToken", "The token is expired"),
        false,
    );
    assert!(error.hint.contains("sign in again"), "{}", error.hint);
}

#[test]
fn an_answer_that_breaks_off_is_a_lost_one() {
    let answer = |body: &'static str| {
        let response = HttpResponse::new(200.try_into().unwrap(), SdkBody::from(body));
        let unread: Refusal = SdkError::service_error(ErrorMetadata::builder().build(), response);
        from_sdk("wafv2:CreateWebACL", &unread, false).kind
    };
    for cut in [
        "{\"Sum",
        "{\"Summary\":{}",
        "<?xml version=\"1.0\"?>\n<A><B>",
        "<A><B/>",
        "<A x=\"1\"><B></B",
    ] {
        assert_eq!(answer(cut), ErrorKind::Ambiguous, "{cut}");
    }
    for whole in
        ["{\"Summary\":{}}", "[1]", "<?xml version=\"1.0\"?>\n<A x=\"1\"><B></B></A>\n", "<A/>"]
    {
        assert_eq!(answer(whole), ErrorKind::Other, "{whole}");
    }
}

#[tokio::test]
async fn a_refused_connection_is_no_lost_answer_and_a_broken_one_is() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let kind = || async {
        let local_endpoint = Some(format!("http://127.0.0.1:{port}"));
        let connect =
            Connect { region: Some("us-east-1".into()), local_endpoint, ..Connect::default() };
        let sts = Sdk::load(&connect, Arc::new(Counter::default()))
            .await
            .unwrap()
            .connections(Purpose::Read)
            .client::<crate::aws::reads::Sts>("us-east-1");
        let failed = sts.get_caller_identity().send().await.unwrap_err();
        from_sdk("sts:GetCallerIdentity", &failed, false).kind
    };
    let breaks = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert!(stream.read(&mut [0; 64]).await.unwrap() > 0);
    };
    assert_eq!(tokio::join!(kind(), breaks).0, ErrorKind::Ambiguous);
    drop(listener);
    assert_eq!(kind().await, ErrorKind::Unreachable);
}
