//! `down`: take it away; needs only a name, and looks again afterwards.

use super::args::{Down, Global};
use super::error::{CliError, code};
use super::output::Output;
use super::session::{Place, Project, Session};
use super::takedown::{self, Ended, Found, Manner, Refused};
use super::{apply, runner, signals};
use crate::aws::home;
use crate::model::{Scope, event::Sink};
use crate::render;
use crate::stack;
use futures_util::stream::{self, StreamExt};
use serde_json::json;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// How many regions are looked through at a time.
const REGIONS_AT_ONCE: usize = 12;

pub async fn command(global: &Global, args: &Down, output: &Output) -> Result<u8, CliError> {
    let start = Instant::now();
    let place = place(global, args, output)?;
    let named = place.region.is_some() || global.region.is_some();
    let session = open(global, place, output).await?;
    signals::stop_on_signals(&session, output);
    let sink = apply::sink(&session, output);

    let elsewhere = Mutex::new(None);
    let ended = take_down(&session, args, named, &elsewhere, &sink, output).await;
    let home = elsewhere.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(home) = home else { return finish(&session, ended?, start, output) };
    output.note(&format!(
        "Stack `{}`, env `{}` lives in {home}.",
        session.scope.stack, session.scope.env
    ));
    let session = session.in_region(&home, output);
    let ended = take_down(&session, args, true, &elsewhere, &sink, output).await?;
    finish(&session, ended, start, output)
}

/// Takes the environment away here; where it is not here and no region was `named`, `elsewhere`
/// says where it is.
async fn take_down(
    session: &Session,
    args: &Down,
    named: bool,
    elsewhere: &Mutex<Option<String>>,
    sink: &Sink,
    output: &Output,
) -> Result<Ended, CliError> {
    let manner =
        Manner { command: "down", lock_timeout: args.lock_timeout, patient: !args.no_wait };
    let agree = |found: Found| async move {
        if found.plan.is_empty() {
            let homes = homes(session, output).await.map_err(Refused::NotHere)?;
            match homes.as_slice() {
                [] => {}
                [home] if !named => {
                    *elsewhere.lock().unwrap_or_else(PoisonError::into_inner) = Some(home.clone());
                    return Err(Refused::NotHere(lives_in(&session.scope, home)));
                }
                [home, ..] => return Err(Refused::NotHere(lives_in(&session.scope, home))),
            }
        }
        takedown::tell_plan(&found.plan, sink);
        if !output.json {
            output.note(&render::plan::text(&found.plan, output.progress, output.verbose > 0));
        }
        consent(session, &found, args, output).await.map_err(Refused::Kept)?;
        Ok(found.plan)
    };
    takedown::take_down(session, &manner, sink, output, agree).await
}

/// The other regions that the environment lives in: by what is global of it, else by the record of
/// its last `up`, else by the tag index of each region.
async fn homes(session: &Session, output: &Output) -> Result<Vec<String>, CliError> {
    let global = home::regions(&session.reader, &session.scope).await?;
    if !global.is_empty() {
        // Something of it is here as well, and just not yet, or no more, to be seen.
        let here = global.contains(&session.scope.region);
        return Ok(if here { vec![] } else { global.into_iter().collect() });
    }
    let recorded = home::recorded(&session.reader, &session.scope, &stack::REGIONS).await;
    if !recorded.is_empty() {
        let here = recorded.contains(&session.scope.region);
        return Ok(if here { vec![] } else { recorded.into_iter().collect() });
    }
    let others = stack::REGIONS.iter().filter(|r| **r != session.scope.region);
    let looks = others.map(|region| async move {
        let there = session.in_region(region, output);
        (*region, home::lives_in(&there.reader, &there.scope).await)
    });
    let mut looks = stream::iter(looks).buffer_unordered(REGIONS_AT_ONCE);
    let mut found = Vec::new();
    while let Some((region, lives)) = looks.next().await {
        match lives {
            Ok(true) => found.push(region.to_string()),
            Ok(false) => {}
            Err(error) if home::is_disabled(&error) => {}
            Err(error) => output.note(&format!("{region} could not be looked through: {error}")),
        }
    }
    found.sort();
    Ok(found)
}

fn lives_in(scope: &Scope, home: &str) -> CliError {
    let Scope { stack, env, region, .. } = scope;
    CliError::new(
        format!("stack `{stack}`, env `{env}` lives in {home}, and not in {region}"),
        format!("run `shopstack down --stack {stack} --env {env} --region {home}`"),
    )
}

/// The stack and region to delete: by `--stack`, or by stack.yaml.
fn place(global: &Global, args: &Down, output: &Output) -> Result<Place, CliError> {
    match &args.stack {
        Some(name) if !stack::is_stack_name(name) => Err(CliError::new(
            format!("`{name}` is not the name of a stack"),
            "such as --stack shop",
        )),
        Some(name) => Ok(place_of(global, name, output)),
        None => {
            let project = Project::load(global).map_err(|e| match global.file.exists() {
                true => e,
                false => CliError {
                    hint: "run it in the project's folder, or name the stack with --stack".into(),
                    ..e
                },
            })?;
            Ok(project.place())
        }
    }
}

/// The place that stack.yaml says, if it is this stack's; a file that says nothing of it must not
/// be in the way.
fn place_of(global: &Global, name: &str, output: &Output) -> Place {
    let unknown = Place { stack: name.to_string(), ..Place::default() };
    if !global.file.exists() {
        return unknown;
    }
    match Project::load(global) {
        Ok(project) if project.stack.name == name => project.place(),
        Ok(_) => unknown,
        Err(_) => {
            output.note(&format!(
                "{} is not valid and is not looked at: --stack says the name.",
                global.file.display()
            ));
            unknown
        }
    }
}

/// Connects to the region that was named; where none was, to the one that the environment itself
/// names.
async fn open(global: &Global, place: Place, output: &Output) -> Result<Session, CliError> {
    let session = Session::open(global, &place, output).await?;
    if place.region.is_some() || global.region.is_some() {
        return Ok(session);
    }
    let homes = homes(&session, output).await?;
    if homes.is_empty() || homes.contains(&session.scope.region) {
        return Ok(session);
    }
    let mut homes = homes.into_iter();
    let Scope { stack, env, .. } = &session.scope;
    match (homes.next(), homes.next()) {
        (Some(only), None) => {
            output.note(&format!("Stack `{stack}`, env `{env}` lives in {only}."));
            Session::open(global, &Place { region: Some(only), ..place }, output).await
        }
        (first, second) => {
            let all: Vec<_> = first.into_iter().chain(second).chain(homes).collect();
            Err(CliError::new(
                format!(
                    "stack `{stack}`, env `{env}` has things of several regions: {}",
                    all.join(", ")
                ),
                "name one with --region, and run `down` once for each",
            ))
        }
    }
}

/// Asks for the stack's name where data would be lost, for a yes otherwise.
async fn consent(
    session: &Session,
    found: &Found,
    args: &Down,
    output: &Output,
) -> Result<(), CliError> {
    let name = &session.scope.stack;
    if found.plan.is_empty() {
        return Ok(());
    }
    let loses = if found.is_disposable() { vec![] } else { found.losses() };
    if args.yes {
        if loses.is_empty() || args.destroy_data {
            return Ok(());
        }
        return Err(CliError::new(
            format!("these tables hold data that cannot be restored: {}", loses.join(", ")),
            "pass --destroy-data to delete them with their data",
        ));
    }
    if !output.interactive || output.json {
        let hint =
            if loses.is_empty() { "" } else { "its tables hold data: pass --yes --destroy-data" };
        return Err(CliError::new(apply::NO_TERMINAL, hint));
    }
    let cancel = &session.reader.caller.cancel;
    if loses.is_empty() {
        let answer = output
            .ask(
                &format!(
                    "Delete {name}/{} in {}, account {}? [y/N] ",
                    session.scope.env, session.scope.region, session.scope.account
                ),
                cancel,
            )
            .await
            .ok_or_else(apply::unasked)?;
        if matches!(answer.as_str(), "y" | "Y" | "yes") {
            return Ok(());
        }
    } else {
        let prompt =
            format!("Type the stack's name ({name}) to delete the environment with its data: ");
        if output.ask(&prompt, cancel).await.ok_or_else(apply::unasked)? == *name {
            return Ok(());
        }
    }
    Err(CliError::new("not confirmed: nothing was deleted", ""))
}

/// The way out where all that is left is of unknown services.
const UNKNOWN: &str = "they carry the environment's tags, and this version makes nothing of the \
    kind: run the `shopstack down` of the version that made them, or delete them by hand";

fn finish(
    session: &Session,
    ended: Ended,
    start: Instant,
    output: &Output,
) -> Result<u8, CliError> {
    let Ended { deleted, mut remaining, unknown, error } = ended;
    let unknown_alone = remaining.is_empty();
    remaining.extend(unknown);
    let elapsed_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    output.calls(&session.sdk.counter);
    let result = match (&error, remaining.is_empty()) {
        (None, true) => "ok",
        (Some(e), _) if e.code == code::INTERRUPTED => "interrupted",
        _ => "failed",
    };
    let scope = &session.scope;
    let heading = format!("{}/{} in {}", scope.stack, scope.env, scope.region);
    let mut facts = vec![("result", result.to_string()), ("deleted", deleted.to_string())];
    facts.extend(remaining.iter().map(|left| ("left", left.clone())));
    runner::add_summary(&render::step::markdown(&heading, &facts, None), output);
    let known = json!({
        "stack": scope.stack, "env": scope.env, "region": scope.region, "account": scope.account,
        "result": result, "deleted": deleted, "remaining": remaining,
    });
    let known = known.as_object().into_iter().flatten();
    runner::set_outputs(known.map(|(name, value)| (name.as_str(), value)), output);
    if output.json {
        let line = apply::summary_line(result, deleted, session, elapsed_ms, json!({}), &remaining);
        output.summary(&apply::explained(line, error.as_ref()));
    } else if error.is_none() && remaining.is_empty() {
        let took = render::progress::seconds(elapsed_ms);
        output.result(&match deleted {
            0 => format!(
                "Nothing of stack `{}`, env `{}` was found in {}; --region looks elsewhere.",
                scope.stack, scope.env, scope.region
            ),
            _ => format!("{deleted} deleted in {took}; nothing of it is left in {}.", scope.region),
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
        None if unknown_alone => CliError::coded(code::LEFT, left, UNKNOWN),
        None => CliError::coded(code::LEFT, left, "run `shopstack down` again in some minutes"),
    })
}
