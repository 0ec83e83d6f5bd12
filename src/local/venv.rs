//! The twin's private Python environment: made from the embedded lock file, every package checked
//! against its hash, and made again where it is found half-made or broken.

use std::fmt::Write as _;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::process::Command;
use tokio::time::timeout;

use super::{LocalError, Progress, lock, python};

const LOCK_FILE: &str = include_str!("requirements.lock");
const VENV_PATIENCE: Duration = Duration::from_secs(180);
const PIP_PATIENCE: Duration = Duration::from_secs(900);
const CHECK_PATIENCE: Duration = Duration::from_secs(60);
const SHOWN_LINES: usize = 12;

/// Settings of the caller that would make pip install elsewhere, or Python look elsewhere. Mirrors
/// and proxies stay.
const HARMFUL: [&str; 8] = [
    "PYTHONHOME",
    "PYTHONPATH",
    "VIRTUAL_ENV",
    "PIP_USER",
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_ROOT",
    "__PYVENV_LAUNCHER__",
];

/// MiniStack's version, as pinned in the lock file.
pub(super) fn version() -> &'static str {
    LOCK_FILE
        .lines()
        .find_map(|line| line.strip_prefix("ministack=="))
        .map_or("unknown", |rest| rest.trim_end_matches([' ', '\\']))
}

/// The environment's interpreter, made first where needed.
///
/// # Errors No fit Python, packages that cannot be fetched or do not match their hashes, an
/// unwritable folder.
pub(super) async fn ensure(
    cache_dir: &Path,
    progress: Progress<'_>,
) -> Result<PathBuf, LocalError> {
    let name = lock_hash();
    let home = cache_dir.join("twin").join("venv");
    let _lock = lock::acquire(&home.join(format!("{name}.lock")), progress).await?;
    let dir = home.join(&name);
    let (marker, python) = (dir.join(".complete"), dir.join("bin").join("python"));
    if marker.exists() && works(&python).await {
        return Ok(python);
    }
    match std::fs::remove_dir_all(&dir) {
        Ok(()) => {
            progress("the local twin's Python environment is incomplete or broken; making it anew")
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => {
            return Err(LocalError::file("remove the broken environment", &dir, &error));
        }
    }
    let base = python::find().await?;
    progress(&format!(
        "installing the local twin (MiniStack {}), once; this takes half a minute",
        version()
    ));
    create_environment(&base, &dir, &python).await?;
    if !works(&python).await {
        return Err(LocalError::new(
            format!(
                "the local twin's environment in {} was installed but does not run",
                dir.display()
            ),
            "try another Python by SHOPSTACK_PYTHON",
        ));
    }
    // Last of all: without it the environment counts as half-made.
    std::fs::write(&marker, "").map_err(|error| LocalError::file("write", &marker, &error))?;
    Ok(python)
}

/// Sixteen digits of the SHA-256 tell lock files apart and keep paths short.
fn lock_hash() -> String {
    Sha256::digest(LOCK_FILE).iter().take(8).fold(String::new(), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

async fn create_environment(base: &Path, dir: &Path, python: &Path) -> Result<(), LocalError> {
    let mut venv = command(base);
    venv.args(["-m", "venv"]).arg(dir);
    run(venv, VENV_PATIENCE).await.map_err(|why| {
        LocalError::new(
            format!("cannot make a Python environment in {}: {why}", dir.display()),
            "install venv (Debian and Ubuntu: apt install python3-venv), or name another Python in \
             SHOPSTACK_PYTHON",
        )
    })?;
    let wanted = dir.join("requirements.lock");
    std::fs::write(&wanted, LOCK_FILE)
        .map_err(|error| LocalError::file("write", &wanted, &error))?;
    let mut pip = command(python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"])
        // Source archives would run build steps whose own packages no hash pins.
        .args(["--require-hashes", "--no-deps", "--only-binary", ":all:", "-r"])
        .arg(&wanted);
    run(pip, PIP_PATIENCE).await.map_err(|why| {
        LocalError::new(
            format!("pip cannot install the local twin: {why}"),
            "check the network; behind a proxy or mirror, set what pip needs (HTTPS_PROXY, \
             PIP_INDEX_URL, PIP_CERT), and try again",
        )
    })
}

/// An upgrade of the system's Python breaks an environment from under it; asking the package's
/// version finds out.
async fn works(python: &Path) -> bool {
    let mut check = command(python);
    check.args(["-c", "import importlib.metadata as m; print(m.version('ministack'))"]);
    match timeout(CHECK_PATIENCE, check.output()).await {
        Ok(Ok(output)) => {
            output.status.success() && String::from_utf8_lossy(&output.stdout).trim() == version()
        }
        _ => false,
    }
}

fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    for name in HARMFUL {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Runs to success, or says how it ended with the last lines of what it wrote.
async fn run(mut command: Command, patience: Duration) -> Result<(), String> {
    let output = match timeout(patience, command.output()).await {
        Ok(Ok(output)) => output,
        Ok(Err(error)) => return Err(error.to_string()),
        Err(_) => return Err(format!("not done after {} s", patience.as_secs())),
    };
    if output.status.success() {
        return Ok(());
    }
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let from = lines.len().saturating_sub(SHOWN_LINES);
    let shown: String = lines.iter().skip(from).map(|line| format!("\n    {line}")).collect();
    Err(format!("{}{shown}", output.status))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_file_pins_everything_and_names_no_host() {
        assert_eq!(version(), "1.5.33");
        let mut pins = 0;
        let mut lines = LOCK_FILE.lines().filter(|line| !line.starts_with('#')).peekable();
        while let Some(line) = lines.next() {
            assert!(!line.contains("://") && !line.contains("--index"), "{line}");
            if line.starts_with("    --hash=sha256:") {
                continue;
            }
            assert!(line.contains("=="), "no pin: {line}");
            assert!(
                lines.peek().is_some_and(|next| next.starts_with("    --hash=sha256:")),
                "no hash: {line}"
            );
            pins += 1;
        }
        assert!(pins >= 20, "{pins} packages");
        for only_on_3_10 in ["tomli", "exceptiongroup", "taskgroup", "typing-extensions"] {
            let pin = LOCK_FILE.lines().find(|line| line.starts_with(only_on_3_10)).unwrap();
            assert!(pin.contains("python_full_version < '3.11'"), "{pin}");
        }
    }

    #[tokio::test]
    async fn a_failed_command_shows_its_last_words() {
        let mut failing = command(Path::new("sh"));
        failing.args(["-c", "echo first; echo last words >&2; exit 3"]);
        let why = run(failing, CHECK_PATIENCE).await.unwrap_err();
        assert!(why.contains("exit status: 3") && why.contains("last words"), "{why}");
    }

    #[tokio::test]
    async fn an_interpreter_without_ministack_does_not_count() {
        let dir = tempfile::tempdir().unwrap();
        assert!(!works(&dir.path().join("bin").join("python")).await);
    }
}
