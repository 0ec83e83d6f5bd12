//! The stacks of `tests/stacks/`: each goes up, answers what its smoke requests ask, is as wanted
//! afterwards, and goes down without a trace.

use crate::support::env::{TestEnv, endpoint};
use crate::support::inventory::leftovers;
use crate::support::run::{Run, command, summary};
use crate::support::shop::connect;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The functions' crate where all of these tests find its build.
fn lambdas() -> &'static Path {
    static PLACE: OnceLock<PathBuf> = OnceLock::new();
    PLACE.get_or_init(|| {
        let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("stacks-lambdas");
        copy(&stacks().join("lambdas"), &place);
        place
    })
}

fn stacks() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stacks")
}

/// Copies what differs, since cargo goes by times.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
            continue;
        }
        let bytes = std::fs::read(entry.path()).unwrap();
        if std::fs::read(&target).ok().as_ref() != Some(&bytes) {
            std::fs::write(&target, bytes).unwrap();
        }
    }
}

/// One stack in a folder of its own, under a name of its own.
struct Trial {
    folder: TempDir,
    endpoint: String,
    stack: String,
}

impl Trial {
    fn new(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(&stacks().join(name), folder.path());
        std::os::unix::fs::symlink(lambdas(), folder.path().join("lambdas")).unwrap();
        std::fs::create_dir(folder.path().join("home")).unwrap();
        let file = folder.path().join("stack.yaml");
        let text = std::fs::read_to_string(&file).unwrap();
        let old = text.lines().find_map(|line| line.strip_prefix("name: ")).unwrap();
        let stack = format!("{old}x{}", std::process::id());
        let own = text.replace(&format!("name: {old}\n"), &format!("name: {stack}\n"));
        std::fs::write(&file, own).unwrap();
        Self { folder, endpoint: endpoint().trim_end_matches('/').to_string(), stack }
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let mut shopstack = command(&self.folder.path().join("home"));
        shopstack.current_dir(self.folder.path()).args(arguments);
        connect(&mut shopstack, &self.endpoint);
        Run::execute(shopstack)
    }

    fn events(&self, arguments: &[&str]) -> Vec<Value> {
        let run = self.run(&[arguments, &["--json"]].concat());
        assert_eq!(run.code, 0, "{} {arguments:?}\n{}\n{}", self.stack, run.stdout, run.stderr);
        run.lines()
    }

    /// Up, and again without a change; the outputs.
    fn up(&self, checks: &[&str]) -> Value {
        let first = self.events(&["up", "--yes"]);
        let passed: Vec<&Value> = first
            .iter()
            .filter(|line| line["event"] == "smoke" && line["status"] == "passed")
            .map(|line| &line["check"])
            .collect();
        for check in checks {
            assert!(passed.contains(&&json!(check)), "{}: {check}: {first:?}", self.stack);
        }
        let diff = self.run(&["diff", "--json"]);
        assert_eq!(diff.code, 0, "{}: {}", self.stack, diff.stdout);
        let again = self.events(&["up", "--yes", "--no-smoke"]);
        assert_eq!(summary(&again)["calls"]["write"], 0, "{}: {again:?}", self.stack);
        summary(&first)["outputs"].clone()
    }

    async fn down(&self) {
        let down = self.events(&["down", "--yes", "--destroy-data"]);
        assert_eq!(summary(&down)["remaining"], json!([]));
        let env = TestEnv::new(&self.stack).await;
        assert_eq!(leftovers(&env.clients, &self.stack).await, Vec::<String>::new());
    }
}

/// Status of a GET below the API's stage.
fn status(url: &str) -> u16 {
    ask(url, "").0
}

/// Status, head and body of a GET with further headers, each with its line end.
fn ask(url: &str, headers: &str) -> (u16, String, String) {
    let rest = url.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    let port = host.rsplit(':').next().unwrap();
    let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    let close = "connection: close";
    write!(stream, "GET /{path} HTTP/1.1\r\nhost: {host}\r\n{close}\r\n{headers}\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let status = text.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    (status, head.to_ascii_lowercase(), body.to_string())
}

#[tokio::test]
async fn a_notes_api_with_an_index() {
    let trial = Trial::new("notes-api");
    trial.up(&["requests"]);
    trial.down().await;
}

#[tokio::test]
async fn two_functions_of_one_crate() {
    let trial = Trial::new("two-functions");
    trial.up(&["requests"]);
    trial.down().await;
}

#[tokio::test]
async fn a_job_that_the_clock_calls() {
    let trial = Trial::new("scheduled-job");
    let outputs = trial.up(&["requests"]);
    let url = format!("{}/runs", outputs["api_url"].as_str().unwrap());
    let begun = Instant::now();
    // 404 until the job has run: the twin's clock strikes each minute.
    while status(&url) != 200 {
        assert!(begun.elapsed() < Duration::from_secs(180), "the job did not run");
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    trial.down().await;
}

#[tokio::test]
async fn a_function_that_hears_of_a_tables_changes() {
    let trial = Trial::new("stream-consumer");
    trial.up(&["requests"]);
    trial.down().await;
}

#[tokio::test]
async fn a_site_and_nothing_else() {
    let trial = Trial::new("static-site");
    let outputs = trial.up(&["site", "bucket"]);
    let records: Vec<&str> =
        outputs["dns_records"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(
        matches!(records.as_slice(), [shop, www]
            if shop.starts_with("shop.example CNAME ") && www.starts_with("www.shop.example \
                                                                           CNAME ")),
        "{records:?}"
    );
    let shown = trial.run(&["outputs"]).stdout;
    assert!(records.iter().all(|record| shown.contains(record)), "{shown}");
    trial.down().await;
}

#[tokio::test]
async fn one_function_behind_every_path() {
    let trial = Trial::new("proxy-api");
    trial.up(&["requests"]);
    trial.down().await;
}

/// Whoever lacks credentials gets the API's own errors, which pages of the allowed origin can read;
/// whoever has them reaches the function.
#[tokio::test]
async fn routes_that_only_members_may_call() {
    let trial = Trial::new("members-api");
    let outputs = trial.up(&["requests", "cors"]);
    let api = outputs["api_url"].as_str().unwrap();
    let me = format!("{api}/me");
    let record = outputs["dns_records"][0].as_str().unwrap();
    assert!(record.starts_with("api.members.example CNAME "), "{record}");
    let refused = |answer: (u16, String, String), status: u16, code: &str| {
        let (got, head, body) = answer;
        assert_eq!(got, status, "{head}\n{body}");
        assert!(body.contains(&format!(r#""code":"{code}""#)), "{body}");
        assert!(head.contains("access-control-allow-origin: https://members.example"), "{head}");
    };
    refused(ask(&me, ""), 401, "Unauthorized");
    refused(ask(&format!("{api}/staff"), ""), 401, "Unauthorized");
    refused(ask(&me, "Authorization: please\r\n"), 403, "Forbidden");
    let (status, _, body) = ask(&me, "Authorization: open sesame\r\n");
    assert!(status == 200 && body.contains("/me"), "{status} {body}");

    let report = trial.run(&["policy-report"]);
    for line in ["GET /: anyone", "GET /me: only with authorizer members", "scope staff/read"] {
        assert!(report.stdout.contains(line), "{line}: {}", report.stdout);
    }

    // The route is opened, its authorizer goes: first the route, then the deletion.
    let file = trial.folder.path().join("stack.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    let open = text
        .replace("GET /me: { function: app, authorizer: members }", "GET /me: app")
        .replace("    members: { function: check, cache_seconds: 0 }\n", "")
        .replace("{ get: /me, status: 401 }", "{ get: /me, status: 200 }");
    std::fs::write(&file, open).unwrap();
    trial.up(&["requests"]);
    trial.down().await;
}

#[tokio::test]
async fn tables_without_code() {
    let trial = Trial::new("tables-only");
    trial.up(&[]);
    // Nothing can be asked, and that is said.
    let smoke = trial.run(&["smoke"]);
    assert!(smoke.stderr.contains("warning: nothing was tested"), "{}", smoke.stderr);
    trial.down().await;
}
