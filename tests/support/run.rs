//! Runs of the binary, with nothing of the caller's environment, and what their JSON says.

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use tokio::process::Child;

/// How one run of the binary ended.
#[derive(Debug)]
pub struct Run {
    /// -1 where a signal ended it.
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// Runs a command to its end.
    pub fn execute(mut command: Command) -> Run {
        Run::ended(command.output().unwrap())
    }

    /// Waits for the end of a child whose output is piped.
    pub async fn wait(child: Child) -> Run {
        Run::ended(child.wait_with_output().await.unwrap())
    }

    fn ended(output: std::process::Output) -> Run {
        Run {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Standard output as JSON, one value a line; anything else fails the test.
    pub fn lines(&self) -> Vec<Value> {
        let parse = |line: &str| {
            serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}\n{}", self.stderr))
        };
        let lines = self.stdout.lines().map(parse);
        // On a busy machine a run says every ten seconds that it is at work, before the plan too.
        lines.filter(|line: &Value| line["message"] != "still at work").collect()
    }

    /// The last line of standard output as JSON; null where it is none.
    pub fn last(&self) -> Value {
        self.stdout
            .lines()
            .last()
            .and_then(|line| serde_json::from_str(line).ok())
            .unwrap_or_default()
    }

    /// What was said while waiting, one `address: message` each.
    pub fn waits(&self) -> Vec<String> {
        let events =
            self.stdout.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let waits = events.filter(|e| e["status"] == "waiting");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
        waits.map(|e| format!("{}: {}", text(&e["address"]), text(&e["message"]))).collect()
    }
}

/// The binary with an environment that holds a search path, cargo's and the twin's folders, and no
/// more.
pub fn command(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shopstack"));
    let callers = |name: &str, folder: &str| {
        let given = std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
        given.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(folder)))
    };
    command.env_clear().stdin(std::process::Stdio::null());
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", home);
    for (name, folder) in [
        ("CARGO_HOME", ".cargo"),
        ("RUSTUP_HOME", ".rustup"),
        ("SHOPSTACK_CACHE_DIR", ".cache/shopstack"),
    ] {
        command.envs(callers(name, folder).map(|value| (name, value)));
    }
    // Where the tests themselves are built elsewhere, so are the Lambdas.
    command.envs(std::env::var_os("CARGO_TARGET_DIR").map(|value| ("CARGO_TARGET_DIR", value)));
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    command
}

/// The last line: the contract's summary.
pub fn summary(lines: &[Value]) -> &Value {
    lines.last().unwrap()
}

/// Addresses of the steps that were done, sorted.
pub fn done_addresses(lines: &[Value]) -> Vec<&str> {
    let mut done: Vec<&str> = lines
        .iter()
        .filter(|l| l["event"] == "resource" && l["status"] == "done")
        .filter_map(|l| l["address"].as_str())
        .collect();
    done.sort_unstable();
    done
}

/// `address: op cause [fields]` of every change in a plan, in its order.
pub fn changes(plan: &Value) -> Vec<String> {
    let describe = |change: &Value| {
        let word = |key: &str| change[key].as_str().unwrap().to_string();
        let fields = change["fields"].as_array().unwrap().iter();
        let fields: Vec<&str> = fields.map(|f| f["path"].as_str().unwrap()).collect();
        format!("{}: {} {} [{}]", word("address"), word("op"), word("cause"), fields.join(", "))
    };
    plan["changes"].as_array().unwrap().iter().map(describe).collect()
}

/// One message, which holds all of these words, and the way out; nothing else anywhere.
pub fn assert_refused(run: &Run, words: &[&str]) {
    assert_eq!(run.code, 1, "{}", run.stderr);
    // A command that prints one object a line ends with a summary; with --json the others print
    // their error.
    for line in run.lines() {
        if line["error"]["message"].is_string() && line["event"].is_null() {
            continue;
        }
        assert_eq!(
            (&line["event"], &line["result"], &line["changed"]),
            (&json!("summary"), &json!("failed"), &json!(0))
        );
        assert_eq!(line["calls"]["write"], 0);
    }
    assert!(run.stdout.lines().count() <= 1, "{}", run.stdout);
    for word in words {
        assert!(run.stderr.contains(word), "no {word:?} in: {}", run.stderr);
    }
    let lines = |start: &str| run.stderr.lines().filter(|line| line.starts_with(start)).count();
    assert_eq!(
        (lines("error: "), lines("  help: ")),
        (1, 1),
        "one message with one way out: {}",
        run.stderr
    );
    for never in ["panicked", "backtrace", "src/", super::shop::SECRET] {
        assert!(!run.stderr.contains(never), "{never} in: {}", run.stderr);
    }
}
