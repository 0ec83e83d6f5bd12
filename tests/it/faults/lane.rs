//! One stack in a folder of its own behind a proxy of its own, and the binary run in it.

use super::inventory::Inventory;
use super::proxy::{Point, Proxy, Seen};
use rustix::process::Signal;
use serde_json::Value;
use shopstack::aws::Connect;
use shopstack::aws::clients::{Clients, Sdk};
use shopstack::aws::counter::{Counter, Purpose};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, OnceLock};
use tempfile::TempDir;
use tokio::process::{Child, Command};

pub struct Lane {
    folder: TempDir,
    pub stack: String,
    pub region: String,
    pub proxy: Proxy,
    /// What runs have as their endpoint: the proxy, or something between it and them.
    url: String,
    endpoint: String,
}

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    /// -1 where a signal ended it.
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// The last line of standard output as JSON.
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

pub const UP: [&str; 4] = ["up", "--yes", "--no-smoke", "--json"];
pub const DOWN: [&str; 4] = ["down", "--yes", "--destroy-data", "--json"];

impl Lane {
    /// The repository's stack.yaml under a name of its own, with crates that build at once.
    pub async fn new(name: &str) -> Lane {
        Lane::at(name, crate::support::endpoint().await, "us-east-1").await
    }

    /// The same at another endpoint and in another region.
    pub async fn at(name: &str, endpoint: String, region: &str) -> Lane {
        let folder = tempfile::tempdir().unwrap();
        let stack = format!("{name}x{}", std::process::id());
        let text =
            std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("stack.yaml"))
                .unwrap();
        let text = text.replace("name: shop\n", &format!("name: {stack}\n"));
        let text = text.replace("region: us-east-1\n", &format!("region: {region}\n"));
        let text = text
            .replace("lambdas/list-products", "lambdas/list")
            .replace("lambdas/create-order", "lambdas/order");
        let put = |path: &str, text: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        put("stack.yaml", &text);
        put("site/index.html", "<!doctype html><title>shop</title>");
        put("site/404.html", "<!doctype html><title>nothing here</title>");
        put("site/images/dot.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>");
        put("seed/products.json", r#"[{"productId":"p1","price":1},{"productId":"p2","price":2}]"#);
        put("home/.keep", "");
        std::os::unix::fs::symlink(crates(), folder.path().join("lambdas")).unwrap();
        let proxy = Proxy::start(&endpoint).await;
        Lane { folder, stack, region: region.into(), url: proxy.url.clone(), proxy, endpoint }
    }

    /// A lane whose runs go to `url`, which passes on to the endpoint.
    pub async fn behind(name: &str, url: &str) -> Lane {
        Lane { url: url.into(), ..Lane::new(name).await }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Replaces a text of stack.yaml that is there.
    pub fn edit(&self, from: &str, to: &str) {
        self.edit_up_to(usize::MAX, from, to);
    }

    /// The same, the first time that it stands there.
    pub fn edit_first(&self, from: &str, to: &str) {
        self.edit_up_to(1, from, to);
    }

    fn edit_up_to(&self, count: usize, from: &str, to: &str) {
        let path = self.folder.path().join("stack.yaml");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "stack.yaml has no {from:?}");
        std::fs::write(path, text.replacen(from, to, count)).unwrap();
    }

    /// Starts the binary with an environment that holds what it needs and no more.
    pub fn spawn(&self, arguments: &[&str]) -> Child {
        let of_caller = |name: &str, folder: &str| {
            let given = std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
            given.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(folder)))
        };
        let mut command = Command::new(env!("CARGO_BIN_EXE_shopstack"));
        command.env_clear().kill_on_drop(true).current_dir(self.folder.path()).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path().join("home"));
        for (name, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
            command.envs(of_caller(name, folder).map(|value| (name, value)));
        }
        command.env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_ENDPOINT_URL", &self.url);
        command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
        command.spawn().unwrap()
    }

    /// Runs the binary to its end.
    pub async fn run(&self, arguments: &[&str]) -> Ended {
        ended(self.spawn(arguments)).await
    }

    /// Runs it until it ends or dies at `point`.
    pub async fn watched(&self, arguments: &[&str], point: Option<Point>) -> (Ended, Seen) {
        self.struck(arguments, point, Signal::KILL).await
    }

    /// The same with another signal.
    pub async fn struck(
        &self,
        arguments: &[&str],
        point: Option<Point>,
        signal: Signal,
    ) -> (Ended, Seen) {
        let child = self.spawn(arguments);
        self.proxy.watch(child.id().unwrap(), point, signal);
        let ended = ended(child).await;
        (ended, self.proxy.unwatch().await)
    }

    /// Everything that is there of this stack.
    pub async fn inventory(&self) -> Inventory {
        Inventory::take(&self.clients().await, &self.stack, &self.url).await
    }

    /// The tests' own clients, past the proxy.
    pub async fn clients(&self) -> Clients {
        let region = Some(self.region.clone());
        let connect = Connect {
            region,
            local_endpoint: Some(self.endpoint.clone()),
            calls: shopstack::resources::declared_calls(),
            ..Connect::default()
        };
        Sdk::load(&connect, Arc::new(Counter::default())).await.clients(Purpose::Apply)
    }
}

pub async fn ended(child: Child) -> Ended {
    let output = child.wait_with_output().await.unwrap();
    Ended {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Two crates without dependencies in a workspace that all lanes share: cargo has nothing to do
/// after the first run.
pub fn crates() -> PathBuf {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    let make = || {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("faults-lambdas");
        let workspace = "[workspace]\nmembers = [\"list\", \"order\"]\nresolver = \"3\"\n[profile.release]\nstrip = true\n";
        put(&root.join("Cargo.toml"), workspace);
        for name in ["list", "order"] {
            let manifest =
                format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
            put(&root.join(name).join("Cargo.toml"), &manifest);
            put(&root.join(name).join("src/main.rs"), "fn main() {}\n");
        }
        root
    };
    ROOT.get_or_init(make).clone()
}

/// Leaves a file alone that says this already, since cargo goes by its time.
fn put(path: &Path, text: &str) {
    if std::fs::read_to_string(path).is_ok_and(|now| now == text) {
        return;
    }
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}
