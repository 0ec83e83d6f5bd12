//! The command line itself: parsed before anything else, with tips for words of other tools, and
//! its errors as people and machines want them.

use super::args::{Cli, Color};
use super::error::{CliError, code};
use super::output::Output;
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ColorChoice, CommandFactory, FromArgMatches};
use std::ffi::OsString;

/// Other tools' names of our commands, with the tip to give.
const COMMANDS: &[(&[&str], &str)] = &[
    (&["destroy", "delete", "remove", "rm", "teardown", "undeploy"], "down"),
    (&["plan", "preview", "changes", "drift", "refresh"], "diff"),
    (&["apply", "deploy", "create", "update", "install", "sync", "start"], "up"),
    (&["check", "lint", "fmt"], "validate"),
    (&["output", "info", "show", "describe"], "outputs"),
    (&["list", "ls", "status", "workspace", "stacks"], "envs"),
    (&["test", "verify"], "smoke"),
    (&["package", "compile"], "build"),
    (&["synth", "template"], "graph"),
    (&["force-unlock"], "unlock"),
    (&["import"], "up --adopt ADDRESS"),
    (&["version"], "--version"),
    (&["autocomplete", "completion"], "completions"),
];

/// The same for flags.
const FLAGS: &[(&[&str], &str)] = &[
    (&["--auto-approve", "--force", "--no-confirm", "--non-interactive", "-y"], "--yes"),
    (&["--stage", "--workspace", "--environment", "-s"], "--env"),
    (&["--config", "--template", "-c"], "--file"),
    (&["--output"], "--json"),
    (&["--no-color", "--no-colour"], "--color never"),
];

/// The parsed command line; or the exit code, where help, version or an error has been printed.
pub fn parse(arguments: &[OsString]) -> Result<Cli, u8> {
    let command = Cli::command().color(color(arguments));
    let parsed =
        command.try_get_matches_from(arguments).and_then(|found| Cli::from_arg_matches(&found));
    match parsed {
        Ok(cli) => Ok(cli),
        Err(error) => Err(print(advised(error), arguments)),
    }
}

/// Decides whether help and errors may have colour; `--color` counts before the rest is parsed.
fn color(arguments: &[OsString]) -> ColorChoice {
    match value_of(arguments, "--color").as_deref() {
        Some("always") => ColorChoice::Always,
        Some("never") => ColorChoice::Never,
        _ if Color::Auto.allows(true) => ColorChoice::Auto,
        _ => ColorChoice::Never,
    }
}

fn value_of(arguments: &[OsString], flag: &str) -> Option<String> {
    let texts: Vec<_> = arguments.iter().map(|a| a.to_string_lossy()).collect();
    let at = texts.iter().position(|text| {
        text == flag || text.strip_prefix(flag).is_some_and(|rest| rest.starts_with('='))
    })?;
    match texts.get(at)?.split_once('=') {
        Some((_, value)) => Some(value.to_string()),
        None => texts.get(at + 1).map(ToString::to_string),
    }
}

/// Help and version are answers; bad usage is exit code 1, and not clap's own 2, which means
/// "changes".
fn print(error: clap::Error, arguments: &[OsString]) -> u8 {
    let printed = error.print();
    if error.use_stderr() {
        if arguments.iter().any(|argument| argument == "--json") {
            let text = error.render().to_string();
            let text = text.trim_start_matches("error: ");
            let (message, help) = text.split_once("\n\n").unwrap_or((text, ""));
            let told = CliError::new(message.trim(), help.trim());
            Output::plain_json(&told.document());
        }
        return code::ERROR;
    }
    match printed {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Output::unwritten(&error);
            code::ERROR
        }
        _ => code::OK,
    }
}

/// With a tip where the word is another tool's.
fn advised(mut error: clap::Error) -> clap::Error {
    let (kind, suggested, table) = match error.kind() {
        ErrorKind::InvalidSubcommand => {
            (ContextKind::InvalidSubcommand, ContextKind::SuggestedSubcommand, COMMANDS)
        }
        ErrorKind::UnknownArgument => (ContextKind::InvalidArg, ContextKind::SuggestedArg, FLAGS),
        _ => return error,
    };
    let Some(ContextValue::String(given)) = error.get(kind).cloned() else {
        return error;
    };
    let word = given.split(['=', ' ']).next().unwrap_or_default().to_lowercase();
    let tip = match table.iter().find(|(words, _)| words.contains(&word.as_str())) {
        Some((_, ours)) if kind == ContextKind::InvalidArg => format!("here it is `{ours}`"),
        Some((_, ours)) => format!("here it is `shopstack {ours}`"),
        None if ["init", "new"].contains(&word.as_str()) => {
            "there is nothing to initialise: write a stack.yaml (`shopstack schema` describes it), \
             then run `shopstack up`"
                .into()
        }
        None => return error,
    };
    error.remove(suggested);
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![StyledStr::from(tip)]));
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    fn render_error(line: &str) -> String {
        let error = Cli::try_parse_from(line.split(' ')).unwrap_err();
        advised(error).render().to_string()
    }

    #[test]
    fn words_of_other_tools_get_the_right_tip() {
        for (word, ours) in [
            ("destroy", "shopstack down"),
            ("delete", "shopstack down"),
            ("plan", "shopstack diff"),
            ("apply", "shopstack up"),
            ("deploy", "shopstack up"),
            ("init", "stack.yaml"),
        ] {
            let said = render_error(&format!("shopstack {word}"));
            assert!(said.contains(word) && said.contains(&ours.to_string()), "{said}");
            assert!(!said.contains("similar"), "one tip: {said}");
        }
        assert!(render_error("shopstack up --auto-approve").contains("`--yes`"));
        assert!(render_error("shopstack upp").contains("'up'"));
        // Every tip names what there is.
        for (_, ours) in COMMANDS {
            let name = ours.split(' ').next().unwrap();
            let known = Cli::command().get_subcommands().any(|c| c.get_name() == name);
            assert!(known || name == "--version", "{name}");
        }
    }

    #[test]
    fn the_flag_is_found_wherever_it_stands() {
        let arguments = |line: &str| line.split(' ').map(OsString::from).collect::<Vec<_>>();
        for (line, found) in [
            ("shopstack up --color never", Some("never")),
            ("shopstack --color=always up", Some("always")),
            ("shopstack up --colors x", None),
            ("shopstack up --color", None),
        ] {
            assert_eq!(value_of(&arguments(line), "--color").as_deref(), found, "{line}");
        }
    }
}
