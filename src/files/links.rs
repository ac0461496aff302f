//! Paths as they are typed: their directories, and the symbolic links that they lead through.

use std::fs;
use std::iter;
use std::path::{Path, PathBuf};

/// As many symbolic links as Linux follows in one path (path_resolution(7)).
pub(super) const MOST_LINKS: usize = 40;

/// The directory of a path as typed.
pub(super) fn parent(path: &Path) -> &Path {
    path.parent().filter(|d| !d.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A file and what its symbolic links lead to, each by its own name; no more of them than Linux follows.
pub(crate) fn link_chain(file: PathBuf) -> impl Iterator<Item = PathBuf> {
    iter::successors(Some(file), |at| Some(parent(at).join(fs::read_link(at).ok()?))).take(MOST_LINKS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_are_followed_to_the_last_and_not_round_and_round() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("file"), "").unwrap();
        symlink("file", at("one")).unwrap();
        symlink(at("one"), at("two")).unwrap();
        symlink("loop", at("loop")).unwrap();
        assert_eq!(link_chain(at("two")).collect::<Vec<_>>(), ["two", "one", "file"].map(at));
        assert_eq!(link_chain(at("missing")).count(), 1);
        assert_eq!(link_chain(at("loop")).count(), MOST_LINKS);
    }
}
