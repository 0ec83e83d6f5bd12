//! Taking one environment away, under its lock: for `down`, and for `sweep`, which does so with
//! several.

use super::error::{CliError, code};
use super::output::Output;
use super::receipt::Receipt;
use super::session::Session;
use super::{apply, guard};
use crate::aws::Writer;
use crate::aws::index::TagIndex;
use crate::engine;
use crate::model::text::short_line;
use crate::model::{Event, Live, Owner, Plan, event::Sink};
use crate::planning;
use crate::resources::{Finder, TYPES, expiry};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::time::Duration;

/// An environment's resources, and the plan that deletes them.
pub struct Found {
    pub plan: Plan,
    /// RFC 3339; the expiry that all that is left agrees on.
    pub expires_at: Option<String>,
}

impl Found {
    /// Tables and buckets whose data would be lost.
    pub fn losses(&self) -> Vec<String> {
        let losing = self.plan.steps.iter().filter(|step| step.loses.is_some());
        losing.map(|step| step.name.clone()).collect()
    }

    /// True if data may be lost without consent: the environment has an expiry, and nothing in it
    /// is protected.
    pub fn is_disposable(&self) -> bool {
        self.expires_at.is_some() && planning::protected(&self.plan).is_empty()
    }
}

/// Why nothing was deleted.
pub enum Refused {
    /// The environment stays as it is.
    Kept(CliError),
    /// There is no such environment here, and nothing to remember of it.
    NotHere(CliError),
}

/// How it ended.
#[derive(Default)]
pub struct Ended {
    /// Resources deleted.
    pub deleted: usize,
    /// The resources that remain, as `address (name)`.
    pub remaining: Vec<String>,
    /// ARNs with the environment's tags, of services that this version makes nothing in.
    pub unknown: Vec<String>,
    pub error: Option<CliError>,
}

/// How an environment is taken away.
pub struct Manner<'a> {
    /// `down` or `sweep`, for those who wait for the lock.
    pub command: &'a str,
    pub lock_timeout: Duration,
    /// Wait for CloudFront; else what needs it stays, marked for `sweep`.
    pub patient: bool,
}

/// Deletes everything of the environment, if `agree` has nothing against it: it sees what was found
/// under the lock.
///
/// Errors: the lock, the reads before the deletes, those of `agree`, or the look afterwards.
pub async fn take_down<F>(
    session: &Session,
    manner: &Manner<'_>,
    sink: &Sink,
    output: &Output,
    agree: impl FnOnce(Found) -> F,
) -> Result<Ended, CliError>
where
    F: Future<Output = Result<Plan, Refused>>,
{
    let look = || find(session);
    let (command, patience, first) = (manner.command, manner.lock_timeout, async { Ok(()) });
    let locked = guard::locked(session, command, patience, output, first, look);
    let (guard, found) = locked.await?;
    let plan = match agree(found).await {
        Ok(plan) => plan,
        Err(Refused::NotHere(error)) => {
            guard.forget(output).await;
            return Err(error);
        }
        Err(Refused::Kept(error)) => {
            guard.release(output).await;
            return Err(error);
        }
    };

    let mut writer = apply::writer(session);
    writer.patient = manner.patient;
    let outcome = apply::run(session, writer.clone(), &plan, BTreeMap::new(), sink).await;
    let error = apply::failure(&outcome);
    let left = match &error {
        Some(e) if e.code == code::INTERRUPTED => Ok((plan_left(&plan, &outcome), vec![])),
        _ => look_again(session, &writer, &plan).await,
    };
    let (left, unknown) = match left {
        Ok(found) => found,
        Err(unseen) => {
            guard.release(output).await;
            return Err(error.unwrap_or(unseen));
        }
    };
    let remaining: Vec<String> =
        left.iter().map(|l| format!("{} ({})", l.address, l.name)).collect();
    if error.is_none() && left.is_empty() && unknown.is_empty() {
        guard.forget(output).await;
    } else {
        if error.is_none() && !manner.patient {
            guard.leave_receipt(&Receipt::of_rest(session, &remaining), output).await;
        }
        guard.release(output).await;
    }
    Ok(Ended { deleted: outcome.done_count(), remaining, unknown, error })
}

/// Finds the environment's resources, by name and ownership alone.
async fn find(session: &Session) -> Result<Found, CliError> {
    let live = all_live(session).await?;
    let plan = planning::plan_deletion(&session.scope, &live)?;
    Ok(Found { plan, expires_at: expiry::of_what_is_left(&live) })
}

async fn all_live(session: &Session) -> Result<Vec<Live>, CliError> {
    let finder = Finder(session.reader.afresh());
    Ok(engine::read(&finder, &session.scope, &[], true).await?)
}

/// Finds the remaining resources and the ARNs of unknown services, after deleting log groups that
/// Lambda has created again.
async fn look_again(
    session: &Session,
    writer: &Writer,
    plan: &Plan,
) -> Result<(Vec<Live>, Vec<String>), CliError> {
    for resource_type in TYPES {
        resource_type.sweep(writer, &plan.steps).await?;
    }
    let finder = Finder(session.reader.afresh());
    let live = engine::read(&finder, &session.scope, &[], true).await?;
    let unknown = unknown_arns(finder.0.index(&session.scope).await?);
    let ours = live.into_iter().filter(|l| l.owner == Owner::Ours && !l.not_emulated);
    Ok((ours.collect(), unknown))
}

/// ARNs of services in which this version creates nothing: a newer version created them, or
/// somebody tagged them as the environment's. Each type looks for resources of its own service
/// itself.
fn unknown_arns(index: &TagIndex) -> Vec<String> {
    let calls = TYPES.iter().flat_map(|resource_type| resource_type.info().calls.iter());
    let known: BTreeSet<&str> = calls.filter_map(|call| call.operation.split(':').next()).collect();
    let service = |arn: &str| arn.split(':').nth(2).unwrap_or_default().to_string();
    let arns = index.iter().map(|(arn, _)| arn);
    arns.filter(|arn| !known.contains(service(arn).as_str())).map(short_line).collect()
}

fn plan_left(plan: &Plan, outcome: &engine::Outcome) -> Vec<Live> {
    let done: BTreeSet<_> = outcome.done.iter().map(|(a, _)| a).collect();
    plan.steps
        .iter()
        .filter(|s| !done.contains(&s.address))
        .filter_map(|s| s.live.clone())
        .collect()
}

/// Sends the plan to the event sink.
pub fn tell_plan(plan: &Plan, sink: &Sink) {
    sink(Event::Plan(Box::new(plan.clone())));
}
