//! `validate`: checks stack.yaml and what it names, without network and credentials.

use super::args::{Global, Validate};
use super::error::{CliError, code};
use super::output::Output;
use super::policy_report;
use super::session::{Project, source_text};
use crate::model::{CloudError, Desired, Scope};
use crate::policy::pattern::matches_exactly;
use crate::render::resolved;
use crate::resources::{self, Context};
use crate::stack::{self, Stack};
use serde_json::{Value, json};

/// A placeholder for an unknown account, with as many digits as every account number.
const ANY_ACCOUNT: &str = "000000000000";

pub fn command(global: &Global, args: Validate, output: &Output) -> Result<u8, CliError> {
    let (errors, error) = match check(global) {
        Ok((project, _)) if args.resolved => {
            print_resolved(global, &project.stack, output);
            return Ok(code::OK);
        }
        Ok((project, notes)) => {
            print_valid(global, &project.stack, &notes, output);
            return Ok(code::OK);
        }
        Err(refused) => refused,
    };
    if output.json {
        output.json_line(
            &json!({"valid": false, "file": global.file.display().to_string(), "errors": errors}),
        );
    }
    Err(error)
}

/// The project, or what is wrong with it: for editors and pipelines each error with its place, and
/// as one error. With it what the plan will note.
fn check(global: &Global) -> Result<(Project, Vec<String>), (Value, CliError)> {
    let unplaced = |error: CliError| (json!([{"message": error.message}]), error);
    if let Some(region) = &global.region {
        stack::check_region(region)
            .map_err(|wrong| unplaced(CliError::new(wrong, "such as us-east-1")))?;
    }
    let project =
        Project::placed(global).map_err(|errors| (json!(errors), CliError::join(&errors, "")))?;
    project.sources(global).map_err(unplaced)?;
    policy_report::check_exceptions(&project).map_err(unplaced)?;
    let notes = plan_notes(global, &project).map_err(|error| unplaced(error.into()))?;
    Ok((project, notes))
}

/// The notes that a plan of the environment begins with.
///
/// Errors: what `diff` would say of the names that its resources get.
fn plan_notes(global: &Global, project: &Project) -> Result<Vec<String>, CloudError> {
    let stack = &project.stack;
    let scope = Scope {
        stack: stack.name.clone(),
        env: global.env.clone(),
        account: stack.account.clone().unwrap_or_else(|| ANY_ACCOUNT.into()),
        region: global.region.clone().unwrap_or_else(|| stack.region.clone()),
        endpoint: None,
    };
    let context = Context {
        stack,
        scope: &scope,
        root: &project.root,
        expires_at: None,
        judges_conditions: true,
    };
    resources::desired(&context).map(|wanted| {
        let idle = idle_exceptions(stack, &wanted.resources);
        wanted.notes.into_iter().chain(idle).collect()
    })
}

/// Notes on exceptions whose pattern no resource of the environment matches.
fn idle_exceptions(stack: &Stack, wanted: &[Desired]) -> Vec<String> {
    // Findings on the account and on what all stacks share have addresses of their own.
    let elsewhere = |pattern: &str| pattern.starts_with("account.") || pattern.contains('~');
    let matched =
        |pattern: &str| wanted.iter().any(|d| matches_exactly(pattern, d.address.as_str()));
    let named = stack.exceptions.iter().filter_map(|e| Some((&e.rule, e.resource.as_deref()?)));
    let idle = named.filter(|(_, pattern)| !elsewhere(pattern) && !matched(pattern));
    idle.map(|(rule, pattern)| {
        format!("the exception from {rule} names `{pattern}`, which no resource matches")
    })
    .collect()
}

/// Prints the environment's values, each with its place.
fn print_resolved(global: &Global, stack: &Stack, output: &Output) {
    let source = source_text(global);
    let file = global.file.display().to_string();
    let Some((found, left_out)) = stack::resolve(&source, &global.env, stack) else { return };
    if output.json {
        output.json_line(&json!({
            "valid": true, "file": file, "env": global.env,
            "resolved": found.to_json(), "places": resolved::places(&found, &file),
        }));
        return;
    }
    output.result(&format!("# environment {}\n{}", global.env, resolved::yaml(&found, &file)));
    for section in left_out {
        output.result(&format!(
            "# {section}: left out, since the environment has a time to live and its overlay \
             asks for none"
        ));
    }
}

fn print_valid(global: &Global, stack: &Stack, notes: &[String], output: &Output) {
    let file = global.file.display().to_string();
    let (tables, functions) = (stack.tables.len(), stack.functions.len());
    let routes = stack.api.as_ref().map_or(0, |a| a.routes.len());
    if output.json {
        output.json_line(&json!({
            "valid": true, "file": file, "stack": stack.name, "env": global.env,
            "region": stack.region, "tables": tables, "functions": functions, "routes": routes,
            "notes": notes,
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
    for note in notes {
        output.result(&format!("note: {note}"));
    }
}
