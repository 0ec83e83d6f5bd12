//! What stands between a machine and a build is said first: no call has been made by then.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

const STACK: &str = "name: demo\nregion: eu-west-1\nfunctions:\n  work:\n    crate: work\n";

/// Runs `up` on a machine that has a stand-in for cargo and nothing that builds for another
/// architecture, against an endpoint that would notice a connection.
fn up(folder: &Path, architecture: &str, endpoint: &str) -> Output {
    let programs = folder.join("programs");
    std::fs::create_dir_all(&programs).unwrap();
    std::fs::create_dir_all(folder.join("work")).unwrap();
    let cargo = programs.join("cargo");
    std::fs::write(&cargo, "#!/bin/sh\nexit 1\n").unwrap();
    std::fs::set_permissions(&cargo, std::fs::Permissions::from_mode(0o755)).unwrap();
    let stack = folder.join("stack.yaml");
    std::fs::write(&stack, format!("{STACK}    architecture: {architecture}\n")).unwrap();
    Command::new(env!("CARGO_BIN_EXE_shopstack"))
        .args(["up", "--yes", "--file"])
        .arg(stack)
        .env_clear()
        .env("PATH", &programs)
        .env("HOME", folder)
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .output()
        .unwrap()
}

#[test]
fn a_missing_zigbuild_is_told_with_its_install_line_before_any_call() {
    let other = if cfg!(target_arch = "aarch64") { "x86_64" } else { "arm64" };
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let output = up(folder.path(), other, &endpoint);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("cannot build Lambdas for {other}")), "{said}");
    assert!(said.contains("pip install cargo-zigbuild ziglang"), "{said}");
    assert!(said.contains("rustup target add"), "{said}");
    let called = listener.accept().map(|_| ()).unwrap_err();
    assert_eq!(called.kind(), std::io::ErrorKind::WouldBlock, "a call was made");
}
