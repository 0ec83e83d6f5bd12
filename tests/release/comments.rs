//! The examples' comments on pull requests: the first run writes one, each later run updates it,
//! and comments of others with the same words stay.

use super::commands::step_script;
use super::root;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

/// Stands in for the GitHub CLI: keeps comments in a file, and writes down each call.
const GH: &str = r#"#!/usr/bin/env python3
import json, os, sys

folder = os.path.dirname(os.path.abspath(__file__))
store = os.path.join(folder, "comments.json")
comments = json.load(open(store))
arguments = sys.argv[1:]
assert arguments[0] == "api", arguments
body = next((a[len("body=@"):] for a in arguments if a.startswith("body=@")), None)
path = next(a for a in arguments if a.startswith("repos/"))
if body is None:
    # The filter that the example passes as --jq.
    wanted = '.user.login == "github-actions[bot]" and (.body | startswith(env.MARKER))'
    assert wanted in arguments[arguments.index("--jq") + 1], arguments
    for one in comments:
        if one["by"] == "github-actions[bot]" and one["body"].startswith(os.environ["MARKER"]):
            print(one["id"])
elif "--method" in arguments and arguments[arguments.index("--method") + 1] == "PATCH":
    number = int(path.rsplit("/", 1)[1])
    next(one for one in comments if one["id"] == number)["body"] = open(body).read()
else:
    bot = "github-actions[bot]"
    comments.append({"id": len(comments) + 1, "by": bot, "body": open(body).read()})
json.dump(comments, open(store, "w"))
"#;

/// Runs a step's script as a runner does, with the stand-in for `gh`.
fn run(script: &str, folder: &Path, variables: &[(&str, &str)]) {
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let mut bash = Command::new("bash");
    bash.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script]).env("PATH", path);
    bash.env("RUNNER_TEMP", folder).env("GITHUB_REPOSITORY", "acme/shop");
    bash.env("PULL_REQUEST", "7").env("GITHUB_SHA", "abc").envs(variables.iter().copied());
    let output = bash.current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn one_comment_is_written_and_then_updated() {
    for (path, step, marker) in [
        (
            "examples/github/production.yml",
            "Comment with the plan",
            "<!-- shopstack plan of prod -->",
        ),
        ("examples/github/preview.yml", "Comment with the address", "<!-- shopstack preview -->"),
    ] {
        let script = step_script(path, step);
        let folder = tempfile::tempdir().unwrap();
        let gh = folder.path().join("gh");
        std::fs::write(&gh, GH).unwrap();
        std::fs::set_permissions(&gh, std::fs::Permissions::from_mode(0o755)).unwrap();
        let store = folder.path().join("comments.json");
        let others = json!({"id": 1, "by": "somebody", "body": format!("{marker}\nnot the bot's")});
        std::fs::write(&store, json!([others]).to_string()).unwrap();

        let mut last = String::new();
        for text in ["the first", "the second"] {
            std::fs::write(folder.path().join("plan.md"), text).unwrap();
            run(&script, folder.path(), &[("MARKER", marker), ("SITE", text)]);
            let all: Value = serde_json::from_slice(&std::fs::read(&store).unwrap()).unwrap();
            assert_eq!((all.as_array().unwrap().len(), &all[0]), (2, &others), "{path}: {all}");
            let body = all[1]["body"].as_str().unwrap();
            assert!(body.starts_with(marker) && body.contains(text), "{path}: {body}");
            assert_ne!(body, last);
            last = body.to_string();
        }
    }
}
