//! `diff`: wanted against live, read-only.

use super::args::{Diff, Global, Only};
use super::builds::Builds;
use super::error::{CliError, code};
use super::output::Output;
use super::runner;
use super::saved;
use super::session::{Project, Session};
use crate::model::{Cause, Plan};
use crate::plan::secret::Seal;
use crate::planning;
use crate::render;
use serde_json::json;
use std::collections::BTreeSet;

pub async fn command(global: &Global, args: &Diff, output: &Output) -> Result<u8, CliError> {
    let project = Project::load(global)?;
    project.pages(global)?;
    let builds = Builds::lazy(&project, output);
    let adopt = BTreeSet::new();
    let session = Session::open_planning(global, &project.place(), output).await?;
    session.refuse_elsewhere(&project.stack).await?;
    let expiry = project.expiry();
    let request = session.request(&project, &adopt, &expiry, args.out.is_some());
    let (record, built) = (session.last_applied(), builds.finished());
    let made = planning::make_plan(&request, session.reader.clone(), record, built).await?;
    let mut plan = made.plan;

    planning::note_refusal(&mut plan);
    if let Some(only) = args.only {
        let all = plan.steps.len();
        plan.retain(|s| match only {
            Only::Drift => s.cause != Cause::Change,
            Only::Change => s.cause != Cause::Drift,
        });
        let left_out = all - plan.steps.len();
        if left_out > 0 {
            plan.notes.push(format!(
                "--only leaves out {left_out} of {all} resources that would change."
            ));
        }
    }
    let calls = session.sdk.counter.snapshot();
    let document = render::json::plan(
        &plan,
        json!({"read": calls.read, "write": calls.write}),
        &Seal::fresh(),
    );
    if let Some(path) = &args.out {
        saved::write(path, &document)?;
    }
    output.calls(&session.sdk.counter);
    runner::add_summary(&render::markdown::plan(&plan), output);
    runner::set_outputs([("changes", &json!(plan.steps.len()))], output);
    if output.json {
        output.json_line(&document);
    } else if args.markdown {
        output.result(&render::markdown::plan(&plan));
    } else {
        output.result(&render::plan::text(&plan, output.style, output.verbose > 0));
    }
    Ok(exit_code(&plan))
}

/// 0 clean, 2 the author's changes pend, 3 only drift.
pub fn exit_code(plan: &Plan) -> u8 {
    if plan.is_empty() {
        code::OK
    } else if plan.steps.iter().all(|s| s.cause == Cause::Drift) {
        code::DRIFT
    } else {
        code::CHANGES
    }
}
