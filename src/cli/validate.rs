//! `validate`: checks stack.yaml and what it names, without network and credentials.

use super::args::Global;
use super::error::{CliError, code};
use super::output::Output;
use super::session::Project;
use crate::stack::Stack;
use serde_json::json;

pub fn command(global: &Global, output: &Output) -> Result<u8, CliError> {
    // Errors with a place are for editors and pipelines as well.
    let (errors, error) = match Project::placed(global) {
        Err(errors) => (json!(errors), CliError::all(&errors, "")),
        Ok(project) => match project.sources(global).and_then(|()| project.site_notes()) {
            Ok(notes) => {
                valid(global, &project.stack, &notes, output);
                return Ok(code::OK);
            }
            Err(error) => (json!([{"message": error.message}]), error),
        },
    };
    if output.json {
        output.json_line(
            &json!({"valid": false, "file": global.file.display().to_string(), "errors": errors}),
        );
    }
    Err(error)
}

fn valid(global: &Global, stack: &Stack, notes: &[String], output: &Output) {
    let file = global.file.display().to_string();
    let (tables, functions) = (stack.tables.len(), stack.functions.len());
    let routes = stack.api.as_ref().map_or(0, |a| a.routes.len());
    if output.json {
        output.json_line(&json!({
            "valid": true, "file": file, "stack": stack.name, "region": stack.region,
            "tables": tables, "functions": functions, "routes": routes, "notes": notes,
        }));
        return;
    }
    let counted = |n: usize, what: &str| {
        if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
    };
    let parts =
        [counted(tables, "table"), counted(functions, "function"), counted(routes, "route")]
            .join(", ");
    output.result(&format!("{file}: stack `{}` is valid: {parts}", stack.name));
    for note in notes.iter().filter(|_| output.verbose > 0) {
        output.result(&format!("note: {note}"));
    }
}
