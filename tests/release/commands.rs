//! The command lines in action, examples and docs: every command and flag exists, and a script's
//! line that runs shopstack is its last and replaces the shell, so that signals arrive.

use super::{pipelines, read};
use std::process::Command;

/// The arguments of a call, with variables filled in as the examples' pipelines would.
fn arguments(call: &str) -> Vec<String> {
    let mut found = Vec::new();
    for word in call.split_whitespace() {
        // `${REGION:+--region "$REGION"}` stands for a flag and its value.
        let word = word.split_once(":+").map_or(word, |(_, flag)| flag).trim_end_matches('}');
        let word = word.trim_matches(['"', '`', ',', '.', ';', '\'']);
        if word.is_empty() || word.starts_with(['>', '|', '#', '<']) {
            break;
        }
        found.push(match word {
            "$TTL" => "72h".to_owned(),
            "$REGION" | "$AWS_REGION" => "eu-west-1".to_owned(),
            _ if word.contains('$') => "pr-1".to_owned(),
            _ => word.to_owned(),
        });
    }
    found
}

/// Whether the binary takes these arguments: with `--help` last, clap parses all of them and acts
/// on none.
fn check(place: &str, call: &str) {
    let arguments = arguments(call);
    let output = Command::new(env!("CARGO_BIN_EXE_shopstack"))
        .args(&arguments)
        .arg("--help")
        .env("SHOPSTACK_LOCAL", "")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{place}: shopstack {}\n{said}", arguments.join(" "));
}

/// The scripts of a pipeline file, each as one string.
fn scripts(path: &str) -> Vec<String> {
    let document: serde_json::Value = serde_yaml::from_str(&read(path)).unwrap();
    let mut found = Vec::new();
    collect(&document, &mut found);
    found
}

fn collect(value: &serde_json::Value, found: &mut Vec<String>) {
    let fields = match value {
        serde_json::Value::Object(fields) => fields,
        serde_json::Value::Array(items) => return items.iter().for_each(|i| collect(i, found)),
        _ => return,
    };
    for (name, inner) in fields {
        match (name.as_str(), inner) {
            ("run", serde_json::Value::String(script)) => found.push(script.clone()),
            ("script", serde_json::Value::Array(lines)) => {
                let lines: Vec<_> = lines.iter().map(|line| line.as_str().unwrap()).collect();
                found.push(lines.join("\n"));
            }
            _ => collect(inner, found),
        }
    }
}

/// The script of the step with this name.
pub fn step_script(path: &str, step: &str) -> String {
    let document: serde_json::Value = serde_yaml::from_str(&read(path)).unwrap();
    let jobs = document["jobs"].as_object().unwrap().values();
    let mut steps = jobs.flat_map(|job| job["steps"].as_array().unwrap());
    let found = steps.find(|one| one["name"] == step);
    found.unwrap_or_else(|| panic!("{path} has no step {step}"))["run"].as_str().unwrap().into()
}

/// Whether a line of shell runs shopstack itself, and not only names a file or a comment.
fn runs(line: &str) -> bool {
    let words: Vec<_> = line.split_whitespace().collect();
    let at = words.iter().position(|word| *word == "shopstack" || word.ends_with("/shopstack"));
    at.is_some_and(|at| {
        let before = at.checked_sub(1).and_then(|before| words.get(before));
        at == 0 || before.is_some_and(|word| ["exec", "&&", "||", "|", ";", "$("].contains(word))
    })
}

#[test]
fn lines_that_run_shopstack_exist_and_replace_the_shell() {
    let mut calls = 0;
    for path in pipelines() {
        for script in scripts(&path) {
            let lines: Vec<_> = script.lines().filter(|line| !line.trim().is_empty()).collect();
            for (number, line) in lines.iter().enumerate().filter(|(_, line)| runs(line)) {
                let call = line.trim().strip_prefix("exec shopstack ");
                let call = call.unwrap_or_else(|| panic!("{path}: without exec: {line}"));
                assert_eq!(number + 1, lines.len(), "{path}: nothing runs after {line}");
                check(&path, call);
                calls += 1;
            }
        }
    }
    assert!(calls >= 8, "only {calls} calls found");
}

#[test]
fn a_call_without_exec_and_an_unknown_flag_are_found() {
    assert!(runs("set -e && shopstack up") && runs("exec shopstack up") && runs("shopstack up"));
    assert!(!runs("echo shopstack") && !runs("cp target/release/shopstack bin/"));
    let told = std::panic::catch_unwind(|| check("here", "up --yess"));
    assert!(told.is_err(), "an unknown flag passed");
    let told = std::panic::catch_unwind(|| check("here", "sweeep --yes"));
    assert!(told.is_err(), "an unknown command passed");
}

#[test]
fn command_lines_in_the_docs_exist() {
    let mut calls = 0;
    for path in ["README.md", "docs/install.md", "docs/environments.md"] {
        let text = read(path);
        for block in text.split("```sh\n").skip(1) {
            let code = block.split("```").next().unwrap();
            for line in code.replace("\\\n", " ").lines() {
                if let Some(call) = line.trim().strip_prefix("shopstack ") {
                    check(path, call);
                    calls += 1;
                }
            }
        }
    }
    assert!(calls > 4, "only {calls} calls found");
}
