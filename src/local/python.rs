//! Finding a Python that can make the twin's environment.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use super::LocalError;

/// The oldest version that MiniStack runs on.
const OLDEST: (u32, u32) = (3, 10);
const CANDIDATES: [&str; 6] =
    ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10"];
const PATIENCE: Duration = Duration::from_secs(20);

/// Debian ships `venv` without the `ensurepip` that it needs, so both are asked for.
const QUESTION: &str = "import sys\n\
    print('%d.%d' % sys.version_info[:2])\n\
    try:\n    import venv, ensurepip\n    print('venv')\n\
    except ImportError:\n    print('no venv')\n";

const WHAT_TO_INSTALL: &str = "install Python 3.10 or newer with venv (Debian and Ubuntu: apt \
                               install python3 python3-venv; \
    Fedora: dnf install python3; macOS: brew install python), or name one in SHOPSTACK_PYTHON";

/// The facts that an interpreter reports about itself.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Fit,
    TooOld(String),
    NoVenv(String),
    Absent,
}

/// The first fit interpreter: `SHOPSTACK_PYTHON` alone if set, else the usual names on the search
/// path.
pub(super) async fn find() -> Result<PathBuf, LocalError> {
    match std::env::var_os("SHOPSTACK_PYTHON").filter(|value| !value.is_empty()) {
        Some(own) => choose(&[PathBuf::from(own)]).await,
        None => choose(&CANDIDATES.map(PathBuf::from)).await,
    }
}

async fn choose(candidates: &[PathBuf]) -> Result<PathBuf, LocalError> {
    let mut seen = Vec::new();
    for candidate in candidates {
        match ask(candidate).await {
            Found::Fit => return Ok(candidate.clone()),
            Found::TooOld(version) => {
                seen.push(format!("{} is version {version}", candidate.display()))
            }
            Found::NoVenv(version) => {
                seen.push(format!("{} ({version}) lacks venv", candidate.display()))
            }
            Found::Absent => {}
        }
    }
    let names: Vec<_> =
        candidates.iter().map(|candidate| candidate.display().to_string()).collect();
    let seen = if seen.is_empty() {
        format!("none of {} runs", names.join(", "))
    } else {
        seen.join("; ")
    };
    Err(LocalError::new(
        format!("the local twin needs Python 3.10 or newer with venv: {seen}"),
        WHAT_TO_INSTALL,
    ))
}

async fn ask(python: &Path) -> Found {
    let mut command = Command::new(python);
    command.args(["-I", "-c", QUESTION]).stdin(Stdio::null()).kill_on_drop(true);
    match timeout(PATIENCE, command.output()).await {
        Ok(Ok(output)) if output.status.success() => {
            judge(&String::from_utf8_lossy(&output.stdout))
        }
        _ => Found::Absent,
    }
}

fn judge(answer: &str) -> Found {
    let mut lines = answer.lines();
    let version = lines.next().unwrap_or_default().trim();
    let Some((major, minor)) =
        version.split_once('.').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)))
    else {
        return Found::Absent;
    };
    if (major, minor) < OLDEST {
        return Found::TooOld(version.to_owned());
    }
    if lines.next() == Some("venv") { Found::Fit } else { Found::NoVenv(version.to_owned()) }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn judges_what_an_interpreter_says() {
        assert_eq!(judge("3.10\nvenv\n"), Found::Fit);
        assert_eq!(judge("4.0\nvenv\n"), Found::Fit);
        assert_eq!(judge("3.9\nvenv\n"), Found::TooOld("3.9".into()));
        assert_eq!(judge("3.12\nno venv\n"), Found::NoVenv("3.12".into()));
        assert_eq!(judge(""), Found::Absent);
    }

    #[tokio::test]
    async fn says_what_was_found_and_what_to_install() {
        let dir = tempfile::tempdir().unwrap();
        let old = dir.path().join("python3");
        std::fs::write(&old, "#!/bin/sh\nprintf '3.9\\nvenv\\n'\n").unwrap();
        std::fs::set_permissions(&old, std::fs::Permissions::from_mode(0o755)).unwrap();
        let error = choose(&[old, dir.path().join("absent")]).await.unwrap_err();
        assert!(error.message.contains("is version 3.9"), "{error}");
        assert!(error.hint.contains("python3-venv"), "{}", error.hint);
    }
}
