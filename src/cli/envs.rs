//! `envs`: the environments that exist in this account and region, by ownership.

use super::args::Global;
use super::error::{CliError, code};
use super::output::Output;
use super::session::{Project, Session};
use crate::aws::reader::environments;
use crate::model::text::one_line;
use serde_json::json;

pub async fn command(global: &Global, output: &Output) -> Result<u8, CliError> {
    let project = if global.file.exists() { Some(Project::load(global)?) } else { None };
    let (name, region) = project
        .as_ref()
        .map_or(("", None), |p| (p.stack.name.as_str(), Some(p.stack.region.as_str())));
    let session = Session::open(global, name, region, output).await?;
    let found = environments(&session.reader).await?;
    if output.json {
        let list: Vec<_> = found
            .iter()
            .map(|((stack, env), expires)| json!({"stack": stack, "env": env, "expires_at": expires}))
            .collect();
        output.json_line(&json!({"environments": list}));
    } else if found.is_empty() {
        output.result("No environments here.");
    } else {
        for ((stack, env), expires) in &found {
            let expires = expires.as_ref().map(|at| format!("  expires {at}")).unwrap_or_default();
            output.result(&one_line(&format!("{stack}  {env}{expires}")));
        }
    }
    Ok(code::OK)
}
