//! `outputs`: URLs, names and ids.

use super::args::Global;
use super::error::{CliError, code};
use super::output::Output;
use super::session::{Project, Session};
use crate::engine;
use crate::model::Owner;
use crate::model::type_info::{OutputForm, OutputKey};
use crate::resources::{Finder, TYPES, outputs_document};
use crate::stack::Stack;
use serde_json::Value;
use std::collections::BTreeSet;

pub async fn command(global: &Global, output: &Output) -> Result<u8, CliError> {
    let project = Project::load(global)?;
    let session = Session::open_reading(global, &project.place(), output).await?;
    let document = live(&session, &project).await?;
    let document = with_domains(document, &session, &project.stack);
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
    let (adopt, expiry) = (BTreeSet::new(), project.expiry());
    let desired = session.request(project, &adopt, &expiry, false).desired(None)?.resources;
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
    Ok(outputs_document(&ours.into_iter().map(|l| (l.address, l.outputs)).collect()))
}

/// The same with the addresses of the stack's own domains in place of AWS's; no emulator answers
/// for them.
pub fn with_domains(mut document: Value, session: &Session, stack: &Stack) -> Value {
    if session.scope.endpoint.is_some() {
        return document;
    }
    let site = stack.site.as_ref().and_then(|site| site.domain.as_ref());
    let api = stack.api.as_ref().and_then(|api| api.domain.as_ref());
    let names = [("site_url", site.map(|d| &d.name)), ("api_url", api.map(|d| &d.name))];
    for (key, name) in names {
        if let (Some(name), Some(url)) = (name, document.get_mut(key).filter(|url| !url.is_null()))
        {
            *url = Value::String(format!("https://{name}"));
        }
    }
    document
}

/// The document's keys as lines for people, in the order of the types; URLs are shown by `show`.
fn names(document: &Value, output: &Output) {
    let shown = |key: &&OutputKey| !is_url(key) && key.form != OutputForm::Lines;
    for key in TYPES.iter().flat_map(|t| t.info().outputs).filter(shown) {
        let value = document.get(key.key).unwrap_or(&Value::Null);
        let label = key.label;
        match value {
            Value::String(text) => output.result(&format!("{label:<13} {text}")),
            Value::Object(by_id) => by_id.iter().for_each(|(id, name)| {
                let name = name.as_str().unwrap_or_default();
                output.result(&format!("{label:<13} {id}: {name}"));
            }),
            Value::Array(list) => list.iter().filter_map(Value::as_str).for_each(|name| {
                output.result(&format!("{label:<13} {name}"));
            }),
            _ => {}
        }
    }
}

fn is_url(key: &OutputKey) -> bool {
    key.attribute == "url"
}

/// The URLs as lines for people, and what DNS has to say for them.
pub fn show(document: &Value, output: &Output) {
    for key in TYPES.iter().flat_map(|t| t.info().outputs).filter(|k| is_url(k)) {
        if let Some(url) = document.get(key.key).and_then(Value::as_str) {
            // The site is the folder behind its host name, the API's stage is not.
            let slash = if url.matches('/').count() == 2 { "/" } else { "" };
            output.result(&format!("{:<5} {url}{slash}", key.label));
        }
    }
    let mut lines: Vec<&OutputKey> = TYPES.iter().flat_map(|t| t.info().outputs).collect();
    lines.retain(|key| key.form == OutputForm::Lines);
    lines.dedup_by_key(|key| key.key);
    for key in lines {
        let all = document.get(key.key).and_then(Value::as_array).into_iter().flatten();
        all.filter_map(Value::as_str).for_each(|line| {
            output.result(&format!("{}  {line}", key.label));
        });
    }
}
