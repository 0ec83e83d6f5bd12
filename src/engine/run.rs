//! Runs a plan along its graph: everything independent side by side, the longest chain first, one
//! failure stopping only what depends on it.

use crate::model::provider::{Apply, Progress};
use crate::model::{
    Address, CloudError, ErrorKind, Event, Op, Outputs, Plan, Status, Step, event::Sink, template,
};
use futures_util::future::{BoxFuture, Shared};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{Id, JoinSet};
use tokio::time::Instant;

/// Something besides steps whose outputs steps refer to: a Lambda build under way.
pub type External = Shared<BoxFuture<'static, Result<Outputs, CloudError>>>;

/// Everything a run needs besides the plan.
pub struct Run {
    pub applier: Arc<dyn Apply>,
    pub externals: BTreeMap<Address, External>,
    pub sink: Sink,
    /// Why no new step may start, once there is a reason.
    pub stopped: Arc<dyn Fn() -> Option<CloudError> + Send + Sync>,
    /// Steps at a time.
    pub parallel: usize,
}

/// How a run ended.
#[derive(Debug, Default)]
pub struct Outcome {
    pub done: Vec<(Address, Op)>,
    pub failed: Vec<(Address, CloudError)>,
    /// Never started: something they depend on failed, or the run was stopped.
    pub skipped: Vec<Address>,
    pub not_emulated: Vec<Address>,
    /// Outputs of every resource that exists now, as far as this run knows.
    pub outputs: BTreeMap<Address, Outputs>,
    /// Final specs of what was made or changed, every template filled in.
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

type StepResult = (Address, Result<(Outputs, Value), CloudError>);

/// Runs all steps of `plan`. Never fails as a whole: the outcome says what happened to each step.
pub async fn run(plan: &Plan, run: &Run) -> Outcome {
    let mut outcome = Outcome::default();
    for live in &plan.unchanged {
        outcome.outputs.insert(live.address.clone(), live.outputs.clone());
    }
    // Updates keep their outputs until they report new ones.
    for live in plan.steps.iter().filter_map(|s| s.live.as_ref()) {
        outcome.outputs.insert(live.address.clone(), live.outputs.clone());
    }
    let heights = heights(plan);
    let mut waiting: Vec<&Step> = plan.steps.iter().collect();
    waiting.sort_by_key(|s| std::cmp::Reverse(heights.get(&s.address).copied().unwrap_or(0)));
    let mut tasks: JoinSet<StepResult> = JoinSet::new();
    let mut settled: BTreeSet<Address> = BTreeSet::new();
    let mut lost: BTreeSet<Address> = BTreeSet::new();
    let mut stop_seen: Option<Instant> = None;
    let mut running: HashMap<Id, Address> = HashMap::new();
    loop {
        let started =
            start_ready(plan, run, &mut waiting, &mut tasks, &settled, &mut lost, &mut outcome);
        running.extend(started);
        if tasks.is_empty() {
            break;
        }
        let finished = tokio::select! {
            joined = tasks.join_next_with_id() => joined,
            () = tokio::time::sleep(Duration::from_millis(50)) => {
                if (run.stopped)().is_some() {
                    let since = *stop_seen.get_or_insert_with(Instant::now);
                    if since.elapsed() > GRACE {
                        tasks.abort_all();
                    }
                }
                continue;
            }
        };
        let (address, result) = match finished {
            Some(Ok((_, ended))) => ended,
            // Cut off by a stop, which is told below, or broken by a mistake of ours.
            Some(Err(broken)) => match running.remove(&broken.id()).filter(|_| broken.is_panic()) {
                Some(address) => (address, Err(broken_off())),
                None => continue,
            },
            None => continue,
        };
        if result.is_ok()
            && let Some(step) = plan.steps.iter().find(|s| s.address == address)
        {
            outcome.done.push((address.clone(), step.op));
        }
        settle(address, result, &mut outcome, &mut settled, &mut lost);
    }
    let known: BTreeSet<&Address> = settled
        .iter()
        .chain(outcome.failed.iter().map(|(a, _)| a))
        .chain(&outcome.skipped)
        .collect();
    let cut: Vec<Address> =
        plan.steps.iter().map(|s| &s.address).filter(|a| !known.contains(a)).cloned().collect();
    for address in cut {
        outcome.failed.push((address, (run.stopped)().unwrap_or_else(cut_short)));
    }
    outcome
}

fn cut_short() -> CloudError {
    CloudError::ours(
        ErrorKind::Interrupted,
        "cut short",
        "run the same command again: it goes on where it stopped",
    )
}

/// A step that panicked. What it had done by then is found again by the next run.
fn broken_off() -> CloudError {
    CloudError::ours(
        ErrorKind::Other,
        "it broke off because of a mistake in shopstack itself",
        "please report it with the lines above; running the same command again goes on where it \
         stopped",
    )
}

fn settle(
    address: Address,
    result: Result<(Outputs, Value), CloudError>,
    outcome: &mut Outcome,
    settled: &mut BTreeSet<Address>,
    lost: &mut BTreeSet<Address>,
) {
    match result {
        Ok((outputs, spec)) => {
            outcome.outputs.insert(address.clone(), outputs);
            outcome.specs.insert(address.clone(), spec);
            settled.insert(address);
        }
        // What the endpoint lacks must not stop what depends on it: on AWS it would exist.
        Err(error) if error.kind == ErrorKind::NotEmulated => {
            outcome.not_emulated.push(address.clone());
            settled.insert(address);
        }
        Err(error) => {
            lost.insert(address.clone());
            outcome.failed.push((address, error));
        }
    }
}

/// Starts every step whose predecessors are settled, and drops those that can never start; returns
/// what it started.
fn start_ready(
    plan: &Plan,
    run: &Run,
    waiting: &mut Vec<&Step>,
    tasks: &mut JoinSet<StepResult>,
    settled: &BTreeSet<Address>,
    lost: &mut BTreeSet<Address>,
    outcome: &mut Outcome,
) -> Vec<(Id, Address)> {
    let mut started = Vec::new();
    let stopped = (run.stopped)().is_some();
    loop {
        let before = lost.len();
        waiting.retain(|step| {
            let hopeless = stopped || step.after.iter().any(|a| lost.contains(a));
            if hopeless {
                lost.insert(step.address.clone());
                outcome.skipped.push(step.address.clone());
            }
            !hopeless
        });
        if lost.len() == before {
            break;
        }
    }
    let in_plan: BTreeSet<&Address> = plan.steps.iter().map(|s| &s.address).collect();
    waiting.retain(|step| {
        let ready = step.after.iter().all(|a| settled.contains(a) || !in_plan.contains(a));
        if !ready || tasks.len() >= run.parallel {
            return true;
        }
        let step: Step = (*step).clone();
        let mut known = Known {
            outputs: outcome.outputs.clone(),
            absent: plan.not_emulated.iter().cloned().collect(),
        };
        known.absent.extend(outcome.not_emulated.iter().cloned());
        let (applier, sink, externals) =
            (run.applier.clone(), run.sink.clone(), run.externals.clone());
        let address = step.address.clone();
        let task = tasks.spawn(async move { execute(step, known, externals, applier, sink).await });
        started.push((task.id(), address));
        false
    });
    started
}

/// What a step may refer to.
struct Known {
    outputs: BTreeMap<Address, Outputs>,
    /// What the endpoint lacks: it has no id there, and whoever refers to it does without.
    absent: BTreeSet<Address>,
}

impl Known {
    fn value(&self, address: &Address, attribute: &str) -> Option<String> {
        let known = self.outputs.get(address).and_then(|o| o.get(attribute).cloned());
        known.or_else(|| self.absent.contains(address).then(String::new))
    }
}

async fn execute(
    step: Step,
    mut known: Known,
    externals: BTreeMap<Address, External>,
    applier: Arc<dyn Apply>,
    sink: Sink,
) -> StepResult {
    let start = Instant::now();
    let (address, op) = (step.address.clone(), step.op);
    let tell = {
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
    tell(Status::Started, "");
    let progress: Progress = Arc::new({
        let tell = tell.clone();
        move |text: &str| tell(Status::Waiting, text)
    });
    let result = apply(step, &mut known, externals, applier, progress).await;
    match &result {
        Ok(_) => tell(Status::Done, ""),
        Err(error) if error.kind == ErrorKind::NotEmulated => {
            tell(Status::NotEmulated, &error.to_string())
        }
        Err(error) if error.kind == ErrorKind::Interrupted => {
            tell(Status::Stopped, &error.to_string())
        }
        Err(error) => tell(Status::Failed, &error.to_string()),
    }
    (address, result)
}

async fn apply(
    mut step: Step,
    known: &mut Known,
    externals: BTreeMap<Address, External>,
    applier: Arc<dyn Apply>,
    progress: Progress,
) -> Result<(Outputs, Value), CloudError> {
    let mut needed = BTreeSet::new();
    template::references(&step.wanted, &mut needed);
    template::references(&step.context, &mut needed);
    for (address, external) in externals.into_iter().filter(|(a, _)| needed.contains(a)) {
        progress("waiting for its build");
        known.outputs.insert(address, external.await?);
    }
    let lookup = |a: &Address, k: &str| known.value(a, k);
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

/// The length of the longest chain that waits for each step; slow resources weigh more, so they
/// start first.
fn heights(plan: &Plan) -> BTreeMap<Address, u64> {
    let mut heights: BTreeMap<Address, u64> = BTreeMap::new();
    // Plans are short; relaxing |steps| times covers every chain.
    for _ in 0..plan.steps.len() {
        let mut changed = false;
        for step in &plan.steps {
            let own = heights.get(&step.address).copied().unwrap_or(0).max(weight(step));
            if heights.insert(step.address.clone(), own) != Some(own) {
                changed = true;
            }
            for before in &step.after {
                let needed =
                    own + plan.steps.iter().find(|s| &s.address == before).map_or(1, weight);
                let entry = heights.entry(before.clone()).or_insert(0);
                if *entry < needed {
                    *entry = needed;
                    changed = true;
                }
            }
        }
        if !changed {
            break;
        }
    }
    heights
}

fn weight(step: &Step) -> u64 {
    match (step.type_name.as_str(), step.op) {
        ("AWS::CloudFront::Distribution", _) => 100,
        ("AWS::DynamoDB::Table", Op::Create | Op::Replace) => 10,
        _ => 1,
    }
}
