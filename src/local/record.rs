//! The pid file: which process is our twin, proven by more than its number.

use std::io::ErrorKind;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{LocalError, Twin, TwinConfig, health, process};

/// The content of the pid file, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) pid: u32,
    pub(super) port: u16,
    /// MiniStack's version.
    pub(super) version: String,
    /// See [`process::start_mark`].
    pub(super) start_mark: String,
}

fn path(cfg: &TwinConfig) -> PathBuf {
    cfg.run_dir().join("twin.json")
}

impl Record {
    /// The recorded twin. A file that does not parse counts as none: it was cut off while being
    /// written by something that did not live to tell, and the port's own answer decides then.
    pub(super) fn load(cfg: &TwinConfig) -> Result<Option<Self>, LocalError> {
        match std::fs::read(path(cfg)) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes)
                .ok()
                .filter(|record: &Self| record.port == cfg.port)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(LocalError::file("read the pid file", &path(cfg), &error)),
        }
    }

    /// Written under another name first, so that a reader never sees half of it.
    pub(super) fn save(&self, cfg: &TwinConfig) -> Result<(), LocalError> {
        let (last, first) = (path(cfg), cfg.run_dir().join("twin.json.new"));
        let text = serde_json::to_vec(self).map_err(|error| {
            LocalError::new(
                format!("cannot write the pid file: {error}"),
                "report this as a bug of shopstack",
            )
        })?;
        std::fs::write(&first, text)
            .map_err(|error| LocalError::file("write the pid file", &first, &error))?;
        std::fs::rename(&first, &last)
            .map_err(|error| LocalError::file("write the pid file", &last, &error))
    }

    pub(super) fn is_alive(&self) -> bool {
        process::start_mark(self.pid).as_deref() == Some(self.start_mark.as_str())
    }

    pub(super) fn twin(&self, cfg: &TwinConfig) -> Twin {
        Twin { endpoint: cfg.endpoint(), port: cfg.port, pid: self.pid, log: cfg.log_path() }
    }

    /// Ends the process and everything it started, then forgets it.
    pub(super) async fn stop(&self, cfg: &TwinConfig) -> Result<(), LocalError> {
        process::stop_group(self.pid, &self.start_mark, process::GRACE).await.map_err(|why| {
            LocalError::new(
                format!("cannot stop the local twin on port {}: {why}", cfg.port),
                format!("end process {} yourself, as the user who started it", self.pid),
            )
        })?;
        // The next user of the port finds it free.
        let _settled = health::probe_after_end(cfg.port).await;
        self.forget(cfg)
    }

    /// Removes the pid file and the twin's scratch folder; the log stays for whoever wants to know
    /// why it ended. What is left of the Lambda processes of a twin that was killed ends by itself:
    /// their Runtime API was the twin's.
    pub(super) fn forget(&self, cfg: &TwinConfig) -> Result<(), LocalError> {
        let scratch = cfg.run_dir().join("tmp");
        match std::fs::remove_dir_all(&scratch) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(LocalError::file("remove the folder", &scratch, &error));
            }
            _ => {}
        }
        match std::fs::remove_file(path(cfg)) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(LocalError::file("remove the pid file", &path(cfg), &error))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(dir: &std::path::Path) -> TwinConfig {
        let cfg = TwinConfig { port: 4999, cache_dir: dir.to_owned() };
        std::fs::create_dir_all(cfg.run_dir()).unwrap();
        cfg
    }

    #[test]
    fn a_reused_pid_is_not_ours() {
        let mark = process::start_mark(std::process::id()).unwrap();
        let mut record =
            Record { pid: std::process::id(), port: 4999, version: "1".into(), start_mark: mark };
        assert!(record.is_alive());
        record.start_mark.push('0');
        assert!(!record.is_alive());
    }

    #[test]
    fn saved_read_and_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let cfg = config(dir.path());
        let record = Record { pid: 3, port: 4999, version: "1".into(), start_mark: "x".into() };
        record.save(&cfg).unwrap();
        assert_eq!(Record::load(&cfg).unwrap(), Some(record.clone()));
        record.forget(&cfg).unwrap();
        assert_eq!(Record::load(&cfg).unwrap(), None);
        record.forget(&cfg).unwrap();
    }

    #[test]
    fn half_a_pid_file_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let cfg = config(dir.path());
        std::fs::write(path(&cfg), "{\"pid\":12").unwrap();
        assert_eq!(Record::load(&cfg).unwrap(), None);
    }
}
