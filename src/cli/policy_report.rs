//! `policy-report`: what may do what, wanted and live, for auditors.

use super::args::{Global, PolicyReport, ReportFormat};
use super::error::{CliError, code};
use super::output::Output;
use super::session::{Project, Session};
use crate::desired;
use crate::engine;
use crate::model::{Address, Desired, Live, template};
use crate::render::{report as render, style::Style};
use crate::report::{self, Reasons};
use crate::resources::Finder;
use std::time::SystemTime;

pub async fn command(global: &Global, args: &PolicyReport, output: &Output) -> Result<u8, CliError> {
    let started = super::time::rfc3339(SystemTime::now());
    let project = Project::load(global)?;
    let session = Session::open_reading(global, &project.stack.name, Some(&project.stack.region), output).await?;
    let (desired, _) = session.desired(&project, None)?;
    let live = engine::read(&Finder(session.reader.clone()), &session.scope, &desired, false).await?;
    let desired: Vec<Desired> = desired.into_iter().map(|d| resolved(d, &live)).collect();
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
        Some(path) => std::fs::write(path, text)
            .map_err(|e| CliError::new(format!("{}: {e}", path.display()), "name a file that can be written"))?,
        None if format == ReportFormat::Json => output.json_text(&text),
        None => output.result(&text),
    }
    Ok(u8::try_from(report.exit_code()).unwrap_or(code::ERROR))
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
            let sid = desired::grant_sid(&function.grants, position);
            reasons.insert((Address::new("role", id), sid), grant.reason.clone());
        }
    }
    reasons
}
