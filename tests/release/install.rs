//! install.sh for real, against a local server: what it installs, and all that it refuses.

use super::server::{Answer, serve};
use super::{linter, print_past_harness, program, root};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const ARCHIVES: [&str; 4] = [
    "shopstack-x86_64-unknown-linux-musl.tar.gz",
    "shopstack-aarch64-unknown-linux-musl.tar.gz",
    "shopstack-x86_64-apple-darwin.tar.gz",
    "shopstack-aarch64-apple-darwin.tar.gz",
];

fn sums(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut text = String::new();
    for (name, bytes) in files {
        for byte in Sha256::digest(bytes) {
            write!(text, "{byte:02x}").unwrap();
        }
        writeln!(text, "  {name}").unwrap();
    }
    text.into_bytes()
}

/// An archive whose `shopstack` prints its version as the real one does.
fn archive(script: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let binary = folder.path().join("shopstack");
    std::fs::write(&binary, script).unwrap();
    std::fs::set_permissions(&binary, std::fs::Permissions::from_mode(0o755)).unwrap();
    let packed = Command::new("tar")
        .args(["-czf", "-", "-C"])
        .arg(folder.path())
        .arg("shopstack")
        .output()
        .unwrap();
    assert!(packed.status.success(), "{packed:?}");
    packed.stdout
}

const WORKS: &str = "#!/bin/sh\necho shopstack 9.9.9\n";

/// A release with the same bytes for every platform.
fn release(script: &str) -> BTreeMap<String, Answer> {
    let bytes = archive(script);
    let listed: Vec<_> = ARCHIVES.iter().map(|name| (*name, bytes.as_slice())).collect();
    let mut files: BTreeMap<String, Answer> =
        ARCHIVES.iter().map(|name| (format!("/{name}"), Answer::Whole(bytes.clone()))).collect();
    files.insert("/SHA256SUMS".into(), Answer::Whole(sums(&listed)));
    files
}

struct Desk {
    home: tempfile::TempDir,
    command: Command,
}

impl Desk {
    fn new(files: BTreeMap<String, Answer>) -> Self {
        Self::at(&serve(files))
    }

    fn at(url: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command
            .arg(root().join("install.sh"))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", home.path())
            .env("TMPDIR", home.path())
            .env("SHOPSTACK_DOWNLOAD_URL", url);
        Self { home, command }
    }

    fn installed(&self) -> PathBuf {
        self.home.path().join(".local/bin/shopstack")
    }

    fn run(&mut self) -> Output {
        self.command.output().unwrap()
    }

    /// Fails with `word`, installs nothing and leaves nothing behind.
    fn refuse(mut self, word: &str) {
        let output = self.run();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{output:?}");
        assert!(said.contains(word), "{word:?} is not in {said:?}");
        assert!(!self.installed().exists(), "installed all the same");
        assert_eq!(files_below(self.home.path()), Vec::<PathBuf>::new());
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            found.push(path);
        }
    }
    found
}

#[test]
fn installs_a_binary_that_runs_and_nothing_else() {
    let mut desk = Desk::new(release(WORKS));
    let output = desk.run();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    assert!(said.contains("shopstack 9.9.9 is installed in"), "{said}");
    assert!(said.contains("export PATH="), "{said}");
    assert_eq!(files_below(desk.home.path()), [desk.installed()]);
    let mode = std::fs::metadata(desk.installed()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o755);

    // Again, over the old one.
    assert!(desk.run().status.success());
    assert_eq!(files_below(desk.home.path()), [desk.installed()]);
}

#[test]
fn another_folder_is_made_and_used() {
    let mut desk = Desk::new(release(WORKS));
    let folder = desk.home.path().join("a folder/bin");
    let output = desk.command.env("SHOPSTACK_INSTALL_DIR", &folder).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(folder.join("shopstack").is_file());
}

#[test]
fn a_changed_archive_is_refused_and_the_old_binary_stays() {
    let mut files = release(WORKS);
    for name in ARCHIVES {
        files.insert(format!("/{name}"), Answer::Whole(archive("#!/bin/sh\necho changed\n")));
    }
    Desk::new(files.clone()).refuse("nothing was installed");

    let mut desk = Desk::new(files);
    std::fs::create_dir_all(desk.home.path().join(".local/bin")).unwrap();
    std::fs::write(desk.installed(), "the old one").unwrap();
    assert!(!desk.run().status.success());
    assert_eq!(std::fs::read_to_string(desk.installed()).unwrap(), "the old one");
}

#[test]
fn whatever_is_missing_or_cut_off_is_refused() {
    let whole = release(WORKS);

    let mut files = whole.clone();
    files.remove("/SHA256SUMS");
    Desk::new(files).refuse("cannot download");

    let mut files = whole.clone();
    files.retain(|path, _| path == "/SHA256SUMS");
    Desk::new(files).refuse("cannot download");

    let mut files = whole.clone();
    files.insert("/SHA256SUMS".into(), Answer::Whole(sums(&[("another.tar.gz", b"other")])));
    Desk::new(files).refuse("does not list");

    let mut files = whole.clone();
    files.insert("/SHA256SUMS".into(), Answer::Whole(b"<html>Sign in</html>".to_vec()));
    Desk::new(files).refuse("does not list");

    let mut files = whole;
    for answer in files.values_mut() {
        if let Answer::Whole(bytes) = answer.clone() {
            *answer = Answer::Half(bytes);
        }
    }
    Desk::new(files).refuse("cannot download");
}

#[test]
fn an_archive_cut_off_without_a_length_fails_the_hash() {
    let mut files = release(WORKS);
    for name in ARCHIVES {
        let Some(Answer::Whole(bytes)) = files.get(&format!("/{name}")).cloned() else {
            panic!("no {name}");
        };
        let half = bytes[..bytes.len() / 2].to_vec();
        files.insert(format!("/{name}"), Answer::Whole(half));
    }
    Desk::new(files).refuse("but SHA256SUMS says");
}

#[test]
fn a_binary_that_does_not_run_here_is_refused() {
    Desk::new(release("#!/bin/sh\nexit 1\n")).refuse("does not run on this machine");
}

#[test]
fn odd_settings_are_refused_before_any_download() {
    for (repository, version, word) in [
        ("", "", "owner/name"),
        ("shopstack", "", "owner/name"),
        ("a/b/c", "", "owner/name"),
        ("a/b?c", "", "owner/name"),
        ("a/b", "1/../../evil", "SHOPSTACK_VERSION"),
        ("a/b", "1 2", "SHOPSTACK_VERSION"),
    ] {
        let mut desk = Desk::at("");
        desk.command.env("SHOPSTACK_REPOSITORY", repository).env("SHOPSTACK_VERSION", version);
        desk.refuse(word);
    }
}

/// A folder with links to the given programs and to stand-ins.
fn search_path(home: &Path, programs: &[&str], stand_ins: &[(&str, &str)]) -> PathBuf {
    let folder = home.join("programs");
    std::fs::create_dir(&folder).unwrap();
    for program in programs {
        let found = std::env::split_paths(&std::env::var_os("PATH").unwrap())
            .map(|dir| dir.join(program))
            .find(|path| path.is_file());
        symlink(found.unwrap_or_else(|| panic!("no {program}")), folder.join(program)).unwrap();
    }
    for (name, script) in stand_ins {
        let path = folder.join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    folder
}

const BASICS: [&str; 12] =
    ["sh", "mktemp", "rm", "tar", "gzip", "awk", "cut", "mkdir", "cp", "chmod", "mv", "sha256sum"];

/// Takes the address out of curl's arguments and stops there.
const TELL_URL: (&str, &str) =
    ("curl", "for last; do :; done; echo \"curl asked for $last\" >&2; exit 22");

#[test]
fn picks_the_archive_of_the_machine_and_the_version() {
    let latest = "https://github.com/a/b/releases/latest/download/SHA256SUMS";
    let pinned = "https://github.com/a/b/releases/download/v1.2.3/SHA256SUMS";
    for (uname, version, word) in [
        ("Linux x86_64", "", latest),
        ("Linux aarch64", "1.2.3", pinned),
        ("Darwin arm64", "v1.2.3", pinned),
        ("FreeBSD amd64", "", "no binary for FreeBSD"),
        ("MINGW64_NT-10.0 x86_64", "", "on Windows, unpack the release's zip"),
        ("Linux riscv64", "", "no binary is published for the processor riscv64"),
    ] {
        let (system, machine) = uname.split_once(' ').unwrap();
        let uname = format!("case $1 in -s) echo {system} ;; *) echo {machine} ;; esac");
        let programs = tempfile::tempdir().unwrap();
        let path = search_path(programs.path(), &BASICS, &[("uname", &uname), TELL_URL]);
        let mut desk = Desk::at("");
        desk.command.env("PATH", path).env("SHOPSTACK_REPOSITORY", "a/b");
        desk.command.env("SHOPSTACK_VERSION", version);
        desk.refuse(word);
    }
}

#[test]
fn every_platform_gets_its_own_archive() {
    for (uname, name) in [
        ("Linux x86_64", ARCHIVES[0]),
        ("Linux arm64", ARCHIVES[1]),
        ("Darwin x86_64", ARCHIVES[2]),
        ("Darwin arm64", ARCHIVES[3]),
    ] {
        let (system, machine) = uname.split_once(' ').unwrap();
        let uname = format!("case $1 in -s) echo {system} ;; *) echo {machine} ;; esac");
        let mut files = release(WORKS);
        files.retain(|path, _| path == "/SHA256SUMS" || path.ends_with(name));
        let programs = tempfile::tempdir().unwrap();
        let stand_ins = [("uname", uname.as_str()), ("sysctl", "echo 0")];
        let mut with_curl = BASICS.to_vec();
        with_curl.push("curl");
        let mut desk = Desk::new(files);
        desk.command.env("PATH", search_path(programs.path(), &with_curl, &stand_ins));
        let output = desk.run();
        assert!(output.status.success(), "{name}: {output:?}");
    }
}

#[test]
fn wget_does_where_there_is_no_curl() {
    if program("wget").is_none() {
        return;
    }
    let programs = tempfile::tempdir().unwrap();
    let mut with_wget = BASICS.to_vec();
    with_wget.extend(["wget", "uname"]);
    let path = search_path(programs.path(), &with_wget, &[]);
    let mut desk = Desk::new(release(WORKS));
    let output = desk.command.env("PATH", &path).output().unwrap();
    assert!(output.status.success(), "{output:?}");

    let mut files = release(WORKS);
    files.remove("/SHA256SUMS");
    let mut desk = Desk::new(files);
    desk.command.env("PATH", &path);
    desk.refuse("cannot download");
}

#[test]
fn half_a_script_does_nothing() {
    let text = super::read("install.sh");
    let half = &text[..text.rfind("main \"$@\"").unwrap()];
    let mut desk = Desk::new(release(WORKS));
    let script = desk.home.path().join("half.sh");
    std::fs::write(&script, half).unwrap();
    let output = Command::new("sh").arg(&script).env("HOME", desk.home.path()).output().unwrap();
    assert!(output.status.success() && output.stdout.is_empty(), "{output:?}");
    assert!(!desk.installed().exists());
    std::fs::remove_file(script).unwrap();
    assert!(desk.run().status.success(), "the whole script installs");
}

#[test]
fn shellcheck_passes_every_script() {
    let Some(shellcheck) = linter("shellcheck") else {
        return;
    };
    let scripts = [
        "install.sh",
        "packaging/archive.sh",
        "packaging/finish.sh",
        "packaging/homebrew/formula.sh",
    ];
    let output = Command::new(shellcheck).args(scripts).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    print_past_harness("shellcheck: no findings");
}
