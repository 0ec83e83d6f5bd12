//! Starting the twin's process, with an environment that holds nothing of the user's but the search
//! path and the language, and waiting until it answers.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
#[cfg(unix)]
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use super::health::{Port, probe};
use super::record::Record;
use super::{LocalError, Twin, TwinConfig, process, venv};

/// It takes two seconds on an idle machine; a loaded CI machine gets its time.
const START_BUDGET: Duration = Duration::from_secs(60);
/// For a twin that lives but is slow to answer, before it is given up with all that it holds in
/// memory.
const RECOVERY_BUDGET: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(75);
const LOG_LINES: usize = 20;
/// Starts MiniStack behind a guard against web pages in the user's browser.
const LAUNCHER: &str = include_str!("launch.py");

/// Variables of the caller's environment that the twin inherits. No `AWS_*`, so that neither the
/// twin nor a Lambda in it ever meets real credentials; no `HOME` either, because of `~/.aws`.
const INHERITED: [&str; 5] = ["PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ"];

/// True if a living twin becomes ready within a short time.
pub(super) async fn recovers(cfg: &TwinConfig, record: &Record) -> bool {
    let deadline = Instant::now() + RECOVERY_BUDGET;
    while record.is_alive() && Instant::now() < deadline {
        if probe(cfg.port).await == Port::Ready {
            return true;
        }
        sleep(POLL).await;
    }
    false
}

/// Starts the twin and waits until it is ready. The caller holds the port's lock.
pub(super) async fn start(cfg: &TwinConfig, python: &Path) -> Result<Twin, LocalError> {
    let mut child = spawn(cfg, python)?;
    let mark = child.id().and_then(|pid| Some((pid, process::start_mark(pid)?)));
    let Some((pid, start_mark)) = mark else {
        let status = child.wait().await.ok();
        return Err(ended(cfg, status));
    };
    let record = Record { pid, port: cfg.port, version: venv::version().to_owned(), start_mark };
    if let Err(error) = record.save(cfg) {
        // Without a record it would be a stranger to every later run.
        let _ignored = process::stop_group(pid, &record.start_mark, process::GRACE).await;
        return Err(error);
    }
    let deadline = Instant::now() + START_BUDGET;
    while Instant::now() < deadline {
        if let Ok(Some(status)) = child.try_wait() {
            record.forget(cfg)?;
            return Err(ended(cfg, Some(status)));
        }
        if probe(cfg.port).await == Port::Ready {
            return Ok(record.twin(cfg));
        }
        sleep(POLL).await;
    }
    record.stop(cfg).await?;
    Err(LocalError::new(
        format!("the local twin was not ready after {} s{}", START_BUDGET.as_secs(), log_tail(cfg)),
        format!(
            "try again when the machine is less busy; the whole log: {}",
            cfg.log_path().display()
        ),
    ))
}

fn spawn(cfg: &TwinConfig, python: &Path) -> Result<Child, LocalError> {
    let scratch = cfg.run_dir().join("tmp");
    std::fs::create_dir_all(&scratch)
        .map_err(|error| LocalError::file("create the folder", &scratch, &error))?;
    let launcher = write_launcher(&scratch)?;
    let log = cfg.log_path();
    // The log of the run before is what explains a crash.
    let _first_run = std::fs::rename(&log, cfg.run_dir().join("twin.log.old"));
    let out =
        File::create(&log).map_err(|error| LocalError::file("create the log", &log, &error))?;
    let err = out.try_clone().map_err(|error| LocalError::file("open the log", &log, &error))?;
    let mut command = Command::new(python);
    // Isolated: nothing that a Lambda leaves in the scratch folder can pass for one of Python's
    // modules.
    command.args(["-I", "-u"]).arg(launcher).current_dir(&scratch).env_clear();
    for name in INHERITED {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
        .env("AUTH", "true")
        .env("BIND_HOST", "127.0.0.1")
        .env("GATEWAY_PORT", cfg.port.to_string())
        .env("AWS_ENDPOINT_URL", cfg.endpoint())
        .env("HOME", &scratch)
        .env("TMPDIR", &scratch)
        .env("PYTHONUNBUFFERED", "1")
        // Its other listeners have fixed ports, which would clash between twins.
        .env("IOT_MTLS_ENABLED", "0")
        .env("SFTP_ENABLED", "0")
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(err)
        .kill_on_drop(false);
    // A group of its own: Ctrl-C in the terminal is not for it, and `down` can end it with its
    // Lambda processes.
    #[cfg(unix)]
    command.process_group(0);
    command.spawn().map_err(|error| LocalError::file("run", python, &error))
}

/// In the scratch folder, so that it is removed with it.
fn write_launcher(scratch: &Path) -> Result<PathBuf, LocalError> {
    let path = scratch.join("launch.py");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    options.mode(0o600);
    let written = options.open(&path).and_then(|mut file| file.write_all(LAUNCHER.as_bytes()));
    written.map_err(|error| LocalError::file("write", &path, &error))?;
    Ok(path)
}

fn ended(cfg: &TwinConfig, status: Option<ExitStatus>) -> LocalError {
    let status = status.map_or_else(String::new, |status| format!(" ({status})"));
    LocalError::new(
        format!("the local twin ended while starting{status}{}", log_tail(cfg)),
        format!("the whole log: {}; another port: SHOPSTACK_LOCAL_PORT", cfg.log_path().display()),
    )
}

/// The log's last lines, indented, or nothing.
fn log_tail(cfg: &TwinConfig) -> String {
    let Ok(bytes) = std::fs::read(cfg.log_path()) else {
        return String::new();
    };
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let from = lines.len().saturating_sub(LOG_LINES);
    lines.iter().skip(from).map(|line| format!("\n    {line}")).collect()
}
