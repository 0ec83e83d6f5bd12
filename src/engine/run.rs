//! Runs a plan along its graph: independent steps in parallel, the longest chain first. A failure
//! stops only the steps that depend on it.

use super::schedule::Schedule;
use crate::model::provider::{Apply, Progress};
use crate::model::{
    Address, CloudError, ErrorKind, Event, Op, Outputs, Plan, Status, Step, event::Sink, template,
};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;

/// A source of outputs other than steps: a running Lambda build.
pub type External = Shared<BoxFuture<'static, Result<Outputs, CloudError>>>;

/// Resolves when no new step may start, with the reason.
pub type Cancelled = Shared<BoxFuture<'static, CloudError>>;

/// Everything a run needs in addition to the plan.
pub struct Run {
    pub applier: Arc<dyn Apply>,
    pub externals: BTreeMap<Address, External>,
    pub sink: Sink,
    pub cancelled: Cancelled,
    /// Maximum number of concurrent steps.
    pub parallel: usize,
}

/// Result of a run.
#[derive(Debug, Default)]
pub struct Outcome {
    pub done: Vec<(Address, Op)>,
    pub failed: Vec<(Address, CloudError)>,
    /// Never started: a dependency failed, or the run was stopped.
    pub skipped: Vec<Address>,
    pub not_emulated: Vec<Address>,
    /// Outputs of every existing resource that this run knows.
    pub outputs: BTreeMap<Address, Outputs>,
    /// Final specs of created and changed resources, every template filled in.
    pub specs: BTreeMap<Address, Value>,
}

impl Outcome {
    /// How many steps changed something.
    pub fn done_count(&self) -> usize {
        self.done.len()
    }
}

/// After a stop, calls in flight get this long to finish.
pub const GRACE: Duration = Duration::from_secs(5);

type StepResult = Result<(Outputs, Value), CloudError>;

/// Runs all steps of `plan`. Never fails as a whole: the outcome says what happened to each step.
pub async fn run(plan: &Plan, run: &Run) -> Outcome {
    let mut execution = Execution::new(plan, run);
    let mut abort_at: Option<Instant> = None;
    loop {
        execution.start_ready();
        if execution.tasks.is_empty() {
            break;
        }
        tokio::select! {
            biased;
            reason = run.cancelled.clone(), if execution.stopped.is_none() => {
                execution.stopped = Some(reason);
                abort_at = Some(Instant::now() + GRACE);
            }
            Some(ended) = execution.tasks.join_next_with_id() => execution.finish(ended),
            () = tokio::time::sleep_until(abort_at.unwrap_or_else(Instant::now)),
                if abort_at.is_some() =>
            {
                abort_at = None;
                execution.tasks.abort_all();
            }
        }
    }
    execution.into_outcome()
}

/// A plan in progress. Steps are identified by their index in the plan.
struct Execution<'a> {
    plan: &'a Plan,
    run: &'a Run,
    schedule: Schedule,
    tasks: JoinSet<(usize, StepResult)>,
    running: HashMap<Id, usize>,
    /// Why no new step may start.
    stopped: Option<CloudError>,
    /// Resources that the endpoint does not support.
    absent: BTreeSet<Address>,
    outcome: Outcome,
}

impl<'a> Execution<'a> {
    fn new(plan: &'a Plan, run: &'a Run) -> Self {
        // Updates keep their outputs until they report new ones.
        let live = plan.unchanged.iter().chain(plan.steps.iter().filter_map(|s| s.live.as_ref()));
        let outputs = live.map(|live| (live.address.clone(), live.outputs.clone())).collect();
        Self {
            plan,
            run,
            schedule: Schedule::new(plan),
            tasks: JoinSet::new(),
            running: HashMap::new(),
            stopped: run.cancelled.clone().now_or_never(),
            absent: plan.not_emulated.iter().cloned().collect(),
            outcome: Outcome { outputs, ..Outcome::default() },
        }
    }

    /// Starts ready steps up to the limit; after a stop, skips all remaining steps.
    fn start_ready(&mut self) {
        if self.stopped.is_some() {
            let left = self.schedule.skip_open();
            self.skip(left);
            return;
        }
        while self.tasks.len() < self.run.parallel
            && let Some(position) = self.schedule.start_next()
        {
            let Some(step) = self.plan.steps.get(position) else { continue };
            let inputs = self.inputs(step);
            let (step, applier, sink) =
                (step.clone(), self.run.applier.clone(), self.run.sink.clone());
            let task = self.tasks.spawn(async move {
                let result = execute(step, inputs, applier, sink).await;
                (position, result)
            });
            self.running.insert(task.id(), position);
        }
    }

    /// Only the outputs that a step references: copying all outputs for each step would grow with
    /// the square of the plan.
    fn inputs(&self, step: &Step) -> Inputs {
        let mut needed = BTreeSet::new();
        template::references(&step.wanted, &mut needed);
        template::references(&step.context, &mut needed);
        let mut inputs = Inputs::default();
        for address in needed {
            if let Some(external) = self.run.externals.get(&address) {
                inputs.externals.insert(address.clone(), external.clone());
            }
            if let Some(outputs) = self.outcome.outputs.get(&address) {
                inputs.outputs.insert(address.clone(), outputs.clone());
            }
            if self.absent.contains(&address) {
                inputs.absent.insert(address);
            }
        }
        inputs
    }

    fn finish(&mut self, ended: Result<(Id, (usize, StepResult)), JoinError>) {
        let (position, result) = match ended {
            Ok((id, ended)) => {
                self.running.remove(&id);
                ended
            }
            // `into_outcome` reports steps that a stop cut off.
            Err(broken) => match self.running.remove(&broken.id()).filter(|_| broken.is_panic()) {
                Some(position) => (position, Err(step_panicked())),
                None => return,
            },
        };
        let Some(step) = self.plan.steps.get(position) else { return };
        let address = step.address.clone();
        match result {
            Ok((outputs, spec)) => {
                self.outcome.done.push((address.clone(), step.op));
                self.outcome.outputs.insert(address.clone(), outputs);
                self.outcome.specs.insert(address, spec);
                self.schedule.complete(position);
            }
            // An unsupported resource must not stop the steps that depend on it: on AWS it would
            // exist.
            Err(error) if error.kind == ErrorKind::NotEmulated => {
                self.absent.insert(address.clone());
                self.outcome.not_emulated.push(address);
                self.schedule.complete(position);
            }
            Err(error) => {
                self.outcome.failed.push((address, error));
                let dependents = self.schedule.skip_dependents(position);
                self.skip(dependents);
            }
        }
    }

    fn skip(&mut self, positions: Vec<usize>) {
        let steps = positions.into_iter().filter_map(|position| self.plan.steps.get(position));
        self.outcome.skipped.extend(steps.map(|step| step.address.clone()));
    }

    /// A step without a result was cut off by a stop, and counts as failed.
    fn into_outcome(mut self) -> Outcome {
        let outcome = &self.outcome;
        let done = outcome.done.iter().map(|(address, _)| address);
        let failed = outcome.failed.iter().map(|(address, _)| address);
        let known: BTreeSet<&Address> =
            done.chain(failed).chain(&outcome.skipped).chain(&outcome.not_emulated).collect();
        let cut = self.plan.steps.iter().map(|s| &s.address).filter(|a| !known.contains(a));
        let cut: Vec<Address> = cut.cloned().collect();
        let reason = self.stopped.unwrap_or_else(cut_short);
        self.outcome.failed.extend(cut.into_iter().map(|address| (address, reason.clone())));
        self.outcome
    }
}

fn cut_short() -> CloudError {
    CloudError::ours(
        ErrorKind::Interrupted,
        "cut short",
        "run the same command again: it goes on where it stopped",
    )
}

/// The next run finds what the step had done before the panic.
fn step_panicked() -> CloudError {
    CloudError::ours(
        ErrorKind::Other,
        "it broke off because of a mistake in shopstack itself",
        "please report it with the lines above; running the same command again goes on where it \
         stopped",
    )
}

/// The values that a step references, as far as they are known when it starts.
#[derive(Default)]
struct Inputs {
    outputs: BTreeMap<Address, Outputs>,
    externals: BTreeMap<Address, External>,
    /// Resources that the endpoint does not support: they have no ID, so references to them are
    /// empty.
    absent: BTreeSet<Address>,
}

impl Inputs {
    fn value(&self, address: &Address, attribute: &str) -> Option<String> {
        let known = self.outputs.get(address).and_then(|o| o.get(attribute).cloned());
        known.or_else(|| self.absent.contains(address).then(String::new))
    }
}

async fn execute(step: Step, inputs: Inputs, applier: Arc<dyn Apply>, sink: Sink) -> StepResult {
    let start = Instant::now();
    let (address, op) = (step.address.clone(), step.op);
    let report = {
        let (address, sink) = (address.clone(), sink.clone());
        move |status: Status, message: &str| {
            sink(Event::Resource {
                address: address.clone(),
                op,
                status,
                elapsed_ms: u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX),
                message: message.to_string(),
            });
        }
    };
    report(Status::Started, "");
    let progress: Progress = Arc::new({
        let report = report.clone();
        move |text: &str| report(Status::Waiting, text)
    });
    let result = apply(step, inputs, applier, progress).await;
    match &result {
        Ok(_) => report(Status::Done, ""),
        Err(error) if error.kind == ErrorKind::NotEmulated => {
            report(Status::NotEmulated, &error.to_string())
        }
        Err(error) if error.kind == ErrorKind::Interrupted => {
            report(Status::Stopped, &error.to_string())
        }
        Err(error) => report(Status::Failed, &error.to_string()),
    }
    result
}

async fn apply(
    mut step: Step,
    mut inputs: Inputs,
    applier: Arc<dyn Apply>,
    progress: Progress,
) -> StepResult {
    for (address, external) in std::mem::take(&mut inputs.externals) {
        progress("waiting for its build");
        inputs.outputs.insert(address, external.await?);
    }
    let lookup = |a: &Address, k: &str| inputs.value(a, k);
    let wanted = template::resolve(&step.wanted, &lookup);
    step.context = template::resolve(&step.context, &lookup);
    if let Some(path) = step.context.get("payload").and_then(Value::as_str) {
        step.payload = Some(path.into());
    }
    if step.op != Op::Delete
        && (template::is_unknown(&wanted) || template::is_unknown(&step.context))
    {
        let mut missing = BTreeSet::new();
        template::references(&wanted, &mut missing);
        template::references(&step.context, &mut missing);
        let missing: Vec<_> = missing.iter().map(Address::to_string).collect();
        return Err(CloudError::ours(
            ErrorKind::Other,
            format!("it needs a value of {} that is not known", missing.join(", ")),
            "run `shopstack up` again",
        ));
    }
    let outputs = match (step.op, step.live.clone()) {
        (Op::Create, _) => applier.create(&step, &wanted, progress).await?,
        (Op::Update | Op::Adopt, Some(live)) => {
            applier.update(&step, &live, &wanted, progress).await?
        }
        (Op::Replace, Some(live)) => {
            applier.delete(&step, &live, progress.clone()).await?;
            applier.create(&step, &wanted, progress).await?
        }
        (Op::Delete, Some(live)) => {
            applier.delete(&step, &live, progress).await?;
            Outputs::new()
        }
        (_, None) => return Err(missing_live(&step)),
    };
    Ok((outputs, wanted))
}

fn missing_live(step: &Step) -> CloudError {
    CloudError::ours(
        ErrorKind::Other,
        format!(
            "the plan wants to {} {} but does not say what is live",
            step.op.as_str(),
            step.address
        ),
        "make the plan again",
    )
}
