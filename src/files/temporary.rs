//! Temporary directories from which programs can be run.

use nix::sys::statvfs::{FsFlags, statvfs};
use std::fs;
use std::io;
use std::path::Path;
use tempfile::{Builder, TempDir};

/// A temporary directory for programs that are run: where the usual place may not run any (a file system mounted with
/// `noexec`) or takes no directory, it lies below `instead`.
///
/// # Errors
/// Neither can be had.
pub(crate) fn temporary_for_programs(prefix: &str, instead: Option<&Path>) -> io::Result<TempDir> {
    let usual = Builder::new().prefix(prefix).tempdir();
    let runs = usual.as_ref().is_ok_and(|dir| may_run(dir.path()));
    let Some(instead) = instead.filter(|_| !runs) else { return usual };
    let other = fs::create_dir_all(instead).and_then(|()| Builder::new().prefix(prefix).tempdir_in(instead));
    match other {
        Ok(dir) if may_run(dir.path()) => Ok(dir),
        _ => usual,
    }
}

/// Whether the file system of a directory runs programs.
fn may_run(dir: &Path) -> bool {
    statvfs(dir).is_ok_and(|file_system| !file_system.flags().contains(FsFlags::ST_NOEXEC))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_place_is_taken_where_it_runs_programs() {
        let other = tempfile::tempdir().unwrap();
        let dir = temporary_for_programs("staticcxx-unit", Some(other.path())).unwrap();
        assert!(dir.path().starts_with(std::env::temp_dir()) && !dir.path().starts_with(other.path()));
        assert!(!may_run(Path::new("/nonexistent/directory")));
    }
}
