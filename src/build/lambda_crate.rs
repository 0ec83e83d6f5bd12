//! The crate of one Lambda: what cargo builds, and where.

use std::path::PathBuf;

/// A package's id and the name of one of its binaries.
pub(super) type TargetId = (String, String);

/// A crate that builds to one Lambda binary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Crate {
    pub(super) package_id: String,
    pub(super) package: String,
    pub(super) binary: String,
    /// Features to build it with, sorted.
    pub(super) features: Vec<String>,
    pub(super) workspace_root: PathBuf,
    pub(super) target_dir: PathBuf,
}
