//! Where the twin listens and keeps its files, as the environment says.

use std::path::PathBuf;

use super::LocalError;

/// The port used when `SHOPSTACK_LOCAL_PORT` says nothing.
pub const DEFAULT_PORT: u16 = 4566;

/// Where the twin listens and where its files live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TwinConfig {
    /// The port on 127.0.0.1.
    pub port: u16,
    /// The folder for the Python environment, pid files and logs.
    pub cache_dir: PathBuf,
}

impl TwinConfig {
    /// Reads `SHOPSTACK_LOCAL_PORT`, `SHOPSTACK_CACHE_DIR`, `XDG_CACHE_HOME` and `HOME`.
    ///
    /// # Errors
    /// A port that is not a number from 1 to 65535, no folder to be found, or a system on which the
    /// twin does not run.
    pub fn from_env() -> Result<Self, LocalError> {
        check_system(std::env::consts::FAMILY, std::env::consts::OS)?;
        Self::from_vars(|name| std::env::var(name).ok())
    }

    /// The same from any source of variables; an empty value counts as unset.
    ///
    /// # Errors
    /// As [`TwinConfig::from_env`].
    pub fn from_vars(var: impl Fn(&str) -> Option<String>) -> Result<Self, LocalError> {
        let set = |name: &str| var(name).filter(|value| !value.is_empty());
        let port = match set("SHOPSTACK_LOCAL_PORT") {
            None => DEFAULT_PORT,
            Some(text) => text.trim().parse().ok().filter(|port| *port != 0).ok_or_else(|| {
                LocalError::new(
                    format!("SHOPSTACK_LOCAL_PORT is {text:?}, which is no port"),
                    format!("set it to a number from 1 to 65535, or unset it for {DEFAULT_PORT}"),
                )
            })?,
        };
        let cache_dir = match (set("SHOPSTACK_CACHE_DIR"), set("XDG_CACHE_HOME"), set("HOME")) {
            (Some(own), _, _) => PathBuf::from(own),
            (None, Some(xdg), _) => PathBuf::from(xdg).join("shopstack"),
            (None, None, Some(home)) => PathBuf::from(home).join(".cache").join("shopstack"),
            (None, None, None) => {
                return Err(LocalError::new(
                    "no folder for the local twin: HOME, XDG_CACHE_HOME and SHOPSTACK_CACHE_DIR \
                     are all unset",
                    "set SHOPSTACK_CACHE_DIR to a writable folder",
                ));
            }
        };
        // The twin's processes run elsewhere; a relative folder would mean another place to each of
        // them.
        let cache_dir = std::path::absolute(&cache_dir)
            .map_err(|error| LocalError::file("resolve the folder", &cache_dir, &error))?;
        Ok(Self { port, cache_dir })
    }

    /// The address that SDK clients use.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(super) fn run_dir(&self) -> PathBuf {
        self.cache_dir.join("twin").join("run").join(self.port.to_string())
    }

    pub(super) fn log_path(&self) -> PathBuf {
        self.run_dir().join("twin.log")
    }
}

/// The twin runs the shop's Linux Lambdas as processes of this machine, and ends them by process
/// group.
fn check_system(family: &str, system: &str) -> Result<(), LocalError> {
    if family == "unix" {
        return Ok(());
    }
    Err(LocalError::new(
        format!("the local twin does not run on {system}: it starts Lambdas built for Linux"),
        "run shopstack inside WSL 2, or without --local against AWS",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_without_the_twin_are_told_where_it_runs() {
        assert!(check_system("unix", "macos").is_ok());
        let error = check_system("windows", "windows").unwrap_err();
        assert!(error.message.contains("does not run on windows"), "{error}");
        assert!(error.hint.contains("WSL"), "{}", error.hint);
    }

    fn from(pairs: &[(&str, &str)]) -> Result<TwinConfig, LocalError> {
        TwinConfig::from_vars(|name| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn folders_in_order_of_precedence() {
        let all = [("SHOPSTACK_CACHE_DIR", "/a"), ("XDG_CACHE_HOME", "/b"), ("HOME", "/c")];
        assert_eq!(from(&all).unwrap().cache_dir, PathBuf::from("/a"));
        assert_eq!(from(&all[1..]).unwrap().cache_dir, PathBuf::from("/b/shopstack"));
        assert_eq!(from(&all[2..]).unwrap().cache_dir, PathBuf::from("/c/.cache/shopstack"));
        assert!(from(&[]).unwrap_err().hint.contains("SHOPSTACK_CACHE_DIR"));
    }

    #[test]
    fn ports_good_and_bad() {
        assert_eq!(from(&[("HOME", "/c")]).unwrap().port, DEFAULT_PORT);
        assert_eq!(
            from(&[("HOME", "/c"), ("SHOPSTACK_LOCAL_PORT", "4601")]).unwrap().endpoint(),
            "http://127.0.0.1:4601"
        );
        for bad in ["0", "65536", "http", "-1"] {
            let error = from(&[("HOME", "/c"), ("SHOPSTACK_LOCAL_PORT", bad)]).unwrap_err();
            assert!(error.message.contains(bad), "{error}");
        }
    }
}
