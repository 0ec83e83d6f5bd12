//! The Lambdas, from crate to checked, reproducible zip: one cargo run for all crates of a
//! workspace and architecture, then every binary is judged as Amazon Linux 2023 would.

mod cargo;
mod elf;
mod fresh;
mod lambda_crate;
mod metadata;
mod package;
mod paths;
mod profile;
mod tool;
mod variables;

use std::fmt;
use std::path::{Path, PathBuf};

use lambda_crate::Crate;

/// Receives the name of each crate that is being compiled.
pub type Progress<'a> = &'a (dyn Fn(&str) + Sync);

/// A failed build, with its remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildError {
    /// The failure: function, crate or file, and cargo's own words if cargo failed.
    pub message: String,
    /// The remedy.
    pub hint: String,
}

impl BuildError {
    fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into() }
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for BuildError {}

/// The processors that Lambda offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Architecture {
    /// `arm64`: Graviton.
    Arm64,
    /// `x86_64`.
    X86_64,
}

impl Architecture {
    /// As Rust's target triples and `std::env::consts::ARCH` call it.
    #[must_use]
    pub fn rust_name(self) -> &'static str {
        match self {
            Self::Arm64 => "aarch64",
            Self::X86_64 => "x86_64",
        }
    }
}

/// As stack.yaml and Lambda's API call it.
impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Arm64 => "arm64",
            Self::X86_64 => "x86_64",
        })
    }
}

/// A function to build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildRequest {
    /// The function's logical name; the zip is called after it.
    pub name: String,
    /// The folder of its Cargo.toml, relative to the root given to [`build_all`] or absolute.
    pub crate_dir: PathBuf,
    /// The binary of the crate; without a name the only one, or the one that the crate marks.
    pub bin: Option<String>,
    /// Cargo features of the crate, beside its default ones.
    pub features: Vec<String>,
    /// The processor it is declared for.
    pub architecture: Architecture,
    /// Names of `AWS_*` variables that its build may see.
    pub pass_env: Vec<String>,
}

/// A zip that Lambda takes as it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// The function's logical name.
    pub name: String,
    /// `<target>/shopstack/<name>.zip`.
    pub zip_path: PathBuf,
    /// base64 of the SHA-256 of the zip's bytes: what Lambda reports as `CodeSha256`.
    pub sha256_base64: String,
    /// Bytes of the zip.
    pub size: u64,
}

/// Checks that this machine has a tool for the architecture of each function, and a working cargo.
///
/// # Errors
/// The first architecture that no installed tool builds for; no cargo, or one without a toolchain;
/// each with what to install.
pub fn check_tools(reqs: &[BuildRequest]) -> Result<(), BuildError> {
    reqs.iter().try_for_each(|req| tool::choose(req.architecture).map(|_| ()))?;
    reqs.first().map_or(Ok(()), |first| cargo::check_runs(first.architecture))
}

/// Builds, checks and packs all functions; artifacts come in the order of the requests. Functions
/// that share a crate share its compilation; those with other features are compiled in a run of
/// their own.
///
/// # Errors A crate that is missing or has no single binary, a tool that is not installed, cargo's
/// own errors, a binary that Amazon Linux 2023 would refuse, a package beyond Lambda's limits.
pub async fn build_all(
    root: &Path,
    reqs: &[BuildRequest],
    progress: Progress<'_>,
) -> Result<Vec<Artifact>, BuildError> {
    let crates = metadata::crates_of(root, reqs).await?;
    let mut wanted: Vec<(&BuildRequest, &Crate)> = reqs.iter().zip(&crates).collect();
    // Groups in a fixed order, so that the same request makes the same cargo runs.
    let run_of = |(req, found): &(&BuildRequest, &Crate)| {
        (req.architecture, found.workspace_root.clone(), found.features.clone())
    };
    wanted.sort_by_key(run_of);
    let mut built = std::collections::BTreeMap::new();
    for group in wanted.chunk_by(|a, b| run_of(a) == run_of(b)) {
        let Some((first, _)) = group.first() else {
            continue;
        };
        let mut members: Vec<&Crate> = group.iter().map(|(_, found)| *found).collect();
        let target = |one: &Crate| (one.package_id.clone(), one.binary.clone());
        members.sort_by_key(|one| target(one));
        members.dedup_by_key(|one| target(one));
        distinct(&members)?;
        let binaries =
            cargo::build(&members, first.architecture, &first.pass_env, progress).await?;
        for (req, found) in group {
            let Some(binary) = binaries.get(&target(found)) else {
                return Err(no_binary(found));
            };
            let artifact = finish(req, found, binary).await?;
            built.insert(req.name.clone(), artifact);
        }
    }
    Ok(reqs.iter().filter_map(|req| built.get(&req.name).cloned()).collect())
}

/// Checking and compressing are seconds of pure computing, so they leave the async threads.
async fn finish(req: &BuildRequest, found: &Crate, binary: &Path) -> Result<Artifact, BuildError> {
    let (name, architecture) = (req.name.clone(), req.architecture);
    let (binary, target) = (binary.to_owned(), found.target_dir.clone());
    let work = tokio::task::spawn_blocking(move || {
        let bytes = std::fs::read(&binary).map_err(|error| {
            BuildError::new(
                format!("function {name}: cannot read the binary {}: {error}", binary.display()),
                "run the build again",
            )
        })?;
        elf::check(&bytes, architecture).map_err(|problem| problem.explain(&name, architecture))?;
        package::write(&name, &bytes, &target.join("shopstack"))
    });
    work.await.map_err(|error| {
        BuildError::new(
            format!("function {}: packing was cut off: {error}", req.name),
            "report this as a bug of shopstack",
        )
    })?
}

/// Cargo would write two binaries of one name to one file, and one function would run the other's
/// code.
fn distinct(members: &[&Crate]) -> Result<(), BuildError> {
    let mut seen = std::collections::BTreeMap::new();
    for one in members {
        if let Some(other) = seen.insert(&one.binary, &one.package) {
            return Err(BuildError::new(
                format!(
                    "crates {other} and {} both build a binary called {}",
                    one.package, one.binary
                ),
                "give each its own [[bin]] name; the zip's entry is called bootstrap in any case",
            ));
        }
    }
    Ok(())
}

fn no_binary(found: &Crate) -> BuildError {
    BuildError::new(
        format!("cargo built package {} but reported no binary {}", found.package, found.binary),
        format!("see what `cargo build -p {}` says", found.package),
    )
}
