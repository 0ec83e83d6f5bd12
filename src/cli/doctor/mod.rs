//! `doctor`: can this account take this stack. Reads alone; `up` runs it where nothing of shopstack
//! lives yet.

mod rights;

use super::args::Global;
use super::error::{CliError, code};
use super::output::Output;
use super::session::{Project, Session};
use super::{builds, signals};
use crate::aws::account::{Account, LambdaLimits};
use crate::model::CloudError;
use crate::resources::cloudfront::oac;
use serde::Serialize;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

const FORMAT_VERSION: &str = "1.0";
/// New accounts begin with this many runs of functions at once.
const FEW_RUNS: i32 = 10;

/// How one line ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Passed,
    Warned,
    Failed,
}

#[derive(Clone, Debug, Serialize)]
struct Line {
    check: &'static str,
    status: Status,
    message: String,
    /// The suggested fix, or an empty string.
    #[serde(skip_serializing_if = "String::is_empty")]
    help: String,
}

fn passed(check: &'static str, message: impl Into<String>) -> Line {
    Line { check, status: Status::Passed, message: message.into(), help: String::new() }
}

fn warned(check: &'static str, message: impl Into<String>, help: impl Into<String>) -> Line {
    Line { check, status: Status::Warned, message: message.into(), help: help.into() }
}

fn failed(check: &'static str, message: impl Into<String>, help: impl Into<String>) -> Line {
    Line { check, status: Status::Failed, message: message.into(), help: help.into() }
}

/// A failed read does not stop the check; the line carries AWS's words.
fn unread(check: &'static str, error: &CloudError) -> Line {
    warned(check, format!("not known: {error}"), error.hint.clone())
}

pub async fn command(global: &Global, output: &Output) -> Result<u8, CliError> {
    let project = Project::load(global)?;
    let session = Session::open(global, &project.place(), output).await?;
    signals::stop_on_signals(&session, output);
    let lines = examine(&session, &project).await?;
    let fails = lines.iter().any(|line| line.status == Status::Failed);
    if output.json {
        output.json_line(&json!({
            "format_version": FORMAT_VERSION, "stack": session.scope.stack,
            "env": session.scope.env, "account": session.scope.account,
            "region": session.scope.region, "result": if fails { "failed" } else { "ok" },
            "checks": lines,
        }));
    } else {
        for line in &lines {
            output.result(&text(line));
        }
    }
    Ok(if fails { code::ERROR } else { code::OK })
}

/// Before the first `up` of an account and region. Errors: what would stop that `up` half-way.
pub async fn before_first_up(
    session: &Session,
    project: &Project,
    output: &Output,
) -> Result<(), CliError> {
    output.note("nothing of shopstack is in this account and region yet: `doctor` looks first");
    let lines = examine(session, project).await?;
    let told = lines.iter().filter(|line| line.status != Status::Passed);
    told.for_each(|line| output.note(&text(line)));
    let fails: Vec<&str> =
        lines.iter().filter(|l| l.status == Status::Failed).map(|l| l.check).collect();
    if fails.is_empty() {
        return Ok(());
    }
    Err(CliError::new(
        format!("this account cannot take the stack: {}; nothing was made", fails.join(", ")),
        "the lines above say what to do; `shopstack doctor` looks again",
    ))
}

fn text(line: &Line) -> String {
    let status = match line.status {
        Status::Passed => "passed",
        Status::Warned => "warned",
        Status::Failed => "FAILED",
    };
    let mut text = format!("{status}  {:<12} {}", line.check, line.message.replace('\n', " "));
    if !line.help.is_empty() {
        text += &format!("\n        {}", line.help.replace('\n', "\n        "));
    }
    text
}

async fn examine(session: &Session, project: &Project) -> Result<Vec<Line>, CliError> {
    let account = &Account::new(&session.reader);
    let wanted = &wanted(session, project)?;
    let (rights, counts, lambda, log_role) = tokio::join!(
        rights::judge_caller(session, account),
        counts(session, account, wanted),
        account.lambda_limits(),
        account.log_role()
    );
    let mut lines = caller(session);
    lines.push(rights);
    lines.extend(counts);
    lines.extend(match lambda {
        Ok(limits) => functions(&limits, reserved(session, project).await),
        Err(error) => vec![unread("concurrency", &error)],
    });
    lines.push(match log_role {
        Ok(Some(arn)) => passed("log role", format!("API Gateway writes logs by {arn}")),
        Ok(None) => {
            passed("log role", "API Gateway has none here yet; `up` makes one, and leaves it")
        }
        Err(error) => unread("log role", &error),
    });
    lines.push(match builds::check_tools(project) {
        Ok(()) => passed("tools", "this machine can build the functions"),
        Err(error) => failed("tools", error.message, error.hint),
    });
    Ok(lines)
}

fn caller(session: &Session) -> Vec<Line> {
    let (arn, region) = (&session.identity.arn, &session.scope.region);
    let who = if arn.ends_with(":root") {
        let help = "make a user or role for it: `shopstack policy-report --deployer` prints its \
                    policies";
        warned("caller", format!("{arn}: the root user, who may do everything"), help)
    } else {
        passed("caller", format!("{arn} in account {}", session.scope.account))
    };
    // STS answers for a region that the account has not enabled by refusing the token.
    vec![who, passed("region", format!("{region} is enabled: STS answers there"))]
}

/// How many resources the stack wants, by type and by address. What all stacks share is there
/// already, or the first of them makes it.
fn wanted(session: &Session, project: &Project) -> Result<BTreeMap<String, usize>, CliError> {
    let (adopt, expiry) = (BTreeSet::new(), project.expiry());
    let desired = session.request(project, &adopt, &expiry, false).desired(None)?.resources;
    let mut all = BTreeMap::new();
    for resource in desired.into_iter().filter(|resource| resource.address.id() != oac::SHARED) {
        all.insert(resource.address.to_string(), 1);
        *all.entry(resource.type_name).or_default() += 1;
    }
    Ok(all)
}

/// A quota on how many there may be: published figures, November 2026. They can be raised for an
/// account, which is not asked.
struct Quota {
    check: &'static str,
    type_name: &'static str,
    what: &'static str,
    most: usize,
}

const fn quota(
    check: &'static str,
    type_name: &'static str,
    what: &'static str,
    most: usize,
) -> Quota {
    Quota { check, type_name, what, most }
}

const ROLES: Quota = quota("roles", "AWS::IAM::Role", "roles", 1_000);
const POLICIES: Quota =
    quota("headers", "AWS::CloudFront::ResponseHeadersPolicy", "response headers policies", 20);
const DISTRIBUTIONS: Quota =
    quota("distribution", "AWS::CloudFront::Distribution", "distributions", 500);
const SITE_ACLS: Quota = quota("web ACL", "", "web ACLs for CloudFront", 100);
const API_ACLS: Quota = quota("web ACL", "", "web ACLs in this region", 100);
const APIS: Quota = quota("REST API", "AWS::ApiGateway::RestApi", "REST APIs in this region", 600);
const LOG_POLICIES: Quota = quota("log policy", "", "log resource policies in this region", 10);

async fn counts(
    session: &Session,
    account: &Account,
    wanted: &BTreeMap<String, usize>,
) -> Vec<Line> {
    let more = |quota: &Quota| wanted.get(quota.type_name).copied().unwrap_or_default();
    let site_acl = wanted.get("web_acl.cdn").copied().unwrap_or_default();
    let api_acl = wanted.get("web_acl.api").copied().unwrap_or_default();
    let here = session.last_applied().await.ok().flatten().is_some();
    let (roles, policies, distributions, site, api, apis, logs) = tokio::join!(
        count(&ROLES, more(&ROLES), here, boxed(account.roles())),
        count(&POLICIES, more(&POLICIES), here, boxed(account.response_headers_policies())),
        count(&DISTRIBUTIONS, more(&DISTRIBUTIONS), here, boxed(account.distributions())),
        count(&SITE_ACLS, site_acl, here, boxed(account.web_acls("CLOUDFRONT"))),
        count(&API_ACLS, api_acl, here, boxed(account.web_acls("REGIONAL"))),
        count(&APIS, more(&APIS), here, boxed(account.rest_apis())),
        count(&LOG_POLICIES, 0, here, boxed(account.log_resource_policies()))
    );
    vec![roles, policies, distributions, site, api, apis, logs]
}

type Counted<'a> = futures_util::future::BoxFuture<'a, Result<usize, CloudError>>;

fn boxed<'a>(counted: impl Future<Output = Result<usize, CloudError>> + Send + 'a) -> Counted<'a> {
    Box::pin(counted)
}

/// `here`: the environment was applied before, so that its own are among those counted.
async fn count(quota: &Quota, more: usize, here: bool, counted: Counted<'_>) -> Line {
    let there = match counted.await {
        Ok(there) => there,
        Err(error) => return unread(quota.check, &error),
    };
    let (most, what) = (quota.most, quota.what);
    let message = format!("{there} of {most} {what}");
    let help = "delete what is no longer needed (`shopstack envs` lists environments), or ask for \
                more under Service Quotas in the AWS console";
    if !here && more > 0 && there + more > most {
        let message = format!("{message}, and the stack needs {more} more");
        return failed(quota.check, message, help);
    }
    if there * 5 >= most * 4 {
        return warned(quota.check, message, help);
    }
    passed(quota.check, message)
}

/// The runs at once that stack.yaml reserves, and the account has not set aside yet.
async fn reserved(session: &Session, project: &Project) -> i32 {
    if session.last_applied().await.ok().flatten().is_some() {
        return 0;
    }
    let all = project.stack.functions.values().filter_map(|f| f.reserved_concurrency);
    i32::try_from(all.sum::<u32>()).unwrap_or(i32::MAX)
}

/// `reserved`: runs at once that the stack is going to set aside.
fn functions(limits: &LambdaLimits, reserved: i32) -> Vec<Line> {
    let LambdaLimits { concurrent, unreserved, code, most_code } = *limits;
    let left = unreserved.saturating_sub(reserved);
    let runs = format!("{unreserved} of {concurrent} runs at once are reserved for no function");
    if reserved > 0 && left < FEW_RUNS {
        let message = format!("{runs}, and the stack reserves {reserved} more");
        let help = "Lambda keeps 10 for all other functions: take `reserved_concurrency` out of \
                    stack.yaml, or ask for more `Concurrent executions` under Service Quotas in \
                    the AWS console";
        let mut lines = functions(limits, 0);
        lines.splice(..1, [failed("concurrency", message, help)]);
        return lines;
    }
    let help = "more requests at once get 429: ask for more `Concurrent executions` of Lambda \
                under Service Quotas in the AWS console";
    let concurrency = if unreserved <= 0 {
        failed("concurrency", runs, help)
    } else if unreserved <= FEW_RUNS {
        warned("concurrency", runs, help)
    } else {
        passed("concurrency", runs)
    };
    let megabytes = |bytes: i64| bytes / 1_048_576;
    let stored = format!("{} of {} MB of function code", megabytes(code), megabytes(most_code));
    let storage = if most_code > 0 && code >= most_code / 5 * 4 {
        warned("functions", stored, "delete old versions of functions")
    } else {
        passed("functions", stored)
    };
    vec![concurrency, storage]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(there: usize, more: usize, here: bool) -> Status {
        let counted = boxed(async move { Ok(there) });
        let line = count(&POLICIES, more, here, counted);
        futures_util::FutureExt::now_or_never(line).unwrap().status
    }

    #[test]
    fn a_quota_is_failed_where_one_more_is_needed_and_warned_near_its_end() {
        assert_eq!(counted(3, 1, false), Status::Passed);
        assert_eq!(counted(16, 1, false), Status::Warned);
        assert_eq!(counted(20, 1, false), Status::Failed);
        assert_eq!(counted(20, 1, true), Status::Warned, "its own is among them");
        assert_eq!(counted(20, 0, false), Status::Warned);
    }

    #[test]
    fn few_runs_are_warned_of_and_none_fails() {
        let status = |unreserved| {
            functions(&LambdaLimits { concurrent: 1000, unreserved, code: 0, most_code: 0 }, 0)[0]
                .status
        };
        let limits = LambdaLimits { concurrent: 10, unreserved: 10, ..LambdaLimits::default() };
        let reserving = |runs| functions(&limits, runs)[0].status;
        assert_eq!([reserving(0), reserving(5)], [Status::Warned, Status::Failed]);
        assert_eq!(
            [status(900), status(10), status(0)],
            [Status::Passed, Status::Warned, Status::Failed]
        );
    }
}
