//! `policy-report --prove`: an environment of its own on the local twin, in which grants are taken
//! away one by one and forbidden calls are tried. It is taken down again, whatever happens.

mod bench;
mod forbidden;
mod tables;
mod trials;

use crate::cli::builds::Builds;
use crate::cli::error::{CliError, code};
use crate::cli::output::Output;
use crate::cli::session::{Project, Session};
use crate::cli::takedown::{self, Manner};
use crate::cli::time::rfc3339;
use crate::cli::{apply, builds, guard, signals, up};
use crate::local;
use crate::model::{Address, event::Sink};
use crate::planning::{self, Expiry};
use crate::report::{self, Proof};
use crate::resources::outputs_document;
use bench::Bench;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// How long an environment whose run was killed stays, until `sweep` takes it away.
const LIFE: Duration = Duration::from_secs(3600);
/// How long a run waits for a lock: nobody else knows the environment's name.
const PATIENCE: Duration = Duration::from_secs(60);

/// Groups of addresses whose policies grant something.
const CARRIERS: [&str; 3] = ["role", "permission", "bucket_policy"];

const NOT_PROVED: [&str; 4] = [
    "what AWS itself answers: the twin's IAM is another implementation of the same rules",
    "grants that AWS's services use on their own, such as Lambda's to write a function's log",
    "the web application firewall and TLS, which the twin does not evaluate",
    "service control policies, boundaries and session policies of a real account",
];

/// Refuses any endpoint but the local twin.
pub(super) fn check(session: &Session) -> Result<(), CliError> {
    apply::writer_of_proof(session).map(|_| ())
}

/// Deploys, tries, and takes down.
///
/// Errors: the endpoint is not the twin, the stack does not work as it is, or it cannot be deployed
/// or taken down.
pub(super) async fn prove(
    session: &Session,
    project: &Project,
    output: &Output,
) -> Result<Proof, CliError> {
    let scope = &session.scope;
    let env = environment_name();
    let of_proof = session.beside(&scope.stack, &env);
    signals::stop_on_signals(&of_proof, output);
    output.note(&format!("The proof runs in an environment of its own, `{env}`, on the twin."));
    let proved = deploy_and_try(&of_proof, project, output).await;

    output.note(&format!("Taking `{env}` down."));
    // With a stop of its own: an interrupted run is tidied up as well.
    let removed = remove(session, &env, output).await;
    match (proved, removed) {
        (Ok(proof), Ok(())) => Ok(proof),
        (Err(error), Ok(())) | (Ok(_), Err(error)) => Err(error),
        (Err(error), Err(left)) => {
            output.note(&left.message);
            Err(error)
        }
    }
}

/// Takes the proof's environment down.
///
/// Errors: what is left, and how to remove it.
async fn remove(session: &Session, env: &str, output: &Output) -> Result<(), CliError> {
    let rest = session.beside(&session.scope.stack, env);
    let manner = Manner { command: "policy-report --prove", lock_timeout: PATIENCE, patient: true };
    let agree = |found: takedown::Found| async move { Ok(found.plan) };
    let ended = takedown::take_down(&rest, &manner, &silent(), output, agree).await?;
    if let Some(error) = ended.error {
        return Err(error);
    }
    if ended.remaining.is_empty() {
        return Ok(());
    }
    Err(CliError::coded(
        code::LEFT,
        format!("the proof's environment `{env}` is still there: {}", ended.remaining.join(", ")),
        format!("run `shopstack --local down --env {env} --yes`"),
    ))
}

/// Another name for each run.
fn environment_name() -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let seed = format!("{} {}", std::process::id(), now.as_nanos());
    let digest = crate::model::digest::sha256_hex(seed.as_bytes());
    format!("proof-{}", digest.get(..4).unwrap_or_default())
}

/// Events of the proof are not shown; `Output::note` says how it goes.
fn silent() -> Sink {
    Arc::new(|_| {})
}

async fn deploy_and_try(
    session: &Session,
    project: &Project,
    output: &Output,
) -> Result<Proof, CliError> {
    let started = rfc3339(SystemTime::now());
    let writer = apply::writer_of_proof(session)?;
    builds::check_tools(project)?;
    let builds = Builds::start(project, output);
    let expiry = Expiry { renewed: Some(rfc3339(SystemTime::now() + LIFE)), first: None };
    let adopt = BTreeSet::new();
    let request = session.request(project, &adopt, &expiry, true);
    let make = || async {
        let (reader, record) = (session.reader.afresh(), session.last_applied());
        Ok(planning::make_plan(&request, reader, record, builds.finished()).await?)
    };
    let first = async { Ok(()) };
    let command = "policy-report --prove";
    let (guard, made) = guard::locked(session, command, PATIENCE, output, first, make).await?;
    let sink = silent();
    let outcome = apply::run(session, writer.clone(), &made.plan, builds.externals(), &sink).await;
    let tried = async {
        if let Some(error) = apply::failure(&outcome) {
            return Err(error);
        }
        up::wait_served(session, &made.plan, &outcome, &sink).await?;
        let document = outputs_document(&outcome.outputs);
        let settled = project.settled(true);
        let mut bench =
            Bench::set_up(session, &settled, writer, &made.desired, &document, output).await?;
        let checks = bench.baseline().await?;
        let grants = trials::run(&mut bench, &settled.stack).await?;
        let forbidden = forbidden::run(&mut bench, &settled, &document).await?;
        // Everything is back in its place, or the failures meant something else.
        bench.baseline().await?;
        Ok((checks, grants, forbidden))
    };
    let tried = tried.await;
    guard.release(output).await;
    let (checks, grants, forbidden) = tried?;
    Ok(Proof {
        policies_sha256: policies_digest(session, &made.desired),
        code_sha256: code_digests(builds.finished().await?),
        enforced_by: format!("MiniStack {} with AUTH=true", local::version()),
        started,
        finished: rfc3339(SystemTime::now()),
        checks,
        grants,
        forbidden,
        not_proved: NOT_PROVED.map(String::from).into(),
    })
}

/// The same for every environment of the same stack.yaml.
fn policies_digest(session: &Session, desired: &[crate::model::Desired]) -> String {
    let carriers = desired.iter().filter(|d| CARRIERS.contains(&d.address.group()));
    let documents: Map<String, Value> = carriers
        .map(|d| (d.address.to_string(), Value::Object(report::policy_documents(&d.spec))))
        .collect();
    let text = Value::Object(documents).to_string();
    let text = bench::anonymised(session, &text);
    let value: Value = serde_json::from_str(&text).unwrap_or_default();
    crate::model::digest::sha256_of_json(&value)
}

fn code_digests(built: BTreeMap<Address, crate::model::Outputs>) -> BTreeMap<String, String> {
    let sha256 = |outputs: &crate::model::Outputs| outputs.get("sha256").cloned();
    built.iter().filter_map(|(a, o)| Some((a.id().to_string(), sha256(o)?))).collect()
}
