//! `diff`: wanted against live, read-only.

use super::args::{Diff, Global, Only};
use super::builds::Builds;
use super::error::{CliError, code};
use super::output::Output;
use super::session::{Project, Session};
use crate::aws::Reader;
use crate::engine;
use crate::model::provider::Discover;
use crate::model::{Address, Cause, Desired, Live, Plan, Scope};
use crate::plan::secret::Seal;
use crate::plan::{self, Inputs, Record};
use crate::render;
use crate::resources;
use crate::resources::{Finder, arn_of};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

pub async fn command(global: &Global, args: &Diff, output: &Output) -> Result<u8, CliError> {
    let project = Project::load(global)?;
    let builds = Builds::lazy(&project, output);
    let session =
        Session::open_reading(global, &project.stack.name, Some(&project.stack.region), output)
            .await?;
    let (mut plan, _) = make(
        &session,
        &project,
        &builds,
        &BTreeSet::new(),
        None,
        session.reader.clone(),
        args.out.is_some(),
    )
    .await?;
    if let Err(refused) = super::up::protected(&plan) {
        let what = refused.message.trim_end_matches("; nothing was changed");
        plan.notes.push(format!("`up` refuses this plan, for {what}; {}.", refused.hint));
    }
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
        let text = serde_json::to_string_pretty(&document).unwrap_or_default();
        std::fs::write(path, text + "\n").map_err(|e| {
            CliError::new(format!("{}: {e}", path.display()), "name a file that can be written")
        })?;
    }
    output.calls(&session.sdk.counter);
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

/// Only what the stack wants can be taken over; a slip in an address must not pass for done.
fn adoptable(adopt: &BTreeSet<Address>, desired: &[Desired]) -> Result<(), CliError> {
    let Some(unknown) = adopt.iter().find(|a| !desired.iter().any(|d| d.address == **a)) else {
        return Ok(());
    };
    let known: Vec<_> = desired.iter().map(|d| d.address.as_str()).collect();
    Err(CliError::new(
        format!("`{unknown}` is not in this stack, so it cannot be adopted"),
        format!("its addresses are {}", known.join(", ")),
    ))
}

/// ARNs of what the last `up` applied, nobody wants any more, and no read has found. The tag index
/// lags by minutes (catalogue 10.2): it need not have heard of them, and they would stay behind
/// until it has.
fn unheard(
    scope: &Scope,
    record: Option<&Record>,
    wanted: &[Desired],
    live: &[Live],
) -> Vec<String> {
    let applied = record.iter().flat_map(|record| record.specs.keys());
    let unwanted = applied.filter(|a| !wanted.iter().any(|d| d.address == **a));
    unwanted
        .filter(|a| !live.iter().any(|l| l.address == **a))
        .filter_map(|a| arn_of(scope, a))
        .collect()
}

/// Reads AWS and makes the plan. Builds are waited for only where a live function has to be
/// compared, or where the plan must be `whole`: one that is saved says which code it means.
pub async fn make(
    session: &Session,
    project: &Project,
    builds: &Builds,
    adopt: &BTreeSet<Address>,
    expires_at: Option<&str>,
    reader: Reader,
    whole: bool,
) -> Result<(Plan, Vec<Live>), CliError> {
    // An environment that was given a time to live keeps it until `up --ttl` says otherwise.
    let kept = reader.index(&session.scope).await?.expires_at();
    let (mut wanted, mut notes) = session.desired(project, expires_at.or(kept.as_deref()))?;
    adoptable(adopt, &wanted)?;
    let mut finder = Finder(reader);
    let read = engine::read(&finder, &session.scope, &wanted, false);
    let (mut live, record) = tokio::try_join!(read, super::guard::record(session))?;
    // The index is a hint, and may name what is gone or not ours. Where the stack's own resources
    // say otherwise, what is wanted changes, and with it what has to be read.
    let confirmed = resources::expiry::confirmed(&live);
    if expires_at.is_none() && confirmed != kept {
        (wanted, notes) = session.desired(project, confirmed.as_deref())?;
        live = engine::read(&finder, &session.scope, &wanted, false).await?;
    }
    let unheard = unheard(&session.scope, record.as_ref(), &wanted, &live);
    if !unheard.is_empty() {
        finder = Finder(finder.0.suspecting(&session.scope, unheard).await?);
        live = engine::read(&finder, &session.scope, &wanted, false).await?;
    }
    let compared = live.iter().any(|l| l.type_name == "AWS::Lambda::Function");
    let known = if compared || whole { builds.finished().await? } else { BTreeMap::new() };
    let types = finder.types();
    let inputs = Inputs {
        scope: &session.scope,
        desired: &wanted,
        live: &live,
        known: &known,
        record: record.as_ref(),
        types: &types,
        adopt,
    };
    let mut plan = plan::plan(&inputs)?;
    plan.notes.splice(0..0, notes);
    if !session.serves && plan.steps.iter().any(|step| step.live.is_some()) {
        plan.notes.push(super::readback::NOTE.into());
    }
    Ok((plan, live))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn what_was_applied_and_is_neither_wanted_nor_found_is_looked_for_by_its_name() {
        let scope = Scope {
            stack: "s".into(),
            env: "e".into(),
            account: "1".into(),
            region: "us-east-1".into(),
            endpoint: None,
        };
        let at = |address: &str| Address::parse(address).unwrap();
        let applied =
            ["table.Old", "table.New", "table.Seen", "function.f", "role.f", "bucket.site"];
        let specs = applied.iter().map(|a| (at(a), Value::Null)).collect();
        let record = Record { specs, ..Record::default() };
        let wanted = [Desired {
            address: at("table.New"),
            type_name: String::new(),
            name: String::new(),
            spec: Value::Null,
            context: Value::Null,
            depends_on: BTreeSet::new(),
            payload: None,
        }];
        let live = [Live::new(at("table.Seen"), "", "", Value::Null)];
        let expected = [
            "arn:aws:s3:::s-e-site-1-us-east-1",
            "arn:aws:lambda:us-east-1:1:function:s-e-f",
            "arn:aws:dynamodb:us-east-1:1:table/s-e-Old",
        ];
        let mut found = unheard(&scope, Some(&record), &wanted, &live);
        let mut expected = expected.map(String::from).to_vec();
        found.sort();
        expected.sort();
        assert_eq!(found, expected);
        assert!(unheard(&scope, None, &wanted, &live).is_empty());
    }
}
