//! The local twin for real: installed, started, found again, killed, repaired, stopped. One story,
//! since a start takes seconds; each twin has a free port of its own, and the environment is shared
//! by all runs.

// Tests may stop at what they did not expect, and print what they measured.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::too_many_lines,
    clippy::unreachable,
    clippy::unwrap_used
)]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::clients::Clients;
use sha2::{Digest, Sha256};
use shopstack::aws::counter::{Counter, Purpose};
use shopstack::aws::{Connect, clients::Sdk};
use shopstack::local::{State, TwinConfig, down, ensure_up, status};

/// Under the target folder, so that only the first run ever installs.
fn config() -> TwinConfig {
    // A twin is installed from the network: not in a run without endpoints.
    crate::support::env::endpoint();
    let cache_dir = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("test-cache");
    TwinConfig { port: free_port(), cache_dir }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Stops the twin even when the test fails half-way.
struct Stop(TwinConfig);

impl Drop for Stop {
    fn drop(&mut self) {
        let cfg = self.0.clone();
        let stopper = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(down(&cfg)).unwrap();
        });
        stopper.join().unwrap();
    }
}

fn run_dir(cfg: &TwinConfig) -> PathBuf {
    cfg.cache_dir.join("twin").join("run").join(cfg.port.to_string())
}

fn kill(pid: u32) {
    assert!(
        std::process::Command::new("kill")
            .args(["-9", &pid.to_string()])
            .status()
            .unwrap()
            .success()
    );
}

#[tokio::test]
async fn a_twin_lives_dies_and_rises() {
    let cfg = config();
    let _stop = Stop(cfg.clone());
    assert_eq!(status(&cfg).await.unwrap().state, State::Stopped);

    let first = ensure_up(&cfg, &|_| ()).await.unwrap();
    assert_eq!(first.endpoint, format!("http://127.0.0.1:{}", cfg.port));
    let seen = status(&cfg).await.unwrap();
    assert_eq!((seen.state, seen.pid), (State::Running, Some(first.pid)));
    assert_eq!(seen.version, "1.5.33");

    assert_eq!(ensure_up(&cfg, &|_| ()).await.unwrap(), first, "the second time it is only found");

    kill(first.pid);
    let said = Mutex::new(Vec::new());
    let second = ensure_up(&cfg, &|line| said.lock().unwrap().push(line.to_owned())).await.unwrap();
    assert_ne!(second.pid, first.pid);
    assert!(said.lock().unwrap().iter().any(|line| line.contains("had died")), "{said:?}");

    assert!(down(&cfg).await.unwrap());
    assert_eq!(status(&cfg).await.unwrap().state, State::Stopped);
    assert!(TcpListener::bind(("127.0.0.1", cfg.port)).is_ok(), "the port is free again");
    let mut left: Vec<_> =
        std::fs::read_dir(run_dir(&cfg)).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["lock", "twin.log", "twin.log.old"], "logs stay, nothing else");
    assert!(!down(&cfg).await.unwrap(), "nothing to stop");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_twin_sees_no_secret_and_one_interface() {
    let cfg = config();
    let _stop = Stop(cfg.clone());
    let twin = ensure_up(&cfg, &|_| ()).await.unwrap();
    let environment = std::fs::read(format!("/proc/{}/environ", twin.pid)).unwrap();
    let mut names: Vec<_> = environment
        .split(|byte| *byte == 0)
        .filter_map(|pair| {
            String::from_utf8_lossy(pair).split_once('=').map(|(name, _)| name.to_owned())
        })
        .filter(|name| !["PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ"].contains(&name.as_str()))
        .collect();
    names.sort();
    let ours = [
        "AUTH",
        "AWS_ENDPOINT_URL",
        "BIND_HOST",
        "GATEWAY_PORT",
        "HOME",
        "IOT_MTLS_ENABLED",
        "PYTHONUNBUFFERED",
        "SFTP_ENABLED",
        "TMPDIR",
    ];
    assert_eq!(names, ours);
    // Another loopback address reaches whatever listens on every interface.
    assert!(std::net::TcpStream::connect(("127.0.0.2", cfg.port)).is_err());
}

/// A user without rights is refused: what a grant of stack.yaml leaves out would fail on AWS too.
#[tokio::test]
async fn the_twin_enforces_iam() {
    let cfg = config();
    let _stop = Stop(cfg.clone());
    ensure_up(&cfg, &|_| ()).await.unwrap();
    let connect = Connect {
        region: Some("us-east-1".into()),
        local_endpoint: Some(cfg.endpoint()),
        ..Connect::default()
    };
    let sdk = Sdk::load(&connect, Arc::new(Counter::default())).await.unwrap();
    let root = Clients::new(&sdk, Purpose::Apply);
    root.iam.create_user().user_name("bare").send().await.unwrap();
    let made = root.iam.create_access_key().user_name("bare").send().await.unwrap();
    let pair = made.access_key.unwrap();
    root.dynamodb.list_tables().send().await.expect("root may");

    let bare = aws_sdk_dynamodb::config::Credentials::new(
        pair.access_key_id,
        pair.secret_access_key,
        None,
        None,
        "a user without rights",
    );
    let config = root.dynamodb.config().to_builder().credentials_provider(bare).build();
    let denied = aws_sdk_dynamodb::Client::from_conf(config).list_tables().send().await;
    let denied = format!("{:?}", denied.expect_err("no policy allows it"));
    assert!(denied.contains("AccessDenied"), "{denied}");
}

/// The status of the answer and its whole text.
fn ask(port: u16, request: &str, host: &str, headers: &[&str]) -> (u16, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let more: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
    let length = if request.starts_with("POST ") { "Content-Length: 0\r\n" } else { "" };
    write!(stream, "{request} HTTP/1.1\r\nHost: {host}\r\n{length}{more}Connection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    (answer.split_whitespace().nth(1).unwrap().parse().unwrap(), answer.to_lowercase())
}

/// No page of a browser, and no name that DNS can point here, drives the twin; the shop's own hosts
/// stay open.
#[tokio::test]
async fn web_pages_reach_the_shop_but_not_the_control_plane() {
    let cfg = config();
    let _stop = Stop(cfg.clone());
    let port = ensure_up(&cfg, &|_| ()).await.unwrap().port;
    let connect = Connect {
        region: Some("us-east-1".into()),
        local_endpoint: Some(cfg.endpoint()),
        ..Connect::default()
    };
    let sdk = Sdk::load(&connect, Arc::new(Counter::default())).await.unwrap();
    assert_eq!(sdk.identity().await.unwrap().account, "000000000000", "an SDK is served as ever");

    let (ready, origin) = ("GET /_ministack/ready", "Origin: https://page.example");
    let preflight = [origin, "Access-Control-Request-Method: POST"];
    for host in
        ["127.0.0.1", "localhost", "[::1]", "bucket.s3.localhost", "nothex.execute-api.localhost"]
    {
        let host = format!("{host}:{port}");
        assert_eq!(ask(port, ready, &host, &[]).0, 200, "{host}");
        for page in [
            &[origin][..],
            &["Origin: null"],
            &["Sec-Fetch-Site: cross-site"],
            &["Sec-Fetch-Site: same-origin"],
            // A typed address, and whatever its answer redirects to.
            &["Sec-Fetch-Site: none"],
            &["User-Agent: Mozilla/5.0 (an old browser)"],
        ] {
            let (status, text) = ask(port, ready, &host, page);
            assert!(
                status == 403 && text.contains("no requests from web pages"),
                "{host} {page:?}: {text}"
            );
        }
        let (status, text) = ask(port, "OPTIONS /2015-03-31/functions", &host, &preflight);
        assert!(status == 403 && !text.contains("access-control-allow"), "{host}: {text}");
    }
    let by_path = ask(
        port,
        "GET /restapis/abcdef01/dev/_user_request_/products",
        &format!("127.0.0.1:{port}"),
        &[origin],
    );
    assert_eq!(by_path.0, 403, "an API by its path is on a control-plane host: {}", by_path.1);
    for foreign in [
        "page.example",
        "localhost.page.example",
        "127.0.0.1.page.example",
        "abcdef01.cloudfront.net",
    ] {
        let (status, text) = ask(port, ready, &format!("{foreign}:{port}"), &[]);
        assert!(status == 403 && text.contains("names under localhost only"), "{foreign}: {text}");
    }

    // MiniStack knows no such API, and says so itself; whether one with CORS works is what the
    // browser's test sees.
    let api = format!("abcdef01.execute-api.localhost:{port}");
    for request in ["OPTIONS /dev/products", "GET /dev/products", "GET /health"] {
        let (status, text) = ask(port, request, &api, &preflight);
        assert!(
            status == 404 && text.contains("{\"message\": \"not found\"}"),
            "{request}: {text}"
        );
    }
    // Nor do the open hosts lead to the control plane, under a name that is nobody's or by
    // MiniStack's own paths.
    let site = format!("abcdef01.cloudfront.localhost:{port}");
    let paths = [
        "GET /2015-03-31/functions",
        "GET /",
        "GET /health",
        "OPTIONS /",
        "GET /iceberg/v1/config",
    ];
    let behind = paths.map(|path| (path, &site)).into_iter();
    for (request, host) in
        behind.chain([("POST /_ministack/reset", &api), ("GET /_ministack/ready", &site)])
    {
        let (status, text) = ask(port, request, host, &preflight);
        assert!(
            status == 403 && text.contains("no api or distribution"),
            "{host} {request}: {text}"
        );
    }
}

/// Many shopstacks at once: one twin.
#[tokio::test]
async fn racing_starts_share_one_twin() {
    let cfg = config();
    let _stop = Stop(cfg.clone());
    let (a, b, c) =
        tokio::join!(ensure_up(&cfg, &|_| ()), ensure_up(&cfg, &|_| ()), ensure_up(&cfg, &|_| ()));
    let pid = a.unwrap().pid;
    assert_eq!([b.unwrap().pid, c.unwrap().pid], [pid, pid]);
}

/// An installation that was cut off: an interpreter that is none, packages that are not there, no
/// mark of its end.
#[tokio::test]
async fn a_half_made_environment_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let cfg = TwinConfig { cache_dir: folder.path().into(), ..config() };
    let lock_file =
        std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/local/requirements.lock"))
            .unwrap();
    let name: String =
        Sha256::digest(lock_file).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let half = folder.path().join("twin/venv").join(name);
    std::fs::create_dir_all(half.join("bin")).unwrap();
    std::fs::write(half.join("bin/python"), "not an interpreter").unwrap();
    let _stop = Stop(cfg.clone());
    let said = Mutex::new(Vec::new());
    ensure_up(&cfg, &|line| said.lock().unwrap().push(line.to_owned())).await.unwrap();
    assert!(
        said.lock()
            .unwrap()
            .iter()
            .any(|line| line.contains("incomplete or broken; making it anew")),
        "{said:?}"
    );
    assert!(half.join(".complete").exists());
}

#[tokio::test]
async fn a_taken_port_is_named_and_left_alone() {
    let holder = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let cfg = TwinConfig { port: holder.local_addr().unwrap().port(), ..config() };
    let server = tokio::spawn(async move {
        // Accepts and hangs up, like any server that does not speak HTTP.
        while holder.accept().await.is_ok() {}
    });
    assert_eq!(status(&cfg).await.unwrap().state, State::Foreign);
    let error = ensure_up(&cfg, &|_| ()).await.unwrap_err();
    assert!(
        error.message.contains(&cfg.port.to_string()) && error.message.contains("another program"),
        "{error}"
    );
    assert!(error.hint.contains("SHOPSTACK_LOCAL_PORT"), "{}", error.hint);
    assert!(!down(&cfg).await.unwrap());
    server.abort();
}
