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

/// Packs the binary into `<dir>/<name>.zip`, complete or not at all.
pub(super) fn write(name: &str, binary: &[u8], dir: &Path) -> Result<Artifact, BuildError> {
    within("the binary", name, binary.len() as u64, MAX_UNZIPPED)?;
    let bytes = pack(binary).map_err(|error| {
        BuildError::new(
            format!("function {name}: cannot make the zip: {error}"),
            "report this as a bug of shopstack",
        )
    })?;
    let size = bytes.len() as u64;
    within("the zip", name, size, MAX_ZIP)?;
    let zip_path = dir.join(format!("{name}.zip"));
    // The process id keeps two shopstacks in one checkout apart; the rename makes the last one win
    // whole.
    let first = dir.join(format!(".{name}.{}.zip", std::process::id()));
    std::fs::create_dir_all(dir)
        .and_then(|()| std::fs::write(&first, &bytes))
        .and_then(|()| std::fs::rename(&first, &zip_path))
        .map_err(|error| {
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
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing but the zip stays");
    }

    #[test]
    fn limits_are_named() {
        assert!(within("the zip", "f", MAX_ZIP, MAX_ZIP).is_ok());
        let error = within("the zip", "f", MAX_ZIP + 1, MAX_ZIP).unwrap_err();
        assert!(error.message.contains("52428800"), "{error}");
    }
}
