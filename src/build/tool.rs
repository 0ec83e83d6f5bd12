//! Chooses the cargo command for a processor: cargo-lambda or cargo-zigbuild if installed,
//! otherwise plain cargo on a machine of the same kind.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::{Architecture, BuildError};

/// The way to build, with all that depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tool {
    /// `cargo lambda build`, which leaves binaries in a folder of its own.
    Lambda,
    /// `cargo zigbuild`, linked against glibc 2.34 on any host.
    Zigbuild,
    /// `cargo build` for the host itself; the check on the binary has the last word.
    Plain,
}

/// The facts that the choice depends on, as a parameter for tests.
pub(super) struct Host<'a> {
    pub(super) os: &'a str,
    pub(super) arch: &'a str,
    /// The folders where cargo looks for its subcommands.
    pub(super) folders: &'a [PathBuf],
}

impl Host<'_> {
    fn has(&self, program: &str) -> bool {
        self.folders.iter().any(|folder| is_program(&folder.join(program)))
    }
}

/// The choice for this machine.
pub(super) fn choose(architecture: Architecture) -> Result<Tool, BuildError> {
    let folders = search_path();
    choose_on(
        &Host { os: std::env::consts::OS, arch: std::env::consts::ARCH, folders: &folders },
        architecture,
    )
}

fn choose_on(host: &Host<'_>, architecture: Architecture) -> Result<Tool, BuildError> {
    if host.has("cargo-lambda") {
        return Ok(Tool::Lambda);
    }
    if host.has("cargo-zigbuild") {
        return Ok(Tool::Zigbuild);
    }
    if host.os == "linux" && host.arch == architecture.rust_name() {
        return Ok(Tool::Plain);
    }
    let triple = format!("{}-unknown-linux-gnu", architecture.rust_name());
    Err(BuildError::new(
        format!("plain cargo on {} {} cannot build Lambdas for {architecture}", host.os, host.arch),
        format!(
            "install cargo-zigbuild: `pip install cargo-zigbuild ziglang` (or `cargo install \
             cargo-zigbuild` with zig), \
             then `rustup target add {triple}`; or declare another architecture in stack.yaml"
        ),
    ))
}

/// The tool's own part of the command line. The glibc version in the target makes zig link against
/// that one's symbols.
pub(super) fn arguments(
    tool: Tool,
    architecture: Architecture,
    lambda_dir: &Path,
) -> Vec<OsString> {
    let words: Vec<&str> = match tool {
        Tool::Plain => vec!["build"],
        Tool::Zigbuild => match architecture {
            Architecture::X86_64 => vec!["zigbuild", "--target", "x86_64-unknown-linux-gnu.2.34"],
            Architecture::Arm64 => vec!["zigbuild", "--target", "aarch64-unknown-linux-gnu.2.34"],
        },
        Tool::Lambda => match architecture {
            Architecture::X86_64 => {
                vec!["lambda", "build", "--target", "x86_64-unknown-linux-gnu.2.34", "--lambda-dir"]
            }
            Architecture::Arm64 => {
                vec![
                    "lambda",
                    "build",
                    "--target",
                    "aarch64-unknown-linux-gnu.2.34",
                    "--lambda-dir",
                ]
            }
        },
    };
    let mut arguments: Vec<OsString> = words.into_iter().map(OsString::from).collect();
    if tool == Tool::Lambda {
        arguments.push(lambda_dir.into());
    }
    arguments
}

fn search_path() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = std::env::var_os("PATH")
        .map(|path| std::env::split_paths(&path).collect())
        .unwrap_or_default();
    let cargo_home = std::env::var_os("CARGO_HOME").filter(|v| !v.is_empty()).map(PathBuf::from);
    let home = std::env::home_dir().map(|home| home.join(".cargo"));
    folders.extend(cargo_home.or(home).map(|home| home.join("bin")));
    folders
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path)
        .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.with_extension(std::env::consts::EXE_EXTENSION).is_file()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    // Clippy does not take a module under `all(test, unix)` for a test.
    #[allow(clippy::unwrap_used)]
    fn folder_with(programs: &[&str]) -> (tempfile::TempDir, Vec<PathBuf>) {
        let dir = tempfile::tempdir().unwrap();
        for program in programs {
            let path = dir.path().join(program);
            std::fs::write(&path, "").unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        let folders = vec![dir.path().to_owned()];
        (dir, folders)
    }

    fn chosen(
        os: &str,
        arch: &str,
        programs: &[&str],
        architecture: Architecture,
    ) -> Result<Tool, BuildError> {
        let (_dir, folders) = folder_with(programs);
        choose_on(&Host { os, arch, folders: &folders }, architecture)
    }

    #[test]
    fn the_best_that_is_installed() {
        let arm = Architecture::Arm64;
        assert_eq!(
            chosen("macos", "aarch64", &["cargo-zigbuild", "cargo-lambda"], arm),
            Ok(Tool::Lambda)
        );
        assert_eq!(chosen("linux", "x86_64", &["cargo-zigbuild"], arm), Ok(Tool::Zigbuild));
        assert_eq!(chosen("linux", "aarch64", &[], arm), Ok(Tool::Plain));
    }

    #[test]
    fn says_what_to_install_where_nothing_fits() {
        for (os, arch) in [("macos", "aarch64"), ("linux", "x86_64")] {
            let error = chosen(os, arch, &[], Architecture::Arm64).unwrap_err();
            assert!(error.message.contains(os) && error.message.contains("arm64"), "{error}");
            assert!(
                error.hint.contains("rustup target add aarch64-unknown-linux-gnu"),
                "{}",
                error.hint
            );
        }
    }
}
