//! `history`: who did what, when, from which commit.

use super::args::Global;
use super::error::{CliError, code};
use super::output::Output;
use super::session::{Project, Session};
use crate::model::text::short_line;
use serde_json::{Value, json};

pub async fn command(global: &Global, output: &Output) -> Result<u8, CliError> {
    let project = Project::load(global)?;
    let session = Session::open(global, &project.place(), output).await?;
    let runs = session.ledger(output).documents("run#").await?;
    let runs: Vec<Value> = runs.iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
    if output.json {
        output.json_line(&json!({"runs": runs}));
        return Ok(code::OK);
    }
    if runs.is_empty() {
        output.result("No run of this stack and environment is recorded.");
    }
    for run in &runs {
        // Anyone with write access to the table may have written the row.
        let text = |key: &str| short_line(run.get(key).and_then(Value::as_str).unwrap_or_default());
        let (commit, dirty) = (text("commit"), text("commit").ends_with("-dirty"));
        let commit =
            commit.get(..12).unwrap_or("no commit").to_string() + if dirty { "-dirty" } else { "" };
        let changed = run.get("changed").and_then(Value::as_u64).unwrap_or_default();
        output.result(&format!(
            "{}  up  {changed} changed  {commit}  {}",
            text("when"),
            text("who")
        ));
    }
    Ok(code::OK)
}
