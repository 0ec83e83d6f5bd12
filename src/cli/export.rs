//! `export`: the stack for other tools, as it is wanted or as it is.

use super::args::{Export, ExportFormat, Global};
use super::error::{CliError, code};
use super::output::Output;
use super::session::{Project, Session};
use crate::engine;
use crate::model::terraform::{Block, Exported};
use crate::model::{Live, Owner, Scope};
use crate::plan::secret::{self, Marks};
use crate::render::tfplan;
use crate::report::is_of_checkov;
use crate::resources::{Context, Finder, TYPES, desired};
use std::collections::BTreeSet;
use std::time::SystemTime;

/// Stands for the account where AWS is not asked.
const ANY_ACCOUNT: &str = "000000000000";

pub async fn command(global: &Global, args: &Export, output: &Output) -> Result<u8, CliError> {
    let project = Project::load(global)?;
    if args.format == ExportFormat::CheckovSkips {
        output.text_or_json("skips", &skips(&project));
        return Ok(code::OK);
    }
    let region = global.region.clone().unwrap_or_else(|| project.stack.region.clone());
    let blocks = if args.live {
        live(global, &project, output).await?
    } else {
        wanted(global, &project, &region)?
    };
    output.json_text(
        &serde_json::to_string_pretty(&tfplan::document(&blocks, &region)).unwrap_or_default(),
    );
    Ok(code::OK)
}

/// The checks of checkov that exceptions of stack.yaml accept today, as `--skip-check` takes them.
fn skips(project: &Project) -> String {
    let today = super::time::rfc3339(SystemTime::now());
    let today = today.get(..10).unwrap_or_default();
    let accepted = project.stack.exceptions.iter();
    let rules = accepted.filter(|e| is_of_checkov(&e.rule) && today <= e.expires.as_str());
    rules
        .map(|e| e.rule.as_str())
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect::<Vec<_>>()
        .join(",")
}

/// The resources that stack.yaml wants. AWS is not asked, so the account's number is zeros.
fn wanted(global: &Global, project: &Project, region: &str) -> Result<Vec<Block>, CliError> {
    let scope = Scope {
        stack: project.stack.name.clone(),
        env: global.env.clone(),
        account: ANY_ACCOUNT.into(),
        region: region.to_string(),
        endpoint: None,
    };
    let all = desired(&Context {
        stack: &project.stack,
        scope: &scope,
        root: &project.root,
        expires_at: None,
        judges_conditions: true,
    })?;
    let blocks = all.resources.iter().flat_map(|d| {
        let spec = secret::hidden(&d.spec, &Marks::of_specs([&d.spec]));
        blocks(&d.type_name, &Exported { address: &d.address, name: &d.name, spec: &spec })
    });
    Ok(blocks.collect())
}

/// The environment's live resources. Errors: a resource that cannot be read.
async fn live(global: &Global, project: &Project, output: &Output) -> Result<Vec<Block>, CliError> {
    let session = Session::open_reading(global, &project.place(), output).await?;
    let adopt = BTreeSet::new();
    let wanted =
        session.request(project, &adopt, &project.expiry(), false).desired(None)?.resources;
    let finder = Finder(session.reader.clone());
    let found = engine::read(&finder, &session.scope, &wanted, false).await?;
    let ours =
        |live: &&Live| matches!(live.owner, Owner::Ours | Owner::Shared) && !live.not_emulated;
    let blocks = found.iter().filter(ours).flat_map(|live| {
        // A mark that is new in stack.yaml has no tag on AWS yet, and one that left has no mark.
        let ours = wanted.iter().find(|wanted| wanted.address == live.address);
        let specs = [&live.spec].into_iter().chain(ours.map(|wanted| &wanted.spec));
        let spec = secret::hidden(&live.spec, &Marks::of_specs(specs));
        blocks(&live.type_name, &Exported { address: &live.address, name: &live.name, spec: &spec })
    });
    Ok(blocks.collect())
}

fn blocks(type_name: &str, resource: &Exported<'_>) -> Vec<Block> {
    let info = TYPES.iter().map(|t| t.info()).find(|info| info.type_name == type_name);
    info.map(|info| (info.terraform)(resource)).unwrap_or_default()
}
