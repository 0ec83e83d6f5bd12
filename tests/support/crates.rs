//! Two crates without dependencies in place of the shop's own, for tests that call no function.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A workspace with the crates `list` and `order`, which all shops share: cargo has nothing to do
/// after the first run.
pub fn quick_crates() -> PathBuf {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(write_crates).clone()
}

fn write_crates() -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("quick-lambdas");
    let members = "[workspace]\nmembers = [\"list\", \"order\"]\nresolver = \"3\"\n";
    write(&root.join("Cargo.toml"), &format!("{members}[profile.release]\nstrip = true\n"));
    for name in ["list", "order"] {
        let manifest =
            format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
        write(&root.join(name).join("Cargo.toml"), &manifest);
        write(&root.join(name).join("src/main.rs"), "fn main() {}\n");
    }
    root
}

/// Leaves a file with this text alone, since cargo goes by its time.
fn write(path: &Path, text: &str) {
    if std::fs::read_to_string(path).is_ok_and(|now| now == text) {
        return;
    }
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}
