//! `sweep`: deletes the environments whose time is up, several at once, and what `down --no-wait`
//! left behind; with --shared, what all of them shared.

mod shared;

use super::args::{Global, Sweep};
use super::error::{CliError, code};
use super::output::Output;
use super::receipt::Receipt;
use super::session::{Project, Session};
use super::takedown::{self, Ended, Found, Manner, Refused};
use super::{apply, runner, signals, time};
use crate::aws::census::{self, Environment};
use crate::model::text::short_line;
use crate::model::{CloudError, Event, event::Sink};
use crate::planning;
use crate::render;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Environments at a time: their waits are what takes long, and AWS's rate quotas bind before this.
const AT_ONCE: usize = 8;
/// Long enough to take over from a run that died.
const LOCK_TIMEOUT: Duration = Duration::from_secs(60);

/// An environment that may be deleted.
struct Candidate {
    environment: Environment,
    /// The receipt of an earlier `down --no-wait`.
    receipt: Option<Receipt>,
}

impl Candidate {
    fn name(&self) -> String {
        format!("{}/{}", self.environment.stack, self.environment.env)
    }

    /// Why it may go.
    fn reason(&self) -> String {
        match (&self.receipt, &self.environment.expires_at) {
            (Some(receipt), _) => {
                format!("left by `down --no-wait` at {}", short_line(&receipt.when))
            }
            (None, Some(at)) => format!("expired at {at}"),
            (None, None) => String::new(),
        }
    }
}

/// How it went with one of them.
enum Fate {
    Deleted(usize),
    /// It is to stay after all, and why.
    Kept(String),
    Failed(CliError),
}

impl Fate {
    /// The status in one word, and the details.
    fn describe(&self) -> (&'static str, String) {
        match self {
            Self::Deleted(count) => ("deleted", format!("{count} resources")),
            Self::Kept(why) => ("kept", why.clone()),
            Self::Failed(error) => ("failed", error.message.clone()),
        }
    }

    fn words(&self) -> String {
        let (status, message) = self.describe();
        format!("{status}: {message}")
    }
}

pub async fn command(global: &Global, args: &Sweep, output: &Output) -> Result<u8, CliError> {
    let start = Instant::now();
    let project = if global.file.exists() { Some(Project::load(global)?) } else { None };
    let place = project.as_ref().map(Project::place).unwrap_or_default();
    let session = Session::open(global, &place, output).await?;
    signals::stop_on_signals(&session, output);
    let candidates = candidates(&session, output).await?;
    for candidate in &candidates {
        tell_candidate(candidate, output);
    }
    if candidates.is_empty() && !output.json {
        output.result(&format!("Nothing has expired in {}.", session.scope.region));
    }
    if args.dry_run {
        if args.shared {
            shared::list_pieces(&session, output).await?;
        }
        let facts: Vec<_> = candidates.iter().map(|one| (one.name(), one.reason())).collect();
        let facts: Vec<_> = facts.iter().map(|(name, why)| (name.as_str(), why.clone())).collect();
        let heading = format!("Sweep of {}, a dry run", session.scope.region);
        runner::add_summary(&render::step::markdown(&heading, &facts, None), output);
        if output.json {
            output.summary(&summary(&session, "ok", &[], start));
        }
        return Ok(code::OK);
    }
    if !candidates.is_empty() || args.shared {
        consent(&session, args, candidates.len(), output).await?;
    }
    let sweeps = candidates.iter().map(|candidate| async {
        let begun = Instant::now();
        let fate = Box::pin(sweep_one(&session, candidate, output)).await;
        tell_fate(candidate, &fate, begun, output);
        (candidate.name(), fate)
    });
    let fates: Vec<_> = stream::iter(sweeps).buffer_unordered(AT_ONCE).collect().await;
    let removed = match args.shared {
        true => shared::remove_pieces(&session, output).await,
        false => Ok(()),
    };
    // The environments' fates are reported first, whatever stopped the removal.
    let code = finish(&session, &fates, start, output)?;
    removed.map(|()| code)
}

/// Every environment whose expiry has passed as far as the tag index knows, or of which
/// `down --no-wait` left something.
async fn candidates(session: &Session, output: &Output) -> Result<Vec<Candidate>, CliError> {
    let ledger = session.ledger(output);
    let found = census::environments(&session.reader).await?;
    let looks = found.into_iter().map(|environment| {
        let ledger = ledger.beside(&environment.stack, &environment.env);
        async move {
            let row = ledger.document(Receipt::SK).await?;
            let receipt = row.and_then(|row| serde_json::from_str(&row).ok());
            Ok::<_, CloudError>(Candidate { environment, receipt })
        }
    });
    let all: Vec<Candidate> = stream::iter(looks).buffered(AT_ONCE).try_collect().await?;
    let due = |one: &Candidate| {
        one.receipt.is_some() || one.environment.expires_at.as_deref().is_some_and(time::is_past)
    };
    Ok(all.into_iter().filter(due).collect())
}

/// The question to confirm.
fn asked(environments: usize, shared: bool) -> String {
    let noun = match environments {
        0 => return "Remove what the environments shared and nothing uses any more".into(),
        1 => "this environment",
        _ => "these environments",
    };
    let rest = if shared { ", and then what all shared if none is left," } else { "" };
    format!("Delete {noun}{rest}")
}

async fn consent(
    session: &Session,
    args: &Sweep,
    count: usize,
    output: &Output,
) -> Result<(), CliError> {
    if args.yes {
        return Ok(());
    }
    if !output.interactive || output.json {
        return Err(CliError::new(apply::NO_TERMINAL, "or pass --dry-run to see what would go"));
    }
    let cancel = &session.reader.caller.cancel;
    let question =
        format!("{} in account {}? [y/N] ", asked(count, args.shared), session.scope.account);
    let answer = output.ask(&question, cancel).await.ok_or_else(apply::unasked)?;
    if matches!(answer.as_str(), "y" | "Y" | "yes") {
        return Ok(());
    }
    Err(CliError::new("not confirmed: nothing was deleted", ""))
}

/// Looks at the environment again under its lock, and deletes it if its time is still up.
async fn sweep_one(session: &Session, candidate: &Candidate, output: &Output) -> Fate {
    let Environment { stack, env, .. } = &candidate.environment;
    let session = session.beside(stack, env);
    let sink = sink(&session, candidate, output);
    let manner = Manner { command: "sweep", lock_timeout: LOCK_TIMEOUT, patient: true };
    let agree = |found: Found| async move {
        match stays(&found, candidate.receipt.as_ref()) {
            Some(why) => Err(Refused::Kept(CliError::coded(code::OK, why, ""))),
            None => Ok(found.plan),
        }
    };
    match takedown::take_down(&session, &manner, &sink, output, agree).await {
        Ok(Ended { error: Some(error), .. }) => Fate::Failed(error),
        Ok(Ended { deleted, remaining, unknown, .. })
            if remaining.is_empty() && unknown.is_empty() =>
        {
            Fate::Deleted(deleted)
        }
        Ok(Ended { mut remaining, unknown, .. }) => {
            remaining.extend(unknown);
            let left = format!("still there: {}", remaining.join(", "));
            Fate::Failed(CliError::coded(code::LEFT, left, "run `shopstack sweep` again later"))
        }
        Err(kept) if kept.code == code::OK => Fate::Kept(kept.message),
        Err(error) => Fate::Failed(error),
    }
}

/// Why an environment is not deleted, by what its own resources say.
fn stays(found: &Found, receipt: Option<&Receipt>) -> Option<String> {
    if found.plan.is_empty() || receipt.is_some_and(|receipt| receipt.covers(&found.plan)) {
        return None;
    }
    match &found.expires_at {
        None => return Some("not all that is there has an expiry".into()),
        Some(at) if !time::is_past(at) => return Some(format!("it was renewed until {at}")),
        Some(_) => {}
    }
    let protected = planning::protected(&found.plan);
    (!protected.is_empty()).then(|| format!("it is protected: {}", protected.join(", ")))
}

/// Tells the steps with `--json`, each with the environment's name; people hear of each environment
/// as a whole, and with `-v` of every step.
fn sink(session: &Session, candidate: &Candidate, output: &Output) -> Sink {
    let (output, name) = (output.clone(), candidate.name());
    let Environment { stack, env, .. } = candidate.environment.clone();
    let counter = session.sdk.counter.clone();
    Arc::new(move |event: Event| match (&event, output.json) {
        (Event::Note(text), _) => output.note(&format!("{name}: {text}")),
        (_, true) => {
            let line = render::json::event(&event, || json!(counter.snapshot()));
            if let Some(Value::Object(mut line)) = line {
                line.insert("stack".into(), json!(stack));
                line.insert("env".into(), json!(env));
                output.json_line(&Value::Object(line));
            }
        }
        (Event::Resource { address, status, message, .. }, false) if output.verbose > 0 => {
            output.note(&format!("{name}: {address} {status:?} {message}").to_lowercase());
        }
        _ => {}
    })
}

fn tell_candidate(candidate: &Candidate, output: &Output) {
    let Environment { stack, env, expires_at, resources, .. } = &candidate.environment;
    if output.json {
        output.json_line(&json!({
            "event": "environment", "stack": stack, "env": env, "status": "expired",
            "expires_at": expires_at, "resources": resources, "elapsed_ms": 0, "message": "",
        }));
        return;
    }
    let why = candidate.reason();
    output.result(&format!("{}  {why}  {resources} resources", candidate.name()));
}

fn tell_fate(candidate: &Candidate, fate: &Fate, begun: Instant, output: &Output) {
    let elapsed_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (status, message) = fate.describe();
    if output.json {
        let Environment { stack, env, .. } = &candidate.environment;
        output.json_line(&json!({
            "event": "environment", "stack": stack, "env": env, "status": status,
            "elapsed_ms": elapsed_ms, "message": message,
        }));
    } else {
        let took = render::progress::seconds(elapsed_ms);
        output.result(&format!("{}  {status} after {took}: {message}", candidate.name()));
    }
}

fn summary(session: &Session, result: &str, fates: &[(String, Fate)], start: Instant) -> Value {
    let elapsed_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    let deleted = fates.iter().map(|(_, fate)| match fate {
        Fate::Deleted(count) => *count,
        _ => 0,
    });
    let remaining: Vec<String> = fates
        .iter()
        .filter_map(|(name, fate)| match fate {
            Fate::Failed(error) => Some(format!("{name}: {}", error.message)),
            _ => None,
        })
        .collect();
    apply::summary_line(result, deleted.sum(), session, elapsed_ms, json!({}), &remaining)
}

/// Sets the outputs for later steps of a CI job: the names of the environments by their fate.
fn tell_runner(session: &Session, fates: &[(String, Fate)], result: &str, output: &Output) {
    let of = |word: &str| -> Vec<&str> {
        let alike = fates.iter().filter(|(_, fate)| fate.describe().0 == word);
        alike.map(|(name, _)| name.as_str()).collect()
    };
    let known = json!({
        "region": session.scope.region, "account": session.scope.account, "result": result,
        "deleted": of("deleted"), "kept": of("kept"), "failed": of("failed"),
    });
    let known = known.as_object().into_iter().flatten();
    runner::set_outputs(known.map(|(name, value)| (name.as_str(), value)), output);
}

fn finish(
    session: &Session,
    fates: &[(String, Fate)],
    start: Instant,
    output: &Output,
) -> Result<u8, CliError> {
    output.calls(&session.sdk.counter);
    let failed: Vec<(&String, &CliError)> = fates
        .iter()
        .filter_map(|(name, fate)| match fate {
            Fate::Failed(error) => Some((name, error)),
            _ => None,
        })
        .collect();
    let error = (!failed.is_empty()).then(|| {
        let interrupted = failed.iter().any(|(_, error)| error.code == code::INTERRUPTED);
        let code = if interrupted { code::INTERRUPTED } else { code::LEFT };
        let lines: Vec<_> =
            failed.iter().map(|(name, error)| format!("{name}: {}", error.message)).collect();
        let mut hints: Vec<&str> = failed.iter().map(|(_, error)| error.hint.as_str()).collect();
        hints.retain(|hint| !hint.is_empty());
        hints.dedup();
        CliError::coded(code, lines.join("\n"), hints.join("\n"))
    });
    let facts: Vec<_> = fates.iter().map(|(name, fate)| (name.as_str(), fate.words())).collect();
    let heading = format!("Sweep of {}", session.scope.region);
    runner::add_summary(&render::step::markdown(&heading, &facts, None), output);
    tell_runner(session, fates, apply::result_word(error.as_ref()), output);
    if output.json {
        let line = summary(session, apply::result_word(error.as_ref()), fates, start);
        output.summary(&apply::explained(line, error.as_ref()));
    }
    error.map_or(Ok(code::OK), Err)
}
