//! Reads `cargo metadata`: a crate's package, binary, workspace and target folder.

use std::collections::BTreeMap;
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
    #[serde(default)]
    features: BTreeMap<String, Vec<String>>,
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
        if let Some(found) = pick(&known, &manifest, req) {
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
        let found = pick(&known, &manifest, req).unwrap_or_else(|| {
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

fn pick(
    known: &[Metadata],
    manifest: &Path,
    req: &BuildRequest,
) -> Option<Result<Crate, BuildError>> {
    known.iter().find_map(|metadata| {
        let same = |package: &&Package| {
            package.manifest_path == manifest
                || package.manifest_path.canonicalize().is_ok_and(|path| path == manifest)
        };
        let package = metadata.packages.iter().find(same)?;
        let binary = binary_of(package, req.bin.as_deref());
        Some(binary.and_then(|binary| Ok((binary, features_of(package, req)?))).map(|found| {
            Crate {
                package_id: package.id.clone(),
                package: package.name.clone(),
                binary: found.0.to_owned(),
                features: found.1,
                workspace_root: metadata.workspace_root.clone(),
                target_dir: own_target(&metadata.workspace_root, &metadata.target_directory),
            }
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

/// The features that the function asks for, sorted. Those of dependencies (`serde/std`) are cargo's
/// to check.
fn features_of(package: &Package, req: &BuildRequest) -> Result<Vec<String>, BuildError> {
    let unknown =
        |feature: &&String| !feature.contains('/') && !package.features.contains_key(*feature);
    if let Some(feature) = req.features.iter().find(unknown) {
        let known: Vec<&str> = package.features.keys().map(String::as_str).collect();
        let help = match known.as_slice() {
            [] => format!("it has none: remove `features` of {} in stack.yaml", req.name),
            known => format!("it has {}", known.join(", ")),
        };
        return Err(BuildError::new(
            format!("function {}: crate {} has no feature {feature}", req.name, package.name),
            help,
        ));
    }
    let mut features = req.features.clone();
    features.sort();
    Ok(features)
}

/// The binary of that name; else the only one, or the one that the package marks: `default-run`,
/// then one called `bootstrap`.
fn binary_of<'p>(package: &'p Package, named: Option<&str>) -> Result<&'p str, BuildError> {
    let bins: Vec<&str> = package
        .targets
        .iter()
        .filter(|target| target.kind.iter().any(|kind| kind == "bin"))
        .map(|target| target.name.as_str())
        .collect();
    if let Some(named) = named {
        return bins.iter().find(|name| **name == named).copied().ok_or_else(|| {
            let there = if bins.is_empty() { "none".to_string() } else { bins.join(", ") };
            BuildError::new(
                format!("crate {} has no binary {named}", package.name),
                format!("correct `bin` in stack.yaml; the crate's binaries: {there}"),
            )
        });
    }
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
                "name the function's one as `bin` in stack.yaml, or as default-run in Cargo.toml",
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
            features: BTreeMap::from([("fast".to_string(), vec![])]),
        }
    }

    fn request(features: &[&str]) -> BuildRequest {
        BuildRequest {
            name: "f".into(),
            crate_dir: "f".into(),
            bin: None,
            features: features.iter().map(|f| (*f).to_string()).collect(),
            architecture: super::super::Architecture::X86_64,
            pass_env: vec![],
        }
    }

    #[test]
    fn features_are_those_that_the_crate_has() {
        let package = package(&["a"], None);
        let found = features_of(&package, &request(&["serde/std", "fast"])).unwrap();
        assert_eq!(found, ["fast", "serde/std"]);
        let error = features_of(&package, &request(&["slow"])).unwrap_err();
        assert!(
            error.message.contains("no feature slow") && error.hint.contains("fast"),
            "{error}"
        );
    }

    #[test]
    fn the_binary_that_is_meant() {
        assert_eq!(binary_of(&package(&["a"], None), None).unwrap(), "a");
        assert_eq!(binary_of(&package(&["a", "bootstrap"], None), None).unwrap(), "bootstrap");
        assert_eq!(binary_of(&package(&["a", "b"], Some("b")), None).unwrap(), "b");
        assert!(binary_of(&package(&["a", "b"], None), None).unwrap_err().message.contains("a, b"));
        let two = package(&["a", "b"], Some("b"));
        assert_eq!(binary_of(&two, Some("a")).unwrap(), "a", "a name goes before the mark");
        let error = binary_of(&two, Some("c")).unwrap_err();
        assert!(error.message.contains("no binary c") && error.hint.contains("a, b"), "{error}");
        assert!(binary_of(&package(&[], None), None).unwrap_err().message.contains("orders"));
    }
}
