//! Keeps this machine's folders out of the binaries. Panic messages name source files, so without
//! this a zip would tell where it was built, and two people's zips of one commit would differ.

use super::lambda_crate::Crate;
use super::variables;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use tokio::process::Command;

/// Between the flags in `CARGO_ENCODED_RUSTFLAGS`.
const SEPARATOR: &str = "\u{1f}";

/// How flags reach rustc. Flags in the environment win over configured ones, so they are added to
/// where they are set, and else given as configuration, which cargo joins with the project's own.
pub(super) enum Flags {
    Argument(OsString),
    Environment(OsString),
}

/// The flags that map the folders of a build to fixed names.
pub(super) async fn flags(build: &Crate) -> Flags {
    let mut prefixes = vec![
        (build.target_dir.clone(), "/target".to_string()),
        (build.workspace_root.clone(), "/workspace".to_string()),
    ];
    prefixes.extend(cargo_home().map(|home| (home, "/cargo".to_string())));
    prefixes.extend(standard_library(&build.workspace_root).await);
    // Of several that match rustc takes the last: the longest, so that no folder hides one in it.
    prefixes.sort_by_key(|(from, _)| from.as_os_str().len());
    let ours = prefixes
        .iter()
        .map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()))
        .collect::<Vec<_>>();

    match from_environment() {
        Some(theirs) => Flags::Environment(
            theirs.into_iter().chain(ours).collect::<Vec<_>>().join(SEPARATOR).into(),
        ),
        None => {
            let list = serde_json::Value::from(ours);
            Flags::Argument(format!("target.'cfg(all())'.rustflags={list}").into())
        }
    }
}

fn from_environment() -> Option<Vec<String>> {
    if let Ok(encoded) = std::env::var("CARGO_ENCODED_RUSTFLAGS") {
        // Set to nothing it means no flags, and cargo asks no other variable.
        if encoded.is_empty() {
            return Some(vec![]);
        }
        return Some(encoded.split(SEPARATOR).map(str::to_string).collect());
    }
    let plain = std::env::var("RUSTFLAGS").ok()?;
    Some(plain.split_whitespace().map(str::to_string).collect())
}

/// The sources of dependencies are there.
pub(super) fn cargo_home() -> Option<PathBuf> {
    let named = std::env::var_os("CARGO_HOME").filter(|v| !v.is_empty()).map(PathBuf::from);
    named.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")))
}

/// Where the sources of the standard library are installed, its code names them; elsewhere it names
/// a path of the compiler's own build, which is taken for both.
async fn standard_library(workspace: &Path) -> Option<(PathBuf, String)> {
    let (sysroot, version) =
        tokio::join!(rustc(workspace, &["--print", "sysroot"]), rustc(workspace, &["-vV"]));
    let (sysroot, version) = (sysroot?, version?);
    let commit = version.lines().find_map(|line| line.strip_prefix("commit-hash: "))?;
    let sources = Path::new(sysroot.trim()).join("lib/rustlib/src/rust");
    Some((sources, format!("/rustc/{commit}")))
}

async fn rustc(workspace: &Path, arguments: &[&str]) -> Option<String> {
    let program = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut command = Command::new(program);
    for name in variables::withheld(&[]) {
        command.env_remove(name);
    }
    let output = command.args(arguments).current_dir(workspace).output().await.ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
