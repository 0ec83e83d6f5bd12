//! The variables of the environment that cargo and rustc do not get.
//!
//! Variables that cargo sets for *our* package are withheld: build scripts that watch such
//! variables would otherwise run again whenever shopstack is started in another way. Build scripts,
//! macros and compiler wrappers of any crate run in this environment, so AWS variables are withheld
//! too, except those that stack.yaml passes on.

use std::ffi::OsString;

/// Variables that cargo sets for a running program's package, besides names with a prefix.
const OF_PACKAGE: [&str; 4] =
    ["CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE", "CARGO_TARGET_TMPDIR", "OUT_DIR"];

/// The names that are withheld, but for those `passed` on.
pub(super) fn withheld(passed: &[String]) -> Vec<OsString> {
    let names = std::env::vars_os().map(|(name, _)| name);
    let kept_back = |name: &OsString| {
        let text = name.to_string_lossy();
        is_of_package(&text) || is_withheld(&text, passed)
    };
    names.filter(kept_back).collect()
}

fn is_of_package(name: &str) -> bool {
    ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"].iter().any(|start| name.starts_with(start))
        || OF_PACKAGE.contains(&name)
}

fn is_withheld(name: &str, passed: &[String]) -> bool {
    name.starts_with("AWS_") && !passed.iter().any(|passed| passed == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_passed_on_is_seen_of_aws() {
        let passed = ["AWS_PROFILE".to_string()];
        assert!(is_withheld("AWS_SECRET_ACCESS_KEY", &passed));
        assert!(!is_withheld("AWS_PROFILE", &passed) && !is_withheld("RUSTC_WRAPPER", &passed));
    }
}
