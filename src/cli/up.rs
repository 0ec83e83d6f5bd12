//! `up`: make it so.

use super::args::{Global, Up, Wait};
use super::builds::{self, Builds};
use super::error::{CliError, code};
use super::output::Output;
use super::session::{Project, Session};
use super::{apply, doctor, guard, outputs, readback, runner, saved, signals, smoke};
use crate::aws::census;
use crate::engine::Outcome;
use crate::model::text::one_line;
use crate::model::{Address, Event, Op, Plan, Scope, event::Sink};
use crate::planning::{self, Expiry};
use crate::render::{self, document::PlanDocument};
use crate::resources::{TYPES, outputs_document};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

pub async fn command(global: &Global, args: &Up, output: &Output) -> Result<u8, CliError> {
    let start = Instant::now();
    let project = Project::load(global)?;
    project.pages(global)?;
    let adopt = addresses(&args.adopt)?;
    let saved = args.plan.as_deref().map(saved::load).transpose()?;
    let expiry = expiry(&project, args, saved.as_ref());
    builds::check_tools(&project)?;
    let builds = Builds::start(&project, output);
    let session = Session::open(global, &project.place(), output).await?;
    signals::stop_on_signals(&session, output);
    session.refuse_elsewhere(&project.stack).await?;
    let sink = apply::sink(&session, output);
    let request = session.request(&project, &adopt, &expiry, saved.is_some());
    let make = || async {
        let (reader, record) = (session.reader.afresh(), session.last_applied());
        let made = planning::make_plan(&request, reader, record, builds.finished()).await?;
        if let Some(reviewed) = &saved {
            saved::check(reviewed, &made.plan)?;
        }
        Ok(made)
    };
    // An emulator has no rights to speak of and no quotas.
    let first = async {
        match session.scope.endpoint {
            None => doctor::before_first_up(&session, &project, output).await,
            Some(_) => Ok(()),
        }
    };
    let patience = args.lock_timeout;
    let (guard, made) = guard::locked(&session, "up", patience, output, first, make).await?;
    let plan = made.plan;
    let deployed = project.settled(made.expires_at.is_some());
    sink(Event::Plan(Box::new(plan.clone())));
    if !output.json {
        output.note(&render::plan::text(&plan, output.progress, output.verbose > 0));
    }
    let agreed = match agree(&session, &plan, args, output).await {
        Ok(()) => guard.drop_receipt().await,
        refused => refused,
    };
    if let Err(refused) = agreed {
        guard.release(output).await;
        return Err(refused);
    }
    let outcome =
        apply::run(&session, apply::writer(&session), &plan, builds.externals(), &sink).await;
    let mut error = apply::failure(&outcome);
    if error.is_none() {
        guard.record(&session, &project, &plan, &outcome, output).await;
        readback::report(&session, &made.desired, &outcome, &sink).await;
    }
    guard.release(output).await;
    if error.is_none() && args.wait == Wait::Deployed {
        error = wait_served(&session, &plan, &outcome, &sink).await.err();
    }
    let document = outputs_document(&outcome.outputs);
    if error.is_none() && !args.no_smoke {
        error = smoke_test(&session, &deployed, &document, args, &sink, output).await;
    }
    let document = outputs::with_domains(document, &session, &deployed.stack);
    finish(&session, &outcome, error, document, start, output)
}

/// Each `up` renews an expiry; one that does what a saved plan says means the plan's.
fn expiry(project: &Project, args: &Up, saved: Option<&PlanDocument>) -> Expiry {
    let Expiry { first, .. } = project.expiry();
    let counted = args.ttl.map(|ttl| super::time::rfc3339(SystemTime::now() + ttl));
    match saved {
        Some(plan) if args.ttl.is_none() => {
            Expiry { first: saved::expires_at(plan).or(first), renewed: None }
        }
        _ => Expiry { renewed: counted.or(first), first: None },
    }
}

fn addresses(given: &[String]) -> Result<BTreeSet<Address>, CliError> {
    given
        .iter()
        .map(|text| {
            Address::parse(text).ok_or_else(|| {
                CliError::new(
                    format!("`{text}` is not an address"),
                    "addresses look like table.Products",
                )
            })
        })
        .collect()
}

/// Checks that the plan may be applied: it deletes nothing protected, and the user agrees.
async fn agree(session: &Session, plan: &Plan, args: &Up, output: &Output) -> Result<(), CliError> {
    planning::refuse_losses(plan)?;
    if plan.is_empty() || args.yes { Ok(()) } else { confirm(session, output).await }
}

async fn confirm(session: &Session, output: &Output) -> Result<(), CliError> {
    if !output.interactive || output.json {
        return Err(CliError::new(apply::NO_TERMINAL, ""));
    }
    if let Some(alias) = census::account_alias(&session.reader).await {
        output.note(&format!("Account {} is called {}.", session.scope.account, one_line(&alias)));
    }

    let cancel = &session.reader.caller.cancel;
    let Scope { stack, env, region, account, .. } = &session.scope;
    let prompt = format!("Apply to {stack}/{env} in {region}, account {account}? [y/N] ");
    let answer = output.ask(&prompt, cancel).await.ok_or_else(apply::unasked)?;
    if matches!(answer.as_str(), "y" | "Y" | "yes") {
        Ok(())
    } else {
        Err(CliError::new("not confirmed: nothing was changed", ""))
    }
}

/// Waits until what was made or changed is served: CloudFront answers long before it has spread a
/// change.
pub async fn wait_served(
    session: &Session,
    plan: &Plan,
    outcome: &Outcome,
    sink: &Sink,
) -> Result<(), CliError> {
    let sink = sink.clone();
    let progress = Arc::new(move |text: &str| sink(Event::Note(text.to_string())));
    let caller = session.reader.caller.with_progress(progress);

    for step in plan.steps.iter().filter(|step| step.op != Op::Delete) {
        let found = TYPES.iter().find(|t| t.info().type_name == step.type_name);
        if let (Some(resource_type), Some(made)) = (found, outcome.outputs.get(&step.address)) {
            resource_type.wait_served(&caller, &session.reader, made).await?;
        }
    }
    Ok(())
}

async fn smoke_test(
    session: &Session,
    project: &Project,
    document: &Value,
    args: &Up,
    sink: &Sink,
    output: &Output,
) -> Option<CliError> {
    if args.wait == Wait::Accepted && project.stack.site.is_some() {
        output.note(
            "The smoke test is left out: with --wait accepted CloudFront may not serve \
                     yet. Run `shopstack smoke` later.",
        );
        return None;
    }
    let report =
        match apply::until_stopped(session, smoke::run(session, project, document, sink)).await {
            Ok(report) => report,
            Err(stopped) => return Some(stopped),
        };
    smoke::add_summary(session, &report, output);
    smoke::warn_of_nothing(&report, &project.stack, output);
    report.failed().then(|| {
        CliError::coded(
            code::SMOKE,
            format!("{}; resources were kept", smoke::count_failures(&report)),
            "the checks above say what was expected and what came; fix it, then run `shopstack \
             smoke`",
        )
    })
}

fn finish(
    session: &Session,
    outcome: &Outcome,
    error: Option<CliError>,
    document: Value,
    start: Instant,
    output: &Output,
) -> Result<u8, CliError> {
    let elapsed_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    output.calls(&session.sdk.counter);
    let result = apply::result_word(error.as_ref());
    tell_runner(session, outcome.done_count(), &document, result, output);
    if output.json {
        let line =
            apply::summary_line(result, outcome.done_count(), session, elapsed_ms, document, &[]);
        output.summary(&apply::explained(line, error.as_ref()));
    } else if error.as_ref().is_none_or(|e| e.code == code::SMOKE) {
        // The deployment stands even if the smoke test fails.
        let calls = session.sdk.counter.snapshot();
        output.result(&format!(
            "{} changed in {} ({} reads, {} writes, {} retried)",
            outcome.done_count(),
            render::progress::seconds(elapsed_ms),
            calls.read,
            calls.write,
            calls.retried
        ));
        outputs::show(&document, output);
    }
    error.map_or(Ok(code::OK), Err)
}

/// Sets the outputs for later steps of a CI job.
fn tell_runner(session: &Session, changed: usize, document: &Value, result: &str, output: &Output) {
    let scope = &session.scope;
    let known = json!({
        "stack": scope.stack, "env": scope.env, "region": scope.region, "account": scope.account,
        "result": result, "changed": changed,
    });
    let all = known.as_object().into_iter().chain(document.as_object()).flatten();
    runner::set_outputs(all.map(|(name, value)| (name.as_str(), value)), output);
    let text = |key: &str| document.get(key).and_then(Value::as_str).map(str::to_string);
    let mut facts = vec![("result", result.to_string()), ("changed", changed.to_string())];
    facts.extend(text("site_url").map(|url| ("site", url)));
    facts.extend(text("api_url").map(|url| ("API", url)));
    let heading = format!("{}/{} in {}", scope.stack, scope.env, scope.region);
    runner::add_summary(&render::step::markdown(&heading, &facts, None), output);
}
