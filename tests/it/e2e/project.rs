//! A copy of the shop in a folder of its own, and the real binary run in it with nothing of the
//! caller's environment.

use super::contract;
use serde_json::Value;
use shopstack::aws::clients::{Clients, Sdk};
use shopstack::aws::counter::{Counter, Purpose};
use shopstack::aws::{Connect, Identity};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use tempfile::TempDir;

/// The shop under a name of its own, so that tests share one endpoint side by side.
pub struct Project {
    folder: TempDir,
    pub stack: String,
    pub region: String,
    endpoint: String,
}

/// How one run of the binary ended.
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Project {
    /// The repository's stack.yaml with another name; the crates are the repository's own, so that
    /// they are built once.
    pub fn new(name: &str, endpoint: &str) -> Project {
        let folder = tempfile::tempdir().unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        for part in ["site", "seed"] {
            copy(&root.join(part), &folder.path().join(part));
        }
        std::os::unix::fs::symlink(root.join("lambdas"), folder.path().join("lambdas")).unwrap();
        std::fs::create_dir(folder.path().join("home")).unwrap();
        std::fs::copy(root.join("stack.yaml"), folder.path().join("stack.yaml")).unwrap();
        // The process id keeps runs apart that use one endpoint, one after another.
        let stack = format!("{name}{}", std::process::id());
        let project = Project {
            folder,
            stack,
            region: "us-east-1".into(),
            endpoint: endpoint.trim_end_matches('/').into(),
        };
        project.edit("name: shop\n", &format!("name: {}\n", project.stack));
        project
    }

    /// The same in another region.
    pub fn in_region(mut self, region: &str) -> Project {
        self.edit("region: us-east-1", &format!("region: {region}"));
        self.region = region.into();
        self
    }

    /// A file of the project's folder, as it is.
    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    /// Writes a file into the project's folder.
    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    /// With crates that build at once instead of the shop's own, for tests that call no function.
    pub fn with_quick_crates(self) -> Project {
        let lambdas = self.folder.path().join("lambdas");
        std::fs::remove_file(&lambdas).unwrap();
        std::os::unix::fs::symlink(crate::faults::lane::crates(), lambdas).unwrap();
        self.edit("lambdas/list-products", "lambdas/list");
        self.edit("lambdas/create-order", "lambdas/order");
        self
    }

    /// Replaces the first `from` in stack.yaml, which must be there.
    pub fn edit(&self, from: &str, to: &str) {
        let path = self.folder.path().join("stack.yaml");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "stack.yaml has no {from:?}");
        std::fs::write(path, text.replacen(from, to, 1)).unwrap();
    }

    /// Cuts stack.yaml from the line that begins with `from` up to the one that begins with `to`.
    pub fn cut(&self, from: &str, to: &str) {
        let path = self.folder.path().join("stack.yaml");
        let text = std::fs::read_to_string(&path).unwrap();
        let start = text.find(&format!("\n{from}")).expect("where to cut") + 1;
        let end = start + text[start..].find(&format!("\n{to}")).expect("where to stop") + 1;
        std::fs::write(path, format!("{}{}", &text[..start], &text[end..])).unwrap();
    }

    /// A file or folder of the project; an absolute path stays as it is.
    pub fn path(&self, inside: &str) -> PathBuf {
        self.folder.path().join(inside)
    }

    /// Runs the binary with these arguments.
    pub fn run(&self, arguments: &[&str]) -> Run {
        self.run_at(&self.endpoint, arguments)
    }

    /// The same against another endpoint.
    pub fn run_at(&self, endpoint: &str, arguments: &[&str]) -> Run {
        let mut command = command(&self.folder.path().join("home"));
        command
            .current_dir(self.folder.path())
            .args(arguments)
            .env("AWS_ENDPOINT_URL", endpoint)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test");
        Run::of(command)
    }

    /// Runs `up`, `down` or `smoke` with `--json`, expects exit code 0 and only lines of the
    /// contract; the summary.
    pub fn events(&self, arguments: &[&str]) -> Vec<Value> {
        let run = self.run(&[arguments, &["--json"]].concat());
        assert_eq!(run.code, 0, "{arguments:?}\n{}\n{}", run.stdout, run.stderr);
        let lines = run.lines();
        contract::events(&lines);
        lines
    }

    /// Runs `diff --json`: exit code and document.
    pub fn diff(&self) -> (i32, Value) {
        let run = self.run(&["diff", "--json"]);
        let lines = run.lines();
        assert_eq!(lines.len(), 1, "diff prints one document: {}\n{}", run.stdout, run.stderr);
        contract::plan(&lines[0]);
        (run.code, lines[0].clone())
    }

    /// The tests' own clients, and who they are.
    pub async fn clients(&self) -> (Clients, Identity) {
        let connect = Connect {
            region: Some(self.region.clone()),
            local_endpoint: Some(self.endpoint.clone()),
            calls: shopstack::resources::declared_calls(),
            ..Connect::default()
        };
        let sdk = Sdk::load(&connect, Arc::new(Counter::default())).await;
        let identity = sdk.identity().await.unwrap();
        (sdk.clients(Purpose::Apply), identity)
    }

    /// The physical name of a logical id.
    pub fn name(&self, id: &str) -> String {
        format!("{}-dev-{id}", self.stack)
    }
}

impl Run {
    /// Runs a command to its end.
    pub fn of(mut command: Command) -> Run {
        let output = command.output().unwrap();
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
        self.stdout.lines().map(parse).collect()
    }
}

/// The binary with an environment that holds a search path, cargo's and the twin's folders, and no
/// more.
pub fn command(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shopstack"));
    let of_caller = |name: &str, folder: &str| {
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
        command.envs(of_caller(name, folder).map(|value| (name, value)));
    }
    // Where the tests themselves are built elsewhere, so are the Lambdas.
    command.envs(std::env::var_os("CARGO_TARGET_DIR").map(|value| ("CARGO_TARGET_DIR", value)));
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    command
}

/// Copies a folder with all that is in it.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The last line: the contract's summary.
pub fn summary(lines: &[Value]) -> &Value {
    lines.last().unwrap()
}

/// Addresses of the steps that were done, sorted.
pub fn done(lines: &[Value]) -> Vec<&str> {
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
    let fields = |change: &Value| -> Vec<String> {
        change["fields"]
            .as_array()
            .unwrap()
            .iter()
            .map(|f| f["path"].as_str().unwrap().to_string())
            .collect()
    };
    let one = |c: &Value| {
        let word = |key: &str| c[key].as_str().unwrap().to_string();
        format!("{}: {} {} [{}]", word("address"), word("op"), word("cause"), fields(c).join(", "))
    };
    plan["changes"].as_array().unwrap().iter().map(one).collect()
}
