//! `smoke`: end-to-end test of what is deployed, alone or at the end of `up`.

mod backend;
mod target;

use super::args::{Global, Smoke};
use super::error::{CliError, code};
use super::output::Output;
use super::outputs;
use super::session::{Project, Session};
use super::{apply, runner, signals};
use crate::aws::probe::Probe;
use crate::model::event::Sink;
use crate::render;
use crate::smoke::{self, Backend, CheckResult, Report, Target};
use crate::stack::{EnvPart, Stack};
use backend::Cloud;
use serde_json::Value;
use std::time::Instant;
use target::target;

pub async fn command(global: &Global, args: &Smoke, output: &Output) -> Result<u8, CliError> {
    let start = Instant::now();
    let project = Project::load(global)?;
    let session = Session::open(global, &project.place(), output).await?;
    signals::stop_on_signals(&session, output);
    let document = outputs::live(&session, &project).await?;
    // A hint will do: it says which checks have a subject.
    let expires = session.reader.index(&session.scope).await?.expires_at().is_some();
    let project = project.settled(expires);
    let sink = apply::sink(&session, output);
    let report = apply::until_stopped(&session, run(&session, &project, &document, &sink)).await?;
    add_summary(&session, &report, output);
    if let Some(path) = &args.junit {
        std::fs::write(path, report.to_junit(&project.stack.name)).map_err(|e| {
            CliError::new(format!("{}: {e}", path.display()), "name a file that can be written")
        })?;
    }
    if output.json {
        let elapsed_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        let result = if report.failed() { "failed" } else { "ok" };
        let document = outputs::with_domains(document, &session, &project.stack);
        output.summary(&apply::summary_line(result, 0, &session, elapsed_ms, document, &[]));
    }
    if report.failed() {
        return Err(CliError::coded(
            code::SMOKE,
            count_failures(&report),
            "the checks above say what was expected and what came",
        ));
    }
    if !output.json {
        warn_of_nothing(&report, &project.stack, output);
        if report.passed() > 0 {
            output.result("The smoke test passed.");
        }
    }
    Ok(code::OK)
}

/// `smoke test failed: 1 of 8 checks`.
pub fn count_failures(report: &Report) -> String {
    let failed = report.failed_count();
    let noun = if report.results.len() == 1 { "check" } else { "checks" };
    format!("smoke test failed: {failed} of {} {noun}", report.results.len())
}

/// Adds the checks to a CI step's summary.
pub fn add_summary(session: &Session, report: &Report, output: &Output) {
    let scope = &session.scope;
    let heading = format!("Smoke test of {}/{} in {}", scope.stack, scope.env, scope.region);
    let fact = |result: &CheckResult| {
        let message = if result.message.is_empty() { "" } else { ": " };
        let words = format!("{}{message}{}", result.status.as_str(), result.message);
        (result.check.clone(), words)
    };
    let facts: Vec<_> = report.results.iter().map(fact).collect();
    let facts: Vec<_> = facts.iter().map(|(name, words)| (name.as_str(), words.clone())).collect();
    runner::add_summary(&render::step::markdown(&heading, &facts, None), output);
}

/// A test that tested nothing is no success, and says so.
pub fn warn_of_nothing(report: &Report, stack: &Stack, output: &Output) {
    if report.passed() == 0 && !report.failed() {
        let cause = match (&stack.api, &stack.site) {
            (Some(_), _) => {
                "every check was skipped; `smoke.requests` in stack.yaml says what to ask the API"
            }
            (None, Some(_)) => "every check was skipped",
            (None, None) => "the smoke test asks sites and APIs, and the stack has neither",
        };
        output.note(&format!("warning: nothing was tested: {cause}"));
    }
}

/// Runs the checks that stack.yaml asks for against the outputs of what is deployed.
pub async fn run(session: &Session, project: &Project, document: &Value, sink: &Sink) -> Report {
    prepare(session, project, document).await.run(sink).await
}

/// The test of one deployed stack, to be run as often as one likes.
pub struct Prepared {
    pub target: Target,
    backend: Cloud,
}

/// Reads what the test has to know of the deployed stack.
pub async fn prepare(session: &Session, project: &Project, document: &Value) -> Prepared {
    let backend = Cloud { probe: Probe::new(&session.sdk), counter: session.sdk.counter.clone() };
    let mut target = target(session, project, document, session.serves);
    let (stack, probe) = (&project.stack, &backend.probe);
    if let Some(order) = &mut target.order {
        order.secret = secret(session, stack, probe, &order.route).await;
    }
    if let Some(products) = &mut target.products {
        products.secret = secret(session, stack, probe, &products.route).await;
    }
    Prepared { target, backend }
}

impl Prepared {
    pub async fn run(&self, sink: &Sink) -> Report {
        smoke::run(&self.target, &self.backend, sink).await
    }

    /// The last lines of a log group since `since_ms` (epoch).
    pub async fn log_text(&self, group: &str, since_ms: i64) -> Vec<String> {
        self.backend.log_text(group, since_ms).await.unwrap_or_default()
    }

    /// Some item of a table, where it has any.
    pub async fn any_item(&self, table: &str) -> Option<Value> {
        self.backend.items(table).await.ok()?.into_iter().next()
    }
}

/// The secret of the function behind a route: the variable that stack.yaml fills with
/// `${smoke.secret}`. Where it cannot be read there is none, and the checks that need it say so.
async fn secret(session: &Session, stack: &Stack, probe: &Probe, route: &str) -> Option<String> {
    let route = stack.api.as_ref()?.route_of(route)?;
    let variables = &stack.functions.get(&route.function)?.env;
    let (name, _) = variables.iter().find(|(_, v)| v.parts == [EnvPart::SmokeSecret])?;
    let function = session.scope.name(&route.function);
    probe.variable(&function, name).await.ok().flatten().filter(|secret| !secret.is_empty())
}
