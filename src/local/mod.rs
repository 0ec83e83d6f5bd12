//! The local twin: MiniStack in a private Python environment, one process on the loopback, started,
//! watched and stopped by shopstack itself. Knows nothing of stacks; it only hands out an endpoint.

mod config;
mod health;
mod lock;
mod process;
mod python;
mod record;
mod start;
mod venv;

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

pub use config::{DEFAULT_PORT, TwinConfig};
use health::Port;
use record::Record;

/// Receives the steps that take seconds.
pub type Progress<'a> = &'a (dyn Fn(&str) + Sync);

/// A failure of the twin, with its remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalError {
    /// The failure: port, process or file.
    pub message: String,
    /// The remedy.
    pub hint: String,
}

impl LocalError {
    fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into() }
    }

    /// A file operation of the twin's own folder that failed.
    fn file(what: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::new(
            format!("cannot {what} {}: {error}", path.display()),
            "check that the folder is writable and has room, or name another one in \
             SHOPSTACK_CACHE_DIR",
        )
    }
}

impl fmt::Display for LocalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for LocalError {}

/// A twin that answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Twin {
    /// `http://127.0.0.1:PORT`.
    pub endpoint: String,
    /// The port on 127.0.0.1.
    pub port: u16,
    /// The process, which is also its process group.
    pub pid: u32,
    /// Where its output goes.
    pub log: PathBuf,
}

/// How things stand on the twin's port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Ours and ready.
    Running,
    /// Nothing there.
    Stopped,
    /// Ours is recorded, but its process is gone or does not answer; `ensure_up` repairs it.
    Dead,
    /// Something that is not ours has the port.
    Foreign,
}

/// The answer of `local status`, also as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// How things stand.
    pub state: State,
    /// Our process, where one is recorded.
    pub pid: Option<u32>,
    /// The port asked about.
    pub port: u16,
    /// `http://127.0.0.1:PORT`.
    pub endpoint: String,
    /// MiniStack's version: the running one's, or the one that would be started.
    pub version: String,
    /// Where its output goes.
    pub log: PathBuf,
}

/// The observed state: the recorded process, if it lives, and the port's answer.
enum Observed {
    Running(Record),
    Unresponsive(Record),
    Dead(Record),
    Foreign(&'static str),
    Stopped,
}

async fn observe(cfg: &TwinConfig) -> Result<Observed, LocalError> {
    let record = Record::load(cfg)?;
    let first = health::probe(cfg.port).await;
    let port = match record {
        Some(record) if record.is_alive() => {
            return Ok(if first == Port::Ready {
                Observed::Running(record)
            } else {
                Observed::Unresponsive(record)
            });
        }
        Some(record) => match health::probe_after_end(cfg.port).await {
            Port::Free => return Ok(Observed::Dead(record)),
            taken => taken,
        },
        None => first,
    };
    Ok(match port {
        Port::Ready => Observed::Foreign("another MiniStack"),
        Port::Taken => Observed::Foreign("another program"),
        Port::Free => Observed::Stopped,
    })
}

/// Makes sure that our twin answers on the port: installs it, starts it or repairs it, as needed.
/// Idempotent, and safe when several shopstacks do it at once.
///
/// # Errors The port belongs to something else; no fit Python; the packages cannot be installed;
/// the process does not come up.
pub async fn ensure_up(cfg: &TwinConfig, progress: Progress<'_>) -> Result<Twin, LocalError> {
    let _lock = lock::acquire(&cfg.run_dir().join("lock"), progress).await?;
    match observe(cfg).await? {
        Observed::Running(record) => return Ok(record.twin(cfg)),
        Observed::Unresponsive(record) => {
            // Its memory is the whole local AWS account: a busy or still starting twin gets time
            // before it is given up.
            if start::recovers(cfg, &record).await {
                return Ok(record.twin(cfg));
            }
            progress(if record.is_alive() {
                "the local twin does not answer; restarting it"
            } else {
                "the local twin had died; starting it anew"
            });
            record.stop(cfg).await?;
        }
        Observed::Dead(record) => {
            progress("the local twin had died; starting it anew");
            record.forget(cfg)?;
        }
        Observed::Foreign(what) => return Err(port_taken(cfg.port, what)),
        Observed::Stopped => {}
    }
    let python = venv::ensure(&cfg.cache_dir, progress).await?;
    progress("starting the local twin");
    start::start(cfg, &python).await
}

/// Stops our twin and everything it started. `false`: there was none running.
///
/// # Errors The process could not be signalled, or its files not be removed. What is not ours is
/// never touched.
pub async fn down(cfg: &TwinConfig) -> Result<bool, LocalError> {
    if !cfg.run_dir().exists() {
        return Ok(false);
    }
    let _lock = lock::acquire(&cfg.run_dir().join("lock"), &|_| ()).await?;
    let Some(record) = Record::load(cfg)? else {
        return Ok(false);
    };
    if record.is_alive() {
        record.stop(cfg).await?;
        return Ok(true);
    }
    record.forget(cfg)?;
    Ok(false)
}

/// How things stand, without changing anything.
///
/// # Errors
/// The pid file exists but cannot be read.
pub async fn status(cfg: &TwinConfig) -> Result<Status, LocalError> {
    let (state, record) = match observe(cfg).await? {
        Observed::Running(record) => (State::Running, Some(record)),
        Observed::Unresponsive(record) | Observed::Dead(record) => (State::Dead, Some(record)),
        Observed::Foreign(_) => (State::Foreign, None),
        Observed::Stopped => (State::Stopped, None),
    };
    Ok(Status {
        state,
        pid: record.as_ref().map(|record| record.pid),
        port: cfg.port,
        endpoint: cfg.endpoint(),
        version: record.map_or_else(|| venv::version().to_owned(), |record| record.version),
        log: cfg.log_path(),
    })
}

fn port_taken(port: u16, what: &str) -> LocalError {
    LocalError::new(
        format!("port {port} on 127.0.0.1 is taken by {what}, not by shopstack's local twin"),
        "stop that program, or choose another port: SHOPSTACK_LOCAL_PORT=4567 (any free port)",
    )
}

/// MiniStack's version, as pinned.
pub fn version() -> &'static str {
    venv::version()
}

/// True where `endpoint` is a twin on this machine, ours or another, which serves the requests of
/// sites and APIs.
pub async fn is_twin(endpoint: &str) -> bool {
    let port =
        endpoint.rsplit_once(':').and_then(|(_, port)| port.trim_end_matches('/').parse().ok());
    match port {
        Some(port) if endpoint.contains("127.0.0.1") || endpoint.contains("localhost") => {
            health::probe(port).await == Port::Ready
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_is_plain_json() {
        let status = Status {
            state: State::Running,
            pid: Some(7),
            port: 4566,
            endpoint: "http://127.0.0.1:4566".into(),
            version: "1.5.33".into(),
            log: PathBuf::from("/l"),
        };
        assert_eq!(
            serde_json::to_string(&status).unwrap(),
            concat!(
                r#"{"state":"running","pid":7,"port":4566,"endpoint":"http://127.0.0.1:4566","#,
                r#""version":"1.5.33","log":"/l"}"#
            )
        );
    }
}
