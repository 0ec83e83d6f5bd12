//! Skips cargo if nothing has changed since cargo last built the same binaries.
//!
//! cargo takes 150 ms and more to find out that there is nothing to do, and `diff` waits for that.
//! A stamp in the target folder records the command line, the environment, the toolchain, and the
//! time and size of each file that the build depends on, as cargo's dep-info lists them; of
//! manifests, lock file and configuration; and of the folders of the sources. Any difference, and
//! anything that a stamp cannot cover (a build script of the project's own, whose inputs may be any
//! file), leaves the decision to cargo.

use super::lambda_crate::TargetId;
use super::package;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Stamps kept in one target folder; environments of several shells have one each.
const KEPT: usize = 16;
/// A file changed this shortly before the build may have been changed during it: file systems round
/// their times.
const ROUNDING: Duration = Duration::from_secs(2);
/// Variables that differ between shells and that no build depends on.
const IRRELEVANT: [&str; 6] = ["_", "COLUMNS", "LINES", "OLDPWD", "PWD", "SHLVL"];

/// Modification time in nanoseconds since 1970, and size; `None` for a path that does not exist.
type Trace = Option<(u64, u64)>;

#[derive(Serialize, Deserialize)]
struct Stamp {
    inputs: BTreeMap<PathBuf, Trace>,
    binaries: Vec<(TargetId, PathBuf, Trace)>,
}

/// One build, identified by everything that decides it besides files.
pub(super) struct Build {
    stamp: PathBuf,
    workspace: PathBuf,
    begun: SystemTime,
}

impl Build {
    /// `None` if the toolchain is unknown, which the arguments name by its commit.
    pub fn new(
        workspace: &Path,
        target: &Path,
        arguments: &[OsString],
        withheld: &[OsString],
    ) -> Option<Self> {
        let text = |part: &OsStr| part.as_encoded_bytes().to_vec();
        if !arguments.iter().any(|part| part.to_string_lossy().contains("=/rustc/")) {
            return None;
        }
        let mut digest = Sha256::new();
        let mut add = |part: &OsStr| {
            digest.update(text(part));
            digest.update([0]);
        };
        arguments.iter().for_each(|part| add(part));
        let mut variables: Vec<_> = std::env::vars_os()
            .filter(|(name, _)| !withheld.contains(name))
            .filter(|(name, _)| !IRRELEVANT.iter().any(|known| name == known))
            .collect();
        variables.sort();
        variables.iter().for_each(|(name, value)| {
            add(name);
            add(value);
        });
        let name: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Some(Self {
            stamp: target.join("shopstack/fresh").join(format!("{name}.json")),
            workspace: workspace.to_owned(),
            begun: SystemTime::now(),
        })
    }

    /// The binaries of the last build, if neither they nor any input has changed since.
    pub fn unchanged(&self) -> Option<BTreeMap<TargetId, PathBuf>> {
        let stamp: Stamp = serde_json::from_slice(&std::fs::read(&self.stamp).ok()?).ok()?;
        let same = |(path, seen): (&PathBuf, &Trace)| trace(path) == *seen;
        let binaries = stamp.binaries.iter().map(|(_, path, seen)| (path, seen));
        let all = stamp.inputs.iter().chain(binaries);
        let exist = stamp.binaries.iter().all(|(_, _, seen)| seen.is_some());
        if !exist || !all.into_iter().all(same) {
            return None;
        }
        Some(stamp.binaries.into_iter().map(|(id, path, _)| (id, path)).collect())
    }

    /// Records a build that cargo has finished, unless a stamp cannot cover it. A stamp that cannot
    /// be written only costs time.
    pub fn record(&self, binaries: &BTreeMap<TargetId, PathBuf>) {
        let Some(inputs) = inputs(&self.workspace, binaries.values()) else { return };
        let latest = self.begun.checked_sub(ROUNDING).map_or(0, nanoseconds);
        if inputs.values().flatten().any(|(modified, _)| *modified >= latest) {
            return;
        }
        let traced = |(id, path): (&TargetId, &PathBuf)| (id.clone(), path.clone(), trace(path));
        let stamp = Stamp { inputs, binaries: binaries.iter().map(traced).collect() };
        if let Ok(bytes) = serde_json::to_vec(&stamp) {
            let _ = package::replace(&self.stamp, &bytes);
            self.stamp.parent().into_iter().for_each(|folder| package::prune(folder, KEPT));
        }
    }
}

fn trace(path: &Path) -> Trace {
    let meta = std::fs::metadata(path).ok()?;
    Some((nanoseconds(meta.modified().ok()?), meta.len()))
}

fn nanoseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// Everything that the build depends on; `None` if a stamp cannot cover the build.
fn inputs<'a>(
    workspace: &Path,
    binaries: impl Iterator<Item = &'a PathBuf>,
) -> Option<BTreeMap<PathBuf, Trace>> {
    let mut paths = BTreeSet::from(["Cargo.toml", "Cargo.lock"].map(|name| workspace.join(name)));
    for binary in binaries {
        let listed = std::fs::read_to_string(binary.with_extension("d")).ok()?;
        let sources = dependencies(&listed)?;
        for source in sources {
            paths.extend(surroundings(&source)?);
            paths.insert(source);
        }
    }
    for folder in workspace.ancestors() {
        let names =
            ["rust-toolchain", "rust-toolchain.toml", ".cargo/config", ".cargo/config.toml"];
        paths.extend(names.map(|name| folder.join(name)));
    }
    let home = super::paths::cargo_home()?;
    paths.extend(["config", "config.toml"].map(|name| home.join(name)));
    Some(paths.into_iter().map(|path| (path.clone(), trace(&path))).collect())
}

/// The folders of a source up to its package, where new files may matter, and the manifest. `None`
/// for a package with a build script.
fn surroundings(source: &Path) -> Option<Vec<PathBuf>> {
    let mut found = Vec::new();
    for folder in source.ancestors().skip(1) {
        found.push(folder.to_owned());
        let manifest = folder.join("Cargo.toml");
        let Ok(text) = std::fs::read_to_string(&manifest) else { continue };
        let parsed: toml::Table = text.parse().ok()?;
        let package = parsed.get("package")?;
        let scripted = package.get("build").is_some_and(|build| build.as_bool() != Some(false));
        if scripted || folder.join("build.rs").exists() {
            return None;
        }
        found.push(manifest);
        return Some(found);
    }
    None
}

/// The files behind the first colon of a Makefile rule, `\ ` for a space in a name. `None` without
/// any, or for a relative path.
fn dependencies(rule: &str) -> Option<Vec<PathBuf>> {
    let (_, listed) = rule.lines().next()?.split_once(": ")?;
    let names = listed.replace("\\ ", "\0");
    let paths: Vec<PathBuf> =
        names.split_whitespace().map(|name| PathBuf::from(name.replace('\0', " "))).collect();
    (!paths.is_empty() && paths.iter().all(|path| path.is_absolute())).then_some(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dep_info_is_read_with_spaces_in_names() {
        let found = dependencies("/t/lambda/f: /w/my\\ shop/src/main.rs /w/x.rs\n").unwrap();
        assert_eq!(found, ["/w/my shop/src/main.rs", "/w/x.rs"].map(PathBuf::from));
        for unusable in ["", "/t/f:", "/t/f: src/main.rs\n", "no rule"] {
            assert_eq!(dependencies(unusable), None, "{unusable}");
        }
    }
}
