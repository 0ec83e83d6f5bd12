//! The shop under test: the repository's stack.yaml with its site and seed in a folder of its own,
//! and the real binary run in it.

use super::clients::Clients;
use super::contract;
use super::crates::quick_crates;
use super::run::{Run, command};
use serde_json::Value;
use shopstack::aws::clients::Sdk;
use shopstack::aws::counter::{Counter, Purpose};
use shopstack::aws::{Connect, Identity};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use tempfile::TempDir;

pub struct Shop {
    folder: TempDir,
    pub stack: String,
    pub region: String,
    /// Where its runs and the test's own clients go; without one its runs have no credentials.
    pub endpoint: Option<String>,
    /// What its runs have in their environment besides.
    pub variables: Vec<(String, String)>,
}

impl Shop {
    /// The shop as the repository has it, for commands that reach no endpoint. The crates are the
    /// repository's own, so that they are built once.
    pub fn offline() -> Shop {
        let folder = tempfile::tempdir().unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        for part in ["site", "seed"] {
            copy(&root.join(part), &folder.path().join(part));
        }
        std::os::unix::fs::symlink(root.join("lambdas"), folder.path().join("lambdas")).unwrap();
        std::fs::create_dir(folder.path().join("home")).unwrap();
        std::fs::copy(root.join("stack.yaml"), folder.path().join("stack.yaml")).unwrap();
        Shop {
            folder,
            stack: "shop".into(),
            region: "us-east-1".into(),
            endpoint: None,
            variables: Vec::new(),
        }
    }

    /// The shop under a name of its own, so that tests share one endpoint side by side.
    pub fn new(name: &str, endpoint: &str) -> Shop {
        // The process id keeps runs apart that use one endpoint, one after another.
        let stack = format!("{name}x{}", std::process::id());
        let endpoint = Some(endpoint.trim_end_matches('/').into());
        let shop = Shop { stack, endpoint, ..Shop::offline() };
        shop.edit("name: shop\n", &format!("name: {}\n", shop.stack));
        shop
    }

    /// The same in another region.
    pub fn in_region(mut self, region: &str) -> Shop {
        self.edit("region: us-east-1", &format!("region: {region}"));
        self.region = region.into();
        self
    }

    /// With crates that build at once instead of the shop's own, for tests that call no function.
    pub fn with_quick_crates(self) -> Shop {
        let lambdas = self.path("lambdas");
        std::fs::remove_file(&lambdas).unwrap();
        std::os::unix::fs::symlink(quick_crates(), lambdas).unwrap();
        self.edit("lambdas/list-products", "lambdas/list");
        self.edit("lambdas/create-order", "lambdas/order");
        self
    }

    /// With three small files and two products instead of the shop's own site and seed.
    pub fn with_small_site(self) -> Shop {
        std::fs::remove_dir_all(self.path("site")).unwrap();
        std::fs::create_dir_all(self.path("site/images")).unwrap();
        self.write("site/index.html", "<!doctype html><title>shop</title>");
        self.write("site/404.html", "<!doctype html><title>nothing here</title>");
        self.write("site/images/dot.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>");
        let products = r#"[{"productId":"p1","price":1},{"productId":"p2","price":2}]"#;
        self.write("seed/products.json", products);
        self
    }

    /// A file or folder of the shop; an absolute path stays as it is.
    pub fn path(&self, inside: &str) -> PathBuf {
        self.folder.path().join(inside)
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Replaces the first `from` in stack.yaml, which must be there.
    pub fn edit(&self, from: &str, to: &str) {
        self.replace(1, from, to);
    }

    /// Replaces every `from` in stack.yaml, where there must be one.
    pub fn edit_all(&self, from: &str, to: &str) {
        self.replace(usize::MAX, from, to);
    }

    fn replace(&self, count: usize, from: &str, to: &str) {
        let text = self.read("stack.yaml");
        assert!(text.contains(from), "stack.yaml has no {from:?}");
        self.write("stack.yaml", &text.replacen(from, to, count));
    }

    /// Cuts stack.yaml from the line that begins with `from` up to the one that begins with `to`.
    pub fn cut(&self, from: &str, to: &str) {
        let text = self.read("stack.yaml");
        let start = text.find(&format!("\n{from}")).expect("where to cut") + 1;
        let end = start + text[start..].find(&format!("\n{to}")).expect("where to stop") + 1;
        self.write("stack.yaml", &format!("{}{}", &text[..start], &text[end..]));
    }

    /// The binary in the shop's folder, with credentials where there is an endpoint.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command(&self.path("home"));
        command.current_dir(self.folder.path()).args(arguments);
        if let Some(endpoint) = &self.endpoint {
            connect(&mut command, endpoint);
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs the binary with these arguments.
    pub fn run(&self, arguments: &[&str]) -> Run {
        Run::execute(self.command(arguments))
    }

    /// The same against another endpoint.
    pub fn run_at(&self, endpoint: &str, arguments: &[&str]) -> Run {
        let mut command = self.command(arguments);
        connect(&mut command, endpoint);
        Run::execute(command)
    }

    /// Runs `up`, `down` or `smoke` with `--json`, expects exit code 0 and only lines of the
    /// contract; all lines.
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

    /// The test's own clients, and who they are.
    pub async fn clients(&self) -> (Clients, Identity) {
        let connect = Connect {
            region: Some(self.region.clone()),
            local_endpoint: self.endpoint.clone(),
            calls: shopstack::resources::declared_calls(),
            ..Connect::default()
        };
        let sdk = Sdk::load(&connect, Arc::new(Counter::default())).await.unwrap();
        let identity = sdk.identity().await.unwrap();
        (Clients::new(&sdk, Purpose::Apply), identity)
    }

    /// The physical name of a logical id.
    pub fn name(&self, id: &str) -> String {
        format!("{}-dev-{id}", self.stack)
    }
}

/// The secret access key of every run; no output may hold it.
pub const SECRET: &str = "a-secret-of-the-test";

/// Points a command at an endpoint, with credentials.
pub fn connect(command: &mut Command, endpoint: &str) {
    command
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", SECRET);
}

/// Copies a folder with all that is in it.
fn copy(from: &Path, to: &Path) {
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
