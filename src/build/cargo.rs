//! Runs cargo: one build for several packages, its own words passed on, the binaries' paths as it
//! reports them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::Command;

use super::fresh::Build;
use super::lambda_crate::{Crate, TargetId};
use super::paths::{self, Flags};
use super::tool::{self, Tool};
use super::{Architecture, BuildError, Progress, profile, variables};

const SHOWN_LINES: usize = 40;
/// A line of `--message-format=json`; lines of other kinds lack fields and are ignored.
#[derive(Deserialize)]
struct Message {
    reason: String,
    package_id: Option<String>,
    target: Option<Target>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

/// The answer of `cargo metadata` for one manifest, without dependencies: no network, no lock.
pub(super) async fn metadata(manifest: &Path, passed: &[String]) -> Result<Vec<u8>, BuildError> {
    let mut command = cargo(passed);
    command
        .args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"])
        .arg(manifest);
    let output = command.output().await.map_err(|error| no_cargo(&error))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(BuildError::new(
        format!("cargo cannot read {}:{}", manifest.display(), last_lines(&said)),
        remedy(&said, Architecture::X86_64),
    ))
}

/// Builds all the given binaries of one workspace in one run; all have the same features.
pub(super) async fn build(
    crates: &[&Crate],
    architecture: Architecture,
    passed: &[String],
    progress: Progress<'_>,
) -> Result<BTreeMap<TargetId, PathBuf>, BuildError> {
    let Some(first) = crates.first() else {
        return Ok(BTreeMap::new());
    };
    let tool = tool::choose(architecture)?;
    let lambda_dir =
        first.target_dir.join("shopstack").join("cargo-lambda").join(architecture.to_string());
    let mut command = cargo(passed);
    let mut decisive = arguments(crates, tool, architecture, &lambda_dir);
    command.args(&decisive);
    decisive.extend([add_flags(&mut command, paths::flags(first).await), program()]);
    let withheld = variables::withheld(passed);
    let fresh = Build::new(&first.workspace_root, &first.target_dir, &decisive, &withheld);
    if let Some(binaries) = fresh.as_ref().and_then(Build::unchanged) {
        return Ok(binaries);
    }
    command
        .current_dir(&first.workspace_root)
        .env("CARGO_TARGET_DIR", &first.target_dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| no_cargo(&error))?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let messages = async {
        let mut bytes = Vec::new();
        match out {
            Some(mut out) => out.read_to_end(&mut bytes).await.map(|_| bytes),
            None => Ok(bytes),
        }
    };
    let words = async {
        let Some(err) = err else {
            return Ok(String::new());
        };
        listen(BufReader::new(err), progress).await
    };
    let (messages, words, status) = tokio::join!(messages, words, child.wait());
    let status = status.map_err(|error| no_cargo(&error))?;
    let words = words.map_err(|error| no_cargo(&error))?;
    if !status.success() {
        return Err(failed(crates, architecture, &words));
    }
    let messages = messages.map_err(|error| no_cargo(&error))?;
    let binaries = match tool {
        Tool::Lambda => crates
            .iter()
            .map(|one| {
                let id = (one.package_id.clone(), one.binary.clone());
                (id, lambda_dir.join(&one.binary).join("bootstrap"))
            })
            .collect(),
        Tool::Zigbuild | Tool::Plain => executables(crates, &String::from_utf8_lossy(&messages)),
    };
    if let Some(fresh) = fresh {
        fresh.record(&binaries);
    }
    Ok(binaries)
}

/// Passes the flags on to cargo; returns them.
fn add_flags(command: &mut Command, flags: Flags) -> OsString {
    match flags {
        Flags::Argument(setting) => {
            command.arg("--config").arg(&setting);
            setting
        }
        Flags::Environment(flags) => {
            command.env("CARGO_ENCODED_RUSTFLAGS", &flags);
            flags
        }
    }
}

fn arguments(
    crates: &[&Crate],
    tool: Tool,
    architecture: Architecture,
    lambda_dir: &Path,
) -> Vec<OsString> {
    let mut arguments = tool::arguments(tool, architecture, lambda_dir);
    let mut say = |words: &[&str]| arguments.extend(words.iter().map(OsString::from));
    say(&["--color", "never", "--profile", profile::choose(crates)]);
    if tool != Tool::Lambda {
        say(&["--message-format=json-render-diagnostics"]);
    }
    // A lock file that no longer fits is an error: what is deployed is what was locked.
    if crates.first().is_some_and(|one| one.workspace_root.join("Cargo.lock").exists()) {
        say(&["--locked"]);
    }
    for one in crates {
        say(&["-p", &one.package, "--bin", &one.binary]);
        for feature in &one.features {
            // A feature of a dependency, `serde/std`, takes no package before it.
            match feature.contains('/') {
                true => say(&["--features", feature]),
                false => say(&["--features", &format!("{}/{feature}", one.package)]),
            }
        }
    }
    arguments
}

/// Reads cargo's own words to the end, passing on what it is compiling.
async fn listen<R: tokio::io::AsyncBufRead + Unpin>(
    reader: R,
    progress: Progress<'_>,
) -> std::io::Result<String> {
    let mut said = String::new();
    let mut reader = reader.split(b'\n');
    while let Some(line) = reader.next_segment().await? {
        let line = String::from_utf8_lossy(&line);
        let step = line.trim();
        if ["Compiling ", "Downloading ", "Blocking "].iter().any(|verb| step.starts_with(verb)) {
            progress(step);
        }
        said.push_str(&line);
        said.push('\n');
    }
    Ok(said)
}

/// The paths from cargo's messages, for exactly the binaries asked for.
fn executables(crates: &[&Crate], messages: &str) -> BTreeMap<TargetId, PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Message>(line).ok())
        .filter(|message| message.reason == "compiler-artifact")
        .filter_map(|message| {
            let (id, target, path) = (message.package_id?, message.target?, message.executable?);
            crates
                .iter()
                .any(|one| one.package_id == id && one.binary == target.name)
                .then_some(((id, target.name), path))
        })
        .collect()
}

fn failed(crates: &[&Crate], architecture: Architecture, words: &str) -> BuildError {
    let mut names: Vec<_> = crates.iter().map(|one| one.package.as_str()).collect();
    names.dedup();
    BuildError::new(
        format!(
            "cargo could not build {} for {architecture}:{}",
            names.join(", "),
            last_lines(words)
        ),
        remedy(words, architecture),
    )
}

/// Messages of cargo, rustup and rustc with their remedies; the first match counts.
const REMEDIES: &[(&[&str], &str)] = &[
    (
        &["no default is configured", "could not choose a version of cargo"],
        "rustup has no toolchain: `rustup default stable` installs one",
    ),
    (
        &["toolchain '", "is not installed"],
        "install the toolchain that rust-toolchain.toml or RUSTUP_TOOLCHAIN names: \
         `rustup toolchain install`",
    ),
    (
        &["Failed to find zig"],
        "cargo-zigbuild and cargo-lambda need zig: `pip install ziglang`, or install zig itself",
    ),
    (
        &["--locked"],
        "Cargo.lock does not fit Cargo.toml any more: run `cargo build` once, look at the change, \
         commit it",
    ),
    (
        &["could not execute process", "(never executed)"],
        "cargo is told to run a program that cannot be run: see RUSTC_WRAPPER, RUSTC and \
         `build.rustc-wrapper` in .cargo/config.toml",
    ),
    (
        &["linker `", "not found"],
        "install a C compiler, which Rust links with (Debian: `apt-get install build-essential`)",
    ),
    (&["No space left on device"], "the disk is full: make room, such as with `cargo clean`"),
    (
        &["failed to authenticate", "no token found", "authentication required"],
        "the registry asks for credentials: builds see no AWS_* variable but those in \
         `build.pass_env` of stack.yaml",
    ),
    (
        &["failed to download", "Could not resolve host", "network failure", "spurious network"],
        "cargo cannot reach the registry: check the network and its proxy (HTTPS_PROXY, \
         `http.proxy` in .cargo/config.toml)",
    ),
    (
        &["requires rustc", "is not supported by the following package", "feature `edition"],
        "a newer Rust is needed: `rustup update stable`",
    ),
    (&["failed to parse manifest"], "correct that Cargo.toml"),
    (&["could not compile"], "correct what the compiler reports above, and try again"),
];

/// Words that alone say too little: those beside them have to be there as well.
const TOGETHER: [&str; 3] = ["toolchain '", "could not execute process", "linker `"];

fn remedy(words: &str, architecture: Architecture) -> String {
    if words.contains("target may not be installed") {
        return format!("`rustup target add {}-unknown-linux-gnu`", architecture.rust_name());
    }
    let fits = |parts: &[&str]| match parts.iter().any(|part| TOGETHER.contains(part)) {
        true => parts.iter().all(|part| words.contains(part)),
        false => parts.iter().any(|part| words.contains(part)),
    };
    let known = REMEDIES.iter().find(|(parts, _)| fits(parts)).map(|(_, remedy)| *remedy);
    known.unwrap_or("cargo's words above name the cause; correct it, and try again").to_owned()
}

/// The last lines, indented, without the list of what compiled well.
fn last_lines(words: &str) -> String {
    let lines: Vec<&str> =
        words.lines().filter(|line| !line.trim_start().starts_with("Compiling ")).collect();
    let from = lines.len().saturating_sub(SHOWN_LINES);
    lines.iter().skip(from).map(|line| format!("\n    {line}")).collect()
}

/// Checks that cargo runs: rustup installs a cargo proxy even without a toolchain.
pub(super) fn check_runs(architecture: Architecture) -> Result<(), BuildError> {
    let mut command = std::process::Command::new(program());
    for name in variables::withheld(&[]) {
        command.env_remove(name);
    }
    let output = command.arg("--version").stdin(Stdio::null()).output();
    let output = output.map_err(|error| no_cargo(&error))?;
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let message = format!("cargo does not run:{}", last_lines(&words));
    Err(BuildError::new(message, remedy(&words, architecture)))
}

fn program() -> OsString {
    let named = std::env::var_os("CARGO").filter(|value| !value.is_empty());
    named.unwrap_or_else(|| "cargo".into())
}

/// The cargo that runs us if there is one, without the variables that are withheld.
fn cargo(passed: &[String]) -> Command {
    let mut command = Command::new(program());
    for name in variables::withheld(passed) {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

fn no_cargo(error: &std::io::Error) -> BuildError {
    BuildError::new(
        format!("cannot run cargo: {error}"),
        "install stable Rust with rustup, or set CARGO to its cargo",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orders_crate() -> Crate {
        Crate {
            package_id: "path+file:///w#orders@0.1.0".into(),
            package: "orders".into(),
            binary: "orders".into(),
            features: vec![],
            workspace_root: "/nowhere".into(),
            target_dir: "/nowhere/target".into(),
        }
    }

    #[test]
    fn takes_paths_of_the_asked_binaries_only() {
        let messages = "not json\n\
            {\"reason\":\"build-finished\",\"success\":true}\n\
            {\"reason\":\"compiler-artifact\",\
            \"package_id\":\"other\",\"target\":{\"name\":\"orders\"},\"executable\":\"/x\"}\n\
            {\"reason\":\"compiler-artifact\",\
            \"package_id\":\"path+file:///w#orders@0.1.0\",\
            \"target\":{\"name\":\"build-script-build\"},\"executable\":\"/y\"}\n\
            {\"reason\":\"compiler-artifact\",\
            \"package_id\":\"path+file:///w#orders@0.1.0\",\
            \"target\":{\"name\":\"orders\"},\"executable\":\"/z\"}\n";
        let found = executables(&[&orders_crate()], messages);
        assert_eq!(
            found.into_iter().collect::<Vec<_>>(),
            [((orders_crate().package_id, "orders".into()), PathBuf::from("/z"))]
        );
    }

    #[test]
    fn a_failure_shows_the_end_and_not_the_successes() {
        let words: String = (0..60).map(|n| format!("line {n}\n   Compiling c{n} v1\n")).collect();
        let error = failed(&[&orders_crate()], Architecture::X86_64, &words);
        assert!(
            error.message.contains("line 59") && !error.message.contains("line 19\n"),
            "{error}"
        );
        assert!(!error.message.contains("Compiling"), "{error}");
        let error = failed(
            &[&orders_crate()],
            Architecture::Arm64,
            "the `aarch64` target may not be installed",
        );
        assert_eq!(error.hint, "`rustup target add aarch64-unknown-linux-gnu`");
    }

    #[test]
    fn features_of_dependencies_take_no_package() {
        let one = Crate { features: vec!["fast".into(), "serde/std".into()], ..orders_crate() };
        let words = arguments(&[&one], Tool::Plain, Architecture::X86_64, Path::new("/l"));
        let words: Vec<_> = words.iter().filter_map(|word| word.to_str()).collect();
        let after = |word: &str| words.windows(2).any(|two| two == ["--features", word]);
        assert!(after("orders/fast") && after("serde/std"), "{words:?}");
    }

    #[test]
    fn each_cause_has_its_own_remedy() {
        for (words, says) in [
            (
                "error: rustup could not choose a version of cargo to run, because one wasn't \
                 specified explicitly, and no default is configured.",
                "rustup default stable",
            ),
            ("error: toolchain '1.70.0' is not installed", "rustup toolchain install"),
            ("error: failed to parse manifest at `/x/Cargo.toml`", "correct that Cargo.toml"),
            ("error: could not execute process `sccache rustc -vV` (never executed)", "WRAPPER"),
            ("error: linker `cc` not found", "C compiler"),
            ("error: failed to download from `https://index.crates.io/x`", "the network"),
            ("error: package `x` requires rustc 1.99 or newer", "rustup update"),
            ("error: failed to authenticate when downloading repository", "pass_env"),
            ("error: could not compile `x`: 401 things; linker `x` is odd", "the compiler"),
            ("error: something new", "cargo's words above"),
        ] {
            let hint = remedy(words, Architecture::Arm64);
            assert!(hint.contains(says), "{words}: {hint}");
        }
    }
}
