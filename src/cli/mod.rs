//! One file per command: its arguments and its run(). The only place where resources meet the
//! engine.

pub mod apply;
pub mod args;
pub mod builds;
pub mod diff;
pub mod doctor;
pub mod down;
pub mod envs;
pub mod error;
pub mod export;
pub mod graph;
pub mod guard;
pub mod history;
pub mod local;
pub mod output;
pub mod outputs;
pub mod policy_report;
mod readback;
pub mod receipt;
pub mod restart;
pub mod runner;
pub mod sanitize;
pub mod saved;
pub mod session;
pub mod signals;
pub mod smoke;
pub mod sweep;
pub mod takedown;
pub mod time;
pub mod unlock;
pub mod up;
pub mod usage;
pub mod validate;

use crate::render;
use args::{Cli, Command, Global};
use clap::CommandFactory;
use error::{CliError, code};
use output::Output;
use signals::Signals;

/// Parses the command line, runs the command, and returns the exit code of the contract.
pub async fn main() -> u8 {
    // First of all: a signal that comes earlier ends the process without a word.
    let signals = Signals::listen();
    let arguments: Vec<_> = std::env::args_os().collect();
    let cli = match usage::parse(&arguments) {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    let output = Output::new(&cli.global);
    let ended = tokio::select! {
        ended = Box::pin(run(cli.global.clone(), &cli.command, &output)) => ended,
        stopped = signals::stopped_by_signal(signals, &output) => Err(stopped),
    };
    let ended = match (ended, output.written()) {
        (Ok(_), Err(unwritten)) => Err(unwritten),
        (ended, _) => ended,
    };
    match ended {
        Ok(code) => code,
        Err(error) => {
            runner::add_summary(&failure(&cli.command, &error), &output);
            report(&error, &output);
            end_stream(&cli.command, &error, &output);
            error.code
        }
    }
}

/// With `--json` a failure is on stdout too. Commands that print one object a line end with a
/// summary, whatever happened; the others print their error, unless their document is out.
fn end_stream(command: &Command, error: &CliError, output: &Output) {
    // An empty list would say that nothing is left.
    let unseen = ["not known: the run ended before it looked".to_string()];
    let remaining = match command {
        Command::Up(_) | Command::Smoke(_) => &[][..],
        Command::Down(_) | Command::Sweep(_) => &unseen[..],
        _ if output.json && !output.spoke() => return output.json_line(&error.document()),
        _ => return,
    };
    if output.json && !output.summarised() {
        output.summary(&apply::early_summary(error, output, output.elapsed_ms(), remaining));
    }
}

/// The CI step's summary of a failure.
fn failure(command: &Command, error: &CliError) -> String {
    let heading = format!("shopstack {}: exit code {}", command.name(), error.code);
    let help =
        if error.hint.is_empty() { String::new() } else { format!("\nhelp: {}", error.hint) };
    render::step::markdown(&heading, &[], Some(&format!("{}{help}", error.message)))
}

fn report(error: &CliError, output: &Output) {
    // Errors of stack.yaml come with their own `error:` head and place.
    let head = if error.message.starts_with("error") { "" } else { "error: " };
    output.note(&format!("{head}{}", error.message));
    if !error.hint.is_empty() {
        output.note(&format!("  help: {}", error.hint.replace('\n', "\n        ")));
    }
}

/// The name of the environment that was asked for; where several are understood, a pattern stays.
fn env_name(given: &str, command: &Command) -> Result<String, CliError> {
    let several = matches!(command, Command::PolicyReport(args) if args.deployer);
    if several && let Some(stem) = given.strip_suffix('*') {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        return match stem.len() < 20 && stem.chars().all(fits) {
            true => Ok(given.to_string()),
            false => Err(CliError::new(
                format!("`{given}` matches no environment"),
                "write the beginning of their names, such as --env 'pr-*'",
            )),
        };
    }
    crate::stack::environment_name(given)
        .map_err(|wrong| CliError::new(wrong, "name one, such as --env pr-42"))
}

async fn run(global: Global, command: &Command, output: &Output) -> Result<u8, CliError> {
    let env = env_name(&global.env, command)?;
    if output.json && command.is_a_stream() {
        let gone = matches!(command, Command::Down(_) | Command::Sweep(_));
        output.beat(&env, if gone { "delete" } else { "update" });
    }
    if env != global.env {
        output.note(&format!("Environment `{}` is named `{env}` here.", global.env));
    }
    let global = &Global { env, ..global };
    match command {
        Command::Validate(args) => validate::command(global, *args, output),
        Command::Schema(args) => {
            let schema = if args.plan {
                render::document::json_schema()
            } else {
                crate::stack::json_schema()
            };
            output.result(&serde_json::to_string_pretty(&schema).unwrap_or_default());
            Ok(code::OK)
        }
        Command::Build => builds::command(global, output).await,
        Command::Doctor => Box::pin(doctor::command(global, output)).await,
        Command::Diff(args) => Box::pin(diff::command(global, args, output)).await,
        Command::Up(args) => Box::pin(up::command(global, args, output)).await,
        Command::Down(args) => Box::pin(down::command(global, args, output)).await,
        Command::Smoke(args) => Box::pin(smoke::command(global, args, output)).await,
        Command::Outputs => Box::pin(outputs::command(global, output)).await,
        Command::PolicyReport(args) => Box::pin(policy_report::command(global, args, output)).await,
        Command::Envs => Box::pin(envs::command(global, output)).await,
        Command::Sweep(args) => Box::pin(sweep::command(global, args, output)).await,
        Command::Export(args) => Box::pin(export::command(global, args, output)).await,
        Command::Graph(args) => Box::pin(graph::command(global, args, output)).await,
        Command::History => history::command(global, output).await,
        Command::Unlock(args) => unlock::command(global, args, output).await,
        Command::Local(args) => local::command(*args, output).await,
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "shopstack", &mut text);
            output.text_or_json("script", &String::from_utf8_lossy(&text));
            Ok(code::OK)
        }
    }
}
