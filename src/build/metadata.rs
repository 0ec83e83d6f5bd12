//! What cargo itself says of a crate: its package, its binary, its workspace, where its output
//! goes.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::lambda_crate::Crate;
use super::{BuildError, BuildRequest, cargo};

/// The part of `cargo metadata --format-version 1` that matters here.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_root: PathBuf,
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    manifest_path: PathBuf,
    targets: Vec<Target>,
    default_run: Option<String>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

/// The crate of each request, in order. Cargo is asked once per workspace.
pub(super) async fn crates_of(
    root: &Path,
    reqs: &[BuildRequest],
) -> Result<Vec<Crate>, BuildError> {
    let mut known: Vec<Metadata> = Vec::new();
    let mut crates = Vec::with_capacity(reqs.len());
    for req in reqs {
        let given = root.join(&req.crate_dir).join("Cargo.toml");
        let manifest = given.canonicalize().map_err(|error| {
            BuildError::new(
                format!("function {}: there is no crate at {}: {error}", req.name, given.display()),
                "correct the function's crate in stack.yaml: the folder that holds its Cargo.toml",
            )
        })?;
        if let Some(found) = pick(&known, &manifest) {
            crates.push(found?);
            continue;
        }
        let metadata = cargo::metadata(&manifest, &req.pass_env).await?;
        let metadata = serde_json::from_slice(&metadata).map_err(|error| {
            BuildError::new(
                format!("cargo metadata answered something else than expected: {error}"),
                "update Rust: `rustup update stable`",
            )
        })?;
        known.push(metadata);
        let found = pick(&known, &manifest).unwrap_or_else(|| {
            Err(BuildError::new(
                format!(
                    "function {}: {} is a workspace, not a package",
                    req.name,
                    manifest.display()
                ),
                "name the folder of the function's own crate in stack.yaml",
            ))
        });
        crates.push(found?);
    }
    Ok(crates)
}

fn pick(known: &[Metadata], manifest: &Path) -> Option<Result<Crate, BuildError>> {
    known.iter().find_map(|metadata| {
        let same = |package: &&Package| {
            package.manifest_path == manifest
                || package.manifest_path.canonicalize().is_ok_and(|path| path == manifest)
        };
        let package = metadata.packages.iter().find(same)?;
        Some(binary_of(package).map(|binary| Crate {
            package_id: package.id.clone(),
            package: package.name.clone(),
            binary: binary.to_owned(),
            workspace_root: metadata.workspace_root.clone(),
            target_dir: own_target(&metadata.workspace_root, &metadata.target_directory),
        }))
    })
}

/// Where cargo builds. A target folder outside of the workspace is shared with other projects,
/// whose crates and functions may have the same names: there each workspace has a folder of its
/// own, or one project would deploy another's code.
fn own_target(workspace: &Path, target: &Path) -> PathBuf {
    if target.starts_with(workspace) {
        return target.to_path_buf();
    }
    let digest = Sha256::digest(workspace.as_os_str().as_encoded_bytes());
    let name: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    target.join("shopstack").join(name)
}

/// The only binary, or the one that the package marks: `default-run`, then one called `bootstrap`.
fn binary_of(package: &Package) -> Result<&str, BuildError> {
    let bins: Vec<&str> = package
        .targets
        .iter()
        .filter(|target| target.kind.iter().any(|kind| kind == "bin"))
        .map(|target| target.name.as_str())
        .collect();
    let marked = package.default_run.as_deref().unwrap_or("bootstrap");
    match bins.as_slice() {
        [only] => Ok(only),
        [] => Err(BuildError::new(
            format!("crate {} has no binary", package.name),
            "give it a src/main.rs that runs the Lambda",
        )),
        several => several.iter().find(|name| **name == marked).copied().ok_or_else(|| {
            BuildError::new(
                format!("crate {} has several binaries: {}", package.name, several.join(", ")),
                "name the Lambda's one as default-run in its Cargo.toml",
            )
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_folder_that_projects_share_keeps_them_apart() {
        let own =
            |workspace: &str, target: &str| own_target(Path::new(workspace), Path::new(target));
        assert_eq!(own("/home/a/shop", "/home/a/shop/target"), Path::new("/home/a/shop/target"));
        let (one, two) =
            (own("/home/a/shop", "/cache/target"), own("/home/a/other", "/cache/target"));
        assert!(
            one != two
                && one.starts_with("/cache/target/shopstack")
                && one == own("/home/a/shop", "/cache/target")
        );
    }

    fn package(bins: &[&str], default_run: Option<&str>) -> Package {
        let targets =
            bins.iter().map(|name| Target { name: (*name).into(), kind: vec!["bin".into()] });
        let library = Target { name: "lib".into(), kind: vec!["lib".into()] };
        Package {
            id: "id".into(),
            name: "orders".into(),
            manifest_path: "/w/Cargo.toml".into(),
            targets: targets.chain([library]).collect(),
            default_run: default_run.map(Into::into),
        }
    }

    #[test]
    fn the_binary_that_is_meant() {
        assert_eq!(binary_of(&package(&["a"], None)).unwrap(), "a");
        assert_eq!(binary_of(&package(&["a", "bootstrap"], None)).unwrap(), "bootstrap");
        assert_eq!(binary_of(&package(&["a", "b"], Some("b"))).unwrap(), "b");
        assert!(binary_of(&package(&["a", "b"], None)).unwrap_err().message.contains("a, b"));
        assert!(binary_of(&package(&[], None)).unwrap_err().message.contains("orders"));
    }
}
