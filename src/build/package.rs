//! The zip that Lambda gets: one entry `bootstrap`, and not a bit in it that depends on when, where
//! or by whom it was made.

use std::io::{Cursor, Write};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::{Artifact, BuildError};

/// Lambda's quotas for a direct upload, in bytes.
const MAX_ZIP: u64 = 50 * 1024 * 1024;
const MAX_UNZIPPED: u64 = 250 * 1024 * 1024;
/// A fixed level: another one would be another hash, and so another deployment.
const LEVEL: i64 = 9;
/// Names the way of packing: zips that another version kept are not taken for this one's.
const PACKING: &str = "v1";
/// How many zips are kept.
const KEPT: usize = 64;

/// Packs the binary into `<dir>/<name>.zip`, complete or not at all.
pub(super) fn write(name: &str, binary: &[u8], dir: &Path) -> Result<Artifact, BuildError> {
    within("the binary", name, binary.len() as u64, MAX_UNZIPPED)?;
    let bytes = pack_once(name, binary, &dir.join("zips"))?;
    let size = bytes.len() as u64;
    within("the zip", name, size, MAX_ZIP)?;
    let zip_path = dir.join(format!("{name}.zip"));
    replace(&zip_path, &bytes).map_err(|error| {
        BuildError::new(
            format!("function {name}: cannot write {}: {error}", zip_path.display()),
            "check that the target folder is writable and has room",
        )
    })?;
    Ok(Artifact {
        name: name.to_owned(),
        zip_path,
        sha256_base64: STANDARD.encode(Sha256::digest(&bytes)),
        size,
    })
}

/// The zip of a binary: compressing takes a quarter of a second, so it is kept under the binary's
/// digest in `kept` for the next function of the same crate and the next run.
fn pack_once(name: &str, binary: &[u8], kept: &Path) -> Result<Vec<u8>, BuildError> {
    let digest = hex(&Sha256::digest(binary));
    let path = kept.join(format!("{PACKING}-{digest}.zip"));
    if let Some(bytes) = std::fs::read(&path).ok().filter(|bytes| holds(bytes, binary)) {
        return Ok(bytes);
    }
    let bytes = pack(binary).map_err(|error| {
        BuildError::new(
            format!("function {name}: cannot make the zip: {error}"),
            "report this as a bug of shopstack",
        )
    })?;
    // Without room for it the next run compresses again, and nothing is lost.
    let _ = replace(&path, &bytes);
    prune(kept, KEPT);
    Ok(bytes)
}

/// True for a whole zip of a binary of this size: what lies in a folder may have been cut off.
fn holds(zip: &[u8], binary: &[u8]) -> bool {
    let archive = zip::ZipArchive::new(Cursor::new(zip));
    archive.ok().is_some_and(|mut archive| {
        archive.by_name("bootstrap").is_ok_and(|entry| entry.size() == binary.len() as u64)
    })
}

/// Removes the oldest files of a folder but for so many.
pub(super) fn prune(kept: &Path, most: usize) {
    let entries = std::fs::read_dir(kept).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    files.sort();
    for (_, path) in files.iter().rev().skip(most) {
        let _ = std::fs::remove_file(path);
    }
}

/// Writes a file whole or not at all. The process id keeps two shopstacks in one checkout apart;
/// the rename makes the last one win.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let first = folder.join(format!(".{name}.{}", std::process::id()));
    std::fs::create_dir_all(folder)?;
    std::fs::write(&first, bytes)?;
    std::fs::rename(&first, path)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn pack(binary: &[u8]) -> zip::result::ZipResult<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(LEVEL))
        .unix_permissions(0o755)
        // 1980-01-01, the first day a zip can name.
        .last_modified_time(DateTime::default());
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("bootstrap", options)?;
    zip.write_all(binary)?;
    Ok(zip.finish()?.into_inner())
}

fn within(what: &str, name: &str, size: u64, limit: u64) -> Result<(), BuildError> {
    if size <= limit {
        return Ok(());
    }
    Err(BuildError::new(
        format!("function {name}: {what} has {size} bytes; Lambda takes at most {limit}"),
        "strip symbols in the Cargo profile, or use fewer dependencies",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_executable_entry_from_1980() {
        let mut archive =
            zip::ZipArchive::new(Cursor::new(pack(b"hello hello hello").unwrap())).unwrap();
        assert_eq!(archive.len(), 1);
        let entry = archive.by_index(0).unwrap();
        assert_eq!(entry.name().unwrap(), "bootstrap");
        assert_eq!(entry.unix_mode().unwrap() & 0o777, 0o755);
        assert_eq!(entry.last_modified().unwrap().to_string(), "1980-01-01 00:00:00");
    }

    /// The very bytes are promised: a change of the zip crate that alters them would redeploy
    /// everybody's functions.
    #[test]
    fn the_same_bytes_for_ever() {
        let dir = tempfile::tempdir().unwrap();
        let artifact = write("f", b"hello hello hello", dir.path()).unwrap();
        assert_eq!(artifact.sha256_base64, "xU7OnVoLRztNIJ/QKaN7vS7KhQhPv9+0BO9gHpv9Xt0=");
        assert_eq!(artifact.size, std::fs::metadata(&artifact.zip_path).unwrap().len());
        let names = |folder: &Path| std::fs::read_dir(folder).unwrap().count();
        assert_eq!(names(dir.path()), 2, "the zip, and the folder of kept zips");
        assert_eq!(names(&dir.path().join("zips")), 1);
    }

    #[test]
    fn a_binary_is_compressed_once_and_a_kept_zip_that_is_cut_off_is_not_used() {
        let dir = tempfile::tempdir().unwrap();
        let first = write("f", b"hello hello hello", dir.path()).unwrap();
        let kept = std::fs::read_dir(dir.path().join("zips")).unwrap().next().unwrap().unwrap();
        // A zip of the right size that only the kept folder can have: it is used for another name.
        let mark = pack(b"HELLO hello hello").unwrap();
        std::fs::write(kept.path(), &mark).unwrap();
        let second = write("g", b"hello hello hello", dir.path()).unwrap();
        assert_eq!(std::fs::read(second.zip_path).unwrap(), mark);

        std::fs::write(kept.path(), &mark[..20]).unwrap();
        let third = write("h", b"hello hello hello", dir.path()).unwrap();
        assert_eq!(third.sha256_base64, first.sha256_base64);
    }

    #[test]
    fn limits_are_named() {
        assert!(within("the zip", "f", MAX_ZIP, MAX_ZIP).is_ok());
        let error = within("the zip", "f", MAX_ZIP + 1, MAX_ZIP).unwrap_err();
        assert!(error.message.contains("52428800"), "{error}");
    }
}
