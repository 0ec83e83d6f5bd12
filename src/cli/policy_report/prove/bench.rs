//! The deployed environment of a proof: policies are put, and the smoke test is run against them.

use super::{CARRIERS, silent};
use crate::aws::Writer;
use crate::cli::apply;
use crate::cli::error::{CliError, code};
use crate::cli::output::Output;
use crate::cli::session::{Project, Session};
use crate::cli::smoke::{self, Prepared};
use crate::engine;
use crate::model::{Address, CloudError, Desired, ErrorKind, Live, SmokeStatus, template};
use crate::plan::{self, Inputs};
use crate::resources::{Finder, TYPES};
use crate::smoke::{Check, Report};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// For the whole test with all policies in place.
const BASELINE: Duration = Duration::from_secs(60);
/// For one test without a grant: a check that fails uses it up.
const TRIAL: Duration = Duration::from_millis(1500);
/// For the second test after a failure that no refusal in a log explains: a slow machine can fail
/// the first.
const SECOND_TRIAL: Duration = Duration::from_secs(8);

/// Checks without a policy involved, and those that wait for logs.
const LEFT_OUT: [Check; 2] = [Check::Waf, Check::Logs];

pub(super) struct Bench<'a> {
    pub session: &'a Session,
    pub output: &'a Output,
    pub prepared: Prepared,
    /// The resources with policies, templates filled in, in addition to stack.yaml.
    pub carriers: Vec<Carrier>,
    /// Outputs of everything that was deployed.
    pub live: BTreeMap<Address, Live>,
    writer: Writer,
}

/// The failures of a smoke test without one grant.
pub(super) struct Failures {
    /// Names of the checks that failed, sorted.
    pub checks: Vec<String>,
    /// An answer in a function's log that names a refused call.
    pub refusal: Option<String>,
}

/// A resource with policies.
#[derive(Clone)]
pub(super) struct Carrier {
    pub wanted: Desired,
    pub resolved: Desired,
}

impl<'a> Bench<'a> {
    pub async fn set_up(
        session: &'a Session,
        project: &Project,
        writer: Writer,
        desired: &[Desired],
        document: &Value,
        output: &'a Output,
    ) -> Result<Self, CliError> {
        let finder = Finder(session.reader.afresh());
        let found = engine::read(&finder, &session.scope, desired, false).await?;
        let live: BTreeMap<Address, Live> =
            found.into_iter().map(|live| (live.address.clone(), live)).collect();
        let fill = |address: &Address, attribute: &str| {
            live.get(address).and_then(|l| l.outputs.get(attribute).cloned())
        };
        let carriers = desired.iter().filter(|d| CARRIERS.contains(&d.address.group()));
        let carriers = carriers
            .map(|wanted| {
                let mut resolved = wanted.clone();
                resolved.spec = template::resolve(&wanted.spec, &fill);
                resolved.context = template::resolve(&wanted.context, &fill);
                resolved.depends_on = BTreeSet::new();
                Carrier { wanted: wanted.clone(), resolved }
            })
            .collect();
        let mut prepared = smoke::prepare(session, project, document).await;
        prepared.target.checks.retain(|check| !LEFT_OUT.contains(check));
        Ok(Self { session, output, prepared, carriers, live, writer })
    }

    /// Puts a carrier's spec with these templates in it.
    pub async fn put_spec(&mut self, carrier: &Carrier, spec: &Value) -> Result<(), CliError> {
        let fill = |address: &Address, attribute: &str| {
            self.live.get(address).and_then(|l| l.outputs.get(attribute).cloned())
        };
        let wanted = Desired { spec: template::resolve(spec, &fill), ..carrier.resolved.clone() };
        let Some(live) = self.live.get(&wanted.address).cloned() else {
            return Err(CloudError::shape("the proof", wanted.address.as_str()).into());
        };
        let types: Vec<_> = TYPES.iter().map(|t| t.info()).collect();
        let plan = plan::plan(&Inputs {
            scope: &self.session.scope,
            desired: std::slice::from_ref(&wanted),
            live: &[live],
            known: &BTreeMap::new(),
            record: None,
            types: &types,
            adopt: &BTreeSet::new(),
        })?;
        let outcome =
            apply::run(self.session, self.writer.clone(), &plan, BTreeMap::new(), &silent()).await;
        if let Some(error) = apply::failure(&outcome) {
            return Err(error);
        }
        if let Some(live) = self.live.get_mut(&wanted.address) {
            live.spec = wanted.spec;
        }
        Ok(())
    }

    /// Puts back what stack.yaml says.
    pub async fn put_back(&mut self, carrier: &Carrier) -> Result<(), CliError> {
        self.put_spec(carrier, &carrier.wanted.spec).await
    }

    /// The checks that pass with everything in its place.
    ///
    /// Errors: one fails, or none passes; then nothing can be proved.
    pub async fn baseline(&mut self) -> Result<Vec<String>, CliError> {
        let report = self.test(BASELINE).await?;
        let failed: Vec<String> = with_status(&report, SmokeStatus::Failed)
            .map(|result| format!("{}: {}", result.check, result.message))
            .collect();
        let passed: Vec<String> =
            with_status(&report, SmokeStatus::Passed).map(|result| result.check.clone()).collect();
        if failed.is_empty() && !passed.is_empty() {
            return Ok(passed);
        }
        let said =
            if failed.is_empty() { "every check was skipped".into() } else { failed.join("\n") };
        Err(CliError::coded(
            code::SMOKE,
            format!("nothing can be proved: with all grants in place the smoke test fails\n{said}"),
            "`smoke.requests` in stack.yaml says what to ask the API; see `shopstack smoke`",
        ))
    }

    /// Runs the smoke test as things are now, and looks for a refusal in the log of `function`.
    ///
    /// A failure without such a refusal counts only where it is still there with more time.
    pub async fn failures(&mut self, function: Option<&str>) -> Result<Failures, CliError> {
        let since = now_ms();
        let mut checks = failed_checks(&self.test(TRIAL).await?);
        let mut refusal = self.refusal_in_log(function, since).await;
        if !checks.is_empty() && refusal.is_none() {
            checks = failed_checks(&self.test(SECOND_TRIAL).await?);
            refusal = self.refusal_in_log(function, since).await;
        }
        Ok(Failures { checks, refusal })
    }

    async fn test(&mut self, budget: Duration) -> Result<Report, CliError> {
        self.prepared.target.budget = budget;
        let cancel = &self.session.reader.caller.cancel;
        Ok(apply::within_grace(cancel, self.prepared.run(&silent())).await?)
    }

    /// An answer in the log of a function that names a refused call, since `since_ms` (epoch).
    async fn refusal_in_log(&self, function: Option<&str>, since_ms: i64) -> Option<String> {
        let function = function?;
        let group = format!("/aws/lambda/{}", self.session.scope.name(function));
        let lines = self.prepared.log_text(&group, since_ms).await;
        let words = ["AccessDeniedException", "AccessDenied", "not authorized to perform"];
        let word = words.iter().find(|word| lines.iter().any(|line| line.contains(**word)))?;
        Some(format!("{word} in the log of {function}"))
    }

    /// The text without what differs from one environment to the next.
    pub fn plain(&self, text: &str) -> String {
        let text = anonymised(self.session, text);
        let ids = self.live.values().filter_map(|l| Some((l.outputs.get("id")?, &l.address)));
        let ids = ids.filter(|(id, _)| id.len() >= 8);
        ids.fold(text, |text, (id, address)| text.replace(id.as_str(), &format!("<{address}.id>")))
    }
}

fn with_status(
    report: &Report,
    status: SmokeStatus,
) -> impl Iterator<Item = &crate::smoke::CheckResult> {
    report.results.iter().filter(move |result| result.status == status)
}

fn failed_checks(report: &Report) -> Vec<String> {
    let names: BTreeSet<String> =
        with_status(report, SmokeStatus::Failed).map(|result| result.check.clone()).collect();
    names.into_iter().collect()
}

/// Epoch milliseconds.
fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    i64::try_from(now).unwrap_or(i64::MAX)
}

/// The text with the environment's own part of names as `<env>`, and templates readable.
pub(super) fn anonymised(session: &Session, text: &str) -> String {
    let scope = &session.scope;
    let (stack, env) = (&scope.stack, &scope.env);
    text.replace(&format!("{stack}-{env}-"), &format!("{stack}-<env>-"))
        .replace(&format!("/{stack}/{env}/"), &format!("/{stack}/<env>/"))
        .replace("{{", "<")
        .replace("}}", ">")
}

/// True for an answer that refuses, whatever the service calls it.
pub(super) fn refuses(error: &CloudError) -> bool {
    error.kind == ErrorKind::AccessDenied
        || ["AccessDenied", "AccessDeniedException", "UnauthorizedOperation"]
            .contains(&error.code.as_str())
}
