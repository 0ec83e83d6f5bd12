//! Errors that nothing but a person mends: the run ends with AWS's words and what to do, and the
//! next one completes it.

use super::burst::Burst;
use super::{gone, quiet, reference};
use crate::support::env::endpoint;
use crate::support::proxied::{DOWN, ProxiedShop, UP};
use crate::support::rows::Row;
use crate::support::run::Run;
use serde_json::Value;

/// More than any run tries: what is never retried fires once for each resource.
const ALWAYS: u32 = 20;
const DENIED: &str = "User: arn:aws:iam::000000000000:user/ci is not authorized to perform: ";

const fn stop(
    section: &'static str,
    operation: &'static str,
    error: (u16, &'static str),
    words: &'static str,
) -> Row {
    Row::new(section, operation, error, words, ALWAYS)
}

/// What comes first in an `up`.
const FIRST: &[Row] = &[
    stop(
        "1.3",
        "dynamodb:CreateTable",
        (400, "LimitExceededException"),
        "Subscriber limit exceeded: 2500 tables",
    ),
    stop(
        "1.3",
        "iam:CreateRole",
        (409, "LimitExceeded"),
        "Cannot exceed quota for RolesPerAccount: 1000",
    ),
    stop("1.3", "logs:CreateLogGroup", (400, "LimitExceededException"), "Resource limit exceeded."),
    stop(
        "3.2",
        "s3:CreateBucket",
        (400, "TooManyBuckets"),
        "You have attempted to create more buckets than allowed",
    ),
    stop(
        "9.2",
        "wafv2:CreateWebACL",
        (400, "WAFLimitsExceededException"),
        "It exceeds the maximum number of ACLs",
    ),
    stop(
        "1.2",
        "apigateway:CreateRestApi",
        (403, "AccessDeniedException"),
        "... not authorized: apigateway:POST",
    ),
];
/// What needs the first to be there.
const SECOND: &[Row] = &[
    stop(
        "1.2",
        "cloudfront:CreateResponseHeadersPolicy",
        (403, "AccessDenied"),
        "... no identity-based policy allows",
    ),
    stop("3.2", "s3:PutBucketVersioning", (403, "AccessDenied"), "Access Denied"),
    stop(
        "1.2",
        "dynamodb:UpdateContinuousBackups",
        (400, "AccessDeniedException"),
        "... is not authorized",
    ),
];
/// What needs those in turn: functions and routes are told the distribution's name.
const THIRD: &[Row] = &[stop(
    "8.3",
    "cloudfront:CreateDistributionWithTags",
    (400, "TooManyDistributions"),
    "Too many distributions",
)];
const FOURTH: &[Row] = &[
    stop(
        "5.4",
        "lambda:CreateFunction",
        (400, "CodeStorageExceededException"),
        "Code storage limit exceeded.",
    ),
    stop(
        "9.2",
        "wafv2:AssociateWebACL",
        (400, "WAFInvalidParameterException"),
        "The resource is not a stage",
    ),
];
const LAST: &[Row] = &[stop(
    "5.5",
    "lambda:AddPermission",
    (400, "PolicyLengthExceededException"),
    "It is too large",
)];
/// Somebody else is faster, twice: the error, what fails by it, and how often it comes.
const CONTESTED: &[(Row, &[&str], usize)] = &[
    (
        stop(
            "1.7",
            "wafv2:UpdateWebACL",
            (400, "WAFOptimisticLockException"),
            "Someone else has changed it",
        ),
        &["web_acl.api", "web_acl.cdn"],
        4,
    ),
    (
        stop(
            "1.7",
            "cloudfront:UpdateDistribution",
            (412, "PreconditionFailed"),
            "The request failed because",
        ),
        &["distribution.site"],
        2,
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_pass_ends_the_run_at_once_and_the_next_completes_it() {
    let reference = reference().await;
    let burst = Burst::start(&endpoint(), 1).await;
    let shop = ProxiedShop::behind("burststop", &burst.url).await;

    for rows in [FIRST, SECOND, THIRD, FOURTH, LAST] {
        let run = refused(&burst, &shop, &UP, rows).await;
        for row in rows {
            let failed = failures(&run)
                .filter(|(_, m)| m.contains(&format!("{}: {}", row.code, row.message)))
                .count();
            let fired = burst_count(&burst, rows, row).await;
            assert!(
                fired > 0 && fired == failed,
                "{row}: came {fired} times, {failed} resources failed\n{run:#?}"
            );
        }
    }
    burst.rules(&[]).await;
    assert_eq!(shop.run(&UP).await.code, 0);
    assert_eq!(shop.inventory().await.differences(reference), Vec::<String>::new());
    quiet(&burst, &shop).await;

    shop.edit_all("rate_limit: 2000", "rate_limit: 3000");
    shop.edit_all("PriceClass_100", "PriceClass_200");
    for (row, addresses, count) in CONTESTED {
        let run = refused(&burst, &shop, &UP, &[*row]).await;
        for address in *addresses {
            let said = failures(&run)
                .find(|(a, _)| a == address)
                .map(|(_, message)| message)
                .unwrap_or_default();
            assert!(
                said.contains("changed by somebody else since the plan"),
                "{address}: {said}\n{run:#?}"
            );
        }
        assert_eq!(burst_count(&burst, &[*row], row).await, *count, "{row}");
    }
    burst.rules(&[]).await;
    assert_eq!(shop.run(&UP).await.code, 0);
    quiet(&burst, &shop).await;

    let rows = [stop("1.2", "dynamodb:DeleteTable", (400, "AccessDeniedException"), DENIED)];
    let run = stopped(&burst, &shop, &DOWN, &rows, 6).await;
    assert!(run.stderr.contains("still there: table.Orders"), "{}", run.stderr);
    assert!(
        run.last()["remaining"]
            .as_array()
            .unwrap()
            .iter()
            .any(|r| r.as_str().unwrap().contains("Orders"))
    );
    burst.rules(&[]).await;
    gone(&shop).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_that_have_expired_end_the_run_before_it_does_anything() {
    let burst = Burst::start(&endpoint(), 1).await;
    let shop = ProxiedShop::behind("burstcred", &burst.url).await;
    let words = "The security token included in the request is expired";
    let row = stop("1.1", "sts:GetCallerIdentity", (403, "ExpiredToken"), words);
    burst.inject(&[&row]).await;
    let run = shop.run(&UP).await;
    assert_eq!(run.code, 1, "{run:#?}");
    assert!(run.stderr.contains(words) && run.stderr.contains("sign in again"), "{run:#?}");
    assert_eq!(burst_count(&burst, &[row], &row).await, 1);
}

/// Runs a command that `rows` make fail: exit 1, and each error with its operation, AWS's code and
/// words, and a remedy.
async fn refused(burst: &Burst, shop: &ProxiedShop, command: &[&str], rows: &[Row]) -> Run {
    stopped(burst, shop, command, rows, 1).await
}

/// The same with another exit code: a `down` that fails has left something behind.
async fn stopped(
    burst: &Burst,
    shop: &ProxiedShop,
    command: &[&str],
    rows: &[Row],
    code: i32,
) -> Run {
    burst.inject(&rows.iter().collect::<Vec<_>>()).await;
    let run = shop.run(command).await;
    assert_eq!(run.code, code, "{run:#?}");
    assert_eq!(run.last()["result"], "failed");
    assert!(run.stderr.contains("help: "), "what to do now: {}", run.stderr);
    for row in rows {
        let operation = row.operation.replacen(':', " ", 1);
        for part in [operation.as_str(), row.code] {
            assert!(run.stderr.contains(part), "{row}, {part} is not said: {}", run.stderr);
        }
    }
    run
}

/// Address and message of every step that failed.
fn failures(run: &Run) -> impl Iterator<Item = (String, String)> {
    let events = run.stdout.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    events
        .filter(|e| e["status"] == "failed")
        .map(move |e| (text(&e["address"]), text(&e["message"])))
}

async fn burst_count(burst: &Burst, rows: &[Row], row: &Row) -> usize {
    let at = rows.iter().position(|r| r.operation == row.operation).unwrap();
    usize::try_from(burst.fired().await[at]).unwrap()
}
