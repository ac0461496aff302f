//! Who is using a directory of ours: readers share it, and whoever is to remove things from it has it alone, by flock(2)
//! on the directory itself, which needs no file of its own and ends with its process, however that ends.
//!
//! Nobody waits for long: a program that was stopped with a lock holds up no build, and one that can't have a lock (a
//! network's file system may have none) goes on without.

use std::fs::File;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How often a lock is asked for.
const STEP: Duration = Duration::from_millis(5);

/// How long a reader waits for whoever removes things.
const READERS: Duration = Duration::from_secs(10);

/// Marks a directory as used until what this gives is dropped; none if it can't be marked.
pub(crate) fn share(dir: &Path) -> Option<File> {
    wait(dir, READERS, File::try_lock_shared)
}

/// Has a directory alone until what this gives is dropped; none if others use it all the time for as long as `patience`,
/// or it can't be known.
pub(crate) fn alone(dir: &Path, patience: Duration) -> Option<File> {
    wait(dir, patience, File::try_lock)
}

fn wait(dir: &Path, patience: Duration, lock: fn(&File) -> Result<(), std::fs::TryLockError>) -> Option<File> {
    let open = File::open(dir).ok()?;
    let began = Instant::now();
    loop {
        match lock(&open) {
            Ok(()) => return Some(open),
            Err(std::fs::TryLockError::WouldBlock) if began.elapsed() < patience => sleep(STEP),
            Err(_) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_share_and_one_has_it_alone() {
        let dir = tempfile::tempdir().unwrap();
        let readers = [share(dir.path()), share(dir.path())];
        assert!(readers.iter().all(Option::is_some) && alone(dir.path(), STEP).is_none());
        drop(readers);
        let own = alone(dir.path(), STEP);
        assert!(own.is_some() && alone(dir.path(), STEP).is_none());
        drop(own);
        assert!(share(dir.path()).is_some() && share(&dir.path().join("none")).is_none());
    }
}
