//! Workflows, action and examples: actionlint, zizmor and the published schemas find nothing, and
//! what they do not look at holds as well.

use super::{linter, pipelines, print_past_harness, read, root};
use serde_json::Value;
use std::process::Command;

/// Runs a linter over files; an exit code other than 0 is a finding.
fn lint(name: &str, arguments: &[&str], files: &[String]) {
    let Some(program) = linter(name) else {
        return;
    };
    let output = Command::new(program)
        .args(arguments)
        .args(files)
        .current_dir(root())
        .env_remove("GH_TOKEN")
        .env_remove("GITHUB_TOKEN")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{name}:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    print_past_harness(&format!("{name}: no findings in {}", files.join(", ")));
}

fn workflows() -> Vec<String> {
    pipelines().into_iter().filter(|path| path.contains("github/")).collect()
}

#[test]
fn actionlint_finds_nothing() {
    // It runs the shellcheck that lies beside it over each script.
    let shellcheck = linter("shellcheck").map_or_else(String::new, |p| p.display().to_string());
    lint("actionlint", &["-shellcheck", &shellcheck], &workflows());
}

#[test]
fn zizmor_finds_nothing() {
    let mut files = workflows();
    files.push("action.yml".into());
    lint("zizmor", &["--offline", "--no-progress"], &files);
}

#[test]
fn the_published_schemas_take_them() {
    let schema = |name| ["--builtin-schema", name];
    lint("check-jsonschema", &schema("vendor.github-workflows"), &workflows());
    lint("check-jsonschema", &schema("vendor.github-actions"), &["action.yml".into()]);
    lint(
        "check-jsonschema",
        &schema("vendor.gitlab-ci"),
        &["examples/gitlab/.gitlab-ci.yml".into()],
    );
}

fn parse(path: &str) -> Value {
    serde_yaml::from_str(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every value under the key `name`, at any depth.
fn values<'a>(value: &'a Value, name: &str, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get(name));
            fields.values().for_each(|inner| values(inner, name, found));
        }
        Value::Array(items) => items.iter().for_each(|inner| values(inner, name, found)),
        _ => {}
    }
}

#[test]
fn every_action_is_pinned_to_a_commit() {
    let mut pins = std::collections::BTreeMap::new();
    for path in pipelines() {
        let document = parse(&path);
        let mut uses = Vec::new();
        values(&document, "uses", &mut uses);
        for used in uses {
            let used = used.as_str().unwrap();
            if used == "./" {
                continue;
            }
            let (action, commit) = used.split_once('@').unwrap();
            assert!(
                commit.len() == 40 && commit.chars().all(|c| c.is_ascii_hexdigit()),
                "{path}: {used}"
            );
            let other = pins.insert(action.to_owned(), commit.to_owned());
            assert!(other.is_none_or(|other| other == commit), "{path}: {action} has two pins");
        }
    }
    assert!(pins.len() > 4, "{pins:?}");
}

#[test]
fn workflows_have_no_rights_but_those_that_a_job_asks_for() {
    for path in workflows() {
        let document = parse(&path);
        assert_eq!(document["permissions"], serde_json::json!({}), "{path}");
        for (name, job) in document["jobs"].as_object().unwrap() {
            let rights = job["permissions"].as_object();
            assert!(rights.is_some_and(|r| !r.is_empty()), "{path}: job {name} names no rights");
            assert!(job["timeout-minutes"].is_u64(), "{path}: job {name} has no time limit");
            // Only what publishes may write to the repository.
            let writes = rights.is_some_and(|r| r.get("contents").is_some_and(|c| c == "write"));
            assert_eq!(writes, name == "publish", "{path}: job {name}");
        }
    }
}

#[test]
fn no_key_is_stored_anywhere() {
    for path in pipelines() {
        let text = read(&path);
        for word in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "aws-access-key-id", "secrets."]
        {
            assert!(!text.contains(word), "{path} names {word}");
        }
    }
}

#[test]
fn what_the_action_is_given_and_gives_exists() {
    let action = parse("action.yml");
    let has = |section: &str, name: &str| action[section].get(name).is_some();
    for path in workflows() {
        let document = parse(&path);
        let mut steps = Vec::new();
        values(&document, "steps", &mut steps);
        for step in steps.iter().flat_map(|list| list.as_array().unwrap()) {
            if step["uses"] == "./" {
                for name in step["with"].as_object().unwrap().keys() {
                    assert!(has("inputs", name), "{path}: the action has no input {name}");
                }
            }
        }
        for (_, rest) in read(&path)
            .match_indices("steps.shopstack.outputs.")
            .map(|(at, word)| ((), read(&path)[at + word.len()..].to_owned()))
        {
            let name: String =
                rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            assert!(has("outputs", &name), "{path}: the action has no output {name}");
        }
    }
}
