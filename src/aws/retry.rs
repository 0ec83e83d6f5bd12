//! The retry classes of the catalogue's section 1, matched on operation, code and message, each
//! with its own cadence.

use crate::model::{CloudError, ErrorKind};
use std::time::Duration;

/// Why a call is tried again; decides cadence and ceiling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// A fresh role, principal or permission is not visible to the consuming service yet.
    Propagation,
    /// The resource is busy with a transition of its own.
    Busy,
    /// A 404 on a thing this run has just made.
    ReadAfterCreate,
    /// Refused for the rate of requests.
    Throttle,
    /// A 5xx or a cut connection on a call that may be repeated.
    Transient,
}

/// One catalogue row: an error of an operation that passes by itself.
struct Rule {
    /// `service:` or `service:Operation`.
    operation: &'static str,
    code: &'static str,
    fragment: &'static str,
    class: Class,
    /// Seconds.
    ceiling: u64,
}

const fn rule(
    operation: &'static str,
    code: &'static str,
    fragment: &'static str,
    class: Class,
    ceiling: u64,
) -> Rule {
    Rule { operation, code, fragment, class, ceiling }
}

use Class::{Busy, Propagation};

/// Sections 1.2, 2.2, 3.2, 4.2, 5.2, 6, 7.3, 8.3 and 9.2 of the catalogue.
const RULES: &[Rule] = &[
    rule(
        "lambda:",
        "InvalidParameterValueException",
        "cannot be assumed by Lambda",
        Propagation,
        180,
    ),
    rule(
        "lambda:",
        "InvalidParameterValueException",
        "execution role does not have permissions",
        Propagation,
        180,
    ),
    rule(
        "lambda:",
        "InvalidParameterValueException",
        "KMS key is invalid for CreateGrant",
        Propagation,
        180,
    ),
    rule("iam:", "MalformedPolicyDocument", "Invalid principal in policy", Propagation, 120),
    rule("s3:PutBucketPolicy", "MalformedPolicy", "Invalid principal", Propagation, 120),
    rule(
        "apigateway:UpdateAccount",
        "BadRequestException",
        "role ARN does not have required",
        Propagation,
        240,
    ),
    rule("apigateway:UpdateAccount", "BadRequestException", "not authorized", Propagation, 240),
    rule("apigateway:UpdateAccount", "BadRequestException", "too many requests", Propagation, 240),
    rule(
        "apigateway:UpdateAccount",
        "BadRequestException",
        "could not successfully write to CloudWatch Logs",
        Propagation,
        240,
    ),
    rule(
        "apigateway:UpdateStage",
        "BadRequestException",
        "CloudWatch Logs role ARN must be set",
        Propagation,
        60,
    ),
    rule(
        "logs:PutRetentionPolicy",
        "AccessDeniedException",
        "no identity-based policy allows the logs:PutRetentionPolicy",
        Propagation,
        60,
    ),
    rule("dynamodb:", "ResourceInUseException", "being updated", Busy, 600),
    rule("dynamodb:", "ResourceInUseException", "being deleted", Busy, 600),
    rule("dynamodb:", "ResourceInUseException", "being created", Busy, 600),
    rule("dynamodb:DeleteTable", "ResourceInUseException", "indexes are being", Busy, 1080),
    rule(
        "dynamodb:UpdateContinuousBackups",
        "ContinuousBackupsUnavailableException",
        "",
        Busy,
        1200,
    ),
    rule("s3:", "OperationAborted", "", Busy, 240),
    rule("iam:", "ConcurrentModification", "", Busy, 180),
    rule("iam:", "EntityTemporarilyUnmodifiable", "", Busy, 180),
    rule("iam:DeleteRole", "DeleteConflict", "", Busy, 120),
    rule("lambda:", "ResourceConflictException", "state: Pending", Busy, 600),
    rule("lambda:", "ResourceConflictException", "in progress", Busy, 600),
    rule("lambda:", "ResourceConflictException", "concurrent update", Busy, 120),
    rule("logs:", "OperationAbortedException", "", Busy, 60),
    rule("apigateway:", "ConflictException", "concurrent modification", Busy, 120),
    rule("apigateway:", "ConflictException", "try again later", Busy, 120),
    rule("cloudfront:CreateDistribution", "InvalidOriginAccessControl", "", Propagation, 60),
    rule("cloudfront:UpdateDistribution", "InvalidOriginAccessControl", "", Propagation, 60),
    rule("cloudfront:UpdateDistribution", "NoSuchResponseHeadersPolicy", "", Propagation, 60),
    rule("cloudfront:CreateDistribution", "InvalidWebACLId", "", Propagation, 120),
    rule("cloudfront:UpdateDistribution", "InvalidWebACLId", "", Propagation, 120),
    rule("cloudfront:DeleteDistribution", "DistributionNotDisabled", "", Busy, 180),
    rule("cloudfront:DeleteOriginAccessControl", "OriginAccessControlInUse", "", Busy, 300),
    rule("cloudfront:DeleteResponseHeadersPolicy", "ResponseHeadersPolicyInUse", "", Busy, 300),
    rule("wafv2:", "WAFUnavailableEntityException", "", Propagation, 600),
    rule("wafv2:DeleteWebACL", "WAFAssociatedItemException", "", Busy, 600),
    rule("wafv2:", "WAFInternalErrorException", "", Busy, 60),
    rule("wafv2:", "WAFTagOperationException", "", Busy, 60),
    rule("wafv2:", "WAFTagOperationInternalErrorException", "", Busy, 60),
    rule("wafv2:PutLoggingConfiguration", "WAFServiceLinkedRoleErrorException", "", Busy, 120),
    rule(
        "wafv2:PutLoggingConfiguration",
        "WAFLogDestinationPermissionIssueException",
        "",
        Propagation,
        60,
    ),
];

/// Operation (or `service:`), code and fragment of every rule: the tests hold an injected error
/// against each.
pub fn rules() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    RULES.iter().map(|rule| (rule.operation, rule.code, rule.fragment))
}

/// What may be repeated around one call.
#[derive(Clone, Copy, Debug, Default)]
pub struct Repeat {
    /// The thing was made in this run: a 404 is lag, not absence.
    pub fresh: bool,
    /// Repeating after a lost answer could make a second one: do not.
    pub not_idempotent: bool,
}

/// Leave to repeat a call. Each rule has a budget of its own, and each class that no rule stands
/// for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Leave {
    pub class: Class,
    /// How long the repetitions may take, waits for anything else left out.
    pub ceiling: Duration,
    /// Its place in `RULES`.
    rule: Option<usize>,
}

/// Whether and how an error is got over, or `None` when it is final. Words are compared in any
/// case: services are not consistent in it.
pub fn classify(operation: &str, error: &CloudError, repeat: Repeat) -> Option<Leave> {
    let leave =
        |class, seconds| Some(Leave { class, ceiling: Duration::from_secs(seconds), rule: None });
    if error.kind == ErrorKind::Throttled {
        return leave(Class::Throttle, 300);
    }
    let words = error.message.to_lowercase();
    let fits = |rule: &Rule| {
        let applies = operation == rule.operation
            || (rule.operation.ends_with(':') && operation.starts_with(rule.operation))
            || (rule.operation == "cloudfront:CreateDistribution"
                && operation.starts_with(rule.operation));
        applies && error.code == rule.code && words.contains(&rule.fragment.to_lowercase())
    };
    if let Some((place, rule)) = RULES.iter().enumerate().find(|(_, rule)| fits(rule)) {
        return Some(Leave {
            class: rule.class,
            ceiling: Duration::from_secs(rule.ceiling),
            rule: Some(place),
        });
    }
    match error.kind {
        ErrorKind::NotFound if repeat.fresh => {
            leave(Class::ReadAfterCreate, if operation.starts_with("wafv2:") { 300 } else { 120 })
        }
        ErrorKind::Ambiguous if repeat.not_idempotent => None,
        ErrorKind::Ambiguous => leave(Class::Transient, 60),
        // Refused connections never reached the endpoint, so repeating is safe for creates as well.
        ErrorKind::Unreachable => leave(Class::Transient, 6),
        _ => None,
    }
}

/// What was spent on getting over one error.
#[derive(Debug, Default)]
pub struct Spent {
    /// Its own pauses and tries; a budget counts nothing that other errors or rate budgets cost.
    time: Duration,
    pub attempts: u32,
}

impl Spent {
    /// Counts a try that took so long and ended in the error, and says how long to pause before the
    /// next: no shorter than AWS `asked` for. `None` when the budget is used up, which it never is
    /// before one repetition.
    pub fn next(
        &mut self,
        leave: Leave,
        operation: &str,
        took: Duration,
        asked: Option<Duration>,
    ) -> Option<Duration> {
        self.attempts += 1;
        if self.attempts > 1 {
            self.time += took;
        }
        let jitter = f64::from(fastrand::u16(..)) / f64::from(u16::MAX);
        let pause =
            pause(leave.class, self.attempts, operation, jitter).max(asked.unwrap_or_default());
        if self.attempts > 1 && self.time + pause > leave.ceiling {
            return None;
        }
        self.time += pause;
        Some(pause)
    }
}

/// How long to pause before attempt `attempt` (1 = first repetition); `jitter` is in 0..1.
fn pause(class: Class, attempt: u32, operation: &str, jitter: f64) -> Duration {
    let doubled =
        |base: f64, top: f64| (base * 2f64.powi(attempt.saturating_sub(1).min(16) as i32)).min(top);
    let seconds = match class {
        // Dense: propagation ends within seconds, and a failed try costs nothing.
        Class::Propagation => {
            if operation == "apigateway:UpdateAccount" {
                // What its rate budget leaves; a shorter pause only waits for that (catalogue 7.3).
                25.0
            } else {
                doubled(1.0, 5.0)
            }
        }
        Class::Busy => doubled(0.5, 5.0),
        Class::ReadAfterCreate => doubled(0.5, 5.0),
        // The one quota that exponential steps from 1 s only annoy.
        Class::Throttle if operation == "apigateway:DeleteRestApi" => 30.0 + 5.0 * jitter,
        Class::Throttle if operation == "apigateway:UpdateAccount" => 20.0 + 5.0 * jitter,
        Class::Throttle => 0.2 + doubled(1.0, 20.0) * jitter,
        Class::Transient => 0.05 + doubled(0.3, 5.0) * jitter,
    };
    Duration::from_secs_f64(seconds)
}

/// What a person reads while a call is being repeated.
pub fn reason(class: Class) -> &'static str {
    match class {
        Class::Propagation => {
            "what was just made is not visible to the other service yet (usually seconds)"
        }
        Class::Busy => "it is busy with a change of its own",
        Class::ReadAfterCreate => "it was just made and cannot be read yet (usually seconds)",
        Class::Throttle => "AWS throttles",
        Class::Transient => "AWS failed to answer",
    }
}
