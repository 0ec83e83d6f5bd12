//! Building Lambda crates with the real cargo: reproducible zips, and errors that say what to do.
//! The crates are tiny and have one dependency at most, so each build takes seconds.

// Tests may stop at what they did not expect, and print what they measured.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::too_many_lines,
    clippy::unreachable,
    clippy::unwrap_used
)]

use std::io::Read;
use std::path::Path;

use shopstack::build::{Architecture, Artifact, BuildError, BuildRequest, build_all};

pub(super) const HOST: Architecture =
    if cfg!(target_arch = "aarch64") { Architecture::Arm64 } else { Architecture::X86_64 };

/// A workspace with one crate per name.
pub(super) fn workspace(root: &Path, crates: &[(&str, &str)]) {
    let members: Vec<String> = crates.iter().map(|(name, _)| format!("\"{name}\"")).collect();
    std::fs::create_dir_all(root).unwrap();
    let profile = "[profile.lambda]\ninherits = \"release\"\nstrip = \"symbols\"\n";
    let manifest =
        format!("[workspace]\nresolver = \"3\"\nmembers = [{}]\n\n{profile}", members.join(", "));
    std::fs::write(root.join("Cargo.toml"), manifest).unwrap();
    for (name, main) in crates {
        let dir = root.join(name);
        std::fs::create_dir_all(dir.join("src")).unwrap();
        let package =
            format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
        std::fs::write(dir.join("Cargo.toml"), package).unwrap();
        std::fs::write(dir.join("src").join("main.rs"), main).unwrap();
    }
}

pub(super) fn request(name: &str, crate_dir: &str, architecture: Architecture) -> BuildRequest {
    BuildRequest {
        name: name.into(),
        crate_dir: crate_dir.into(),
        bin: None,
        features: vec![],
        architecture,
        pass_env: vec![],
    }
}

pub(super) async fn build(root: &Path, reqs: &[BuildRequest]) -> Result<Vec<Artifact>, BuildError> {
    build_all(root, reqs, &|_| ()).await
}

#[tokio::test]
async fn two_functions_of_one_crate_have_a_binary_each_and_their_features() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let write = |name: &str, text: &str| {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write(
        "notes/Cargo.toml",
        "[package]\nname = \"notes\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
         [features]\nloud = []\n[profile.release]\nstrip = true\n",
    );
    let main = |name: &str| {
        format!("fn main() {{ println!(\"{name} {{}}\", cfg!(feature = \"loud\")); }}\n")
    };
    write("notes/src/bin/a.rs", &main("a"));
    write("notes/src/bin/b.rs", &main("b"));
    let here =
        if cfg!(target_arch = "aarch64") { Architecture::Arm64 } else { Architecture::X86_64 };
    let of = |name: &str, bin: Option<&str>, features: &[&str]| BuildRequest {
        bin: bin.map(str::to_string),
        features: features.iter().map(ToString::to_string).collect(),
        ..request(name, "notes", here)
    };
    let requests = [
        of("first", Some("a"), &[]),
        of("second", Some("b"), &[]),
        of("third", Some("a"), &["loud"]),
    ];
    let built = build(root, &requests).await.unwrap();
    let hashes: std::collections::BTreeSet<_> = built.iter().map(|a| &a.sha256_base64).collect();
    assert_eq!((built.len(), hashes.len()), (3, 3), "each its own code");
    let again = build(root, &requests).await.unwrap();
    assert_eq!(built, again, "the same request builds the same zips");

    for (bin, features, says) in [
        (Some("c"), &[][..], "has no binary c"),
        (Some("a"), &["quiet"], "has no feature quiet"),
        (None, &[], "has several binaries: a, b"),
    ] {
        let error = build(root, &[of("f", bin, features)]).await.unwrap_err();
        assert!(error.message.contains(says), "{error}");
    }
}

const HELLO: &str = "fn main() { let n: u32 = std::env::args().count() as u32; assert!(n < \
                     100, \"too many\"); println!(\"{n}\"); }\n";

#[tokio::test]
async fn a_binary_names_no_folder_of_this_machine() {
    let root = tempfile::tempdir().unwrap();
    let name_it = "fn main() { let n = std::env::args().count(); println!(\"{} {}\", file!(), \
                   [1, 2, 3][n]); std::path::PathBuf::new().canonicalize().unwrap(); }\n";
    workspace(root.path(), &[("list", name_it)]);
    let built = build(root.path(), &[request("list", "list", HOST)]).await.unwrap();
    let binary = bootstrap(&built[0].zip_path);
    let home = std::env::home_dir().unwrap();
    for folder in [root.path(), home.as_path()] {
        let folder = folder.to_str().unwrap().as_bytes();
        assert!(!binary.windows(folder.len()).any(|part| part == folder));
    }
}

/// The program inside a zip.
fn bootstrap(zip: &Path) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(std::fs::File::open(zip).unwrap()).unwrap();
    let mut binary = Vec::new();
    archive.by_name("bootstrap").unwrap().read_to_end(&mut binary).unwrap();
    binary
}

#[tokio::test]
async fn two_checkouts_give_the_same_bytes() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let reqs = [request("listThings", "list", HOST), request("makeThing", "make", HOST)];
    let mut all = Vec::new();
    for dir in [a.path(), b.path()] {
        workspace(dir, &[("list", HELLO), ("make", "fn main() {}\n")]);
        all.push(build(dir, &reqs).await.unwrap());
    }
    let [first, second] = all.as_slice() else { panic!("two builds") };
    assert_eq!(
        first.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(),
        ["listThings", "makeThing"]
    );
    for (one, other) in first.iter().zip(second) {
        let bytes = std::fs::read(&one.zip_path).unwrap();
        assert!(
            bytes == std::fs::read(&other.zip_path).unwrap(),
            "{} differs between two folders",
            one.name
        );
        assert_eq!(one.sha256_base64, other.sha256_base64);
        assert_eq!(one.size, bytes.len() as u64);
    }
    assert_ne!(first[0].sha256_base64, first[1].sha256_base64);
    assert!(
        first[0].zip_path.ends_with("shopstack/listThings.zip"),
        "{}",
        first[0].zip_path.display()
    );
}

/// Sources of dependencies stand in cargo's home, and panics name them.
#[test]
fn two_home_folders_give_the_same_bytes() {
    let own = std::env::var_os("CARGO_HOME").map(std::path::PathBuf::from);
    let own = own.unwrap_or_else(|| std::env::home_dir().unwrap().join(".cargo"));
    let shuffle = "fn main() { let mut all: Vec<usize> = (0..std::env::args().count()).collect(); \
                   fastrand::shuffle(&mut all); println!(\"{all:?}\"); }\n";
    let build = |root: &Path, home: &Path| {
        std::fs::create_dir_all(home).unwrap();
        std::os::unix::fs::symlink(own.join("registry"), home.join("registry")).unwrap();
        workspace(root, &[("list", shuffle)]);
        let manifest = root.join("list/Cargo.toml");
        let package = std::fs::read_to_string(&manifest).unwrap();
        std::fs::write(manifest, format!("{package}[dependencies]\nfastrand = \"2\"\n")).unwrap();
        let stack = "name: homes\nregion: us-east-1\nfunctions:\n  list: { crate: list }\n";
        std::fs::write(root.join("stack.yaml"), stack).unwrap();
        // A compiler that must not see secrets.
        let spy = root.join("rustc.sh");
        let script = "#!/bin/sh\n[ -z \"$AWS_SECRET_ACCESS_KEY\" ] || exit 9\nexec rustc \"$@\"\n";
        std::fs::write(&spy, script).unwrap();
        let runs = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&spy, runs).unwrap();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_shopstack"));
        let done = command
            .arg("build")
            .current_dir(root)
            .env("CARGO_HOME", home)
            .env("CARGO_NET_OFFLINE", "true")
            .env_remove("CARGO_TARGET_DIR")
            // No flags, and no reason to ask other variables.
            .env("CARGO_ENCODED_RUSTFLAGS", "")
            .env("RUSTC", &spy)
            .env("AWS_SECRET_ACCESS_KEY", "not for compilers")
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        bootstrap(&root.join("target/shopstack/list.zip"))
    };
    let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let [first, second] = folders
        .each_ref()
        .map(|folder| build(&folder.path().join("work"), &folder.path().join("home/kim/.cargo")));
    let named = |folder: &str| first.windows(folder.len()).any(|part| part == folder.as_bytes());
    assert!(named("/cargo/registry/src/"), "no panic of the dependency is in the binary");
    assert!(first == second, "the binary differs between two home folders");
}

#[tokio::test]
async fn the_zip_holds_the_program_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    workspace(dir.path(), &[("hello", HELLO)]);
    let built = build(dir.path(), &[request("hello", "hello", HOST)]).await.unwrap();
    let mut archive =
        zip::ZipArchive::new(std::fs::File::open(&built[0].zip_path).unwrap()).unwrap();
    assert_eq!(archive.len(), 1);
    let mut program = Vec::new();
    archive.by_name("bootstrap").unwrap().read_to_end(&mut program).unwrap();
    let path = dir.path().join("bootstrap");
    std::fs::write(&path, program).unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let output = std::process::Command::new(&path).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "1\n");
}

#[tokio::test]
async fn cargo_speaks_for_itself_when_code_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    workspace(dir.path(), &[("wrong", "fn main() { let x: u32 = \"text\"; }\n")]);
    let error = build(dir.path(), &[request("wrong", "wrong", HOST)]).await.unwrap_err();
    assert!(
        error.message.contains("E0308") && error.message.contains("wrong/src/main.rs:1"),
        "{error}"
    );
}

#[tokio::test]
async fn a_missing_crate_is_named() {
    let dir = tempfile::tempdir().unwrap();
    workspace(dir.path(), &[("here", HELLO)]);
    let error =
        build(dir.path(), &[request("createOrder", "lambdas/gone", HOST)]).await.unwrap_err();
    assert!(
        error.message.contains("createOrder") && error.message.contains("lambdas/gone"),
        "{error}"
    );
    assert!(error.hint.contains("stack.yaml"), "{}", error.hint);
}

#[tokio::test]
async fn a_library_is_no_lambda() {
    let dir = tempfile::tempdir().unwrap();
    workspace(dir.path(), &[("lib", HELLO)]);
    std::fs::rename(dir.path().join("lib/src/main.rs"), dir.path().join("lib/src/lib.rs")).unwrap();
    let error = build(dir.path(), &[request("lib", "lib", HOST)]).await.unwrap_err();
    assert!(error.message.contains("crate lib has no binary"), "{error}");
}

#[tokio::test]
async fn two_binaries_of_one_name_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    workspace(dir.path(), &[("one", HELLO), ("two", HELLO)]);
    for name in ["one", "two"] {
        let manifest = dir.path().join(name).join("Cargo.toml");
        let text = std::fs::read_to_string(&manifest).unwrap();
        let bin = "[[bin]]\nname = \"bootstrap\"\npath = \"src/main.rs\"\n";
        std::fs::write(&manifest, text + bin).unwrap();
    }
    let error = build(dir.path(), &[request("a", "one", HOST), request("b", "two", HOST)])
        .await
        .unwrap_err();
    assert!(error.message.contains("one and two both build a binary called bootstrap"), "{error}");
}

/// Whatever is installed here: never a zip with a binary for another processor.
#[tokio::test]
async fn the_other_architecture_is_right_or_refused() {
    let other =
        if HOST == Architecture::X86_64 { Architecture::Arm64 } else { Architecture::X86_64 };
    let dir = tempfile::tempdir().unwrap();
    workspace(dir.path(), &[("other", HELLO)]);
    match build(dir.path(), &[request("other", "other", other)]).await {
        Ok(built) => {
            let mut archive =
                zip::ZipArchive::new(std::fs::File::open(&built[0].zip_path).unwrap()).unwrap();
            let mut program = Vec::new();
            archive.by_name("bootstrap").unwrap().read_to_end(&mut program).unwrap();
            // ELF's e_machine: 62 is x86-64, 183 is AArch64.
            let machine = if other == Architecture::Arm64 { 183 } else { 62 };
            assert_eq!(u16::from_le_bytes([program[18], program[19]]), machine);
        }
        Err(error) => assert!(error.hint.contains("rustup target add"), "{error}\n{}", error.hint),
    }
}
