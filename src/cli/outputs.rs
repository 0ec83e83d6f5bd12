//! `outputs`: URLs, names and ids.

use super::args::Global;
use super::error::{CliError, code};
use super::output::Output;
use super::session::{Project, Session};
use crate::engine::{self, Outcome};
use crate::model::Owner;
use crate::render;
use crate::resources::Finder;
use serde_json::Value;

pub async fn command(global: &Global, output: &Output) -> Result<u8, CliError> {
    let project = Project::load(global)?;
    let session =
        Session::open_reading(global, &project.stack.name, Some(&project.stack.region), output)
            .await?;
    let document = live(&session, &project).await?;
    if output.json {
        output.json_line(&document);
    } else {
        show(&document, output);
        names(&document, output);
    }
    Ok(code::OK)
}

/// The outputs of what is deployed. Error: nothing is.
pub async fn live(session: &Session, project: &Project) -> Result<Value, CliError> {
    let (desired, _) = session.desired(project, None)?;
    let live =
        engine::read(&Finder(session.reader.clone()), &session.scope, &desired, false).await?;
    let ours: Vec<_> =
        live.into_iter().filter(|l| l.owner == Owner::Ours && !l.not_emulated).collect();
    if ours.is_empty() {
        return Err(CliError::new(
            format!(
                "nothing of stack `{}`, env `{}` is deployed here",
                session.scope.stack, session.scope.env
            ),
            "run `shopstack up` first, or check --env, --region and --profile",
        ));
    }
    let groups: Vec<_> =
        ours.iter().filter(|l| l.address.group() == "log_group").map(|l| l.name.clone()).collect();
    Ok(render::json::outputs(&ours.into_iter().map(|l| (l.address, l.outputs)).collect(), &groups))
}

/// The outputs after a run, without reading again.
pub fn document(session: &Session, project: &Project, outcome: &Outcome) -> Value {
    let desired = session.desired(project, None).map(|(desired, _)| desired).unwrap_or_default();
    let groups: Vec<_> = desired
        .iter()
        .filter(|d| d.address.group() == "log_group")
        .map(|d| d.name.clone())
        .collect();
    render::json::outputs(&outcome.outputs, &groups)
}

/// The rest of the document, a line each.
fn names(document: &Value, output: &Output) {
    for (label, key) in
        [("Bucket", "bucket"), ("Distribution", "distribution_id"), ("REST API", "rest_api_id")]
    {
        if let Some(text) = document.get(key).and_then(Value::as_str) {
            output.result(&format!("{label:<13} {text}"));
        }
    }
    for (label, key) in [("Table", "tables"), ("Function", "functions")] {
        for (id, name) in document.get(key).and_then(Value::as_object).into_iter().flatten() {
            output.result(&format!("{label:<13} {id}: {}", name.as_str().unwrap_or_default()));
        }
    }
    for group in document.get("log_groups").and_then(Value::as_array).into_iter().flatten() {
        output.result(&format!("{:<13} {}", "Log group", group.as_str().unwrap_or_default()));
    }
}

/// As lines for people: what has a value.
pub fn show(document: &Value, output: &Output) {
    for (label, key) in [("Shop", "site_url"), ("API", "api_url")] {
        if let Some(url) = document.get(key).and_then(Value::as_str) {
            output.result(&format!("{label:<5} {url}{}", if key == "site_url" { "/" } else { "" }));
        }
    }
}
