//! A lock between shopstack processes: the kernel frees it when its holder ends, so there is no
//! stale one to detect.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{LocalError, Progress};

/// Longer than the slowest honest holder: a first installation over a slow line.
const PATIENCE: Duration = Duration::from_secs(15 * 60);
const POLL: Duration = Duration::from_millis(100);

/// Holds the lock until dropped. `std` opens files close-on-exec, so a started twin does not
/// inherit it.
pub(super) struct Lock(#[expect(dead_code, reason = "held for its lifetime only")] File);

pub(super) async fn acquire(path: &Path, progress: Progress<'_>) -> Result<Lock, LocalError> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)
            .map_err(|error| LocalError::file("create the folder", parent, &error))?;
    }
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(|error| LocalError::file("open the lock file", path, &error))?;
    let deadline = Instant::now() + PATIENCE;
    let mut told = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Lock(file)),
            Err(TryLockError::Error(error)) => return Err(LocalError::file("lock", path, &error)),
            Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                return Err(LocalError::new(
                    format!(
                        "another shopstack has held {} for {} minutes",
                        path.display(),
                        PATIENCE.as_secs() / 60
                    ),
                    "see what the other shopstack process is doing, or end it, and try again",
                ));
            }
            Err(TryLockError::WouldBlock) => {
                if !told {
                    progress("waiting for another shopstack that is busy with the local twin");
                    told = true;
                }
                sleep(POLL).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_second_holder_waits_for_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deep").join("lock");
        let first = acquire(&path, &|_| ()).await.unwrap();
        let second = acquire(&path, &|_| ());
        tokio::pin!(second);
        assert!(
            tokio::time::timeout(Duration::from_millis(250), &mut second).await.is_err(),
            "had to wait"
        );
        drop(first);
        second.await.unwrap();
    }
}
