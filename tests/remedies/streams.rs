//! Streams, colours, widths, usage and signals: every failure is told and coded.

use crate::desk::{Desk, Run};
use crate::fake::Server;
use serde_json::Value;
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

fn error_of(run: &Run) -> Value {
    let lines: Vec<_> = run.stdout.lines().collect();
    assert_eq!(lines.len(), 1, "one document: {run:?}");
    let document: Value = serde_json::from_str(lines[0]).unwrap();
    document["error"].clone()
}

#[test]
fn what_cannot_be_written_is_an_error_and_a_closed_pipe_is_none() {
    let desk = Desk::new();
    for arguments in [
        &["schema"][..],
        &["validate"],
        &["validate", "--json"],
        &["--help"],
        &["up", "--help"],
        &["--version"],
        &["completions", "bash"],
    ] {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let run: Run = desk.command(arguments, &[]).stdout(full).output().unwrap().into();
        run.refused(&["stdout cannot be written", "No space left"]);
        let mut command = desk.command(arguments, &[]);
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let run: Run = child.wait_with_output().unwrap().into();
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{arguments:?}");
    }
}

#[test]
fn a_failure_with_json_is_a_document() {
    let desk = Desk::new();
    let aws = [
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
        ("AWS_ACCESS_KEY_ID", "a"),
        ("AWS_SECRET_ACCESS_KEY", "b"),
    ];
    for command in ["diff", "outputs", "envs", "history", "policy-report", "unlock", "graph"] {
        let arguments = [command, "--json", if command == "graph" { "--plan" } else { "-v" }];
        let run = desk.run(&arguments, &aws);
        run.refused(&["http://127.0.0.1:9"]);
        let error = error_of(&run);
        assert!(error["message"].as_str().unwrap().contains("http://127.0.0.1:9"), "{error}");
        assert!(error["help"].as_str().unwrap().contains("AWS_ENDPOINT_URL"), "{error}");
    }
    // AWS's own code is the document's.
    let refusing = Server::http(Arc::new(|_, _| {
        let body = "<ErrorResponse><Error><Code>InvalidClientTokenId</Code><Message>The security \
                    token included in the request is invalid.</Message></Error></ErrorResponse>";
        (403, body.into())
    }));
    let url = refusing.url();
    let run = desk.run(&["diff", "--json"], &[("AWS_ENDPOINT_URL", &url), aws[1], aws[2]]);
    assert_eq!(error_of(&run)["code"], "InvalidClientTokenId", "{run:?}");
}

/// What AWS, or another who writes to the shared table, says must not be a command to a CI runner.
#[test]
fn words_of_others_are_no_commands_to_a_runner() {
    let desk = Desk::new();
    let refusing = Server::http(Arc::new(|_, _| {
        let body = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no&#10;::error::owned\
                    &#13;::set-output name=a::b&#10;##[error]c</Message></Error></ErrorResponse>";
        (403, body.into())
    }));
    let url = refusing.url();
    let keys = [("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b")];
    let aws = [("AWS_ENDPOINT_URL", url.as_str()), keys[0], keys[1]];
    let config = desk.write(
        "config",
        "[profile p]\ncredential_process = sh -c \"echo x >&2; echo ::error::owned >&2; exit 7\"\n",
    );
    let process = [("AWS_CONFIG_FILE", config.as_str()), ("AWS_PROFILE", "p")];
    for variables in [&aws[..], &process[..]] {
        for json in ["-v", "--json"] {
            let run = desk.run(&["diff", json], variables);
            assert_eq!(run.code, Some(1), "{run:?}");
            for line in run.stdout.lines().chain(run.stderr.lines()) {
                let command = line.trim_start().starts_with("::") || line.contains("##[");
                assert!(!command, "{line}");
            }
            assert!(run.stderr.contains("owned"), "the words are kept: {run:?}");
        }
    }
}

#[test]
fn bad_usage_with_json_is_a_document_too() {
    let desk = Desk::new();
    for (arguments, word) in [
        (&["upp", "--json"][..], "upp"),
        (&["--json", "up", "--wait", "never"], "never"),
        (&["diff", "--jsn", "--json"], "--jsn"),
        (&["--json"], "subcommand"),
        (&["--json", "--env", " ", "diff"], "environment"),
    ] {
        let run = desk.run(arguments, &[]);
        assert_eq!(run.code, Some(1), "{run:?}");
        let error = error_of(&run);
        assert!(error["message"].as_str().unwrap().contains(word), "{arguments:?}: {error}");
        assert!(!run.stderr.is_empty(), "a person reads it on stderr");
    }
}

#[test]
fn validate_keeps_its_document() {
    let desk = Desk::new();
    desk.write("stack.yaml", "name: small\nregion: nowhere\n");
    let run = desk.run(&["validate", "--json"], &[]);
    assert_eq!((run.code, run.stdout.lines().count()), (Some(1), 1), "{run:?}");
    assert!(run.stdout.contains("\"valid\":false"), "{run:?}");
}

#[test]
fn help_is_a_command_and_other_tools_words_get_a_tip() {
    let desk = Desk::new();
    let run = desk.run(&["help", "up"], &[]);
    assert!(run.code == Some(0) && run.stdout.contains("--lock-timeout"), "{run:?}");
    let run = desk.run(&["help"], &[]);
    assert!(run.code == Some(0) && run.stdout.contains("policy-report"), "{run:?}");
    for (word, ours) in [
        ("destroy", "shopstack down"),
        ("plan", "shopstack diff"),
        ("apply", "shopstack up"),
        ("deploy", "shopstack up"),
        ("remove", "shopstack down"),
        ("delete", "shopstack down"),
        ("init", "stack.yaml"),
    ] {
        desk.run(&[word], &[]).refused(&[word, "tip:", ours]);
    }
}

/// The binary on a terminal of its own, by `script` of util-linux; `None` where there is none.
fn on_a_terminal(desk: &Desk, line: &str, variables: &[(&str, &str)]) -> Option<String> {
    if Command::new("script").arg("--version").output().is_err() {
        eprintln!("NOT RUN: `script` is missing, so there is no terminal to test with");
        return None;
    }
    let line = format!("{} {line}", env!("CARGO_BIN_EXE_shopstack"));
    let mut command = Command::new("script");
    command.args(["-qec", &line, "/dev/null"]).current_dir(desk.0.path()).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", desk.path("home"));
    command.envs(variables.iter().copied()).stdin(Stdio::null());
    Some(String::from_utf8_lossy(&command.output().unwrap().stdout).into_owned())
}

#[test]
fn no_colour_where_none_is_wanted_help_included() {
    let desk = Desk::new();
    desk.write("broken.yaml", "name: [\n");
    for line in ["--help", "help up", "upp", "up --help", "-f broken.yaml validate"] {
        for (more, variables) in [
            ("", &[("TERM", "dumb")][..]),
            ("--color never", &[("TERM", "xterm-256color")]),
            ("--color=never", &[("TERM", "xterm-256color")]),
            ("", &[("TERM", "xterm-256color"), ("NO_COLOR", "1")]),
        ] {
            let line = format!("{more} {line}");
            let Some(text) = on_a_terminal(&desk, &line, variables) else { return };
            assert!(!text.contains('\u{1b}') && !text.is_empty(), "{line} {variables:?}: {text:?}");
        }
    }
    let colored = [("TERM", "xterm-256color")];
    if let Some(text) = on_a_terminal(&desk, "--help", &colored) {
        assert!(text.contains('\u{1b}'), "the terminal takes colours: {text:?}");
    }
}

#[test]
fn sixty_columns_are_enough() {
    let desk = Desk::new();
    let at = [
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
        ("COLUMNS", "60"),
        ("AWS_ACCESS_KEY_ID", "a"),
        ("AWS_SECRET_ACCESS_KEY", "b"),
    ];
    for arguments in
        [&["diff"][..], &["up", "--help"], &["upp"], &["diff", "--region", "cn-north-1"]]
    {
        let run = desk.run(arguments, &at);
        for line in run.stdout.lines().chain(run.stderr.lines()) {
            assert!(
                line.chars().count() <= 60 || !line.trim().contains(' '),
                "{arguments:?}: {line}"
            );
        }
    }
}

#[test]
fn other_partitions_are_refused_in_one_sentence() {
    let desk = Desk::new();
    for (region, partition) in [
        ("cn-north-1", "AWS China"),
        ("us-gov-west-1", "GovCloud"),
        ("cn-northwest-1", "AWS China"),
        ("us-gov-east-1", "GovCloud"),
        ("us-iso-east-1", "isolated"),
        ("us-isob-west-1", "isolated"),
        ("us-isof-south-1", "isolated"),
        ("eu-isoe-west-1", "isolated"),
        ("eusc-de-east-1", "Sovereign"),
    ] {
        desk.write("stack.yaml", "name: small\nregion: us-east-1\n");
        desk.run(&["diff", "--region", region], &[]).refused(&[region, partition, "commercial"]);
        desk.write("stack.yaml", &format!("name: small\nregion: {region}\n"));
        let run = desk.run(&["validate"], &[]);
        run.refused(&[region, partition, "commercial", "stack.yaml:2"]);
        assert!(!run.stderr.contains("did you mean"), "{run:?}");
        let config = desk.write("config", &format!("[default]\nregion = {region}\n"));
        for variable in [("AWS_REGION", region), ("AWS_CONFIG_FILE", config.as_str())] {
            let keys = [("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b"), variable];
            desk.run(&["-f", "none.yaml", "envs"], &keys).refused(&[region, partition]);
        }
    }
}

/// An endpoint that takes calls and never answers.
fn silent(desk: &Desk, arguments: &[&str]) -> (TcpListener, Child) {
    let endpoint = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", endpoint.local_addr().unwrap());
    let keys = [("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b")];
    let at = [("AWS_ENDPOINT_URL", url.as_str())];
    let child = desk.command(arguments, &[&keys[..], &at].concat()).spawn().unwrap();
    (endpoint, child)
}

#[test]
fn an_endpoint_that_never_answers_is_named_while_it_is_waited_for() {
    let desk = Desk::new();
    let (endpoint, mut child) = silent(&desk, &["diff"]);
    let _called = endpoint.accept().unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
    let url = format!("http://{}", endpoint.local_addr().unwrap());
    assert!(line.contains("waiting for the answer to sts") && line.contains(&url), "{line}");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn every_signal_ends_a_command_with_130_and_a_word() {
    let desk = Desk::new();
    for signal in ["-INT", "-TERM", "-HUP"] {
        if signal == "-HUP" && ignores_hangup() {
            println!("NOT RUN: SIGHUP, which whatever started the tests has set to be ignored");
            continue;
        }
        let (endpoint, child) = silent(&desk, &["down", "--yes", "--json"]);
        let _called = endpoint.accept().unwrap();
        let id = child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        let run: Run = child.wait_with_output().unwrap().into();
        assert_eq!(run.code, Some(130), "{signal}: {run:?}");
        run.expect_stderr(&["interrupted: nothing was changed"]);
        let last: Value = serde_json::from_str(run.stdout.lines().last().unwrap()).unwrap();
        assert_eq!((&last["event"], &last["result"]), (&"summary".into(), &"interrupted".into()));
    }
}

/// True where the tests themselves run under nohup or the like; children inherit that.
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|m| m & 1 == 1)
}

/// Under nohup a closed terminal does not end a run.
#[test]
fn an_ignored_hangup_stays_ignored() {
    let desk = Desk::new();
    let (endpoint, child) = {
        let endpoint = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", endpoint.local_addr().unwrap());
        let mut command = Command::new("sh");
        let line = format!("trap '' HUP; exec {} diff", env!("CARGO_BIN_EXE_shopstack"));
        command.args(["-c", &line]).current_dir(desk.0.path()).env("AWS_ENDPOINT_URL", url);
        command.env("AWS_ACCESS_KEY_ID", "a").env("AWS_SECRET_ACCESS_KEY", "b");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        (endpoint, command.spawn().unwrap())
    };
    let _called = endpoint.accept().unwrap();
    let id = child.id().to_string();
    let send = |signal: &str| Command::new("kill").args([signal, &id]).status().unwrap().success();
    assert!(send("-HUP") && send("-TERM"));
    let run: Run = child.wait_with_output().unwrap().into();
    assert_eq!(run.code, Some(130), "{run:?}");
}

/// `down` at an account whose lock table takes the call for the lock and never answers.
fn hanging(desk: &Desk) -> (Server, Child) {
    let account = crate::fake::empty_account();
    let aws = Server::http(Arc::new(move |head, body| {
        while head.to_ascii_lowercase().contains("updateitem") {
            std::thread::park();
        }
        account(head, body)
    }));
    let url = aws.url();
    let keys = [("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b")];
    let at = [("AWS_ENDPOINT_URL", url.as_str())];
    let down = ["down", "--yes", "--json"];
    let mut child = desk.command(&down, &[&keys[..], &at].concat()).spawn().unwrap();
    for _ in 0..3000 {
        if aws.asked().to_ascii_lowercase().contains("updateitem") {
            return (aws, child);
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    panic!("the lock was never asked for: {}", aws.asked());
}

fn interrupted(child: Child) -> Value {
    let run: Run = child.wait_with_output().unwrap().into();
    assert_eq!(run.code, Some(130), "{run:?}");
    let last: Value = serde_json::from_str(run.stdout.lines().last().unwrap()).unwrap();
    assert_eq!((&last["event"], &last["result"]), (&"summary".into(), &"interrupted".into()));
    last
}

#[test]
fn a_call_that_hangs_does_not_hold_up_an_interrupted_run() {
    let desk = Desk::new();
    let (_aws, child) = hanging(&desk);
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    interrupted(child);
}

#[test]
fn a_second_signal_ends_at_once_with_a_summary() {
    let desk = Desk::new();
    let (_aws, mut child) = hanging(&desk);
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let mut told = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("Stopping") {
        line.clear();
        assert!(told.read_line(&mut line).unwrap() > 0, "no word of stopping");
    }
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    let last = interrupted(child);
    assert!(last["error"]["message"].as_str().unwrap().contains("twice"), "{last}");
}

/// Said before AWS is asked anything: a first `up` would stop half-way.
#[test]
fn a_machine_that_cannot_build_is_told_before_anything_is_made() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new();
    desk.write("stack.yaml", "name: small\nregion: us-east-1\nfunctions: { f: { crate: f } }\n");
    std::fs::create_dir_all(desk.path("f/src")).unwrap();
    desk.write("f/Cargo.toml", "[package]\nname = \"f\"\nversion = \"0.1.0\"\n");
    desk.write("f/src/main.rs", "fn main() {}\n");
    let words =
        "#!/bin/sh\necho 'error: rustup could not choose a version of cargo to run' >&2\nexit 1\n";
    let cargo = desk.write("cargo", words);
    std::fs::set_permissions(&cargo, std::fs::Permissions::from_mode(0o755)).unwrap();
    for (cargo, says) in [("/none/cargo", "install stable Rust"), (&cargo, "rustup default stable")]
    {
        desk.run(&["up", "--yes"], &[("CARGO", cargo)]).refused(&[says]);
    }
}
