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
pub mod restart;
pub mod saved;
pub mod session;
pub mod signals;
pub mod smoke;
pub mod tame;
pub mod time;
pub mod unlock;
pub mod up;
pub mod usage;
pub mod validate;

use args::{Cli, Command};
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
        ended = run(&cli, &output) => ended,
        stopped = signals::stopped_by_signal(signals, &output) => Err(stopped),
    };
    let ended = match (ended, output.written()) {
        (Ok(_), Err(unwritten)) => Err(unwritten),
        (ended, _) => ended,
    };
    match ended {
        Ok(code) => code,
        Err(error) => {
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
        Command::Down(_) => &unseen[..],
        _ if output.json && !output.spoke() => return output.json_line(&error.document()),
        _ => return,
    };
    if output.json && !output.summarised() {
        output.summary(&apply::early_summary(error, output, output.elapsed_ms(), remaining));
    }
}

fn report(error: &CliError, output: &Output) {
    // Errors of stack.yaml come with their own `error:` head and place.
    let head = if error.message.starts_with("error") { "" } else { "error: " };
    output.note(&format!("{head}{}", error.message));
    if !error.hint.is_empty() {
        output.note(&format!("  help: {}", error.hint.replace('\n', "\n        ")));
    }
}

async fn run(cli: &Cli, output: &Output) -> Result<u8, CliError> {
    let global = &cli.global;
    match &cli.command {
        Command::Validate => validate::command(global, output),
        Command::Schema(args) => {
            let schema = if args.plan {
                crate::render::document::json_schema()
            } else {
                crate::stack::json_schema()
            };
            output.result(&serde_json::to_string_pretty(&schema).unwrap_or_default());
            Ok(code::OK)
        }
        Command::Build => builds::command(global, output).await,
        Command::Doctor => doctor::command(global, output).await,
        Command::Diff(args) => diff::command(global, args, output).await,
        Command::Up(args) => up::command(global, args, output).await,
        Command::Down(args) => down::command(global, args, output).await,
        Command::Smoke(args) => smoke::command(global, args, output).await,
        Command::Outputs => outputs::command(global, output).await,
        Command::PolicyReport(args) => policy_report::command(global, args, output).await,
        Command::Envs => envs::command(global, output).await,
        Command::Export(args) => export::command(global, args, output).await,
        Command::Graph(args) => graph::command(global, args, output).await,
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
