//! `unlock`: release a lock by force, as the last resort.

use super::args::{Global, Unlock};
use super::error::{CliError, code};
use super::output::Output;
use super::session::{Project, Session};
use crate::aws::lock;
use serde_json::json;

pub async fn command(global: &Global, args: &Unlock, output: &Output) -> Result<u8, CliError> {
    let project = Project::load(global)?;
    let session = Session::open(global, &project.place(), output).await?;
    let ledger = session.ledger(output);
    let Some(holder) = lock::current(&ledger).await? else {
        if output.json {
            output.json_line(&json!({"released": false}));
        } else {
            output.result("Nobody holds the lock.");
        }
        return Ok(code::OK);
    };
    if !args.yes {
        if !output.interactive || output.json {
            return Err(CliError::new(
                format!("the lock is held: {holder}"),
                "pass --yes to release it by force",
            ));
        }
        output.note(&format!("The lock is held: {holder}"));
        let cancel = &session.reader.caller.cancel;
        let question = "Release the lock? Its holder notices within 8 seconds and may write \
                        until then. [y/N] ";
        let answer = output.ask(question, cancel).await.unwrap_or_default();
        if !matches!(answer.as_str(), "y" | "Y" | "yes") {
            return Err(CliError::new("not confirmed: the lock stays", ""));
        }
    }
    lock::force(&ledger).await?;
    if output.json {
        output.json_line(&json!({"released": true, "holder": holder.to_string()}));
    } else {
        output.result(&format!("Released: {holder}"));
    }
    Ok(code::OK)
}
