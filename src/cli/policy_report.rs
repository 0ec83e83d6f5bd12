//! `policy-report`: what may do what, wanted and live, for auditors.

use super::args::{Global, PolicyReport, ReportFormat};
use super::error::{CliError, code};
use super::output::Output;
use super::session::{Project, Session};
use crate::engine;
use crate::model::{Address, Desired, Live, Owner, template};
use crate::render::{report as render, style::Style};
use crate::report::{self, Reasons};
use crate::resources::{Finder, apigateway::account, dynamodb::table, iam::role};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::SystemTime;

pub async fn command(
    global: &Global,
    args: &PolicyReport,
    output: &Output,
) -> Result<u8, CliError> {
    let started = super::time::rfc3339(SystemTime::now());
    let project = Project::load(global)?;
    let session =
        Session::open_reading(global, &project.stack.name, Some(&project.stack.region), output)
            .await?;
    let adopt = BTreeSet::new();
    let desired = session.request(&project, &adopt, None, false).desired(None)?.resources;
    let live =
        engine::read(&Finder(session.reader.clone()), &session.scope, &desired, false).await?;
    let mut desired: Vec<Desired> = desired.into_iter().map(|d| resolved(d, &live)).collect();
    let mut live = live;
    beyond(&session, &mut desired, &mut live).await?;
    let report = report::report(
        &session.scope,
        &session.identity.arn,
        env!("CARGO_PKG_VERSION"),
        &started,
        &super::time::rfc3339(SystemTime::now()),
        &desired,
        &live,
        &reasons(&project),
    );
    let format = if output.json { ReportFormat::Json } else { args.format };
    let text = match format {
        // A file is read elsewhere, at another width.
        ReportFormat::Text if args.out.is_some() => render::text(&report, Style::PLAIN),
        ReportFormat::Text => render::text(&report, output.style),
        ReportFormat::Json => render::json(&report),
        ReportFormat::Markdown => render::markdown(&report),
    };
    match &args.out {
        Some(path) => std::fs::write(path, text).map_err(|e| {
            CliError::new(format!("{}: {e}", path.display()), "name a file that can be written")
        })?,
        None if format == ReportFormat::Json => output.json_text(&text),
        None => output.result(&text),
    }
    Ok(u8::try_from(report.exit_code()).unwrap_or(code::ERROR))
}

/// Reads what only this report asks for: the policies of tables, and the log role that all stacks
/// of the account share.
async fn beyond(
    session: &Session,
    desired: &mut Vec<Desired>,
    live: &mut Vec<Live>,
) -> Result<(), CliError> {
    let reader = &session.reader;
    let is_ours = |l: &&mut Live| {
        l.type_name == table::INFO.type_name && l.owner == Owner::Ours && !l.not_emulated
    };
    for table in live.iter_mut().filter(is_ours) {
        let policy = table::resource_policy(reader, table.output("arn")?).await?;
        if let (Some(policy), Some(fields)) = (policy, table.spec.as_object_mut()) {
            fields.insert(report::TABLE_POLICY.into(), policy);
        }
    }
    let registered = live.iter().find(|l| l.type_name == account::INFO.type_name);
    let registered = registered.and_then(|l| l.outputs.get("role_arn"));
    if registered.is_none_or(|arn| arn.rsplit('/').next() != Some(account::ROLE)) {
        return Ok(());
    }
    // No logical id holds a `~`: the address is nobody else's.
    let address = Address::new("role", "~apigateway-logs");
    if let Some(spec) = role::spec_of(reader, account::ROLE).await? {
        let mut found = Live::new(address.clone(), role::INFO.type_name, account::ROLE, spec);
        found.owner = Owner::Shared;
        live.push(found);
    }
    desired.push(Desired {
        address,
        type_name: role::INFO.type_name.into(),
        name: account::ROLE.into(),
        spec: account::wanted_role(&session.scope.account),
        context: Value::Null,
        depends_on: BTreeSet::new(),
        payload: None,
    });
    Ok(())
}

fn resolved(mut desired: Desired, live: &[Live]) -> Desired {
    desired.spec = template::resolve(&desired.spec, &|address, attribute| {
        live.iter().find(|l| &l.address == address).and_then(|l| l.outputs.get(attribute).cloned())
    });
    desired
}

/// Each grant's own reason out of stack.yaml, by role and statement id.
fn reasons(project: &Project) -> Reasons {
    let mut reasons = Reasons::new();
    for (id, function) in &project.stack.functions {
        for (position, grant) in function.grants.iter().enumerate() {
            let sid = role::grant_sid(&function.grants, position);
            reasons.insert((Address::new("role", id), sid), grant.reason.clone());
        }
    }
    reasons
}
