//! `policy-report`: what may do what, wanted and live, for auditors.

mod deployer;
mod gather;
mod places;
mod prove;
mod sources;

use super::args::{Global, PolicyReport, ReportFormat};
use super::error::{CliError, code};
use super::guard;
use super::output::Output;
use super::session::{Project, Session};
use crate::model::{Scope, text};
use crate::render::{report as render, style::Style};
use crate::report::{self, Generator, Input, Older, Report, rules};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::time::SystemTime;

pub async fn command(
    global: &Global,
    args: &PolicyReport,
    output: &Output,
) -> Result<u8, CliError> {
    if args.deployer {
        let text = deployer::document(global, args, output).await?;
        write_text(&text, output.json, args.out.as_deref(), output)?;
        return Ok(code::OK);
    }
    let started = super::time::rfc3339(SystemTime::now());
    let project = Project::load(global)?;
    check_exceptions(&project)?;
    // The tag index is one of the reads that may be denied, so it is not asked for here.
    let session = Session::open(global, &project.place(), output).await?;
    let older = older(args.since.as_deref(), &session.scope)?;
    if args.prove {
        prove::check(&session)?;
        project.sources(global)?;
    }
    let gathered = gather::gather(&session, &project).await?;
    let proof = match args.prove {
        true => Some(prove::prove(&session, &project, output).await?),
        false => None,
    };
    let yaml = text::decode(&std::fs::read(&global.file).unwrap_or_default()).unwrap_or_default();
    let file = global.file.display().to_string();
    let (places, accepted) = places::places(&project, &yaml, &file);
    let report = report::report(Input {
        scope: &session.scope,
        caller: &session.identity.arn,
        generator: Generator {
            name: "shopstack".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            commit: guard::commit(&project.root),
            stack_sha256: Sha256::digest(&yaml).iter().map(|b| format!("{b:02x}")).collect(),
            actions_dated: String::new(),
        },
        started: &started,
        finished: &super::time::rfc3339(SystemTime::now()),
        desired: &gathered.desired,
        live: &gathered.live,
        observed: &gathered.observed,
        unread: &gathered.unread,
        read_at: &gathered.read_at,
        read_calls: &gathered.read_calls,
        reasons: &places::reasons(&project),
        places: &places,
        accepted: &accepted,
        calls: &sources::calls(&project),
        since: older.as_ref(),
        proof: proof.as_ref(),
    });
    write(&report, args, output)?;
    Ok(u8::try_from(report.exit_code).unwrap_or(code::ERROR))
}

fn write(report: &Report, args: &PolicyReport, output: &Output) -> Result<(), CliError> {
    let format = if output.json { ReportFormat::Json } else { args.format };
    let text = match format {
        // A file is read elsewhere, at another width.
        ReportFormat::Text if args.out.is_some() => render::text(report, Style::PLAIN),
        ReportFormat::Text => render::text(report, output.style),
        ReportFormat::Json => render::json(report),
        ReportFormat::Markdown => render::markdown(report),
        ReportFormat::Html => render::html(report),
        ReportFormat::Sarif => render::sarif(report),
        ReportFormat::Csv => render::csv(report),
    };
    let machine = matches!(format, ReportFormat::Json | ReportFormat::Sarif);
    write_text(&text, machine, args.out.as_deref(), output)
}

/// Writes to the file, or to standard output.
fn write_text(
    text: &str,
    machine: bool,
    out: Option<&Path>,
    output: &Output,
) -> Result<(), CliError> {
    match out {
        Some(path) => std::fs::write(path, text).map_err(|e| {
            CliError::new(format!("{}: {e}", path.display()), "name a file that can be written")
        })?,
        None if machine => output.json_text(text),
        None => output.result(text),
    }
    Ok(())
}

/// The report to compare with.
fn older(path: Option<&Path>, scope: &Scope) -> Result<Option<Older>, CliError> {
    let Some(path) = path else { return Ok(None) };
    let help = "name a report that `policy-report --format json` wrote for this environment, \
                account and region";
    let failed = |what: String| CliError::new(format!("{}: {what}", path.display()), help);
    let bytes = std::fs::read(path).map_err(|e| failed(e.to_string()))?;
    let text = text::decode(&bytes).map_err(|at| failed(format!("byte {at} is not UTF-8")))?;
    Older::parse(&text, scope).map(Some).map_err(failed)
}

/// An exception for a rule that does not exist accepts nothing, and looks as if it did.
pub fn check_exceptions(project: &Project) -> Result<(), CliError> {
    let unknown = |rule: &str| rules::find(rule).is_none() && !report::is_of_checkov(rule);
    let wrong: Vec<String> = project
        .stack
        .exceptions
        .iter()
        .filter(|e| unknown(&e.rule))
        .map(|e| format!("exceptions: there is no rule `{}`", e.rule))
        .collect();
    if wrong.is_empty() {
        return Ok(());
    }
    let known: Vec<&str> = rules::RULES.iter().map(|rule| rule.id).collect();
    Err(CliError::join(&wrong, &format!("the rules are {}", known.join(", "))))
}
