//! `local up|down|status`: the local twin.

use super::args::Local;
use super::error::{CliError, code};
use super::output::Output;
use crate::local;
use serde_json::json;

pub async fn command(args: Local, output: &Output) -> Result<u8, CliError> {
    let fail = |e: local::LocalError| CliError::new(e.message, e.hint);
    let config = local::TwinConfig::from_env().map_err(fail)?;
    match args {
        Local::Up => {
            let told = output.clone();
            let twin =
                local::ensure_up(&config, &move |text| told.note(text)).await.map_err(fail)?;
            if output.json {
                output.json_line(
                    &json!({"endpoint": twin.endpoint, "port": twin.port, "pid": twin.pid,
                        "log": twin.log}),
                );
            } else {
                output.result(&format!(
                    "The local twin is up at {} (pid {}, log {})",
                    twin.endpoint,
                    twin.pid,
                    twin.log.display()
                ));
            }
        }
        Local::Down => {
            let was_up = local::down(&config).await.map_err(fail)?;
            if output.json {
                output.json_line(&json!({"stopped": was_up}));
            } else {
                output.result(if was_up {
                    "The local twin is stopped."
                } else {
                    "No local twin was running."
                });
            }
        }
        Local::Status => {
            let status = local::status(&config).await.map_err(fail)?;
            let value = serde_json::to_value(&status).unwrap_or_default();
            if output.json {
                output.json_line(&value);
            } else {
                let line = |(key, value): (&String, &serde_json::Value)| {
                    format!(
                        "{key:<9} {}",
                        value.as_str().map_or_else(|| value.to_string(), str::to_string)
                    )
                };
                let lines: Vec<_> = value
                    .as_object()
                    .into_iter()
                    .flatten()
                    .filter(|(_, v)| !v.is_null())
                    .map(line)
                    .collect();
                output.result(&lines.join("\n"));
            }
        }
    }
    Ok(code::OK)
}
