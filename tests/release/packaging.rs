//! The packaging scripts on archives of a made-up release: names, hashes, the filled-in install.sh
//! and formula, and that all of them speak of the same files.

use super::{print_past_harness, program, read, root};
use std::path::Path;
use std::process::Command;

const UNIX: [&str; 4] = [
    "x86_64-unknown-linux-musl",
    "aarch64-unknown-linux-musl",
    "x86_64-apple-darwin",
    "aarch64-apple-darwin",
];
const WINDOWS: &str = "shopstack-x86_64-pc-windows-msvc.zip";

fn run(script: &str, arguments: &[&str]) -> std::process::Output {
    Command::new("sh").arg(root().join(script)).args(arguments).output().unwrap()
}

/// The archives of a release, made by the script that the workflow runs.
fn archives(folder: &Path) {
    let binary = folder.join("shopstack");
    std::fs::write(&binary, "#!/bin/sh\necho shopstack 1.2.3\n").unwrap();
    for target in UNIX {
        let release = folder.join("release");
        let paths = [binary.display().to_string(), release.display().to_string()];
        let output = run("packaging/archive.sh", &[target, &paths[0], &paths[1]]);
        assert!(output.status.success(), "{output:?}");
    }
    std::fs::write(folder.join("release").join(WINDOWS), "zip").unwrap();
}

#[test]
fn a_release_is_complete_and_agrees_with_itself() {
    let folder = tempfile::tempdir().unwrap();
    archives(folder.path());
    let release = folder.path().join("release");
    let path = release.display().to_string();
    let output = run("packaging/finish.sh", &["owner/name", "1.2.3", &path]);
    assert!(output.status.success(), "{output:?}");

    let sums = std::fs::read_to_string(release.join("SHA256SUMS")).unwrap();
    let script = std::fs::read_to_string(release.join("install.sh")).unwrap();
    let formula = std::fs::read_to_string(release.join("shopstack.rb")).unwrap();
    assert_eq!(sums.lines().count(), UNIX.len() + 1, "{sums}");
    assert!(script.contains("SHOPSTACK_REPOSITORY:-owner/name}"), "{script}");
    assert!(script.contains("SHOPSTACK_VERSION:-1.2.3}"), "{script}");
    assert!(!formula.contains('@'), "{formula}");
    for target in UNIX {
        let name = format!("shopstack-{target}.tar.gz");
        let sum = sums.lines().find(|line| line.ends_with(&format!("  {name}"))).unwrap();
        let url = format!("https://github.com/owner/name/releases/download/v1.2.3/{name}");
        assert!(formula.contains(&format!("\"{url}\"\n      sha256 \"{}\"", &sum[..64])), "{name}");
    }

    // What install.sh and the formula take out of an archive is in it.
    let output = Command::new("tar")
        .arg("-tzf")
        .arg(release.join("shopstack-aarch64-apple-darwin.tar.gz"))
        .output()
        .unwrap();
    let listed = String::from_utf8_lossy(&output.stdout);
    assert!(listed.lines().any(|line| line == "shopstack"), "{output:?}");
}

#[test]
fn a_release_that_lacks_a_platform_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    archives(folder.path());
    let release = folder.path().join("release");
    let path = release.display().to_string();
    for name in [WINDOWS, "shopstack-x86_64-apple-darwin.tar.gz"] {
        let kept = std::fs::read(release.join(name)).unwrap();
        std::fs::remove_file(release.join(name)).unwrap();
        let output = run("packaging/finish.sh", &["owner/name", "1.2.3", &path]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains("no archive for"), "{name}: {said}");
        std::fs::write(release.join(name), kept).unwrap();
    }
}

#[test]
fn the_formula_is_ruby() {
    let Some(ruby) = program("ruby") else {
        return;
    };
    let output = Command::new(ruby)
        .args(["-c", "packaging/homebrew/shopstack.rb.in"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    print_past_harness("ruby: the formula parses");
}

#[test]
fn binstall_and_workflow_name_the_same_files() {
    let (manifest, workflow) = (read("Cargo.toml"), read(".github/workflows/release.yml"));
    for target in UNIX.iter().chain(&["x86_64-pc-windows-msvc"]) {
        assert!(workflow.contains(&format!("target: {target},")), "{target} is not released");
    }
    assert!(manifest.contains("{ repo }/releases/download/v{ version }/shopstack-{ target }"));
    assert!(workflow.contains("--profile dist") && manifest.contains("[profile.dist]"));
}
