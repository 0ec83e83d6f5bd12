//! `graph`: a picture of the stack, and with --plan of what would change.

use super::args::{Global, Graph, GraphFormat};
use super::builds::Builds;
use super::error::{CliError, code};
use super::output::Output;
use super::session::{Project, Session};
use crate::planning;
use crate::render::graph;
use crate::resources::TYPES;
use std::collections::BTreeSet;

pub async fn command(global: &Global, args: &Graph, output: &Output) -> Result<u8, CliError> {
    let mut project = Project::load(global)?;
    let plan = if args.plan {
        let builds = Builds::lazy(&project, output);
        let session = Session::open_planning(global, &project.place(), output).await?;
        let adopt = BTreeSet::new();
        let expiry = project.expiry();
        let request = session.request(&project, &adopt, &expiry, false);
        let (record, built) = (session.last_applied(), builds.finished());
        let made = planning::make_plan(&request, session.reader.clone(), record, built).await?;
        project = project.settled(made.expires_at.is_some());
        Some(made.plan)
    } else {
        None
    };
    let types = TYPES.iter().map(|t| t.info()).collect();
    let picture = graph::Graph::new(&project.stack, types, plan.as_ref());
    let text = match args.format {
        GraphFormat::Mermaid => picture.mermaid(),
        GraphFormat::Dot => picture.dot(),
        GraphFormat::Svg => picture.svg(),
    };
    output.text_or_json("picture", &text);
    Ok(code::OK)
}
