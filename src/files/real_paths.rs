//! Real paths of many files of few directories, at one system call for each file that is no symbolic link.

use foldhash::HashMap;
use std::cell::RefCell;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// Directories whose real path is known.
#[derive(Debug, Default)]
pub(crate) struct RealPaths(RefCell<HashMap<OsString, PathBuf>>);

impl RealPaths {
    /// The real path of a file; none if it is not there.
    pub(crate) fn known(&self, file: &Path) -> Option<PathBuf> {
        let (Some(dir), Some(name)) = (file.parent(), file.file_name()) else { return fs::canonicalize(file).ok() };
        if fs::symlink_metadata(file).ok()?.is_symlink() {
            return fs::canonicalize(file).ok();
        }
        let mut known = self.0.borrow_mut();
        if let Some(real) = known.get(dir.as_os_str()) {
            return Some(real.join(name));
        }
        let here = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
        let real = fs::canonicalize(here).ok()?;
        let found = real.join(name);
        known.insert(dir.as_os_str().to_owned(), real);
        Some(found)
    }

    /// The same, or the path as it is.
    pub(crate) fn of(&self, file: &Path) -> PathBuf {
        self.known(file).unwrap_or_else(|| file.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn they_are_those_that_the_system_gives() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir_all(at("a/b")).unwrap();
        fs::write(at("a/b/file"), "").unwrap();
        symlink("a/b", at("dir")).unwrap();
        symlink("file", at("a/b/link")).unwrap();
        symlink("../dir/link", at("a/far")).unwrap();
        symlink("nowhere", at("a/broken")).unwrap();
        let paths = RealPaths::default();
        let names =
            ["a/b/file", "dir/file", "dir/link", "dir/../b", "a/far", "a/broken", "a/none", "none/file", "dir", "a/.."];
        for _ in 0..2 {
            for name in names {
                assert_eq!(paths.known(&at(name)), fs::canonicalize(at(name)).ok(), "{name}");
            }
        }
        assert_eq!(paths.of(&at("a/none")), at("a/none"));
        for odd in ["/", "Cargo.toml", "./Cargo.toml", "", ".", ".."] {
            assert_eq!(paths.known(Path::new(odd)), fs::canonicalize(odd).ok(), "{odd}");
        }
    }
}
