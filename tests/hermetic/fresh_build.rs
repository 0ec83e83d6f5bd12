//! cargo is left out only where it would have nothing to do: every kind of change asks it again.

use crate::build::{HOST, build, request, workspace};
use shopstack::build::build_all;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

const HELLO: &str = "mod words;\nfn main() { println!(\"{}\", words::WORD); }\n";

/// A crate whose files are an hour old, as in a checkout that is not new.
fn old_workspace(root: &Path) {
    workspace(root, &[("hello", HELLO)]);
    std::fs::write(root.join("hello/src/words.rs"), "pub const WORD: &str = \"one\";\n").unwrap();
    age(root);
}

fn age(folder: &Path) {
    let before = SystemTime::now() - Duration::from_secs(3600);
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            age(&path);
        }
        std::fs::File::open(&path).unwrap().set_modified(before).unwrap();
    }
    std::fs::File::open(folder).unwrap().set_modified(before).unwrap();
}

/// Whether a build runs cargo: what cargo itself knows of earlier builds is removed, so that it
/// compiles whenever it runs.
async fn runs_cargo(root: &Path) -> (bool, String) {
    let known = root.join("target/lambda/.fingerprint");
    assert!(known.exists(), "cargo keeps its fingerprints elsewhere");
    std::fs::remove_dir_all(&known).unwrap();
    let steps = AtomicUsize::new(0);
    let count = |_: &str| {
        steps.fetch_add(1, Ordering::SeqCst);
    };
    let built = build_all(root, &[request("hello", "hello", HOST)], &count).await.unwrap();
    // For the next look; cargo writes it only where it runs.
    std::fs::create_dir_all(&known).unwrap();
    (steps.load(Ordering::SeqCst) > 0, built[0].sha256_base64.clone())
}

#[tokio::test]
async fn cargo_is_left_out_where_nothing_has_changed() {
    let folder = tempfile::tempdir().unwrap();
    let root: PathBuf = folder.path().canonicalize().unwrap();
    old_workspace(&root);
    let first = build(&root, &[request("hello", "hello", HOST)]).await.unwrap();
    let first = first[0].sha256_base64.clone();
    // The lock file is as new as the build, which is no stamp yet.
    age(&root);
    assert_eq!(runs_cargo(&root).await, (true, first.clone()));
    assert_eq!(runs_cargo(&root).await, (false, first.clone()));

    type Change = (&'static str, fn(&Path));
    let changes: [Change; 6] = [
        ("a source of the same size", |root| {
            let text = "pub const WORD: &str = \"two\";\n";
            std::fs::write(root.join("hello/src/words.rs"), text).unwrap();
        }),
        ("a manifest", |root| {
            let path = root.join("hello/Cargo.toml");
            let text = std::fs::read_to_string(&path).unwrap();
            std::fs::write(&path, text + "description = \"x\"\n").unwrap();
        }),
        ("a profile", |root| {
            let path = root.join("Cargo.toml");
            let text = std::fs::read_to_string(&path).unwrap();
            std::fs::write(&path, text + "opt-level = 1\n").unwrap();
        }),
        ("cargo's configuration", |root| {
            std::fs::create_dir_all(root.join(".cargo")).unwrap();
            std::fs::write(root.join(".cargo/config.toml"), "[term]\nquiet = false\n").unwrap();
        }),
        ("a lost binary", |root| std::fs::remove_file(root.join("target/lambda/hello")).unwrap()),
        ("a new build script", |root| {
            std::fs::write(root.join("hello/build.rs"), "fn main() {}\n").unwrap();
        }),
    ];
    for (what, change) in changes {
        change(&root);
        assert!(runs_cargo(&root).await.0, "{what}");
        age(&root);
        assert!(runs_cargo(&root).await.0, "{what}: the files are older now");
        let scripted = root.join("hello/build.rs").exists();
        assert_eq!(runs_cargo(&root).await.0, scripted, "{what}, built twice");
    }
}
