//! The lock around `up` and `down`, and the record that a successful `up` leaves.

use super::apply;
use super::error::CliError;
use super::output::Output;
use super::receipt::Receipt;
use super::session::{Project, Session};
use crate::aws::call::Cancel;
use crate::aws::ledger::{Ledger, RECORD};
use crate::aws::lock::{self, Holder, Lock, Try};
use crate::engine::Outcome;
use crate::model::{CloudError, Floor, Money, Plan};
use crate::plan::{Record, secret};
use serde_json::Value;
use std::future::Future;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// A held lock and what was found out while holding it.
pub struct Guard {
    ledger: Ledger,
    lock: Lock,
    cancel: Cancel,
    backups: Option<Backups>,
}

/// Turns on the backups of a shared table that this run made, while the run goes on.
type Backups = tokio::task::JoinHandle<Result<(), CloudError>>;

/// AWS takes up to a minute until it lets backups be turned on; a run that is over waits no longer
/// than this.
const BACKUPS: Duration = Duration::from_secs(20);

/// After a signal the lock is given back within this time: with `GRACE` before it that is less than
/// the 7.5 seconds after which CI runners send the next signal.
const RELEASE: Duration = Duration::from_secs(2);

/// Takes the lock, then makes the plan under it. The shared table is made on first use, while AWS
/// is being read.
///
/// `first` runs where there is no shared table, before it is made: nothing of shopstack is in this
/// account and region yet. `make` may run twice: what was read before a wait for somebody else's
/// run is out of date.
pub async fn locked<T, F>(
    session: &Session,
    command: &str,
    patience: Duration,
    output: &Output,
    first: impl Future<Output = Result<(), CliError>>,
    make: impl Fn() -> F,
) -> Result<(Guard, T), CliError>
where
    F: Future<Output = Result<T, CliError>>,
{
    let ledger = session.ledger(output);
    let me = myself(session, command);
    let cancel = &session.reader.caller.cancel;
    let told = output.clone();
    let say = move |text: &str| told.note(text);
    let backups = Mutex::new(None);
    let taken = async {
        Ok::<_, CliError>(match lock::try_lock(&ledger, &me, cancel).await? {
            Try::Held(lock) => (lock, None),
            Try::Busy(_) => (lock::wait_lock(&ledger, &me, cancel, patience, &say).await?, None),
            Try::NoTable => {
                unless_stopped(cancel, first).await?;
                let first = async {
                    if ledger.ensure().await? {
                        let ledger = ledger.clone();
                        let task = tokio::spawn(async move { ledger.back_up().await });
                        *backups.lock().unwrap_or_else(PoisonError::into_inner) = Some(task);
                    }
                    lock::try_lock(&ledger, &me, cancel).await
                };
                let (first, made) = tokio::join!(first, Box::pin(unless_stopped(cancel, make())));
                match first? {
                    Try::Held(lock) => (lock, Some(made)),
                    _ => (lock::wait_lock(&ledger, &me, cancel, patience, &say).await?, None),
                }
            }
        })
    };
    // On the heap: a plan is made in there, and the stack of a debug build does not hold it twice.
    let (lock, made) = apply::within_grace(cancel, Box::pin(taken)).await??;
    let backups = backups.into_inner().unwrap_or_else(PoisonError::into_inner);
    let guard = Guard { ledger, lock, cancel: cancel.clone(), backups };
    let made = match made {
        Some(made) => made,
        None => Box::pin(unless_stopped(cancel, make())).await,
    };
    match made {
        Ok(made) => Ok((guard, made)),
        Err(error) => {
            guard.release(output).await;
            Err(error)
        }
    }
}

/// Reads and builds are dropped at once when the run is stopped: nothing of them needs an end.
async fn unless_stopped<T>(
    cancel: &Cancel,
    made: impl Future<Output = Result<T, CliError>>,
) -> Result<T, CliError> {
    tokio::select! {
        made = made => match cancel.reason() {
            // Cargo gets a terminal's Ctrl-C as well, and its failure is none of the stack's.
            Some(reason) if made.is_err() => Err(reason.into()),
            _ => made,
        },
        reason = cancel.stopped() => Err(reason.into()),
    }
}

/// The table works without backups: a failure is told and no more.
async fn tell_backups(mut task: Backups, longest: Duration, output: &Output) {
    let failed = match tokio::time::timeout(longest, &mut task).await {
        Ok(Ok(Ok(()))) => return,
        Ok(Ok(Err(error))) => error.to_string(),
        Ok(Err(_)) | Err(_) => "AWS was not ready in time".to_string(),
    };
    task.abort();
    output.note(&format!(
        "The table `shopstack` has no backups ({failed}). To turn them on: aws dynamodb \
         update-continuous-backups --table-name shopstack --point-in-time-recovery-specification \
         PointInTimeRecoveryEnabled=true"
    ));
}

fn myself(session: &Session, command: &str) -> Holder {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let host =
        host.or_else(|| std::env::var("HOSTNAME").ok()).unwrap_or_else(|| "a machine".into());
    Holder {
        who: session.identity.arn.clone(),
        place: format!("{}, process {}", host.trim(), std::process::id()),
        since: super::time::rfc3339(SystemTime::now()),
        command: command.to_string(),
    }
}

impl Guard {
    /// Gives the lock back. A failure is only told: the lease runs out by itself.
    pub async fn release(self, output: &Output) {
        let stopped = self.cancel.reason().is_some();
        if let Some(task) = self.backups {
            let longest = if stopped { Duration::ZERO } else { BACKUPS };
            tell_backups(task, longest, output).await;
        }
        let longest = if stopped { RELEASE } else { Duration::MAX };
        let failed = match tokio::time::timeout(longest, self.lock.release()).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer in time".to_string(),
        };
        output
            .note(&format!("The lock could not be released ({failed}); it runs out within 40 s."));
    }

    /// Keeps what was applied; a failure is told and changes nothing, for the record decides
    /// nothing.
    ///
    /// A run without changes keeps a record only where the last one is missing or out of date, as
    /// after a run that died between its last write and its record.
    pub async fn record(
        &self,
        session: &Session,
        project: &Project,
        plan: &Plan,
        outcome: &Outcome,
        output: &Output,
    ) {
        let specs = specs(plan, outcome);
        if plan.is_empty()
            && matches!(session.last_applied().await, Ok(Some(last)) if last.is_of(&specs))
        {
            return;
        }
        let record = Record {
            who: session.identity.arn.clone(),
            when: super::time::rfc3339(SystemTime::now()),
            commit: commit(&project.root),
            plan_hash: plan_hash(plan),
            specs,
            salt: String::new(),
        };
        let record = record.sealed();
        let text = serde_json::to_string(&record).unwrap_or_default();
        let run = serde_json::json!({
            "who": record.who, "when": record.when, "commit": record.commit,
                "plan_hash": record.plan_hash,
            "changed": outcome.done_count(),
            "monthly_floor": plan.floors.iter().map(Floor::after).sum::<Money>().dollars(),
        });
        // Neither needs the other: a record that cannot be kept is no reason to leave the run out
        // of the history.
        if let Err(error) =
            self.ledger.put_document(&format!("run#{}", record.when), &run.to_string()).await
        {
            output.note(&format!("This run could not be kept for `history` ({error})."));
        }
        if let Err(error) = self.ledger.put_document(RECORD, &text).await {
            output.note(&format!(
                "The record of this run could not be kept ({error}); diff will call drift a change."
            ));
        }
    }

    /// Keeps what `down --no-wait` left behind, for `sweep`.
    pub async fn leave_receipt(&self, receipt: &Receipt, output: &Output) {
        let text = serde_json::to_string(receipt).unwrap_or_default();
        if let Err(error) = self.ledger.put_document(Receipt::SK, &text).await {
            output.note(&format!(
                "What is left could not be kept for `sweep` ({error}); run `down` again instead."
            ));
        }
    }

    /// Forgets what an earlier `down --no-wait` left behind: it is wanted again, and `sweep` must
    /// not delete it.
    ///
    /// Errors: the row cannot be read or removed; nothing may be changed then.
    pub async fn drop_receipt(&self) -> Result<(), CliError> {
        if self.ledger.document(Receipt::SK).await?.is_some() {
            self.ledger.remove(Receipt::SK).await?;
        }
        Ok(())
    }

    /// Removes every row of the environment, the lock's last: whoever waits for it finds nothing
    /// that goes under him.
    pub async fn forget(self, output: &Output) {
        if let Some(task) = self.backups {
            tell_backups(task, BACKUPS, output).await;
        }
        let gone = async {
            self.ledger.forget(&[lock::SK]).await?;
            self.lock.remove().await
        };
        if let Err(error) = gone.await {
            output.note(&format!("The records of this environment could not be removed: {error}"));
        }
    }
}

fn specs(
    plan: &Plan,
    outcome: &Outcome,
) -> std::collections::BTreeMap<crate::model::Address, Value> {
    let mut specs: std::collections::BTreeMap<_, _> =
        plan.unchanged.iter().map(|l| (l.address.clone(), l.spec.clone())).collect();
    specs.extend(
        outcome
            .specs
            .iter()
            .filter(|(_, spec)| !spec.is_null())
            .map(|(a, s)| (a.clone(), s.clone())),
    );
    specs
}

/// SHA-256 of the plan's steps, without the secrets in them: the hash is kept where others read it.
pub fn plan_hash(plan: &Plan) -> String {
    use sha2::{Digest, Sha256};
    let mut steps = plan.steps.clone();
    for step in &mut steps {
        let marks = secret::Marks::of_step(step);
        step.fields = crate::render::mask::fields(step);
        step.wanted = secret::hidden(&step.wanted, &marks);
        if let Some(live) = &mut step.live {
            live.spec = secret::hidden(&live.spec, &marks);
        }
    }
    let text = serde_json::to_vec(&steps).unwrap_or_default();
    Sha256::digest(&text).iter().map(|b| format!("{b:02x}")).collect()
}

/// The commit that the stack's folder is at, with `-dirty` behind it where files are not as
/// committed; empty without git.
pub(super) fn commit(root: &Path) -> String {
    let git = |arguments: &[&str]| {
        let answer =
            std::process::Command::new("git").arg("-C").arg(root).args(arguments).output().ok()?;
        answer.status.success().then(|| String::from_utf8_lossy(&answer.stdout).trim().to_string())
    };
    let Some(head) = git(&["rev-parse", "HEAD"]) else {
        return String::new();
    };
    let clean = git(&["status", "--porcelain", "--untracked-files=no", "--", "."])
        .is_none_or(|text| text.is_empty());
    if clean { head } else { head + "-dirty" }
}
