//! `down`: take it away; needs only a name, and looks again afterwards.

use super::args::{Down, Global};
use super::error::{CliError, code};
use super::output::Output;
use super::session::{Project, Session};
use super::{apply, guard, signals};
use crate::aws::{Writer, home};
use crate::engine;
use crate::model::{Event, Live, Owner, Plan};
use crate::planning;
use crate::render;
use crate::resources::{Finder, TYPES};
use crate::stack;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

pub async fn command(global: &Global, args: &Down, output: &Output) -> Result<u8, CliError> {
    let start = Instant::now();
    let (name, region) = match &args.stack {
        Some(name) if !stack::is_stack_name(name) => {
            return Err(CliError::new(
                format!("`{name}` is not the name of a stack"),
                "such as --stack shop",
            ));
        }
        Some(name) => (name.clone(), region_of(global, name, output)),
        None => {
            let project = Project::load(global).map_err(|e| match global.file.exists() {
                true => e,
                false => CliError {
                    hint: "run it in the project's folder, or name the stack with --stack".into(),
                    ..e
                },
            })?;
            (project.stack.name, Some(project.stack.region))
        }
    };
    let named = region.is_some() || global.region.is_some();
    let session = open(global, &name, region.as_deref(), output).await?;
    signals::stop_on_signals(&session, output);
    let sink = apply::sink(&session, output);
    let (first, patience) = (async { Ok(()) }, args.lock_timeout);
    let (guard, plan) =
        guard::locked(&session, "down", patience, output, first, || make_plan(&session)).await?;
    if named
        && plan.is_empty()
        && let Err(elsewhere) = lives_here(&session).await
    {
        guard.forget(output).await;
        return Err(elsewhere);
    }
    sink(Event::Plan(Box::new(plan.clone())));
    if !output.json {
        output.note(&render::plan::text(&plan, output.progress, output.verbose > 0));
    }
    if let Err(refused) = consent(&session, &plan, args, &name, output).await {
        guard.release(output).await;
        return Err(refused);
    }
    let mut writer = apply::writer(&session);
    writer.patient = !args.no_wait;
    let outcome = apply::run(&session, writer.clone(), &plan, BTreeMap::new(), &sink).await;
    let error = apply::failure(&outcome);
    let left = match &error {
        Some(e) if e.code == code::INTERRUPTED => Ok(plan_left(&plan, &outcome)),
        _ => look_again(&session, &writer, &plan).await,
    };
    let remaining = match left {
        Ok(left) => names(&left),
        Err(unseen) => {
            guard.release(output).await;
            return Err(error.unwrap_or(unseen));
        }
    };
    if error.is_none() && remaining.is_empty() {
        guard.forget(output).await;
    } else {
        guard.release(output).await;
    }
    finish(&session, &outcome, error, &remaining, start, output)
}

/// The region that stack.yaml says, if it is this stack's; a file that says nothing of it must not
/// be in the way.
fn region_of(global: &Global, name: &str, output: &Output) -> Option<String> {
    if !global.file.exists() {
        return None;
    }
    match Project::load(global) {
        Ok(project) => (project.stack.name == name).then_some(project.stack.region),
        Err(_) => {
            output.note(&format!(
                "{} is not valid and is not looked at: --stack says the name.",
                global.file.display()
            ));
            None
        }
    }
}

/// Connects to the region that was named; where none was, to the one that the environment itself
/// names.
async fn open(
    global: &Global,
    name: &str,
    region: Option<&str>,
    output: &Output,
) -> Result<Session, CliError> {
    let session = Session::open(global, name, region, output).await?;
    if region.is_some() || global.region.is_some() {
        return Ok(session);
    }
    let homes = homes(&session).await?;
    if homes.is_empty() || homes.contains(&session.scope.region) {
        return Ok(session);
    }
    let mut homes = homes.into_iter();
    match (homes.next(), homes.next()) {
        (Some(only), None) => {
            output.note(&format!("Stack `{name}`, env `{}` lives in {only}.", session.scope.env));
            Session::open(global, name, Some(&only), output).await
        }
        (first, second) => {
            let all: Vec<_> = first.into_iter().chain(second).chain(homes).collect();
            Err(CliError::new(
                format!(
                    "stack `{name}`, env `{}` has things of several regions: {}",
                    session.scope.env,
                    all.join(", ")
                ),
                "name one with --region, and run `down` once for each",
            ))
        }
    }
}

/// Where the environment lives: by what is global, else by the records of all regions.
async fn homes(session: &Session) -> Result<BTreeSet<String>, CliError> {
    let homes = home::regions(&session.reader, &session.scope).await?;
    if !homes.is_empty() {
        return Ok(homes);
    }
    Ok(home::recorded(&session.reader, &session.scope, &stack::REGIONS).await)
}

/// Nothing was found: an error if that is so because the environment lives in another region.
async fn lives_here(session: &Session) -> Result<(), CliError> {
    let homes = homes(session).await?;
    let Some(home) = homes.iter().find(|_| !homes.contains(&session.scope.region)) else {
        return Ok(());
    };
    let scope = &session.scope;
    Err(CliError::new(
        format!(
            "stack `{}`, env `{}` lives in {home}, and not in {}",
            scope.stack, scope.env, scope.region
        ),
        format!("run `shopstack down --stack {} --env {} --region {home}`", scope.stack, scope.env),
    ))
}

/// Everything that is live, found by name and ownership alone.
async fn found(session: &Session) -> Result<Vec<Live>, CliError> {
    let finder = Finder(session.reader.afresh());
    Ok(engine::read(&finder, &session.scope, &[], true).await?)
}

/// The same without what is not the stack's.
async fn owned(session: &Session) -> Result<Vec<Live>, CliError> {
    let live = found(session).await?;
    Ok(live.into_iter().filter(|l| l.owner == Owner::Ours && !l.not_emulated).collect())
}

async fn make_plan(session: &Session) -> Result<Plan, CliError> {
    let live = found(session).await?;
    Ok(planning::plan_deletion(&session.scope, &live)?)
}

/// Asks for the stack's name where data would be lost, for a yes otherwise.
async fn consent(
    session: &Session,
    plan: &Plan,
    args: &Down,
    name: &str,
    output: &Output,
) -> Result<(), CliError> {
    if plan.is_empty() {
        return Ok(());
    }
    let loses: Vec<_> =
        plan.steps.iter().filter(|s| s.loses.is_some()).map(|s| s.name.clone()).collect();
    if args.yes {
        if loses.is_empty() || args.destroy_data {
            return Ok(());
        }
        return Err(CliError::new(
            format!("these tables hold data, and nothing brings it back: {}", loses.join(", ")),
            "add --destroy-data to delete them all the same",
        ));
    }
    if !output.interactive || output.json {
        let flags = if loses.is_empty() { "add --yes" } else { "add --yes --destroy-data" };
        return Err(CliError::new(
            "this would delete the stack, and nobody is there to be asked",
            flags,
        ));
    }
    let cancel = &session.reader.caller.cancel;
    if loses.is_empty() {
        let answer =
            output.ask("Delete all of this? [y/N] ", cancel).await.ok_or_else(apply::unasked)?;
        if matches!(answer.as_str(), "y" | "Y" | "yes") {
            return Ok(());
        }
    } else {
        let prompt = format!("Type the stack's name ({name}) to delete it with its data: ");
        if output.ask(&prompt, cancel).await.ok_or_else(apply::unasked)? == name {
            return Ok(());
        }
    }
    Err(CliError::new("not confirmed: nothing was deleted", ""))
}

/// What is still there; groups that Lambda made again meanwhile are taken away first.
async fn look_again(
    session: &Session,
    writer: &Writer,
    plan: &Plan,
) -> Result<Vec<Live>, CliError> {
    for resource_type in TYPES {
        resource_type.sweep(writer, &plan.steps).await?;
    }
    owned(session).await
}

fn plan_left(plan: &Plan, outcome: &engine::Outcome) -> Vec<Live> {
    let done: BTreeSet<_> = outcome.done.iter().map(|(a, _)| a).collect();
    plan.steps
        .iter()
        .filter(|s| !done.contains(&s.address))
        .filter_map(|s| s.live.clone())
        .collect()
}

fn names(live: &[Live]) -> Vec<String> {
    live.iter().map(|l| format!("{} ({})", l.address, l.name)).collect()
}

fn finish(
    session: &Session,
    outcome: &engine::Outcome,
    error: Option<CliError>,
    remaining: &[String],
    start: Instant,
    output: &Output,
) -> Result<u8, CliError> {
    let elapsed_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    output.calls(&session.sdk.counter);
    let result = match (&error, remaining.is_empty()) {
        (None, true) => "ok",
        (Some(e), _) if e.code == code::INTERRUPTED => "interrupted",
        _ => "failed",
    };
    if output.json {
        let line = apply::summary_line(
            result,
            outcome.done_count(),
            session,
            elapsed_ms,
            json!({}),
            remaining,
        );
        output.summary(&apply::explained(line, error.as_ref()));
    } else if error.is_none() && remaining.is_empty() {
        let took = render::progress::seconds(elapsed_ms);
        let (scope, done) = (&session.scope, outcome.done_count());
        output.result(&match done {
            0 => format!(
                "Nothing of stack `{}`, env `{}` was found in {}; --region looks elsewhere.",
                scope.stack, scope.env, scope.region
            ),
            _ => format!("{done} deleted in {took}; nothing of it is left in {}.", scope.region),
        });
    }
    if remaining.is_empty() {
        return error.map_or(Ok(code::OK), Err);
    }
    let left = format!("still there: {}", remaining.join(", "));
    Err(match error {
        // Why a run broke off says more than what it left.
        Some(e) if e.code != code::ERROR => {
            CliError { message: format!("{}\n{left}", e.message), ..e }
        }
        Some(e) => CliError { code: code::LEFT, message: format!("{}\n{left}", e.message), ..e },
        None => CliError::coded(code::LEFT, left, "run `shopstack down` again in some minutes"),
    })
}
